/* SPDX-License-Identifier: Apache-2.0 */
/* Every demand against every kind of evidence, by a table in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/access.h"
#include "access/reject.h"

enum { KEY = 7, OTHER = 8 };

static const uint8_t pins[2][ACCESS_PIN_BYTES] = { { OTHER }, { KEY } };

static const struct {
	const char *what;
	enum access_proof_kind kind;
	size_t pins; /* 2: with that of the key */
	bool chained;
	enum access_tlsa tlsa;
	enum access_lack lack;
} ROWS[] = {
#define PKI ACCESS_PROOF_PKI
#define PIN ACCESS_PROOF_PIN
#define DANE ACCESS_PROOF_DANE
#define EITHER ACCESS_PROOF_DANE_OR_PKI
#define ROW(k, p, c, t, l)                                         \
	{                                                          \
#k " " #p " " #c " " #t, k, p, c, ACCESS_TLSA_##t, \
			ACCESS_LACKS_##l                           \
	}
	ROW(PKI, 0, true, UNKNOWN, NOTHING),
	ROW(PKI, 0, false, UNKNOWN, AUTHORITY),
	ROW(PKI, 0, false, MATCH, AUTHORITY), /* nobody asked for records */
	ROW(PKI, 1, true, UNKNOWN, PIN),
	ROW(PKI, 2, true, UNKNOWN, NOTHING),
	ROW(PKI, 2, false, UNKNOWN, AUTHORITY),
	ROW(PIN, 0, true, UNKNOWN, PIN),
	ROW(PIN, 1, true, UNKNOWN, PIN),
	ROW(PIN, 2, false, UNKNOWN, NOTHING),
	ROW(DANE, 0, true, UNKNOWN, TLSA),
	ROW(DANE, 0, false, MATCH, NOTHING),
	ROW(DANE, 0, true, MISMATCH, MATCH),
	ROW(DANE, 0, true, NONE, RECORD),
	ROW(DANE, 0, true, FAILED, ANSWER),
	ROW(DANE, 1, true, MATCH, PIN),
	ROW(DANE, 2, false, MATCH, NOTHING),
	ROW(EITHER, 0, true, UNKNOWN, TLSA),
	ROW(EITHER, 0, false, MATCH, NOTHING),
	ROW(EITHER, 0, true, MISMATCH, MATCH),
	ROW(EITHER, 0, true, NONE, NOTHING),
	ROW(EITHER, 0, false, NONE, AUTHORITY),
	ROW(EITHER, 0, true, FAILED, ANSWER), /* or else it is suppressed */
};

static void test_demands(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
		const struct access_demand d = { .kind = ROWS[i].kind,
						 .pin = pins,
						 .pin_count = ROWS[i].pins };
		const struct access_evidence e = { .chained = ROWS[i].chained,
						   .key = { KEY },
						   .tlsa = ROWS[i].tlsa };
		enum access_lack lack = access_lack(&d, &e, true);
		if (lack != ROWS[i].lack)
			fail_msg("%s: %s", ROWS[i].what,
				 access_lack_text(lack));
		assert_int_equal(access_lack(&d, &e, false), lack);
		assert_true(strlen(access_lack_text(lack)) > 0);
	}
}

/* Only who comes shows a certificate that might be for something else. */
static void test_usages(void **state)
{
	(void)state;
	for (unsigned wants = 0; wants < 8; wants++)
		for (unsigned has = 0; has < 8; has++) {
			const struct access_demand d = { .usages = wants };
			const struct access_evidence e = { .chained = true,
							   .usages = has };
			bool good = !wants || (wants & has);
			assert_int_equal(access_lack(&d, &e, true),
					 good ? ACCESS_LACKS_NOTHING
					      : ACCESS_LACKS_USAGE);
			assert_int_equal(access_lack(&d, &e, false),
					 ACCESS_LACKS_NOTHING);
		}
}

#define S(s)                                        \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
static const struct slice ours[] = { S("contoso.test") };
static const struct access_partner rows[] = {
	{ .domain = S("fabrikam.test"),
	  .edge = S("edge.fabrikam.test"),
	  .proof = { .kind = ACCESS_PROOF_DANE } },
	{ .domain = S("litware.test"), .proof = { .kind = ACCESS_PROOF_DANE } },
};
static const struct access_conf conf = {
	.domains = ours, .domain_count = 1, .partners = rows, .partner_count = 2
};

/* The judge asks for what is missing, and for the name it is about. */
static void test_the_judge_asks(void **state)
{
	static const char peer[2][256] = { "edge.fabrikam.test",
					   "sip2.litware.test" };
	static const struct access_target target[] = {
		{ S("sip1.litware.test"), true },
		{ S("sip2.litware.test"), true },
	};
	struct access_evidence e = { .chained = true };
	struct access_facts f = {
		.source = ACCESS_FROM_FEDERATION,
		.peer_name = peer,
		.peer_name_count = 2,
		.evidence = &e,
		.method = SLICE_LIT("MESSAGE"),
		.crosses = true,
		.from_aor = SLICE_LIT("bob@fabrikam.test"),
		.from_domain = SLICE_LIT("fabrikam.test"),
		.to_aor = SLICE_LIT("alice@contoso.test"),
		.to_domain = SLICE_LIT("contoso.test"),
		.from_srv = { ACCESS_SRV_KNOWN, target, 2 },
	};
	char error[256];
	struct access *a = NULL;
	(void)state;
	assert_int_equal(access_create(&a, &conf, error), 0);
	struct access_verdict v = access_judge(a, &f);
	assert_int_equal(v.kind, ACCESS_NEED_TLSA);
	assert_true(slice_eq(access_proven_name(&f, v.partner),
			     SLICE_LIT("edge.fabrikam.test")));
	e.tlsa = ACCESS_TLSA_MISMATCH;
	v = access_judge(a, &f);
	assert_ptr_equal(v.reject, &ACCESS_REJ_PROOF);
	assert_ptr_equal(v.partner, &rows[0]);
	e.tlsa = ACCESS_TLSA_FAILED;
	assert_ptr_equal(access_judge(a, &f).reject, &ACCESS_REJ_PROOF_UNKNOWN);
	e.tlsa = ACCESS_TLSA_MATCH;
	assert_int_equal(access_judge(a, &f).kind, ACCESS_TO_INSIDE);
	f.from_domain = SLICE_LIT("litware.test");
	assert_true(slice_eq(access_proven_name(&f, &rows[1]),
			     SLICE_LIT("sip2.litware.test")));
	f.peer_name_count = 1;
	assert_int_equal(access_proven_name(&f, &rows[1]).len, 0);
	access_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_demands),
		cmocka_unit_test(test_usages),
		cmocka_unit_test(test_the_judge_asks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
