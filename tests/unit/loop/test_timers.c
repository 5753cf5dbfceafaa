/* SPDX-License-Identifier: Apache-2.0 */
/* The timer wheel in virtual time, against a naive model among others. */
#include "loop/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/oom.h"

struct probe {
	struct timer t;
	struct timers *ts;
	unsigned runs;
	uint64_t last_ms;
	struct probe *stops;
	uint64_t again_ms; /* restarts itself while runs < limit */
	unsigned limit;
};

static void on_probe(struct timer *t, void *arg)
{
	struct probe *p = arg;

	assert_ptr_equal(t, &p->t);
	assert_false(timer_running(t));
	p->runs++;
	p->last_ms = timers_now(p->ts);
	if (p->stops)
		timer_stop(&p->stops->t);
	if (p->runs < p->limit)
		timer_start(&p->t, p->again_ms);
}

static void probe_init(struct probe *p, struct timers *ts)
{
	*p = (struct probe){ .ts = ts };
	timer_init(&p->t, ts, on_probe, p);
}

static struct timers *wheel(uint64_t now_ms)
{
	struct timers *ts = NULL;

	assert_int_equal(timers_create(&ts, now_ms), 0);
	assert_int_equal(timers_now(ts), now_ms);
	assert_int_equal(timers_next_ms(ts), -1);
	return ts;
}

static void test_runs_at_its_time(void **state)
{
	(void)state;
	struct timers *ts = wheel(1000);
	struct probe p;

	probe_init(&p, ts);
	timer_start(&p.t, 500);
	assert_true(timer_running(&p.t));
	assert_int_equal(timers_count(ts), 1);
	timers_advance(ts, 1499);
	assert_int_equal(p.runs, 0);
	assert_int_equal(timers_next_ms(ts), 1);
	timers_advance(ts, 1500);
	assert_int_equal(p.runs, 1);
	assert_int_equal(p.last_ms, 1500);
	assert_int_equal(timers_count(ts), 0);
	assert_int_equal(timers_next_ms(ts), -1);
	timers_advance(ts, 5000);
	assert_int_equal(p.runs, 1);
	timers_free(ts);
}

static void test_time_never_goes_back(void **state)
{
	(void)state;
	struct timers *ts = wheel(1000);
	struct probe p;

	probe_init(&p, ts);
	timer_start(&p.t, 10);
	timers_advance(ts, 5);
	assert_int_equal(timers_now(ts), 1000);
	assert_int_equal(p.runs, 0);
	timers_advance(ts, 1010);
	assert_int_equal(p.runs, 1);
	timers_free(ts);
}

static void test_stop_and_restart(void **state)
{
	(void)state;
	struct timers *ts = wheel(0);
	struct probe p;

	probe_init(&p, ts);
	timer_stop(&p.t);
	timer_start(&p.t, 100);
	timer_stop(&p.t);
	timer_stop(&p.t);
	assert_int_equal(timers_count(ts), 0);
	assert_int_equal(timers_next_ms(ts), -1);
	timer_start(&p.t, 100);
	timer_start(&p.t, 300); /* moves it */
	assert_int_equal(timers_count(ts), 1);
	timers_advance(ts, 299);
	assert_int_equal(p.runs, 0);
	timers_advance(ts, 300);
	assert_int_equal(p.runs, 1);
	timers_free(ts);
}

static void test_callbacks_stop_others(void **state)
{
	(void)state;
	struct timers *ts = wheel(0);
	struct probe a, b, c;

	probe_init(&a, ts);
	probe_init(&b, ts);
	probe_init(&c, ts);
	a.stops = &b; /* due in the same millisecond */
	c.stops = &c; /* itself, which is over already */
	timer_start(&a.t, 70);
	timer_start(&b.t, 70);
	timer_start(&c.t, 71);
	timers_advance(ts, 100);
	assert_int_equal(a.runs, 1);
	assert_int_equal(b.runs, 0);
	assert_int_equal(c.runs, 1);
	assert_int_equal(timers_count(ts), 0);
	timers_free(ts);
}

static void test_periodic_catches_up_in_steps(void **state)
{
	(void)state;
	struct timers *ts = wheel(7);
	struct probe p;

	probe_init(&p, ts);
	p.again_ms = 500;
	p.limit = UINT32_MAX;
	timer_start(&p.t, 500);
	timers_advance(ts, 7 + 32000);
	assert_int_equal(p.runs, 64);
	assert_int_equal(p.last_ms, 7 + 32000);
	assert_int_equal(timers_next_ms(ts) > 0, 1);
	timers_free(ts);
}

static void test_no_delay_does_not_stop_time(void **state)
{
	(void)state;
	struct timers *ts = wheel(0);
	struct probe p, q;

	probe_init(&p, ts);
	probe_init(&q, ts);
	p.limit = UINT32_MAX; /* again and again at once */
	timer_start(&p.t, 0);
	timer_start(&q.t, 10);
	assert_int_equal(timers_next_ms(ts), 0);
	timers_advance(ts, 20);
	assert_int_equal(timers_now(ts), 20);
	assert_int_equal(q.runs, 1);
	assert_in_range(p.runs, 1, 4);
	assert_int_equal(timers_next_ms(ts), 0);
	unsigned before = p.runs;
	timers_advance(ts, 20);
	assert_int_equal(p.runs, before + 1);
	timers_free(ts);
}

static void test_same_time_keeps_order(void **state)
{
	(void)state;
	struct timers *ts = wheel(0);
	struct probe early, late;

	/* early lies two levels higher when it is started. */
	probe_init(&early, ts);
	probe_init(&late, ts);
	early.stops = &late;
	timer_start(&early.t, 5000);
	timers_advance(ts, 4995);
	timer_start(&late.t, 5);
	timers_advance(ts, 5000);
	assert_int_equal(early.runs, 1);
	assert_int_equal(late.runs, 0);
	timers_free(ts);
}

/* Just before each digit turns over, with delays around each digit's weight. */
static void test_all_levels(void **state)
{
	(void)state;
	for (unsigned from = 0; from < 64; from++) {
		for (unsigned to = 0; to < 63; to++) {
			uint64_t now = (UINT64_C(1) << from) - 1;
			uint64_t delay = UINT64_C(1) << to;
			if (UINT64_MAX - now <= delay)
				continue;
			struct timers *ts = wheel(now);
			struct probe at, before;
			probe_init(&at, ts);
			probe_init(&before, ts);
			timer_start(&at.t, delay);
			timer_start(&before.t, delay - 1);
			timers_advance(ts, now + delay - 1);
			assert_int_equal(before.runs, 1);
			assert_int_equal(before.last_ms, now + delay - 1);
			assert_int_equal(at.runs, 0);
			assert_int_equal(timers_next_ms(ts), 1);
			timers_advance(ts, now + delay);
			assert_int_equal(at.runs, 1);
			assert_int_equal(at.last_ms, now + delay);
			timers_free(ts);
		}
	}
}

static void test_far_future(void **state)
{
	(void)state;
	struct timers *ts = wheel(12345);
	struct probe p;

	probe_init(&p, ts);
	timer_start(&p.t, UINT64_MAX); /* saturates */
	assert_true(timers_next_ms(ts) > 0);
	timers_advance(ts, UINT64_MAX - 1);
	assert_int_equal(p.runs, 0);
	timer_stop(&p.t);
	assert_int_equal(timers_next_ms(ts), -1);
	timer_start(&p.t, 5000);
	timers_advance(ts, UINT64_MAX);
	assert_int_equal(p.runs, 1);
	timer_start(&p.t, 1); /* at the end of time: at once */
	timers_advance(ts, UINT64_MAX);
	assert_int_equal(p.runs, 2);
	timers_free(ts);
}

static void test_wheel_freed_first(void **state)
{
	(void)state;
	struct timers *ts = wheel(0);
	struct probe p, q;

	probe_init(&p, ts);
	probe_init(&q, ts);
	timer_start(&p.t, 0);
	timer_start(&q.t, 100000);
	timers_free(ts);
	assert_false(timer_running(&p.t));
	timer_stop(&p.t);
	timer_stop(&q.t);
	timers_free(NULL);
}

/* -- against a model -- */

enum { MODEL_TIMERS = 100000, MODEL_STEPS = 300 };

struct model_timer {
	struct timer t;
	uint64_t due_ms;
	uint64_t seq; /* of its start */
	bool running;
};

struct model {
	struct timers *ts;
	struct model_timer *timer;
	uint64_t rng;
	uint64_t seq;
	uint64_t last_due_ms;
	uint64_t last_seq;
	size_t fired;
};

static uint64_t rnd(struct model *m)
{
	m->rng ^= m->rng << 13;
	m->rng ^= m->rng >> 7;
	m->rng ^= m->rng << 17;
	return m->rng;
}

/* All magnitudes alike. */
static uint64_t rnd_ms(struct model *m, unsigned max_bits)
{
	return rnd(m) & ((UINT64_C(1) << (rnd(m) % max_bits)) - 1);
}

static void on_model(struct timer *t, void *arg)
{
	struct model *m = arg;
	struct model_timer *mt = container_of(t, struct model_timer, t);

	assert_true(mt->running);
	assert_true(mt->due_ms <= timers_now(m->ts));
	assert_true(mt->due_ms > m->last_due_ms ||
		    (mt->due_ms == m->last_due_ms && mt->seq > m->last_seq));
	m->last_due_ms = mt->due_ms;
	m->last_seq = mt->seq;
	mt->running = false;
	m->fired++;
}

static void model_start(struct model *m, struct model_timer *mt)
{
	uint64_t delay = 1 + rnd_ms(m, 40);

	timer_start(&mt->t, delay);
	mt->due_ms = timers_now(m->ts) + delay;
	mt->seq = ++m->seq;
	mt->running = true;
}

static void model_check(const struct model *m)
{
	uint64_t now = timers_now(m->ts);
	int64_t next = timers_next_ms(m->ts);
	size_t running = 0;

	for (size_t i = 0; i < MODEL_TIMERS; i++) {
		const struct model_timer *mt = &m->timer[i];
		if (mt->running != timer_running(&mt->t))
			fail_msg("timer %zu: running differs", i);
		if (!mt->running)
			continue;
		running++;
		if (mt->due_ms <= now || mt->due_ms < now + (uint64_t)next)
			fail_msg("timer %zu: late", i);
	}
	assert_int_equal(running, timers_count(m->ts));
	assert_int_equal(next < 0, running == 0);
}

static void test_random_against_model(void **state)
{
	(void)state;
	struct model m = { .rng = 0x9e3779b97f4a7c15 };

	m.ts = wheel(UINT32_MAX - 100);
	m.timer = calloc(MODEL_TIMERS, sizeof(*m.timer));
	assert_non_null(m.timer);
	for (size_t i = 0; i < MODEL_TIMERS; i++) {
		timer_init(&m.timer[i].t, m.ts, on_model, &m);
		model_start(&m, &m.timer[i]);
	}
	for (unsigned step = 0; step < MODEL_STEPS; step++) {
		for (unsigned i = 0; i < 500; i++) {
			struct model_timer *mt =
				&m.timer[rnd(&m) % MODEL_TIMERS];
			if (rnd(&m) % 3) {
				model_start(&m, mt);
			} else {
				timer_stop(&mt->t);
				mt->running = false;
			}
		}
		timers_advance(m.ts, timers_now(m.ts) + rnd_ms(&m, 38));
		model_check(&m);
	}
	assert_true(m.fired > MODEL_TIMERS / 2);
	timers_free(m.ts);
	free(m.timer);
}

static int create(void *arg)
{
	struct timers *ts = arg;
	int err = timers_create(&ts, 1);

	if (!err)
		timers_free(ts);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(create, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs_at_its_time),
		cmocka_unit_test(test_time_never_goes_back),
		cmocka_unit_test(test_stop_and_restart),
		cmocka_unit_test(test_callbacks_stop_others),
		cmocka_unit_test(test_periodic_catches_up_in_steps),
		cmocka_unit_test(test_no_delay_does_not_stop_time),
		cmocka_unit_test(test_same_time_keeps_order),
		cmocka_unit_test(test_all_levels),
		cmocka_unit_test(test_far_future),
		cmocka_unit_test(test_wheel_freed_first),
		cmocka_unit_test(test_random_against_model),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
