/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of all processes as OpenMetrics text (IETF
 * draft-richih-opsawg-openmetrics-00), and their sums for the status page. */
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_int.h"
#include "admin/json.h"

/* What stands behind the family's name in those of its samples. */
static const struct suffix {
	enum metric_kind kind;
	const char *text;
} SUFFIXES[] = {
	{ METRIC_COUNTER, "_total" },
	{ METRIC_HISTOGRAM, "_bucket" },
	{ METRIC_HISTOGRAM, "_count" },
	{ METRIC_HISTOGRAM, "_sum" },
};

static const char *const KINDS[] = { [METRIC_COUNTER] = "counter",
				     [METRIC_GAUGE] = "gauge",
				     [METRIC_HISTOGRAM] = "histogram" };

static struct slice family(const struct metric_info *m)
{
	struct slice name = slice_str(m->name);
	for (size_t i = 0; i < sizeof(SUFFIXES) / sizeof(SUFFIXES[0]); i++) {
		const struct suffix *s = &SUFFIXES[i];
		struct slice end = slice_str(s->text);
		if (m->kind == s->kind && slice_ends(name, end))
			return slice_head(name, name.len - end.len);
	}
	return name;
}

static bool same_family(enum metric a, enum metric b)
{
	return slice_eq(family(metric_info(a)), family(metric_info(b)));
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
	/* each reason has a meaning of its own: see metrics_reject.tbl */
	buf_printf(out, "# HELP sallyport_%.*s %s\n", SLICE_FMT(name),
		   same_family(m, M_REJ_SIP_SYNTAX)
			   ? "Requests refused, by reason"
			   : info->help);
	buf_printf(out, "# TYPE sallyport_%.*s %s\n", SLICE_FMT(name),
		   KINDS[info->kind]);
}

static void put_value(struct buf *out, const struct metric_info *m, uint64_t v)
{
	if (m->kind == METRIC_HISTOGRAM &&
	    slice_ends(slice_str(m->name), SLICE_LIT("_sum")))
		buf_printf(out, "%llu.%03u\n", (unsigned long long)(v / 1000),
			   (unsigned)(v % 1000));
	else
		buf_printf(out, "%llu\n", (unsigned long long)v);
}

/* A metric's samples stand together: those of one process. */
static void put_samples(struct buf *out, const struct neighbour *n,
			enum metric first)
{
	char name[NEIGHBOUR_NAME_MAX];
	neighbour_name(n->role, n->slot, name);
	for (size_t i = first; i < METRIC_COUNT; i++) {
		const struct metric_info *info = metric_info((enum metric)i);
		if (!same_family(first, (enum metric)i))
			continue;
		buf_printf(out, "sallyport_%s{process=\"%s\"%s%s} ", info->name,
			   name, info->labels[0] ? "," : "", info->labels);
		put_value(out, info, metric_read(n->page, (enum metric)i));
	}
}

static void put_family(struct buf *out, const struct admin *a,
		       enum metric first)
{
	put_head(out, first);
	for (struct list *it = a->neighbours.next; it != &a->neighbours;
	     it = it->next) {
		const struct neighbour *n =
			container_of(it, struct neighbour, node);
		if (readable(n->page))
			put_samples(out, n, first);
	}
}

void openmetrics_text(struct buf *out, const struct admin *a)
{
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		if (is_first((enum metric)i))
			put_family(out, a, (enum metric)i);
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
	if (metric_info(m)->kind == METRIC_HISTOGRAM)
		return sum(a, m);
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
		    m == M_PEER_CERT_EXPIRES ||
		    metric_info(m)->kind == METRIC_HISTOGRAM || !is_first(m))
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
