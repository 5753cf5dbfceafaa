/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent against a scripted server in the same loop, over loopback TLS. A
 * script says, request by request, what has to come and what is answered. Long,
 * because every story needs that server.
 */
#include "ua/ua.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/net.h"
#include "sip/auth.h"
#include "sip/edit.h"
#include "sip/frame.h"
#include "support/certs.h"
#include "support/oom.h"

enum { GUARD_MS = 10000, LOG_MAX = 64 << 10 };

#define REALM "contoso.test"
#define SHA_CHALLENGE                                                        \
	"WWW-Authenticate: Digest realm=\"contoso.test\", nonce=\"n-sha\", " \
	"algorithm=SHA-256, qop=\"auth\"\r\n"
#define MD5_CHALLENGE                                                        \
	"WWW-Authenticate: Digest realm=\"contoso.test\", nonce=\"n-md5\", " \
	"algorithm=MD5, qop=\"auth\"\r\n"
#define OLD_CHALLENGE \
	"WWW-Authenticate: Digest realm=\"contoso.test\", nonce=\"n-old\"\r\n"
#define PROXY_CHALLENGE                                                      \
	"Proxy-Authenticate: Digest realm=\"contoso.test\", nonce=\"n-p\", " \
	"algorithm=SHA-256, qop=\"auth\"\r\n"
#define STALE                                                              \
	"WWW-Authenticate: Digest realm=\"contoso.test\", nonce=\"n-2\", " \
	"stale=true, algorithm=SHA-256, qop=\"auth\"\r\n"
#define STRANGE                                                          \
	"WWW-Authenticate: Digest realm=\"evil.test\", nonce=\"n-e\", "  \
	"algorithm=SHA-256, qop=\"auth\"\r\nWWW-Authenticate: Negotiate" \
	" realm=\"contoso.test\"\r\n"

/* One expected request and its answer. */
struct step {
	enum sip_method method;
	const char *holds;              /* text that must be in it, or NULL */
	const char *lacks;              /* text that must not, or NULL */
	enum sip_header_id credentials; /* must be right; UNKNOWN: must lack */
	uint16_t status;                /* 0: no answer, 1: hang up */
	const char *headers;            /* of the answer, or NULL */
};

#define PLAIN SIP_H_UNKNOWN
#define END                                                    \
	{                                                      \
		SIP_METHOD_UNKNOWN, NULL, NULL, PLAIN, 0, NULL \
	}

struct world {
	struct loop *loop;
	struct test_cert ca, leaf;
	struct net_tls *tls;
	struct acceptor *acceptor;
	struct addr addr;
	struct timer guard;
	bool timed_out;
	/* server */
	struct conn *conn;
	struct sip_framer framer;
	const struct step *step;
	unsigned steps_done;
	const char *speak;  /* a request of ours after the first 2xx */
	struct buf answers; /* everything that is no request */
	bool wrong;         /* what came was not in the script */
	bool hung_up;
	char last_nc[16];
	unsigned grant_s; /* for the agent's contact, 0: not told */
	/* agent */
	struct ua *ua;
	uint16_t registered[4];
	unsigned registered_count;
	uint16_t result[8];
	uint64_t result_id[8];
	unsigned result_count;
	char text[128], diagnostics[128], end[128];
	unsigned ended;
	char from[128], type[64], body[128];
	uint16_t reply;          /* on_message's */
	unsigned close_after;    /* results */
	bool close_registered;   /* ua_close() in on_registered */
	bool free_on_result;     /* ua_free() in on_result */
	bool free_on_registered; /* ua_free() in on_registered */
	bool close_on_message;
};

static void wrong(struct world *w, const char *what, struct slice whole)
{
	if (!oom_fired()) /* then anything may come */
		print_message("step %u: %s\n%.*s\n", w->steps_done, what,
			      SLICE_FMT(whole));
	w->wrong = true;
	conn_close(w->conn);
}

static bool holds(struct slice whole, const char *text)
{
	return memmem(whole.ptr, whole.len, text, strlen(text)) != NULL;
}

static bool credentials_right(struct world *w, const struct sip_msg *m,
			      enum sip_header_id id, struct arena *a)
{
	const struct sip_header *h = sip_header(m, id);
	struct sip_credentials c;
	char ha1[SIP_HA_MAX], want[SIP_HA_MAX];

	if (!h || sip_credentials_parse(a, h->value, &c) || !c.digest)
		return false;
	slice_cstr(slice_head(c.nc, 8), w->last_nc, sizeof(w->last_nc));
	if (!slice_eq(c.username, SLICE_LIT("al ice")) ||
	    !slice_eq(c.realm, SLICE_LIT(REALM)) ||
	    !slice_eq(c.uri, m->uri.text))
		return false;
	sip_ha1(c.algorithm, c.username, c.realm, SLICE_LIT("secret"), ha1);
	if (sip_digest_response(&c, ha1, m->method_text, want))
		return false;
	return slice_eq(c.response, slice_str(want));
}

static void add_headers(struct sip_edits *e, const char *text)
{
	while (text && *text) {
		const char *colon = strchr(text, ':');
		const char *end = strstr(text, "\r\n");
		sip_edit_bottom_named(
			e, slice_of(text, (size_t)(colon - text)),
			slice_trim(slice_of(colon + 1,
					    (size_t)(end - colon - 1))));
		text = end + 2;
	}
}

static void reply_to(struct world *w, const struct sip_msg *m,
		     const struct step *step)
{
	struct sip_edits edits;
	struct buf out;

	buf_init(&out, 0);
	sip_edits_init(&edits);
	add_headers(&edits, step->headers);
	char contact[256];
	snprintf(contact, sizeof(contact),
		 "<sip:o@host.test>;expires=3600, <sip:a@%.*s>;expires=%u",
		 SLICE_FMT(m->via.host), w->grant_s);
	if (w->grant_s)
		sip_edit_bottom(&edits, SIP_H_CONTACT, slice_str(contact));
	struct sip_reply reply = { .status = step->status,
				   .to_tag = SLICE_LIT("srv"),
				   .extra = &edits };
	if (sip_encode_reply(&out, m, &reply) ||
	    conn_write(w->conn, buf_slice(&out)))
		conn_close(w->conn);
	buf_free(&out);
	if (w->speak && step->status >= 200 && step->status < 300) {
		conn_write(w->conn, slice_str(w->speak));
		w->speak = NULL;
	}
}

static void serve_request(struct world *w, const struct sip_msg *m,
			  struct arena *a)
{
	const struct step *s = w->step;

	if (s->method == SIP_METHOD_UNKNOWN || m->method != s->method) {
		wrong(w, "not in the script", m->whole);
		return;
	}
	if (s->holds && !holds(m->whole, s->holds))
		wrong(w, s->holds, m->whole);
	else if (s->lacks && holds(m->whole, s->lacks))
		wrong(w, s->lacks, m->whole);
	else if (s->credentials == PLAIN &&
		 (sip_header(m, SIP_H_AUTHORIZATION) ||
		  sip_header(m, SIP_H_PROXY_AUTHORIZATION)))
		wrong(w, "credentials without a challenge", m->whole);
	else if (s->credentials != PLAIN &&
		 !credentials_right(w, m, s->credentials, a))
		wrong(w, "credentials are wrong", m->whole);
	else {
		w->steps_done++;
		w->step++;
		w->hung_up = s->status == 1;
		if (w->hung_up)
			conn_close(w->conn);
		else if (s->status)
			reply_to(w, m, s);
	}
}

static size_t server_bytes(void *arg, struct conn *c, struct slice data)
{
	struct world *w = arg;
	const struct reject *rej;
	size_t used = 0, len;

	if (c != w->conn) { /* of an agent that gave up before */
		conn_close(c);
		return data.len;
	}
	while (used < data.len && !w->wrong && !w->hung_up) {
		struct slice left = slice_from(data, used);
		enum sip_frame_result r = sip_frame(
			&w->framer, left, &sip_limits_default, &len, &rej);
		if (r == SIP_FRAME_MORE)
			break;
		used += len;
		if (r == SIP_FRAME_PING || r == SIP_FRAME_SKIP) {
			buf_put(&w->answers, slice_head(left, len));
			continue;
		}
		assert_int_equal(r, SIP_FRAME_MESSAGE);
		struct arena *a = arena_create(4096, 1 << 20);
		struct sip_msg m;
		if (!a) { /* under failing allocations */
			conn_close(w->conn);
			return data.len;
		}
		rej = sip_parse(a, slice_head(left, len), &sip_limits_default,
				&m);
		if (rej && !oom_fired())
			wrong(w, rej->why, slice_head(left, len));
		else if (rej)
			conn_close(w->conn);
		else if (m.request)
			serve_request(w, &m, a);
		else
			buf_put(&w->answers, m.whole);
		arena_free(a);
	}
	return used;
}

static void server_ready(void *arg, struct conn *c)
{
	(void)arg;
	(void)c;
}

static void server_end(void *arg, struct conn *c, enum conn_end why,
		       const char *text)
{
	struct world *w = arg;

	(void)why;
	(void)text;
	if (c != w->conn)
		return;
	w->conn = NULL;
	if (!w->ua || w->ended)
		loop_stop(w->loop);
}

static const struct conn_ops server_ops = { server_ready, server_bytes,
					    server_end };

static void on_accept(void *arg, int fd, const struct addr *from)
{
	struct world *w = arg;

	struct conn *c;
	(void)from;

	if (conn_accept(&c, w->loop, fd, w->tls, NULL, &server_ops, w) == 0)
		w->conn = c;
}

static void on_registered(void *arg, const struct ua_result *result)
{
	struct world *w = arg;

	assert_true(w->registered_count < 4);
	w->registered[w->registered_count++] = result->status;
	snprintf(w->text, sizeof(w->text), "%s", result->text);
	if (w->close_registered)
		ua_close(w->ua);
	if (w->free_on_registered) {
		ua_free(w->ua);
		w->ua = NULL;
	}
}

static void on_result(void *arg, uint64_t id, const struct ua_result *result)
{
	struct world *w = arg;

	assert_true(w->result_count < 8);
	w->result_id[w->result_count] = id;
	w->result[w->result_count++] = result->status;
	snprintf(w->text, sizeof(w->text), "%s", result->text);
	snprintf(w->diagnostics, sizeof(w->diagnostics), "%.*s",
		 SLICE_FMT(result->diagnostics));
	if (w->result_count == w->close_after)
		ua_close(w->ua);
	if (w->free_on_result) {
		ua_free(w->ua);
		w->ua = NULL;
	}
}

static uint16_t on_message(void *arg, struct slice from_aor,
			   struct slice content_type, struct slice body)
{
	struct world *w = arg;

	slice_cstr(from_aor, w->from, sizeof(w->from));
	slice_cstr(content_type, w->type, sizeof(w->type));
	slice_cstr(body, w->body, sizeof(w->body));
	if (w->close_on_message)
		ua_close(w->ua);
	return w->reply;
}

static void on_end(void *arg, const char *text)
{
	struct world *w = arg;

	w->ended++;
	snprintf(w->end, sizeof(w->end), "%s", text);
	if (!w->conn)
		loop_stop(w->loop);
}

static const struct ua_ops ops = { on_registered, on_result, on_message,
				   on_end };

static void on_guard(struct timer *t, void *arg)
{
	struct world *w = arg;

	(void)t;
	w->timed_out = true;
	loop_stop(w->loop);
}

static int server_open(struct world *w)
{
	struct net_tls_conf conf = certs_conf(&w->leaf, NULL);
	char error[NET_ERROR_MAX];
	int fd;

	int err = loop_create(&w->loop);
	if (err)
		return err;
	timer_init(&w->guard, loop_timers(w->loop), on_guard, w);
	timer_start(&w->guard, GUARD_MS);
	err = net_tls_create(&w->tls, &conf, NET_TLS_CLIENTS, error);
	addr_parse(SLICE_LIT("127.0.0.1:0"), true, &w->addr);
	if (!err)
		err = net_listen(&w->addr, &fd);
	if (err)
		return err;
	socklen_t len = sizeof(w->addr.u.in);
	getsockname(fd, &w->addr.u.sa, &len);
	return acceptor_open(&w->acceptor, w->loop, fd, on_accept, w);
}

static struct world *world_new(const struct step *script)
{
	static const struct cert_spec ca = { .common_name = "authority",
					     .authority = true };
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	certs_make(&w->ca, &ca, NULL);
	certs_leaf(&w->leaf, "edge.test", &w->ca);
	w->step = script;
	sip_framer_init(&w->framer);
	buf_init(&w->answers, LOG_MAX);
	return w;
}

static struct ua_conf account(struct world *w)
{
	return (struct ua_conf){ .aor = SLICE_LIT("al%20ice@Contoso.test"),
				 .password = SLICE_LIT("secret"),
				 .server = w->addr,
				 .server_name = SLICE_LIT("edge.test"),
				 .tls = certs_conf(NULL, &w->ca) };
}

static void world_free(struct world *w)
{
	ua_free(w->ua);
	if (w->conn)
		conn_close(w->conn);
	acceptor_close(w->acceptor);
	if (w->loop)
		timer_stop(&w->guard);
	loop_free(w->loop);
	net_tls_free(w->tls);
	certs_free(&w->ca);
	certs_free(&w->leaf);
	buf_free(&w->answers);
	free(w);
}

static struct world *start(const struct step *script, bool no_register,
			   uint32_t timeout_ms)
{
	struct world *w = world_new(script);

	assert_non_null(w);
	assert_int_equal(server_open(w), 0);
	struct ua_conf conf = account(w);
	conf.no_register = no_register;
	conf.timeout_ms = timeout_ms;
	assert_int_equal(ua_create(&w->ua, w->loop, &conf, &ops, w), 0);
	return w;
}

/* Until both ends are gone; the script must be used up. */
static void finish(struct world *w)
{
	loop_run(w->loop);
	assert_false(w->timed_out);
	assert_false(w->wrong);
	assert_int_equal(w->step->method, SIP_METHOD_UNKNOWN);
}

static uint64_t send_text(struct world *w, const char *to, const char *text)
{
	uint64_t id = 0;

	assert_int_equal(ua_message(w->ua, slice_str(to), slice_str(text), &id),
			 0);
	return id;
}

static void signs_in_and_out(void **state)
{
	static const struct step script[] = {
		{ SIP_REGISTER, "REGISTER sip:contoso.test SIP/2.0\r\n", NULL,
		  PLAIN, 401, MD5_CHALLENGE SHA_CHALLENGE },
		{ SIP_REGISTER, "algorithm=SHA-256", NULL, SIP_H_AUTHORIZATION,
		  200, "Expires: 600\r\n" },
		{ SIP_REGISTER, "Expires: 0\r\n", NULL, PLAIN, 401,
		  SHA_CHALLENGE },
		{ SIP_REGISTER, "Expires: 0\r\n", NULL, SIP_H_AUTHORIZATION,
		  200, NULL },
		END
	};
	struct world *w = start(script, false, 0);
	(void)state;

	w->close_registered = true;
	finish(w);
	assert_int_equal(w->registered_count, 1);
	assert_int_equal(w->registered[0], 200);
	assert_int_equal(w->ended, 1);
	assert_string_equal(w->end, "closed");
	/* one nonce, used twice */
	assert_string_equal(w->last_nc, "00000002");
	world_free(w);
}

static void the_contact_is_an_outbound_one(void **state)
{
	static const char *const parts[] = {
		";transport=tls;ob>", ";reg-id=1;",
		"+sip.instance=\"<urn:uuid:", "Supported: path, outbound\r\n",
		"From: <sip:al%20ice@contoso.test>;tag="
	};
	(void)state;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct step script[] = {
			{ SIP_REGISTER, parts[i], NULL, PLAIN, 403, NULL }, END
		};
		struct world *w = start(script, false, 0);
		w->close_registered = true;
		finish(w);
		world_free(w);
	}
}

static void older_digests_are_answered(void **state)
{
	static const struct step md5[] = {
		{ SIP_REGISTER, NULL, NULL, PLAIN, 401, MD5_CHALLENGE },
		{ SIP_REGISTER, "algorithm=MD5", NULL, SIP_H_AUTHORIZATION, 403,
		  NULL },
		END
	};
	static const struct step no_qop[] = {
		{ SIP_REGISTER, NULL, NULL, PLAIN, 401, OLD_CHALLENGE },
		{ SIP_REGISTER, NULL, "qop=", SIP_H_AUTHORIZATION, 403, NULL },
		END
	};
	static const struct step proxy[] = {
		{ SIP_REGISTER, NULL, NULL, PLAIN, 407, PROXY_CHALLENGE },
		{ SIP_REGISTER, NULL, NULL, SIP_H_PROXY_AUTHORIZATION, 403,
		  NULL },
		END
	};
	const struct step *const scripts[] = { md5, no_qop, proxy };
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		struct world *w = start(scripts[i], false, 0);
		w->close_registered = true;
		finish(w);
		assert_int_equal(w->registered[0], 403);
		world_free(w);
	}
}

static void a_stale_nonce_gets_one_more_try(void **state)
{
	static const struct step script[] = {
		{ SIP_REGISTER, NULL, NULL, PLAIN, 401, SHA_CHALLENGE },
		{ SIP_REGISTER, "n-sha", NULL, SIP_H_AUTHORIZATION, 401,
		  STALE },
		{ SIP_REGISTER, "n-2", NULL, SIP_H_AUTHORIZATION, 401, STALE },
		END
	};
	struct world *w = start(script, false, 0);
	(void)state;

	w->close_registered = true;
	finish(w);
	assert_int_equal(w->registered[0], 401);
	world_free(w);
}

static void a_wrong_password_is_not_tried_twice(void **state)
{
	static const struct step script[] = {
		{ SIP_REGISTER, NULL, NULL, PLAIN, 401, SHA_CHALLENGE },
		{ SIP_REGISTER, NULL, NULL, SIP_H_AUTHORIZATION, 401,
		  SHA_CHALLENGE },
		END
	};
	struct world *w = start(script, false, 0);
	(void)state;

	uint64_t id = send_text(w, "bob@contoso.test", "never sent");
	w->close_after = 1;
	finish(w);
	assert_int_equal(w->registered[0], 401);
	assert_int_equal(w->result_count, 1);
	assert_int_equal(w->result_id[0], id);
	assert_int_equal(w->result[0], 0);
	assert_string_equal(w->text, "not signed in");
	world_free(w);
}

static void another_realm_is_never_answered(void **state)
{
	static const struct step script[] = {
		{ SIP_REGISTER, NULL, NULL, PLAIN, 401, STRANGE }, END
	};
	struct world *w = start(script, false, 0);
	(void)state;

	w->close_registered = true;
	finish(w);
	assert_int_equal(w->registered[0], 401);
	world_free(w);
}

#define SIGN_IN                                                          \
	{                                                                \
		SIP_REGISTER, NULL, NULL, PLAIN, 200, "Expires: 600\r\n" \
	}
#define SIGN_OUT                                                       \
	{                                                              \
		SIP_REGISTER, "Expires: 0\r\n", NULL, PLAIN, 200, NULL \
	}

static void messages_leave_in_order(void **state)
{
	static const struct step script[] = {
		SIGN_IN,
		{ SIP_MESSAGE, "MESSAGE sip:bob@fabrikam.test SIP/2.0\r\n",
		  NULL, PLAIN, 407, PROXY_CHALLENGE },
		{ SIP_MESSAGE, "\r\n\r\nsecond", NULL, PLAIN, 407,
		  PROXY_CHALLENGE },
		{ SIP_MESSAGE, "\r\n\r\nthird", NULL, PLAIN, 404,
		  "ms-diagnostics: 1005;reason=\"no\"\r\n" },
		{ SIP_MESSAGE, "\r\n\r\nfirst", NULL, SIP_H_PROXY_AUTHORIZATION,
		  200, NULL },
		{ SIP_MESSAGE, "\r\n\r\nsecond", NULL,
		  SIP_H_PROXY_AUTHORIZATION, 202, NULL },
		SIGN_OUT,
		END
	};
	struct world *w = start(script, false, 0);
	(void)state;

	uint64_t first = send_text(w, "bob@fabrikam.test", "first");
	uint64_t second = send_text(w, "sip:bob@fabrikam.test", "second");
	uint64_t third = send_text(w, "bob@fabrikam.test", "third");
	w->close_after = 3;
	finish(w);
	assert_int_equal(w->result_count, 3);
	assert_int_equal(w->result_id[0], third);
	assert_int_equal(w->result[0], 404);
	assert_int_equal(w->result_id[1], first);
	assert_int_equal(w->result[1], 200);
	assert_int_equal(w->result_id[2], second);
	assert_int_equal(w->result[2], 202);
	world_free(w);
}

static void diagnostics_are_told(void **state)
{
	static const struct step script[] = {
		{ SIP_MESSAGE, NULL, NULL, PLAIN, 100, NULL }, END
	};
	static const struct step refusal[] = {
		{ SIP_MESSAGE, NULL, NULL, PLAIN, 504,
		  "ms-diagnostics: 1008;reason=\"x\"\r\n" },
		END
	};
	static const struct step public[] = {
		{ SIP_MESSAGE, NULL, NULL, PLAIN, 403,
		  "ms-diagnostics-public: 1027\r\n" },
		END
	};
	const struct step *const scripts[] = { refusal, public };
	const char *const want[] = { "1008;reason=\"x\"", "1027" };
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		struct world *w = start(scripts[i], true, 0);
		send_text(w, "bob@fabrikam.test", "hello");
		w->close_after = 1;
		finish(w);
		assert_int_equal(w->registered_count, 0);
		assert_string_equal(w->diagnostics, want[i]);
		world_free(w);
	}
	/* a provisional answer is no answer */
	struct world *w = start(script, true, 50);
	send_text(w, "bob@fabrikam.test", "hello");
	w->close_after = 1;
	finish(w);
	assert_int_equal(w->result[0], 0);
	assert_string_equal(w->text, "no answer in time");
	world_free(w);
}

#define ASK(method, more, body)                                          \
	method " sip:al%20ice@x.invalid SIP/2.0\r\n"                     \
	       "Via: SIP/2.0/TLS edge.test;branch=z9hG4bKs1\r\n"         \
	       "Max-Forwards: 70\r\nFrom: <sip:bob@fabrikam.test>;tag=b" \
	       "\r\nTo: <sip:al%20ice@contoso.test>\r\nCall-ID: c1\r\n"  \
	       "CSeq: 1 " method "\r\n" more "\r\n" body

static void requests_of_others_are_answered(void **state)
{
	static const struct {
		const char *request, *answer, *part;
		uint16_t reply;
	} rows[] = {
		{ ASK("MESSAGE",
		      "Content-Type: text/plain\r\nContent-Length: 2\r\n",
		      "hi"),
		  "SIP/2.0 200 OK\r\n", "CSeq: 1 MESSAGE\r\n", 0 },
		{ ASK("MESSAGE",
		      "Content-Type: text/plain\r\nContent-Length: 2\r\n",
		      "hi"),
		  "SIP/2.0 415 ", "CSeq: 1 MESSAGE\r\n", 415 },
		{ ASK("OPTIONS", "Content-Length: 0\r\n", ""),
		  "SIP/2.0 200 OK\r\n", "Allow: MESSAGE, OPTIONS\r\n", 0 },
		{ ASK("INVITE",
		      "Contact: <sip:b@f.test>\r\nContent-Length: 0\r\n", ""),
		  "SIP/2.0 405 ", "Allow: MESSAGE, OPTIONS\r\n", 0 },
		{ ASK("DANCE", "Content-Length: 0\r\n", ""), "SIP/2.0 501 ",
		  "Allow: MESSAGE, OPTIONS\r\n", 0 },
		{ ASK("CANCEL", "Content-Length: 0\r\n", ""), "SIP/2.0 481 ",
		  ";tag=", 0 },
		{ ASK("OPTIONS", "Require: magic\r\nContent-Length: 0\r\n", ""),
		  "SIP/2.0 420 ", "Unsupported: magic\r\n", 0 },
		{ "\r\n\r\n", "\r\n", "\r\n", 0 },
	};
	static const struct step script[] = { SIGN_IN,
					      { SIP_MESSAGE, NULL, NULL, PLAIN,
						200, NULL },
					      SIGN_OUT,
					      END };
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world *w = start(script, false, 0);
		w->speak = rows[i].request;
		w->reply = rows[i].reply;
		/* ours comes after theirs and ends it */
		send_text(w, "bob@fabrikam.test", "x");
		w->close_after = 1;
		finish(w);
		struct slice said = buf_slice(&w->answers);
		if (!slice_starts(said, slice_str(rows[i].answer)) ||
		    !holds(said, rows[i].part))
			fail_msg("row %zu: %.*s", i, SLICE_FMT(said));
		if (strstr(rows[i].request, "MESSAGE")) {
			assert_string_equal(w->from, "bob@fabrikam.test");
			assert_string_equal(w->type, "text/plain");
			assert_string_equal(w->body, "hi");
		}
		world_free(w);
	}
}

/* Our contact counts, not another one's and not the header Expires. */
static void the_registration_is_refreshed_at_half_time(void **state)
{
	static const struct step script[] = { SIGN_IN, SIGN_IN, END };
	struct world *w = start(script, false, 0);
	(void)state;

	w->grant_s = 2;
	timer_start(&w->guard, 700);
	loop_run(w->loop);
	assert_int_equal(w->steps_done, 1);
	timer_start(&w->guard, 700);
	loop_run(w->loop);
	assert_int_equal(w->steps_done, 2);
	assert_false(w->wrong);
	/* told once */
	assert_int_equal(w->registered_count, 1);
	world_free(w);
}

static void the_server_may_vanish(void **state)
{
	static const struct step at_register[] = {
		{ SIP_REGISTER, NULL, NULL, PLAIN, 1, NULL }, END
	};
	static const struct step at_message[] = {
		SIGN_IN, { SIP_MESSAGE, NULL, NULL, PLAIN, 1, NULL }, END
	};
	(void)state;

	struct world *w = start(at_register, false, 0);
	send_text(w, "bob@fabrikam.test", "x");
	finish(w);
	assert_int_equal(w->registered_count, 1);
	assert_int_equal(w->registered[0], 0);
	assert_int_equal(w->result_count, 1);
	assert_int_equal(w->result[0], 0);
	assert_int_equal(w->ended, 1);
	assert_int_equal(ua_message(w->ua, SLICE_LIT("a@b.test"),
				    SLICE_LIT("x"), w->result_id),
			 -EPIPE);
	world_free(w);

	w = start(at_message, false, 0);
	send_text(w, "bob@fabrikam.test", "x");
	send_text(w, "bob@fabrikam.test", "y");
	finish(w);
	assert_int_equal(w->registered[0], 200);
	assert_int_equal(w->result_count, 2);
	assert_int_equal(w->ended, 1);
	world_free(w);
}

static void nobody_answers(void **state)
{
	static const struct step script[] = {
		{ SIP_REGISTER, NULL, NULL, PLAIN, 0, NULL }, END
	};
	struct world *w = start(script, false, 50);
	(void)state;

	w->close_registered = true;
	finish(w);
	assert_int_equal(w->registered[0], 0);
	assert_string_equal(w->text, "no answer in time");
	world_free(w);
}

static void the_server_must_be_the_one(void **state)
{
	static const struct step script[] = { END };
	struct world *w = world_new(script);
	(void)state;

	assert_int_equal(server_open(w), 0);
	struct ua_conf conf = account(w);
	conf.server_name = SLICE_LIT("other.test");
	assert_int_equal(ua_create(&w->ua, w->loop, &conf, &ops, w), 0);
	finish(w);
	assert_int_equal(w->ended, 1);
	assert_string_equal(w->end,
			    "the certificate does not prove the dialled name");
	world_free(w);
}

static void accounts_that_are_none(void **state)
{
	static const struct step script[] = { END };
	struct world *w = world_new(script);
	(void)state;

	assert_int_equal(server_open(w), 0);
	struct ua_conf conf = account(w);
	conf.aor = SLICE_LIT("contoso.test");
	assert_int_equal(ua_create(&w->ua, w->loop, &conf, &ops, w), -EINVAL);
	conf = account(w);
	conf.server_name = SLICE_LIT("not a name");
	assert_int_equal(ua_create(&w->ua, w->loop, &conf, &ops, w), -EINVAL);
	conf = account(w);
	conf.tls.trust = SLICE_NONE;
	assert_int_equal(ua_create(&w->ua, w->loop, &conf, &ops, w), -EINVAL);
	assert_null(w->ua);
	world_free(w);
}

static void freeing_within_callbacks(void **state)
{
	static const struct step script[] = {
		SIGN_IN, { SIP_MESSAGE, NULL, NULL, PLAIN, 200, NULL }, END
	};
	static const struct step short_one[] = { SIGN_IN, END };
	static const struct step closing[] = { SIGN_IN, SIGN_OUT, END };
	(void)state;

	struct world *w = start(script, false, 0);
	send_text(w, "bob@fabrikam.test", "x");
	w->free_on_result = true;
	finish(w);
	assert_int_equal(w->ended, 0);
	world_free(w);

	w = start(short_one, false, 0);
	w->free_on_registered = true;
	finish(w);
	assert_int_equal(w->ended, 0);
	world_free(w);

	w = start(closing, false, 0);
	w->close_on_message = true;
	w->speak =
		ASK("MESSAGE",
		    "Content-Type: text/plain\r\nContent-Length: 2\r\n", "hi");
	finish(w);
	assert_int_equal(w->ended, 1);
	world_free(w);
}

static int scenario(void *arg)
{
	static const struct step script[] = {
		{ SIP_REGISTER, NULL, NULL, PLAIN, 401, SHA_CHALLENGE },
		{ SIP_REGISTER, NULL, NULL, SIP_H_AUTHORIZATION, 200, NULL },
		{ SIP_MESSAGE, NULL, NULL, PLAIN, 200, NULL },
		SIGN_OUT,
		END
	};
	struct world *w = arg;
	uint64_t id;

	w->step = script;
	w->steps_done = w->result_count = w->registered_count = w->ended = 0;
	w->timed_out = w->wrong = w->hung_up = false;
	w->ua = NULL;
	sip_framer_init(&w->framer);
	buf_reset(&w->answers);
	struct ua_conf conf = account(w);
	conf.timeout_ms = 300;
	w->close_after = 1;
	timer_start(&w->guard, GUARD_MS);
	int err = ua_create(&w->ua, w->loop, &conf, &ops, w);
	if (err)
		return err;
	err = ua_message(w->ua, SLICE_LIT("bob@fabrikam.test"), SLICE_LIT("x"),
			 &id);
	if (err)
		ua_close(w->ua);
	loop_run(w->loop);
	if (!w->ended)
		ua_close(w->ua);
	while (!w->ended && !w->timed_out)
		loop_run(w->loop);
	assert_false(w->timed_out);
	ua_free(w->ua);
	w->ua = NULL;
	while (w->conn)
		loop_run(w->loop);
	return !err && w->result[0] == 200 && w->ended == 1 ? 0 : -EIO;
}

static void survives_failing_allocations(void **state)
{
	static const struct step none[] = { END };
	struct world *w = world_new(none);
	(void)state;

	assert_int_equal(server_open(w), 0);
	oom_walk(scenario, w);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_in_and_out),
		cmocka_unit_test(the_contact_is_an_outbound_one),
		cmocka_unit_test(older_digests_are_answered),
		cmocka_unit_test(a_stale_nonce_gets_one_more_try),
		cmocka_unit_test(a_wrong_password_is_not_tried_twice),
		cmocka_unit_test(another_realm_is_never_answered),
		cmocka_unit_test(messages_leave_in_order),
		cmocka_unit_test(diagnostics_are_told),
		cmocka_unit_test(requests_of_others_are_answered),
		cmocka_unit_test(the_registration_is_refreshed_at_half_time),
		cmocka_unit_test(the_server_may_vanish),
		cmocka_unit_test(nobody_answers),
		cmocka_unit_test(the_server_must_be_the_one),
		cmocka_unit_test(accounts_that_are_none),
		cmocka_unit_test(freeing_within_callbacks),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
