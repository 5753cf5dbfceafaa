/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as judgement wants it: a provider becomes one row for each
 * of its domains. */
#include <errno.h>

#include "conf/conf_views.h"
#include "conf/text.h"

/* -EINVAL cannot happen: the texts were checked. */
static int view_prefixes(struct arena *a, const struct slice *texts,
			 size_t count, const struct addr_prefix **out)
{
	struct addr_prefix *list = arena_alloc(a, (count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (addr_parse_prefix(texts[i], &list[i]))
			return -EINVAL;
	*out = list;
	return 0;
}

static const enum access_provider_kind kinds[] = {
	[CONF_PUBLIC] = ACCESS_PUBLIC_IM,
	[CONF_HOSTING] = ACCESS_HOSTING,
	[CONF_XMPP] = ACCESS_XMPP,
};

static void view_provider(const struct conf_provider *p,
			  struct access_provider *out)
{
	*out = (struct access_provider){
		.name = p->name,
		.kind = kinds[p->kind],
		.audio_video = p->audio_video,
		.shared = p->shared,
		.forwards = p->forwards,
		.transit = p->transit,
		.kept = p->kept,
		.kept_count = p->kept_count,
		.successor = p->successor,
		.decoration = p->decoration,
		.plain = p->plain,
		.plain_count = p->plain_count,
		.line = p->line,
	};
	if (!slice_empty(p->ends))
		(void)conf_text_date(p->ends, &out->ends_s); /* was checked */
}

static const enum access_level levels[] = {
	[CONF_CONTACTS] = ACCESS_LEVEL_UNVERIFIED,
	[CONF_ALWAYS] = ACCESS_LEVEL_VERIFIED,
	[CONF_SOURCE] = ACCESS_LEVEL_SOURCE,
	[CONF_SOURCE_STRICT] = ACCESS_LEVEL_STRICT,
};

static int put_row(struct arena *a, const struct conf *c,
		   const struct access_provider *all,
		   const struct conf_provider *p, struct access_partner *out)
{
	*out = (struct access_partner){
		.domain = out->domain,
		.edge = p->edge,
		.address = p->address,
		.level = levels[p->verification],
		.provider = &all[p - c->providers],
		.line = p->line,
	};
	return conf_view_proof(a, c, &p->proof, &out->proof);
}

/* The rows of a domain for the time after the end: its provider's successor,
 * that one's, and so on; there is no circle, which was checked. */
static int add_heirs(struct arena *a, const struct conf *c,
		     const struct access_provider *all,
		     struct access_partner *row)
{
	const struct conf_provider *p = &c->providers[row->provider - all];
	for (size_t i = 0; p->succeeded && i < c->provider_count; i++) {
		const struct conf_provider *heir =
			conf_provider_named(c, p->successor);
		struct access_partner *next = arena_alloc(a, sizeof(*next));
		if (!heir || !next)
			return heir ? -ENOMEM : -EINVAL;
		next->domain = row->domain;
		int err = put_row(a, c, all, heir, next);
		if (err)
			return err;
		row->heir = next;
		row = next;
		p = heir;
	}
	return 0;
}

/* A row for each domain of that provider. */
static int add_domains(struct arena *a, const struct conf *c,
		       const struct access_provider *all,
		       const struct access_provider *provider,
		       struct access_partner *rows)
{
	const struct conf_provider *p = &c->providers[provider - all];
	for (size_t i = 0; i < p->domain_count; i++) {
		rows[i].domain = p->domains[i];
		int err = put_row(a, c, all, p, &rows[i]);
		if (!err)
			err = add_heirs(a, c, all, &rows[i]);
		if (err)
			return err;
	}
	return 0;
}

static size_t count_rows(const struct conf *c)
{
	size_t n = c->partner_count;
	for (size_t i = 0; i < c->provider_count; i++)
		n += c->providers[i].domain_count;
	return n;
}

static int view_partners(struct arena *a, const struct conf *c,
			 struct access_partner *rows)
{
	for (size_t i = 0; i < c->partner_count; i++) {
		const struct conf_partner *p = &c->partners[i];
		rows[i] = (struct access_partner){
			.domain = p->domain,
			.edge = p->edge,
			.address = p->address,
			.connections = p->connections,
			.level = levels[p->verification],
			.allow_count = p->allow_count,
			.line = p->line,
		};
		int err = view_prefixes(a, p->allow_addresses, p->allow_count,
					&rows[i].allow);
		if (!err)
			err = conf_view_proof(a, c, &p->proof, &rows[i].proof);
		if (err)
			return err;
	}
	return 0;
}

static int view_rows(struct arena *a, const struct conf *c,
		     struct access_conf *out)
{
	struct access_partner *rows =
		arena_alloc(a, (count_rows(c) + 1) * sizeof(*rows));
	struct access_provider *providers =
		arena_alloc(a, (c->provider_count + 1) * sizeof(*providers));
	size_t n = c->partner_count;
	if (!rows || !providers)
		return -ENOMEM;
	int err = view_partners(a, c, rows);
	for (size_t i = 0; i < c->provider_count; i++)
		view_provider(&c->providers[i], &providers[i]);
	for (size_t i = 0; i < c->provider_count && !err; i++) {
		if (!c->providers[i].enabled)
			continue;
		err = add_domains(a, c, providers, &providers[i], &rows[n]);
		n += c->providers[i].domain_count;
	}
	out->partners = rows;
	out->partner_count = n;
	return err;
}

static int view_discovery(struct arena *a, const struct conf *c,
			  struct access_conf *out)
{
	out->discovery = c->access.discovery.on;
	out->discovered_level = levels[c->access.discovery.verification];
	out->discovered_allow_count = c->access.discovery.allow_count;
	int err = view_prefixes(a, c->access.discovery.allow_addresses,
				c->access.discovery.allow_count,
				&out->discovered_allow);
	return err ? err
		   : conf_view_proof(a, c, &c->access.proof,
				     &out->discovered_proof);
}

static int view_blocks(struct arena *a, const struct conf *c,
		       struct access_conf *out)
{
	struct access_block *rows =
		arena_alloc(a, (c->blocked_count + 1) * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < c->blocked_count; i++)
		rows[i] = (struct access_block){
			.domain = c->blocked[i].domain,
			.subdomains = c->blocked[i].subdomains,
			.line = c->blocked[i].line,
		};
	out->blocks = rows;
	out->block_count = c->blocked_count;
	return 0;
}

/* The bits of the gates that say `word`. */
static unsigned gates(const struct conf_gates *g, enum conf_may word)
{
	return (g->federation == word ? ACCESS_MAY_FEDERATE : 0u) |
	       (g->public_im == word ? ACCESS_MAY_PUBLIC_IM : 0u) |
	       (g->public_av == word ? ACCESS_MAY_PUBLIC_AV : 0u) |
	       (g->outside == word ? ACCESS_MAY_OUTSIDE : 0u) |
	       (g->xmpp == word ? ACCESS_MAY_XMPP : 0u);
}

static int view_policies(struct arena *a, const struct conf *c,
			 struct access_conf *out)
{
	struct access_policy *rows =
		arena_alloc(a, (c->policy_count + 1) * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < c->policy_count; i++) {
		const struct conf_policy *p = &c->policies[i];
		rows[i] = (struct access_policy){
			.users = p->users,
			.user_count = p->user_count,
			.group = !slice_empty(p->group),
			.may = gates(&p->gates, CONF_MAY),
			.line = p->line,
		};
		rows[i].set = rows[i].may | gates(&p->gates, CONF_MAY_NOT);
	}
	out->policies = rows;
	out->policy_count = c->policy_count;
	out->denied = gates(&c->policy, CONF_MAY_NOT);
	return 0;
}

static int view_default_route(struct arena *a, const struct conf *c,
			      struct access_conf *out)
{
	struct access_partner *p;
	if (slice_empty(c->access.default_route.edge))
		return 0;
	if (!(p = arena_alloc(a, sizeof(*p))))
		return -ENOMEM;
	*p = (struct access_partner){
		.edge = c->access.default_route.edge,
		.address = c->access.default_route.address,
	};
	out->default_route = p;
	return conf_view_proof(a, c, &c->access.proof, &p->proof);
}

int conf_view_access(struct arena *a, const struct conf *c,
		     struct access_conf *out)
{
	struct access_conf x = { .domains = c->edge.domains,
				 .domain_count = c->edge.domain_count };
	int err = view_rows(a, c, &x);
	if (!err)
		err = view_discovery(a, c, &x);
	if (!err)
		err = view_blocks(a, c, &x);
	if (!err)
		err = view_policies(a, c, &x);
	if (!err)
		err = view_default_route(a, c, &x);
	if (!err)
		*out = x;
	return err;
}
