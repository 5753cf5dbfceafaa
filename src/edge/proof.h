/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the certificate of a connection is what its partner's entry asks for:
 * an authority, a pinned key, a TLSA record. TLS has checked names, dates and
 * revocation; access_lack() decides about the rest.
 */
#pragma once

#include "edge/edge_int.h"

/* What a certificate that was shown to us, when we dialled, lacks without the
 * DNS: for who only looks. */
enum access_lack proof_shown(const struct net_peer *p,
			     const struct access_partner *row);
/* All but what the DNS says. */
void proof_evidence(const struct flow *f, struct access_evidence *out);
/* Adds that, for the name host that the peer proves. False: it is being looked
 * up, and r (or NULL) is judged again then. */
bool proof_look(const struct flow *f, struct slice host,
		struct proxy_request *r, struct access_evidence *out);
/* A connection that we dialled to target. */
enum access_lack proof_dialled(const struct flow *f, const char *target,
			       const struct access_partner *row);
/* One that stands, of that partner: is it by now known to lack something? */
bool proof_lost(const struct flow *f, const struct access_partner *row);
/* In the log; what f is refused for. */
void proof_say(const struct flow *f, enum access_lack lack);
