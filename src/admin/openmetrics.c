/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of all processes as OpenMetrics text (IETF
 * draft-richih-opsawg-openmetrics-00), and their sums for the status page. */
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_int.h"
#include "admin/json.h"

/* The family's name: that of its samples less _total. */
static struct slice family(const struct metric_info *m)
{
	struct slice name = slice_str(m->name);
	struct slice total = SLICE_LIT("_total");
	if (m->kind == METRIC_COUNTER && slice_ends(name, total))
		name.len -= total.len;
	return name;
}

static bool same_family(enum metric a, enum metric b)
{
	return slice_eq(slice_str(metric_info(a)->name),
			slice_str(metric_info(b)->name));
}

static bool is_first(enum metric m)
{
	for (size_t i = 0; i < m; i++) {
		if (same_family((enum metric)i, m))
			return false;
	}
	return true;
}

static bool readable(const struct metrics_page *page)
{
	return page && page->layout == metrics_layout();
}

static void put_head(struct buf *out, enum metric m)
{
	const struct metric_info *info = metric_info(m);
	struct slice name = family(info);
	/* a family with labels is the refusals: see metrics_reject.tbl */
	buf_printf(out, "# HELP sallyport_%.*s %s\n", SLICE_FMT(name),
		   info->labels[0] ? "Requests refused, by reason"
				   : info->help);
	buf_printf(out, "# TYPE sallyport_%.*s %s\n", SLICE_FMT(name),
		   info->kind == METRIC_COUNTER ? "counter" : "gauge");
}

static void put_samples(struct buf *out, const struct admin *a, enum metric m)
{
	const struct metric_info *info = metric_info(m);
	char name[NEIGHBOUR_NAME_MAX];
	for (struct list *it = a->neighbours.next; it != &a->neighbours;
	     it = it->next) {
		const struct neighbour *n =
			container_of(it, struct neighbour, node);
		if (!readable(n->page))
			continue;
		buf_printf(out, "sallyport_%s{process=\"%s\"%s%s} ", info->name,
			   neighbour_name(n->role, n->slot, name),
			   info->labels[0] ? "," : "", info->labels);
		buf_dec(out, metric_read(n->page, m));
		buf_str(out, "\n");
	}
}

void openmetrics_text(struct buf *out, const struct admin *a)
{
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		enum metric first = (enum metric)i;
		if (!is_first(first))
			continue;
		put_head(out, first);
		for (size_t j = i; j < METRIC_COUNT; j++) {
			if (same_family(first, (enum metric)j))
				put_samples(out, a, (enum metric)j);
		}
	}
	buf_str(out, "# EOF\n");
}

static uint64_t sum(const struct admin *a, enum metric m)
{
	uint64_t total = 0;
	for (struct list *it = a->neighbours.next; it != &a->neighbours;
	     it = it->next) {
		const struct neighbour *n =
			container_of(it, struct neighbour, node);
		if (readable(n->page))
			total += metric_read(n->page, m);
	}
	return total;
}

uint64_t metrics_family(const struct admin *a, enum metric m)
{
	uint64_t total = 0;
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		if (same_family((enum metric)i, m))
			total += sum(a, (enum metric)i);
	}
	return total;
}

json_t *metrics_summary(const struct admin *a)
{
	json_t *out = json_object();
	for (size_t i = 0; out && i < METRIC_COUNT; i++) {
		enum metric m = (enum metric)i;
		/* these are no sums */
		if (m == M_CONFIG_GENERATION || m == M_CERT_EXPIRES ||
		    m == M_PEER_CERT_EXPIRES || !is_first(m))
			continue;
		uint64_t total = metrics_family(a, m);
		if (json_object_set_new(out, metric_info(m)->name,
					json_integer((json_int_t)total))) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static void run_metrics(struct request *r)
{
	struct buf text;
	json_t *value = NULL;
	buf_init(&text, CTL_REPLY_MAX / 2);
	openmetrics_text(&text, r->admin);
	if (!buf_failed(&text))
		value = json_stringn((const char *)text.ptr, text.len);
	buf_free(&text);
	ctl_request_done(r, value ? json_pack("{s:o}", "text", value) : NULL);
}

const struct verb_ops verb_metrics = { .run = run_metrics };

/* "why" of reason="why" */
static struct slice label_value(const struct metric_info *m)
{
	struct slice s = slice_str(m->labels);
	ptrdiff_t at = slice_chr(s, '"');
	s = slice_from(s, (size_t)(at + 1));
	at = slice_chr(s, '"');
	return at < 0 ? s : slice_head(s, (size_t)at);
}

/* Those that have happened; what each means stands beside it. */
static void run_refusals(struct request *r)
{
	json_t *list = json_array();
	int err = list ? 0 : -1;
	for (size_t i = 0; i < METRIC_COUNT && !err; i++) {
		enum metric m = (enum metric)i;
		uint64_t count = sum(r->admin, m);
		if (!count || !same_family(m, M_REJ_SIP_SYNTAX))
			continue;
		err = json_array_append_new(
			list, json_pack("{s:o,s:I,s:s}", "reason",
					json_text(label_value(metric_info(m))),
					"count", (json_int_t)count, "meaning",
					metric_info(m)->help));
	}
	if (err) {
		json_decref(list);
		list = NULL;
	}
	ctl_request_done(r, list ? json_pack("{s:o}", "refusals", list) : NULL);
}

const struct verb_ops verb_refusals = { .run = run_refusals };
