/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted of a request that has its answer. */
#include "edge/measure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/metrics.h"

static const enum metric counted[] = {
	M_SIP_MESSAGES, M_SIP_CALLS, M_ANSWER_SUM,   M_ANSWER_COUNT,
	M_ANSWER_5,     M_ANSWER_10, M_ANSWER_10000, M_ANSWER_INF,
};
enum { COUNTED = sizeof(counted) / sizeof(counted[0]) };

struct row {
	enum sip_method method;
	const char *to_tag;
	uint16_t status;
	uint64_t ms;
	uint64_t more[COUNTED]; /* in the order of counted */
};

static const struct row rows[] = {
	{ SIP_MESSAGE, "", 200, 5, { 1, 0, 5, 1, 1, 1, 1, 1 } },
	{ SIP_MESSAGE, "t", 202, 6, { 1, 0, 6, 1, 0, 1, 1, 1 } },
	{ SIP_MESSAGE, "", 403, 0, { 0, 0, 0, 1, 1, 1, 1, 1 } },
	{ SIP_INFO, "t", 200, 32000, { 0, 0, 32000, 1, 0, 0, 0, 1 } },
	{ SIP_INVITE, "", 200, 9000, { 0, 1, 0, 0, 0, 0, 0, 0 } },
	{ SIP_INVITE, "t", 200, 9, { 0 } }, /* a call that goes on */
	{ SIP_INVITE, "", 486, 9, { 0 } },
	{ SIP_ACK, "t", 0, 1, { 0 } },
	{ SIP_MESSAGE, "", 0, 32000, { 0 } }, /* too late for an answer */
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		const struct sip_msg m = { .request = true,
					   .method = r->method,
					   .to_tag = slice_str(r->to_tag) };
		uint64_t before[COUNTED];
		for (size_t c = 0; c < COUNTED; c++)
			before[c] = metric_get(counted[c]);
		measure_answer(&m, r->status, r->ms);
		for (size_t c = 0; c < COUNTED; c++)
			assert_int_equal(metric_get(counted[c]) - before[c],
					 r->more[c]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
