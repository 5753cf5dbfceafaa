/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this directory share about the loop: the struct itself and
 * the step that each of libuv's callbacks takes first.
 */
#pragma once

#include <uv.h>

#include "loop/loop.h"

struct deferred {
	void (*fn)(void *arg);
	void *arg;
};

struct deferred_list {
	struct deferred *item;
	size_t count;
	size_t cap;
};

struct loop {
	uv_loop_t uv;
	uv_timer_t timer;     /* armed for the wheel's next due time */
	uv_prepare_t prepare; /* the end of a turn, just before polling */
	uv_idle_t idle;       /* active: more turn-end work, do not block */
	struct timers *timers;
	struct list hooks;
	struct list later; /* hooks of the next turn */
	struct deferred_list deferred;
	struct deferred_list running; /* the batch being called */
	int64_t clock_skew_ms;        /* wall time minus monotonic time */
	bool stop;
	bool in_run;
};

/* First thing in every callback of libuv: the wheel is brought to the present,
 * which may close the very object whose callback this is. */
void loop_enter(struct loop *l);

/* uv_close() callbacks that free the object around the handle. */
void watch_on_closed(uv_handle_t *h);
void signal_on_closed(uv_handle_t *h);
void child_on_closed(uv_handle_t *h);
