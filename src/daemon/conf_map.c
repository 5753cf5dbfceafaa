/* SPDX-License-Identifier: Apache-2.0 */
/* Views of a snapshot. */
#include "daemon/conf_map.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

/* Loopback and link-local: nobody else comes there. */
static bool addr_is_local(const struct addr *a)
{
	const struct in6_addr *six = &a->u.in6.sin6_addr;
	if (a->u.sa.sa_family == AF_INET)
		return ntohl(a->u.in.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(six) || IN6_IS_ADDR_LINKLOCAL(six);
}

int edge_setup_create(struct edge_setup **out, struct snapshot *snap)
{
	struct edge_setup *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	int err = conf_view_edge(snap->arena, snap->conf, &s->conf);
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
	snapshot_free(s->snap);
	free(s);
}

/* Where relay ports are for who came by the other family: the first of our
 * addresses that others can reach, else any. */
static void choose_relay(struct relay_conf *c, sa_family_t family,
			 struct addr *out)
{
	for (size_t i = 0; i < c->own_count; i++) {
		const struct addr *a = &c->own[i];
		if (a->u.sa.sa_family != family || addr_is_local(a))
			continue;
		*out = *a;
		return;
	}
}

int relay_setup_create(struct relay_setup_conf **out, struct snapshot *snap,
		       const struct addr *own, size_t own_count)
{
	struct relay_setup_conf *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	int err = conf_view_relay(snap->arena, snap->conf, &s->conf);
	if (err) {
		free(s);
		return err;
	}
	s->conf.own = own;
	s->conf.own_count = own_count;
	choose_relay(&s->conf, AF_INET, &s->conf.relay[0]);
	choose_relay(&s->conf, AF_INET6, &s->conf.relay[1]);
	s->snap = snap;
	*out = s;
	return 0;
}

void relay_setup_release(void *setup)
{
	struct relay_setup_conf *s = setup;
	if (!s)
		return;
	snapshot_free(s->snap);
	free(s);
}

int dns_setup_create(struct dns_setup **out, struct snapshot *snap)
{
	struct dns_setup *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	int err = conf_view_dns(snap->arena, snap->conf, &s->conf);
	if (err) {
		free(s);
		return err;
	}
	s->snap = snap;
	*out = s;
	return 0;
}

void dns_setup_free(struct dns_setup *s)
{
	if (!s)
		return;
	snapshot_free(s->snap);
	free(s);
}

bool dns_setup_same(const struct dns_setup *a, const struct dns_setup *b)
{
	if (a->conf.server_count != b->conf.server_count ||
	    !slice_eq(a->conf.trust_anchor, b->conf.trust_anchor))
		return false;
	for (size_t i = 0; i < a->conf.server_count; i++) {
		if (!slice_eq(a->conf.servers[i], b->conf.servers[i]))
			return false;
	}
	return true;
}
