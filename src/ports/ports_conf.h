/* SPDX-License-Identifier: Apache-2.0 */
/* What the port table is computed from: where we listen and where to we go. */
#pragma once

#include "base/addr.h"

/* Kinds of A/V partner, as bits: they need different ranges (Lync Server:
 * A/V firewall and port requirements). */
enum ports_partner {
	PORTS_MESSENGER = 1 << 0,
	PORTS_LYNC = 1 << 1, /* Lync 2010 and later */
	PORTS_OCS2007R2 = 1 << 2,
	PORTS_OCS2007 = 1 << 3, /* opens the range inwards */
	PORTS_RFC8656 = 1 << 4, /* WebRTC and other plain ICE peers */
};

/* Their names, as configurations and command lines have them. */
#define PORTS_PARTNER_NAMES(X)          \
	X("public-im", PORTS_MESSENGER) \
	X("messenger", PORTS_MESSENGER) \
	X("lync", PORTS_LYNC)           \
	X("ocs2007r2", PORTS_OCS2007R2) \
	X("ocs2007", PORTS_OCS2007) X("rfc8656", PORTS_RFC8656)

/* A socket of ours; the address may be the wildcard. */
struct ports_listener {
	struct addr at;
};

/* Whom we connect to. host.family 0: a name that is resolved when needed. */
struct ports_target {
	struct slice name;
	struct addr host;
	uint16_t port;
};

struct ports_list {
	const struct ports_listener *row;
	size_t count;
};

struct ports_targets {
	const struct ports_target *row;
	size_t count;
};

struct ports_conf {
	struct ports_list federation, clients, inside, admin;
	struct ports_list relay_udp, relay_tcp; /* none: no relay */
	struct ports_list relay_tls;
	struct ports_targets partners, next_hops;
	struct ports_targets dns;         /* none: the system's servers */
	bool looks_up;                    /* names are resolved at all */
	uint16_t range_first, range_last; /* of the relay */
	struct addr public_address;       /* behind 1:1 NAT; family 0: none */
	unsigned av_partners;             /* enum ports_partner */
};
