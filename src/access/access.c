/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules as an index: which domains are ours, which domain belongs to
 * which partner, which certificate name to which partner. Rules that
 * contradict each other are refused here, so that judgement never has to
 * choose (SIP-26: only canonical names are compared, never spellings).
 */
#include "access/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "access/access_int.h"
#include "base/list.h"

enum { DOMAIN_MAX = 253, ERROR_MAX = 256 };

static const char SRV_KEY[] = "srv:";

static int no_memory(char error[static ERROR_MAX])
{
	snprintf(error, ERROR_MAX, "out of memory for the access rules");
	return -EINVAL;
}

static bool canonical_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.';
}

/* A name that can be compared byte by byte. Wildcards are none. */
static bool canonical(struct slice s)
{
	if (s.len == 0 || s.len > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (!canonical_char(s.ptr[i]))
			return false;
	}
	return s.ptr[0] != '.' && s.ptr[s.len - 1] != '.';
}

static int add_domain(struct access *a, size_t i, char error[static ERROR_MAX])
{
	struct slice name = a->conf->domains[i];
	if (!canonical(name)) {
		snprintf(error, ERROR_MAX,
			 "our domain '%.*s' is not a canonical domain name",
			 (int)slice_head(name, 64).len, (const char *)name.ptr);
		return -EINVAL;
	}
	int err = map_insert(&a->domains, &a->domain[i], name);
	if (err == -EEXIST) {
		snprintf(error, ERROR_MAX, "our domain '%.*s' is named twice",
			 (int)slice_head(name, 128).len,
			 (const char *)name.ptr);
		return -EINVAL;
	}
	return err ? no_memory(error) : 0;
}

static int bad_partner(const struct access_partner *p, const char *why,
		       char error[static ERROR_MAX])
{
	snprintf(error, ERROR_MAX, "partner '%.*s' (line %u) %s",
		 (int)slice_head(p->domain, 64).len,
		 (const char *)p->domain.ptr, (unsigned)p->line, why);
	return -EINVAL;
}

/* Several domains may share one edge, but it is a partner's or a provider's:
 * which of the two a peer is decides what it may do. */
static int same_kind(const struct access *a, const struct access_partner *p,
		     char error[static ERROR_MAX])
{
	const struct access_partner *first = access_partner_by_key(a, p->edge);
	char why[96];
	if (first->provider == p->provider)
		return 0;
	snprintf(why, sizeof(why),
		 "has the edge of line %u; a server is a partner's or one "
		 "provider's",
		 (unsigned)first->line);
	return bad_partner(p, why, error);
}

static int add_partner(struct access *a, size_t i, char error[static ERROR_MAX])
{
	const struct access_partner *p = &a->conf->partners[i];
	struct access_row *row = &a->row[i];
	row->partner = p;
	if (!canonical(p->domain))
		return bad_partner(p, "has no canonical domain name", error);
	bool srv = slice_empty(p->edge);
	if (!srv && !canonical(p->edge))
		return bad_partner(p, "has no canonical edge name", error);
	if (access_is_ours(a, p->domain) && !access_is_split(p))
		return bad_partner(p,
				   "has a domain of ours; only a hosting "
				   "provider with shared_address_space: true "
				   "may",
				   error);
	int err = map_insert(&a->partners, &row->by_domain, p->domain);
	if (err == -EEXIST) {
		char why[64];
		const struct access_partner *other =
			access_partner_of(a, p->domain);
		snprintf(why, sizeof(why), "stands already on line %u",
			 (unsigned)other->line);
		return bad_partner(p, why, error);
	}
	if (!err && !srv)
		err = map_insert(&a->edges, &row->by_edge, p->edge);
	if (err == -EEXIST)
		return same_kind(a, p, error);
	return err ? no_memory(error) : 0;
}

/* Everybody else's server may be one that is listed for a domain, too. */
static int add_default(struct access *a, char error[static ERROR_MAX])
{
	const struct access_partner *p = a->conf->default_route;
	if (!p)
		return 0;
	if (!canonical(p->edge)) {
		snprintf(error, ERROR_MAX,
			 "the default route has no canonical edge name");
		return -EINVAL;
	}
	a->default_row.partner = p;
	int err = map_insert(&a->edges, &a->default_row.by_edge, p->edge);
	return err && err != -EEXIST ? no_memory(error) : 0;
}

static int build(struct access *a, char error[static ERROR_MAX])
{
	const struct access_conf *conf = a->conf;
	a->domain = calloc(conf->domain_count + 1, sizeof(*a->domain));
	a->row = calloc(conf->partner_count + 1, sizeof(*a->row));
	if (!a->domain || !a->row || map_init(&a->domains) ||
	    map_init(&a->partners) || map_init(&a->edges))
		return no_memory(error);
	for (size_t i = 0; i < conf->domain_count; i++) {
		int err = add_domain(a, i, error);
		if (err)
			return err;
	}
	for (size_t i = 0; i < conf->partner_count; i++) {
		int err = add_partner(a, i, error);
		if (err)
			return err;
	}
	int err = add_default(a, error);
	return err ? err : rules_build(a, error);
}

int access_create(struct access **out, const struct access_conf *conf,
		  char error[static 256])
{
	struct access *a = calloc(1, sizeof(*a));
	if (!a)
		return no_memory(error);
	a->conf = conf;
	int err = build(a, error);
	if (err) {
		access_free(a);
		return err;
	}
	*out = a;
	return 0;
}

void access_free(struct access *a)
{
	if (!a)
		return;
	rules_free(a);
	map_free(&a->edges);
	map_free(&a->partners);
	map_free(&a->domains);
	free(a->row);
	free(a->domain);
	free(a);
}

bool access_is_ours(const struct access *a, struct slice domain)
{
	return map_find(&a->domains, domain) != NULL;
}

bool access_is_split(const struct access_partner *p)
{
	return p->provider && p->provider->shared;
}

const struct access_partner *access_partner_of(const struct access *a,
					       struct slice domain)
{
	struct map_node *n = map_find(&a->partners, domain);
	if (!n)
		return NULL;
	return container_of(n, struct access_row, by_domain)->partner;
}

const struct access_partner *access_partner_now(const struct access *a,
						struct slice domain,
						uint64_t now_s)
{
	const struct access_partner *p = access_partner_of(a, domain);
	while (p && p->heir && rules_ended(p->provider, domain, now_s))
		p = p->heir;
	return p;
}

void access_partner_key(const struct access_partner *p,
			char out[static ACCESS_KEY_MAX])
{
	bool srv = slice_empty(p->edge);
	const struct slice kind = slice_str(srv ? SRV_KEY : "");
	struct slice name = slice_head(srv ? p->domain : p->edge,
				       ACCESS_KEY_MAX - 1 - kind.len);
	memcpy(out, kind.ptr, kind.len);
	if (name.len)
		memcpy(out + kind.len, name.ptr, name.len);
	out[kind.len + name.len] = '\0';
}

struct slice access_key_domain(struct slice key)
{
	const struct slice srv = slice_str(SRV_KEY);
	return slice_starts(key, srv) ? slice_from(key, srv.len) : SLICE_NONE;
}

/* Those at the top have no hosts directly in them that could be anybody's. */
bool access_unlisted(const struct access *a, const struct access_rulings *r,
		     struct slice domain, struct access_partner *row)
{
	const struct access_conf *c = a->conf;
	bool allowed = access_ruling_of(r, domain) == ACCESS_RULED_ALLOW;
	if ((!c->discovery && !allowed) || !canonical(domain) ||
	    slice_chr(domain, '.') < 0 || access_is_ours(a, domain) ||
	    access_partner_of(a, domain))
		return false;
	*row = (struct access_partner){
		.domain = domain,
		.allow = c->discovered_allow,
		.allow_count = c->discovered_allow_count,
		.level = allowed ? ACCESS_LEVEL_SOURCE : c->discovered_level,
		.proof = c->discovered_proof,
		.discovered = !allowed,
	};
	return true;
}

const struct access_partner *access_partner_by_key(const struct access *a,
						   struct slice key)
{
	struct slice domain = access_key_domain(key);
	if (domain.len) {
		const struct access_partner *p = access_partner_of(a, domain);
		return p && slice_empty(p->edge) ? p : NULL;
	}
	struct map_node *n = map_find(&a->edges, key);
	return n ? container_of(n, struct access_row, by_edge)->partner : NULL;
}

struct slice access_partner_by_host(const struct access *a, struct slice host)
{
	struct map_node *n = map_find(&a->edges, host);
	ptrdiff_t dot = slice_chr(host, '.');
	const struct access_partner *p = access_partner_of(a, host);
	if (!p && n)
		p = container_of(n, struct access_row, by_edge)->partner;
	if (!p && dot > 0) {
		p = access_partner_of(a, slice_from(host, (size_t)dot + 1));
		p = p && slice_empty(p->edge) ? p : NULL;
	}
	return p ? p->domain : SLICE_NONE;
}

const struct access_partner *access_peer_by_srv(const struct access *a,
						const char (*name)[256],
						size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct slice s = slice_str(name[i]);
		ptrdiff_t dot = slice_chr(s, '.');
		const struct access_partner *p = access_partner_of(
			a, slice_from(s, dot < 0 ? s.len : (size_t)dot + 1));
		if (p && slice_empty(p->edge))
			return p;
	}
	return NULL;
}

const struct access_partner *access_peer(const struct access *a,
					 const char (*name)[256], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct map_node *n = map_find(&a->edges, slice_str(name[i]));
		if (n)
			return container_of(n, struct access_row, by_edge)
				->partner;
	}
	return NULL;
}

static bool has_name(const struct access_facts *facts, struct slice name)
{
	for (size_t i = 0; i < facts->peer_name_count; i++) {
		if (slice_eq(slice_str(facts->peer_name[i]), name))
			return true;
	}
	return false;
}

static bool is_host_of(const struct access_facts *facts, struct slice domain)
{
	for (size_t i = 0; i < facts->peer_name_count; i++) {
		struct slice name = slice_str(facts->peer_name[i]);
		ptrdiff_t dot = slice_chr(name, '.');
		if (dot >= 0 &&
		    slice_eq(slice_from(name, (size_t)dot + 1), domain))
			return true;
	}
	return false;
}

enum access_proof access_proves(const struct access_facts *facts,
				const struct access_partner *partner)
{
	const struct access_srv *srv = &facts->from_srv;
	enum access_proof best = ACCESS_NOT_PROVEN;
	if (!slice_empty(partner->edge))
		return has_name(facts, partner->edge) ? ACCESS_PROVEN : best;
	/* the DNS is asked for nobody who could not be one of its hosts */
	if (partner->discovered && !is_host_of(facts, partner->domain))
		return best;
	if (srv->state == ACCESS_SRV_UNKNOWN)
		return ACCESS_PROOF_UNKNOWN;
	if (srv->state == ACCESS_SRV_FAILED)
		return ACCESS_NO_RECORD;
	for (size_t i = 0; i < srv->count; i++) {
		if (!has_name(facts, srv->target[i].name))
			continue;
		if (srv->target[i].direct)
			return ACCESS_PROVEN;
		best = ACCESS_NOT_DIRECT;
	}
	return best;
}
