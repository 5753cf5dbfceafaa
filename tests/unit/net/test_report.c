/* SPDX-License-Identifier: Apache-2.0 */
/* What others will make of a certificate of ours. */
#include "net/report.h"

#include "pair.h"

#include <errno.h>

#include "support/oom.h"

static void made(struct net_report *r, const struct cert_spec *spec,
		 const struct test_cert *issuer, struct slice trust)
{
	struct test_cert leaf;
	certs_make(&leaf, spec, issuer);
	assert_int_equal(net_report_make(r, leaf.pem, trust), 0);
	certs_free(&leaf);
}

static void test_names(void **state)
{
	static const struct cert_spec spec = { .san = "DNS:a.test,DNS:B.test" };
	const struct pki *pki = *state;
	struct net_report r;
	made(&r, &spec, &pki->ca, pki->ca.pem);
	assert_int_equal(r.name_count, 2);
	assert_true(net_report_proves(&r, SLICE_LIT("A.test")));
	assert_true(net_report_proves(&r, SLICE_LIT("b.test")));
	assert_false(net_report_proves(&r, SLICE_LIT("test")));
	assert_true(r.from_s < r.until_s);
	assert_string_equal(r.chain, "");
	net_report_free(&r);
}

static void test_uses(void **state)
{
	static const struct {
		unsigned eku;
		bool server, client;
	} rows[] = {
		{ 0, true, true }, /* no extension: for everything */
		{ CERT_EKU_SERVER, true, false },
		{ CERT_EKU_CLIENT, false, true },
		{ CERT_EKU_SERVER | CERT_EKU_CLIENT, true, true },
		{ CERT_EKU_CODE, false, false },
	};
	const struct pki *pki = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct cert_spec spec = { .san = "DNS:a.test",
						.eku = rows[i].eku };
		struct net_report r;
		made(&r, &spec, &pki->ca, pki->ca.pem);
		assert_int_equal(r.server_use, rows[i].server);
		assert_int_equal(r.client_use, rows[i].client);
		net_report_free(&r);
	}
}

static void test_chain(void **state)
{
	static const struct cert_spec between = { .common_name = "between",
						  .authority = true };
	static const struct cert_spec wild = { .san = "DNS:*.test" };
	const struct pki *pki = *state;
	struct test_cert mid, leaf;
	struct net_report r;
	certs_make(&mid, &between, &pki->ca);
	certs_make(&leaf, &wild, &mid);
	/* the one in between is missing, then there */
	assert_int_equal(net_report_make(&r, leaf.pem, pki->ca.pem), 0);
	assert_true(strlen(r.chain) > 0);
	assert_int_equal(r.name_count, 0);
	net_report_free(&r);
	struct slice both = certs_join(leaf.pem, mid.pem);
	assert_int_equal(net_report_make(&r, both, pki->ca.pem), 0);
	assert_string_equal(r.chain, "");
	net_report_free(&r);
	/* nobody is trusted */
	assert_int_equal(net_report_make(&r, both, SLICE_NONE), 0);
	assert_true(strlen(r.chain) > 0);
	net_report_free(&r);
	certs_drop(&both);
	certs_free(&leaf);
	certs_free(&mid);
}

static void test_none(void **state)
{
	const struct pki *pki = *state;
	const struct slice bad[] = { SLICE_NONE, SLICE_LIT("x\n"),
				     pki->leaf.key_pem };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct net_report r;
		assert_int_equal(net_report_make(&r, bad[i], pki->ca.pem),
				 -EINVAL);
		net_report_free(&r);
	}
}

static int walk(void *arg)
{
	const struct pki *pki = arg;
	struct net_report r;
	int err = net_report_make(&r, pki->leaf.pem, pki->ca.pem);
	net_report_free(&r);
	return err;
}

static void test_memory(void **state)
{
	oom_walk(walk, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),  cmocka_unit_test(test_uses),
		cmocka_unit_test(test_chain),  cmocka_unit_test(test_none),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
