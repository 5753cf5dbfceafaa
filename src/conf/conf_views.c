/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the one configuration to the structs of the modules, which know
 * nothing of keys and files.
 */
#include "conf/conf_views.h"

#include <errno.h>

/* -EINVAL cannot happen: the texts were checked. */
static int view_prefixes(struct arena *a, const struct conf_partner *p,
			 struct access_partner *out)
{
	struct addr_prefix *list =
		arena_alloc(a, (p->allow_count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < p->allow_count; i++)
		if (addr_parse_prefix(p->allow_addresses[i], &list[i]))
			return -EINVAL;
	out->allow = list;
	out->allow_count = p->allow_count;
	return 0;
}

int conf_view_access(struct arena *a, const struct conf *c,
		     struct access_conf *out)
{
	struct access_partner *rows =
		arena_alloc(a, (c->partner_count + 1) * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; i < c->partner_count; i++) {
		const struct conf_partner *p = &c->partners[i];
		rows[i] = (struct access_partner){
			.domain = p->domain,
			.edge = p->edge,
			.address = p->address,
			.connections = p->connections,
			.line = p->line,
		};
		int err = view_prefixes(a, p, &rows[i]);
		if (err)
			return err;
	}
	*out = (struct access_conf){
		.domains = c->edge.domains,
		.domain_count = c->edge.domain_count,
		.partners = rows,
		.partner_count = c->partner_count,
	};
	return 0;
}

void conf_view_tls(const struct conf *c, struct net_tls_conf *out)
{
	*out = (struct net_tls_conf){
		.certificate = c->tls.certificate.content,
		.certificate_path = c->tls.certificate.path,
		.key = c->tls.key.content,
		.key_path = c->tls.key.path,
		.trust = c->tls.trust.content,
		.trust_path = c->tls.trust.path,
	};
}

/* What the section inside does not say is that of tls. */
static struct slice either(struct slice inside, struct slice tls)
{
	return slice_empty(inside) ? tls : inside;
}

static void inside_tls(const struct conf *c, struct net_tls_conf *out)
{
	conf_view_tls(c, out);
	out->certificate =
		either(c->inside.certificate.content, out->certificate);
	out->certificate_path =
		either(c->inside.certificate.path, out->certificate_path);
	out->key = either(c->inside.key.content, out->key);
	out->key_path = either(c->inside.key.path, out->key_path);
	out->trust = either(c->inside.trust.content, out->trust);
	out->trust_path = either(c->inside.trust.path, out->trust_path);
}

static int inside_hops(struct arena *a, const struct conf *c,
		       struct inside_conf *out)
{
	size_t n = c->inside.next_hop_count;
	struct inside_hop_conf *hop = arena_alloc(a, (n + 1) * sizeof(*hop));
	if (!hop)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct conf_hop *h = &c->inside.next_hop[i];
		hop[i].addr = h->addr;
		hop[i].port = h->port;
		hop[i].host = either(h->host, h->text);
	}
	out->hop = hop;
	out->hop_count = n;
	return 0;
}

/* Who may connect: those named as peers, else the next hops. */
static int inside_peers(struct arena *a, const struct conf *c,
			struct inside_conf *out)
{
	size_t n = c->inside.next_hop_count;
	struct slice *peers = arena_alloc(a, (n + 1) * sizeof(*peers));
	if (!peers)
		return -ENOMEM;
	out->peers = c->inside.peers;
	out->peer_count = c->inside.peer_count;
	if (out->peer_count)
		return 0;
	out->peers = peers;
	for (size_t i = 0; i < n; i++)
		if (!slice_empty(c->inside.next_hop[i].host))
			peers[out->peer_count++] = c->inside.next_hop[i].host;
	return 0;
}

static int inside_links(struct arena *a, const struct conf *c,
			struct inside_conf *out)
{
	size_t n = c->inside.trusted_link_count;
	struct addr_prefix *link = arena_alloc(a, (n + 1) * sizeof(*link));
	if (!link)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (addr_parse_prefix(c->inside.trusted_link[i], &link[i]))
			return -EINVAL; /* checked long ago */
	out->link = link;
	out->link_count = n;
	return 0;
}

int conf_view_inside(struct arena *a, const struct conf *c,
		     struct inside_conf *out)
{
	*out = (struct inside_conf){
		.external = !c->inside.builtin,
		.name = either(c->inside.name, c->edge.name),
		.health_ms = c->inside.health_s * 1000,
	};
	if (c->inside.listen_count)
		out->port = addr_port(&c->inside.listen[0].addr);
	inside_tls(c, &out->tls);
	int err = inside_hops(a, c, out);
	if (!err)
		err = inside_peers(a, c, out);
	return err ? err : inside_links(a, c, out);
}

int conf_view_edge(struct arena *a, const struct conf *c, struct edge_conf *out)
{
	struct edge_conf e = {
		.name = c->edge.name,
		.workers = c->workers,
		.unauthenticated_per_source =
			c->limits.unauthenticated_per_source,
		.new_per_source = c->limits.new_per_source,
		.request_timeout_ms = c->limits.request_timeout_s * 1000,
	};
	conf_view_tls(c, &e.tls);
	int err = conf_view_access(a, c, &e.access);
	if (!err)
		err = conf_view_inside(a, c, &e.inside);
	if (!err)
		*out = e;
	return err;
}

int conf_view_dns(struct arena *a, const struct conf *c, struct dns_conf *out)
{
	struct slice *servers =
		arena_alloc(a, (c->dns.server_count + 1) * sizeof(*servers));
	if (!servers)
		return -ENOMEM;
	for (size_t i = 0; i < c->dns.server_count; i++)
		servers[i] = c->dns.servers[i].text;
	*out = (struct dns_conf){
		.servers = servers,
		.server_count = c->dns.server_count,
		.trust_anchor = c->dns.trust_anchor.content,
	};
	return 0;
}

void conf_view_home(const struct conf *c, struct home_conf *out)
{
	*out = (struct home_conf){
		.edge_name = c->edge.name,
		.domains = c->edge.domains,
		.domain_count = c->edge.domain_count,
		.expires_min_s = c->home.expires_min_s,
		.expires_default_s = c->home.expires_default_s,
		.expires_max_s = c->home.expires_max_s,
		.contacts_max = c->home.contacts_per_user,
		.digest_md5 = c->home.digest_md5,
	};
}
