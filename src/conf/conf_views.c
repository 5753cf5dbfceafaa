/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the one configuration to the structs of the modules, which know
 * nothing of keys and files.
 */
#include "conf/conf_views.h"

#include <errno.h>

enum { SECONDS_PER_DAY = 86400, HTTPS_PORT = 443 };
#define BYTES_PER_MIB (UINT64_C(1) << 20)

static struct net_tls_pair pair_of(const struct conf_file *certificate,
				   const struct conf_file *key)
{
	return (struct net_tls_pair){
		.certificate = certificate->content,
		.certificate_path = certificate->path,
		.key = key->content,
		.key_path = key->path,
	};
}

int conf_view_tls(struct arena *a, const struct conf *c,
		  struct net_tls_conf *out)
{
	size_t n = c->tls.certificate_count;
	struct net_tls_pair *more = arena_alloc(a, (n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct conf_certificate *row = &c->tls.certificates[i];
		more[i] = pair_of(&row->certificate, &row->key);
	}
	*out = (struct net_tls_conf){
		.own = pair_of(&c->tls.certificate, &c->tls.key),
		.name = c->edge.name,
		.more = more,
		.more_count = n,
		.trust = c->tls.trust.content,
		.trust_path = c->tls.trust.path,
		.crl = c->tls.crl.content,
		.crl_path = c->tls.crl.path,
		.client_usage_only = !c->tls.accept_server_usage,
	};
	return 0;
}

/* What the section inside does not say is that of tls. */
static struct slice either(struct slice inside, struct slice tls)
{
	return slice_empty(inside) ? tls : inside;
}

/* One certificate, whatever name it is asked for. */
static int inside_tls(struct arena *a, const struct conf *c,
		      struct net_tls_conf *out)
{
	const struct net_tls_pair own =
		pair_of(&c->inside.certificate, &c->inside.key);
	int err = conf_view_tls(a, c, out);
	if (err)
		return err;
	out->name = either(c->inside.name, c->edge.name);
	out->more_count = 0;
	out->own = (struct net_tls_pair){
		.certificate = either(own.certificate, out->own.certificate),
		.certificate_path =
			either(own.certificate_path, out->own.certificate_path),
		.key = either(own.key, out->own.key),
		.key_path = either(own.key_path, out->own.key_path),
	};
	out->trust = either(c->inside.trust.content, out->trust);
	out->trust_path = either(c->inside.trust.path, out->trust_path);
	return 0;
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

static int prefixes(struct arena *a, const struct slice *text, size_t n,
		    const struct addr_prefix **out)
{
	struct addr_prefix *p = arena_alloc(a, (n + 1) * sizeof(*p));
	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (addr_parse_prefix(text[i], &p[i]))
			return -EINVAL; /* checked long ago */
	*out = p;
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
	int err = inside_tls(a, c, &out->tls);
	if (!err)
		err = inside_hops(a, c, out);
	if (!err)
		err = inside_peers(a, c, out);
	out->link_count = c->inside.trusted_link_count;
	return err ? err
		   : prefixes(a, c->inside.trusted_link, out->link_count,
			      &out->link);
}

int conf_view_edge(struct arena *a, const struct conf *c, struct edge_conf *out)
{
	struct edge_conf e = {
		.name = c->edge.name,
		.workers = c->workers,
		.unauthenticated_per_source =
			c->limits.unauthenticated_per_source,
		.new_per_source = c->limits.new_per_source,
		.discovered_rate = c->access.discovery.rate,
		.discovered_addresses = c->access.discovery.addresses,
		.transactions = c->limits.transactions,
		.request_timeout_ms = c->limits.request_timeout_s * 1000,
		.origins = c->access.clients.origins,
		.origin_count = c->access.clients.origin_count,
		.web_client = c->web.client,
		.balancer_count = c->access.clients.balancer_count,
		.relays = c->relay.listen_count > 0,
		.relays_tls = c->relay.tls_listen_count > 0,
		.trace_bodies = c->admin.trace_bodies,
	};
	conf_view_offer(c, &e.offer);
	int err = conf_view_tls(a, c, &e.tls);
	if (!err)
		err = conf_view_access(a, c, &e.access);
	if (!err)
		err = conf_view_unchained(a, &e.access, &e.tls);
	if (!err)
		err = conf_view_inside(a, c, &e.inside);
	if (!err)
		err = prefixes(a, c->access.clients.balancers, e.balancer_count,
			       &e.balancers);
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

/* The first one's; that of clients when it is 443, which leads there too. */
void conf_view_offer(const struct conf *c, struct offer_conf *out)
{
	bool there = c->relay.listen_count > 0;
	bool door = c->access.clients.listen_count > 0;
	*out = (struct offer_conf){ .there = there,
				    .host = c->edge.name,
				    .realm = conf_relay_realm(c),
				    .life_s = c->relay.credential_life_s };
	if (there)
		out->udp_port = addr_port(&c->relay.listen[0].addr);
	out->tcp_port = out->udp_port;
	if (there && door)
		out->tls_port = addr_port(&c->access.clients.listen[0].addr);
	if (out->tls_port == HTTPS_PORT)
		out->tcp_port = HTTPS_PORT;
}

static bool is_shared(const struct conf *c, struct slice domain)
{
	for (size_t i = 0; i < c->provider_count; i++) {
		const struct conf_provider *p = &c->providers[i];
		for (size_t k = 0;
		     p->enabled && p->shared && k < p->domain_count; k++)
			if (slice_eq(p->domains[k], domain))
				return true;
	}
	return false;
}

static int view_shared(struct arena *a, const struct conf *c,
		       struct home_conf *out)
{
	struct slice *list =
		arena_alloc(a, (c->edge.domain_count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < c->edge.domain_count; i++)
		if (is_shared(c, c->edge.domains[i]))
			list[out->shared_count++] = c->edge.domains[i];
	out->shared = list;
	return 0;
}

int conf_view_home(struct arena *a, const struct conf *c, struct home_conf *out)
{
	*out = (struct home_conf){
		.edge_name = c->edge.name,
		.domains = c->edge.domains,
		.domain_count = c->edge.domain_count,
		.expires_min_s = c->home.expires_min_s,
		.expires_default_s = c->home.expires_default_s,
		.expires_max_s = c->home.expires_max_s,
		.contacts_max = c->home.contacts_per_user,
		.digest_md5 = (enum home_md5)c->home.digest_md5,
		.stored_s = c->home.stored_days * SECONDS_PER_DAY,
		.presence = {
			.edge_name = c->edge.name,
			.expires_min_s = c->home.presence_min_s,
			.expires_max_s = c->home.presence_max_s,
			.subscriptions_max = c->home.subscriptions_per_user,
			.watchers_max = c->home.watchers_per_user,
			.publications_max = c->home.publications_per_user,
			.publish_rate = c->home.publish_per_second,
			.notify_ms = c->home.notify_interval_ms,
			.list_max = c->home.list_addresses,
			.outside = (enum presence_strangers)
					   c->home.presence_outside,
		},
	};
	conf_view_offer(c, &out->offer);
	return view_shared(a, c, out);
}

void conf_view_store(const struct conf *c, struct store_limits *out)
{
	*out = (struct store_limits){
		.user_count = c->home.stored_per_user,
		.user_bytes = c->home.stored_mib_per_user * BYTES_PER_MIB,
		.origin_count = c->home.stored_per_sender,
		.origin_bytes = c->home.stored_mib_per_sender * BYTES_PER_MIB,
		.total_bytes = c->home.stored_mib * BYTES_PER_MIB,
	};
}

static int relay_users(struct arena *a, const struct conf *c,
		       struct relay_conf *out)
{
	struct relay_user *list =
		arena_alloc(a, (c->relay.user_count + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < c->relay.user_count; i++)
		list[i] = (struct relay_user){ c->relay.users[i].name,
					       c->relay.users[i].password };
	out->users = list;
	out->user_count = c->relay.user_count;
	return 0;
}

static void relay_limits(const struct conf *c, struct relay_conf *out)
{
	out->per_user = c->relay.quota.allocations_per_user;
	out->per_source = c->relay.quota.allocations_per_source;
	out->total = c->relay.quota.allocations;
	out->port_kbit = c->relay.bandwidth.per_port_kbit;
	out->shared_kbit[RELAY_OF_USER] = c->relay.bandwidth.per_user_kbit;
	out->shared_kbit[RELAY_OF_SOURCE] = c->relay.bandwidth.per_source_kbit;
	out->shared_kbit[RELAY_OF_ALL] = c->relay.bandwidth.total_kbit;
	out->permissions_max = RELAY_PERMISSIONS;
	out->channels_max = RELAY_CHANNELS;
	out->lifetime_default_s = RELAY_LIFETIME_S;
	out->lifetime_max_s = RELAY_LIFETIME_MAX_S;
}

struct slice conf_relay_realm(const struct conf *c)
{
	return slice_empty(c->relay.realm)
		       ? slice_head(c->edge.name, RELAY_REALM_MAX)
		       : c->relay.realm;
}

static int relay_tls(struct arena *a, const struct conf *c,
		     struct relay_conf *out)
{
	struct net_tls_conf *tls = arena_alloc(a, sizeof(*tls));
	int err = tls ? conf_view_tls(a, c, tls) : -ENOMEM;
	if (!err)
		out->tls = tls;
	return err;
}

/* One of each family: checked when it was read. */
static void relay_alternates(const struct conf *c, struct relay_conf *r)
{
	struct addr at;
	for (size_t i = 0; i < c->relay.alternate_count; i++) {
		if (addr_parse(c->relay.alternate[i].text, false, &at) == 0)
			r->alternate[at.u.sa.sa_family == AF_INET6] = at;
	}
}

int conf_view_relay(struct arena *a, const struct conf *c,
		    struct relay_conf *out)
{
	struct relay_conf r = {
		.realm = conf_relay_realm(c),
		.dtls = c->relay.dtls,
		.wide_channels = c->relay.wide_channels,
		.mobility = c->relay.mobility,
		.messenger = c->relay.messenger,
		.home_users = c->inside.builtin && c->relay.sip_passwords,
		.port_first = (uint16_t)(c->relay.range >> 16),
		.port_last = (uint16_t)c->relay.range,
		.allow_count = c->relay.allow_peer_count,
		.deny_count = c->relay.deny_peer_count,
	};
	/* checked when it was read; empty stays unset */
	(void)addr_parse_host(c->relay.public4, 0, &r.public[0]);
	(void)addr_parse_host(c->relay.public6, 0, &r.public[1]);
	relay_alternates(c, &r);
	for (size_t i = 0; i < c->relay.discovery_count; i++)
		r.discovery[i] = c->relay.discovery[i].addr;
	relay_limits(c, &r);
	int err = prefixes(a, c->relay.allow_peers, r.allow_count, &r.allow);
	if (!err)
		err = prefixes(a, c->relay.deny_peers, r.deny_count, &r.deny);
	if (!err)
		err = relay_users(a, c, &r);
	if (!err && (c->relay.tls_listen_count || c->relay.dtls))
		err = relay_tls(a, c, &r);
	if (!err)
		*out = r;
	return err;
}
