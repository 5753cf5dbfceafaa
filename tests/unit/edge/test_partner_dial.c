/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds of connecting: order, race, failover, back-off, addresses that are
 * not dialled (NET-02, NET-03, DNS-03). */
#include "unit/edge/partner_talk.h"

static const struct target_spec two[] = {
	{ "sip1.fabrikam.test",
	  true,
	  { "[2001:db8::1]:5061", "192.0.2.1:5061" } },
	{ "sip2.fabrikam.test", true, { "192.0.2.2:5061" } },
};

static const char FABRIKAM[] = "srv:fabrikam.test";

static void ask_and_resolve(struct world *w, const struct target_spec *t,
			    size_t count)
{
	message(w, "fabrikam.test");
	resolved(w, asked_for(w, "fabrikam.test", IPC_TARGETS_DOMAIN), 300, t,
		 count);
}

static void test_fixed_address_is_dialled_at_once(void **state)
{
	struct world *w = *state;
	message(w, "litware.test");
	assert_int_equal(w->net.count, 1);
	assert_dialled(0, "sip.litware.test", "127.0.0.1:5061");
	assert_state(w, "sip.litware.test", PARTNER_CONNECTING);
	fake_ready(0);
	assert_state(w, "sip.litware.test", PARTNER_UP);
	assert_int_equal(written(0, "MESSAGE"), 1);
	answer(0, 0, 200, "");
	assert_int_equal(home_status(w), 200);
}

static void test_edge_is_looked_up_as_a_host(void **state)
{
	struct world *w = *state;
	/* a public address, and no rule about domains */
	static const struct target_spec t = { "edge.hosting.test",
					      false,
					      { "8.8.8.8:5061" } };
	message(w, "proseware.test");
	resolved(w, asked_for(w, "edge.hosting.test", IPC_TARGETS_HOST), 300,
		 &t, 1);
	assert_dialled(0, "edge.hosting.test", "8.8.8.8:5061");
}

/* RFC 8305: the second family joins soon, the next server later; who is ready
 * first wins and the rest is closed. */
static void test_race_within_a_server(void **state)
{
	struct world *w = *state;
	ask_and_resolve(w, two, 2);
	assert_int_equal(w->net.count, 1);
	assert_dialled(0, "sip1.fabrikam.test", "[2001:db8::1]:5061");
	pass(w, 200);
	assert_int_equal(w->net.count, 1);
	pass(w, 100);
	assert_int_equal(w->net.count, 2);
	assert_dialled(1, "sip1.fabrikam.test", "192.0.2.1:5061");
	pass(w, 1000);
	assert_int_equal(w->net.count, 2); /* the other server waits */
	fake_ready(1);
	fake_turn();
	assert_int_equal(fake_open(), 1);
	assert_int_equal(written(1, "MESSAGE"), 1);
	pass(w, 5000);
	assert_int_equal(w->net.count, 2);
}

/* NET-02: connections that are never made, within the transaction. */
static void test_net_02_black_hole_goes_on_to_the_next_server(void **state)
{
	struct world *w = *state;
	ask_and_resolve(w, two, 2);
	pass(w, 4000);
	assert_int_equal(w->net.count, 3);
	assert_dialled(2, "sip2.fabrikam.test", "192.0.2.2:5061");
	fake_ready(2);
	assert_int_equal(written(2, "MESSAGE"), 1);
	answer(2, 0, 200, "");
	assert_int_equal(home_status(w), 200);
}

static void test_refused_goes_on_at_once(void **state)
{
	struct world *w = *state;
	ask_and_resolve(w, two, 2);
	fake_end(0, CONN_END_CONNECT);
	assert_int_equal(w->net.count, 2);
	fake_end(1, CONN_END_NAME);
	assert_int_equal(w->net.count, 3);
	fake_end(2, CONN_END_TLS);
	assert_int_equal(home_status(w), 504);
	assert_state(w, FABRIKAM, PARTNER_DOWN);
	assert_int_equal(partner_at(w, FABRIKAM)->last, EDGE_PARTNER_TLS);
}

static void test_a_round_ends(void **state)
{
	struct world *w = *state;
	ask_and_resolve(w, two, 2);
	pass(w, 14000);
	assert_int_equal(home_status(w), 0);
	pass(w, 1500);
	assert_int_equal(home_status(w), 504);
	assert_int_equal(fake_open(), 0);
}

/* A server that goes away under a request: the request is tried at the other
 * one, within its transaction (RFC 3263 4.3). */
static void test_failover_when_a_server_goes_away(void **state)
{
	struct world *w = *state;
	ask_and_resolve(w, two, 2);
	fake_ready(0);
	assert_int_equal(written(0, "MESSAGE"), 1);
	fake_end(0, CONN_END_RESET);
	assert_int_equal(w->net.count, 2);
	assert_dialled(1, "sip2.fabrikam.test", "192.0.2.2:5061");
	fake_ready(1);
	assert_int_equal(written(1, "MESSAGE"), 1);
	answer(1, 0, 202, "");
	assert_int_equal(home_status(w), 202);
}

/* RFC 3261 21.5.4: who is busy is left alone, if there is another. */
static void test_failover_when_a_server_is_busy(void **state)
{
	struct world *w = *state;
	ask_and_resolve(w, two, 2);
	fake_ready(0);
	answer(0, 0, 503, "Retry-After: 30\r\n");
	assert_int_equal(home_status(w), 0);
	assert_dialled(1, "sip2.fabrikam.test", "192.0.2.2:5061");
	fake_ready(1);
	answer(1, 0, 200, "");
	assert_int_equal(home_status(w), 200);
	message(w, "fabrikam.test"); /* and the next one goes there, too */
	assert_int_equal(written(0, "MESSAGE"), 1);
	assert_int_equal(written(1, "MESSAGE"), 2);
	answer(1, 1, 200, "");
	pass(w, 31000);
	assert_int_equal(home_status(w), 200);
}

/* With one server only, its 503 does not close the way. */
static void test_busy_and_alone(void **state)
{
	struct world *w = *state;
	ask_and_resolve(w, two + 1, 1);
	fake_ready(0);
	answer(0, 0, 503, "");
	assert_int_equal(home_status(w), 480);
	message(w, "fabrikam.test");
	assert_int_equal(written(0, "MESSAGE"), 2);
}

/* One server is always busy, the other is not there: what comes goes to the
 * busy one, and connections do not pile up. */
static void test_busy_beside_dead(void **state)
{
	struct world *w = *state;
	size_t answered = 0;
	ask_and_resolve(w, two, 2);
	fake_ready(0);
	for (size_t s = 0; s < 50; s++) {
		for (size_t i = 1; i < w->net.count; i++)
			if (w->net.conn[i] && !fake_conn(i)->ready)
				fake_end(i, CONN_END_CONNECT);
		if (written(0, "MESSAGE") > answered)
			answer(0, answered++, 503, "");
		pass(w, 1000);
		message(w, "fabrikam.test");
	}
	assert_int_equal(fake_open(), 1);
	assert_true(answered > 20);
	assert_true(w->net.count < 20);
}

/* DNS-03: names of others do not lead to our own network. */
static void test_dns_03_special_addresses_are_not_dialled(void **state)
{
	struct world *w = *state;
	static const char *const refused[] = {
		"127.0.0.1:5061",
		"10.1.2.3:5061",
		"172.16.0.1:5061",
		"172.31.255.255:5061",
		"192.168.7.7:5061",
		"169.254.169.254:5061",
		"100.64.0.1:5061",
		"0.0.0.0:5061",
		"224.0.0.1:5061",
		"255.255.255.255:5061",
		"[::1]:5061",
		"[::]:5061",
		"[fd00::1]:5061",
		"[fe80::1]:5061",
		"[64:ff9b::a00:1]:5061",
		"[2002:a00:1::]:5061",
		"[ff02::1]:5061",
		"198.18.0.1:5061",
		"[::ffff:10.0.0.1]:5061",
		"203.0.113.9:5061",
	};
	static const char *const fine[] = { "8.8.8.8:5061",
					    "172.32.0.1:5061",
					    "172.15.255.255:5061",
					    "100.128.0.1:5061",
					    "11.0.0.0:5061",
					    "[2600::1]:5061",
					    "192.0.2.9:5061" /* allowed */,
					    "[2001:db8::1]:5061" };
	struct addr a;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		addr_parse(slice_str(refused[i]), false, &a);
		if (partner_may_dial(&w->partner[0], &a))
			fail_msg("%s", refused[i]);
	}
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
		addr_parse(slice_str(fine[i]), false, &a);
		if (!partner_may_dial(&w->partner[0], &a))
			fail_msg("%s", fine[i]);
	}
	static const struct target_spec inner = {
		"sip.fabrikam.test", true, { "127.0.0.1:5061", "[::1]:5061" }
	};
	ask_and_resolve(w, &inner, 1);
	assert_int_equal(w->net.count, 0);
	assert_int_equal(home_status(w), 504);
	assert_int_equal(partner_at(w, FABRIKAM)->last, EDGE_PARTNER_DNS);
}

/* edge-federation 3: a target of somebody else's domain is not believed. */
static void test_dns_03_targets_outside_the_domain(void **state)
{
	struct world *w = *state;
	static const struct target_spec far[] = {
		{ "sip.far.fabrikam.test", false, { "192.0.2.8:5061" } },
		{ "sip.evil.test", false, { "192.0.2.9:5061" } },
	};
	ask_and_resolve(w, far, 2);
	assert_int_equal(w->net.count, 0);
	assert_int_equal(home_status(w), 504);
	assert_int_equal(partner_at(w, FABRIKAM)->last,
			 EDGE_PARTNER_SRV_DOMAIN);
}

/* NET-03: up and down every five seconds for an hour, with traffic all the
 * while; few attempts, and little in the log. */
static void test_net_03_flapping_partner_for_an_hour(void **state)
{
	struct world *w = *state;
	size_t dialled = 0, good = 0;
	for (unsigned s = 0; s < 3600; s++) {
		bool up = s / 5 % 2 == 0;
		message(w, "litware.test");
		if (w->net.count) {
			struct conn *c = w->net.conn[0];
			if (c && !up) {
				fake_end(0, c->ready ? CONN_END_RESET
						     : CONN_END_CONNECT);
			} else if (c && !c->ready) {
				fake_ready(0);
				good++;
			}
			if (!w->net.conn[0]) {
				dialled += w->net.count;
				w->net.count = 0;
			}
		}
		pass(w, 1000);
		forget(w);
	}
	assert_in_range(dialled, 5, 39);
	assert_true(good > 0);
	/* then it is stable, and all is as before */
	for (unsigned s = 0; s < 400 && !w->net.count; s++) {
		message(w, "litware.test");
		pass(w, 1000);
		forget(w);
	}
	assert_int_equal(w->net.count, 1);
	if (!fake_conn(0)->ready)
		fake_ready(0);
	pass(w, 61000);
	assert_int_equal(partner_at(w, "sip.litware.test")->backoff_ms, 0);
}

/* NET-03: the back-off doubles up to five minutes, with jitter. */
static void test_net_03_back_off_doubles(void **state)
{
	struct world *w = *state;
	uint64_t before = 0;
	for (int i = 0; i < 12; i++) {
		size_t n = w->net.count;
		uint64_t began = timers_now(w->timers);
		while (w->net.count == n) {
			message(w, "litware.test");
			pass(w, 500);
			forget(w);
		}
		uint64_t waited = timers_now(w->timers) - began;
		if (i > 1 && before < 240000)
			assert_true(waited > before * 3 / 2 - 1000);
		assert_true(waited <= 376000);
		before = waited;
		fake_end(n, CONN_END_CONNECT);
		assert_int_equal(fake_open(), 0);
	}
	assert_true(before >= 299000);
}

/* What worked and broke is dialled again at once, but only once. */
static void test_a_broken_connection_comes_back_soon(void **state)
{
	struct world *w = *state;
	message(w, "litware.test");
	assert_int_equal(w->net.count, 1);
	fake_ready(0);
	fake_end(0, CONN_END_RESET);
	forget(w);
	message(w, "litware.test");
	pass(w, 130);
	assert_int_equal(w->net.count, 2);
	fake_ready(1);
	fake_end(1, CONN_END_RESET);
	forget(w);
	message(w, "litware.test");
	pass(w, 900);
	assert_int_equal(w->net.count, 2);
	pass(w, 400);
	assert_int_equal(w->net.count, 3);
}

/* One attempt fails at once, without a connection: nothing hangs. */
static void test_no_sockets(void **state)
{
	struct world *w = *state;
	w->net.error = -EMFILE;
	ask_and_resolve(w, two, 2);
	assert_int_equal(home_status(w), 504);
	w->net.error = 0;
	pass(w, 1300);
	message(w, "fabrikam.test");
	assert_int_equal(w->net.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_fixed_address_is_dialled_at_once),
		WORLD_TEST(test_edge_is_looked_up_as_a_host),
		WORLD_TEST(test_race_within_a_server),
		WORLD_TEST(test_net_02_black_hole_goes_on_to_the_next_server),
		WORLD_TEST(test_refused_goes_on_at_once),
		WORLD_TEST(test_a_round_ends),
		WORLD_TEST(test_failover_when_a_server_goes_away),
		WORLD_TEST(test_failover_when_a_server_is_busy),
		WORLD_TEST(test_busy_and_alone),
		WORLD_TEST(test_busy_beside_dead),
		WORLD_TEST(test_dns_03_special_addresses_are_not_dialled),
		WORLD_TEST(test_dns_03_targets_outside_the_domain),
		WORLD_TEST(test_net_03_flapping_partner_for_an_hour),
		WORLD_TEST(test_net_03_back_off_doubles),
		WORLD_TEST(test_a_broken_connection_comes_back_soon),
		WORLD_TEST(test_no_sockets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
