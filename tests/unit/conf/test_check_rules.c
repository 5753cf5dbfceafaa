/* SPDX-License-Identifier: Apache-2.0 */
/* Providers, blocked domains and policies: read, viewed, and refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "conf/conf_views.h"
#include "conf/text.h"
#include "fake_files.h"

#define MIN                                                          \
	"edge: {name: edge.contoso.test, domains: [contoso.test]}\n" \
	"tls: {certificate: /t/edge.pem, key: /t/edge.key}\n"

static const char RULES[] =
	MIN "blocked:\n"
	    " - { domain: spam.test }\n"
	    " - { domain: one.test, subdomains: no }\n"
	    "providers:\n"
	    " - name: messenger\n"
	    "   edge: Federation.messenger.test\n"
	    "   domains: [messenger.test, cn.messenger.test]\n"
	    "   audio_video: yes\n"
	    "   ends: 2013-03-15\n"
	    "   kept_domains: [cn.messenger.test]\n"
	    "   successor: skype\n"
	    " - { name: skype, edge: e.skype.test, domains: [skype.test],\n"
	    "     kind: hosting, verification: always,\n"
	    "     address: \"192.0.2.9:5061\" }\n"
	    " - { name: aol, edge: e.aol.test, domains: [aol.test],\n"
	    "     enabled: no }\n"
	    " - { name: cloud, edge: c.test, domains: [contoso.test],\n"
	    "     kind: hosting, shared_address_space: yes }\n"
	    " - { name: gateway, edge: x.test, domains: [jabber.test],\n"
	    "     kind: xmpp }\n"
	    "policy: { public_im_audio_video: no }\n"
	    "policies:\n"
	    " - { group: sales, users: [alice@Contoso.test, c@contoso.test],\n"
	    "     public_im: no, outside: yes, xmpp: yes }\n"
	    " - { users: [alice@contoso.test], federation: no }\n";

static void test_rules_are_viewed(void **state)
{
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL;
	struct access_conf v;
	struct arena *a = arena_create(4096, 1 << 24);
	(void)state;
	if (fake_load(a, RULES, &c, error, NULL))
		fail_msg("%s", error);
	assert_int_equal(conf_view_access(a, c, &v), 0);
	assert_int_equal(v.block_count, 2);
	assert_true(v.blocks[0].subdomains);
	assert_false(v.blocks[1].subdomains);
	assert_int_equal(v.partner_count, 5); /* one a domain; aol is off */
	const struct access_provider *m = v.partners[0].provider;
	assert_ptr_equal(m, v.partners[1].provider);
	assert_int_equal(m->kind, ACCESS_PUBLIC_IM);
	assert_true(m->audio_video);
	assert_int_equal(m->ends_s, 1363305600);
	assert_int_equal(m->kept_count, 1);
	assert_int_equal(v.partners[0].level, ACCESS_LEVEL_UNVERIFIED);
	assert_int_equal(v.partners[2].provider->kind, ACCESS_HOSTING);
	assert_int_equal(v.partners[2].level, ACCESS_LEVEL_VERIFIED);
	assert_true(v.partners[3].provider->shared);
	assert_int_equal(v.partners[4].provider->kind, ACCESS_XMPP);
	struct home_conf h;
	assert_int_equal(conf_view_home(a, c, &h), 0);
	assert_int_equal(h.shared_count, 1);
	assert_true(slice_eq(h.shared[0], SLICE_LIT("contoso.test")));
	assert_int_equal(v.denied, ACCESS_MAY_PUBLIC_AV | ACCESS_MAY_XMPP);
	assert_int_equal(v.policy_count, 2);
	assert_true(v.policies[0].group);
	assert_true(slice_eq(v.policies[0].users[0],
			     SLICE_LIT("alice@contoso.test")));
	assert_int_equal(v.policies[0].set, ACCESS_MAY_PUBLIC_IM |
						    ACCESS_MAY_OUTSIDE |
						    ACCESS_MAY_XMPP);
	assert_int_equal(v.policies[0].may,
			 ACCESS_MAY_OUTSIDE | ACCESS_MAY_XMPP);
	assert_int_equal(v.policies[1].set, ACCESS_MAY_FEDERATE);
	assert_int_equal(v.policies[1].may, 0);
	arena_free(a);
}

/* Decoration, the time after the end, and the way for everybody else. */
static const char HEIRS[] =
	MIN "providers:\n"
	    " - { name: icq, edge: e.icq.test, domains: [icq.test],\n"
	    "     ends: 1999-01-01, after_end: successor, successor: msn }\n"
	    " - { name: msn, edge: e.msn.test, domains: [msn.test, h.test],\n"
	    "     decoration: msn.test, undecorated_domains: [h.test],\n"
	    "     ends: 2013-03-15, after_end: successor, successor: skype }\n"
	    " - { name: skype, edge: e.skype.test, domains: [skype.test] }\n";

static void test_heirs(void **state)
{
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL, *again = NULL;
	struct access_conf v;
	struct buf b;
	struct arena *a = arena_create(4096, 1 << 24);
	(void)state;
	buf_init(&b, 0);
	if (fake_load(a, HEIRS, &c, error, NULL))
		fail_msg("%s", error);
	conf_encode(&b, c, CONF_FOR_EDGE);
	assert_int_equal(conf_decode(a, buf_slice(&b), &again), 0);
	assert_int_equal(conf_view_access(a, again, &v), 0);
	assert_int_equal(v.partner_count, 4);
	const struct access_partner *icq = &v.partners[0];
	assert_true(slice_eq(icq->heir->edge, SLICE_LIT("e.msn.test")));
	assert_true(slice_eq(icq->heir->heir->edge, SLICE_LIT("e.skype.test")));
	assert_true(slice_eq(icq->heir->heir->domain, SLICE_LIT("icq.test")));
	assert_null(icq->heir->heir->heir);
	assert_null(v.partners[3].heir);
	assert_ptr_equal(icq->heir->provider, v.partners[1].provider);
	assert_true(slice_eq(v.partners[1].provider->decoration,
			     SLICE_LIT("msn.test")));
	assert_int_equal(v.partners[1].provider->plain_count, 1);
	assert_null(v.default_route);
	buf_free(&b);
	arena_free(a);
}

#define PIN        \
	"5c1f3cda" \
	"00000000000000000000000000000000000000000000000000000000"

/* What holds for one over what holds for all; and whom TLS lets in without an
 * authority. */
static void test_proof(void **state)
{
	static const char text[] =
		MIN "dns: { trust_anchor: /t/root.key }\n"
		    "access: {federation: {proof: dane-or-pki,\n"
		    " key_usage: client, discovery: on}}\n"
		    "partners:\n"
		    " - { domain: a.test, edge: e.a.test, proof: pki }\n"
		    " - { domain: b.test, key_usage: any, pins: [" PIN ",\n"
		    "     \"5C:1F:3C:DB:"
		    "00000000000000000000000000"
		    "000000000000000000000000000000\"] }\n"
		    " - { domain: c.test, edge: e.c.test, proof: pin,\n"
		    "     key_usage: sip, pins: [" PIN "] }\n";
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL, *again = NULL;
	struct edge_conf v;
	struct buf b;
	struct arena *a = arena_create(4096, 1 << 24);
	(void)state;
	buf_init(&b, 0);
	if (fake_load(a, text, &c, error, NULL))
		fail_msg("%s", error);
	conf_encode(&b, c, CONF_FOR_EDGE);
	assert_int_equal(conf_decode(a, buf_slice(&b), &again), 0);
	assert_int_equal(conf_view_edge(a, again, &v), 0);
	const struct access_partner *p = v.access.partners;
	assert_int_equal(p[0].proof.kind, ACCESS_PROOF_PKI);
	assert_int_equal(p[0].proof.usages, ACCESS_USAGE_CLIENT);
	assert_int_equal(p[1].proof.kind, ACCESS_PROOF_DANE_OR_PKI);
	assert_int_equal(p[1].proof.usages, 0);
	assert_int_equal(p[1].proof.pin_count, 2);
	assert_int_equal(p[1].proof.pin[0][3], 0xda);
	assert_int_equal(p[1].proof.pin[1][3], 0xdb);
	assert_int_equal(p[2].proof.kind, ACCESS_PROOF_PIN);
	assert_int_equal(p[2].proof.usages, ACCESS_USAGE_SIP);
	assert_int_equal(v.access.discovered_proof.kind,
			 ACCESS_PROOF_DANE_OR_PKI);
	assert_int_equal(v.tls.unchained_count, 3);
	assert_true(slice_eq(v.tls.unchained[0], SLICE_LIT(".b.test")));
	assert_true(slice_eq(v.tls.unchained[1], SLICE_LIT("e.c.test")));
	assert_true(slice_eq(v.tls.unchained[2], SLICE_LIT(".")));
	buf_free(&b);
	arena_free(a);
}

/* The networks that were: documented, correct, and all of them off. */
static void test_history(void **state)
{
	char error[CONF_ERROR_MAX] = "", text[8192] = MIN;
	const struct conf *c = NULL;
	struct access_conf v;
	struct arena *a = arena_create(4096, 1 << 24);
	FILE *f = fopen(SOURCE_DIR "/packaging/providers.yaml", "r");
	(void)state;
	assert_non_null(f);
	size_t n =
		fread(text + strlen(MIN), 1, sizeof(text) - strlen(MIN) - 1, f);
	text[strlen(MIN) + n] = '\0';
	fclose(f);
	if (fake_load(a, text, &c, error, NULL))
		fail_msg("%s", error);
	assert_int_equal(conf_view_access(a, c, &v), 0);
	assert_int_equal(v.partner_count, 0);
	assert_int_equal(c->provider_count, 4);
	static const char *const names[] = { "messenger", "skype", "aol",
					     "yahoo" };
	for (size_t i = 0; i < 4; i++)
		assert_true(
			slice_eq(c->providers[i].name, slice_str(names[i])));
	arena_free(a);
}

static void test_default_route(void **state)
{
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL;
	struct access_conf v;
	struct arena *a = arena_create(4096, 1 << 24);
	(void)state;
	if (fake_load(a,
		      MIN "access: {federation: {default_route: Gate.a.test,\n"
			  " default_route_address: \"192.0.2.7:5061\"}}\n"
			  "partners: [{domain: b.test}, {domain: c.test,\n"
			  " verification: contacts}]\n",
		      &c, error, NULL))
		fail_msg("%s", error);
	assert_int_equal(conf_view_access(a, c, &v), 0);
	assert_int_equal(v.partners[0].level, ACCESS_LEVEL_SOURCE);
	assert_int_equal(v.partners[1].level, ACCESS_LEVEL_UNVERIFIED);
	assert_true(slice_eq(v.default_route->edge, SLICE_LIT("gate.a.test")));
	assert_true(slice_eq(v.default_route->address,
			     SLICE_LIT("192.0.2.7:5061")));
	assert_int_equal(v.default_route->domain.len, 0);
	arena_free(a);
}

/* Through a snapshot nothing is lost. */
static void test_rules_survive_a_snapshot(void **state)
{
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL, *again = NULL;
	struct access_conf v;
	struct buf b;
	struct arena *a = arena_create(4096, 1 << 24);
	(void)state;
	buf_init(&b, 0);
	if (fake_load(a, RULES, &c, error, NULL))
		fail_msg("%s", error);
	conf_encode(&b, c, CONF_FOR_EDGE);
	assert_int_equal(conf_decode(a, buf_slice(&b), &again), 0);
	assert_int_equal(conf_view_access(a, again, &v), 0);
	assert_int_equal(v.partners[0].provider->ends_s, 1363305600);
	assert_int_equal(v.partners[0].line, 7);
	assert_int_equal(v.policies[1].set, ACCESS_MAY_FEDERATE);
	assert_int_equal(v.policies[1].line, 27);
	buf_free(&b);
	arena_free(a);
}

static const struct {
	const char *text, *says;
} BAD[] = {
	{ "blocked: [{subdomains: yes}]\n", "domain: spam.test" },
	{ "providers: [{name: a, edge: e.a.test, domains: [contoso.test], "
	  "shared_address_space: true}]\n",
	  "needs kind: hosting" },
	{ "providers: [{name: a, edge: e.a.test, domains: [a.test], "
	  "forwards_partners: true}]\n",
	  "needs shared_address_space" },
	{ "providers: [{name: a, edge: e.a.test, domains: [a.test], "
	  "transit: true}]\n",
	  "transit of a needs shared_address_space" },
	{ "providers: [{name: a b, edge: e.a.test, domains: [a.test]}]\n",
	  "is no name" },
	{ "providers: [{name: a, edge: e.a.test, domains: []}]\n",
	  "0 entries" },
	{ "providers: [{name: a, edge: e.a.test, domains: [a.test], "
	  "ends: 2013-02-29}]\n",
	  "is no date" },
	{ "providers: [{name: a, edge: e.a.test, domains: [a.test], "
	  "kept_domains: [b.test]}]\n",
	  "none of its domains" },
	{ "providers:\n"
	  " - {name: a, edge: e.a.test, domains: [a.test]}\n"
	  " - {name: a, edge: e.b.test, domains: [b.test]}\n",
	  "already on line 4" },
	{ "providers: [{name: a, edge: e.a.test, domains: [a.test], "
	  "decoration: b.test}]\n",
	  "decoration of a names b.test" },
	{ "providers: [{name: a, edge: e.a.test, domains: [a.test], "
	  "decoration: a.test, undecorated_domains: [c.test]}]\n",
	  "decoration of a names c.test" },
	{ "providers: [{name: a, edge: e.a.test, domains: [a.test], "
	  "undecorated_domains: [a.test]}]\n",
	  "no decoration" },
	{ "providers: [{name: a, edge: e.a.test, domains: [a.test], "
	  "after_end: successor, successor: b}]\n",
	  "ends:" },
	{ "providers: [{name: a, edge: e.a.test, domains: [a.test], "
	  "ends: 2013-03-15, after_end: successor, successor: b}]\n",
	  "listed and enabled" },
	{ "providers:\n"
	  " - {name: a, edge: e.a.test, domains: [a.test], ends: 2013-03-15,\n"
	  "    after_end: successor, successor: b}\n"
	  " - {name: b, edge: e.b.test, domains: [b.test], ends: 2013-03-15,\n"
	  "    after_end: successor, successor: a}\n",
	  "in a circle" },
	{ "partners: [{domain: a.test, proof: pin}]\n", "needs pins" },
	{ "partners: [{domain: a.test, pins: [12ab]}]\n", "64 hexadecimal" },
	{ "partners: [{domain: a.test, pins: [" PIN ", " PIN "]}]\n",
	  "listed twice" },
	{ "partners: [{domain: a.test, proof: dane}]\n", "trust_anchor" },
	{ "access: {federation: {proof: dane-or-pki}}\n", "trust_anchor" },
	{ "access: {federation: {proof: pin}}\n", "not known here" },
	{ "access: {federation: {default_route: g.a.test, discovery: on}}\n",
	  "exclude each other" },
	{ "access: {federation: {default_route: g.a.test}}\n"
	  "providers: [{name: a, edge: e.a.test, domains: [a.test]}]\n",
	  "exclude each other" },
	{ "access: {federation: {default_route_address: \"192.0.2.7:5061\"}}\n",
	  "needs default_route" },
	{ "policies: [{users: [alice]}]\n", "alice@contoso.test" },
	{ "policies: [{users: [a@fabrikam.test]}]\n", "no domain of ours" },
	{ "policies: [{group: x}]\n", "users" },
	{ "policy: { federation: perhaps }\n", "perhaps" },
};

static void test_what_is_wrong_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		char error[CONF_ERROR_MAX] = "", text[2048] = MIN;
		const struct conf *c = NULL;
		struct arena *a = arena_create(4096, 1 << 24);
		strcat(text, BAD[i].text);
		if (!fake_load(a, text, &c, error, NULL))
			fail_msg("accepted: %s", BAD[i].text);
		if (!strstr(error, BAD[i].says))
			fail_msg("no \"%s\" in %s", BAD[i].says, error);
		arena_free(a);
	}
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} rows[] = {
		{ "1970-01-01", 0 },          { "1970-03-01", 5097600 },
		{ "2000-02-29", 951782400 },  { "2000-03-01", 951868800 },
		{ "2013-03-15", 1363305600 }, { "2100-03-01", 4107542400 },
	};
	static const char *const bad[] = { "2013-3-15",   "2013-13-01",
					   "2013-00-01",  "2013-01-00",
					   "2100-02-29",  "1969-12-31",
					   "2013-03-15x", "" };
	uint64_t seconds;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_null(conf_text_date(slice_str(rows[i].text), &seconds));
		assert_int_equal(seconds, rows[i].seconds);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(conf_text_date(slice_str(bad[i]), &seconds));
}

static void test_accounts(void **state)
{
	char aor[CONF_AOR_SIZE];
	(void)state;
	assert_null(conf_text_aor(SLICE_LIT("Alice.B@Contoso.TEST."), aor));
	assert_string_equal(aor, "Alice.B@contoso.test");
	assert_non_null(conf_text_aor(SLICE_LIT("@contoso.test"), aor));
	assert_non_null(conf_text_aor(SLICE_LIT("a b@contoso.test"), aor));
	assert_non_null(conf_text_aor(SLICE_LIT("a@"), aor));
	assert_non_null(conf_text_aor(SLICE_LIT("sip:a@b.test"), aor));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heirs),
		cmocka_unit_test(test_default_route),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_rules_are_viewed),
		cmocka_unit_test(test_rules_survive_a_snapshot),
		cmocka_unit_test(test_what_is_wrong_is_told),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_accounts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
