/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-07: files that must be refused, with a sentence that names the file and
 * what is wrong with it. */
#include "pair.h"

#include <errno.h>

#include "support/oom.h"

static void refused(const struct net_tls_conf *conf, enum net_tls_use use,
		    const char *want)
{
	char error[NET_ERROR_MAX];
	struct net_tls *t = NULL;

	assert_int_equal(net_tls_create(&t, conf, use, error), -EINVAL);
	assert_null(t);
	if (!strstr(error, want))
		fail_msg("\"%s\" instead of \"%s\"", error, want);
}

static void accepted(const struct net_tls_conf *conf, enum net_tls_use use)
{
	char error[NET_ERROR_MAX];
	struct net_tls *t = NULL;

	if (net_tls_create(&t, conf, use, error))
		fail_msg("%s", error);
	net_tls_free(t);
}

static void our_certificate(void **state)
{
	struct pki *pki = *state;
	struct test_cert other;
	struct slice good = pki->leaf.pem, key = pki->leaf.key_pem;

	certs_leaf(&other, "other.test", &pki->ca);
	struct slice chain = certs_join(good, pki->ca.pem);
	const struct {
		struct slice certificate, key, name;
		const char *want;
	} rows[] = {
		{ good, key, SLICE_NONE, NULL },
		{ good, key, SLICE_LIT("edge.test"), NULL },
		{ chain, key, SLICE_NONE, NULL },
		{ SLICE_NONE, key, SLICE_NONE, "edge.pem: the file is empty" },
		{ SLICE_LIT(" \n"), key, SLICE_NONE,
		  "edge.pem: the file is empty" },
		{ good, SLICE_NONE, SLICE_NONE, "edge.key: the file is empty" },
		{ slice_head(good, good.len / 2), key, SLICE_NONE,
		  "edge.pem: a PEM block is not complete" },
		{ slice_head(good, good.len - 4), key, SLICE_NONE,
		  "edge.pem: a PEM block is not complete" },
		{ slice_head(chain, chain.len - 40), key, SLICE_NONE,
		  "edge.pem: a PEM block is not complete" },
		{ slice_head(chain, good.len + 9), key, SLICE_NONE,
		  "edge.pem: a PEM block is not complete" },
		{ good, slice_head(key, key.len / 2), SLICE_NONE,
		  "edge.key: a PEM block is not complete" },
		{ key, key, SLICE_NONE, "edge.pem: no certificate" },
		{ good, good, SLICE_NONE, "edge.key: no private key" },
		{ SLICE_LIT("hello\n"), key, SLICE_NONE,
		  "edge.pem: no certificate" },
		{ good, other.key_pem, SLICE_NONE,
		  "edge.key: the key does not belong to edge.pem" },
		{ good, key, SLICE_LIT("edge.other"),
		  "edge.pem: the certificate is not for edge.other" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_tls_conf conf = certs_conf(&pki->leaf, &pki->ca);
		conf.own.certificate = rows[i].certificate;
		conf.own.key = rows[i].key;
		conf.name = rows[i].name;
		if (rows[i].want)
			refused(&conf, NET_TLS_FEDERATION, rows[i].want);
		else
			accepted(&conf, NET_TLS_FEDERATION);
	}
	certs_drop(&chain);
	certs_free(&other);
}

static void dates(void **state)
{
	static const struct {
		int from, until;
		const char *want;
	} rows[] = {
		{ -10, -1, "edge.pem: the certificate expired on 2" },
		{ 1, 10, "edge.pem: the certificate is not valid before 2" },
	};
	struct pki *pki = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cert_spec spec = { .san = "DNS:edge.test",
					  .from_days = rows[i].from,
					  .until_days = rows[i].until };
		struct test_cert leaf;
		certs_make(&leaf, &spec, &pki->ca);
		struct net_tls_conf conf = certs_conf(&leaf, &pki->ca);
		refused(&conf, NET_TLS_CLIENTS, rows[i].want);
		certs_free(&leaf);
	}
}

static void trust(void **state)
{
	struct pki *pki = *state;
	struct net_tls_conf conf = certs_conf(&pki->leaf, &pki->ca);
	struct slice good = conf.trust;
	static const char broken[] = "-----BEGIN CERTIFICATE-----\nAAAA\n"
				     "-----END CERTIFICATE-----\n";

	conf.trust = SLICE_NONE;
	accepted(&conf, NET_TLS_CLIENTS); /* needs none */
	refused(&conf, NET_TLS_FEDERATION, "trust.pem: the file is empty");
	refused(&conf, NET_TLS_DIAL, "trust.pem: the file is empty");
	refused(&conf, NET_TLS_USER, "trust.pem: the file is empty");
	conf.trust = pki->leaf.key_pem;
	refused(&conf, NET_TLS_USER, "trust.pem: no authority");
	conf.trust = SLICE_LIT(broken);
	refused(&conf, NET_TLS_USER, "trust.pem: ");
	conf.trust = slice_head(good, good.len / 2);
	refused(&conf, NET_TLS_USER, "trust.pem: a PEM block");
	/* a bundle with comments, and everything twice */
	struct slice text = certs_join(SLICE_LIT("# Authority One\n"), good);
	struct slice twice = certs_join(text, text);
	conf.trust = twice;
	accepted(&conf, NET_TLS_USER);
	certs_drop(&text);
	certs_drop(&twice);
}

static void a_key_with_a_passphrase_is_refused_without_asking(void **state)
{
	struct pki *pki = *state;
	struct net_tls_conf conf = certs_conf(&pki->leaf, &pki->ca);
	BIO *bio = BIO_new(BIO_s_mem());
	char pass[] = "secret", *data;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pki->leaf.key,
						       EVP_aes_128_cbc(), pass,
						       6, NULL, NULL),
			 1);
	conf.own.key.len = (size_t)BIO_get_mem_data(bio, &data);
	conf.own.key.ptr = (const uint8_t *)data;
	refused(&conf, NET_TLS_CLIENTS, "edge.key: no private key");
	BIO_free(bio);
}

static void the_order_of_a_chain(void **state)
{
	static const struct cert_spec middle = { .common_name = "middle",
						 .authority = true };
	struct pki *pki = *state;
	struct test_cert between, leaf;

	certs_make(&between, &middle, &pki->ca);
	certs_leaf(&leaf, "edge.test", &between);
	struct slice good = certs_join(leaf.pem, between.pem);
	struct slice whole = certs_join(good, pki->ca.pem);
	struct slice gap = certs_join(leaf.pem, pki->ca.pem);
	const struct {
		struct slice chain;
		const char *want;
	} rows[] = {
		{ good, NULL },
		{ whole, NULL },
		{ gap, "edge.pem: certificate 2 is not the issuer" },
		{ leaf.pem, "edge.pem: the chain is not complete: the "
			    "certificate of the issuer (/CN=middle)" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_tls_conf conf = certs_conf(&leaf, &pki->ca);
		conf.own.certificate = rows[i].chain;
		if (rows[i].want)
			refused(&conf, NET_TLS_FEDERATION, rows[i].want);
		else
			accepted(&conf, NET_TLS_FEDERATION);
	}
	/* who is trusted need not be in the file */
	struct slice both = certs_join(pki->ca.pem, between.pem);
	struct test_cert trusted = { .pem = both };
	struct net_tls_conf conf = certs_conf(&leaf, &trusted);
	accepted(&conf, NET_TLS_FEDERATION);
	certs_drop(&both);
	certs_drop(&good);
	certs_drop(&whole);
	certs_drop(&gap);
	certs_free(&leaf);
	certs_free(&between);
}

static void revocation_lists(void **state)
{
	struct pki *pki = *state;
	struct slice list = certs_crl(&pki->ca, &pki->leaf);
	struct slice both = certs_join(list, pki->ca.pem);
	struct slice two = certs_join(list, list);
	const struct {
		struct slice crl;
		const char *want;
	} rows[] = {
		{ list, NULL },
		{ two, NULL },
		{ SLICE_NONE, "crl.pem: the file is empty" },
		{ slice_head(list, list.len - 30),
		  "crl.pem: a PEM block is not complete" },
		{ both, "crl.pem: a certificate is in it" },
		{ pki->leaf.key_pem, "crl.pem: no revocation list" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_tls_conf conf = certs_conf(&pki->leaf, &pki->ca);
		conf.crl = rows[i].crl;
		conf.crl_path = SLICE_LIT("crl.pem");
		if (rows[i].want)
			refused(&conf, NET_TLS_FEDERATION, rows[i].want);
		else
			accepted(&conf, NET_TLS_FEDERATION);
	}
	certs_drop(&two);
	certs_drop(&both);
	certs_drop(&list);
}

static int scenario(void *arg)
{
	struct pki *pki = arg;
	struct net_tls_conf conf = certs_conf(&pki->leaf, &pki->ca);
	char error[NET_ERROR_MAX];
	struct net_tls *t = NULL;

	conf.name = SLICE_LIT("edge.test");
	int err = net_tls_create(&t, &conf, NET_TLS_FEDERATION, error);
	if (err)
		assert_true(error[0]);
	net_tls_free(t);
	return err;
}

static void survives_failing_allocations(void **state)
{
	oom_walk(scenario, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_certificate),
		cmocka_unit_test(dates),
		cmocka_unit_test(trust),
		cmocka_unit_test(the_order_of_a_chain),
		cmocka_unit_test(revocation_lists),
		cmocka_unit_test(
			a_key_with_a_passphrase_is_refused_without_asking),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
