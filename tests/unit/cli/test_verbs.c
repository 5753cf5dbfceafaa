/* SPDX-License-Identifier: Apache-2.0 */
/* The table of verbs is complete, and the completion knows all of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/cli/capture.h"

#define COMPLETION SOURCE_DIR "/packaging/completion/"

static char *read_text(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(path, "r");

	assert_non_null(text);
	assert_non_null(f);
	assert_true(fread(text, 1, 65535, f) > 0);
	fclose(f);
	return text;
}

/* Stands there as a word of its own. */
static bool has_word(const char *text, const char *word, size_t len)
{
	static const char ends[] = " \t\n'\":[);=";

	for (const char *at = text; (at = strstr(at, word)); at++) {
		char before = at > text ? at[-1] : ' ';
		char after = at[len];
		if (strchr(ends, before) && strchr(ends, after))
			return true;
	}
	return false;
}

static void check_words(const char *text, const char *words)
{
	char word[32];
	struct slice rest = slice_str(words);

	while (rest.len) {
		ptrdiff_t blank = slice_chr(rest, ' ');
		size_t len = blank < 0 ? rest.len : (size_t)blank;
		assert_int_equal(
			slice_cstr(slice_head(rest, len), word, sizeof(word)),
			0);
		if (!has_word(text, word, len))
			fail_msg("\"%s\" of \"%s\" is not completed", word,
				 words);
		rest = slice_from(rest, len + 1);
	}
}

static void check_completion(const char *path)
{
	char *text = read_text(path);

	for (const struct cli_verb *v = cli_verbs; v->words; v++)
		check_words(text, v->words);
	for (unsigned id = 0; id < OPT_COUNT_OF; id++)
		check_words(text, cli_options[id].name);
	assert_false(has_word(text, "frobnicate", 10));
	free(text);
}

static void test_bash(void **state)
{
	(void)state;
	check_completion(COMPLETION "sallyport.bash");
}

static void test_zsh(void **state)
{
	(void)state;
	check_completion(COMPLETION "_sallyport");
}

static void test_rows(void **state)
{
	(void)state;
	for (const struct cli_verb *v = cli_verbs; v->words; v++) {
		assert_non_null(v->operands);
		assert_non_null(v->more);
		assert_true(v->help && *v->help);
		assert_non_null(v->run);
		assert_true(v->min <= v->max && v->max < CLI_WORDS_MAX);
		assert_int_equal(v->must & ~v->options, 0);
		assert_int_equal(v->options & CLI_COMMON, 0);
		assert_int_equal(!*v->operands, v->max == 0);
	}
}

static void test_each_has_help(void **state)
{
	struct capture c;

	(void)state;
	for (const struct cli_verb *v = cli_verbs; v->words; v++) {
		capture_open(&c);
		assert_int_equal(cli_help_verb(&c.cli, v), CLI_DONE);
		fflush(c.cli.out);
		assert_non_null(strstr(c.out, v->words));
		assert_non_null(strstr(c.out, v->help));
		for (unsigned id = 0; id < OPT_COUNT_OF; id++)
			if (v->options & CLI_OPT(id))
				assert_non_null(
					strstr(c.out, cli_options[id].name));
		capture_close(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bash),
		cmocka_unit_test(test_zsh),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_each_has_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
