/* SPDX-License-Identifier: Apache-2.0 */
/* Names as providers write them: there, back, and what is nobody's business. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/decorate.h"

#define S(s)                                        \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
enum { BEFORE = 1000, END = 2000 };

static const struct slice ours[] = { S("contoso.test") };
static const struct slice plain[] = { S("hotmail.test") };
static const struct access_provider messenger = {
	.name = S("messenger"),
	.kind = ACCESS_PUBLIC_IM,
	.decoration = S("messenger.test"),
	.plain = plain,
	.plain_count = 1,
};
static const struct access_provider skype = {
	.name = S("skype"),
	.decoration = S("skype.test"),
};
static const struct access_provider icq = {
	.name = S("icq"),
	.ends_s = END,
	.successor = S("skype"),
};
static const struct access_partner heir = { .domain = S("icq.test"),
					    .edge = S("e.skype.test"),
					    .provider = &skype };
static const struct access_partner rows[] = {
	{ .domain = S("messenger.test"),
	  .edge = S("e.messenger.test"),
	  .provider = &messenger },
	{ .domain = S("hotmail.test"),
	  .edge = S("e.messenger.test"),
	  .provider = &messenger },
	{ .domain = S("fabrikam.test"),
	  .edge = S("e.messenger.test"),
	  .provider = &messenger },
	{ .domain = S("skype.test"),
	  .edge = S("e.skype.test"),
	  .provider = &skype },
	{ .domain = S("icq.test"),
	  .edge = S("e.icq.test"),
	  .provider = &icq,
	  .heir = &heir },
	{ .domain = S("litware.test"), .edge = S("e.litware.test") },
};
static const struct access_conf conf = {
	.domains = ours, .domain_count = 1, .partners = rows, .partner_count = 6
};

/* outside NULL: it is written as it is. */
static const struct {
	uint64_t now_s;
	const char *inside, *outside;
} PAIRS[] = {
	{ BEFORE, "bob@fabrikam.test", "bob(fabrikam.test)@messenger.test" },
	{ BEFORE, "b(o)b@fabrikam.test",
	  "b(o)b(fabrikam.test)@messenger.test" },
	{ BEFORE, "bob@messenger.test", NULL },
	{ BEFORE, "bob@hotmail.test", NULL },
	{ BEFORE, "bob@litware.test", NULL },
	{ BEFORE, "alice@contoso.test", NULL },
	{ BEFORE, "bob@elsewhere.test", NULL },
	{ BEFORE, "bob@icq.test", NULL },
	{ END, "bob@icq.test", "bob(icq.test)@skype.test" },
	{ END, "bob@fabrikam.test", "bob(fabrikam.test)@messenger.test" },
};

/* Taken apart by nobody. */
static const char *const WHOLE[] = {
	"bob(contoso.test)@messenger.test", /* ours */
	"bob(litware.test)@messenger.test", /* a partner's */
	"bob(skype.test)@messenger.test",   /* another provider's */
	"bob(hotmail.test)@messenger.test", /* written as it is */
	"bob(messenger.test)@messenger.test",
	"bob(elsewhere.test)@messenger.test",
	"bob(fabrikam.test)@hotmail.test", /* the wrong decoration */
	"bob(fabrikam.test)@litware.test",
	"bob(fabrikam.test)@contoso.test",
	"(fabrikam.test)@messenger.test", /* nobody */
	"bob()@messenger.test",
	"bob(.)@messenger.test",
	"bob)@messenger.test",
	"bob(fabrikam.test@messenger.test",
	"bob(fabrikam.test)x@messenger.test",
	"@messenger.test",
	"bob(fabrikam.test)@",
	"bob(fabrikam.test)",
	"",
};

static struct access *build(void)
{
	char error[256] = "";
	struct access *a = NULL;
	assert_int_equal(access_create(&a, &conf, error), 0);
	return a;
}

static void test_there_and_back(void **state)
{
	struct access *a = build();
	(void)state;
	for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
		char out[ACCESS_AOR_MAX] = "";
		struct slice in = slice_str(PAIRS[i].inside);
		bool done = access_decorate(a, in, PAIRS[i].now_s, out);
		assert_int_equal(done, PAIRS[i].outside != NULL);
		if (!done)
			continue;
		assert_string_equal(out, PAIRS[i].outside);
		char back[ACCESS_AOR_MAX] = "";
		assert_true(access_undecorate(a, slice_str(out), PAIRS[i].now_s,
					      back));
		assert_string_equal(back, PAIRS[i].inside);
	}
	access_free(a);
}

static void test_nobody_speaks_for_more(void **state)
{
	struct access *a = build();
	char out[ACCESS_AOR_MAX] = "untouched";
	(void)state;
	for (size_t i = 0; i < sizeof(WHOLE) / sizeof(WHOLE[0]); i++)
		if (access_undecorate(a, slice_str(WHOLE[i]), BEFORE, out))
			fail_msg("%s became %s", WHOLE[i], out);
	assert_false(access_undecorate(a, SLICE_LIT("b(icq.test)@skype.test"),
				       BEFORE, out));
	assert_string_equal(out, "untouched");
	access_free(a);
}

/* One name, however it is spelt (SIP-26). */
static void test_spellings(void **state)
{
	struct access *a = build();
	char out[ACCESS_AOR_MAX], domain[ACCESS_DOMAIN_MAX];
	(void)state;
	assert_true(access_undecorate(
		a, SLICE_LIT("bob(FABRIKAM.Test.)@messenger.test"), BEFORE,
		out));
	assert_string_equal(out, "bob@fabrikam.test");
	assert_true(access_decorated(SLICE_LIT("x(y)(Spam.TEST.)@anybody.test"),
				     domain));
	assert_string_equal(domain, "spam.test");
	access_free(a);
}

static void test_what_does_not_fit(void **state)
{
	struct access *a = build();
	char aor[600], out[ACCESS_AOR_MAX] = "untouched";
	(void)state;
	memset(aor, 'b', sizeof(aor));
	for (size_t user = 470; user < 500; user++) {
		strcpy(aor + user, "@fabrikam.test");
		bool fits = user + strlen("(fabrikam.test)@messenger.test") <
			    ACCESS_AOR_MAX;
		assert_int_equal(
			access_decorate(a, slice_str(aor), BEFORE, out), fits);
		aor[user] = 'b';
	}
	memset(aor, 'b', sizeof(aor));
	strcpy(aor, "bob(");
	aor[4] = 'b';
	strcpy(aor + 4 + ACCESS_DOMAIN_MAX, ")@messenger.test");
	assert_false(access_decorated(slice_str(aor), out));
	access_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_nobody_speaks_for_more),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_what_does_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
