/* SPDX-License-Identifier: Apache-2.0 */
#include "edge/measure.h"

#include "base/metrics.h"

struct bucket {
	enum metric metric;
	uint64_t ms; /* up to and including */
};

static const struct bucket BUCKETS[] = {
#define ANSWER(id, ms, le) { id, ms },
#include "base/metrics_answer.tbl"
#undef ANSWER
};

static void add_time(uint64_t ms)
{
	for (size_t i = 0; i < sizeof(BUCKETS) / sizeof(BUCKETS[0]); i++)
		if (ms <= BUCKETS[i].ms)
			metric_add(BUCKETS[i].metric, 1);
	metric_add(M_ANSWER_SUM, ms);
	metric_add(M_ANSWER_COUNT, 1);
}

void measure_answer(const struct sip_msg *m, uint16_t status, uint64_t ms)
{
	bool good = status / 100 == 2;
	if (good && m->method == SIP_MESSAGE)
		metric_add(M_SIP_MESSAGES, 1);
	if (good && m->method == SIP_INVITE && slice_empty(m->to_tag))
		metric_add(M_SIP_CALLS, 1);
	if (status && m->method != SIP_INVITE)
		add_time(ms);
}
