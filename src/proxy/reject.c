/* SPDX-License-Identifier: Apache-2.0 */
/* The refusals of the transaction layer and the forwarding core. */
#include "proxy/reject.h"

const struct reject PROXY_REJ_SCHEME = {
	.status = 416,
	.metric = M_REJ_SIP_SCHEME,
	.why = "scheme",
	.reason = "Unsupported URI Scheme",
	.text = "the Request-URI has a scheme that is not routed here; use "
		"sip, sips or tel",
	.spec = "RFC 3261 16.3",
};

const struct reject PROXY_REJ_MAX_FORWARDS = {
	.status = 483,
	.metric = M_REJ_MAX_FORWARDS,
	.why = "max_forwards",
	.reason = "Too Many Hops",
	.text = "Max-Forwards was used up; look for a loop on the way here",
	.spec = "RFC 3261 16.3",
};

const struct reject PROXY_REJ_LOOP = {
	.status = 482,
	.metric = M_REJ_LOOP,
	.why = "loop",
	.reason = "Loop Detected",
	.text = "the same request came back unchanged; look at the routes of "
		"the next hop",
	.spec = "RFC 3261 8.2.2.2",
};

const struct reject PROXY_REJ_EXTENSION = {
	.status = 420,
	.metric = M_REJ_SIP_EXTENSION,
	.why = "extension",
	.reason = "Bad Extension",
	.text = "Proxy-Require asks for what this proxy does not do; see "
		"Unsupported in the answer",
	.spec = "RFC 3261 16.3",
};

const struct reject PROXY_REJ_OVERLOAD = {
	.status = 503,
	.rests = true,
	.metric = M_REJ_OVERLOAD,
	.why = "overload",
	.reason = "Service Unavailable",
	.text = "no room for another transaction, in all or of this source; "
		"try again later",
	.spec = "SIP-34",
};

const struct reject PROXY_REJ_QUEUE_FULL = {
	.status = 503,
	.metric = M_REJ_QUEUE_FULL,
	.why = "queue_full",
	.reason = "Service Unavailable",
	.text = "the queue to the next hop is full; it reads too slowly",
	.spec = "RFC 3261 16.9",
};

const struct reject PROXY_REJ_HOP_GONE = {
	.status = 503,
	.metric = M_REJ_HOP_GONE,
	.why = "hop_gone",
	.reason = "Service Unavailable",
	.text = "the connection to the next hop ended before it answered",
	.spec = "RFC 3261 16.9",
};

const struct reject PROXY_REJ_TIMEOUT = {
	.status = 408,
	.metric = M_REJ_TIMEOUT,
	.why = "timeout",
	.reason = "Request Timeout",
	.text = "nobody answered in time",
	.spec = "RFC 3261 16.8",
};

const struct reject PROXY_REJ_CANCELLED = {
	.status = 487,
	.metric = M_REJ_CANCELLED,
	.why = "cancelled",
	.reason = "Request Terminated",
	.text = "the caller gave up before anybody answered",
	.spec = "RFC 3261 16.10",
};

const struct reject PROXY_REJ_NO_TRANSACTION = {
	.status = 481,
	.metric = M_REJ_NO_TRANSACTION,
	.why = "no_transaction",
	.reason = "Call/Transaction Does Not Exist",
	.text = "CANCEL for a request that is not here",
	.spec = "RFC 3261 9.2",
};

const struct reject PROXY_REJ_INTERNAL = {
	.status = 500,
	.metric = M_REJ_INTERNAL,
	.why = "internal",
	.reason = "Server Internal Error",
	.text = "the request could not be written for the next hop",
	.spec = "RFC 3261 21.5.1",
};
