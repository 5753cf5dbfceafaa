/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters and gauges, declared once in metrics.tbl with name, unit and
 * meaning. Each process writes its own page, alone; `admin` reads all pages.
 * A page is plain 64-bit words in enum order behind a header. Until
 * metrics_attach() is called a private page is used.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The cells of a histogram are counters: its buckets, each with all that are
 * below it, and the sum in thousandths of the unit. */
enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum metric {
#define METRIC(id, name, labels, kind, unit, help) id,
#include "base/metrics.tbl"
#undef METRIC
	METRIC_COUNT
};

struct metric_info {
	const char *name;   /* sallyport_ is put before it */
	const char *labels; /* reason="...", or "" */
	enum metric_kind kind;
	const char *unit;
	const char *help;
};

struct metrics_page {
	uint64_t layout; /* hash of the table: readers check it */
	uint64_t cell[METRIC_COUNT];
};

const struct metric_info *metric_info(enum metric m);
uint64_t metrics_layout(void);
/* Takes a zeroed or earlier page (a restarted process goes on counting; its
 * gauges are set to zero). page lives as long as the process. */
void metrics_attach(struct metrics_page *page);
void metric_add(enum metric m, uint64_t n);
void metric_sub(enum metric m, uint64_t n); /* gauges only */
void metric_set(enum metric m, uint64_t v); /* gauges only */
uint64_t metric_get(enum metric m);
/* From another process's page, atomically. */
uint64_t metric_read(const struct metrics_page *page, enum metric m);
