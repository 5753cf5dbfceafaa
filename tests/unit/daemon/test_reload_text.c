/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals taken apart, as conf/ and net/ write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/reload_text.h"

static const struct {
	const char *text, *file, *line, *why, *tls_file;
} rows[] = {
	{ "/e/s.yaml:12: edgee: is not known", "/e/s.yaml", "12",
	  "edgee: is not known", "" },
	{ "/e/s:3:a.yaml:12: x", "/e/s:3:a.yaml", "12", "x", "" },
	{ "/e/s.yaml:7: /e/edge.pem: the certificate expired on 2026-01-01",
	  "/e/s.yaml", "7",
	  "/e/edge.pem: the certificate expired on 2026-01-01", "/e/edge.pem" },
	{ "/e/s.yaml:8: tls.key: /e/edge.key cannot be opened (No such file)",
	  "/e/s.yaml", "8",
	  "tls.key: /e/edge.key cannot be opened (No such "
	  "file)",
	  "/e/edge.key" },
	{ "s.yaml:8: inside.certificate: /e/in.pem is empty", "s.yaml", "8",
	  "inside.certificate: /e/in.pem is empty", "/e/in.pem" },
	{ "s.yaml:8: tls.certificate: is missing; write it", "s.yaml", "8",
	  "tls.certificate: is missing; write it", "" },
	{ "s.yaml:8: tls.", "s.yaml", "8", "tls.", "" },
	{ "s.yaml:8: /", "s.yaml", "8", "/", "/" },
	{ "something else: 3", "", "", "something else: 3", "" },
	{ "s.yaml:: x", "", "", "s.yaml:: x", "" },
	{ "s.yaml:12:", "", "", "s.yaml:12:", "" },
	{ ":1: ", "", "1", "", "" },
	{ "", "", "", "", "" },
};

static void same(struct slice got, const char *want)
{
	if (!slice_eq(got, slice_str(want)))
		fail_msg("'%.*s' instead of '%s'", SLICE_FMT(got), want);
}

static void test_split(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reload_text t;
		reload_text_split(slice_str(rows[i].text), &t);
		same(t.file, rows[i].file);
		same(t.line, rows[i].line);
		same(t.why, rows[i].why);
		same(t.tls_file, rows[i].tls_file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_split) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
