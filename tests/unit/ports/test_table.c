/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of the table: columns line up, nothing breaks out of its cell. */
#include "ports_rig.h"

#include "support/oom.h"
#include "ports/ports_int.h"

static void print(struct rig *g, enum ports_form form, enum ports_lang lang)
{
	ports_print(&g->out, &g->table, form, lang);
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(cells_width(SLICE_LIT("TCP")), 3);
	assert_int_equal(cells_width(SLICE_LIT("客户端")), 6);
	assert_int_equal(cells_width(SLICE_LIT("TCP 或 UDP")), 10);
}

/* The last column begins at the same place in each line. */
static void check_aligned(const char *text, const char *const notes[2])
{
	size_t column[2];
	for (size_t i = 0; i < 2; i++) {
		const char *note = strstr(text, notes[i]);
		assert_non_null(note);
		const char *line = note;
		while (line > text && line[-1] != '\n')
			line--;
		column[i] = cells_width(slice_of(line, (size_t)(note - line)));
	}
	assert_int_equal(column[0], column[1]);
}

static void test_columns_line_up(void **state)
{
	static const char *const english[] = { "we reach partners",
					       "where partners live" };
	static const char *const chinese[] = { "我们连接合作伙伴",
					       "查找合作伙伴的地址" };
	struct rig *g = *state;
	print(g, PORTS_TEXT, PORTS_EN);
	check_aligned(rig_text(g), english);
	print(g, PORTS_TEXT, PORTS_ZH);
	check_aligned(rig_text(g), chinese);
}

static void test_json(void **state)
{
	struct rig *g = *state;
	print(g, PORTS_JSON, PORTS_EN);
	assert_non_null(strstr(
		rig_text(g),
		"{\"id\": \"fed-in\", \"role\": \"Access\", \"protocol\": "
		"\"SIP(MTLS)\", \"transport\": \"TCP\", \"port\": \"5061\", "
		"\"source\": \"Partners\", \"destination\": \"Access "
		"Edge\", "));
	cells_json_text(&g->out, SLICE_LIT("a\"b\\c\n"));
	assert_string_equal(rig_text(g), "\"a\\\"b\\\\c\\u000a\"");
}

static void test_public_address(void **state)
{
	struct rig *g = *state;
	g->conf.public_address = rig_listener("198.51.100.1:1").at;
	g->udp = rig_listener("10.0.0.1:3478");
	rig_compute(g);
	print(g, PORTS_TEXT, PORTS_EN);
	assert_non_null(
		strstr(rig_text(g), "A/V Edge 10.0.0.1 (public 198.51.100.1)"));
}

static void test_json_for_programs(void **state)
{
	struct rig *g = *state;
	print(g, PORTS_JSON, PORTS_EN);
	const char *text = rig_text(g);
	assert_non_null(strstr(text, "\"direction\": \"in\""));
	assert_non_null(strstr(text, "\"source_port\": \"50000-59999\""));
}

static void test_svg(void **state)
{
	struct rig *g = *state;
	size_t arrows = 0;
	print(g, PORTS_SVG, PORTS_EN);
	const char *text = rig_text(g);
	for (const char *at = text; (at = strstr(at, "<line ")); at++)
		arrows++;
	assert_int_equal(arrows, g->table.count);
	assert_non_null(strstr(text, "fed-in: SIP(MTLS) TCP 5061"));
	assert_string_equal(text + strlen(text) - 7, "</svg>\n");
}

static void test_warning(void **state)
{
	struct rig *g = *state;
	ports_warnings(&g->out, &g->table, PORTS_EN);
	assert_string_equal(rig_text(g), "");
	g->conf.av_partners = PORTS_OCS2007;
	rig_compute(g);
	ports_warnings(&g->out, &g->table, PORTS_EN);
	assert_non_null(strstr(rig_text(g), "20000 ports"));
}

static void test_words(void **state)
{
	enum ports_form form;
	unsigned partner;
	(void)state;
	assert_int_equal(ports_form_parse(SLICE_LIT("svg"), &form), 0);
	assert_int_equal(form, PORTS_SVG);
	assert_int_equal(ports_form_parse(SLICE_LIT("pdf"), &form), -EINVAL);
	assert_int_equal(ports_partner_parse(SLICE_LIT("public-im"), &partner),
			 0);
	assert_int_equal(partner, PORTS_MESSENGER);
	assert_int_equal(ports_partner_parse(SLICE_LIT("x"), &partner),
			 -EINVAL);
	assert_int_equal(ports_lang_of(SLICE_LIT("zh_CN.UTF-8")), PORTS_ZH);
	assert_int_equal(ports_lang_of(SLICE_LIT("C")), PORTS_EN);
}

static int everything(void *arg)
{
	struct rig *g = arg;
	struct arena *a = arena_create(64, 1 << 20);
	struct ports_table t;
	struct buf out;
	buf_init(&out, 0);
	int err = a ? ports_compute(a, &g->conf, &t) : -ENOMEM;
	for (int form = PORTS_TEXT; !err && form <= PORTS_SVG; form++) {
		ports_print(&out, &t, (enum ports_form)form, PORTS_ZH);
		ports_print_published(&out, &t, (enum ports_form)form,
				      PORTS_EN);
	}
	if (!err && buf_failed(&out))
		err = -ENOMEM;
	buf_free(&out);
	arena_free(a);
	return err;
}

static void test_out_of_memory(void **state)
{
	oom_walk(everything, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_width),
		RIG_TEST(test_columns_line_up),
		RIG_TEST(test_json),
		RIG_TEST(test_public_address),
		RIG_TEST(test_json_for_programs),
		RIG_TEST(test_svg),
		RIG_TEST(test_warning),
		RIG_TEST(test_words),
		RIG_TEST(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
