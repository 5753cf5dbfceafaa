/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-03: certificates that a partner may show, when it dials us and when we
 * dial it, and the word that the log has for each refusal. */
#include "pair.h"

#include <stdlib.h>

#define DNS "DNS:sip.partner.test"

struct row {
	const char *name;
	struct cert_spec spec;
	const char *in;  /* why it is refused when it dials us; NULL: fine */
	const char *out; /* and when we dial it as sip.partner.test */
};

static const uint8_t nul_name[] = "sip.partner.test\0.evil.test";

static const struct row rows[] = {
	{ "good",
	  { .san = DNS, .eku = CERT_EKU_SERVER | CERT_EKU_CLIENT },
	  NULL,
	  NULL },
	{ "no usage named", { .san = DNS }, NULL, NULL },
	{ "serverAuth only",
	  { .san = DNS, .eku = CERT_EKU_SERVER },
	  NULL,
	  NULL },
	{ "clientAuth only",
	  { .san = DNS, .eku = CERT_EKU_CLIENT },
	  NULL,
	  "key_usage" },
	{ "neither usage",
	  { .san = DNS, .eku = CERT_EKU_CODE },
	  "key_usage",
	  "key_usage" },
	{ "a key that may not sign",
	  { .san = DNS, .key_encipherment_only = true },
	  "key_usage",
	  NULL },
	{ "expired",
	  { .san = DNS, .from_days = -30, .until_days = -1 },
	  "expired",
	  "expired" },
	{ "not yet valid",
	  { .san = DNS, .from_days = 1, .until_days = 30 },
	  "not_yet_valid",
	  "not_yet_valid" },
	{ "another name", { .san = "DNS:sip.other.test" }, NULL, "wrong_name" },
	{ "name in the middle",
	  { .san = "DNS:sip.partner.test.evil.test" },
	  NULL,
	  "wrong_name" },
	{ "name only in CN",
	  { .common_name = "sip.partner.test" },
	  "no_name",
	  "no_name" },
	{ "CN in a CN",
	  { .common_name = "x/CN=sip.partner.test" },
	  "no_name",
	  "no_name" },
	{ "wildcard", { .san = "DNS:*.partner.test" }, "wildcard", "wildcard" },
	{ "NUL in the name",
	  { .raw_dns = { nul_name, sizeof(nul_name) - 1 } },
	  "nul_in_name",
	  "nul_in_name" },
	{ "not letters, digits, hyphens",
	  { .san = "DNS:sip_x.partner.test" },
	  "bad_name",
	  "bad_name" },
	{ "address", { .san = "IP:192.0.2.1" }, "no_name", "no_name" },
	{ "mail address",
	  { .san = "email:sip.partner.test@x" },
	  "no_name",
	  "no_name" },
	{ "500 names",
	  { .many_dns = 500 },
	  "too_many_names",
	  "too_many_names" },
	{ "64 names", { .many_dns = 64 }, NULL, "wrong_name" },
	{ "65 names", { .many_dns = 65 }, "too_many_names", "too_many_names" },
	{ "domain in a URI",
	  { .san = "URI:sip:sip.partner.test" },
	  NULL,
	  NULL },
	{ "a user's URI is no domain",
	  { .san = "URI:sip:bob@sip.partner.test" },
	  "no_name",
	  "no_name" },
};

static void check(const struct row *row, const char *way, struct tls *judge,
		  const char *why)
{
	if (!why && tls_status(judge) == TLS_OPEN)
		return;
	if (!why)
		fail_msg("%s, %s: refused (%s, %s)", row->name, way,
			 tls_why(judge) ? tls_why(judge) : "-",
			 tls_text(judge));
	if (tls_status(judge) != TLS_FAILED)
		fail_msg("%s, %s: accepted", row->name, way);
	if (!tls_peer(judge)->serial[0])
		fail_msg("%s, %s: without its serial", row->name, way);
	if (!tls_why(judge) || strcmp(tls_why(judge), why) != 0)
		fail_msg("%s, %s: %s instead of %s", row->name, way,
			 tls_why(judge) ? tls_why(judge) : "-", why);
}

static void run(const struct row *row, const struct pki *pki,
		const struct test_cert *theirs, const struct test_cert *trust)
{
	struct net_tls *fed = context(&pki->leaf, trust, NET_TLS_FEDERATION);
	struct net_tls *dial = context(&pki->leaf, trust, NET_TLS_DIAL);
	struct net_tls *their_dial, *their_fed;
	char error[NET_ERROR_MAX];
	struct pair p;

	/* what the partner runs does not look at its own dates */
	struct net_tls_conf good = certs_conf(&pki->leaf, &pki->ca);
	assert_int_equal(
		net_tls_create(&their_dial, &good, NET_TLS_DIAL, error), 0);
	assert_int_equal(
		net_tls_create(&their_fed, &good, NET_TLS_CLIENTS, error), 0);
	SSL_CTX *both[] = { their_dial->ctx, their_fed->ctx };
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(SSL_CTX_use_certificate(both[i], theirs->cert),
				 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(both[i], theirs->key),
				 1);
	}

	pair_open(&p, fed, their_dial, "edge.test");
	pair_pump(&p, 1 << 20);
	check(row, "dials us", p.server, row->in);
	pair_close(&p);

	pair_open(&p, their_fed, dial, "sip.partner.test");
	pair_pump(&p, 1 << 20);
	check(row, "is dialled", p.client, row->out);
	pair_close(&p);

	net_tls_free(fed);
	net_tls_free(dial);
	net_tls_free(their_dial);
	net_tls_free(their_fed);
}

static void certificates(void **state)
{
	struct pki *pki = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct test_cert theirs;
		certs_make(&theirs, &rows[i].spec, &pki->ca);
		run(&rows[i], pki, &theirs, &pki->ca);
		certs_free(&theirs);
	}
}

static void a_very_long_name(void **state)
{
	static const struct row row = { .name = "3000 bytes",
					.in = "name_too_long",
					.out = "name_too_long" };
	struct pki *pki = *state;
	uint8_t name[3000];
	struct cert_spec spec = { .raw_dns = slice_of(name, sizeof(name)) };
	struct test_cert theirs;

	memset(name, 'a', sizeof(name));
	certs_make(&theirs, &spec, &pki->ca);
	run(&row, pki, &theirs, &pki->ca);
	certs_free(&theirs);
}

static void issuers_that_we_do_not_know(void **state)
{
	static const struct row unknown = { .name = "unknown issuer",
					    .in = "unknown_issuer",
					    .out = "unknown_issuer" };
	static const struct row alone = { .name = "self signed",
					  .in = "self_signed",
					  .out = "self_signed" };
	static const struct row leaf = { .name = "issued by a leaf",
					 .in = "issuer_no_authority",
					 .out = "issuer_no_authority" };
	static const struct cert_spec ca = { .common_name = "other",
					     .authority = true };
	static const struct cert_spec spec = { .common_name = "partner",
					       .san = DNS };
	struct pki *pki = *state;
	struct test_cert other, theirs;

	certs_make(&other, &ca, NULL);
	certs_make(&theirs, &spec, &other);
	run(&unknown, pki, &theirs, &pki->ca);
	certs_free(&theirs);
	certs_free(&other);

	certs_make(&theirs, &spec, NULL);
	run(&alone, pki, &theirs, &pki->ca);
	certs_free(&theirs);

	/* trusted directly, it still may not issue */
	certs_make(&theirs, &spec, &pki->leaf);
	struct slice both = certs_join(pki->ca.pem, pki->leaf.pem);
	struct test_cert trust = { .pem = both };
	run(&leaf, pki, &theirs, &trust);
	certs_drop(&both);
	certs_free(&theirs);
}

static void usages_are_cut_down_the_chain(void **state)
{
	static const struct row row = { .name = "usages do not meet",
					.in = "key_usage",
					.out = "key_usage" };
	static const struct cert_spec middle = { .common_name = "middle",
						 .authority = true,
						 .eku = CERT_EKU_CODE };
	static const struct cert_spec spec = { .san = DNS,
					       .eku = CERT_EKU_SERVER };
	struct pki *pki = *state;
	struct test_cert between, theirs;

	certs_make(&between, &middle, &pki->ca);
	certs_make(&theirs, &spec, &between);
	/* both authorities are known; the chain ends at the upper one */
	struct slice both = certs_join(pki->ca.pem, between.pem);
	struct test_cert trust = { .pem = both };
	run(&row, pki, &theirs, &trust);
	certs_drop(&both);
	certs_free(&theirs);
	certs_free(&between);
}

static void revoked(void **state)
{
	static const struct row bad = { .name = "revoked",
					.in = "revoked",
					.out = "revoked" };
	static const struct row fine = { .name = "not revoked" };
	static const struct cert_spec spec = { .san = DNS };
	struct pki *pki = *state;
	struct test_cert first, second;

	certs_make(&first, &spec, &pki->ca);
	certs_make(&second, &spec, &pki->ca);
	struct slice list = certs_crl(&pki->ca, &first);
	struct slice both = certs_join(pki->ca.pem, list);
	struct test_cert trust = { .pem = both };
	run(&bad, pki, &first, &trust);
	run(&fine, pki, &second, &trust);
	certs_drop(&both);
	certs_drop(&list);
	certs_free(&first);
	certs_free(&second);
}

/* The setting narrows the client's role, and nothing else. */
static void the_client_usage_may_be_asked_for(void **state)
{
	static const struct {
		unsigned eku;
		const char *why;
	} usages[] = {
		{ 0, NULL },
		{ CERT_EKU_CLIENT, NULL },
		{ CERT_EKU_CLIENT | CERT_EKU_SERVER, NULL },
		{ CERT_EKU_SERVER, "key_usage" },
		{ CERT_EKU_CODE, "key_usage" },
	};
	struct pki *pki = *state;
	struct net_tls_conf conf = certs_conf(&pki->leaf, &pki->ca);
	struct net_tls *strict = NULL;
	char error[NET_ERROR_MAX];

	conf.client_usage_only = true;
	assert_int_equal(
		net_tls_create(&strict, &conf, NET_TLS_FEDERATION, error), 0);
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		const struct cert_spec spec = { .san = DNS,
						.eku = usages[i].eku };
		const struct row row = { .name = "strict" };
		struct test_cert theirs;
		struct pair p;
		certs_make(&theirs, &spec, &pki->ca);
		struct net_tls *dial = context(&theirs, &pki->ca, NET_TLS_DIAL);
		pair_open(&p, strict, dial, "edge.test");
		pair_pump(&p, 1 << 20);
		check(&row, "dials us", p.server, usages[i].why);
		pair_close(&p);
		net_tls_free(dial);
		certs_free(&theirs);
	}
	net_tls_free(strict);
}

/* An authority that was itself revoked vouches for nobody. */
static void revoked_in_the_middle(void **state)
{
	static const struct cert_spec middle = { .common_name = "middle",
						 .authority = true };
	static const struct row row = { .name = "revoked middle",
					.in = "revoked",
					.out = "revoked" };
	static const struct cert_spec spec = { .san = DNS };
	struct pki *pki = *state;
	struct test_cert between, theirs;

	certs_make(&between, &middle, &pki->ca);
	certs_make(&theirs, &spec, &between);
	struct slice list = certs_crl(&pki->ca, &between);
	struct slice both = certs_join(pki->ca.pem, between.pem);
	struct slice all = certs_join(both, list);
	struct test_cert trust = { .pem = all };
	run(&row, pki, &theirs, &trust);
	certs_drop(&all);
	certs_drop(&both);
	certs_drop(&list);
	certs_free(&theirs);
	certs_free(&between);
}

/* TLS-09: what has changed since the handshake, seen from both roles. */
static void once_more(void **state)
{
	static const struct cert_spec spec = { .san = DNS,
					       .eku = CERT_EKU_SERVER };
	static const struct cert_spec other = { .common_name = "other",
						.authority = true };
	struct pki *pki = *state;
	struct test_cert theirs, stranger;
	struct pair p;
	char error[NET_ERROR_MAX];

	certs_make(&theirs, &spec, &pki->ca);
	certs_make(&stranger, &other, NULL);
	struct slice list = certs_crl(&pki->ca, &theirs);
	struct slice fine = certs_crl(&pki->ca, &pki->leaf);
	const struct {
		const struct test_cert *trust;
		struct slice crl;
		bool client_usage_only;
		const char *in, *out;
	} now[] = {
		{ &pki->ca, SLICE_NONE, false, NULL, NULL },
		{ &pki->ca, fine, false, NULL, NULL },
		{ &pki->ca, list, false, "revoked", "revoked" },
		{ &stranger, SLICE_NONE, false, "unknown_issuer",
		  "unknown_issuer" },
		{ &pki->ca, SLICE_NONE, true, "key_usage", NULL },
	};
	/* ours signs itself here: no authority of the rows has to know it */
	struct test_cert own;
	const struct cert_spec alone = { .san = "DNS:edge.test" };
	certs_make(&own, &alone, NULL);
	struct slice both = certs_join(pki->ca.pem, own.pem);
	struct test_cert all = { .pem = both };
	struct net_tls *fed = context(&own, &pki->ca, NET_TLS_FEDERATION);
	struct net_tls *dial = context(&own, &pki->ca, NET_TLS_DIAL);
	struct net_tls *their_fed = context(&theirs, NULL, NET_TLS_CLIENTS);
	struct net_tls *their_dial = context(&theirs, &all, NET_TLS_DIAL);
	for (size_t i = 0; i < 2 * sizeof(now) / sizeof(now[0]); i++) {
		size_t n = i / 2;
		bool in = i % 2;
		const char *want = in ? now[n].in : now[n].out;
		struct net_tls *with = NULL;
		struct net_tls_conf conf = certs_conf(&own, now[n].trust);
		conf.crl = now[n].crl;
		if (now[n].crl.len)
			conf.crl_path = SLICE_LIT("crl.pem");
		conf.client_usage_only = now[n].client_usage_only;
		if (net_tls_create(&with, &conf,
				   in ? NET_TLS_FEDERATION : NET_TLS_DIAL,
				   error))
			fail_msg("%s", error);
		pair_open(&p, in ? fed : their_fed, in ? their_dial : dial,
			  in ? "edge.test" : "sip.partner.test");
		pair_pump(&p, 1 << 20);
		struct tls *judge = in ? p.server : p.client;
		assert_int_equal(tls_status(judge), TLS_OPEN);
		const char *why = tls_recheck(judge, with);
		if (!want != !why || (why && strcmp(why, want) != 0))
			fail_msg("%zu: %s instead of %s", i, why ? why : "-",
				 want ? want : "-");
		/* the connection and what it has proven are as before */
		assert_true(net_peer_has(tls_peer(judge),
					 SLICE_LIT("sip.partner.test")));
		assert_int_equal(tls_output(judge, SLICE_LIT("x")), 0);
		assert_null(
			tls_recheck(in ? p.server : p.client, in ? fed : dial));
		pair_close(&p);
		net_tls_free(with);
	}
	net_tls_free(fed);
	net_tls_free(dial);
	net_tls_free(their_fed);
	net_tls_free(their_dial);
	certs_drop(&both);
	certs_drop(&list);
	certs_drop(&fine);
	certs_free(&own);
	certs_free(&theirs);
	certs_free(&stranger);
}

static void no_certificate(void **state)
{
	struct pki *pki = *state;
	struct net_tls *fed = context(&pki->leaf, &pki->ca, NET_TLS_FEDERATION);
	struct net_tls *user = context(NULL, &pki->ca, NET_TLS_USER);
	struct pair p;

	pair_open(&p, fed, user, "edge.test");
	pair_pump(&p, 1 << 20);
	assert_int_equal(tls_status(p.server), TLS_FAILED);
	assert_string_equal(tls_why(p.server), "no_certificate");
	assert_int_equal(tls_status(p.client), TLS_FAILED);
	pair_close(&p);
	net_tls_free(fed);
	net_tls_free(user);
}

static void a_wrong_name_is_told_apart(void **state)
{
	struct pki *pki = *state;
	struct net_tls *server = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	struct net_tls *user = context(NULL, &pki->ca, NET_TLS_USER);
	struct pair p;

	pair_open(&p, server, user, "other.test");
	pair_pump(&p, 1 << 20);
	assert_int_equal(tls_status(p.client), TLS_FAILED);
	assert_true(tls_name_wrong(p.client));
	pair_close(&p);
	net_tls_free(server);
	net_tls_free(user);
}

/* Whose entry asks for another proof needs no authority; everybody else does,
 * and names and dates count all the same. */
static void without_an_authority(void **state)
{
	static const struct {
		struct slice name;
		struct cert_spec spec;
		const char *why;
	} cases[] = {
#define LIT(s) { (const uint8_t *)(s), sizeof(s) - 1 }
		{ LIT("sip.partner.test"), { .san = DNS }, NULL },
		{ LIT(".partner.test"), { .san = DNS }, NULL },
		{ LIT("."), { .san = DNS }, NULL },
		{ LIT("partner.test"), { .san = DNS }, "self_signed" },
		{ LIT(".test"), { .san = DNS }, "self_signed" },
		{ LIT("ip.partner.test"), { .san = DNS }, "self_signed" },
		{ LIT("sip.partner.test"),
		  { .san = DNS, .from_days = -30, .until_days = -1 },
		  "expired" },
		{ LIT("sip.partner.test"),
		  { .san = DNS, .eku = CERT_EKU_CODE },
		  "key_usage" },
		{ LIT("."), { .common_name = "sip.partner.test" }, "no_name" },
	};
	struct pki *pki = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct row row = { .name = "without an authority",
					 .in = cases[i].why };
		struct net_tls_conf ours = certs_conf(&pki->leaf, &pki->ca);
		struct test_cert theirs;
		struct net_tls *fed, *dial;
		char error[NET_ERROR_MAX];
		struct pair p;
		certs_make(&theirs, &cases[i].spec, NULL);
		ours.unchained = &cases[i].name;
		ours.unchained_count = 1;
		assert_int_equal(
			net_tls_create(&fed, &ours, NET_TLS_FEDERATION, error),
			0);
		dial = context(&pki->leaf, &pki->ca, NET_TLS_DIAL);
		assert_int_equal(
			SSL_CTX_use_certificate(dial->ctx, theirs.cert), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(dial->ctx, theirs.key),
				 1);
		pair_open(&p, fed, dial, "edge.test");
		pair_pump(&p, 1 << 20);
		check(&row, "dials us", p.server, row.in);
		assert_false(tls_peer(p.server)->chained);
		pair_close(&p);
		net_tls_free(fed);
		net_tls_free(dial);
		certs_free(&theirs);
	}
}

/* What else proves it: digests as other programs compute them, and usages. */
static void what_can_be_proved_by(void **state)
{
	struct pki *pki = *state;
	struct net_tls *fed = context(&pki->leaf, &pki->ca, NET_TLS_FEDERATION);
	struct net_tls *dial = context(&pki->leaf, &pki->ca, NET_TLS_DIAL);
	unsigned char *der = NULL;
	uint8_t digest[64];
	struct pair p;
	pair_open(&p, fed, dial, "edge.test");
	pair_pump(&p, 1 << 20);
	const struct net_peer *peer = tls_peer(p.server);
	assert_true(peer->chained);
	assert_int_equal(peer->usages, NET_USAGE_CLIENT | NET_USAGE_SERVER);
	int len = i2d_PUBKEY(pki->leaf.key, &der);
	assert_true(len > 0);
	EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL);
	assert_memory_equal(peer->digests.sha256[1], digest, 32);
	EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha512(), NULL);
	assert_memory_equal(peer->digests.sha512[1], digest, 64);
	X509_digest(pki->leaf.cert, EVP_sha256(), digest, NULL);
	assert_memory_equal(peer->digests.sha256[0], digest, 32);
	OPENSSL_free(der);
	pair_close(&p);
	net_tls_free(fed);
	net_tls_free(dial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates),
		cmocka_unit_test(a_very_long_name),
		cmocka_unit_test(issuers_that_we_do_not_know),
		cmocka_unit_test(usages_are_cut_down_the_chain),
		cmocka_unit_test(revoked),
		cmocka_unit_test(without_an_authority),
		cmocka_unit_test(what_can_be_proved_by),
		cmocka_unit_test(once_more),
		cmocka_unit_test(revoked_in_the_middle),
		cmocka_unit_test(the_client_usage_may_be_asked_for),
		cmocka_unit_test(no_certificate),
		cmocka_unit_test(a_wrong_name_is_told_apart),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
