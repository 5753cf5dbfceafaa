/* SPDX-License-Identifier: Apache-2.0 */
/* The set of next hops: from the configuration and from SRV, the choice among
 * them, failover within the transaction, and who is inside. */
#include "unit/edge/inside_world.h"

#include "support/oom.h"

static void test_each_is_looked_up_and_asked(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	inside_conf(w, &c, two_hops, 2);
	both_up(w, &c);
	assert_dialled(0, "fe1.in.test", "192.0.2.1:5061");
	assert_dialled(1, "fe2.in.test", "192.0.2.2:5061");
	assert_int_equal(written(0, "OPTIONS"), 1);
	assert_true(heard(0, "Max-Forwards: 0\r\n"));
	assert_int_equal(hop_at(w, 0)->state, INSIDE_UP);
	assert_int_equal(hop_at(w, 1)->state, INSIDE_UP);
}

static void test_the_preferred_one_is_used(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	inside_conf(w, &c, two_hops, 2);
	both_up(w, &c);
	size_t alice = client(w);
	says(alice, "MESSAGE", "sip:bob@contoso.test", "");
	assert_int_equal(written(0, "MESSAGE"), 1);
	assert_int_equal(written(1, "MESSAGE"), 0);
	answer(0, 1, 202, "");
	assert_true(heard(alice, "SIP/2.0 202"));
}

/* What was given to the first and not answered goes to the second. */
static void test_failover_within_the_transaction(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	inside_conf(w, &c, two_hops, 2);
	both_up(w, &c);
	size_t alice = client(w);
	says(alice, "MESSAGE", "sip:bob@contoso.test", "");
	assert_int_equal(written(0, "MESSAGE"), 1);
	fake_end(0, CONN_END_RESET);
	fake_turn();
	assert_int_equal(written(1, "MESSAGE"), 1);
	answer(1, 1, 200, "");
	assert_true(heard(alice, "SIP/2.0 200"));
	assert_false(heard(alice, "SIP/2.0 5"));
}

static void test_busy_goes_on_to_the_second(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	inside_conf(w, &c, two_hops, 2);
	both_up(w, &c);
	size_t alice = client(w);
	says(alice, "MESSAGE", "sip:bob@contoso.test", "");
	answer(0, 1, 503, "");
	assert_int_equal(written(1, "MESSAGE"), 1);
	answer(1, 1, 200, "");
	assert_true(heard(alice, "SIP/2.0 200"));
}

/* An INVITE that is not even answered with 100 goes to the next one. */
static void test_silence_to_an_invite(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	inside_conf(w, &c, two_hops, 2);
	c.inside.health_ms = 3600000;
	both_up(w, &c);
	size_t alice = client(w);
	says(alice, "INVITE", "sip:bob@contoso.test", "");
	pass(w, 7900);
	assert_int_equal(written(1, "INVITE"), 0);
	pass(w, 200);
	assert_int_equal(written(1, "INVITE"), 1);
}

static void test_none_is_left(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	inside_conf(w, &c, two_hops, 2);
	both_up(w, &c);
	size_t alice = client(w);
	pass(w, 6000);
	for (size_t i = 0; i < 2; i++) {
		fake_end(i, CONN_END_RESET);
		/* dialled again at once, which fails */
		fake_end(w->net.count - 1, CONN_END_CONNECT);
	}
	says(alice, "MESSAGE", "sip:bob@contoso.test", "");
	assert_true(heard(alice, "SIP/2.0 503"));
}

/* Those that stay keep their connections; the others end theirs. */
static void test_another_configuration(void **state)
{
	struct world *w = *state;
	struct edge_conf c, next;
	inside_conf(w, &c, two_hops, 2);
	both_up(w, &c);
	uint64_t id = hop_at(w, 1)->id;
	inside_conf(w, &next, &two_hops[1], 1);
	apply(w, &next);
	assert_int_equal(hop_at(w, 0)->id, id);
	assert_int_equal(hop_at(w, 0)->state, INSIDE_UP);
	assert_int_equal(fake_open(), 1);
	assert_int_equal(w->net.count, 2);
	size_t alice = client(w);
	says(alice, "MESSAGE", "sip:bob@contoso.test", "");
	assert_int_equal(written(1, "MESSAGE"), 1);
}

static const struct inside_hop_conf srv_hop[] = {
	{ .host = { (const uint8_t *)"pool.in.test", 12 } },
};

static void test_srv_names_are_compared(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	static const struct target_spec t[] = {
		{ "evil.in.test", true, { "192.0.2.66:5061" } },
		{ "fe2.in.test", true, { "192.0.2.2:5061" } },
		{ "fe1.in.test", true, { "192.0.2.1:5061" } },
	};
	inside_conf(w, &c, srv_hop, 1);
	apply(w, &c);
	resolved(w, asked_for(w, "pool.in.test", IPC_TARGETS_DOMAIN), 60, t, 3);
	assert_int_equal(w->net.count, 2);
	assert_dialled(0, "fe2.in.test", "192.0.2.2:5061");
	assert_dialled(1, "fe1.in.test", "192.0.2.1:5061");
	/* asked again; what fails then changes nothing */
	pass(w, 60100);
	unresolved(w, asked_for(w, "pool.in.test", IPC_TARGETS_DOMAIN),
		   ETIMEDOUT, 30);
	assert_string_equal(hop_at(w, 0)->host, "fe2.in.test");
}

/* A resolver that comes later than the configuration, or goes. */
static void test_without_a_resolver(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	struct proc_id resolver = { PROC_RESOLVER, 0, 0x2000 };
	inside_conf(w, &c, two_hops, 2);
	edge_peer_gone(w->edge, &resolver);
	apply(w, &c);
	pass(w, 60000);
	assert_int_equal(hop_at(w, 0)->state, INSIDE_NEW);
	edge_peer_up(w->edge, &resolver);
	hop_resolved(w, "fe1.in.test", "192.0.2.1:5061");
	assert_dialled(0, "fe1.in.test", "192.0.2.1:5061");
	edge_peer_gone(w->edge, &resolver);
	assert_int_equal(hop_at(w, 1)->state, INSIDE_DOWN);
}

static void test_a_resolver_that_is_silent(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	inside_conf(w, &c, two_hops, 1);
	apply(w, &c);
	asked_for(w, "fe1.in.test", IPC_TARGETS_HOST);
	pass(w, 6100);
	assert_int_equal(hop_at(w, 0)->state, INSIDE_DOWN);
	pass(w, 1300);
	hop_resolved(w, "fe1.in.test", "192.0.2.1:5061");
	assert_int_equal(w->net.count, 1);
}

/* Each address of a name, then a pause that grows. */
static void test_addresses_and_back_off(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	static const struct target_spec t = {
		"fe1.in.test", true, { "[2001:db8::1]:5061", "192.0.2.1:5061" }
	};
	inside_conf(w, &c, two_hops, 1);
	apply(w, &c);
	resolved(w, asked_for(w, "fe1.in.test", IPC_TARGETS_HOST), 60, &t, 1);
	fake_end(0, CONN_END_CONNECT);
	assert_dialled(1, "fe1.in.test", "192.0.2.1:5061");
	fake_end(1, CONN_END_CONNECT);
	assert_int_equal(hop_at(w, 0)->state, INSIDE_DOWN);
	uint32_t before = 0;
	for (int i = 0; i < 10; i++) {
		assert_true(hop_at(w, 0)->backoff_ms >= before);
		before = hop_at(w, 0)->backoff_ms;
		pass(w, before + 300);
		unresolved(w, asked_for(w, "fe1.in.test", IPC_TARGETS_HOST),
			   ENOENT, 30);
	}
	assert_int_equal(before, 30000);
	assert_int_equal(w->net.count, 2);
}

struct rows {
	unsigned inside, up;
};

static void on_row(void *arg, const char *table, struct slice pairs)
{
	struct rows *r = arg;
	struct slice key, value;
	if (strcmp(table, "inside") != 0)
		return;
	r->inside++;
	while (ipc_pair_next(&pairs, &key, &value))
		r->up += slice_eq(key, SLICE_LIT("state")) &&
			 slice_eq(value, SLICE_LIT("up"));
}

static void test_status(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	struct rows r = { 0 };
	inside_conf(w, &c, two_hops, 2);
	both_up(w, &c);
	edge_status(w->edge, on_row, &r);
	assert_int_equal(r.inside, 2);
	assert_int_equal(r.up, 2);
}

/* Every allocation of a request in may fail: it is answered or dropped, and
 * nothing is lost. */
static void test_out_of_memory(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	inside_conf(w, &c, two_hops, 2);
	both_up(w, &c);
	for (unsigned n = 1; n < 200; n++) {
		char extra[64];
		size_t alice = client(w);
		snprintf(extra, sizeof(extra), "X-Number: %0*u\r\n",
			 (int)(n % 40 + 1), n);
		oom_arm(n);
		says(alice, "INVITE", "sip:bob@contoso.test", extra);
		bool fired = oom_fired();
		oom_arm(0);
		fake_end(alice, CONN_END_PEER);
		w->net.count = alice;
		if (!fired)
			return;
	}
	fail_msg("it never came to an end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_each_is_looked_up_and_asked),
		WORLD_TEST(test_the_preferred_one_is_used),
		WORLD_TEST(test_failover_within_the_transaction),
		WORLD_TEST(test_busy_goes_on_to_the_second),
		WORLD_TEST(test_silence_to_an_invite),
		WORLD_TEST(test_none_is_left),
		WORLD_TEST(test_another_configuration),
		WORLD_TEST(test_srv_names_are_compared),
		WORLD_TEST(test_without_a_resolver),
		WORLD_TEST(test_a_resolver_that_is_silent),
		WORLD_TEST(test_addresses_and_back_off),
		WORLD_TEST(test_status),
		WORLD_TEST(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
