/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of CSV lines (RFC 4180). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/csv.h"

static void lines(void **state)
{
	(void)state;
	static const struct {
		const char *line, *fields; /* each with | behind it */
	} rows[] = {
		{ "", "|" },
		{ "a", "a|" },
		{ "a,b", "a|b|" },
		{ ",", "||" },
		{ "\"a,b\",c", "a,b|c|" },
		{ "\"say \"\"x\"\"\",\"\"", "say \"x\"||" },
		{ "a\"b,c", "a\"b|c|" },
		{ "\"open", "!" },
		{ "\"a\"b,c", "!" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice rest = slice_str(rows[i].line);
		struct buf out;
		char got[64] = "";
		bool more = true;
		buf_init(&out, 0);
		while (csv_field(&rest, &more, &out)) {
			size_t len = strlen(got);
			if (buf_failed(&out)) {
				snprintf(got, sizeof(got), "!");
				break;
			}
			snprintf(got + len, sizeof(got) - len, "%.*s|",
				 SLICE_FMT(buf_slice(&out)));
		}
		buf_free(&out);
		assert_string_equal(got, rows[i].fields);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(lines) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
