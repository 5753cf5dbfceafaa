/* SPDX-License-Identifier: Apache-2.0 */
/* The metric registry: one page of words for each process, one writer, any
 * number of readers. */
#include "base/metrics.h"

#include "base/map.h"

static const struct metric_info infos[METRIC_COUNT] = {
#define METRIC(id, name, labels, kind, unit, help) \
	[id] = { name, labels, kind, unit, help },
#include "base/metrics.tbl"
#undef METRIC
};

/* the process's registry: see metrics.h */
static struct metrics_page private_page;
static struct metrics_page *page = &private_page;
/* computed once: every reader of a page asks for it */
static uint64_t known_layout;

const struct metric_info *metric_info(enum metric m)
{
	return &infos[m];
}

static uint64_t layout_of_this_build(void)
{
	uint64_t hash = METRIC_COUNT;
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		const uint64_t seed[2] = { hash, infos[i].kind };
		hash = hash_keyed(seed, slice_str(infos[i].name));
		const uint64_t next[2] = { hash, 0 };
		hash = hash_keyed(next, slice_str(infos[i].labels));
	}
	return hash ? hash : 1;
}

uint64_t metrics_layout(void)
{
	if (!known_layout)
		known_layout = layout_of_this_build();
	return known_layout;
}

static uint64_t load(const struct metrics_page *p, enum metric m)
{
	return __atomic_load_n(&p->cell[m], __ATOMIC_RELAXED);
}

static void store(struct metrics_page *p, enum metric m, uint64_t v)
{
	__atomic_store_n(&p->cell[m], v, __ATOMIC_RELAXED);
}

void metrics_attach(struct metrics_page *to)
{
	uint64_t layout = metrics_layout();
	bool ours = __atomic_load_n(&to->layout, __ATOMIC_ACQUIRE) == layout;
	if (to == page)
		return;
	/* what was counted so far moves along */
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		enum metric m = (enum metric)i;
		bool goes_on = ours && infos[m].kind != METRIC_GAUGE;
		store(to, m, load(page, m) + (goes_on ? load(to, m) : 0));
		store(page, m, 0);
	}
	__atomic_store_n(&to->layout, layout, __ATOMIC_RELEASE);
	page = to;
}

void metric_add(enum metric m, uint64_t n)
{
	store(page, m, load(page, m) + n);
}

void metric_sub(enum metric m, uint64_t n)
{
	uint64_t v = load(page, m);
	store(page, m, v > n ? v - n : 0);
}

void metric_set(enum metric m, uint64_t v)
{
	store(page, m, v);
}

uint64_t metric_get(enum metric m)
{
	return load(page, m);
}

uint64_t metric_read(const struct metrics_page *p, enum metric m)
{
	return load(p, m);
}
