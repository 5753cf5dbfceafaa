/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-08: when certificates and lists end. */
#include "pair.h"

#include <errno.h>
#include <time.h>

#include "support/oom.h"

enum { DAY_S = 86400 };

static void near(uint64_t s, int days)
{
	uint64_t want = (uint64_t)time(NULL) + (uint64_t)(days * DAY_S);

	assert_in_range(s, want - 60, want + 60);
}

static void certificates(void **state)
{
	static const struct cert_spec spec = { .san = "DNS:a.test,DNS:b.test",
					       .from_days = -3,
					       .until_days = 9 };
	static const struct cert_spec wild = { .san = "DNS:*.test" };
	struct pki *pki = *state;
	struct net_certificate c;
	struct test_cert leaf;

	certs_make(&leaf, &spec, &pki->ca);
	struct slice chain = certs_join(leaf.pem, pki->ca.pem);
	assert_int_equal(net_certificate_read(&c, chain), 0);
	assert_string_equal(c.name, "a.test");
	assert_true(strlen(c.serial) > 0);
	near(c.from_s, -3);
	near(c.until_s, 9);
	certs_drop(&chain);
	certs_free(&leaf);

	certs_make(&leaf, &wild, &pki->ca);
	assert_int_equal(net_certificate_read(&c, leaf.pem), 0);
	assert_string_equal(c.name, "");
	certs_free(&leaf);

	assert_int_equal(net_certificate_read(&c, SLICE_NONE), -EINVAL);
	assert_int_equal(net_certificate_read(&c, SLICE_LIT("x\n")), -EINVAL);
	assert_int_equal(net_certificate_read(&c, pki->leaf.key_pem), -EINVAL);
}

static void lists(void **state)
{
	struct pki *pki = *state;
	uint64_t s = 7;

	assert_int_equal(net_crl_until(&s, SLICE_NONE), -EINVAL);
	assert_int_equal(net_crl_until(&s, pki->leaf.pem), -EINVAL);
	assert_int_equal(s, 7);
	struct slice list = certs_crl(&pki->ca, &pki->leaf);
	struct slice two = certs_join(list, list);
	assert_int_equal(net_crl_until(&s, two), 0);
	near(s, 1);
	certs_drop(&two);
	certs_drop(&list);
}

static int scenario(void *arg)
{
	const struct pki *pki = arg;
	struct net_certificate c;

	return net_certificate_read(&c, pki->leaf.pem);
}

static void survives_failing_allocations(void **state)
{
	oom_walk(scenario, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(lists),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
