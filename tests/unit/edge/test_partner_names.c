/* SPDX-License-Identifier: Apache-2.0 */
/* What the DNS says of partners: kept for its time, stale when the resolver
 * fails, never waited for by others; and who may speak for a domain that is
 * found by SRV (DNS-01, DNS-03). */
#include "unit/edge/partner_talk.h"

#include "edge/partner_names.h"

static const struct target_spec one = { "sip1.fabrikam.test",
					true,
					{ "192.0.2.1:5061" } };
static const struct target_spec far = { "sip.far.fabrikam.test",
					false,
					{ "192.0.2.9:5061" } };

static const char FABRIKAM[] = "srv:fabrikam.test";

static uint64_t ask(struct world *w)
{
	return asked_for(w, "fabrikam.test", IPC_TARGETS_DOMAIN);
}

static bool asks_again(struct world *w)
{
	struct ipc_msg m;
	return next_sent(w, IPC_TARGETS_GET, &m);
}

static void test_dns_01_kept_for_its_time(void **state)
{
	struct world *w = *state;
	struct names *n = names_get(w->edge, slice_str(FABRIKAM));
	assert_int_equal(names_look(n), NAMES_ASKED);
	assert_int_equal(names_look(n), NAMES_ASKED);
	uint64_t id = ask(w);
	assert_false(asks_again(w));
	resolved(w, id, 60, &one, 1);
	assert_int_equal(names_look(n), NAMES_READY);
	pass(w, 59000);
	assert_int_equal(names_look(n), NAMES_READY);
	assert_false(asks_again(w));
	pass(w, 1000);
	assert_int_equal(names_look(n), NAMES_ASKED);
	resolved(w, ask(w), 60, &one, 1);
	assert_int_equal(names_look(n), NAMES_READY);
}

/* Answers to other questions, and those that cannot be read. */
static void test_dns_02_answers_that_are_none(void **state)
{
	struct world *w = *state;
	struct names *n = names_get(w->edge, slice_str(FABRIKAM));
	names_look(n);
	uint64_t id = ask(w);
	resolved(w, id + 1, 60, &one, 1);
	resolved(w, 0, 60, &one, 1);
	assert_int_equal(names_look(n), NAMES_ASKED);
	struct ipc_targets m = { .id = id,
				 .ttl_s = 60,
				 .targets = SLICE_LIT("no entries at all") };
	tell(w, PROC_RESOLVER, 0, IPC_TARGETS, &m);
	assert_int_equal(names_look(n), NAMES_FAILED);
	assert_false(n->known);
}

static void test_dns_01_stale_when_the_resolver_fails(void **state)
{
	struct world *w = *state;
	struct names *n = names_get(w->edge, slice_str(FABRIKAM));
	names_look(n);
	resolved(w, ask(w), 60, &one, 1);
	pass(w, 61000);
	names_look(n);
	unresolved(w, ask(w), EIO, 30);
	assert_int_equal(names_look(n), NAMES_READY);
	assert_true(n->stale);
	/* asked again every half minute, and nobody waits for that */
	pass(w, 31000);
	assert_int_equal(names_look(n), NAMES_READY);
	uint64_t id = ask(w);
	pass(w, 7000); /* no answer at all */
	assert_int_equal(names_look(n), NAMES_READY);
	resolved(w, id, 60, &far, 1); /* too late */
	assert_true(slice_eq(n->judged[0].name, slice_str(one.name)));
	pass(w, 31000);
	names_look(n);
	resolved(w, ask(w), 60, &one, 1);
	assert_false(n->stale);
	/* for a day and no longer */
	for (int i = 0; i < 24 * 60 + 2; i++) {
		pass(w, 60000);
		forget(w);
		if (names_look(n) == NAMES_ASKED || n->ask)
			unresolved(w, n->ask, ETIMEDOUT, 30);
	}
	assert_int_equal(names_look(n), NAMES_FAILED);
}

/* "There is none" and "it is forged" are no failures of the resolver. */
static void test_dns_01_what_ends_a_name(void **state)
{
	struct world *w = *state;
	static const int errors[] = { ENOENT, ENODATA, EBADMSG, EADDRNOTAVAIL };
	struct names *n = names_get(w->edge, slice_str(FABRIKAM));
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		names_look(n);
		resolved(w, ask(w), 60, &one, 1);
		pass(w, 61000);
		names_look(n);
		unresolved(w, ask(w), errors[i], 60);
		assert_int_equal(names_look(n), NAMES_FAILED);
		assert_int_equal(names_refusal(n), errors[i] == EADDRNOTAVAIL
							   ? EDGE_PARTNER_DNS
							   : EDGE_PARTNER_SRV);
		pass(w, 59000);
		assert_int_equal(names_look(n), NAMES_FAILED);
		assert_false(asks_again(w)); /* negative cache */
		pass(w, 1000);
	}
}

static void test_dns_01_no_answer_is_told_in_time(void **state)
{
	struct world *w = *state;
	message(w, "fabrikam.test");
	ask(w);
	pass(w, 5900);
	assert_int_equal(home_status(w), 0);
	pass(w, 200);
	assert_int_equal(home_status(w), 504);
}

static void test_resolver_that_is_gone(void **state)
{
	struct world *w = *state;
	struct proc_id resolver = { PROC_RESOLVER, 0, 0x2000 };
	message(w, "fabrikam.test");
	ask(w);
	edge_peer_gone(w->edge, &resolver);
	assert_int_equal(home_status(w), 504);
	w->resolver_error = -EPIPE;
	pass(w, 3000);
	message(w, "fabrikam.test");
	assert_int_equal(home_status(w), 504);
	w->resolver_error = 0;
	pass(w, 5000);
	message(w, "fabrikam.test");
	resolved(w, ask(w), 60, &one, 1);
	assert_int_equal(w->net.count, 1);
}

/* -- who speaks for a domain -- */

/* A connection that came to us and proves these names; its number. */
static size_t comes(struct world *w, const char *first, const char *second)
{
	struct flow *f = flow_create(w->edge, FLOW_FEDERATION);
	assert_non_null(f);
	assert_int_equal(
		conn_accept(&f->conn, NULL, -1, NULL, NULL, &flow_conn_ops, f),
		0);
	size_t i = w->net.count - 1;
	struct conn *c = fake_conn(i);
	addr_parse(SLICE_LIT("192.0.2.1:40000"), false, &c->peer.addr);
	c->peer.name_count = second ? 2 : 1;
	snprintf(c->name[0], NET_NAME_MAX, "%s", first);
	if (second)
		snprintf(c->name[1], NET_NAME_MAX, "%s", second);
	fake_ready(i);
	return i;
}

static void says(size_t i, const char *from, unsigned number)
{
	char text[1024];
	int n = snprintf(text, sizeof(text),
			 "MESSAGE sip:alice@contoso.test SIP/2.0\r\n"
			 "Via: SIP/2.0/TLS sip1.fabrikam.test;"
			 "branch=z9hG4bKp%u;alias\r\n"
			 "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=9\r\n"
			 "To: <sip:alice@contoso.test>\r\nCall-ID: p%u\r\n"
			 "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
			 number, from, number);
	fake_bytes(i, slice_of(text, (size_t)n));
}

static size_t for_home(struct world *w)
{
	struct ipc_msg m;
	size_t n = 0;
	while (next_sent(w, IPC_SIP_TO_HOME, &m))
		n++;
	return n;
}

static bool was_told(size_t i, const char *status)
{
	struct slice s = buf_slice(&fake_conn(i)->out);
	return memmem(s.ptr, s.len, status, strlen(status)) != NULL;
}

/* Requests wait for the names, in their order, and go on with them. */
static void test_dns_03_a_target_of_the_domain_is_let_in(void **state)
{
	struct world *w = *state;
	size_t i = comes(w, "sip1.fabrikam.test", NULL);
	uint64_t id = ask(w); /* at the handshake, so that they come soon */
	says(i, "bob@fabrikam.test", 1);
	says(i, "bob@fabrikam.test", 2);
	assert_int_equal(for_home(w), 0);
	assert_false(asks_again(w));
	forget(w);
	resolved(w, id, 60, &one, 1);
	assert_int_equal(for_home(w), 2);
	says(i, "bob@fabrikam.test", 3);
	assert_int_equal(for_home(w), 1);
}

static void test_dns_03_another_host_of_the_domain_is_refused(void **state)
{
	struct world *w = *state;
	size_t i = comes(w, "www.fabrikam.test", NULL);
	uint64_t id = ask(w);
	says(i, "bob@fabrikam.test", 1);
	resolved(w, id, 60, &one, 1);
	assert_int_equal(for_home(w), 0);
	assert_null(w->net.conn[i]); /* closed */
}

static void test_dns_03_a_target_outside_the_domain_is_refused(void **state)
{
	struct world *w = *state;
	size_t i = comes(w, "sip.far.fabrikam.test", "www.fabrikam.test");
	uint64_t id = ask(w);
	says(i, "bob@fabrikam.test", 1);
	struct conn *c = fake_conn(i);
	(void)c;
	resolved(w, id, 60, &far, 1);
	assert_int_equal(for_home(w), 0);
	assert_null(w->net.conn[i]);
}

/* No names: told, not closed; the next request may be luckier. */
static void test_dns_01_sender_whose_names_cannot_be_had(void **state)
{
	struct world *w = *state;
	size_t i = comes(w, "sip1.fabrikam.test", NULL);
	uint64_t id = ask(w);
	says(i, "bob@fabrikam.test", 1);
	unresolved(w, id, EIO, 30);
	assert_true(was_told(i, "SIP/2.0 504 "));
	assert_true(was_told(i, "1008"));
	pass(w, 31000);
	says(i, "bob@fabrikam.test", 2);
	resolved(w, ask(w), 60, &one, 1);
	assert_int_equal(for_home(w), 1);
}

static void test_sender_of_nobody_asks_nothing(void **state)
{
	struct world *w = *state;
	size_t i = comes(w, "sip.evil.test", NULL);
	says(i, "bob@evil.test", 1);
	fake_turn();
	assert_false(asks_again(w));
	assert_null(w->net.conn[i]);
}

/* What waits for names goes with its connection. */
static void test_sender_that_leaves_meanwhile(void **state)
{
	struct world *w = *state;
	size_t i = comes(w, "sip1.fabrikam.test", NULL);
	uint64_t id = ask(w);
	says(i, "bob@fabrikam.test", 1);
	fake_end(i, CONN_END_RESET);
	resolved(w, id, 60, &one, 1);
	assert_int_equal(for_home(w), 0);
}

/* Responses count from who has been let in only: being a host of the domain
 * is not enough. */
static void test_response_by_one_that_was_not_let_in(void **state)
{
	struct world *w = *state;
	message(w, "fabrikam.test");
	resolved(w, ask(w), 60, &one, 1);
	fake_ready(0);
	assert_int_equal(written(0, "MESSAGE"), 1);
	size_t i = comes(w, "www.fabrikam.test", NULL);
	struct buf swap = fake_conn(i)->out;
	fake_conn(i)->out = fake_conn(0)->out;
	answer(i, 0, 200, "");
	fake_conn(i)->out = swap;
	assert_int_equal(home_status(w), 0);
	answer(0, 0, 200, "");
	assert_int_equal(home_status(w), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_dns_01_kept_for_its_time),
		WORLD_TEST(test_dns_02_answers_that_are_none),
		WORLD_TEST(test_dns_01_stale_when_the_resolver_fails),
		WORLD_TEST(test_dns_01_what_ends_a_name),
		WORLD_TEST(test_dns_01_no_answer_is_told_in_time),
		WORLD_TEST(test_resolver_that_is_gone),
		WORLD_TEST(test_dns_03_a_target_of_the_domain_is_let_in),
		WORLD_TEST(test_dns_03_another_host_of_the_domain_is_refused),
		WORLD_TEST(test_dns_03_a_target_outside_the_domain_is_refused),
		WORLD_TEST(test_dns_01_sender_whose_names_cannot_be_had),
		WORLD_TEST(test_sender_of_nobody_asks_nothing),
		WORLD_TEST(test_sender_that_leaves_meanwhile),
		WORLD_TEST(test_response_by_one_that_was_not_let_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
