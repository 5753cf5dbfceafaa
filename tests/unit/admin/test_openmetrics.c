/* SPDX-License-Identifier: Apache-2.0 */
/* The text form: each family once, its samples together, the mark at the
 * end. */
#include "rig.h"

static struct metrics_page pages[2];

static void give_pages(struct rig *g)
{
	memset(pages, 0, sizeof(pages));
	pages[0].layout = metrics_layout();
	pages[0].cell[M_CONN_OPEN] = 3;
	pages[0].cell[M_REJ_LOOP] = UINT64_MAX;
	pages[0].cell[M_ANSWER_1] = 2;
	pages[0].cell[M_ANSWER_INF] = 3;
	pages[0].cell[M_ANSWER_SUM] = 1007;
	pages[0].cell[M_ANSWER_COUNT] = 3;
	pages[1].layout = metrics_layout() + 1; /* of another build */
	assert_int_equal(admin_page(g->admin, PROC_EDGE, 1, &pages[0]), 0);
	assert_int_equal(admin_page(g->admin, PROC_HOME, 0, &pages[1]), 0);
	assert_int_equal(admin_page(g->admin, PROC_STORE, 0, NULL), 0);
}

static void test_lines(void **state)
{
	struct rig *g = *state;
	struct buf b;
	char name[128] = "", seen[8192] = "|";
	size_t families = 0;
	give_pages(g);
	buf_init(&b, 0);
	openmetrics_text(&b, g->admin);
	buf_u8(&b, 0);
	assert_false(buf_failed(&b));
	for (char *line = (char *)b.ptr, *next; *line; line = next) {
		next = strchr(line, '\n');
		assert_non_null(next);
		*next++ = '\0';
		if (strncmp(line, "# HELP ", 7) == 0) {
			char mark[160];
			assert_int_equal(sscanf(line, "# HELP %120s", name), 1);
			snprintf(mark, sizeof(mark), "|%s|", name);
			assert_null(strstr(seen, mark));
			strncat(seen, mark + 1,
				sizeof(seen) - strlen(seen) - 1);
			families++;
		} else if (strncmp(line, "# TYPE ", 7) == 0) {
			assert_ptr_equal(strstr(line + 7, name), line + 7);
		} else if (line[0] == '#') {
			assert_string_equal(line, "# EOF");
			assert_int_equal(*next, 0);
		} else {
			/* a sample of the family that was announced */
			assert_ptr_equal(strstr(line, name), line);
			assert_non_null(strstr(line, "{process=\"edge.1\""));
		}
	}
	assert_true(families > 20);
	buf_free(&b);
}

static void test_verb(void **state)
{
	struct rig *g = *state;
	give_pages(g);
	rig_ask(g, "{\"id\":1,\"verb\":\"metrics\"}");
	json_t *v = json_loads(rig_read(g), 0, NULL);
	const char *text = json_string_value(
		json_object_get(json_object_get(v, "result"), "text"));
	assert_non_null(text);
	assert_non_null(strstr(text,
			       "# HELP sallyport_connections Open stream "
			       "connections\n# TYPE sallyport_connections "
			       "gauge\nsallyport_connections{process="
			       "\"edge.1\"} 3\n"));
	assert_non_null(strstr(text, "# TYPE sallyport_refusals counter\n"));
	assert_non_null(strstr(text,
			       "\nsallyport_refusals_total{process=\"edge.1\","
			       "reason=\"loop\"} 18446744073709551615\n"));
	assert_null(strstr(text, "process=\"home\""));
	assert_non_null(strstr(text, "\n# HELP sallyport_sip_shed Requests "
				     "refused because a worker has"));
	json_decref(v);
}

/* The buckets in order, then sum and count, in seconds. */
static void test_histogram(void **state)
{
	struct rig *g = *state;
	struct buf b;
	give_pages(g);
	buf_init(&b, 0);
	openmetrics_text(&b, g->admin);
	buf_u8(&b, 0);
	const char *at = strstr((char *)b.ptr,
				"# TYPE sallyport_sip_answer_seconds "
				"histogram\nsallyport_sip_answer_seconds_bucket"
				"{process=\"edge.1\",le=\"0.001\"} 2\n");
	assert_non_null(at);
	at = strstr(at, "_bucket{process=\"edge.1\",le=\"+Inf\"} 3\n"
			"sallyport_sip_answer_seconds_sum{process=\"edge.1\"} "
			"1.007\nsallyport_sip_answer_seconds_count"
			"{process=\"edge.1\"} 3\n# HELP ");
	assert_non_null(at);
	assert_null(strstr(at, "sip_answer_seconds_bucket{process=\"edge.1\",le"
			       "=\"0"));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_lines),
		RIG_TEST(test_verb),
		RIG_TEST(test_histogram),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
