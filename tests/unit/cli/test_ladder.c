/* SPDX-License-Identifier: Apache-2.0 */
/* The ladder, line by line: lanes, arrows, escapes, changes, verdicts. */
#include "cli/ladder.h"

#include "cli/term.h"
#include "support/oom.h"
#include "unit/cli/trace_steps.h"

static void draw(struct ladder *l, struct buf *out, const struct step *s)
{
	struct trace_record r;
	json_t *o;
	step_read(&r, &o, s);
	ladder_draw(l, out, &r);
	trace_record_free(&r);
	json_decref(o);
}

static void assert_drawn(const struct ladder_style *style,
			 const struct step *steps, size_t count,
			 const char *want)
{
	struct ladder *l;
	struct buf b;
	assert_int_equal(ladder_create(&l, style), 0);
	buf_init(&b, 0);
	for (size_t i = 0; i < count; i++)
		draw(l, &b, &steps[i]);
	buf_u8(&b, 0);
	assert_string_equal((const char *)b.ptr, want);
	buf_free(&b);
	ladder_free(l);
}

static const struct step steps[] = {
	{ .user = "alice@contoso.test",
	  .bytes = STEP_MESSAGE "X-In: 1\r\n\r\n",
	  .verdict = "partner",
	  .text = "fabrikam.test" },
	{ .way = "out",
	  .peer = "peer:srv:fabrikam.test",
	  .bytes = STEP_MESSAGE "X-Out: 1\r\n\r\n" },
	{ .peer = "peer:srv:fabrikam.test",
	  .bytes = "SIP/2.0 200 OK\r\nCall-ID: call1\r\n\r\n",
	  .lost = 2 },
	{ .way = "none",
	  .verdict = "refused",
	  .status = 403,
	  .why = "x",
	  .text = "No." },
	{ .way = "out",
	  .user = "alice@contoso.test",
	  .bytes = "SIP/2.0 403 Forbidden\r\nCall-ID: call1\r\n"
		   "ms-diagnostics: 1034;reason=\"Mind\"\r\n\r\n" },
};

static void test_ascii(void **state)
{
	const struct ladder_style style = { .width = 100 };
	(void)state;
	assert_drawn(
		&style, steps, sizeof(steps) / sizeof(*steps),
		"== call1: sip:alice@contoso.test to sip:bob@fabrikam.test\n"
		"12:47:43.608  alice@contoso.test ------ MESSAGE ------> |\n"
		"              ` allowed, to the partner fabrikam.test\n"
		"12:47:43.608                                            | "
		"------ MESSAGE ------> fabrikam.test\n"
		"              ` removed X-In, added X-Out\n"
		"              ` missing here: 2\n"
		"12:47:43.608                                            | "
		"<------ 200 OK ------- fabrikam.test\n"
		"              ` 1 MESSAGE: refused with 403 (x): No.\n"
		"12:47:43.608  alice@contoso.test <--- 403 Forbidden --- |\n"
		"              ` ms-diagnostics 1034: Mind\n");
}

static void test_utf8(void **state)
{
	const struct ladder_style style = { .width = 1, .utf8 = true };
	(void)state;
	/* the least width: names and labels are cut */
	assert_drawn(&style, steps, 1,
		     "== call1: sip:alice@contoso.test to "
		     "sip:bob@fabrikam.test\n"
		     "12:47:43.608  alice@contos ── MESSAGE ──▶ ┃\n"
		     "              └ allowed, to the partner "
		     "fabrikam.test\n");
}

/* Whatever stands in the messages: nothing controls the terminal, and arrows
 * end where they have to. */
static void test_hostile(void **state)
{
	static const char *const users[] = {
		"\033[2Jaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"界界界界界界界界界界界界界界界界界界界界界界界界界",
		"a\r\nb",
		"",
	};
	const struct ladder_style style = { .width = 80 };
	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
		const struct step s = {
			.user = users[i],
			.bytes = "SIP/2.0 200 \033[31m界界界界界界界界界界\r\n"
				 "Call-ID: call1\r\n\r\n",
		};
		struct ladder *l;
		struct buf b;
		assert_int_equal(ladder_create(&l, &style), 0);
		buf_init(&b, 0);
		draw(l, &b, &s);
		struct slice out = buf_slice(&b);
		assert_int_equal(slice_chr(out, '\033'), -1);
		assert_int_equal(slice_chr(out, '\r'), -1);
		/* "== call1" and the arrow */
		ptrdiff_t first = slice_chr(out, '\n');
		struct slice line = slice_from(out, (size_t)first + 1);
		line = slice_head(line, (size_t)slice_chr(line, '\n'));
		assert_int_equal(term_width(line), 14 + (80 - 17) / 2 + 2);
		buf_free(&b);
		ladder_free(l);
	}
}

static void test_colour(void **state)
{
	const struct ladder_style style = { .colour = true };
	struct ladder *l;
	struct buf b;
	(void)state;
	assert_int_equal(ladder_create(&l, &style), 0);
	buf_init(&b, 0);
	draw(l, &b, &steps[3]);
	ladder_note(l, &b, "note");
	buf_u8(&b, 0);
	assert_non_null(strstr((const char *)b.ptr, "\033[31m1 MESSAGE"));
	assert_non_null(strstr((const char *)b.ptr, "note\033[0m\n"));
	buf_free(&b);
	ladder_free(l);
}

static int draw_all(void *arg)
{
	const struct ladder_style style = { .width = 100 };
	struct trace_record *records = arg;
	struct ladder *l = NULL;
	struct buf b;
	buf_init(&b, 0);
	int err = ladder_create(&l, &style);
	for (size_t i = 0; !err && i < sizeof(steps) / sizeof(*steps); i++)
		ladder_draw(l, &b, &records[i]);
	if (!err && buf_failed(&b))
		err = -1;
	buf_free(&b);
	ladder_free(l);
	return err;
}

static void test_no_memory(void **state)
{
	enum { COUNT = sizeof(steps) / sizeof(*steps) };
	struct trace_record records[COUNT];
	json_t *o[COUNT];
	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		step_read(&records[i], &o[i], &steps[i]);
	oom_walk(draw_all, records);
	for (size_t i = 0; i < COUNT; i++) {
		trace_record_free(&records[i]);
		json_decref(o[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ascii),     cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_hostile),   cmocka_unit_test(test_colour),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
