/* SPDX-License-Identifier: Apache-2.0 */
/* The end of providers, watched. */
#include "admin/endings.h"

#include <stdlib.h>

#include "admin/expiry.h"
#include "base/log.h"
#include "conf/text.h"
#include "loop/loop.h"

enum { DAY_S = 86400, LOOK_MS = 3600 * 1000, ENDED = -1 };

struct ending {
	char *name, *day, *successor;
	uint64_t ends_s;
	int64_t told; /* the threshold told last, or ENDED */
};

static void item_free(struct ending *e)
{
	free(e->name);
	free(e->day);
	free(e->successor);
}

static void items_free(struct ending *item, size_t count)
{
	for (size_t i = 0; i < count; i++)
		item_free(&item[i]);
	free(item);
}

void endings_free(struct endings *x)
{
	timer_stop(&x->timer);
	items_free(x->item, x->count);
	x->item = NULL;
	x->count = 0;
}

static int64_t seconds_left(const struct endings *x, const struct ending *e)
{
	return (int64_t)e->ends_s - (int64_t)(x->wall_ms() / 1000);
}

static void tell(const struct ending *e, int64_t left_s)
{
	if (left_s > 0)
		LOG(LOG_WARN, "provider.ending", KV_STR("provider", e->name),
		    KV_STR("ends", e->day), KV_I64("days", left_s / DAY_S),
		    KV_STR("successor", e->successor));
	else
		LOG(LOG_WARN, "provider.ended", KV_STR("provider", e->name),
		    KV_STR("ends", e->day), KV_STR("successor", e->successor));
}

static void look(struct endings *x)
{
	for (size_t i = 0; i < x->count; i++) {
		struct ending *e = &x->item[i];
		int64_t left_s = seconds_left(x, e);
		int64_t level = left_s > 0 ? expiry_due(left_s) : ENDED;
		if (level < e->told) {
			e->told = level;
			tell(e, left_s);
		}
	}
}

static void on_timer(struct timer *t, void *arg)
{
	look(arg);
	timer_start(t, LOOK_MS);
}

void endings_init(struct endings *x, struct timers *timers)
{
	*x = (struct endings){ .timers = timers, .wall_ms = loop_wall_ms };
	timer_init(&x->timer, timers, on_timer, x);
}

static void add(struct endings *x, const struct conf_provider *p)
{
	struct ending *e = &x->item[x->count];

	if (!p->enabled || slice_empty(p->ends) ||
	    conf_text_date(p->ends, &e->ends_s))
		return;
	e->told = EXPIRY_NEVER;
	e->name = slice_strdup(p->name);
	e->day = slice_strdup(p->ends);
	e->successor = slice_strdup(p->successor);
	if (e->name && e->day && e->successor) {
		x->count++;
		return;
	}
	LOG(LOG_ERROR, "provider.unwatched", KV_SLICE("provider", p->name),
	    KV_STR("why", "memory"));
	item_free(e);
	*e = (struct ending){ 0 };
}

static void keep_told(struct endings *x, const struct ending *old, size_t count)
{
	for (size_t i = 0; i < x->count; i++)
		for (size_t j = 0; j < count; j++)
			if (old[j].ends_s == x->item[i].ends_s &&
			    strcmp(old[j].name, x->item[i].name) == 0)
				x->item[i].told = old[j].told;
}

void endings_set(struct endings *x, const struct conf *conf)
{
	struct ending *old = x->item;
	struct ending *fresh = calloc(conf->provider_count + 1, sizeof(*old));
	size_t old_count = x->count;

	if (!fresh) {
		LOG(LOG_ERROR, "provider.unwatched", KV_STR("provider", "*"),
		    KV_STR("why", "memory"));
		return;
	}
	x->item = fresh;
	x->count = 0;
	for (size_t i = 0; i < conf->provider_count; i++)
		add(x, &conf->providers[i]);
	keep_told(x, old, old_count);
	items_free(old, old_count);
	look(x);
	timer_start(&x->timer, LOOK_MS);
}

static const char *state_of(int64_t left_s)
{
	if (left_s <= 0)
		return "ended";
	return expiry_due(left_s) == EXPIRY_NEVER ? "good" : "ending";
}

json_t *endings_rows(const struct endings *x)
{
	json_t *rows = json_array();

	for (size_t i = 0; rows && i < x->count; i++) {
		const struct ending *e = &x->item[i];
		int64_t left_s = seconds_left(x, e);
		json_t *row = json_pack(
			"{s:s,s:s,s:s,s:I,s:s}", "provider", e->name, "ends",
			e->day, "successor", e->successor, "days",
			(json_int_t)(left_s > 0 ? left_s / DAY_S : 0), "state",
			state_of(left_s));
		if (!json_array_append_new(rows, row))
			continue;
		json_decref(rows);
		rows = NULL;
	}
	return rows;
}
