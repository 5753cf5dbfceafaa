/* SPDX-License-Identifier: Apache-2.0 */
/* The event interface as libunbound uses it. */
#include "dns/dns_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/oom.h"

struct rig {
	struct loop *loop;
	struct dns_events events;
	struct ub_event *ev;
	int fds[2];
	unsigned calls;
	int bits;
	unsigned stop_after;
	bool free_in_callback;
};

static void on_event(int fd, short bits, void *arg)
{
	struct rig *g = arg;
	char c;

	g->calls++;
	g->bits = bits;
	if (bits & UB_EV_READ)
		assert_int_equal(read(fd, &c, 1), 1);
	if (g->free_in_callback) {
		g->ev->vmt->free(g->ev);
		g->ev = NULL;
	} else if (g->calls == g->stop_after) {
		g->ev->vmt->del(g->ev);
	}
}

static void setup(struct rig *g, short bits)
{
	*g = (struct rig){ 0 };
	assert_int_equal(pipe(g->fds), 0);
	assert_int_equal(loop_create(&g->loop), 0);
	dns_events_init(&g->events, g->loop);
	assert_int_equal(g->events.base.magic, UB_EVENT_MAGIC);
	g->ev = g->events.base.vmt->new_event(
		&g->events.base, bits & UB_EV_READ ? g->fds[0] : -1, bits,
		on_event, g);
	assert_non_null(g->ev);
	assert_int_equal(g->ev->magic, UB_EVENT_MAGIC);
}

static void teardown(struct rig *g)
{
	if (g->ev)
		g->ev->vmt->free(g->ev);
	loop_free(g->loop);
	close(g->fds[0]);
	close(g->fds[1]);
}

static void test_one_shot(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, UB_EV_READ);
	assert_int_equal(write(g.fds[1], "ab", 2), 2);
	assert_int_equal(g.ev->vmt->add(g.ev, NULL), 0);
	loop_run(g.loop); /* ends, because nothing is watched any more */
	assert_int_equal(g.calls, 1);
	assert_int_equal(g.bits, UB_EV_READ);
	assert_int_equal(g.ev->vmt->add(g.ev, NULL), 0);
	loop_run(g.loop);
	assert_int_equal(g.calls, 2);
	teardown(&g);
}

static void test_persistent(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, UB_EV_READ | UB_EV_PERSIST);
	g.stop_after = 3;
	assert_int_equal(write(g.fds[1], "abc", 3), 3);
	assert_int_equal(g.ev->vmt->add(g.ev, NULL), 0);
	assert_int_equal(g.ev->vmt->add(g.ev, NULL), 0); /* again: no harm */
	loop_run(g.loop);
	assert_int_equal(g.calls, 3);
	teardown(&g);
}

static void test_timeout_of_a_descriptor(void **state)
{
	(void)state;
	struct timeval tv = { 0, 2000 };
	struct rig g;

	setup(&g, UB_EV_READ | UB_EV_TIMEOUT | UB_EV_PERSIST);
	g.stop_after = 2; /* it comes again by itself */
	assert_int_equal(g.ev->vmt->add(g.ev, &tv), 0);
	loop_run(g.loop);
	assert_int_equal(g.calls, 2);
	assert_int_equal(g.bits, UB_EV_TIMEOUT);
	teardown(&g);
}

static void test_timer(void **state)
{
	(void)state;
	struct timeval tv = { 0, 1500 };
	struct rig g;

	setup(&g, UB_EV_TIMEOUT);
	uint64_t start = loop_now_ms(g.loop);
	assert_int_equal(
		g.ev->vmt->add_timer(g.ev, &g.events.base, on_event, &g, &tv),
		0);
	loop_run(g.loop);
	assert_int_equal(g.calls, 1);
	assert_true(loop_now_ms(g.loop) >= start + 2); /* rounded up */
	assert_int_equal(
		g.ev->vmt->add_timer(g.ev, &g.events.base, on_event, &g, &tv),
		0);
	assert_int_equal(g.ev->vmt->del_timer(g.ev), 0);
	loop_run(g.loop);
	assert_int_equal(g.calls, 1);
	teardown(&g);
}

static void test_free_in_callback(void **state)
{
	(void)state;
	struct timeval tv = { 5, 0 };
	struct rig g;

	setup(&g, UB_EV_READ | UB_EV_TIMEOUT | UB_EV_PERSIST);
	g.free_in_callback = true;
	assert_int_equal(write(g.fds[1], "ab", 2), 2);
	assert_int_equal(g.ev->vmt->add(g.ev, &tv), 0);
	loop_run(g.loop);
	assert_int_equal(g.calls, 1);
	teardown(&g);
}

static void test_bits_and_descriptor_change(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, UB_EV_READ);
	g.ev->vmt->del_bits(g.ev, UB_EV_READ);
	g.ev->vmt->add_bits(g.ev, UB_EV_WRITE);
	g.ev->vmt->set_fd(g.ev, g.fds[1]);
	assert_int_equal(g.ev->vmt->add(g.ev, NULL), 0);
	loop_run(g.loop);
	assert_int_equal(g.bits, UB_EV_WRITE);
	g.ev->vmt->set_fd(g.ev, 1 << 20);
	assert_int_equal(g.ev->vmt->add(g.ev, NULL), -1);
	teardown(&g);
}

static int add_one(void *arg)
{
	struct rig *g = arg;
	struct timeval tv = { 5, 0 };
	struct ub_event *ev = g->events.base.vmt->new_event(
		&g->events.base, g->fds[0], UB_EV_READ, on_event, g);

	if (!ev)
		return -1;
	int err = ev->vmt->add(ev, &tv);
	ev->vmt->free(ev);
	loop_run(g->loop);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, UB_EV_READ);
	oom_walk(add_one, &g);
	teardown(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_shot),
		cmocka_unit_test(test_persistent),
		cmocka_unit_test(test_timeout_of_a_descriptor),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_free_in_callback),
		cmocka_unit_test(test_bits_and_descriptor_change),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
