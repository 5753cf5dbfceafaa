/* SPDX-License-Identifier: Apache-2.0 */
/* Providers and policies that contradict themselves. What contradicts between
 * lists is found when the rules are built (access_create()). */
#include "conf/loader.h"

static const struct conf_provider *provider_named(const struct conf *c,
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

static int check_providers(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	for (size_t i = 0; i < c->provider_count; i++) {
		const struct conf_provider *p = &c->providers[i];
		const struct conf_provider *first = provider_named(c, p->name);
		if (first != p)
			return conf_fail(ld, p->line,
					 "providers: %.*s is listed here and "
					 "already on line %u; give one of the "
					 "two another name",
					 SLICE_FMT(p->name),
					 (unsigned)first->line);
		int err = check_end(ld, p);
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

int conf_check_rules(struct conf_loader *ld)
{
	int err = check_providers(ld);
	return err ? err : check_policies(ld);
}
