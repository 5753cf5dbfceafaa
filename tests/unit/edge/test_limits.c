/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps the limits of a discovered partner: questions between workers, the
 * store's answer, and what happens when either is not there. */
#include "edge/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "edge/keeper.h"
#include "edge/partner.h"
#include "support/certs.h"

enum { INCARNATION = 0x1000, SENT_MAX = 64, WORKERS = 3 };

struct sent {
	enum proc_role role;
	uint32_t slot;
	struct buf bytes;
};

struct world {
	struct loop *loop;
	struct edge *edge;
	struct test_cert ca, leaf;
	struct edge_conf conf;
	struct slice domain;
	struct sent sent[SENT_MAX];
	size_t count;
	int error;      /* what sending gives */
	char owned[32]; /* a domain of which worker 0 is the owner */
};

static int on_send(void *arg, enum proc_role role, uint32_t slot,
		   enum ipc_type type, const void *body)
{
	struct world *w = arg;
	if (w->error)
		return w->error;
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
	(void)arg;
}

static void forget(struct world *w)
{
	for (size_t i = 0; i < w->count; i++)
		buf_free(&w->sent[i].bytes);
	w->count = 0;
}

/* The nth that was sent, of that type. */
static struct ipc_msg nth(struct world *w, size_t n, enum ipc_type type)
{
	struct ipc_msg m;
	assert_true(n < w->count);
	assert_int_equal(ipc_decode(buf_slice(&w->sent[n].bytes), &m), 0);
	assert_int_equal(m.type, type);
	return m;
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

static void find_owned(struct world *w)
{
	char key[64];
	for (int i = 0; i < 100; i++) {
		snprintf(w->owned, sizeof(w->owned), "d%d.test", i);
		snprintf(key, sizeof(key), "srv:%s", w->owned);
		if (partner_owner(w->edge, slice_str(key)) == 0)
			return;
	}
	fail_msg("no domain of worker 0");
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char error[256];
	struct cert_spec ca = { .common_name = "ca", .authority = true };
	certs_make(&w->ca, &ca, NULL);
	certs_leaf(&w->leaf, "edge.contoso.test", &w->ca);
	w->domain = SLICE_LIT("contoso.test");
	w->conf = (struct edge_conf){
		.name = SLICE_LIT("edge.contoso.test"),
		.tls = certs_conf(&w->leaf, &w->ca),
		.access = { .domains = &w->domain,
			    .domain_count = 1,
			    .discovery = true },
		.workers = WORKERS,
		.discovered_rate = 2,
		.discovered_addresses = 3,
		.request_timeout_ms = 20000,
	};
	assert_int_equal(loop_create(&w->loop), 0);
	assert_int_equal(
		edge_create(&w->edge, w->loop, 0, INCARNATION, &ops, w), 0);
	assert_int_equal(
		edge_prepare(w->edge, 1, &w->conf, on_release, w, error), 0);
	edge_commit(w->edge, 1);
	find_owned(w);
	forget(w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	forget(w);
	edge_free(w->edge);
	loop_free(w->loop);
	certs_free(&w->leaf);
	certs_free(&w->ca);
	free(w);
	return 0;
}

static void ask(struct world *w, uint64_t id, const char *address)
{
	struct ipc_limit_get get = { .id = id,
				     .domain = slice_str(w->owned),
				     .address = slice_str(address) };
	tell(w, PROC_EDGE, 1, IPC_LIMIT_GET, &get);
}

static void result(struct world *w, uint64_t id, uint32_t error)
{
	struct ipc_store_result r = { .id = id, .error = error };
	tell(w, PROC_STORE, 0, IPC_STORE_RESULT, &r);
}

static void expect(struct world *w, size_t n, uint64_t id,
		   enum access_limit verdict)
{
	struct ipc_msg m = nth(w, n, IPC_LIMIT);
	assert_int_equal(w->sent[n].slot, 1);
	assert_int_equal(m.u.limit.id, id);
	assert_int_equal(m.u.limit.verdict, verdict);
}

/* The first question waits for the store, and so do those after it. */
static uint64_t loaded(struct world *w)
{
	ask(w, 1, "a@contoso.test");
	ask(w, 2, "b@contoso.test");
	assert_int_equal(w->count, 1);
	uint64_t id = nth(w, 0, IPC_TALLY_GET).u.tally_get.id;
	assert_int_equal(w->sent[0].role, PROC_STORE);
	forget(w);
	return id;
}

static void test_a_new_one(void **state)
{
	struct world *w = *state;
	result(w, loaded(w), ENOENT);
	assert_int_equal(w->count, 2);
	expect(w, 0, 1, ACCESS_WITHIN_LIMITS);
	expect(w, 1, 2, ACCESS_WITHIN_LIMITS);
	forget(w);
	/* the rate, over all that ask */
	ask(w, 3, "a@contoso.test");
	expect(w, 0, 3, ACCESS_OVER_RATE);
	assert_true(nth(w, 0, IPC_LIMIT).u.limit.wait_ms > 0);
	forget(w);
	keepers_sweep(w->edge);
	struct ipc_msg m = nth(w, 0, IPC_TALLY_PUT);
	assert_int_equal(m.u.tally_put.addresses.len, 2 * 8);
	assert_true(slice_eq(m.u.tally_put.domain, slice_str(w->owned)));
	forget(w);
	keepers_sweep(w->edge);
	assert_int_equal(w->count, 0); /* nothing has changed */
}

static void test_what_was_kept(void **state)
{
	struct world *w = *state;
	static const uint8_t three[24] = { [7] = 1, [15] = 2, [23] = 3 };
	uint64_t id = loaded(w);
	struct ipc_tally t = { id, 0, slice_of(three, sizeof(three)) };
	tell(w, PROC_STORE, 0, IPC_TALLY, &t);
	result(w, id, 0);
	/* the limit is told to the store at once */
	struct ipc_msg m = nth(w, 0, IPC_TALLY_PUT);
	assert_int_equal(m.u.tally_put.state, TALLY_FULL);
	expect(w, 1, 1, ACCESS_OVER_ADDRESSES);
	expect(w, 2, 2, ACCESS_OVER_ADDRESSES);
	forget(w);
	/* the operator: all is counted anew, and the old count overwritten */
	struct ipc_ruling r = { 0, ACCESS_RULED_NOT, slice_str(w->owned) };
	tell(w, PROC_STORE, 0, IPC_RULING, &r);
	keepers_sweep(w->edge);
	m = nth(w, 0, IPC_TALLY_PUT);
	assert_int_equal(m.u.tally_put.state, 0);
	assert_int_equal(m.u.tally_put.addresses.len, 0);
}

/* Nobody passes uncounted. */
static void test_without_the_store(void **state)
{
	struct world *w = *state;
	struct ipc_limit answer;
	struct ipc_limit_get get = { .id = 9, .domain = slice_str(w->owned) };
	struct proc_id store = { PROC_STORE, 0, 0x2000 };
	result(w, loaded(w), EIO);
	expect(w, 0, 1, ACCESS_LIMIT_FAILED);
	expect(w, 1, 2, ACCESS_LIMIT_FAILED);
	forget(w);
	w->error = -EPIPE;
	assert_true(keeper_ask(w->edge, 1, &get, &answer));
	assert_int_equal(answer.verdict, ACCESS_LIMIT_FAILED);
	w->error = 0;
	loaded(w);
	edge_peer_up(w->edge, &store);
	edge_peer_gone(w->edge, &store);
	expect(w, 0, 1, ACCESS_LIMIT_FAILED);
	expect(w, 1, 2, ACCESS_LIMIT_FAILED);
	forget(w);
	loaded(w); /* and it is asked anew */
}

/* What other processes say is checked. */
static void test_nonsense(void **state)
{
	struct world *w = *state;
	struct ipc_limit l = { .id = 77, .verdict = 200 };
	struct ipc_tally t = { 55, 0xff, SLICE_LIT("odd") };
	struct ipc_ruling r = { 0, 200, SLICE_LIT("x.test") };
	struct ipc_ban b = { 0, 1, SLICE_LIT("no address") };
	struct ipc_partner_seen s = { SLICE_LIT("srv:"), 999, SLICE_NONE };
	struct ipc_limit_get g = { .id = 1 };
	tell(w, PROC_EDGE, 1, IPC_LIMIT, &l);
	tell(w, PROC_STORE, 0, IPC_TALLY, &t);
	tell(w, PROC_STORE, 0, IPC_RULING, &r);
	tell(w, PROC_STORE, 0, IPC_BAN, &b);
	tell(w, PROC_EDGE, 1, IPC_PARTNER_SEEN, &s);
	tell(w, PROC_EDGE, 1, IPC_LIMIT_GET, &g);
	expect(w, 0, 1, ACCESS_LIMIT_FAILED);
	assert_int_equal(w->count, 1);
	assert_int_equal(
		access_ruling_of(w->edge->rulings, SLICE_LIT("x.test")),
		ACCESS_RULED_NOT);
}

static bool banned(struct world *w, const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse_host(slice_str(text), 0, &a), 0);
	return bans_has(w->edge, addr_source(&a));
}

static void test_bans(void **state)
{
	struct world *w = *state;
	uint64_t now_s = loop_wall_ms() / 1000;
	struct ipc_ban b = { 0, now_s + 600, SLICE_LIT("192.0.2.1") };
	tell(w, PROC_STORE, 0, IPC_BAN, &b);
	b.address = SLICE_LIT("2001:db8::1");
	tell(w, PROC_STORE, 0, IPC_BAN, &b);
	assert_true(banned(w, "192.0.2.1"));
	assert_false(banned(w, "192.0.2.2"));
	assert_true(banned(w, "2001:db8::2")); /* its /64 */
	bans_sweep(w->edge);
	assert_true(banned(w, "192.0.2.1"));
	b = (struct ipc_ban){ 0, 0, SLICE_LIT("192.0.2.1") };
	tell(w, PROC_STORE, 0, IPC_BAN, &b);
	assert_false(banned(w, "192.0.2.1"));
	b = (struct ipc_ban){ 0, now_s - 1, SLICE_LIT("2001:db8::1") };
	tell(w, PROC_STORE, 0, IPC_BAN, &b);
	assert_false(banned(w, "2001:db8::1"));
	bans_sweep(w->edge);
	assert_int_equal(w->edge->bans.count, 0);
}

static void test_report(void **state)
{
	struct world *w = *state;
	struct limits_seen seen;
	struct ipc_partner_seen s = { SLICE_NONE, 404, SLICE_NONE };
	char key[64];
	snprintf(key, sizeof(key), "srv:%s", w->owned);
	s.partner = slice_str(key);
	result(w, loaded(w), ENOENT);
	for (int i = 0; i < 99; i++)
		tell(w, PROC_EDGE, 1, IPC_PARTNER_SEEN, &s);
	/* what the limits refused is none of its failures */
	s.why = SLICE_LIT("limit_rate");
	for (int i = 0; i < 99; i++)
		tell(w, PROC_EDGE, 1, IPC_PARTNER_SEEN, &s);
	assert_true(limits_seen(w->edge, slice_str(w->owned), &seen));
	assert_int_equal(seen.state, 0);
	s.why = SLICE_LIT("not_found");
	tell(w, PROC_EDGE, 1, IPC_PARTNER_SEEN, &s);
	assert_true(limits_seen(w->edge, slice_str(w->owned), &seen));
	assert_int_equal(seen.state, TALLY_SUSPICIOUS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_new_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_what_was_kept, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_without_the_store, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bans, setup, teardown),
		cmocka_unit_test_setup_teardown(test_report, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
