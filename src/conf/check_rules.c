/* SPDX-License-Identifier: Apache-2.0 */
/* Providers and policies that contradict themselves. What contradicts between
 * lists is found when the rules are built (access_create()). */
#include "conf/conf_views.h"
#include "conf/loader.h"

const struct conf_provider *conf_provider_named(const struct conf *c,
						struct slice name)
{
	for (size_t i = 0; i < c->provider_count; i++)
		if (slice_eq(c->providers[i].name, name))
			return &c->providers[i];
	return NULL;
}

static bool is_one_of(const struct slice *list, size_t n, struct slice s)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(list[i], s))
			return true;
	return false;
}

static int check_end(struct conf_loader *ld, const struct conf_provider *p)
{
	for (size_t i = 0; i < p->kept_count; i++)
		if (!is_one_of(p->domains, p->domain_count, p->kept[i]))
			return conf_fail(ld, p->line,
					 "providers: kept_domains of %.*s "
					 "names %.*s, which is none of its "
					 "domains; add it there or remove it "
					 "here",
					 SLICE_FMT(p->name),
					 SLICE_FMT(p->kept[i]));
	return 0;
}

/* Who follows whom has to end with somebody. */
static bool goes_around(const struct conf *c, const struct conf_provider *p)
{
	size_t steps = 0;
	while (p && p->succeeded && steps++ <= c->provider_count)
		p = conf_provider_named(c, p->successor);
	return steps > c->provider_count;
}

static int check_successor(struct conf_loader *ld,
			   const struct conf_provider *p)
{
	const struct conf *c = ld->conf;
	const struct conf_provider *heir = conf_provider_named(c, p->successor);
	if (!p->succeeded)
		return 0;
	if (slice_empty(p->ends))
		return conf_fail(ld, p->line,
				 "providers: %.*s has after_end: successor "
				 "and no end; write ends: with the day",
				 SLICE_FMT(p->name));
	if (!heir || !heir->enabled)
		return conf_fail(
			ld, p->line,
			"providers: after_end: successor of %.*s needs "
			"successor: with the name of a provider that "
			"is listed and enabled",
			SLICE_FMT(p->name));
	if (goes_around(c, p))
		return conf_fail(ld, p->line,
				 "providers: %.*s and %.*s (line %u) succeed "
				 "each other in a circle",
				 SLICE_FMT(p->name), SLICE_FMT(heir->name),
				 (unsigned)heir->line);
	return 0;
}

/* Nobody is written in a domain that is somebody else's. */
static int check_decoration(struct conf_loader *ld,
			    const struct conf_provider *p)
{
	struct slice odd = p->decoration;
	if (!odd.len && p->plain_count)
		return conf_fail(ld, p->line,
				 "providers: %.*s has undecorated_domains and "
				 "no decoration",
				 SLICE_FMT(p->name));
	if (!odd.len || is_one_of(p->domains, p->domain_count, odd))
		odd = SLICE_NONE;
	for (size_t i = 0; !odd.len && i < p->plain_count; i++)
		if (!is_one_of(p->domains, p->domain_count, p->plain[i]))
			odd = p->plain[i];
	if (!odd.len)
		return 0;
	return conf_fail(ld, p->line,
			 "providers: the decoration of %.*s names %.*s, which "
			 "is none of its domains; add it there or remove it "
			 "here",
			 SLICE_FMT(p->name), SLICE_FMT(odd));
}

static int check_shared(struct conf_loader *ld, const struct conf_provider *p)
{
	if (p->forwards && !p->shared)
		return conf_fail(ld, p->line,
				 "providers: forwards_partners of %.*s needs "
				 "shared_address_space: true",
				 SLICE_FMT(p->name));
	if (p->transit && !p->shared)
		return conf_fail(ld, p->line,
				 "providers: transit of %.*s needs "
				 "shared_address_space: true",
				 SLICE_FMT(p->name));
	if (!p->shared || p->kind == CONF_HOSTING)
		return 0;
	return conf_fail(ld, p->line,
			 "providers: shared_address_space of %.*s needs kind: "
			 "hosting; users of ours live with nobody else",
			 SLICE_FMT(p->name));
}

static int check_providers(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	for (size_t i = 0; i < c->provider_count; i++) {
		const struct conf_provider *p = &c->providers[i];
		const struct conf_provider *first =
			conf_provider_named(c, p->name);
		if (first != p)
			return conf_fail(ld, p->line,
					 "providers: %.*s is listed here and "
					 "already on line %u; give one of the "
					 "two another name",
					 SLICE_FMT(p->name),
					 (unsigned)first->line);
		int err = check_end(ld, p);
		if (!err)
			err = check_successor(ld, p);
		if (!err)
			err = check_decoration(ld, p);
		if (!err)
			err = check_shared(ld, p);
		if (err)
			return err;
	}
	return 0;
}

static int check_policies(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	for (size_t i = 0; i < c->policy_count; i++) {
		const struct conf_policy *p = &c->policies[i];
		for (size_t k = 0; k < p->user_count; k++) {
			struct slice u = p->users[k];
			ptrdiff_t at = slice_chr(u, '@');
			if (is_one_of(c->edge.domains, c->edge.domain_count,
				      slice_from(u, (size_t)at + 1)))
				continue;
			return conf_fail(ld, p->line,
					 "policies: %.*s is in no domain of "
					 "ours (edge.domains); policies are "
					 "for our own users",
					 SLICE_FMT(slice_head(u, 64)));
		}
	}
	return 0;
}

/* Everything that is not listed goes one way, or by what the DNS says. */
static int check_default_route(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	uint32_t line = conf_line_of(ld, "access.federation.default_route");
	if (slice_empty(c->access.default_route.edge)) {
		line = conf_line_of(ld,
				    "access.federation.default_route_address");
		return slice_empty(c->access.default_route.address)
			       ? 0
			       : conf_fail(ld, line,
					   "default_route_address needs "
					   "default_route: with the FQDN of "
					   "that server");
	}
	if (c->access.discovery.on)
		return conf_fail(ld, line,
				 "default_route and discovery: on (line %u) "
				 "exclude each other; remove one of the two",
				 (unsigned)conf_line_of(
					 ld, "access.federation.discovery"));
	for (size_t i = 0; i < c->provider_count; i++)
		if (c->providers[i].enabled)
			return conf_fail(
				ld, line,
				"default_route and providers (line %u) "
				"exclude each other; remove one of the two",
				(unsigned)c->providers[i].line);
	return 0;
}

static int check_proof(struct conf_loader *ld, const struct conf_proof *p,
		       uint32_t line)
{
	bool dane =
		p->kind == CONF_PROOF_DANE || p->kind == CONF_PROOF_DANE_OR_PKI;
	if (p->kind == CONF_PROOF_PIN && !p->pin_count)
		return conf_fail(ld, line,
				 "proof: pin needs pins: with the SHA-256 of "
				 "the peer's public key");
	if (dane && slice_empty(ld->conf->dns.trust_anchor.path))
		return conf_fail(ld, line,
				 "proof: dane needs dns.trust_anchor: without "
				 "it nothing is validated");
	return 0;
}

static int check_proofs(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	int err = check_proof(ld, &c->access.proof,
			      conf_line_of(ld, "access.federation.proof"));
	for (size_t i = 0; i < c->partner_count && !err; i++)
		err = check_proof(ld, &c->partners[i].proof,
				  c->partners[i].line);
	for (size_t i = 0; i < c->provider_count && !err; i++)
		err = check_proof(ld, &c->providers[i].proof,
				  c->providers[i].line);
	return err;
}

int conf_check_rules(struct conf_loader *ld)
{
	int err = check_providers(ld);
	if (!err)
		err = check_default_route(ld);
	if (!err)
		err = check_proofs(ld);
	return err ? err : check_policies(ld);
}
