/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no single key can tell: values that contradict each other. Both places
 * are named, so that nobody has to search.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_views.h"
#include "conf/loader.h"

uint32_t conf_line_of(const struct conf_loader *ld, const char *path)
{
	int i = conf_key_find(path);
	while (i >= 0 && ld->line[i] == 0)
		i = conf_key_parent((size_t)i);
	return i >= 0 ? ld->line[i] : 1;
}

static bool is_ours(const struct conf *c, struct slice domain)
{
	for (size_t i = 0; i < c->edge.domain_count; i++) {
		if (slice_eq(c->edge.domains[i], domain))
			return true;
	}
	return false;
}

/* By domain, then by line: the first of two equal ones stands first. */
static int by_domain(const void *a, const void *b)
{
	const struct conf_partner *p = *(const struct conf_partner *const *)a;
	const struct conf_partner *q = *(const struct conf_partner *const *)b;
	size_t len =
		p->domain.len < q->domain.len ? p->domain.len : q->domain.len;
	int order = memcmp(p->domain.ptr, q->domain.ptr, len);
	if (order)
		return order;
	if (p->domain.len != q->domain.len)
		return p->domain.len < q->domain.len ? -1 : 1;
	return p->line < q->line ? -1 : p->line > q->line;
}

static int partners_differ(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	size_t n = c->partner_count;
	if (n < 2)
		return 0;
	const struct conf_partner **sorted =
		arena_alloc(ld->arena, n * sizeof(const struct conf_partner *));
	if (!sorted)
		return conf_fail_memory(ld);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &c->partners[i];
	qsort(sorted, n, sizeof(const struct conf_partner *), by_domain);
	for (size_t i = 1; i < n; i++) {
		if (slice_eq(sorted[i - 1]->domain, sorted[i]->domain))
			return conf_fail(ld, sorted[i]->line,
					 "partners: %.*s is listed here and "
					 "already on line %u; remove one of "
					 "the two",
					 SLICE_FMT(sorted[i]->domain),
					 (unsigned)sorted[i - 1]->line);
	}
	return 0;
}

static int partners_are_others(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	for (size_t i = 0; i < c->partner_count; i++) {
		const struct conf_partner *p = &c->partners[i];
		if (is_ours(c, p->domain))
			return conf_fail(
				ld, p->line,
				"partners: %.*s is our own domain (see "
				"edge.domains, line %u); remove it "
				"from one of the two",
				SLICE_FMT(p->domain),
				(unsigned)conf_line_of(ld, "edge.domains"));
		if (!slice_empty(p->address) && slice_empty(p->edge))
			return conf_fail(ld, p->line,
					 "partners: %.*s has address: but no "
					 "edge:; write the name that the "
					 "certificate has to prove",
					 SLICE_FMT(p->domain));
		if (slice_eq(c->edge.name, p->edge))
			return conf_fail(
				ld, p->line,
				"partners: the edge of %.*s is this "
				"server itself (see edge.name, line "
				"%u); write the partner's server",
				SLICE_FMT(p->domain),
				(unsigned)conf_line_of(ld, "edge.name"));
	}
	return 0;
}

/* The ith listener that has its address and port for itself. */
static const struct conf_addr *listener(const struct conf *c, size_t i)
{
	const struct {
		const struct conf_addr *list;
		size_t count;
	} all[] = {
		{ c->access.federation.listen,
		  c->access.federation.listen_count },
		{ c->access.clients.listen, c->access.clients.listen_count },
		{ c->inside.listen, c->inside.listen_count },
		{ c->relay.tls_listen, c->relay.tls_listen_count },
		{ c->admin.listen, c->admin.listen_count },
	};
	size_t n = 0;
	while (i >= all[n].count)
		i -= all[n++].count;
	return &all[n].list[i];
}

static int listeners_differ(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	size_t n = c->access.federation.listen_count +
		   c->access.clients.listen_count;
	if (n == 0)
		return conf_fail(ld, conf_line_of(ld, "access"),
				 "access: nothing listens; write listen: under "
				 "federation: or clients:");
	n += c->inside.listen_count + c->relay.tls_listen_count +
	     c->admin.listen_count;
	for (size_t i = 1; i < n; i++) {
		const struct conf_addr *a = listener(c, i);
		for (size_t j = 0; j < i; j++) {
			const struct conf_addr *b = listener(c, j);
			if (addr_equal(&a->addr, &b->addr))
				return conf_fail(ld, a->line ? a->line : 1,
						 "two listeners on "
						 "%.*s (the other on line %u); "
						 "give one another port or "
						 "address",
						 SLICE_FMT(a->text),
						 (unsigned)b->line);
		}
	}
	return 0;
}

static bool on_loopback(const struct addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return ntohl(a->u.in.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->u.in6.sin6_addr);
}

/* Plain HTTP never leaves this machine (ADM-01). */
static int admin_stays_here(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	for (size_t i = 0; i < c->admin.listen_count; i++) {
		const struct conf_addr *a = &c->admin.listen[i];
		if (on_loopback(&a->addr))
			continue;
		return conf_fail(ld, a->line,
				 "admin.listen: %.*s can be reached from other "
				 "machines, and this is plain HTTP; write "
				 "127.0.0.1 or [::1], and go there through ssh "
				 "or a web server with TLS",
				 SLICE_FMT(a->text));
	}
	return 0;
}

static int presence_in_order(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	if (c->home.presence_min_s <= c->home.presence_max_s)
		return 0;
	return conf_fail(ld, conf_line_of(ld, "home.presence_min_s"),
			 "home.presence_min_s: %u is more than presence_max_s "
			 "(%u); write at most that",
			 (unsigned)c->home.presence_min_s,
			 (unsigned)c->home.presence_max_s);
}

static int expiries_in_order(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	if (c->home.expires_min_s > c->home.expires_default_s)
		return conf_fail(ld, conf_line_of(ld, "home.expires_min_s"),
				 "home.expires_min_s: %u is more than "
				 "expires_default_s (%u); write at most that",
				 (unsigned)c->home.expires_min_s,
				 (unsigned)c->home.expires_default_s);
	if (c->home.expires_default_s > c->home.expires_max_s)
		return conf_fail(ld, conf_line_of(ld, "home.expires_default_s"),
				 "home.expires_default_s: %u is more than "
				 "expires_max_s (%u); write at most that",
				 (unsigned)c->home.expires_default_s,
				 (unsigned)c->home.expires_max_s);
	return 0;
}

/* Nothing is wrong, but perhaps not as it was meant. */
static int warnings(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	ptrdiff_t dot = slice_chr(c->edge.name, '.');
	struct slice parent = slice_from(c->edge.name, (size_t)(dot + 1));
	for (size_t i = 0; dot >= 0 && i < c->edge.domain_count; i++) {
		if (!slice_eq(c->edge.domains[i], parent))
			conf_warn(
				ld, conf_line_of(ld, "edge.domains"),
				"edge.domains: %.*s is not a host directly in "
				"%.*s; partners that find us by SRV refuse "
				"that",
				SLICE_FMT(c->edge.name),
				SLICE_FMT(c->edge.domains[i]));
	}
	for (size_t i = 0; i < c->provider_count; i++) {
		const struct conf_provider *p = &c->providers[i];
		if (p->enabled && !slice_empty(p->ends))
			conf_warn(ld, p->line,
				  "providers: federation with %.*s ends on "
				  "%.*s",
				  SLICE_FMT(p->name), SLICE_FMT(p->ends));
	}
	if (c->access.federation.listen_count && !c->partner_count &&
	    !c->provider_count)
		conf_warn(ld, conf_line_of(ld, "access.federation"),
			  "partners: none is listed, so that nobody is let in "
			  "on the federation listener");
	return 0;
}

static int av_partners_known(struct conf_loader *ld)
{
	struct slice text = ld->conf->relay.av_partners;
	unsigned all;
	if (slice_empty(text) || !conf_av_partners(text, &all))
		return 0;
	return conf_fail(ld, conf_line_of(ld, "relay.av_partners"),
			 "relay.av_partners: \"%.*s\" is no list of lync, "
			 "messenger, ocs2007r2, ocs2007 and rfc8656 with "
			 "commas between them",
			 SLICE_FMT(text));
}

/* Clients are sent there: a real address, one of each family. */
static int alternates_real(struct conf_loader *ld)
{
	static const char *const family[] = { "IPv4", "IPv6" };
	const struct conf *c = ld->conf;
	bool there[2] = { false, false };
	for (size_t i = 0; i < c->relay.alternate_count; i++) {
		const struct conf_addr *a = &c->relay.alternate[i];
		struct addr at;
		if (addr_parse(a->text, false, &at))
			return -EINVAL;
		bool six = at.u.sa.sa_family == AF_INET6;
		if (addr_is_any(&at))
			return conf_fail(ld, a->line,
					 "relay.alternate: nobody can be sent "
					 "to %.*s; write the other relay's "
					 "address",
					 SLICE_FMT(a->text));
		if (there[six])
			return conf_fail(ld, a->line,
					 "relay.alternate: there are two for "
					 "%s; remove one of the two",
					 family[six]);
		there[six] = true;
	}
	return 0;
}

static bool relay_listens(const struct conf *c, const struct addr *at)
{
	for (size_t i = 0; i < c->relay.listen_count; i++) {
		const struct addr *l = &c->relay.listen[i].addr;
		bool all = addr_is_any(l) && (l->u.sa.sa_family == AF_INET6 ||
					      at->u.sa.sa_family == AF_INET);
		if (addr_port(l) == addr_port(at) &&
		    (all || addr_same_host(l, at)))
			return true;
	}
	return false;
}

static int discovery_heard(struct conf_loader *ld)
{
	const struct conf_addr *two = ld->conf->relay.discovery;
	for (size_t i = 0; i < 4; i++) {
		struct addr at = two[i / 2].addr;
		char text[ADDR_TEXT_MAX];
		addr_set_port(&at, addr_port(&two[i % 2].addr));
		if (!relay_listens(ld->conf, &at))
			return conf_fail(ld, two[0].line,
					 "relay.discovery: nothing hears at "
					 "%s; add it to relay.listen",
					 addr_text(&at, text));
	}
	return 0;
}

/* RFC 5780 6: two addresses, two ports, and all four places are ours. */
static int discovery_possible(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	const struct conf_addr *two = c->relay.discovery;
	if (c->relay.discovery_count == 0)
		return 0;
	if (c->relay.discovery_count != 2)
		return conf_fail(ld, two[0].line,
				 "relay.discovery: there is one address; write "
				 "two, or remove it");
	bool six = two[0].addr.u.sa.sa_family == AF_INET6;
	if (two[1].addr.u.sa.sa_family != two[0].addr.u.sa.sa_family ||
	    addr_same_host(&two[0].addr, &two[1].addr) ||
	    addr_port(&two[0].addr) == addr_port(&two[1].addr) ||
	    addr_is_any(&two[0].addr) || addr_is_any(&two[1].addr))
		return conf_fail(ld, two[0].line,
				 "relay.discovery: write two different "
				 "addresses of one family, with two different "
				 "ports");
	if (!slice_empty(six ? c->relay.public6 : c->relay.public4))
		return conf_fail(
			ld, two[0].line,
			"relay.discovery: behind a NAT (relay.public%d, "
			"line %u) clients do not know our addresses; "
			"remove one of the two",
			six ? 6 : 4,
			(unsigned)conf_line_of(ld, six ? "relay.public6"
						       : "relay.public4"));
	return discovery_heard(ld);
}

int conf_check(struct conf_loader *ld)
{
	static int (*const CHECKS[])(struct conf_loader * ld) = {
		partners_differ,   partners_are_others, listeners_differ,
		admin_stays_here,  conf_check_inside,   conf_check_rules,
		expiries_in_order, av_partners_known,   presence_in_order,
		alternates_real,   discovery_possible,  warnings,
	};
	int err = 0;
	for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]) && !err; i++)
		err = CHECKS[i](ld);
	return err;
}
