/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-03: the stapled OCSP response of who we dial. */
#include "pair.h"

#include <openssl/ocsp.h>

#define DNS "DNS:sip.partner.test"

/* What the server staples; len 0: nothing. */
struct staple {
	uint8_t *der;
	int len;
};

struct row {
	const char *name;
	int status; /* V_OCSP_CERTSTATUS_*, -1: no staple */
	const EVP_MD *(*digest)(void);
	long from_s, until_s; /* from now; 0, 0: a day around now */
	bool other_signer, other_certificate, not_ocsp, must_staple;
	int answer; /* OCSP_RESPONSE_STATUS_* */
	const char *why;
};

static const struct row rows[] = {
	{ .name = "none", .status = -1 },
	{ .name = "good" },
	{ .name = "good, named by SHA-256", .digest = EVP_sha256 },
	{ .name = "revoked",
	  .status = V_OCSP_CERTSTATUS_REVOKED,
	  .why = "revoked" },
	{ .name = "unknown",
	  .status = V_OCSP_CERTSTATUS_UNKNOWN,
	  .why = "unknown_to_issuer" },
	{ .name = "out of date",
	  .from_s = -7200,
	  .until_s = -3600,
	  .why = "bad_staple" },
	{ .name = "from the future",
	  .from_s = 3600,
	  .until_s = 7200,
	  .why = "bad_staple" },
	{ .name = "of another authority",
	  .other_signer = true,
	  .why = "bad_staple" },
	{ .name = "about another certificate",
	  .other_certificate = true,
	  .why = "bad_staple" },
	{ .name = "noise", .not_ocsp = true, .why = "bad_staple" },
	{ .name = "try later",
	  .answer = OCSP_RESPONSE_STATUS_TRYLATER,
	  .why = "bad_staple" },
	{ .name = "none, though promised",
	  .status = -1,
	  .must_staple = true,
	  .why = "no_staple" },
	{ .name = "promised and good", .must_staple = true },
};

static int on_status(SSL *ssl, void *arg)
{
	const struct staple *s = arg;

	if (!s->len)
		return SSL_TLSEXT_ERR_NOACK;
	uint8_t *copy = OPENSSL_memdup(s->der, (size_t)s->len);
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, s->len);
	return SSL_TLSEXT_ERR_OK;
}

static OCSP_BASICRESP *answer(const struct row *row, X509 *about, X509 *issuer)
{
	bool dated = row->from_s || row->until_s;
	ASN1_TIME *from = X509_gmtime_adj(NULL, dated ? row->from_s : -3600);
	ASN1_TIME *until = X509_gmtime_adj(NULL, dated ? row->until_s : 3600);
	ASN1_TIME *revoked = X509_gmtime_adj(NULL, -3600);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(row->digest ? row->digest() : NULL,
					  about, issuer);

	assert_non_null(OCSP_basic_add1_status(basic, id, row->status, 0,
					       revoked, from, until));
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	ASN1_TIME_free(revoked);
	return basic;
}

static struct staple make(const struct row *row, const struct pki *pki,
			  const struct test_cert *theirs)
{
	static const struct cert_spec other = { .common_name = "other",
						.authority = true };
	struct test_cert stranger;
	struct staple s = { NULL, 0 };

	if (row->status < 0)
		return s;
	certs_make(&stranger, &other, NULL);
	const struct test_cert *by = row->other_signer ? &stranger : &pki->ca;
	OCSP_BASICRESP *basic = answer(
		row, row->other_certificate ? pki->leaf.cert : theirs->cert,
		pki->ca.cert);
	assert_int_equal(OCSP_basic_sign(basic, by->cert, by->key, EVP_sha256(),
					 NULL, 0),
			 1);
	OCSP_RESPONSE *response = OCSP_response_create(row->answer, basic);
	s.len = i2d_OCSP_RESPONSE(response, &s.der);
	assert_true(s.len > 0);
	if (row->not_ocsp)
		memset(s.der, 0x55, (size_t)s.len);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	certs_free(&stranger);
	return s;
}

static void check(const struct row *row, struct tls *t)
{
	const char *why = tls_why(t) ? tls_why(t) : "-";

	if (!row->why && tls_status(t) != TLS_OPEN)
		fail_msg("%s: refused (%s, %s)", row->name, why, tls_text(t));
	if (row->why && tls_status(t) != TLS_FAILED)
		fail_msg("%s: accepted", row->name);
	if (row->why && strcmp(why, row->why) != 0)
		fail_msg("%s: %s instead of %s", row->name, why, row->why);
}

static void run(const struct row *row, const struct pki *pki, int version,
		const struct test_cert *trust)
{
	const struct cert_spec spec = { .san = DNS,
					.must_staple = row->must_staple };
	struct test_cert theirs;
	struct pair p;

	certs_make(&theirs, &spec, &pki->ca);
	struct staple s = make(row, pki, &theirs);
	struct net_tls *server = context(&theirs, NULL, NET_TLS_CLIENTS);
	struct net_tls *dial = context(&pki->leaf, trust, NET_TLS_DIAL);
	SSL_CTX_set_max_proto_version(server->ctx, version);
	SSL_CTX_set_tlsext_status_cb(server->ctx, on_status);
	SSL_CTX_set_tlsext_status_arg(server->ctx, &s);
	pair_open(&p, server, dial, "sip.partner.test");
	pair_pump(&p, 1 << 20);
	check(row, p.client);
	if (!row->why) {
		/* and it still works */
		assert_int_equal(tls_output(p.server, SLICE_LIT("hello")), 0);
		pair_pump(&p, 1 << 20);
		assert_int_equal(p.at_client.len, 5);
	}
	pair_close(&p);
	net_tls_free(server);
	net_tls_free(dial);
	OPENSSL_free(s.der);
	certs_free(&theirs);
}

static void staples(void **state)
{
	struct pki *pki = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(&rows[i], pki, TLS1_2_VERSION, &pki->ca);
		run(&rows[i], pki, TLS1_3_VERSION, &pki->ca);
	}
}

/* The list speaks of others; who signed the staple needs none. */
static void beside_a_list(void **state)
{
	struct pki *pki = *state;
	struct slice list = certs_crl(&pki->ca, &pki->leaf);
	struct slice both = certs_join(pki->ca.pem, list);
	struct test_cert trust = { .pem = both };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		run(&rows[i], pki, TLS1_3_VERSION, &trust);
	certs_drop(&both);
	certs_drop(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(staples),
		cmocka_unit_test(beside_a_list),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
