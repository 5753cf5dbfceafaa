/* SPDX-License-Identifier: Apache-2.0 */
/* The modules' own structs, filled from the one configuration. */
#include "daemon/conf_map.h"

#include <errno.h>
#include <stdlib.h>

enum { MS_PER_S = 1000 };

static struct net_tls_conf tls_of(const struct conf *c)
{
	return (struct net_tls_conf){
		.certificate = c->tls.certificate.content,
		.certificate_path = c->tls.certificate.path,
		.key = c->tls.key.content,
		.key_path = c->tls.key.path,
		.trust = c->tls.trust.content,
		.trust_path = c->tls.trust.path,
	};
}

int edge_setup_fill(struct edge_setup *s, const struct conf *c)
{
	size_t n = c->partner_count;
	*s = (struct edge_setup){ .snap = NULL };
	s->partners = calloc(n ? n : 1, sizeof(*s->partners));
	if (!s->partners)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		s->partners[i] = (struct access_partner){
			.domain = c->partners[i].domain,
			.edge = c->partners[i].edge,
			.address = c->partners[i].address,
			.line = c->partners[i].line,
		};
	}
	s->conf = (struct edge_conf){
		.name = c->edge.name,
		.tls = tls_of(c),
		.access = { .domains = c->edge.domains,
			    .domain_count = c->edge.domain_count,
			    .partners = s->partners,
			    .partner_count = n },
		.workers = c->workers,
		.unauthenticated_per_source =
			c->limits.unauthenticated_per_source,
		.new_per_source = c->limits.new_per_source,
		.request_timeout_ms = c->limits.request_timeout_s * MS_PER_S,
	};
	return 0;
}

void edge_setup_clear(struct edge_setup *s)
{
	free(s->partners);
	s->partners = NULL;
}

int edge_setup_create(struct edge_setup **out, struct snapshot *snap)
{
	struct edge_setup *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	int err = edge_setup_fill(s, snap->conf);
	if (err) {
		free(s);
		return err;
	}
	s->snap = snap;
	*out = s;
	return 0;
}

void edge_setup_release(void *setup)
{
	struct edge_setup *s = setup;
	if (!s)
		return;
	edge_setup_clear(s);
	snapshot_free(s->snap);
	free(s);
}

int dns_setup_create(struct dns_setup **out, struct snapshot *snap)
{
	const struct conf *c = snap->conf;
	size_t n = c->dns.server_count;
	struct dns_setup *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->servers = calloc(n ? n : 1, sizeof(*s->servers));
	if (!s->servers) {
		free(s);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		s->servers[i] = c->dns.servers[i].text;
	s->conf = (struct dns_conf){
		.servers = s->servers,
		.server_count = n,
		.trust_anchor = c->dns.trust_anchor.content,
	};
	s->snap = snap;
	*out = s;
	return 0;
}

void dns_setup_free(struct dns_setup *s)
{
	if (!s)
		return;
	free(s->servers);
	snapshot_free(s->snap);
	free(s);
}

bool dns_setup_same(const struct dns_setup *a, const struct dns_setup *b)
{
	if (a->conf.server_count != b->conf.server_count ||
	    !slice_eq(a->conf.trust_anchor, b->conf.trust_anchor))
		return false;
	for (size_t i = 0; i < a->conf.server_count; i++) {
		if (!slice_eq(a->servers[i], b->servers[i]))
			return false;
	}
	return true;
}

void home_conf_fill(struct home_conf *out, const struct conf *c)
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
