/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk between processes, without any other process: one worker on a real
 * loop, its channels replaced by a list of what it sent.
 */
#include "edge/edge_int.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "edge/partner.h"
#include "support/certs.h"

enum { INCARNATION = 0x1000, SENT_MAX = 64, WORKERS = 3 };

struct sent {
	enum proc_role role;
	uint32_t slot;
	struct buf bytes; /* encoded */
};

struct world {
	struct loop *loop;
	struct edge *edge;
	struct test_cert ca, leaf;
	struct edge_conf conf;
	struct access_partner partner[2];
	struct slice domain;
	struct sent sent[SENT_MAX];
	size_t count;
	int worker_error; /* what sending to a worker gives, 0: fine */
	bool released;
	unsigned asked; /* requests that home sent */
};

static int on_send(void *arg, enum proc_role role, uint32_t slot,
		   enum ipc_type type, const void *body)
{
	struct world *w = arg;
	if (role == PROC_EDGE && w->worker_error)
		return w->worker_error;
	assert_true(w->count < SENT_MAX);
	struct sent *s = &w->sent[w->count++];
	s->role = role;
	s->slot = slot;
	buf_init(&s->bytes, 0);
	ipc_encode(&s->bytes, type, body);
	return 0;
}

static const struct edge_ops ops = { .send = on_send };

static void on_release(void *arg)
{
	((struct world *)arg)->released = true;
}

static void forget(struct world *w)
{
	for (size_t i = 0; i < w->count; i++)
		buf_free(&w->sent[i].bytes);
	w->count = 0;
}

/* The only message of that type; fails when there is none. */
static struct ipc_msg only(struct world *w, enum ipc_type type,
			   struct sent **from)
{
	struct ipc_msg m, found = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < w->count; i++) {
		assert_int_equal(ipc_decode(buf_slice(&w->sent[i].bytes), &m),
				 0);
		if (m.type != type)
			continue;
		n++;
		found = m;
		if (from)
			*from = &w->sent[i];
	}
	assert_int_equal(n, 1);
	return found;
}

static void tell(struct world *w, enum proc_role role, uint32_t slot,
		 enum ipc_type type, const void *body)
{
	struct proc_id from = { role, slot, 0x2000 + slot };
	struct ipc_msg m;
	struct buf b;
	buf_init(&b, 0);
	ipc_encode(&b, type, body);
	assert_int_equal(ipc_decode(buf_slice(&b), &m), 0);
	edge_message(w->edge, &from, &m);
	buf_free(&b);
}

static void peer(struct world *w, enum proc_role role, uint32_t slot, bool up)
{
	struct proc_id id = { role, slot, 0x2000 + slot };
	if (up)
		edge_peer_up(w->edge, &id);
	else
		edge_peer_gone(w->edge, &id);
}

static void keys(struct world *w)
{
	uint8_t ring[1 + SEAL_KEY_BYTES] = { 7 };
	struct ipc_keys k = { slice_of(ring, sizeof(ring)) };
	for (size_t i = 1; i < sizeof(ring); i++)
		ring[i] = (uint8_t)i;
	tell(w, PROC_STORE, 0, IPC_KEYS, &k);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char error[256];
	struct cert_spec ca = { .common_name = "ca", .authority = true };
	certs_make(&w->ca, &ca, NULL);
	certs_leaf(&w->leaf, "edge.contoso.test", &w->ca);
	w->domain = SLICE_LIT("contoso.test");
	w->partner[0] = (struct access_partner){
		.domain = SLICE_LIT("fabrikam.test"),
		.edge = SLICE_LIT("edge.fabrikam.test"),
		.address = SLICE_LIT("127.0.0.1:1"),
	};
	w->partner[1] = (struct access_partner){
		.domain = SLICE_LIT("litware.test"),
		.edge = SLICE_LIT("edge.litware.test"),
	};
	w->conf = (struct edge_conf){
		.name = SLICE_LIT("edge.contoso.test"),
		.tls = certs_conf(&w->leaf, &w->ca),
		.access = { .domains = &w->domain,
			    .domain_count = 1,
			    .partners = w->partner,
			    .partner_count = 2 },
		.workers = WORKERS,
		.unauthenticated_per_source = 64,
		.new_per_source = 20,
		.request_timeout_ms = 20000,
	};
	assert_int_equal(loop_create(&w->loop), 0);
	assert_int_equal(
		edge_create(&w->edge, w->loop, 0, INCARNATION, &ops, w), 0);
	assert_int_equal(
		edge_prepare(w->edge, 1, &w->conf, on_release, w, error), 0);
	edge_commit(w->edge, 1);
	for (uint32_t s = 1; s < WORKERS; s++)
		peer(w, PROC_EDGE, s, true);
	peer(w, PROC_HOME, 0, true);
	keys(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	forget(w);
	edge_free(w->edge);
	loop_free(w->loop);
	assert_true(w->released);
	certs_free(&w->leaf);
	certs_free(&w->ca);
	free(w);
	return 0;
}

static void ask_from_home(struct world *w, const char *method, const char *uri,
			  const char *from, const char *extra)
{
	char text[2048];
	w->asked++;
	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS home.edge.contoso.test;branch=z9hG4bKh%u\r\n"
		 "Max-Forwards: 69\r\n"
		 "From: <sip:%s>;tag=1\r\nTo: <%s>\r\n"
		 "Call-ID: c%u\r\nCSeq: 1 %s\r\n%s"
		 "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi",
		 method, uri, w->asked, from, uri, w->asked, method, extra);
	struct ipc_sip_from_home m = { slice_str(text) };
	tell(w, PROC_HOME, 0, IPC_SIP_FROM_HOME, &m);
}

static void from_home(struct world *w, const char *uri, const char *from,
		      const char *extra)
{
	ask_from_home(w, "MESSAGE", uri, from, extra);
}

/* The answer that home got: its status. */
static unsigned home_status(struct world *w)
{
	struct ipc_msg m = only(w, IPC_ANSWER_TO_HOME, NULL);
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg sip;
	assert_null(sip_parse(a, m.u.answer_to_home.bytes, &sip_limits_default,
			      &sip));
	assert_true(
		slice_eq(sip.via.host, SLICE_LIT("home.edge.contoso.test")));
	assert_int_equal(sip.via_count, 1);
	unsigned status = sip.status;
	arena_free(a);
	return status;
}

/* To a partner whose connection another worker owns, and the answer back. */
static void partner_elsewhere(struct world *w, const char *domain,
			      const char *edge_name)
{
	char uri[64], answer[4096];
	struct sent *sent = NULL;
	snprintf(uri, sizeof(uri), "sip:bob@%s", domain);
	from_home(w, uri, "alice@contoso.test",
		  "P-Asserted-Identity: <sip:ceo@pool.contoso.test>\r\n");
	struct ipc_msg m = only(w, IPC_PARTNER_WRITE, &sent);
	assert_int_equal(sent->slot,
			 partner_owner(w->edge, slice_str(edge_name)));
	assert_true(slice_eq(m.u.partner_write.partner, slice_str(edge_name)));
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg sip;
	assert_null(sip_parse(a, m.u.partner_write.bytes, &sip_limits_default,
			      &sip));
	assert_int_equal(sip.via_count, 1);
	assert_int_equal(sip.max_forwards, 68);
	const struct sip_header *id =
		sip_header(&sip, SIP_H_P_ASSERTED_IDENTITY);
	assert_non_null(id);
	assert_true(slice_eq(id->value, SLICE_LIT("<sip:alice@contoso.test>")));
	snprintf(answer, sizeof(answer),
		 "SIP/2.0 200 OK\r\nVia: %.*s\r\n"
		 "From: <sip:alice@contoso.test>;tag=1\r\n"
		 "To: <%s>;tag=2\r\nCall-ID: c%u\r\nCSeq: 1 MESSAGE\r\n"
		 "Content-Length: 0\r\n\r\n",
		 SLICE_FMT(sip.via.text), uri, w->asked);
	char peer_name[80];
	snprintf(peer_name, sizeof(peer_name), "peer:%s", edge_name);
	struct ipc_response r = { .txn = m.u.partner_write.txn,
				  .branch = m.u.partner_write.branch,
				  .peer = SLICE_LIT("peer:edge.other.test"),
				  .bytes = slice_str(answer) };
	tell(w, PROC_EDGE, sent->slot, IPC_RESPONSE, &r);
	forget(w); /* from the wrong peer: nothing may have happened */
	r.peer = slice_str(peer_name);
	tell(w, PROC_EDGE, 1, IPC_RESPONSE, &r);
	assert_int_equal(home_status(w), 200);
	arena_free(a);
}

static void test_partner_elsewhere_and_back(void **state)
{
	struct world *w = *state;
	const char *names[2][2] = {
		{ "fabrikam.test", "edge.fabrikam.test" },
		{ "litware.test", "edge.litware.test" },
	};
	size_t elsewhere = 0;
	for (size_t i = 0; i < 2; i++) {
		if (partner_owner(w->edge, slice_str(names[i][1])) == 0)
			continue;
		partner_elsewhere(w, names[i][0], names[i][1]);
		forget(w);
		elsewhere++;
	}
	assert_true(elsewhere > 0);
}

static void test_domain_that_is_no_partner(void **state)
{
	struct world *w = *state;
	from_home(w, "sip:x@adatum.test", "alice@contoso.test", "");
	assert_int_equal(home_status(w), 404);
}

static void test_full_queue_is_told(void **state)
{
	struct world *w = *state;
	const char *uri = "sip:b@fabrikam.test";
	if (partner_owner(w->edge, SLICE_LIT("edge.fabrikam.test")) == 0)
		uri = "sip:b@litware.test";
	w->worker_error = -ENOBUFS;
	from_home(w, uri, "alice@contoso.test", "");
	assert_int_equal(home_status(w), 503);
	assert_int_equal(w->count, 1);
}

static void test_lost_flow_is_told_at_once(void **state)
{
	struct world *w = *state;
	const char *name = "edge.fabrikam.test", *uri = "sip:b@fabrikam.test";
	if (partner_owner(w->edge, slice_str(name)) == 0)
		uri = "sip:b@litware.test";
	from_home(w, uri, "alice@contoso.test", "");
	struct ipc_msg m = only(w, IPC_PARTNER_WRITE, NULL);
	struct ipc_flow_lost lost = { .txn = m.u.partner_write.txn,
				      .branch = m.u.partner_write.branch,
				      .refusal = EDGE_PARTNER_TLS };
	tell(w, PROC_EDGE, 1, IPC_FLOW_LOST, &lost);
	assert_int_equal(home_status(w), 504);
}

static void test_dead_worker_fails_its_partners(void **state)
{
	struct world *w = *state;
	const char *name = "edge.fabrikam.test", *uri = "sip:b@fabrikam.test";
	if (partner_owner(w->edge, slice_str(name)) == 0) {
		name = "edge.litware.test";
		uri = "sip:b@litware.test";
	}
	from_home(w, uri, "alice@contoso.test", "");
	only(w, IPC_PARTNER_WRITE, NULL);
	peer(w, PROC_EDGE, partner_owner(w->edge, slice_str(name)), false);
	assert_int_equal(home_status(w), 504);
}

static void token_route_port(struct world *w, const struct flow_ref *ref,
			     char out[static 256])
{
	struct buf b;
	buf_init(&b, 0);
	assert_int_equal(token_flow_write(w->edge->sealer, ref, &b), 0);
	snprintf(out, 256, "Route: <sip:%.*s@edge.contoso.test;lr>\r\n",
		 SLICE_FMT(buf_slice(&b)));
	buf_free(&b);
}

static void token_route(struct world *w, uint16_t slot, uint32_t incarnation,
			uint64_t flow, char out[static 256])
{
	struct flow_ref ref = { slot, incarnation, flow, 0, false };
	token_route_port(w, &ref, out);
}

static void test_flow_of_another_worker(void **state)
{
	struct world *w = *state;
	struct sent *sent = NULL;
	char route[256];
	token_route(w, 2, 0x2002, 5, route);
	from_home(w, "sip:alice@192.0.2.1:5061", "bob@fabrikam.test", route);
	struct ipc_msg m = only(w, IPC_FLOW_WRITE, &sent);
	assert_int_equal(sent->slot, 2);
	assert_int_equal(m.u.flow_write.flow, 5);
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg sip;
	assert_null(
		sip_parse(a, m.u.flow_write.bytes, &sip_limits_default, &sip));
	assert_null(sip_header(&sip, SIP_H_ROUTE));
	arena_free(a);
}

/* The Record-Route that a device learns names the port that it signed in at
 * (the token brought it), not the default one, where partners connect. */
static void test_record_route_has_the_clients_port(void **state)
{
	struct world *w = *state;
	static const struct {
		uint16_t port;
		const char *want;
	} rows[] = {
		{ 443, "@edge.contoso.test:443;transport=tls;lr>" },
		{ 0, "@edge.contoso.test;transport=tls;lr>" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char route[256], value[300];
		struct flow_ref ref = { 2, 0x2002, 5, rows[i].port, false };
		token_route_port(w, &ref, route);
		ask_from_home(w, "INVITE", "sip:alice@192.0.2.1:5061",
			      "bob@fabrikam.test", route);
		struct ipc_msg m = only(w, IPC_FLOW_WRITE, NULL);
		struct arena *a = arena_create(4096, 1 << 20);
		struct sip_msg sip;
		assert_null(sip_parse(a, m.u.flow_write.bytes,
				      &sip_limits_default, &sip));
		const struct sip_header *h =
			sip_header(&sip, SIP_H_RECORD_ROUTE);
		assert_non_null(h);
		assert_int_equal(slice_cstr(h->value, value, sizeof(value)), 0);
		assert_string_equal(strchr(value, '@'), rows[i].want);
		arena_free(a);
		forget(w);
	}
}

/* What begins a dialog; a NOTIFY always, it may be what does (RFC 6665 4.3). */
static void test_which_requests_are_recorded(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *method;
		bool recorded;
	} rows[] = {
		{ "INVITE", true },   { "SUBSCRIBE", true },
		{ "REFER", true },    { "NOTIFY", true },
		{ "MESSAGE", false }, { "PUBLISH", false },
		{ "OPTIONS", false },
	};
	char route[256];
	token_route(w, 2, 0x2002, 5, route);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_create(4096, 1 << 20);
		struct sip_msg sip;
		ask_from_home(w, rows[i].method, "sip:alice@192.0.2.1:5061",
			      "bob@fabrikam.test", route);
		struct ipc_msg m = only(w, IPC_FLOW_WRITE, NULL);
		assert_null(sip_parse(a, m.u.flow_write.bytes,
				      &sip_limits_default, &sip));
		assert_int_equal(sip_header(&sip, SIP_H_RECORD_ROUTE) != NULL,
				 rows[i].recorded);
		arena_free(a);
		forget(w);
	}
}

/* Of an earlier life, of nobody, of a connection that is gone: 430 at once. */
static void test_stale_tokens(void **state)
{
	struct world *w = *state;
	static const struct flow_ref stale[] = { { 2, 0x1111, 5, 0, false },
						 { 60, 0x2002, 5, 0, false },
						 { 0, INCARNATION, 5, 0,
						   false },
						 { 0, 0x9999, 5, 0, false } };
	char route[256];
	for (size_t i = 0; i < sizeof(stale) / sizeof(stale[0]); i++) {
		token_route(w, stale[i].slot, stale[i].incarnation,
			    stale[i].flow, route);
		from_home(w, "sip:alice@192.0.2.1", "bob@fabrikam.test", route);
		assert_int_equal(home_status(w), 430);
		forget(w);
	}
	from_home(w, "sip:alice@192.0.2.1", "bob@fabrikam.test",
		  "Route: <sip:forged@edge.contoso.test;lr>\r\n");
	assert_int_equal(home_status(w), 430);
}

static void test_flow_write_for_nobody(void **state)
{
	struct world *w = *state;
	struct sent *sent = NULL;
	struct ipc_flow_write m = {
		.flow = 77, .txn = 9, .branch = 1, .bytes = SLICE_LIT("x")
	};
	tell(w, PROC_EDGE, 2, IPC_FLOW_WRITE, &m);
	struct ipc_msg lost = only(w, IPC_FLOW_LOST, &sent);
	assert_int_equal(sent->slot, 2);
	assert_int_equal(lost.u.flow_lost.txn, 9);
	assert_int_equal(lost.u.flow_lost.branch, 1);
}

/* An answer for a peer that nobody has a connection of goes around once. */
static void test_answer_goes_around_once(void **state)
{
	struct world *w = *state;
	struct sent *sent = NULL;
	struct ipc_flow_answer a = { .tries = 1,
				     .peer = SLICE_LIT("peer:x"),
				     .bytes = SLICE_LIT("y") };
	tell(w, PROC_EDGE, 2, IPC_FLOW_ANSWER, &a);
	struct ipc_msg m = only(w, IPC_FLOW_ANSWER, &sent);
	assert_int_equal(sent->slot, 1);
	assert_int_equal(m.u.flow_answer.tries, 0);
	forget(w);
	a.tries = 0;
	tell(w, PROC_EDGE, 2, IPC_FLOW_ANSWER, &a);
	assert_int_equal(w->count, 0);
}

static void test_messages_from_the_wrong_role(void **state)
{
	struct world *w = *state;
	struct ipc_flow_auth auth = { .flow = 1,
				      .aor = SLICE_LIT("a@contoso.test") };
	tell(w, PROC_EDGE, 1, IPC_FLOW_AUTH, &auth);
	tell(w, PROC_RESOLVER, 0, IPC_KEYS, &(struct ipc_keys){ 0 });
	assert_int_equal(w->count, 0);
}

static void test_generations(void **state)
{
	struct world *w = *state;
	struct edge_conf other = w->conf;
	char error[256];
	bool released = w->released;
	other.tls.own.key = SLICE_LIT("nonsense");
	assert_true(edge_prepare(w->edge, 2, &other, on_release, w, error) < 0);
	assert_true(strlen(error) > 0);
	assert_int_equal(w->released, released); /* the caller keeps it */
	other = w->conf;
	other.name = SLICE_LIT("edge2.contoso.test");
	assert_true(edge_prepare(w->edge, 2, &other, on_release, w, error) < 0);
	assert_non_null(strstr(error, "restart"));
	other = w->conf;
	other.access.partner_count = 1;
	assert_int_equal(edge_prepare(w->edge, 2, &other, on_release, w, error),
			 0);
	edge_abort(w->edge, 2);
	assert_true(w->released);
	from_home(w, "sip:x@litware.test", "alice@contoso.test", "");
	for (size_t i = 0; i < w->count; i++) /* still a partner */
		assert_int_not_equal(w->sent[i].role, PROC_HOME);
	w->released = false;
	assert_int_equal(edge_prepare(w->edge, 3, &other, on_release, w, error),
			 0);
	edge_commit(w->edge, 3);
	assert_true(w->released); /* the old one */
	forget(w);
	from_home(w, "sip:x@litware.test", "alice@contoso.test", "");
	assert_int_equal(home_status(w), 404);
}

/* Each partner has one owner among the slots, about the same number each. */
static void test_owners_are_spread(void **state)
{
	struct world *w = *state;
	size_t count[WORKERS] = { 0 };
	char name[32];
	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "edge.p%d.test", i);
		uint32_t owner = partner_owner(w->edge, slice_str(name));
		assert_true(owner < WORKERS);
		assert_int_equal(owner,
				 partner_owner(w->edge, slice_str(name)));
		count[owner]++;
	}
	for (size_t s = 0; s < WORKERS; s++)
		assert_in_range(count[s], 850, 1150);
}

/* What was admitted goes on: the inside still gets its requests out. */
static void test_drain_lets_the_inside_finish(void **state)
{
	struct world *w = *state;
	const char *uri = "sip:b@fabrikam.test";
	if (partner_owner(w->edge, SLICE_LIT("edge.fabrikam.test")) == 0)
		uri = "sip:b@litware.test";
	edge_drain(w->edge);
	from_home(w, uri, "alice@contoso.test", "");
	only(w, IPC_PARTNER_WRITE, NULL);
	assert_int_equal(edge_busy(w->edge), 1);
}

/* The end of a request says what it cannot do (RFC 3261 8.2.2.3). */
static void test_options_that_require(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *require;
		unsigned status;
	} rows[] = { { "", 200 },
		     { "Require: path, outbound\r\n", 200 },
		     { "Require: x-one\r\n", 420 },
		     { "Require: path\r\nRequire: path, x-one\r\n", 420 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask_from_home(w, "OPTIONS", "sip:edge.contoso.test",
			      "alice@contoso.test", rows[i].require);
		assert_int_equal(home_status(w), rows[i].status);
		struct ipc_msg m = only(w, IPC_ANSWER_TO_HOME, NULL);
		struct slice bytes = m.u.answer_to_home.bytes;
		bool named = memmem(bytes.ptr, bytes.len,
				    "\r\nUnsupported: x-one\r\n",
				    sizeof("\r\nUnsupported: x-one\r\n") - 1);
		assert_int_equal(named, rows[i].status == 420);
		forget(w);
	}
}

/* The domain of a partner whose connection another worker owns. */
static const char *elsewhere(struct world *w)
{
	return partner_owner(w->edge, SLICE_LIT("edge.fabrikam.test"))
		       ? "fabrikam.test"
		       : "litware.test";
}

/* Who we let out is named by us, from From, and not when it asks us not to
 * (RFC 3325 9.1, 9.3). */
static void test_who_is_asserted(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *method, *extra;
		size_t count;
	} rows[] = {
		{ "MESSAGE", "", 1 },
		{ "MESSAGE", "P-Asserted-Identity: <sip:x@y.test>\r\n", 1 },
		{ "INVITE", "Privacy: header\r\n", 1 },
		{ "INVITE", "Privacy: header; ID\r\n", 0 },
		{ "MESSAGE", "Privacy: id\r\n", 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *a = arena_create(4096, 1 << 20);
		struct sip_msg sip;
		char uri[64];
		size_t at = 0, count = 0;
		const struct sip_header *h;
		snprintf(uri, sizeof(uri), "sip:bob@%s", elsewhere(w));
		ask_from_home(w, rows[i].method, uri, "alice@contoso.test",
			      rows[i].extra);
		struct ipc_msg m = only(w, IPC_PARTNER_WRITE, NULL);
		assert_null(sip_parse(a, m.u.partner_write.bytes,
				      &sip_limits_default, &sip));
		while ((h = sip_header_next(&sip, SIP_H_P_ASSERTED_IDENTITY,
					    &at))) {
			assert_true(slice_eq(
				h->value,
				SLICE_LIT("<sip:alice@contoso.test>")));
			count++;
		}
		assert_int_equal(count, rows[i].count);
		arena_free(a);
		forget(w);
	}
}

#define WALK_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WALK_TEST(test_partner_elsewhere_and_back),
		WALK_TEST(test_domain_that_is_no_partner),
		WALK_TEST(test_full_queue_is_told),
		WALK_TEST(test_lost_flow_is_told_at_once),
		WALK_TEST(test_dead_worker_fails_its_partners),
		WALK_TEST(test_flow_of_another_worker),
		WALK_TEST(test_record_route_has_the_clients_port),
		WALK_TEST(test_which_requests_are_recorded),
		WALK_TEST(test_stale_tokens),
		WALK_TEST(test_flow_write_for_nobody),
		WALK_TEST(test_answer_goes_around_once),
		WALK_TEST(test_messages_from_the_wrong_role),
		WALK_TEST(test_generations),
		WALK_TEST(test_owners_are_spread),
		WALK_TEST(test_drain_lets_the_inside_finish),
		WALK_TEST(test_options_that_require),
		WALK_TEST(test_who_is_asserted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
