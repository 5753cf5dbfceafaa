/* SPDX-License-Identifier: Apache-2.0 */
/* Every allow and every deny in words; SIP-25 and SIP-26 at the level of
 * canonical facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "access/access.h"
#include "access/reject.h"

/* Slices and rows for static tables. */
#define S(s)                                        \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
#define ROW(d, e)                            \
	{                                    \
		.domain = S(d), .edge = S(e) \
	}

static const struct slice ours[] = { S("contoso.test"), S("it.contoso.test") };
static const struct access_partner partners[] = {
	ROW("fabrikam.test", "edge.fabrikam.test"),
	ROW("litware.test", "sip.hosting.test"),
	ROW("proseware.test", "sip.hosting.test"),
	ROW("xn--mnchen-3ya.test", "edge.muenchen.test"),
	ROW("wingtip.test", ""), /* found by SRV */
};
static const struct access_conf conf = { .domains = ours,
					 .domain_count = 2,
					 .partners = partners,
					 .partner_count = 5 };

static const char fabrikam[1][256] = { "edge.fabrikam.test" };
static const char hosting[2][256] = { "www.hosting.test", "sip.hosting.test" };
static const char both[2][256] = { "edge.fabrikam.test", "sip.hosting.test" };
static const char munich[1][256] = { "edge.muenchen.test" };
static const char stranger[1][256] = { "edge.evil.test" };
static const char wildcard[1][256] = { "*.fabrikam.test" };

enum { REG = 1, STAYS = 2, FLOW = 4, OUT = 8 }; /* facts that are rare */

struct row {
	const char *what;
	enum access_source source;
	const char (*peer)[256];
	size_t peers;
	const char *from;
	const char *to;
	const char *flow_aor;
	unsigned flags;
	enum access_kind kind;
	const struct reject *reject;
	const struct access_partner *partner;
};

static const struct row rows[] = {
/* PEER(names): a federated request */
#define PEER(n) ACCESS_FROM_FEDERATION, n, sizeof(n) / sizeof(n[0])
#define CLIENT ACCESS_FROM_CLIENT, NULL, 0
#define INSIDE ACCESS_FROM_INSIDE, NULL, 0
#define YES_IN(p) ACCESS_TO_INSIDE, NULL, p
#define YES_OUT(p) ACCESS_TO_PARTNER, NULL, p
#define YES_FLOW ACCESS_TO_FLOW, NULL, NULL
#define NO(r) ACCESS_REFUSE, &ACCESS_REJ_##r, NULL
	/* federation: allowed */
	{ "a partner writes to us", PEER(fabrikam), "bob@fabrikam.test",
	  "contoso.test", "", 0, YES_IN(&partners[0]) },
	{ "a partner writes to our second domain", PEER(fabrikam),
	  "bob@fabrikam.test", "it.contoso.test", "", 0, YES_IN(&partners[0]) },
	{ "a shared edge speaks for its first domain", PEER(hosting),
	  "bob@litware.test", "contoso.test", "", 0, YES_IN(&partners[1]) },
	{ "a shared edge speaks for its second domain", PEER(hosting),
	  "bob@proseware.test", "contoso.test", "", 0, YES_IN(&partners[2]) },
	{ "a certificate with two edges speaks for the one", PEER(both),
	  "bob@fabrikam.test", "contoso.test", "", 0, YES_IN(&partners[0]) },
	{ "a certificate with two edges speaks for the other", PEER(both),
	  "bob@proseware.test", "contoso.test", "", 0, YES_IN(&partners[2]) },
	{ "an international domain as A-label", PEER(munich),
	  "bob@xn--mnchen-3ya.test", "contoso.test", "", 0,
	  YES_IN(&partners[3]) },

	/* federation: who */
	{ "a certificate that belongs to no partner", PEER(stranger),
	  "bob@fabrikam.test", "contoso.test", "", 0, NO(NOT_PARTNER) },
	{ "no certificate names at all", ACCESS_FROM_FEDERATION, NULL, 0,
	  "bob@fabrikam.test", "contoso.test", "", 0, NO(NOT_PARTNER) },
	{ "a wildcard certificate", PEER(wildcard), "bob@fabrikam.test",
	  "contoso.test", "", 0, NO(NOT_PARTNER) },
	{ "a stranger is refused before anything else is said", PEER(stranger),
	  "bob@evil.test", "elsewhere.test", "", STAYS, NO(NOT_PARTNER) },

	/* federation: From */
	{ "a partner claims our domain", PEER(fabrikam), "alice@contoso.test",
	  "contoso.test", "", 0, NO(FROM_MISMATCH) },
	{ "a partner claims our second domain", PEER(fabrikam),
	  "alice@it.contoso.test", "contoso.test", "", 0, NO(FROM_MISMATCH) },
	{ "a partner claims another partner's domain", PEER(fabrikam),
	  "bob@litware.test", "contoso.test", "", 0, NO(FROM_MISMATCH) },
	{ "a shared edge claims a domain that is not its own", PEER(hosting),
	  "bob@fabrikam.test", "contoso.test", "", 0, NO(FROM_MISMATCH) },
	{ "a partner claims nobody's domain", PEER(fabrikam), "bob@evil.test",
	  "contoso.test", "", 0, NO(FROM_MISMATCH) },
	{ "a domain below the partner's", PEER(fabrikam),
	  "bob@de.fabrikam.test", "contoso.test", "", 0, NO(FROM_MISMATCH) },
	{ "the partner's domain as a suffix", PEER(fabrikam),
	  "bob@evilfabrikam.test", "contoso.test", "", 0, NO(FROM_MISMATCH) },
	{ "the edge's own name as a domain", PEER(fabrikam),
	  "bob@edge.fabrikam.test", "contoso.test", "", 0, NO(FROM_MISMATCH) },
	{ "no sender", PEER(fabrikam), "", "contoso.test", "", 0,
	  NO(FROM_MISMATCH) },
	{ "an IP address as the sender's domain", PEER(fabrikam),
	  "bob@192.0.2.1", "contoso.test", "", 0, NO(FROM_MISMATCH) },
	{ "a sender with two at-signs is judged by the last part",
	  PEER(fabrikam), "bob%40fabrikam.test@evil.test", "contoso.test", "",
	  0, NO(FROM_MISMATCH) },
	/* federation: To */
	{ "transit to another partner", PEER(fabrikam), "bob@fabrikam.test",
	  "litware.test", "", 0, NO(NOT_OURS) },
	{ "transit to the Internet", PEER(fabrikam), "bob@fabrikam.test",
	  "elsewhere.test", "", 0, NO(NOT_OURS) },
	{ "back to the partner itself", PEER(fabrikam), "bob@fabrikam.test",
	  "fabrikam.test", "", 0, NO(NOT_OURS) },
	{ "a domain below ours", PEER(fabrikam), "bob@fabrikam.test",
	  "de.contoso.test", "", 0, NO(NOT_OURS) },
	{ "an IP address as destination", PEER(fabrikam), "bob@fabrikam.test",
	  "192.0.2.1", "", 0, NO(NOT_OURS) },
	{ "no destination", PEER(fabrikam), "bob@fabrikam.test", "", "", 0,
	  NO(NOT_OURS) },
	/* dialogs: a sealed token leads past the inside */
	{ "a partner in a dialog with a client", PEER(fabrikam),
	  "bob@fabrikam.test", "192.0.2.1", "", FLOW, ACCESS_TO_FLOW, NULL,
	  &partners[0] },
	{ "a stranger with a token", PEER(stranger), "bob@fabrikam.test",
	  "192.0.2.1", "", FLOW, NO(NOT_PARTNER) },
	{ "a partner with a token claims our domain", PEER(fabrikam),
	  "alice@contoso.test", "192.0.2.1", "", FLOW, NO(FROM_MISMATCH) },
	{ "a partner with a token, a method that does not cross",
	  PEER(fabrikam), "bob@fabrikam.test", "192.0.2.1", "", FLOW | STAYS,
	  NO(PARTNER_METHOD) },
	{ "transit by token", PEER(fabrikam), "bob@fabrikam.test",
	  "litware.test", "", OUT, NO(NOT_OURS) },
	{ "a client in a dialog with a client", CLIENT, "alice@contoso.test",
	  "192.0.2.1", "alice@contoso.test", FLOW, YES_FLOW },
	{ "a client in a dialog with a partner", CLIENT, "alice@contoso.test",
	  "192.0.2.1", "alice@contoso.test", OUT, YES_OUT(&partners[0]) },
	{ "a client in a dialog is somebody else", CLIENT, "carol@contoso.test",
	  "192.0.2.1", "alice@contoso.test", OUT, NO(CLIENT_FROM) },
	{ "nobody signed in has a token: challenged inside", CLIENT,
	  "alice@contoso.test", "192.0.2.1", "", FLOW, YES_IN(NULL) },
	{ "in a dialog, a method that does not cross", CLIENT,
	  "alice@contoso.test", "192.0.2.1", "alice@contoso.test", OUT | STAYS,
	  NO(PARTNER_METHOD) },
	{ "the inside in a dialog with a partner", INSIDE, "alice@contoso.test",
	  "192.0.2.1", "", OUT, YES_OUT(&partners[0]) },
	{ "the inside in a dialog, as a partner", INSIDE, "bob@fabrikam.test",
	  "192.0.2.1", "", OUT, NO(FROM_MISMATCH) },
	/* federation: method */
	{ "a method that does not cross", PEER(fabrikam), "bob@fabrikam.test",
	  "contoso.test", "", STAYS, NO(PARTNER_METHOD) },
	{ "a partner registers with us", PEER(fabrikam), "bob@fabrikam.test",
	  "contoso.test", "", REG | STAYS, NO(PARTNER_METHOD) },
	{ "REGISTER never crosses, whatever the table says", PEER(fabrikam),
	  "bob@fabrikam.test", "contoso.test", "", REG, NO(PARTNER_METHOD) },

	/* clients: allowed */
	{ "a client signs in", CLIENT, "alice@contoso.test", "contoso.test", "",
	  REG | STAYS, YES_IN(NULL) },
	{ "a client refreshes", CLIENT, "alice@contoso.test", "contoso.test",
	  "alice@contoso.test", REG | STAYS, YES_IN(NULL) },
	{ "a client that has not signed in is for the inside to ask", CLIENT,
	  "alice@contoso.test", "contoso.test", "", 0, YES_IN(NULL) },
	{ "a client writes to a colleague", CLIENT, "alice@contoso.test",
	  "it.contoso.test", "alice@contoso.test", 0, YES_IN(NULL) },
	{ "a client writes to a partner by way of the inside", CLIENT,
	  "alice@contoso.test", "fabrikam.test", "alice@contoso.test", 0,
	  YES_IN(NULL) },
	{ "a client writes to anybody by way of the inside", CLIENT,
	  "alice@contoso.test", "elsewhere.test", "alice@contoso.test", 0,
	  YES_IN(NULL) },
	{ "a client publishes", CLIENT, "alice@contoso.test", "contoso.test",
	  "alice@contoso.test", STAYS, YES_IN(NULL) },
	/* clients: refused */
	{ "a client with a foreign From", CLIENT, "bob@fabrikam.test",
	  "contoso.test", "", 0, NO(CLIENT_FROM) },
	{ "a client without a From", CLIENT, "", "contoso.test", "", 0,
	  NO(CLIENT_FROM) },
	{ "signed in as one user, From another", CLIENT, "carol@contoso.test",
	  "contoso.test", "alice@contoso.test", 0, NO(CLIENT_FROM) },
	{ "signed in as one user, registers another", CLIENT,
	  "carol@contoso.test", "contoso.test", "alice@contoso.test",
	  REG | STAYS, NO(CLIENT_FROM) },
	{ "the same user in our other domain is somebody else", CLIENT,
	  "alice@it.contoso.test", "contoso.test", "alice@contoso.test", 0,
	  NO(CLIENT_FROM) },
	{ "a user in other case is somebody else", CLIENT, "Alice@contoso.test",
	  "contoso.test", "alice@contoso.test", 0, NO(CLIENT_FROM) },
	{ "signed in, From with more behind it", CLIENT, "alice@contoso.testx",
	  "contoso.test", "alice@contoso.test", 0, NO(CLIENT_FROM) },
	{ "a client registers at a partner", CLIENT, "alice@contoso.test",
	  "fabrikam.test", "", REG | STAYS, NO(NOT_OURS) },
	{ "a client registers nowhere", CLIENT, "alice@contoso.test", "", "",
	  REG | STAYS, NO(NOT_OURS) },

	/* inside: allowed */
	{ "to a client by its flow token", INSIDE, "bob@fabrikam.test",
	  "contoso.test", "", FLOW, YES_FLOW },
	{ "any method to a client", INSIDE, "alice@contoso.test",
	  "contoso.test", "", FLOW | STAYS, YES_FLOW },
	{ "to a partner", INSIDE, "alice@contoso.test", "fabrikam.test", "", 0,
	  YES_OUT(&partners[0]) },
	{ "to the second domain of a shared edge", INSIDE,
	  "alice@it.contoso.test", "proseware.test", "", 0,
	  YES_OUT(&partners[2]) },
	/* inside: refused */
	{ "a partner's message may not leave again", INSIDE,
	  "bob@fabrikam.test", "litware.test", "", 0, NO(FROM_MISMATCH) },
	{ "outwards without a sender", INSIDE, "", "fabrikam.test", "", 0,
	  NO(FROM_MISMATCH) },
	{ "to ourselves without a flow token is a loop", INSIDE,
	  "alice@contoso.test", "contoso.test", "", 0, NO(INSIDE_LOOP) },
	{ "to our second domain is a loop as well", INSIDE,
	  "alice@contoso.test", "it.contoso.test", "", 0, NO(INSIDE_LOOP) },
	{ "to a domain that is no partner", INSIDE, "alice@contoso.test",
	  "elsewhere.test", "", 0, NO(NO_ROUTE) },
	{ "to a domain below a partner's", INSIDE, "alice@contoso.test",
	  "de.fabrikam.test", "", 0, NO(NO_ROUTE) },
	{ "to an IP address", INSIDE, "alice@contoso.test", "192.0.2.1", "", 0,
	  NO(NO_ROUTE) },
	{ "to nowhere", INSIDE, "alice@contoso.test", "", "", 0, NO(NO_ROUTE) },
	{ "a method that does not cross, outwards", INSIDE,
	  "alice@contoso.test", "fabrikam.test", "", STAYS,
	  NO(PARTNER_METHOD) },
	{ "REGISTER outwards", INSIDE, "alice@contoso.test", "fabrikam.test",
	  "", REG, NO(PARTNER_METHOD) },
};

static struct access_facts facts_of(const struct row *r)
{
	struct slice aor = slice_str(r->from);
	ptrdiff_t at = -1;
	for (size_t i = 0; i < aor.len; i++) {
		if (aor.ptr[i] == '@')
			at = (ptrdiff_t)i;
	}
	return (struct access_facts){
		.source = r->source,
		.peer_name = r->peer,
		.peer_name_count = r->peers,
		.method = r->flags & REG ? SLICE_LIT("REGISTER")
					 : SLICE_LIT("MESSAGE"),
		.registers = r->flags & REG,
		.crosses = !(r->flags & STAYS),
		.from_aor = aor,
		.from_domain = slice_from(aor, (size_t)(at + 1)),
		.to_domain = slice_str(r->to),
		.flow_aor = slice_str(r->flow_aor),
		.route = r->flags & FLOW  ? ACCESS_ROUTE_FLOW
			 : r->flags & OUT ? ACCESS_ROUTE_PARTNER
					  : ACCESS_ROUTE_NONE,
		.route_edge = slice_str("edge.fabrikam.test"),
	};
}

/* What the records of wingtip.test say in the rows below. */
static const struct access_target targets[] = {
	{ S("sip1.wingtip.test"), true },
	{ S("sip2.wingtip.test"), true },
	{ S("sip.far.wingtip.test"), false },
	{ S("edge.fabrikam.test"), false },
};
static const char wingtip[2][256] = { "www.wingtip.test", "sip2.wingtip.test" };
static const char other_host[1][256] = { "www.wingtip.test" };
static const char domain_only[1][256] = { "wingtip.test" };
static const char far[1][256] = { "sip.far.wingtip.test" };

enum { UNKNOWN, KNOWN, FAILED, TARGETS_NONE };

/* DNS-03, and what certificates prove beside it (edge-federation 3). */
static const struct {
	const char *what;
	const char (*peer)[256];
	size_t peers;
	const char *from;
	int srv;
	enum access_route route;
	enum access_kind kind;
	const struct reject *reject;
} srv_rows[] = {
#define NAMES(n) n, sizeof(n) / sizeof(n[0])
	{ "nobody has looked yet", NAMES(wingtip), "wingtip.test", UNKNOWN,
	  ACCESS_ROUTE_NONE, ACCESS_NEED_SRV, NULL },
	{ "a target of the sender's domain", NAMES(wingtip), "wingtip.test",
	  KNOWN, ACCESS_ROUTE_NONE, ACCESS_TO_INSIDE, NULL },
	{ "the same in a dialog", NAMES(wingtip), "wingtip.test", KNOWN,
	  ACCESS_ROUTE_FLOW, ACCESS_TO_FLOW, NULL },
	{ "in a dialog, and nobody has looked", NAMES(wingtip), "wingtip.test",
	  UNKNOWN, ACCESS_ROUTE_FLOW, ACCESS_NEED_SRV, NULL },
	{ "no transit, by token either", NAMES(wingtip), "wingtip.test", KNOWN,
	  ACCESS_ROUTE_PARTNER, ACCESS_REFUSE, &ACCESS_REJ_NOT_OURS },
	{ "another host of the domain", NAMES(other_host), "wingtip.test",
	  KNOWN, ACCESS_ROUTE_NONE, ACCESS_REFUSE, &ACCESS_REJ_NOT_PARTNER },
	{ "a certificate for the domain and no host", NAMES(domain_only),
	  "wingtip.test", KNOWN, ACCESS_ROUTE_NONE, ACCESS_REFUSE,
	  &ACCESS_REJ_NOT_PARTNER },
	{ "a target that is no host directly in the domain", NAMES(far),
	  "wingtip.test", KNOWN, ACCESS_ROUTE_NONE, ACCESS_REFUSE,
	  &ACCESS_REJ_SRV_DOMAIN },
	{ "a known edge, named by the records of another domain",
	  NAMES(fabrikam), "wingtip.test", KNOWN, ACCESS_ROUTE_NONE,
	  ACCESS_REFUSE, &ACCESS_REJ_SRV_DOMAIN },
	{ "a stranger", NAMES(stranger), "wingtip.test", KNOWN,
	  ACCESS_ROUTE_NONE, ACCESS_REFUSE, &ACCESS_REJ_NOT_PARTNER },
	{ "a known edge that no record names", NAMES(hosting), "wingtip.test",
	  KNOWN, ACCESS_ROUTE_NONE, ACCESS_REFUSE, &ACCESS_REJ_FROM_MISMATCH },
	{ "no record, or none that could be got", NAMES(wingtip),
	  "wingtip.test", FAILED, ACCESS_ROUTE_NONE, ACCESS_REFUSE,
	  &ACCESS_REJ_SRV_NONE },
	{ "records without a target", NAMES(wingtip), "wingtip.test",
	  TARGETS_NONE, ACCESS_ROUTE_NONE, ACCESS_REFUSE,
	  &ACCESS_REJ_NOT_PARTNER },
	{ "a target speaks for another partner's domain", NAMES(wingtip),
	  "fabrikam.test", KNOWN, ACCESS_ROUTE_NONE, ACCESS_REFUSE,
	  &ACCESS_REJ_NOT_PARTNER },
	{ "a target speaks for our domain", NAMES(wingtip), "contoso.test",
	  KNOWN, ACCESS_ROUTE_NONE, ACCESS_REFUSE, &ACCESS_REJ_NOT_PARTNER },
	{ "a domain below: nobody looks anything up", NAMES(wingtip),
	  "de.wingtip.test", UNKNOWN, ACCESS_ROUTE_NONE, ACCESS_REFUSE,
	  &ACCESS_REJ_NOT_PARTNER },
};

static void test_dns_03_who_speaks_for_a_domain_found_by_srv(void **state)
{
	static const enum access_srv_state states[] = {
		[UNKNOWN] = ACCESS_SRV_UNKNOWN,
		[KNOWN] = ACCESS_SRV_KNOWN,
		[FAILED] = ACCESS_SRV_FAILED,
		[TARGETS_NONE] = ACCESS_SRV_KNOWN,
	};
	char error[256];
	struct access *a = NULL;
	(void)state;
	assert_int_equal(access_create(&a, &conf, error), 0);
	for (size_t i = 0; i < sizeof(srv_rows) / sizeof(srv_rows[0]); i++) {
		int srv = srv_rows[i].srv;
		struct access_facts f = {
			.source = ACCESS_FROM_FEDERATION,
			.peer_name = srv_rows[i].peer,
			.peer_name_count = srv_rows[i].peers,
			.method = SLICE_LIT("MESSAGE"),
			.crosses = true,
			.from_domain = slice_str(srv_rows[i].from),
			.to_domain = SLICE_LIT("contoso.test"),
			.route = srv_rows[i].route,
			.route_edge = SLICE_LIT("edge.fabrikam.test"),
			.from_srv = { .state = states[srv],
				      .target = targets,
				      .count = srv == KNOWN ? 4 : 0 },
		};
		struct access_verdict v = access_judge(a, &f);
		if (v.kind != srv_rows[i].kind ||
		    v.reject != srv_rows[i].reject)
			fail_msg("%s: kind %d, %s", srv_rows[i].what, v.kind,
				 v.reject ? v.reject->why : "let through");
		bool passes =
			v.kind == ACCESS_TO_INSIDE || v.kind == ACCESS_TO_FLOW;
		if (v.partner != (passes ? &partners[4] : NULL))
			fail_msg("%s: wrong partner row", srv_rows[i].what);
	}
	access_free(a);
}

/* A dialog that a server inside stays in: its token stands for the address,
 * which is a device's; who sends is judged as ever. */
static void test_dialogs_that_the_inside_stays_in(void **state)
{
	static const char fabrikam_edge[1][256] = { "edge.fabrikam.test" };
	static const char nobody[1][256] = { "edge.nobody.test" };
	const struct {
		enum access_source source;
		const char (*peer)[256];
		const char *from, *flow_aor;
		bool stays;
		enum access_kind kind;
		const struct reject *reject;
	} cases[] = {
		{ ACCESS_FROM_FEDERATION, fabrikam_edge, "bob@fabrikam.test",
		  "", false, ACCESS_TO_INSIDE, NULL },
		{ ACCESS_FROM_FEDERATION, fabrikam_edge, "bob@litware.test", "",
		  false, ACCESS_REFUSE, &ACCESS_REJ_FROM_MISMATCH },
		{ ACCESS_FROM_FEDERATION, fabrikam_edge, "alice@contoso.test",
		  "", false, ACCESS_REFUSE, &ACCESS_REJ_FROM_MISMATCH },
		{ ACCESS_FROM_FEDERATION, nobody, "bob@fabrikam.test", "",
		  false, ACCESS_REFUSE, &ACCESS_REJ_NOT_PARTNER },
		{ ACCESS_FROM_FEDERATION, fabrikam_edge, "bob@fabrikam.test",
		  "", true, ACCESS_REFUSE, &ACCESS_REJ_PARTNER_METHOD },
		{ ACCESS_FROM_CLIENT, NULL, "alice@contoso.test",
		  "alice@contoso.test", false, ACCESS_TO_INSIDE, NULL },
		{ ACCESS_FROM_CLIENT, NULL, "carol@contoso.test",
		  "alice@contoso.test", false, ACCESS_REFUSE,
		  &ACCESS_REJ_CLIENT_FROM },
	};
	char error[256];
	struct access *a = NULL;
	(void)state;
	assert_int_equal(access_create(&a, &conf, error), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct access_facts f = {
			.source = cases[i].source,
			.peer_name = cases[i].peer,
			.peer_name_count = cases[i].peer ? 1 : 0,
			.method = SLICE_LIT("BYE"),
			.crosses = !cases[i].stays,
			.from_aor = slice_str(cases[i].from),
			.from_domain =
				slice_str(strchr(cases[i].from, '@') + 1),
			.to_domain = SLICE_LIT("10.0.0.7"),
			.flow_aor = slice_str(cases[i].flow_aor),
			.route = ACCESS_ROUTE_INSIDE,
		};
		struct access_verdict v = access_judge(a, &f);
		assert_int_equal(v.kind, cases[i].kind);
		assert_ptr_equal(v.reject, cases[i].reject);
	}
	access_free(a);
}

static void test_out_to_a_domain_found_by_srv(void **state)
{
	char error[256];
	struct access *a = NULL;
	(void)state;
	assert_int_equal(access_create(&a, &conf, error), 0);
	struct access_facts f = {
		.source = ACCESS_FROM_INSIDE,
		.crosses = true,
		.from_domain = SLICE_LIT("contoso.test"),
		.to_domain = SLICE_LIT("wingtip.test"),
	};
	struct access_verdict v = access_judge(a, &f);
	assert_int_equal(v.kind, ACCESS_TO_PARTNER);
	assert_ptr_equal(v.partner, &partners[4]);
	f.route = ACCESS_ROUTE_PARTNER;
	f.route_edge = SLICE_LIT("srv:wingtip.test");
	v = access_judge(a, &f);
	assert_int_equal(v.kind, ACCESS_TO_PARTNER);
	assert_ptr_equal(v.partner, &partners[4]);
	f.route_edge = SLICE_LIT("srv:fabrikam.test"); /* has an edge now */
	assert_ptr_equal(access_judge(a, &f).reject, &ACCESS_REJ_NO_ROUTE);
	access_free(a);
}

static void every_allow_and_deny(void **state)
{
	(void)state;
	char error[256];
	struct access *a = NULL;
	assert_int_equal(access_create(&a, &conf, error), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct access_facts f = facts_of(&rows[i]);
		struct access_verdict v = access_judge(a, &f);
		if (v.kind != rows[i].kind || v.reject != rows[i].reject)
			fail_msg("%s: kind %d, %s", rows[i].what, v.kind,
				 v.reject ? v.reject->why : "let through");
		if (v.partner != rows[i].partner)
			fail_msg("%s: wrong partner row", rows[i].what);
	}
	access_free(a);
}

/* SIP-26: what reaches judgement is canonical. A spelling that is not must
 * never be taken for the plain form. */
static const char *const spellings[] = {
	"FABRIKAM.TEST",
	"fabrikam.test.",
	".fabrikam.test",
	"fabrikam.test ",
	" fabrikam.test",
	"fabrikam%2etest",
	"fabrikam..test",
	"fabrikam.test:5061",
	"fabrikam.test;x",
	"fabrikam.test%00",
	"x@fabrikam.test",
	"[fabrikam.test]",
	"xn--fabrikam.test",
	"fabr\xC4\xB1kam.test",
	"fabrikam.tes",
	"fabrikam.testt",
	"*.test",
	"*",
};

static void spellings_never_match(void **state)
{
	(void)state;
	char error[256];
	struct access *a = NULL;
	assert_int_equal(access_create(&a, &conf, error), 0);
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		struct access_facts f = {
			.source = ACCESS_FROM_FEDERATION,
			.peer_name = fabrikam,
			.peer_name_count = 1,
			.crosses = true,
			.from_aor = SLICE_LIT("bob@x"),
			.from_domain = slice_str(spellings[i]),
			.to_domain = SLICE_LIT("contoso.test"),
		};
		if (access_judge(a, &f).reject != &ACCESS_REJ_FROM_MISMATCH)
			fail_msg("%s as sender", spellings[i]);
		f.source = ACCESS_FROM_INSIDE;
		f.from_domain = SLICE_LIT("contoso.test");
		f.to_domain = slice_str(spellings[i]);
		if (access_judge(a, &f).reject != &ACCESS_REJ_NO_ROUTE)
			fail_msg("%s as destination", spellings[i]);
	}
	access_free(a);
}

/* What the published table of ids says for each refusal. */
static void refusals_have_their_codes(void **state)
{
	(void)state;
	static const struct {
		const struct reject *reject;
		uint16_t status, diagnostics;
		bool closes;
	} codes[] = {
		{ &ACCESS_REJ_NOT_PARTNER, 403, 1010, true },
		{ &ACCESS_REJ_FROM_MISMATCH, 403, 1017, false },
		{ &ACCESS_REJ_NOT_OURS, 404, 1005, false },
		{ &ACCESS_REJ_NO_ROUTE, 404, 1005, false },
		{ &ACCESS_REJ_PARTNER_METHOD, 403, 1027, false },
		{ &ACCESS_REJ_CLIENT_FROM, 403, 0, false },
		{ &ACCESS_REJ_INSIDE_LOOP, 482, 0, false },
	};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const struct reject *r = codes[i].reject;
		assert_int_equal(r->status, codes[i].status);
		assert_int_equal(r->diagnostics, codes[i].diagnostics);
		assert_int_equal(r->closes, codes[i].closes);
		const char *labels = metric_info(r->metric)->labels;
		assert_non_null(strstr(labels, r->why));
		assert_true(r->text && r->reason && r->spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allow_and_deny),
		cmocka_unit_test(
			test_dns_03_who_speaks_for_a_domain_found_by_srv),
		cmocka_unit_test(test_dialogs_that_the_inside_stays_in),
		cmocka_unit_test(test_out_to_a_domain_found_by_srv),
		cmocka_unit_test(spellings_never_match),
		cmocka_unit_test(refusals_have_their_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
