/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To whom we relay (TURN-05). Default deny: every special-purpose range of
 * the IANA registries, every spelling of IPv4 inside IPv6, our own addresses
 * but for relay ports, port 0 and ports under 1024. Configuration opens and
 * closes prefixes. Pure.
 */
#pragma once

#include "base/reject.h"
#include "relay/relay_addr.h"
#include "relay/relay_conf.h"

/* Denied peers of one user: somebody looks for a way in. */
enum { SCAN_DENIED = 16 };

/* with_port: false where only the address counts (CreatePermission). local:
 * the address the client came to: ours, whatever the list says. NULL: fine. */
const struct reject *peer_check(const struct relay_conf *conf,
				const struct relay_addr *local,
				const struct relay_addr *peer, bool with_port);
/* Is it an address of this machine or the one we are known by? */
bool peer_is_own(const struct relay_conf *conf, const struct relay_addr *local,
		 const struct relay_addr *a);
