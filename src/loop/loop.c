/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: turns, their ends, and time. A turn is: libuv's timers, polling's
 * callbacks, then (in uv_prepare, just before polling blocks again) the turn
 * end hooks and what was deferred. Hooks may arm hooks; those run in the same
 * turn, up to a bound, then polling is done without waiting and the rest
 * follows in the next turn.
 */
#include "loop/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "loop/loop_int.h"

enum {
	ROUNDS_MAX = 32,      /* of hooks arming hooks in one turn */
	CLOCK_JUMP_MS = 1000, /* of the wall clock against the monotonic one */
	DEFERRED_FIRST = 64,
};

void loop_enter(struct loop *l)
{
	timers_advance(l->timers, uv_now(&l->uv));
}

static void on_timer(uv_timer_t *h)
{
	loop_enter(h->data);
}

static void run_hooks(struct loop *l)
{
	struct list batch;

	list_init(&batch);
	while (!list_empty(&l->hooks)) {
		struct list *node = l->hooks.next;
		list_remove(node);
		list_push_back(&batch, node);
	}
	while (!list_empty(&batch)) {
		struct turn_hook *hook =
			container_of(batch.next, struct turn_hook, node);
		list_remove(&hook->node);
		hook->fn(hook->arg);
	}
}

static void run_deferred(struct loop *l)
{
	struct deferred_list batch = l->deferred;

	l->deferred = l->running;
	l->deferred.count = 0;
	for (size_t i = 0; i < batch.count; i++)
		batch.item[i].fn(batch.item[i].arg);
	batch.count = 0;
	l->running = batch;
}

static bool turn_end_due(const struct loop *l)
{
	return !list_empty(&l->hooks) || l->deferred.count;
}

static void arm_timer(struct loop *l)
{
	int64_t next_ms = timers_next_ms(l->timers);

	if (next_ms < 0) {
		uv_timer_stop(&l->timer);
		return;
	}
	/* The wheel may lag behind the loop's time when nothing ran. */
	uint64_t lag_ms = uv_now(&l->uv) - timers_now(l->timers);
	uint64_t wait_ms = (uint64_t)next_ms;
	wait_ms = wait_ms > lag_ms ? wait_ms - lag_ms : 0;
	uv_timer_start(&l->timer, on_timer, wait_ms, 0);
}

static int64_t clock_skew_ms(void)
{
	return (int64_t)(loop_wall_ms() - uv_hrtime() / 1000000);
}

/* TIM-01: nothing here runs by the wall clock; a jump is only reported. */
static void check_clock(struct loop *l)
{
	int64_t skew_ms = clock_skew_ms();
	int64_t by_ms = skew_ms - l->clock_skew_ms;

	if (by_ms < CLOCK_JUMP_MS && by_ms > -CLOCK_JUMP_MS)
		return;
	l->clock_skew_ms = skew_ms;
	LOG(LOG_WARN, "clock.jump", KV_I64("by_ms", by_ms));
}

static void turn_end(struct loop *l)
{
	for (int i = 0; i < ROUNDS_MAX && turn_end_due(l); i++) {
		run_hooks(l);
		run_deferred(l);
	}
	arm_timer(l);
}

/* What was put off to the next turn keeps polling from waiting. */
static void begin_next(struct loop *l)
{
	while (!list_empty(&l->later))
		list_push_back(&l->hooks, list_pop(&l->later));
}

static void on_idle(uv_idle_t *h)
{
	(void)h; /* being active is all it is for */
}

static void on_prepare(uv_prepare_t *h)
{
	struct loop *l = h->data;

	check_clock(l);
	turn_end(l);
	begin_next(l);
	if (turn_end_due(l))
		uv_idle_start(&l->idle, on_idle);
	else
		uv_idle_stop(&l->idle);
}

/* libuv's part of a new loop; these cannot fail once the loop stands. */
static void open_handles(struct loop *l)
{
	uv_timer_init(&l->uv, &l->timer);
	uv_prepare_init(&l->uv, &l->prepare);
	uv_idle_init(&l->uv, &l->idle);
	l->timer.data = l;
	l->prepare.data = l;
	l->idle.data = l;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_unref((uv_handle_t *)&l->prepare);
}

int loop_create(struct loop **out)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	int err = uv_loop_init(&l->uv);
	if (err)
		goto fail;
	err = timers_create(&l->timers, uv_now(&l->uv));
	if (err) {
		uv_loop_close(&l->uv);
		goto fail;
	}
	list_init(&l->hooks);
	list_init(&l->later);
	open_handles(l);
	l->clock_skew_ms = clock_skew_ms();
	*out = l;
	return 0;
fail:
	free(l);
	return err;
}

static void close_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (uv_is_closing(h))
		return;
	switch (h->type) {
	case UV_POLL:
		uv_close(h, watch_on_closed);
		break;
	case UV_SIGNAL:
		uv_close(h, signal_on_closed);
		break;
	case UV_PROCESS:
		uv_close(h, child_on_closed);
		break;
	default:
		uv_close(h, NULL);
		break;
	}
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	turn_end(l); /* what was closed or deferred after the last turn */
	uv_walk(&l->uv, close_handle, NULL);
	while (uv_run(&l->uv, UV_RUN_DEFAULT)) {
		/* a stop that was asked for too late ends it once */
	}
	uv_loop_close(&l->uv);
	timers_free(l->timers);
	free(l->deferred.item);
	free(l->running.item);
	free(l);
}

void loop_run(struct loop *l)
{
	uv_update_time(&l->uv);
	loop_enter(l);
	l->in_run = true;
	for (;;) {
		turn_end(l);
		begin_next(l);
		/* libuv does not know of hooks and of unarmed timers. */
		bool more = uv_loop_alive(&l->uv) || turn_end_due(l);
		if (l->stop || !more)
			break;
		if (turn_end_due(l))
			uv_idle_start(&l->idle, on_idle);
		uv_run(&l->uv, UV_RUN_DEFAULT);
	}
	l->in_run = false;
	l->stop = false;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
	if (l->in_run)
		uv_stop(&l->uv);
}

uint64_t loop_now_ms(const struct loop *l)
{
	return uv_now(&l->uv);
}

uint64_t loop_clock_us(void)
{
	return uv_hrtime() / 1000;
}

uint64_t loop_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct timers *loop_timers(struct loop *l)
{
	return l->timers;
}

void loop_at_turn_end(struct loop *l, struct turn_hook *hook)
{
	if (!list_linked(&hook->node))
		list_push_back(&l->hooks, &hook->node);
}

void loop_next_turn(struct loop *l, struct turn_hook *hook)
{
	if (!list_linked(&hook->node))
		list_push_back(&l->later, &hook->node);
}

void loop_cancel_turn_end(struct turn_hook *hook)
{
	list_remove(&hook->node);
}

int loop_defer(struct loop *l, void (*fn)(void *arg), void *arg)
{
	struct deferred_list *d = &l->deferred;

	if (d->count == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : DEFERRED_FIRST;
		struct deferred *item = realloc(d->item, cap * sizeof(*item));
		if (!item)
			return -ENOMEM;
		d->item = item;
		d->cap = cap;
	}
	d->item[d->count++] = (struct deferred){ fn, arg };
	return 0;
}
