/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A timer wheel, pure: the time is handed in, so tests run in virtual time.
 * Resolution one millisecond; start and stop are O(1). A timer is a member of
 * its owner's struct, who stops it before freeing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

struct timers;
struct timer;
typedef void (*timer_fn)(struct timer *t, void *arg);

struct timer {
	struct list node;
	struct timers *owner;
	uint64_t due_ms;
	timer_fn fn;
	void *arg;
};

int timers_create(struct timers **out, uint64_t now_ms);
void timers_free(struct timers *ts); /* tolerates NULL */
uint64_t timers_now(const struct timers *ts);
/* Runs everything due until now_ms, in order of due time; callbacks may start
 * and stop timers, their own too; timers_now() is the due time then. What a
 * callback starts with no delay may wait for the next call, so that this one
 * ends. Time never goes back: a lesser now_ms is
 * taken as the present one. */
void timers_advance(struct timers *ts, uint64_t now_ms);
/* Milliseconds until the next one is due, 0 when overdue, -1 for none. May be
 * early, never late. */
int64_t timers_next_ms(const struct timers *ts);
size_t timers_count(const struct timers *ts);

void timer_init(struct timer *t, struct timers *ts, timer_fn fn, void *arg);
/* (Re)starts: runs once, delay_ms from timers_now(). */
void timer_start(struct timer *t, uint64_t delay_ms);
void timer_stop(struct timer *t); /* one that does not run is fine */
bool timer_running(const struct timer *t);
