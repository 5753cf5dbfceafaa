/* SPDX-License-Identifier: Apache-2.0 */
/* Where requests come from and go to: the values of proxy.h, which includes
 * this. */
#pragma once

#include "base/addr.h"
#include "sip/edit.h"

/* One end of a signalling path. `peer` is what was proven of it: two hops with
 * equal peer texts are the same peer, whatever the connection. Meaning of the
 * numbers is the owner's. */
struct proxy_hop {
	uint8_t kind;
	uint32_t slot;
	uint32_t incarnation;
	uint64_t flow;
	struct slice peer;
	/* Many senders stand behind this peer, and it has judged who they are:
	 * each From is a source of its own (SIP-34). */
	bool shared;
	/* Part of ourselves: what it has added to a request that was within
	 * the limits is not held against it. */
	bool own;
	/* Where a request really came from; family 0: unknown. Only told to
	 * the sender, in received= and rport= of its Via (RFC 3581); never
	 * used to send anything (SIP-30). */
	struct addr addr;
};

/* Where to send a request. Slices, edits and next are borrowed during the
 * call. */
struct proxy_target {
	struct proxy_hop hop;
	struct slice uri;              /* new Request-URI; empty: as it is */
	const struct sip_edits *edits; /* besides Via and Max-Forwards */
	bool hide_vias;                /* send our Via only */
	struct slice record_route;     /* value to put on top, or empty */
	struct slice transport; /* in our Via; empty: proxy_conf.transport */
	bool own; /* part of ourselves: when it says 503 and for how long, that
		     goes back; of others it becomes 500 (RFC 3261 16.7) */
	bool alias; /* our Via offers the connection for requests that come
		       back (RFC 5923 4) */
	/* Non-INVITE: wait for the final response, 0: 64*T1. INVITE: wait for
	 * the first response, 0 or more: 64*T1; then timer C, over 3 min. */
	uint32_t timeout_ms;
	/* Tried in its place, as another branch, when it fails before any
	 * response (not sent, hop gone, its own timeout_ms over) or answers
	 * 503 or 430 (RFC 3263 4.3, RFC 5626 5.3); and so on. All attempts and
	 * parallel targets together are at most 10. NULL: none. */
	const struct proxy_target *next;
};
