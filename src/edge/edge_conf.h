/* SPDX-License-Identifier: Apache-2.0 */
/* What an edge worker is configured with. */
#pragma once

#include "access/access_conf.h"
#include "base/addr.h"
#include "net/tls_conf.h"
#include "presence/offer_conf.h"

/* A server inside that requests go to. */
struct inside_hop_conf {
	struct slice host; /* name that its certificate has to prove; or the
			      text of an address */
	struct addr addr;  /* an address: plain TCP; family 0: TLS */
	uint16_t port;     /* of host; 0: found by SRV */
};

struct inside_conf {
	bool external;     /* else the built-in home, and nothing below */
	struct slice name; /* our FQDN on that side */
	uint16_t port;     /* of our listener there */
	const struct inside_hop_conf *hop; /* the preferred one first */
	size_t hop_count;
	const struct slice *peers; /* certificate names, exact */
	size_t peer_count;
	const struct addr_prefix *link; /* plain TCP from and to these */
	size_t link_count;
	struct net_tls_conf tls;
	uint32_t health_ms; /* between two OPTIONS */
};

struct edge_conf {
	struct slice name; /* our FQDN */
	struct net_tls_conf tls;
	struct access_conf access;
	struct inside_conf inside;
	const struct slice *origins; /* names whose pages may connect */
	size_t origin_count;
	bool web_client;                     /* the page is served */
	const struct addr_prefix *balancers; /* speak PROXY to clients' ports */
	size_t balancer_count;
	bool relays;             /* there are relay processes */
	bool relays_tls;         /* they end TLS themselves */
	struct offer_conf offer; /* what is told of them */
	uint32_t workers;        /* rendezvous hashing runs over these slots */
	uint32_t unauthenticated_per_source; /* open connections before login */
	uint32_t new_per_source;             /* connections a second */
	uint32_t discovered_rate;      /* requests a second of one, 1 or more */
	uint32_t discovered_addresses; /* of ours that one may try; 0: all */
	uint32_t transactions;         /* of a worker at a time */
	uint32_t request_timeout_ms;   /* to partners and clients: 32 000 */
	bool trace_bodies;             /* may be shown to who watches */
};
