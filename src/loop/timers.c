/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer wheel. A time is read as eleven digits of six bits; level L of the
 * wheel has one slot for each value of digit L. A timer that is due later than
 * now lies on the level of the highest digit in which its due time differs
 * from now, in the slot of that digit of its due time. From this follows:
 *
 *  - the place depends on (due, now) alone, so stopping finds the slot again;
 *  - every timer of a lower level is due before any of a higher one, and
 *    within a level before any of a higher slot, so the first occupied slot of
 *    the lowest occupied level is the next one to look at;
 *  - moving now to any time before that slot begins keeps every place right;
 *  - when now reaches the beginning of a slot, its timers spread over lower
 *    levels, each at most once a level: start and stop are O(1), and so is the
 *    whole life of a timer, whatever the delay;
 *  - timers with the same due time keep the order in which they were started.
 *
 * What is due is on the list `ready`. A callback that starts a timer with no
 * delay puts it there too, and it runs before the next later timer or in the
 * next timers_advance(), so that time always goes on.
 */
#include "loop/timers.h"

#include <errno.h>
#include <stdlib.h>

enum {
	DIGIT_BITS = 6,
	SLOTS = 1 << DIGIT_BITS,
	LEVELS = (64 + DIGIT_BITS - 1) / DIGIT_BITS,
};

struct timers {
	uint64_t now_ms;
	size_t count;
	uint64_t occupied[LEVELS]; /* bit n: slot n is not empty */
	struct list slot[LEVELS][SLOTS];
	struct list ready;
};

/* Where a timer that is due after now lies. */
struct place {
	unsigned level;
	unsigned slot;
};

static unsigned digit(uint64_t ms, unsigned level)
{
	return (unsigned)(ms >> (level * DIGIT_BITS)) & (SLOTS - 1);
}

static struct place place_of(uint64_t now_ms, uint64_t due_ms)
{
	unsigned top = 63 - (unsigned)__builtin_clzll(now_ms ^ due_ms);
	unsigned level = top / DIGIT_BITS;

	return (struct place){ level, digit(due_ms, level) };
}

static void enlist(struct timers *ts, struct timer *t)
{
	if (t->due_ms <= ts->now_ms) {
		list_push_back(&ts->ready, &t->node);
		return;
	}
	struct place p = place_of(ts->now_ms, t->due_ms);
	list_push_back(&ts->slot[p.level][p.slot], &t->node);
	ts->occupied[p.level] |= UINT64_C(1) << p.slot;
}

/* The first occupied slot in order of time; false: the wheel is empty. */
static bool next_place(const struct timers *ts, struct place *out)
{
	for (unsigned level = 0; level < LEVELS; level++) {
		uint64_t bits = ts->occupied[level];
		if (!bits)
			continue;
		*out = (struct place){ level, (unsigned)__builtin_ctzll(bits) };
		return true;
	}
	return false;
}

/* When the slot begins: exactly its timers' time on level 0, else a time that
 * is not after any of theirs. */
static uint64_t place_begin(const struct timers *ts, struct place p)
{
	unsigned shift = p.level * DIGIT_BITS;
	uint64_t above = 0;

	if (shift + DIGIT_BITS < 64)
		above = ts->now_ms >> (shift + DIGIT_BITS)
					      << (shift + DIGIT_BITS);
	return above | (uint64_t)p.slot << shift;
}

static void move_all(struct list *to, struct list *from)
{
	while (!list_empty(from)) {
		struct list *node = from->next;
		list_remove(node);
		list_push_back(to, node);
	}
}

/* Empties a slot that begins now onto `ready` and lower levels. */
static void spread(struct timers *ts, struct place p)
{
	struct list moved;

	list_init(&moved);
	move_all(&moved, &ts->slot[p.level][p.slot]);
	ts->occupied[p.level] &= ~(UINT64_C(1) << p.slot);
	LIST_EACH (it, tmp, &moved) {
		list_remove(it);
		enlist(ts, container_of(it, struct timer, node));
	}
}

static void run_ready(struct timers *ts)
{
	struct list batch;

	list_init(&batch);
	move_all(&batch, &ts->ready);
	while (!list_empty(&batch)) {
		struct timer *t = container_of(batch.next, struct timer, node);
		list_remove(&t->node);
		ts->count--;
		t->fn(t, t->arg);
	}
}

int timers_create(struct timers **out, uint64_t now_ms)
{
	struct timers *ts = calloc(1, sizeof(*ts));

	if (!ts)
		return -ENOMEM;
	ts->now_ms = now_ms;
	list_init(&ts->ready);
	for (unsigned level = 0; level < LEVELS; level++)
		for (unsigned i = 0; i < SLOTS; i++)
			list_init(&ts->slot[level][i]);
	*out = ts;
	return 0;
}

static void unlink_all(struct list *head)
{
	while (!list_empty(head))
		list_remove(head->next);
}

void timers_free(struct timers *ts)
{
	if (!ts)
		return;
	/* An owner may still stop its timer: it must find it unlinked. */
	unlink_all(&ts->ready);
	for (unsigned level = 0; level < LEVELS; level++)
		for (unsigned i = 0; i < SLOTS; i++)
			unlink_all(&ts->slot[level][i]);
	free(ts);
}

uint64_t timers_now(const struct timers *ts)
{
	return ts->now_ms;
}

void timers_advance(struct timers *ts, uint64_t now_ms)
{
	struct place p;

	run_ready(ts);
	while (next_place(ts, &p)) {
		uint64_t begin = place_begin(ts, p);
		if (begin > now_ms)
			break;
		ts->now_ms = begin;
		spread(ts, p);
		run_ready(ts);
	}
	if (now_ms > ts->now_ms)
		ts->now_ms = now_ms;
}

int64_t timers_next_ms(const struct timers *ts)
{
	struct place p;

	if (!list_empty(&ts->ready))
		return 0;
	if (!next_place(ts, &p))
		return -1;
	uint64_t wait = place_begin(ts, p) - ts->now_ms;
	return wait > INT64_MAX ? INT64_MAX : (int64_t)wait;
}

size_t timers_count(const struct timers *ts)
{
	return ts->count;
}

void timer_init(struct timer *t, struct timers *ts, timer_fn fn, void *arg)
{
	*t = (struct timer){ .owner = ts, .fn = fn, .arg = arg };
}

void timer_start(struct timer *t, uint64_t delay_ms)
{
	struct timers *ts = t->owner;
	uint64_t left = UINT64_MAX - ts->now_ms;

	timer_stop(t);
	t->due_ms = ts->now_ms + (delay_ms < left ? delay_ms : left);
	enlist(ts, t);
	ts->count++;
}

void timer_stop(struct timer *t)
{
	if (!list_linked(&t->node))
		return;
	struct timers *ts = t->owner;
	list_remove(&t->node);
	ts->count--;
	if (t->due_ms <= ts->now_ms)
		return;
	struct place p = place_of(ts->now_ms, t->due_ms);
	if (list_empty(&ts->slot[p.level][p.slot]))
		ts->occupied[p.level] &= ~(UINT64_C(1) << p.slot);
}

bool timer_running(const struct timer *t)
{
	return list_linked(&t->node);
}
