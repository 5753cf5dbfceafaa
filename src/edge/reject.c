/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of the edge: the rows. */
#include "edge/reject.h"

#include "base/slice.h"

static const struct reject rows[EDGE_REFUSAL_COUNT] = {
	[EDGE_FLOW_GONE] = { .status = 430,
			     .diagnostics = 1006,
			     .metric = M_REJ_FLOW_GONE,
			     .why = "flow_gone",
			     .reason = "Flow Failed",
			     .text = "the client's connection is gone; it has "
				     "to sign in "
				     "again",
			     .spec = "RFC 5626 5.3.1" },
	[EDGE_INSIDE_DOWN] = { .status = 503,
			       .diagnostics = 1007,
			       .metric = M_REJ_INSIDE_DOWN,
			       .why = "inside_down",
			       .reason = "Service Unavailable",
			       .text = "the inside cannot be reached for the "
				       "moment; try "
				       "again",
			       .spec = "RFC 3261 21.5.4" },
	[EDGE_PARTNER_DOWN] = { .status = 504,
				.diagnostics = 1046,
				.metric = M_REJ_PARTNER_DOWN,
				.why = "partner_down",
				.reason = "Server Time-out",
				.text = "the partner's edge cannot be reached; "
					"see the log "
					"for partner.down",
				.spec = "RFC 3261 21.5.5" },
	[EDGE_PARTNER_DNS] = { .status = 504,
			       .diagnostics = 1014,
			       .metric = M_REJ_PARTNER_DNS,
			       .why = "partner_dns",
			       .reason = "Server Time-out",
			       .text = "the name of the partner's edge does "
				       "not resolve; "
				       "check its A and AAAA records",
			       .spec = "RFC 3263 4.2" },
	[EDGE_PARTNER_TLS] = { .status = 504,
			       .diagnostics = 1010,
			       .metric = M_REJ_PARTNER_TLS,
			       .why = "partner_tls",
			       .reason = "Server Time-out",
			       .text = "the certificate of the partner's edge "
				       "was refused; "
				       "see the log for tls.peer_reject",
			       .spec = "RFC 5922 7.3" },
	[EDGE_QUEUE_FULL] = { .status = 503,
			      .metric = M_REJ_QUEUE_FULL,
			      .why = "queue_full",
			      .reason = "Service Unavailable",
			      .text = "a queue is full; try again later",
			      .spec = "RFC 3261 21.5.4" },
	[EDGE_DRAINING] = { .status = 503,
			    .metric = M_REJ_DRAINING,
			    .why = "draining",
			    .reason = "Service Unavailable",
			    .text = "the server is stopping; connect again",
			    .spec = "threats PRC-06" },
	[EDGE_ROUTE_STALE] = { .status = 481,
			       .diagnostics = 1004,
			       .metric = M_REJ_ROUTE_STALE,
			       .why = "route_stale",
			       .reason = "Call/Transaction Does Not Exist",
			       .text = "the route of this dialog is not valid "
				       "any more; begin "
				       "a new one",
			       .spec = "RFC 3261 16.4" },
	[EDGE_PARTNER_SRV] = { .status = 504,
			       .diagnostics = 1008,
			       .metric = M_REJ_PARTNER_SRV,
			       .why = "partner_srv",
			       .reason = "Server Time-out",
			       .text = "no SRV record of the partner's domain "
				       "could be found; see the log for "
				       "dns.fail, or name its server as edge",
			       .spec = "RFC 3263 4.2" },
	[EDGE_PARTNER_SRV_DOMAIN] = { .status = 504,
				      .diagnostics = 1009,
				      .metric = M_REJ_PARTNER_SRV_DOMAIN,
				      .why = "partner_srv_domain",
				      .reason = "Server Time-out",
				      .text = "the SRV record of the partner's "
					      "domain names no host directly "
					      "in it; name its server as edge",
				      .spec = "threats DNS-03" },
	[EDGE_PARTNER_SILENT] = { .status = 504,
				  .diagnostics = 1046,
				  .metric = M_REJ_PARTNER_SILENT,
				  .why = "partner_silent",
				  .reason = "Server Time-out",
				  .text = "the partner's edge takes requests "
					  "and answers none; it is asked "
					  "again every 30 seconds",
				  .spec = "threats NET-02" },
	[EDGE_PARTNER_NO_OTHER] = { .status = 480,
				    .metric = M_REJ_PARTNER_NO_OTHER,
				    .why = "partner_no_other",
				    .reason = "Temporarily Unavailable",
				    .text = "the partner's server did not "
					    "take it, and there is no other",
				    .spec = "RFC 3263 4.3" },
};

const struct reject *edge_reject(unsigned number)
{
	return &rows[number < EDGE_REFUSAL_COUNT ? number : EDGE_PARTNER_DOWN];
}
