/* SPDX-License-Identifier: Apache-2.0 */
/* Sampling, and the verb that shows it. */
#include <errno.h>
#include <stdlib.h>

#include "admin/admin_int.h"

enum kind { RATE, LEVEL, PERCENTILE };
static const char *const KINDS[] = {
	[RATE] = "rate", [LEVEL] = "level", [PERCENTILE] = "milliseconds"
};

struct series {
	const char *name;
	enum kind kind;
	enum metric metric; /* all of its name, whatever their labels */
	unsigned percent;
};

static const struct series SERIES[HISTORY_SERIES] = {
	{ "requests", RATE, M_SIP_REQUESTS, 0 },
	{ "forwarded", RATE, M_SIP_FORWARDED, 0 },
	{ "messages", RATE, M_SIP_MESSAGES, 0 },
	{ "calls", RATE, M_SIP_CALLS, 0 },
	{ "delivered", RATE, M_HOME_DELIVERED, 0 },
	{ "timeouts", RATE, M_SIP_TIMEOUTS, 0 },
	{ "refusals", RATE, M_REJ_SIP_SYNTAX, 0 },
	{ "answer_p50", PERCENTILE, M_ANSWER_COUNT, 50 },
	{ "answer_p99", PERCENTILE, M_ANSWER_COUNT, 99 },
	{ "bytes_in", RATE, M_BYTES_IN, 0 },
	{ "bytes_out", RATE, M_BYTES_OUT, 0 },
	{ "relay_up_bytes", RATE, M_TURN_UP_BYTES, 0 },
	{ "relay_down_bytes", RATE, M_TURN_DOWN_BYTES, 0 },
	{ "connections", LEVEL, M_CONN_OPEN, 0 },
	{ "transactions", LEVEL, M_SIP_TRANSACTIONS, 0 },
	{ "relay_sessions", LEVEL, M_TURN_ALLOCATIONS, 0 },
};

struct bucket {
	enum metric metric;
	uint64_t ms; /* up to and including */
};

static const struct bucket BUCKETS[HISTORY_BUCKETS] = {
#define ANSWER(id, ms, le) { id, ms },
#include "base/metrics_answer.tbl"
#undef ANSWER
};

static void add(struct history_ring *r,
		const uint64_t sample[static HISTORY_CELLS])
{
	memcpy(r->row[r->next], sample, sizeof(*r->row));
	r->next = (r->next + 1) % r->size;
	r->count += r->count < r->size;
}

static void on_timer(struct timer *t, void *arg)
{
	struct history *h = arg;
	uint64_t sample[HISTORY_CELLS];
	for (size_t i = 0; i < HISTORY_SERIES; i++)
		sample[i] = metrics_family(h->admin, SERIES[i].metric);
	for (size_t i = 0; i < HISTORY_BUCKETS; i++)
		sample[HISTORY_SERIES + i] =
			metrics_family(h->admin, BUCKETS[i].metric);
	add(&h->now, sample);
	if (h->ticks++ % (HISTORY_DAY_STEP_S / HISTORY_NOW_STEP_S) == 0)
		add(&h->day, sample);
	timer_start(t, HISTORY_NOW_STEP_S * 1000);
}

int history_init(struct history *h, const struct admin *a,
		 struct timers *timers)
{
	*h = (struct history){ .admin = a };
	timer_init(&h->timer, timers, on_timer, h);
	h->now.size = HISTORY_NOW_SAMPLES;
	h->day.size = HISTORY_DAY_SAMPLES;
	h->now.row = calloc(h->now.size, sizeof(*h->now.row));
	h->day.row = calloc(h->day.size, sizeof(*h->day.row));
	if (!h->now.row || !h->day.row)
		return -ENOMEM;
	on_timer(&h->timer, h);
	return 0;
}

void history_free(struct history *h)
{
	if (h->admin)
		timer_stop(&h->timer);
	free(h->now.row);
	free(h->day.row);
	h->now.row = h->day.row = NULL;
}

static const uint64_t *row_at(const struct history_ring *r, size_t i)
{
	return r->row[(r->next + r->size - r->count + i) % r->size];
}

/* A restarted supervisor's pages begin anew: never less than nothing. */
static uint64_t counted(const struct history_ring *r, size_t i, size_t cell)
{
	uint64_t now = row_at(r, i)[cell], before = row_at(r, i - 1)[cell];
	return now > before ? now - before : 0;
}

/* As if those of one bucket were spread evenly over it; 0 where nothing was
 * answered. */
static uint64_t percentile(const struct history_ring *r, size_t i,
			   unsigned percent)
{
	uint64_t all = counted(r, i, HISTORY_CELLS - 1);
	uint64_t rank = (all * percent + 99) / 100, below = 0, low = 0;
	for (size_t b = 0; all && b + 1 < HISTORY_BUCKETS; b++) {
		uint64_t up_to = counted(r, i, HISTORY_SERIES + b);
		if (up_to >= rank)
			return low + ((BUCKETS[b].ms - low) * (rank - below) +
				      up_to - below - 1) /
					     (up_to - below);
		below = up_to;
		low = BUCKETS[b].ms;
	}
	return low;
}

static json_int_t value_at(const struct history_ring *r, size_t i,
			   size_t series)
{
	switch (SERIES[series].kind) {
	case RATE:
		return (json_int_t)counted(r, i, series);
	case PERCENTILE:
		return (json_int_t)percentile(r, i, SERIES[series].percent);
	default:
		return (json_int_t)row_at(r, i)[series];
	}
}

static json_t *list_of(const struct history_ring *r, size_t series)
{
	json_t *list = json_array();
	for (size_t i = 1; list && i < r->count; i++) {
		if (!json_array_append_new(
			    list, json_integer(value_at(r, i, series))))
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

json_t *history_json(const struct history *h, bool day)
{
	const struct history_ring *r = day ? &h->day : &h->now;
	json_t *series = json_object(), *kinds = json_object();
	int err = series && kinds ? 0 : -ENOMEM;
	for (size_t i = 0; i < HISTORY_SERIES && !err; i++) {
		const struct series *s = &SERIES[i];
		err = json_object_set_new(series, s->name, list_of(r, i));
		if (!err)
			err = json_object_set_new(kinds, s->name,
						  json_string(KINDS[s->kind]));
	}
	if (!err)
		return json_pack("{s:i,s:o,s:o}", "step",
				 day ? HISTORY_DAY_STEP_S : HISTORY_NOW_STEP_S,
				 "kinds", kinds, "series", series);
	json_decref(series);
	json_decref(kinds);
	return NULL;
}

static void run(struct request *r)
{
	struct slice span = ctl_request_arg(r, "span");
	bool day = slice_eq(span, SLICE_LIT("day"));
	if (day || slice_empty(span) || slice_eq(span, SLICE_LIT("now")))
		ctl_request_done(r, history_json(&r->admin->history, day));
	else
		ctl_request_fail(r, "span is now or day");
}

const struct verb_ops verb_history = { .run = run };
