/* SPDX-License-Identifier: Apache-2.0 */
/* One request on its way through a worker: what walk.c, route.c and strip.c
 * share. */
#pragma once

#include "edge/edge_int.h"

/* Everything about one request while it is being judged; on the stack. */
struct walk {
	struct edge *e;
	struct proxy_request *r;
	const struct sip_msg *m;
	const struct proxy_hop *from;
	struct flow *flow; /* it came by this one; NULL from inside */
	bool routed;       /* a Route value of ours stood on top */
	const struct access_partner *sender; /* from federation, once judged */
	struct access_facts facts;
	struct access_evidence evidence; /* facts.evidence */
	bool foreign_route; /* Route values that are not ours follow */
	struct access_partner unlisted; /* facts.unlisted */
	struct access_mark mark;        /* of the verdict */
	struct proxy_hop hop;           /* where a flow token leads */
	uint16_t hop_port;   /* where that flow's device reaches us, or 0 */
	bool hop_ws;         /* that flow is a WebSocket */
	struct slice hidden; /* what the Request-URI hides, or empty */
	char route_inside[TOKEN_NAME_MAX]; /* the server, ROUTE_INSIDE */
	/* All before is zero at first; of what follows only that which was
	 * written is ever read. */
	struct sip_edits edits;
	char from_aor[SIP_AOR_MAX];
	char from_domain[SIP_DOMAIN_MAX];
	char to_aor[SIP_AOR_MAX];
	char callee_domain[SIP_DOMAIN_MAX];
	char to_domain[SIP_DOMAIN_MAX];
	char hop_peer[EDGE_PEER_MAX];
	char route_edge[TOKEN_NAME_MAX];
};

/* walk.c */

/* value on top, or the edits have failed. */
void walk_put_on_top(struct walk *w, enum sip_header_id id, struct slice value);
/* Is it our name, outside or inside? */
bool walk_names_us(const struct walk *w, struct slice host);
/* Who the sender is, as we know (RFC 3325). */
void walk_assert_identity(struct walk *w, struct slice aor);

/* route.c */

/* Takes our own values off the top of Route (RFC 3261 16.4, RFC 5626 5.3) and
 * fills facts.route: where the tokens lead. */
const struct reject *route_take(struct walk *w);
/* The value of Path, or of Record-Route, for the side that the request came
 * from (w->flow), for the flow that w->hop leads to, or for a partner. Empty:
 * out of memory. */
struct slice route_to_flow(struct walk *w, const struct flow_ref *ref);
struct slice route_to_partner(struct walk *w, struct slice edge);
/* plain: by TCP without TLS */
struct slice route_to_inside(struct walk *w, struct slice server, bool plain);
/* Path for servers inside: the client's flow, by our listener there. */
struct slice route_path(struct walk *w, bool plain);
/* The one that names where this request came from. */
struct slice route_back(struct walk *w);
/* Does this request begin a dialog whose requests have to come this way? */
bool route_records(const struct walk *w);

/* strip.c */

/* Drops what is internal and never crosses the wall, either way (SIP-04). */
void strip_internal(const struct sip_msg *m, struct sip_edits *edits,
		    bool keep_login, bool keep_diagnostics);
