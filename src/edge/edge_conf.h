/* SPDX-License-Identifier: Apache-2.0 */
/* What an edge worker is configured with. */
#pragma once

#include "access/access_conf.h"
#include "net/tls_conf.h"

struct edge_conf {
	struct slice name; /* our FQDN */
	struct net_tls_conf tls;
	struct access_conf access;
	uint32_t workers; /* rendezvous hashing runs over these slots */
	uint32_t unauthenticated_per_source; /* open connections before login */
	uint32_t new_per_source;             /* connections a second */
	uint32_t request_timeout_ms; /* to partners and clients: 32 000 */
};
