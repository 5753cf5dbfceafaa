/* SPDX-License-Identifier: Apache-2.0 */
/* Sampling, and the verb that shows it. */
#include <errno.h>
#include <stdlib.h>

#include "admin/admin_int.h"

struct series {
	const char *name;
	enum metric metric; /* all of its name, whatever their labels */
	bool rate;
};

static const struct series SERIES[HISTORY_SERIES] = {
	{ "requests", M_SIP_REQUESTS, true },
	{ "forwarded", M_SIP_FORWARDED, true },
	{ "delivered", M_HOME_DELIVERED, true },
	{ "timeouts", M_SIP_TIMEOUTS, true },
	{ "refusals", M_REJ_SIP_SYNTAX, true },
	{ "bytes_in", M_BYTES_IN, true },
	{ "bytes_out", M_BYTES_OUT, true },
	{ "relay_up_bytes", M_TURN_UP_BYTES, true },
	{ "relay_down_bytes", M_TURN_DOWN_BYTES, true },
	{ "connections", M_CONN_OPEN, false },
	{ "transactions", M_SIP_TRANSACTIONS, false },
	{ "relay_sessions", M_TURN_ALLOCATIONS, false },
};

static void add(struct history_ring *r,
		const uint64_t sample[static HISTORY_SERIES])
{
	memcpy(r->row[r->next], sample, sizeof(*r->row));
	r->next = (r->next + 1) % r->size;
	r->count += r->count < r->size;
}

static void on_timer(struct timer *t, void *arg)
{
	struct history *h = arg;
	uint64_t sample[HISTORY_SERIES];
	for (size_t i = 0; i < HISTORY_SERIES; i++)
		sample[i] = metrics_family(h->admin, SERIES[i].metric);
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
static json_int_t value_at(const struct history_ring *r, size_t i,
			   size_t series)
{
	uint64_t now = row_at(r, i)[series];
	uint64_t before = row_at(r, i - 1)[series];
	if (!SERIES[series].rate)
		return (json_int_t)now;
	return (json_int_t)(now > before ? now - before : 0);
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
			err = json_object_set_new(
				kinds, s->name,
				json_string(s->rate ? "rate" : "level"));
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
