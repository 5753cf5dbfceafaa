/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-02, NET-05: handshakes get a tenth of the time when there is traffic, and
 * a slice of each turn when there is none; in order, and never too many. */
#include "pair.h"

#include <stdlib.h>

#include "net/gate.h"

static uint64_t now_us; /* the tests' clock, which only work moves */

static uint64_t clock_us(void)
{
	return now_us;
}

/* Work for the gate: each piece takes cost_us and asks for another turn. */
struct work {
	struct gate_turn turn;
	struct net_gate *gate;
	uint64_t cost_us, spent_us;
	unsigned steps;
	bool again;
};

static void on_turn(void *arg)
{
	struct work *w = arg;

	now_us += w->cost_us;
	w->spent_us += w->cost_us;
	w->steps++;
	if (w->again)
		gate_ask(w->gate, &w->turn);
}

struct full {
	unsigned told;
	bool full;
};

static void on_full(void *arg, bool full)
{
	struct full *f = arg;

	f->told++;
	f->full = full;
}

struct rig {
	struct loop *loop;
	struct net_gate *gate;
	struct full full;
};

static void rig_open(struct rig *r, size_t most)
{
	memset(r, 0, sizeof(*r));
	now_us = 1000000;
	assert_int_equal(loop_create(&r->loop), 0);
	assert_int_equal(
		net_gate_create(&r->gate, r->loop, most, on_full, &r->full), 0);
	r->gate->clock_us = clock_us;
	r->gate->last_us = now_us;
}

static void rig_close(struct rig *r)
{
	net_gate_free(r->gate);
	loop_free(r->loop);
}

static struct work work(struct rig *r, uint64_t cost_us, bool again)
{
	return (struct work){ .turn.fn = on_turn,
			      .gate = r->gate,
			      .cost_us = cost_us,
			      .again = again };
}

static void ask(struct work *w)
{
	w->turn.arg = w;
	gate_ask(w->gate, &w->turn);
}

/* cost of a step, traffic of a turn, both in microseconds */
static void a_tenth_when_there_is_traffic(void **state)
{
	static const struct {
		uint64_t step_us, traffic_us;
	} rows[] = { { 50, 100 },   { 300, 100 },  { 300, 2000 },
		     { 1500, 100 }, { 1500, 500 }, { 1500, 30000 } };
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig r;
		rig_open(&r, 0);
		struct work w = work(&r, rows[i].step_us, true);
		uint64_t start_us = now_us;
		ask(&w);
		while (now_us < start_us + 5000000) {
			now_us += rows[i].traffic_us;
			gate_traffic(r.gate);
			gate_serve(r.gate);
		}
		uint64_t passed_us = now_us - start_us;
		assert_in_range(w.spent_us, passed_us / 20,
				passed_us / 10 + 2 * GATE_CREDIT_US +
					rows[i].step_us);
		gate_forget(&w.turn);
		rig_close(&r);
	}
}

static void what_is_saved_up_is_bounded(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, 0);
	struct work w = work(&r, 100, true);
	now_us += 3600u * 1000000;
	ask(&w);
	gate_traffic(r.gate);
	gate_serve(r.gate);
	assert_int_equal(w.spent_us, GATE_CREDIT_US);
	gate_forget(&w.turn);
	rig_close(&r);
}

static void slices_when_there_is_none(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, 0);
	struct work w = work(&r, 300, true);
	ask(&w);
	for (unsigned i = 1; i <= 100; i++) {
		gate_serve(r.gate);
		assert_int_equal(w.steps, 4 * i); /* 1 200 us */
	}
	/* a long step is one step */
	w.cost_us = 50000;
	gate_serve(r.gate);
	assert_int_equal(w.steps, 401);
	gate_forget(&w.turn);
	rig_close(&r);
}

static void in_order_and_once(void **state)
{
	struct work w[3];
	struct rig r;
	(void)state;

	rig_open(&r, 0);
	for (size_t i = 0; i < 3; i++) {
		w[i] = work(&r, GATE_SLICE_US, false);
		ask(&w[i]);
		ask(&w[i]);
		assert_true(gate_waits(&w[i].turn));
	}
	gate_serve(r.gate);
	assert_int_equal(w[0].steps, 1);
	assert_int_equal(w[1].steps, 0);
	gate_forget(&w[1].turn);
	gate_forget(&w[1].turn);
	gate_serve(r.gate);
	gate_serve(r.gate);
	assert_int_equal(w[0].steps, 1);
	assert_int_equal(w[1].steps, 0);
	assert_int_equal(w[2].steps, 1);
	rig_close(&r);
}

/* Who comes back goes first; strangers get one turn in eight. */
static void known_ones_first(void **state)
{
	enum { EACH = 20 };
	struct work strangers[EACH], known[EACH];
	struct rig r;
	(void)state;

	rig_open(&r, 0);
	assert_false(gate_crowded(r.gate));
	assert_false(gate_crowded(NULL));
	for (size_t i = 0; i < EACH; i++) {
		strangers[i] = work(&r, GATE_SLICE_US, false);
		ask(&strangers[i]);
		assert_true(gate_crowded(r.gate));
	}
	for (size_t i = 0; i < EACH; i++) {
		known[i] = work(&r, GATE_SLICE_US, false);
		known[i].turn.known = true;
		ask(&known[i]);
	}
	for (unsigned turn = 1; turn <= EACH; turn++) {
		unsigned served = turn / GATE_STRANGERS;
		gate_serve(r.gate);
		for (unsigned i = 0; i < EACH; i++) {
			assert_int_equal(strangers[i].steps, i < served);
			assert_int_equal(known[i].steps, i < turn - served);
		}
	}
	for (unsigned turn = 0; turn < EACH; turn++)
		gate_serve(r.gate);
	assert_int_equal(strangers[EACH - 1].steps, 1);
	assert_false(gate_crowded(r.gate));
	rig_close(&r);
}

static void too_many_are_told_once(void **state)
{
	struct rig r;
	(void)state;

	rig_open(&r, 8);
	for (unsigned i = 1; i <= 12; i++) {
		gate_enter(r.gate);
		assert_int_equal(r.full.told, i >= 8);
	}
	assert_true(r.full.full);
	for (unsigned left = 11; left > 6; left--)
		gate_leave(r.gate);
	assert_true(r.full.full);
	gate_leave(r.gate); /* 6 of 8 */
	assert_false(r.full.full);
	assert_int_equal(r.full.told, 2);
	while (r.gate->shaking)
		gate_leave(r.gate);
	assert_int_equal(r.full.told, 2);
	gate_enter(NULL);
	gate_leave(NULL);
	gate_traffic(NULL);
	rig_close(&r);
}

/* A context keeps the gate, which then tells nobody. */
static void who_made_it_may_go_first(void **state)
{
	struct pki *pki = *state;
	struct rig r;

	rig_open(&r, 1);
	struct net_tls *t = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	net_tls_gate(t, r.gate);
	struct net_gate *g = r.gate;
	net_gate_free(r.gate);
	r.gate = NULL;
	gate_enter(g);
	gate_leave(g);
	assert_int_equal(r.full.told, 0);
	net_tls_free(t);
	rig_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tenth_when_there_is_traffic),
		cmocka_unit_test(what_is_saved_up_is_bounded),
		cmocka_unit_test(slices_when_there_is_none),
		cmocka_unit_test(in_order_and_once),
		cmocka_unit_test(known_ones_first),
		cmocka_unit_test(too_many_are_told_once),
		cmocka_unit_test(who_made_it_may_go_first),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
