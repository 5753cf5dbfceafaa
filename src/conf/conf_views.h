/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration as each module wants it. Arrays live in the arena; all
 * else borrows from the struct conf, which has to live as long as the view.
 */
#pragma once

#include "access/access_conf.h"
#include "base/arena.h"
#include "conf/conf.h"
#include "dns/dns.h"
#include "edge/edge_conf.h"
#include "home/home_conf.h"
#include "net/tls_conf.h"
#include "ports/ports_conf.h"
#include "relay/relay_conf.h"
#include "store/store_conf.h"

/* 0 or -ENOMEM. */
/* p over what holds for all. */
int conf_view_proof(struct arena *a, const struct conf *c,
		    const struct conf_proof *p, struct access_demand *out);
/* Whom TLS lets in without an authority: whose entry wants another proof. */
int conf_view_unchained(struct arena *a, const struct access_conf *c,
			struct net_tls_conf *out);
/* The provider that is called so, or NULL. */
const struct conf_provider *conf_provider_named(const struct conf *c,
						struct slice name);
int conf_view_access(struct arena *a, const struct conf *c,
		     struct access_conf *out);
int conf_view_inside(struct arena *a, const struct conf *c,
		     struct inside_conf *out);
int conf_view_edge(struct arena *a, const struct conf *c,
		   struct edge_conf *out);
int conf_view_dns(struct arena *a, const struct conf *c, struct dns_conf *out);
/* For the name edge.name. */
int conf_view_tls(struct arena *a, const struct conf *c,
		  struct net_tls_conf *out);
/* What relay clients are asked for. */
struct slice conf_relay_realm(const struct conf *c);
/* Without what only the machine knows: relay and own addresses. */
int conf_view_relay(struct arena *a, const struct conf *c,
		    struct relay_conf *out);
/* What users are told of the relay. */
void conf_view_offer(const struct conf *c, struct offer_conf *out);
int conf_view_home(struct arena *a, const struct conf *c,
		   struct home_conf *out);
int conf_view_ports(struct arena *a, const struct conf *c,
		    struct ports_conf *out);
/* "lync, messenger" as bits; -EINVAL. */
int conf_av_partners(struct slice text, unsigned *out);
void conf_view_store(const struct conf *c, struct store_limits *out);
