/* SPDX-License-Identifier: Apache-2.0 */
/* The end of certificates and lists, watched. */
#include "admin/expiry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/metrics.h"
#include "loop/loop.h"
#include "net/net.h"

enum { DAY_S = 86400, LOOK_MS = 3600 * 1000 };

/* Days left at which it is told. */
static const int64_t thresholds[] = { 30, 14, 7, 1 };

struct expiry_item {
	char *file;
	const char *kind;
	uint64_t until_s;
	int64_t told; /* the threshold told last; after the end: minus days */
	char name[NET_NAME_MAX];
	char serial[48];
};

static void items_free(struct expiry_item *item, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(item[i].file);
	free(item);
}

void expiry_free(struct expiry *x)
{
	timer_stop(&x->timer);
	items_free(x->item, x->count);
	x->item = NULL;
	x->count = 0;
}

static int64_t seconds_left(const struct expiry *x,
			    const struct expiry_item *it)
{
	return (int64_t)it->until_s - (int64_t)(x->wall_ms() / 1000);
}

int64_t expiry_due(int64_t left_s)
{
	int64_t level = EXPIRY_NEVER;

	if (left_s <= 0)
		return -(-left_s / DAY_S);
	for (size_t i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++)
		if (left_s <= thresholds[i] * DAY_S)
			level = thresholds[i];
	return level;
}

static void date_of(uint64_t s, char out[static 24])
{
	time_t t = (time_t)s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(out, 24, "%Y-%m-%dT%H:%MZ", &tm))
		out[0] = '\0';
}

static void tell(struct expiry_item *it, int64_t left_s)
{
	char date[24];

	date_of(it->until_s, date);
	if (left_s > 0)
		LOG(LOG_WARN, "cert.expiring", KV_STR("file", it->file),
		    KV_STR("kind", it->kind), KV_STR("name", it->name),
		    KV_STR("until", date), KV_I64("days", left_s / DAY_S));
	else
		LOG(LOG_ERROR, "cert.expired", KV_STR("file", it->file),
		    KV_STR("kind", it->kind), KV_STR("name", it->name),
		    KV_STR("until", date));
}

static void look(struct expiry *x)
{
	uint64_t first_s = 0;

	for (size_t i = 0; i < x->count; i++) {
		struct expiry_item *it = &x->item[i];
		int64_t left_s = seconds_left(x, it);
		int64_t level = expiry_due(left_s);
		if (!first_s || it->until_s < first_s)
			first_s = it->until_s;
		/* a level between was skipped when time jumped */
		if (level < it->told) {
			it->told = level;
			tell(it, left_s);
		}
	}
	metric_set(M_CERT_EXPIRES, first_s);
}

static void on_timer(struct timer *t, void *arg)
{
	look(arg);
	timer_start(t, LOOK_MS);
}

void expiry_init(struct expiry *x, struct timers *timers)
{
	*x = (struct expiry){ .timers = timers, .wall_ms = loop_wall_ms };
	timer_init(&x->timer, timers, on_timer, x);
}

/* Nothing that can be read ends: another process refused it by then. */
static void add(struct expiry *x, const struct conf_file *f, bool list)
{
	struct expiry_item *it = &x->item[x->count];
	struct net_certificate c = { .until_s = 0 };
	int err = list ? net_crl_until(&c.until_s, f->content)
		       : net_certificate_read(&c, f->content);

	if (err)
		return;
	it->file = slice_strdup(f->path);
	if (!it->file)
		return;
	it->kind = list ? "list" : "certificate";
	it->until_s = c.until_s;
	it->told = EXPIRY_NEVER;
	memcpy(it->name, c.name, sizeof(it->name));
	memcpy(it->serial, c.serial, sizeof(it->serial));
	x->count++;
}

static void keep_told(struct expiry *x, const struct expiry_item *old,
		      size_t count)
{
	for (size_t i = 0; i < x->count; i++)
		for (size_t j = 0; j < count; j++)
			if (old[j].until_s == x->item[i].until_s &&
			    strcmp(old[j].file, x->item[i].file) == 0)
				x->item[i].told = old[j].told;
}

void expiry_set(struct expiry *x, const struct conf *conf)
{
	size_t most = conf->tls.certificate_count + 3;
	struct expiry_item *old = x->item, *fresh = calloc(most, sizeof(*old));
	size_t old_count = x->count;

	if (!fresh) {
		LOG(LOG_ERROR, "cert.unwatched", KV_STR("why", "memory"));
		return;
	}
	x->item = fresh;
	x->count = 0;
	add(x, &conf->tls.certificate, false);
	for (size_t i = 0; i < conf->tls.certificate_count; i++)
		add(x, &conf->tls.certificates[i].certificate, false);
	add(x, &conf->inside.certificate, false);
	add(x, &conf->tls.crl, true);
	keep_told(x, old, old_count);
	items_free(old, old_count);
	look(x);
	timer_start(&x->timer, LOOK_MS);
}

static const char *state_of(int64_t left_s)
{
	if (left_s <= 0)
		return "expired";
	return expiry_due(left_s) == EXPIRY_NEVER ? "good" : "expiring";
}

json_t *expiry_rows(const struct expiry *x)
{
	json_t *rows = json_array();

	for (size_t i = 0; rows && i < x->count; i++) {
		const struct expiry_item *it = &x->item[i];
		int64_t left_s = seconds_left(x, it);
		char date[24];
		date_of(it->until_s, date);
		json_t *row =
			json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:s}", "file",
				  it->file, "kind", it->kind, "name", it->name,
				  "serial", it->serial, "until", date, "days",
				  (json_int_t)(left_s / DAY_S), "state",
				  state_of(left_s));
		if (!json_array_append_new(rows, row))
			continue;
		json_decref(rows);
		rows = NULL;
	}
	return rows;
}
