/* SPDX-License-Identifier: Apache-2.0 */
/* Which messages match, as rows. */
#include "edge/trace_filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct wanted {
	const char *user, *partner, *call;
};

static int init(struct trace_filter *f, const struct wanted *w)
{
	const struct ipc_trace m = { .user = slice_str(w->user),
				     .partner = slice_str(w->partner),
				     .call_id = slice_str(w->call) };
	return trace_filter_init(f, &m);
}

static bool takes(struct trace_filter *f, const char *call, const char *more,
		  const struct trace_party *party)
{
	static const struct trace_party nobody;
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg m = { 0 };
	char text[1024];
	snprintf(text, sizeof(text),
		 "MESSAGE sip:Bob@fabrikam.test SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS x.test;branch=z9hG4bKx\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:alice@contoso.test>;tag=1\r\n"
		 "To: <sip:carol@Northwind.test>\r\nCall-ID: %s\r\n"
		 "CSeq: 1 MESSAGE\r\n%sContent-Length: 0\r\n\r\n",
		 call, more);
	assert_null(sip_parse(a, slice_str(text), &sip_limits_default, &m));
	party = party ? party : &nobody;
	bool may = trace_filter_may(f, slice_str(text), party);
	bool yes = trace_filter_takes(f, &m, party);
	assert_true(may || !yes);
	arena_free(a);
	return yes;
}

static void test_rows(void **state)
{
	static const struct {
		struct wanted wanted;
		const char *more, *user, *partner;
		bool taken;
	} rows[] = {
		{ { .user = NULL }, "", "", "", true },
		{ { .user = "alice@contoso.test" }, "", "", "", true },
		{ { .user = "ALICE@Contoso.Test" }, "", "", "", false },
		{ { .user = "alice@CONTOSO.test" }, "", "", "", true },
		{ { .user = "carol@northwind.test" }, "", "", "", true },
		{ { .user = "Bob@fabrikam.test" }, "", "", "", true },
		{ { .user = "eve@fabrikam.test" }, "", "", "", false },
		{ { .user = "eve@fabrikam.test" },
		  "P-Asserted-Identity: <sip:x@y.test>, "
		  "<sip:eve@fabrikam.test>\r\n",
		  "",
		  "",
		  true },
		{ { .user = "eve@fabrikam.test" },
		  "",
		  "eve@fabrikam.test",
		  "",
		  true },
		{ { .partner = "fabrikam.test" }, "", "", "", true },
		{ { .partner = "NORTHWIND.test" }, "", "", "", true },
		{ { .partner = "litware.test" }, "", "", "", false },
		{ { .partner = "litware.test" },
		  "",
		  "",
		  "srv:litware.test",
		  true },
		{ { .partner = "edge.litware.test" },
		  "",
		  "",
		  "edge.litware.test",
		  true },
		{ { .call = "c1" }, "", "", "", true },
		{ { .call = "C1" }, "", "", "", false },
		/* all that are given */
		{ { .user = "alice@contoso.test", .partner = "litware.test" },
		  "",
		  "",
		  "",
		  false },
		{ { .user = "alice@contoso.test", .call = "c2" },
		  "",
		  "",
		  "",
		  false },
		{ { "alice@contoso.test", "fabrikam.test", "c1" },
		  "",
		  "",
		  "",
		  true },
	};
	static struct trace_filter f;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct trace_party party = {
			.user = slice_str(rows[i].user),
			.partner = slice_str(rows[i].partner)
		};
		assert_int_equal(init(&f, &rows[i].wanted), 0);
		if (takes(&f, "c1", rows[i].more, &party) != rows[i].taken)
			fail_msg("row %zu", i);
	}
}

/* What matched is followed, for as many calls as are remembered. */
static void test_calls(void **state)
{
	const struct wanted w = { .user = "eve@fabrikam.test" };
	const struct trace_party eve = { .user = SLICE_LIT(
						 "eve@fabrikam.test") };
	static struct trace_filter f;
	char call[32];
	(void)state;
	assert_int_equal(init(&f, &w), 0);
	assert_false(takes(&f, "c1", "", NULL));
	assert_true(takes(&f, "c1", "", &eve));
	assert_true(takes(&f, "c1", "", NULL));
	assert_false(takes(&f, "c2", "", NULL));
	for (int i = 0; i < TRACE_CALLS; i++) {
		snprintf(call, sizeof(call), "more%d", i);
		assert_true(takes(&f, call, "", &eve));
	}
	assert_false(takes(&f, "c1", "", NULL));
	assert_true(takes(&f, "more0", "", NULL));
}

/* What is not even read, and what might be meant all the same. */
static void test_may(void **state)
{
	static const struct {
		struct wanted wanted;
		const char *text;
		bool may;
	} rows[] = {
		{ { .call = "c1" }, "Call-ID: c2", false },
		{ { .call = "c1" }, "Call-ID: c1", true },
		{ { .user = "alice@contoso.test" }, "bob@contoso.test", false },
		{ { .user = "alice@contoso.test" }, "%61lice@x", true },
		{ { .partner = "b.test" }, "A@B.TEST", true },
		{ { .partner = "b.test" }, "a@b.tes", false },
		{ { .partner = "2001:db8::1" }, "", true },
		{ { .user = NULL }, "", true },
	};
	static struct trace_filter f;
	const struct trace_party nobody = { .user = SLICE_NONE };
	const struct trace_party alice = { .user = SLICE_LIT(
						   "alice@contoso.test") };
	const struct trace_party some = { .partner = SLICE_LIT("srv:b.test") };
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(init(&f, &rows[i].wanted), 0);
		if (trace_filter_may(&f, slice_str(rows[i].text), &nobody) !=
		    rows[i].may)
			fail_msg("row %zu", i);
	}
	assert_int_equal(init(&f, &rows[2].wanted), 0);
	assert_true(trace_filter_may(&f, SLICE_LIT("x"), &alice));
	assert_int_equal(init(&f, &rows[5].wanted), 0);
	assert_true(trace_filter_may(&f, SLICE_LIT("x"), &some));
}

static void test_strange(void **state)
{
	static const struct wanted rows[] = {
		{ .user = "no address" },
		{ .partner = "not a domain" },
	};
	static struct trace_filter f;
	char call[TRACE_CALL_MAX + 1];
	const struct wanted too_long = { .call = call };
	struct sip_msg nothing = { 0 };
	const struct trace_party nobody = { .user = SLICE_NONE };
	const struct wanted alice = { .user = "alice@contoso.test" };
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(init(&f, &rows[i]), -EINVAL);
	memset(call, 'c', TRACE_CALL_MAX);
	call[TRACE_CALL_MAX] = '\0';
	assert_int_equal(init(&f, &too_long), -EINVAL);
	/* a message of which nothing could be read */
	assert_int_equal(init(&f, &alice), 0);
	assert_false(trace_filter_takes(&f, &nothing, &nobody));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_may),
		cmocka_unit_test(test_strange),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
