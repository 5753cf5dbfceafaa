/* SPDX-License-Identifier: Apache-2.0 */
/* SNI and ALPN: who asks for what is shown what, and nobody is refused for
 * asking. */
#include "pair.h"

#include <errno.h>
#include <stdio.h>

#include "support/oom.h"

struct names {
	struct test_cert one, two;
	struct net_tls_pair pair[2];
	struct net_tls_conf conf;
};

static struct net_tls_pair pair_of(const struct test_cert *c, const char *path)
{
	return (struct net_tls_pair){ .certificate = c->pem,
				      .certificate_path = slice_str(path),
				      .key = c->key_pem,
				      .key_path = SLICE_LIT("more.key") };
}

static void names_make(struct names *n, const struct pki *pki)
{
	static const struct cert_spec one = {
		.common_name = "one",
		.san = "DNS:One.Test,DNS:both.test,URI:sip:uri.test"
	};
	static const struct cert_spec two = {
		.common_name = "two", .san = "DNS:both.test,DNS:two.test"
	};

	certs_make(&n->one, &one, &pki->ca);
	certs_make(&n->two, &two, &pki->ca);
	n->pair[0] = pair_of(&n->one, "one.pem");
	n->pair[1] = pair_of(&n->two, "two.pem");
	n->conf = certs_conf(&pki->leaf, &pki->ca);
	n->conf.more = n->pair;
	n->conf.more_count = 2;
}

static void names_free(struct names *n)
{
	certs_free(&n->one);
	certs_free(&n->two);
}

/* libssl's macro wants it writable. */
static void ask_for(SSL *ssl, const char *name)
{
	char copy[NET_NAME_MAX];

	snprintf(copy, sizeof(copy), "%s", name);
	assert_int_equal(SSL_set_tlsext_host_name(ssl, copy), 1);
}

/* What a client sees that asks for that name and those protocols. */
static void ask(struct net_tls *ctx, int version, const char *name,
		const char *protocols, const struct test_cert *want,
		const char *chosen)
{
	struct raw r;
	struct tls *t;
	struct buf plain;
	const unsigned char *alpn;
	unsigned alpn_len;

	buf_init(&plain, 0);
	raw_open(&r, version, version, NULL);
	if (name)
		ask_for(r.ssl, name);
	if (protocols)
		SSL_set_alpn_protos(r.ssl, (const unsigned char *)protocols,
				    (unsigned)strlen(protocols));
	assert_int_equal(tls_create(&t, ctx, NULL), 0);
	raw_pump(&r, t, &plain);
	assert_int_equal(tls_status(t), TLS_OPEN);
	X509 *shown = SSL_get1_peer_certificate(r.ssl);
	if (X509_cmp(shown, want->cert) != 0)
		fail_msg("%s: another certificate", name ? name : "-");
	X509_free(shown);
	SSL_get0_alpn_selected(r.ssl, &alpn, &alpn_len);
	assert_int_equal(alpn_len, strlen(chosen));
	if (alpn_len)
		assert_memory_equal(alpn, chosen, alpn_len);
	tls_free(t);
	raw_close(&r);
	buf_free(&plain);
}

static void who_asks_for_a_name_is_shown_it(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	static const enum net_tls_use uses[] = { NET_TLS_CLIENTS };
	struct pki *pki = *state;
	struct names n;
	char error[NET_ERROR_MAX];

	names_make(&n, pki);
	const struct {
		const char *name;
		const struct test_cert *want;
	} rows[] = {
		{ NULL, &pki->leaf },
		{ "edge.test", &pki->leaf },
		{ "unknown.test", &pki->leaf },
		{ "one.test", &n.one },
		{ "ONE.test", &n.one },
		{ "both.test", &n.one }, /* the first that has it */
		{ "two.test", &n.two },
		{ "x.two.test", &pki->leaf },
		{ "uri.test", &pki->leaf }, /* no host name */
		{ "not a name", &pki->leaf },
	};
	for (size_t u = 0; u < sizeof(uses) / sizeof(uses[0]); u++) {
		struct net_tls *ctx = NULL;
		if (net_tls_create(&ctx, &n.conf, uses[u], error))
			fail_msg("%s", error);
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			for (size_t v = 0; v < 2; v++)
				ask(ctx, versions[v], rows[i].name, NULL,
				    rows[i].want, "");
		net_tls_free(ctx);
	}
	names_free(&n);
}

/* Whoever is shown another certificate still has to show one of its own. */
static void partners_are_checked_whatever_they_ask_for(void **state)
{
	struct pki *pki = *state;
	struct names n;
	char error[NET_ERROR_MAX];
	struct net_tls *ctx = NULL;
	struct raw r;
	struct tls *t;
	struct buf plain;

	buf_init(&plain, 0);
	names_make(&n, pki);
	assert_int_equal(
		net_tls_create(&ctx, &n.conf, NET_TLS_FEDERATION, error), 0);
	raw_open(&r, TLS1_3_VERSION, TLS1_3_VERSION, NULL);
	ask_for(r.ssl, "two.test");
	assert_int_equal(tls_create(&t, ctx, NULL), 0);
	raw_pump(&r, t, &plain);
	assert_int_equal(tls_status(t), TLS_FAILED);
	assert_string_equal(tls_why(t), "no_certificate");
	tls_free(t);
	raw_close(&r);

	struct test_cert partner;
	certs_leaf(&partner, "sip.partner.test", &pki->ca);
	struct net_tls *dial = context(&partner, &pki->ca, NET_TLS_DIAL);
	struct pair p;
	pair_open(&p, ctx, dial, "two.test");
	pair_pump(&p, 1 << 20);
	assert_int_equal(tls_status(p.server), TLS_OPEN);
	assert_true(net_peer_has(tls_peer(p.server),
				 SLICE_LIT("sip.partner.test")));
	assert_true(net_peer_has(tls_peer(p.client), SLICE_LIT("two.test")));
	pair_close(&p);
	net_tls_free(dial);
	certs_free(&partner);
	net_tls_free(ctx);
	names_free(&n);
}

static void protocols(void **state)
{
	struct pki *pki = *state;
	struct net_tls *ctx = context(&pki->leaf, NULL, NET_TLS_CLIENTS);
	static const struct {
		const char *offered, *chosen;
	} rows[] = {
		{ NULL, "" },
		{ "\005sip/2", "sip/2" },
		{ "\002h2\005sip/2", "sip/2" },
		{ "\010http/1.1", "" },
		{ "\003sip", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(ctx, TLS1_2_VERSION, NULL, rows[i].offered, &pki->leaf,
		    rows[i].chosen);
		ask(ctx, TLS1_3_VERSION, NULL, rows[i].offered, &pki->leaf,
		    rows[i].chosen);
	}
	net_tls_free(ctx);
}

static void what_cannot_be_asked_for_is_refused(void **state)
{
	static const struct {
		struct cert_spec spec;
		const char *want;
	} rows[] = {
		{ { .san = "DNS:*.test" }, "one.pem: no name in it" },
		{ { .common_name = "one.test" }, "one.pem: no name in it" },
		{ { .san = "URI:sip:one.test" }, "one.pem: no name in it" },
		{ { .san = "DNS:one.test", .from_days = -9, .until_days = -1 },
		  "one.pem: the certificate expired" },
	};
	struct pki *pki = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char error[NET_ERROR_MAX];
		struct net_tls *ctx = NULL;
		struct test_cert one;
		certs_make(&one, &rows[i].spec, &pki->ca);
		struct net_tls_pair pair = pair_of(&one, "one.pem");
		struct net_tls_conf conf = certs_conf(&pki->leaf, &pki->ca);
		conf.more = &pair;
		conf.more_count = 1;
		assert_int_equal(
			net_tls_create(&ctx, &conf, NET_TLS_CLIENTS, error),
			-EINVAL);
		if (!strstr(error, rows[i].want))
			fail_msg("%s", error);
		certs_free(&one);
	}
}

static int scenario(void *arg)
{
	struct names *n = arg;
	char error[NET_ERROR_MAX];
	struct net_tls *ctx = NULL;
	int err = net_tls_create(&ctx, &n->conf, NET_TLS_CLIENTS, error);

	net_tls_free(ctx);
	return err;
}

static void survives_failing_allocations(void **state)
{
	struct names n;

	names_make(&n, *state);
	oom_walk(scenario, &n);
	names_free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_for_a_name_is_shown_it),
		cmocka_unit_test(partners_are_checked_whatever_they_ask_for),
		cmocka_unit_test(protocols),
		cmocka_unit_test(what_cannot_be_asked_for_is_refused),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
