/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations that go with their client (RFC 8016): tickets, the old 5-tuple
 * and the new one, who may not, streams that break, another process. */
#include "relay/mobility.h"

#include "rig.h"
#include "support/oom.h"

#define PEER "8.8.4.4:5000"
enum { CHANNEL = 0x4000, TICKET_ROOM = 256 };

static int setup(void **state)
{
	struct rig *g = NULL;
	int err = rig_begin(&g);
	*state = g;
	if (err)
		return err;
	g->conf.mobility = true;
	rig_apply(g);
	return 0;
}

static int teardown(void **state)
{
	rig_end(*state);
	return 0;
}

static struct rig_ask ask(enum stun_method method, unsigned client,
			  const char *ticket)
{
	return (struct rig_ask){ .method = method,
				 .client = client,
				 .lifetime = -1,
				 .ticket = ticket };
}

/* The ticket of the last answer. */
static void keep(struct rig *g, char ticket[TICKET_ROOM])
{
	struct stun_msg m;
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	struct slice v = stun_value(&m, STUN_F_MOBILITY_TICKET);
	assert_in_range(v.len, 32, TICKET_ROOM - 1);
	memcpy(ticket, v.ptr, v.len);
	ticket[v.len] = '\0';
}

static void allocate(struct rig *g, unsigned client, char ticket[TICKET_ROOM])
{
	const struct rig_ask a = ask(STUN_ALLOCATE, client, "");
	rig_challenge(g, client, NULL);
	assert_int_equal(rig_code(g, &a), 0);
	keep(g, ticket);
}

static int move(struct rig *g, unsigned client, const char *ticket)
{
	const struct rig_ask a = ask(STUN_REFRESH, client, ticket);
	if (g->nonce_len[client] == 0)
		rig_challenge(g, client, NULL);
	return rig_code(g, &a);
}

static int refresh(struct rig *g, unsigned client)
{
	return move(g, client, NULL);
}

/* Did data of the peer reach that client? */
static void assert_reaches(struct rig *g, unsigned client)
{
	const struct relay_flow f = rig_flow(client);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "down");
	assert_int_equal(g->count, 1);
	assert_false(g->sent[0].to_peer);
	assert_memory_equal(&g->sent[0].flow, &f, RELAY_FLOW_KEY);
}

static bool sends(struct rig *g, unsigned client)
{
	rig_channel_data(g, client, CHANNEL, "up");
	return g->count == 1 && g->sent[0].to_peer;
}

static void test_off(void **state)
{
	struct rig *g = *state;
	const struct rig_ask a = ask(STUN_ALLOCATE, 0, "");
	char ticket[TICKET_ROOM];
	allocate(g, 1, ticket);
	g->conf.mobility = false;
	rig_apply(g);
	rig_challenge(g, 0, NULL);
	assert_int_equal(rig_code(g, &a), 405);
	assert_int_equal(move(g, 0, ticket), 405);
	assert_int_equal(refresh(g, 1), 0);
	assert_int_equal(rig_allocate(g, 0), 0);
}

static void test_moves(void **state)
{
	struct rig *g = *state;
	char first[TICKET_ROOM], second[TICKET_ROOM];
	allocate(g, 0, first);
	assert_int_equal(rig_bind(g, 0, CHANNEL, PEER), 0);
	assert_int_equal(move(g, 1, first), 0);
	keep(g, second);
	assert_string_not_equal(first, second);
	assert_reaches(g, 1);
	assert_true(sends(g, 1));
	assert_int_equal(rig_permit(g, 1, "8.8.4.5:1"), 0);
	assert_int_equal(relay_count(g->relay), 1);
	assert_int_equal(move(g, 2, second), 0);
	assert_true(sends(g, 2));
	assert_reaches(g, 2);
}

static void test_old_until_new_is_used(void **state)
{
	struct rig *g = *state;
	char ticket[TICKET_ROOM];
	allocate(g, 0, ticket);
	assert_int_equal(rig_bind(g, 0, CHANNEL, PEER), 0);
	assert_int_equal(move(g, 1, ticket), 0);
	assert_true(sends(g, 0));
	assert_int_equal(refresh(g, 0), 0);
	assert_true(sends(g, 1));
	assert_false(sends(g, 0));
	assert_int_equal(refresh(g, 0), 437);
	/* the address is free: another allocation may be there */
	assert_int_equal(rig_allocate(g, 0), 0);
}

static void test_request_is_use(void **state)
{
	struct rig *g = *state;
	char ticket[TICKET_ROOM];
	allocate(g, 0, ticket);
	assert_int_equal(move(g, 1, ticket), 0);
	assert_int_equal(refresh(g, 1), 0);
	assert_int_equal(refresh(g, 0), 437);
}

static void test_sent_again(void **state)
{
	struct rig *g = *state;
	char first[TICKET_ROOM], second[TICKET_ROOM], again[TICKET_ROOM];
	struct rig_ask a;
	allocate(g, 0, first);
	assert_int_equal(move(g, 1, first), 0);
	keep(g, second);
	a = ask(STUN_REFRESH, 1, first);
	a.same_id = true;
	assert_int_equal(rig_code(g, &a), 0);
	keep(g, again);
	assert_string_equal(second, again);
	assert_int_equal(refresh(g, 0), 0); /* the old one counts yet */
	/* not the same request: nobody moved */
	assert_int_equal(move(g, 1, first), 400);
	assert_int_equal(refresh(g, 1), 0);
	assert_int_equal(move(g, 2, first), 400);
}

static void test_ticket_lost(void **state)
{
	struct rig *g = *state;
	char first[TICKET_ROOM], third[TICKET_ROOM];
	allocate(g, 0, first);
	assert_int_equal(rig_bind(g, 0, CHANNEL, PEER), 0);
	assert_int_equal(move(g, 1, first), 0);
	assert_int_equal(move(g, 2, first), 0);
	keep(g, third);
	assert_reaches(g, 2);
	assert_false(sends(g, 0));
	assert_int_equal(move(g, 1, third), 0); /* and back */
	assert_true(sends(g, 1));
	assert_int_equal(move(g, 3, first), 400);
}

static void test_who_may_not(void **state)
{
	struct rig *g = *state;
	char ticket[TICKET_ROOM], other[TICKET_ROOM];
	struct rig_ask a = ask(STUN_REFRESH, 1, ticket);
	allocate(g, 0, ticket);
	allocate(g, 2, other);
	rig_challenge(g, 1, NULL);
	a.user = 1;
	assert_int_equal(rig_code(g, &a), 441);
	a.user = 0;
	a.short_integrity = true;
	assert_int_equal(rig_code(g, &a), 401);
	assert_int_equal(move(g, 0, ticket), 400); /* it is there */
	assert_int_equal(move(g, 2, ticket), 437); /* has its own */
	assert_int_equal(move(g, 1, ""), 400);
	assert_int_equal(move(g, 1, "made up"), 400);
	ticket[10] = ticket[10] == 'A' ? 'B' : 'A';
	assert_int_equal(move(g, 1, ticket), 400);
	a = ask(STUN_ALLOCATE, 1, other);
	assert_int_equal(rig_code(g, &a), 400);
	assert_int_equal(relay_count(g->relay), 2);
}

static void test_ends(void **state)
{
	struct rig *g = *state;
	char ticket[TICKET_ROOM];
	struct rig_ask a = ask(STUN_REFRESH, 1, ticket);
	allocate(g, 0, ticket);
	rig_challenge(g, 1, NULL);
	a.lifetime = 0;
	assert_int_equal(rig_code(g, &a), 0);
	assert_int_equal(relay_count(g->relay), 0);
	assert_int_equal(g->open, 0);
	assert_int_equal(move(g, 2, ticket), 400);
	assert_int_equal(refresh(g, 0), 437);
}

/* TURN-07: who does not come back keeps nothing for long. */
static void test_stream_breaks(void **state)
{
	struct rig *g = *state;
	struct relay_flow tcp = rig_flow(4);
	char ticket[TICKET_ROOM];
	allocate(g, 4, ticket);
	assert_int_equal(rig_bind(g, 4, CHANNEL, PEER), 0);
	relay_flow_gone(g->relay, &tcp);
	rig_later(g, MOBILITY_LOST_MS - 1000);
	assert_int_equal(relay_count(g->relay), 1);
	assert_int_equal(move(g, 0, ticket), 0);
	keep(g, ticket);
	assert_true(sends(g, 0));
	rig_later(g, 2000);
	assert_reaches(g, 0);
	/* to a stream, which breaks and is not replaced */
	assert_int_equal(move(g, 5, ticket), 0);
	tcp = rig_flow(5);
	relay_flow_gone(g->relay, &tcp);
	rig_later(g, MOBILITY_LOST_MS);
	assert_int_equal(relay_count(g->relay), 0);
	assert_int_equal(g->open, 0);
}

static void test_old_stream_ends(void **state)
{
	struct rig *g = *state;
	struct relay_flow tcp = rig_flow(4);
	struct relay_flow flow;
	char ticket[TICKET_ROOM];
	allocate(g, 4, ticket);
	assert_int_equal(rig_bind(g, 4, CHANNEL, PEER), 0);
	assert_int_equal(move(g, 0, ticket), 0);
	relay_flow_gone(g->relay, &tcp);
	assert_int_equal(relay_count(g->relay), 1);
	assert_true(sends(g, 0));
	flow = rig_flow(0);
	assert_true(relay_flow_busy(g->relay, &flow));
	assert_false(relay_flow_busy(g->relay, &tcp));
}

/* RFC 6062 needs a stream. */
static void test_tcp_stays_on_streams(void **state)
{
	struct rig *g = *state;
	char ticket[TICKET_ROOM];
	struct rig_ask a = ask(STUN_ALLOCATE, 4, "");
	a.tcp = true;
	rig_challenge(g, 4, NULL);
	assert_int_equal(rig_code(g, &a), 0);
	keep(g, ticket);
	assert_int_equal(move(g, 0, ticket), 400);
	assert_int_equal(move(g, 5, ticket), 0);
}

/* TURN-06: the source that it moves to is charged. */
static void test_quota(void **state)
{
	struct rig *g = *state;
	struct rig_ask a = ask(STUN_ALLOCATE, 0, "");
	char ticket[TICKET_ROOM];
	g->conf.per_source = 1;
	rig_apply(g);
	allocate(g, 0, ticket);
	rig_challenge(g, 1, NULL);
	a.client = 1;
	assert_int_equal(rig_code(g, &a), 486);
	/* the same source: nothing more is taken */
	assert_int_equal(move(g, 1, ticket), 0);
	keep(g, ticket);
	assert_int_equal(refresh(g, 1), 0);
	a.client = 0;
	assert_int_equal(rig_code(g, &a), 486);
	/* another: its place is taken there, and free here */
	assert_int_equal(move(g, RIG_ELSEWHERE, ticket), 0);
	assert_int_equal(refresh(g, RIG_ELSEWHERE), 0);
	rig_challenge(g, 0, NULL);
	assert_int_equal(rig_code(g, &a), 0);
}

static void test_another_process(void **state)
{
	struct rig *g = *state, *other = NULL, *again = NULL;
	char ticket[TICKET_ROOM];
	assert_int_equal(rig_begin_at(&other, 1), 0);
	other->conf.mobility = true;
	rig_apply(other);
	allocate(other, 0, ticket);
	g->count = 0;
	assert_int_equal(move(g, 1, ticket), -1); /* answered there */
	assert_int_equal(g->handed, 1 + 1);
	assert_int_equal(move(other, 1, ticket), 0);
	/* who has an allocation here does not leave it */
	char mine[TICKET_ROOM];
	g->handed = 0;
	allocate(g, 2, mine);
	assert_int_equal(move(g, 2, ticket), 437);
	assert_int_equal(g->handed, 0);
	rig_end(other);
	log_set_sink(rig_sink, NULL);
	/* it started again: no ticket of before is good */
	assert_int_equal(rig_begin_at(&again, 1), 0);
	again->conf.mobility = true;
	rig_apply(again);
	allocate(again, 0, mine);
	assert_int_equal(move(again, 1, ticket), 400);
	assert_int_equal(move(again, 1, mine), 0);
	rig_end(again);
	log_set_sink(rig_sink, NULL);
}

/* Nobody has that slot. */
static void test_no_such_process(void **state)
{
	struct rig *g = *state, *other = NULL;
	char ticket[TICKET_ROOM];
	assert_int_equal(rig_begin_at(&other, 2), 0);
	other->conf.mobility = true;
	rig_apply(other);
	allocate(other, 0, ticket);
	rig_end(other);
	log_set_sink(rig_sink, NULL);
	assert_int_equal(move(g, 1, ticket), 437);
}

/* The process where the client was is gone: he may come back. */
static void test_guest_lost(void **state)
{
	struct rig *g = *state;
	char ticket[TICKET_ROOM];
	g->socket = RELAY_AWAY | 2;
	allocate(g, 0, ticket);
	assert_int_equal(rig_bind(g, 0, CHANNEL, PEER), 0);
	relay_slot_gone(g->relay, 1); /* not his */
	rig_later(g, MOBILITY_LOST_MS);
	assert_int_equal(relay_count(g->relay), 1);
	relay_slot_gone(g->relay, 2);
	g->socket = 0;
	assert_int_equal(move(g, 1, ticket), 0);
	rig_later(g, MOBILITY_LOST_MS);
	assert_reaches(g, 1);
	/* who does not come is not waited for */
	g->socket = RELAY_AWAY | 2;
	allocate(g, 2, ticket);
	relay_slot_gone(g->relay, 2);
	rig_later(g, MOBILITY_LOST_MS);
	assert_int_equal(relay_count(g->relay), 1);
	assert_int_equal(g->hung_up, 1);
}

static int scenario(void *arg)
{
	struct rig *g = NULL;
	struct rig_ask a = ask(STUN_ALLOCATE, 0, "");
	struct stun_msg m;
	char ticket[TICKET_ROOM] = "none";
	int code = -1;
	(void)arg;
	if (rig_begin(&g)) {
		rig_end(g);
		return -1;
	}
	g->conf.mobility = true;
	rig_apply(g);
	rig_challenge(g, 0, NULL);
	rig_challenge(g, 1, NULL);
	rig_send(g, &a);
	if (g->count && rig_answer(g, &m, NULL) == 0 &&
	    stun_has(&m, STUN_F_MOBILITY_TICKET))
		keep(g, ticket);
	(void)rig_bind(g, 0, CHANNEL, PEER);
	a = ask(STUN_REFRESH, 1, ticket);
	code = rig_code(g, &a);
	rig_channel_data(g, 1, CHANNEL, "up");
	rig_end(g);
	return code;
}

static void test_survives_oom(void **state)
{
	(void)state;
	oom_walk(scenario, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_until_new_is_used,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_request_is_use, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_sent_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_ticket_lost, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_who_may_not, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stream_breaks, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_old_stream_ends, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_tcp_stays_on_streams,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_quota, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_process, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_no_such_process, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_guest_lost, setup,
						teardown),
		cmocka_unit_test(test_survives_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
