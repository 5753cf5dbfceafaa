/* SPDX-License-Identifier: Apache-2.0 */
/* Samples over time: rates, levels, the two rings and their ends. */
#include "rig.h"

static size_t samples(struct rig *g, bool day)
{
	json_t *h = history_json(&g->admin->history, day);
	assert_non_null(h);
	size_t n = json_array_size(
		json_object_get(json_object_get(h, "series"), "requests"));
	json_decref(h);
	return n;
}

static json_int_t last(struct rig *g, const char *name)
{
	json_t *h = history_json(&g->admin->history, false);
	json_t *list = json_object_get(json_object_get(h, "series"), name);
	json_int_t v = json_integer_value(
		json_array_get(list, json_array_size(list) - 1));
	json_decref(h);
	return v;
}

static void test_rates_and_levels(void **state)
{
	struct rig *g = *state;
	struct metrics_page page = { .layout = metrics_layout() };
	assert_int_equal(admin_page(g->admin, PROC_EDGE, 0, &page), 0);
	page.cell[M_SIP_REQUESTS] = 100;
	page.cell[M_CONN_OPEN] = 7;
	rig_wait(g, 5000);
	assert_int_equal(last(g, "requests"), 100);
	assert_int_equal(last(g, "connections"), 7);
	page.cell[M_SIP_REQUESTS] = 130;
	page.cell[M_CONN_OPEN] = 5;
	rig_wait(g, 5000);
	assert_int_equal(last(g, "requests"), 30);
	assert_int_equal(last(g, "connections"), 5);
	page.cell[M_SIP_REQUESTS] = 3; /* counted anew */
	rig_wait(g, 5000);
	assert_int_equal(last(g, "requests"), 0);
}

static void answered(struct metrics_page *page, uint64_t ms, uint64_t n)
{
	static const struct {
		enum metric metric;
		uint64_t ms;
	} buckets[] = {
#define ANSWER(id, ms, le) { id, ms },
#include "base/metrics_answer.tbl"
#undef ANSWER
	};
	_Static_assert(sizeof(buckets) / sizeof(*buckets) == HISTORY_BUCKETS,
		       "history.h knows how many there are");
	for (size_t i = 0; i < HISTORY_BUCKETS; i++)
		if (ms <= buckets[i].ms)
			page->cell[buckets[i].metric] += n;
}

/* Of those answered since the last sample, not of all. */
static void test_percentiles(void **state)
{
	struct rig *g = *state;
	struct metrics_page page = { .layout = metrics_layout() };
	assert_int_equal(admin_page(g->admin, PROC_EDGE, 0, &page), 0);
	rig_wait(g, 5000);
	assert_int_equal(last(g, "answer_p50"), 0);
	answered(&page, 4, 98); /* spread over 2 to 5 */
	answered(&page, 700, 2);
	rig_wait(g, 5000);
	assert_int_equal(last(g, "answer_p50"), 4);
	assert_int_equal(last(g, "answer_p99"), 750);
	answered(&page, 60000, 1); /* no bound above it */
	rig_wait(g, 5000);
	assert_int_equal(last(g, "answer_p50"), 10000);
	rig_wait(g, 5000);
	assert_int_equal(last(g, "answer_p99"), 0);
}

static void test_refusals_are_one(void **state)
{
	struct rig *g = *state;
	struct metrics_page page = { .layout = metrics_layout() };
	assert_int_equal(admin_page(g->admin, PROC_EDGE, 0, &page), 0);
	page.cell[M_REJ_SIP_SYNTAX] = 2;
	page.cell[M_REJ_SIP_METHOD] = 3;
	rig_wait(g, 5000);
	assert_int_equal(last(g, "refusals"), 5);
	rig_ask(g, "{\"verb\":\"refusals\"}");
	const char *text = rig_read(g);
	assert_non_null(strstr(text, "\"reason\":\"syntax\",\"count\":2"));
	assert_non_null(strstr(text, "\"reason\":\"method\",\"count\":3"));
	assert_null(strstr(text, "\"count\":0"));
}

static void test_rings_are_full(void **state)
{
	struct rig *g = *state;
	assert_int_equal(samples(g, false), 0);
	for (int i = 0; i < 12; i++)
		rig_wait(g, 5000);
	assert_int_equal(samples(g, false), 12);
	assert_int_equal(samples(g, true), 1);
	for (int i = 0; i < 400; i++)
		rig_wait(g, 5000);
	assert_int_equal(samples(g, false), HISTORY_NOW_SAMPLES - 1);
	assert_int_equal(samples(g, true), 34);
}

static void test_verb(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"verb\":\"history\",\"args\":{\"span\":\"day\"}}");
	assert_non_null(strstr(rig_read(g), "\"step\":60"));
	rig_ask(g, "{\"verb\":\"history\",\"args\":{\"span\":\"\"}}");
	assert_non_null(strstr(rig_read(g), "\"step\":5"));
	rig_ask(g, "{\"verb\":\"history\",\"args\":{\"span\":\"year\"}}");
	assert_non_null(strstr(rig_read(g), "span is now or day"));
}

static void test_changes(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"verb\":\"reload\"}");
	rig_operated(g, 7, "");
	rig_ask(g, "{\"verb\":\"user.disable\",\"args\":{\"aor\":\"x\"}}");
	rig_read(g);
	rig_ask(g, "{\"verb\":\"changes\"}");
	const char *text = rig_read(g);
	const char *first = strstr(text, "user.disable");
	assert_non_null(first);
	assert_non_null(
		strstr(first, "\"what\":\"reload\"")); /* newest first */
	assert_non_null(strstr(text, "\"of\":\"x\",\"old\":\"\",\"new\":\"\","
				     "\"result\":\"x is no"));
	assert_non_null(strstr(first, "\"old\":\"generation 0\","
				      "\"new\":\"generation 7\""));
	for (int i = 0; i < AUDIT_MAX + 10; i++)
		audit_note(&g->admin->audit,
			   &(struct audit_entry){ .who = SLICE_LIT("w"),
						  .what = SLICE_LIT("v") });
	json_t *rows = audit_rows(&g->admin->audit);
	assert_int_equal(json_array_size(rows), AUDIT_MAX);
	json_decref(rows);
}

static void test_long_texts_are_cut(void **state)
{
	struct rig *g = *state;
	char text[4 * AUDIT_TEXT_MAX];
	memset(text, '<', sizeof(text));
	audit_note(&g->admin->audit,
		   &(struct audit_entry){ .of = slice_of(text, sizeof(text)) });
	json_t *rows = audit_rows(&g->admin->audit);
	assert_int_equal(json_string_length(json_object_get(
				 json_array_get(rows, 0), "of")),
			 AUDIT_TEXT_MAX - 1);
	json_decref(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_rates_and_levels),
		RIG_TEST(test_percentiles),
		RIG_TEST(test_refusals_are_one),
		RIG_TEST(test_rings_are_full),
		RIG_TEST(test_verb),
		RIG_TEST(test_changes),
		RIG_TEST(test_long_texts_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
