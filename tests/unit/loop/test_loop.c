/* SPDX-License-Identifier: Apache-2.0 */
/* Turns, hooks, deferred calls, signals. */
#include "loop/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/oom.h"

/* Everything that happens is noted as one letter. */
struct notes {
	struct loop *loop;
	char text[128];
	struct turn_hook hook[2];
	struct timer timer;
	unsigned left;
};

static void note(struct notes *n, char c)
{
	size_t len = strlen(n->text);

	if (len + 1 < sizeof(n->text))
		n->text[len] = c;
}

static void on_deferred(void *arg)
{
	note(arg, 'd');
}

static void on_hook_a(void *arg)
{
	note(arg, 'a');
}

static void on_hook_b(void *arg)
{
	struct notes *n = arg;

	note(n, 'b');
	if (n->left && n->left--)
		loop_at_turn_end(n->loop, &n->hook[1]);
}

static void setup(struct notes *n)
{
	*n = (struct notes){ 0 };
	assert_int_equal(loop_create(&n->loop), 0);
	n->hook[0] = (struct turn_hook){ .fn = on_hook_a, .arg = n };
	n->hook[1] = (struct turn_hook){ .fn = on_hook_b, .arg = n };
}

static void test_nothing_to_wait_for(void **state)
{
	(void)state;
	struct notes n;

	setup(&n);
	loop_run(n.loop);
	loop_stop(n.loop); /* before a run: that run ends after one turn */
	loop_run(n.loop);
	loop_free(n.loop);
	loop_free(NULL);
}

static void test_hooks_before_the_first_turn(void **state)
{
	(void)state;
	struct notes n;

	setup(&n);
	loop_at_turn_end(n.loop, &n.hook[0]);
	loop_at_turn_end(n.loop, &n.hook[0]); /* armed once */
	loop_at_turn_end(n.loop, &n.hook[1]);
	assert_int_equal(loop_defer(n.loop, on_deferred, &n), 0);
	loop_run(n.loop);
	assert_string_equal(n.text, "abd");
	loop_at_turn_end(n.loop, &n.hook[0]);
	loop_cancel_turn_end(&n.hook[0]);
	loop_cancel_turn_end(&n.hook[0]);
	loop_run(n.loop);
	assert_string_equal(n.text, "abd");
	loop_free(n.loop);
}

static void on_first_timer(struct timer *t, void *arg)
{
	struct notes *n = arg;

	(void)t;
	note(n, 't');
	assert_int_equal(loop_defer(n->loop, on_deferred, n), 0);
	loop_at_turn_end(n->loop, &n->hook[1]);
	loop_at_turn_end(n->loop, &n->hook[0]);
	note(n, '.');
}

static void test_hooks_run_in_their_turn(void **state)
{
	(void)state;
	struct notes n;

	setup(&n);
	n.left = 2; /* b arms itself twice: same turn, nothing would wake it */
	timer_init(&n.timer, loop_timers(n.loop), on_first_timer, &n);
	timer_start(&n.timer, 1);
	loop_run(n.loop);
	assert_string_equal(n.text, "t.badbb");
	loop_free(n.loop);
}

struct pieces {
	struct loop *loop;
	struct turn_hook piece, end;
	unsigned left, turns;
	bool seen; /* an end since the last piece */
};

static void on_piece(void *arg)
{
	struct pieces *p = arg;
	/* the pieces are in turns of their own */
	assert_true(p->seen);
	p->seen = false;
	if (--p->left)
		loop_next_turn(p->loop, &p->piece);
	loop_at_turn_end(p->loop, &p->end);
}

static void on_piece_end(void *arg)
{
	struct pieces *p = arg;
	p->turns++;
	p->seen = true;
}

/* Nothing else wakes the loop: putting off alone keeps it going. */
static void test_work_in_pieces(void **state)
{
	struct pieces p = { .left = 5, .seen = true };
	(void)state;

	assert_int_equal(loop_create(&p.loop), 0);
	p.piece = (struct turn_hook){ .fn = on_piece, .arg = &p };
	p.end = (struct turn_hook){ .fn = on_piece_end, .arg = &p };
	loop_next_turn(p.loop, &p.piece);
	loop_next_turn(p.loop, &p.piece); /* armed once */
	loop_run(p.loop);
	assert_int_equal(p.left, 0);
	assert_int_equal(p.turns, 5);
	loop_next_turn(p.loop, &p.piece);
	loop_cancel_turn_end(&p.piece);
	loop_run(p.loop);
	assert_int_equal(p.turns, 5);
	uint64_t before = loop_clock_us();
	assert_true(loop_clock_us() >= before);
	loop_free(p.loop);
}

static void on_stop_timer(struct timer *t, void *arg)
{
	(void)t;
	loop_stop(arg);
}

static void test_endless_hooks_do_not_starve(void **state)
{
	(void)state;
	struct notes n;

	setup(&n);
	n.left = UINT32_MAX;
	loop_at_turn_end(n.loop, &n.hook[1]);
	timer_init(&n.timer, loop_timers(n.loop), on_stop_timer, n.loop);
	timer_start(&n.timer, 2);
	loop_run(n.loop); /* ends at all: the timer got its turn */
	assert_true(n.left < UINT32_MAX - 30);
	n.left = 0;
	loop_cancel_turn_end(&n.hook[1]);
	loop_free(n.loop);
}

static void on_stop_with_hook(struct timer *t, void *arg)
{
	struct notes *n = arg;

	(void)t;
	loop_at_turn_end(n->loop, &n->hook[0]);
	loop_stop(n->loop);
}

static void test_stop_ends_the_turn_properly(void **state)
{
	(void)state;
	struct notes n;
	struct timer later;

	setup(&n);
	timer_init(&n.timer, loop_timers(n.loop), on_stop_with_hook, &n);
	timer_init(&later, loop_timers(n.loop), on_stop_timer, n.loop);
	timer_start(&n.timer, 1);
	timer_start(&later, 3600000);
	loop_run(n.loop);
	assert_string_equal(n.text, "a");
	/* And it can be run again. */
	timer_stop(&later);
	timer_start(&n.timer, 1);
	loop_run(n.loop);
	assert_string_equal(n.text, "aa");
	loop_free(n.loop);
}

static void on_defer_more(void *arg)
{
	struct notes *n = arg;

	note(n, 'D');
	assert_int_equal(loop_defer(n->loop, on_deferred, n), 0);
}

static void test_deferred_may_defer(void **state)
{
	(void)state;
	struct notes n;

	setup(&n);
	for (int i = 0; i < 3; i++)
		assert_int_equal(loop_defer(n.loop, on_defer_more, &n), 0);
	loop_run(n.loop);
	assert_string_equal(n.text, "DDDddd");
	assert_int_equal(loop_defer(n.loop, on_defer_more, &n), 0);
	loop_free(n.loop); /* frees are never forgotten */
	assert_string_equal(n.text, "DDDdddDd");
}

static void on_note_time(struct timer *t, void *arg)
{
	uint64_t *at = arg;

	(void)t;
	*at = timers_now(t->owner);
}

static void test_clock(void **state)
{
	(void)state;
	struct notes n;
	uint64_t at = 0;

	setup(&n);
	uint64_t start = loop_now_ms(n.loop);
	timer_init(&n.timer, loop_timers(n.loop), on_note_time, &at);
	timer_start(&n.timer, 5);
	loop_run(n.loop);
	assert_int_equal(at, start + 5);
	assert_true(loop_now_ms(n.loop) >= at);
	assert_true(loop_wall_ms() > UINT64_C(1577836800000));
	loop_free(n.loop);
}

static void on_signal(void *arg, int signo)
{
	struct notes *n = arg;

	note(n, signo == SIGUSR1 ? '1' : '2');
	if (!n->left--)
		loop_stop(n->loop);
}

static void test_signals(void **state)
{
	(void)state;
	struct notes n;

	setup(&n);
	n.left = 1;
	assert_int_equal(loop_signal(n.loop, SIGUSR1, on_signal, &n), 0);
	assert_int_equal(loop_signal(n.loop, SIGUSR2, on_signal, &n), 0);
	assert_true(loop_signal(n.loop, SIGKILL, on_signal, &n) < 0);
	loop_run(n.loop); /* signals alone are not waited for */
	assert_string_equal(n.text, "");
	raise(SIGUSR1);
	raise(SIGUSR2);
	timer_init(&n.timer, loop_timers(n.loop), on_stop_timer, n.loop);
	timer_start(&n.timer, 5000);
	loop_run(n.loop);
	assert_string_equal(n.text, "12");
	loop_free(n.loop);
}

static int create_and_defer(void *arg)
{
	struct notes n = { 0 };
	struct loop *l;
	int err = loop_create(&l);

	(void)arg;
	if (err)
		return err;
	n.loop = l;
	err = loop_signal(l, SIGUSR1, on_signal, &n);
	for (int i = 0; i < 200 && !err; i++)
		err = loop_defer(l, on_deferred, &n);
	loop_run(l);
	loop_free(l);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(create_and_defer, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_wait_for),
		cmocka_unit_test(test_hooks_before_the_first_turn),
		cmocka_unit_test(test_hooks_run_in_their_turn),
		cmocka_unit_test(test_endless_hooks_do_not_starve),
		cmocka_unit_test(test_work_in_pieces),
		cmocka_unit_test(test_stop_ends_the_turn_properly),
		cmocka_unit_test(test_deferred_may_defer),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
