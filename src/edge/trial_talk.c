/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of a trial: one without TLS, which shows what TCP alone
 * does, then one as every request would take it, and the OPTIONS on that.
 */
#include "edge/trial_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/text.h"

#include "edge/proof.h"

enum {
	TCP_MS = 5000,
	TLS_MS = 10000,
	OPTIONS_MS = 5000,
	SOON_DAYS = 14,
	DAY_S = 86400,
	WORD_BYTES = 16,
	TEXT_MAX = 1024
};

static const struct conn_ops talk_ops;

/* ---- connecting ---- */

static void connect_to(struct trial *t, struct net_tls *tls, uint32_t ms)
{
	const struct trial_candidate *c = &t->candidate[t->at];
	const struct conn_limits limits = { .handshake_ms = ms };
	int err = tls ? conn_dial(&t->conn, t->edge->loop, &c->addr, tls,
				  c->target, &limits, &talk_ops, t)
		      : -ENOMEM;
	if (!err)
		return;
	t->conn = NULL;
	trial_say(t, "tcp", TRIAL_FAIL, edge_reject(EDGE_PARTNER_DOWN),
		  "no connection can be made: %s", strerrordesc_np(-err));
	trial_end(t);
}

void trial_dial(struct trial *t)
{
	const struct net_tls_conf none = { .trust = SLICE_NONE };
	char error[NET_ERROR_MAX];
	if (t->at == t->count) {
		trial_say(t, "tcp", TRIAL_FAIL, edge_reject(EDGE_PARTNER_DOWN),
			  "no server of %s can be reached: is there a firewall "
			  "in between?",
			  t->domain);
		trial_end(t);
		return;
	}
	trial_begin(t, TRIAL_AT_TCP, 0);
	t->connected = false;
	if (!t->plain)
		(void)net_tls_create(&t->plain, &none, NET_PLAIN, error);
	connect_to(t, t->plain, TCP_MS);
}

static void dial_tls(struct trial *t)
{
	trial_begin(t, TRIAL_AT_TLS, 0);
	connect_to(t, t->edge->current->tls_dial, TLS_MS);
}

/* ---- what is found in TLS ---- */

static void date_of(uint64_t s, char out[static 16])
{
	time_t t = (time_t)s;
	struct tm tm;
	if (!gmtime_r(&t, &tm) || !strftime(out, 16, "%Y-%m-%d", &tm))
		out[0] = '\0';
}

static void say_certificate(struct trial *t)
{
	const struct net_peer *p = conn_peer(t->conn);
	char names[TEXT_MAX] = "", date[16];
	uint64_t now_s = loop_wall_ms() / 1000;
	size_t at = 0;
	for (size_t i = 0; i < p->name_count && at < sizeof(names) / 2; i++)
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
				       i ? ", " : "", p->name[i]);
	int64_t days = ((int64_t)p->until_s - (int64_t)now_s) / DAY_S;
	date_of(p->until_s, date);
	trial_say(t, "certificate", days < SOON_DAYS ? TRIAL_WARN : TRIAL_PASS,
		  NULL, "it proves %s; it ends on %s, in %" PRId64 " days",
		  names, date, days);
}

/* Is it what the partner's entry asks for? TLSA records are looked up for real
 * connections alone. */
static bool is_proven(struct trial *t)
{
	const struct access_partner *row = access_partner_by_key(
		t->edge->current->access, slice_str(t->key));
	enum access_lack lack = row ? proof_shown(conn_peer(t->conn), row)
				    : ACCESS_LACKS_NOTHING;
	bool unknown = lack == ACCESS_LACKS_TLSA;
	if (lack == ACCESS_LACKS_NOTHING)
		return true;
	trial_say(t, "certificate", unknown ? TRIAL_WARN : TRIAL_FAIL,
		  unknown ? NULL : edge_reject(EDGE_PARTNER_TLS), "%s",
		  unknown ? "its TLSA records are not compared here"
			  : access_lack_text(lack));
	return unknown;
}

/* Our address on that connection; empty: it cannot be told. */
static void own_address(struct trial *t, char out[static ADDR_TEXT_MAX])
{
	struct addr a = { 0 };
	socklen_t len = sizeof(a.u);
	int fd = conn_fd(t->conn);
	out[0] = '\0';
	if (fd >= 0 && !getsockname(fd, (struct sockaddr *)&a.u, &len))
		addr_host(&a, out);
}

static void say_seen(struct trial *t)
{
	const struct edge *e = t->edge;
	struct net_certificate own = { 0 };
	char address[ADDR_TEXT_MAX], date[16];
	own_address(t, address);
	if (net_certificate_read(&own, e->current->conf->tls.own.certificate))
		snprintf(own.name, sizeof(own.name), "?");
	date_of(own.until_s, date);
	trial_say(t, "seen", TRIAL_PASS, NULL,
		  "it sees us at %s with the certificate of %s (until %s); "
		  "Via, Record-Route and Contact name %s, who stands behind is "
		  "hidden",
		  address, own.name, date, e->name);
}

/* ---- OPTIONS ---- */

static int make_branch(struct trial *t)
{
	uint8_t word[WORD_BYTES];
	int err = crypto_random(word, sizeof(word));
	if (!err)
		text_hex(slice_of(word, sizeof(word)), t->branch);
	return err;
}

static void write_options(struct trial *t, struct buf *out)
{
	const struct edge *e = t->edge;
	const struct access_conf *a = &e->current->conf->access;
	const char *target = t->candidate[t->at].target;
	buf_printf(
		out,
		"OPTIONS sip:%s;transport=tls SIP/2.0\r\n"
		"Via: SIP/2.0/TLS %s;rport;branch=z9hG4bK%s\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:%.*s>;tag=%" PRIx64 "\r\nTo: <sip:%s>\r\n"
		"Call-ID: %" PRIx64 "@%s\r\nCSeq: 1 OPTIONS\r\n"
		"Contact: <sip:%s;transport=tls>\r\n"
		"Accept: application/sdp\r\nContent-Length: 0\r\n\r\n",
		target, e->name, t->branch,
		SLICE_FMT(a->domain_count ? a->domains[0] : slice_str(e->name)),
		crypto_random_u64(), target, crypto_random_u64(), e->name,
		e->name);
}

static void ask_options(struct trial *t)
{
	struct buf b;
	buf_init(&b, 0);
	sip_framer_init(&t->framer);
	trial_begin(t, TRIAL_AT_OPTIONS, OPTIONS_MS);
	if (!make_branch(t))
		write_options(t, &b);
	bool sent =
		b.len && !buf_failed(&b) && !conn_write(t->conn, buf_slice(&b));
	buf_free(&b);
	if (sent)
		return;
	trial_say(t, "options", TRIAL_FAIL, edge_reject(EDGE_QUEUE_FULL),
		  "it cannot be sent: no memory");
	trial_end(t);
}

void trial_silent(struct trial *t)
{
	trial_say(t, "options", TRIAL_FAIL, edge_reject(EDGE_PARTNER_SILENT),
		  "no answer within %d seconds", OPTIONS_MS / 1000);
	trial_end(t);
}

/* The id of ms-diagnostics, in either of its headers; 0: none. */
static uint16_t number_of(const struct sip_msg *m, struct slice *reason)
{
	const struct sip_header *h = sip_header(m, SIP_H_MS_DIAGNOSTICS);
	uint64_t n = 0;
	*reason = SLICE_NONE;
	if (!h)
		h = sip_header(m, SIP_H_MS_DIAGNOSTICS_PUBLIC);
	if (!h)
		return 0;
	ptrdiff_t end = slice_chr(h->value, ';');
	size_t len = end < 0 ? h->value.len : (size_t)end;
	if (slice_u64(slice_trim(slice_head(h->value, len)), UINT16_MAX, &n))
		return 0;
	*reason = slice_from(h->value, len + 1);
	return (uint16_t)n;
}

/* What is no refusal but says that it does not know OPTIONS (RFC 3261
 * 21.4.6, 21.5.2) shows a SIP server all the same. */
static enum ipc_trial_state state_of(unsigned status)
{
	if (status < 300)
		return TRIAL_PASS;
	return status == 405 || status == 501 ? TRIAL_WARN : TRIAL_FAIL;
}

static void say_answer(struct trial *t, const struct sip_msg *m)
{
	struct slice reason, received;
	char text[TEXT_MAX];
	uint64_t ms = timers_now(t->edge->timers) - t->began_ms;
	uint16_t number = number_of(m, &reason);
	snprintf(text, sizeof(text), "%u %.*s%s%.*s; round trip %" PRIu64 " ms",
		 m->status, SLICE_FMT(slice_head(m->reason, 200)),
		 reason.len ? "; " : "", SLICE_FMT(slice_head(reason, 400)),
		 ms);
	trial_say_numbered(t, "options", state_of(m->status), number,
			   slice_str(text));
	if (sip_param(m->via.params, "received", &received) && received.len)
		trial_say(t, "seen", TRIAL_PASS, NULL,
			  "it says that our address is %.*s",
			  SLICE_FMT(slice_head(received, 100)));
}

/* Is it the answer that ends the trial? */
static bool is_answer(const struct trial *t, const struct sip_msg *m)
{
	const struct slice cookie = SLICE_LIT("z9hG4bK");
	return !m->request && m->status >= 200 &&
	       slice_starts(m->via.branch, cookie) &&
	       slice_eq(slice_from(m->via.branch, cookie.len),
			slice_str(t->branch));
}

/* True: the trial has ended. */
static bool take_message(struct trial *t, struct slice bytes)
{
	struct arena *a = arena_create(SIP_VIEW_BYTES, 1 << 20);
	struct sip_msg m;
	bool over = a && !sip_parse(a, bytes, &sip_limits_default, &m) &&
		    is_answer(t, &m);
	if (over) {
		say_answer(t, &m);
		trial_end(t);
	}
	arena_free(a);
	return over;
}

/* ---- what the connection says ---- */

static size_t on_bytes(void *arg, struct conn *c, struct slice data)
{
	struct trial *t = arg;
	size_t used = 0, len = 0;
	const struct reject *reject = NULL;
	(void)c;
	if (t->stage != TRIAL_AT_OPTIONS)
		return data.len;
	for (;;) {
		struct slice rest = slice_from(data, used);
		enum sip_frame_result found = sip_frame(
			&t->framer, rest, &sip_limits_default, &len, &reject);
		if (found == SIP_FRAME_MORE)
			return used;
		if (found == SIP_FRAME_REFUSED || found == SIP_FRAME_NOT_SIP)
			break;
		used += len;
		if (found == SIP_FRAME_MESSAGE &&
		    take_message(t, slice_head(rest, len)))
			return data.len;
	}
	trial_say(t, "options", TRIAL_FAIL, edge_reject(EDGE_PARTNER_DOWN),
		  "what it says is no SIP");
	trial_end(t);
	return data.len;
}

static void on_ready(void *arg, struct conn *c)
{
	struct trial *t = arg;
	char text[ADDR_TEXT_MAX];
	if (t->stage == TRIAL_AT_TCP) {
		trial_say(t, "tcp", TRIAL_PASS, NULL, "connected to %s",
			  addr_text(&t->candidate[t->at].addr, text));
		t->connected = true;
		conn_close(c);
	} else if (t->stage == TRIAL_AT_TLS) {
		trial_say(t, "tls", TRIAL_PASS, NULL, "the handshake is done");
		say_certificate(t);
		say_seen(t);
		if (is_proven(t))
			ask_options(t);
		else
			trial_end(t);
	}
}

static void tcp_ended(struct trial *t, const char *text)
{
	char to[ADDR_TEXT_MAX];
	if (t->connected) {
		dial_tls(t);
		return;
	}
	trial_say(t, "tcp", TRIAL_WARN, NULL, "%s: %s",
		  addr_text(&t->candidate[t->at].addr, to), text);
	t->at++;
	trial_dial(t);
}

static void tls_ended(struct trial *t, enum conn_end why, const char *text)
{
	bool name = why == CONN_END_NAME;
	bool tls = name || why == CONN_END_TLS;
	trial_say(t, name ? "certificate" : "tls", TRIAL_FAIL,
		  edge_reject(tls ? EDGE_PARTNER_TLS : EDGE_PARTNER_DOWN),
		  "%s (it has to prove %s)", text, t->candidate[t->at].target);
	trial_end(t);
}

static void on_end(void *arg, struct conn *c, enum conn_end why,
		   const char *text)
{
	struct trial *t = arg;
	(void)c;
	t->conn = NULL;
	switch (t->stage) {
	case TRIAL_AT_TCP:
		tcp_ended(t, text);
		break;
	case TRIAL_AT_TLS:
		tls_ended(t, why, text);
		break;
	case TRIAL_AT_OPTIONS:
		trial_say(t, "options", TRIAL_FAIL,
			  edge_reject(EDGE_PARTNER_DOWN),
			  "it ended the connection instead of an answer: %s; "
			  "does it accept our certificate?",
			  text);
		trial_end(t);
		break;
	case TRIAL_AT_NAMES:
	case TRIAL_AT_END:
		trial_free(t);
		break;
	}
}

static const struct conn_ops talk_ops = { .on_ready = on_ready,
					  .on_bytes = on_bytes,
					  .on_end = on_end };
