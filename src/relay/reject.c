/* SPDX-License-Identifier: Apache-2.0 */
/* The rows. */
#include "relay/reject.h"

const struct reject relay_rej_drop = {
	.status = 0,
	.metric = M_REJ_TURN_DROP,
	.why = "not_understood",
	.reason = "",
	.text = "packet that is not for us",
	.spec = "RFC 8489 6.3",
};

const struct reject relay_rej_bad = {
	.status = 400,
	.metric = M_REJ_TURN_BAD,
	.why = "bad_request",
	.reason = "Bad Request",
	.text = "attributes are missing or do not go together",
	.spec = "RFC 8656 7.2",
};

const struct reject relay_rej_unknown = {
	.status = 420,
	.metric = M_REJ_TURN_UNKNOWN,
	.why = "unknown_attribute",
	.reason = "Unknown Attribute",
	.text = "attribute that has to be understood and is not",
	.spec = "RFC 8489 6.3.1",
};

const struct reject relay_rej_peer = {
	.status = 403,
	.metric = M_REJ_TURN_PEER,
	.why = "peer_denied",
	.reason = "Forbidden",
	.text = "peer address to which nothing is relayed; relay.allow_peers "
		"opens prefixes",
	.spec = "threats TURN-05",
};

const struct reject relay_rej_no_allocation = {
	.status = 437,
	.metric = M_REJ_TURN_NO_ALLOCATION,
	.why = "no_allocation",
	.reason = "Allocation Mismatch",
	.text = "there is no allocation for this 5-tuple",
	.spec = "RFC 8656 5",
};

const struct reject relay_rej_has_allocation = {
	.status = 437,
	.metric = M_REJ_TURN_MISMATCH,
	.why = "has_allocation",
	.reason = "Allocation Mismatch",
	.text = "there is an allocation for this 5-tuple already",
	.spec = "RFC 8656 7.2",
};

const struct reject relay_rej_other_user = {
	.status = 441,
	.metric = M_REJ_TURN_OTHER_USER,
	.why = "other_user",
	.reason = "Wrong Credentials",
	.text = "the allocation is another user's",
	.spec = "RFC 8656 5",
};

const struct reject relay_rej_transport = {
	.status = 442,
	.metric = M_REJ_TURN_TRANSPORT,
	.why = "transport",
	.reason = "Unsupported Transport Protocol",
	.text = "relayed transport that is not offered here",
	.spec = "RFC 8656 7.2",
};

const struct reject relay_rej_family = {
	.status = 440,
	.metric = M_REJ_TURN_FAMILY,
	.why = "family",
	.reason = "Address Family not Supported",
	.text = "no relay address of that family",
	.spec = "RFC 8656 7.2",
};

const struct reject relay_rej_peer_family = {
	.status = 443,
	.metric = M_REJ_TURN_PEER_FAMILY,
	.why = "peer_family",
	.reason = "Peer Address Family Mismatch",
	.text = "the allocation has no relay address of the peer's family",
	.spec = "RFC 8656 10.2",
};

const struct reject relay_rej_quota = {
	.status = 486,
	.metric = M_REJ_TURN_QUOTA,
	.why = "quota",
	.reason = "Allocation Quota Reached",
	.text = "the user or the source holds as many allocations as it may",
	.spec = "threats TURN-06",
};

const struct reject relay_rej_capacity = {
	.status = 508,
	.metric = M_REJ_TURN_CAPACITY,
	.why = "capacity",
	.reason = "Insufficient Capacity",
	.text = "no relay port, no memory, or the total is reached",
	.spec = "RFC 8656 7.2",
};

const struct reject relay_rej_permissions = {
	.status = 508,
	.metric = M_REJ_TURN_PERMISSIONS,
	.why = "permissions",
	.reason = "Insufficient Capacity",
	.text = "more permissions or channels than an allocation may have",
	.spec = "threats TURN-08",
};

const struct reject relay_rej_channel = {
	.status = 400,
	.metric = M_REJ_TURN_CHANNEL,
	.why = "channel",
	.reason = "Bad Request",
	.text = "channel number out of range, or bound otherwise",
	.spec = "RFC 8656 12.2",
};

const struct reject relay_rej_draining = {
	.status = 508,
	.metric = M_REJ_TURN_DRAINING,
	.why = "draining",
	.reason = "Insufficient Capacity",
	.text = "the server is stopping",
	.spec = "RFC 8656 7.2",
};

const struct reject relay_rej_alternate = {
	.status = 300,
	.metric = M_REJ_TURN_ALTERNATE,
	.why = "alternate",
	.reason = "Try Alternate",
	.text = "the server drains, and the client is sent to one of "
		"relay.alternate",
	.spec = "RFC 8489 10",
};

const struct reject relay_rej_link_exists = {
	.status = 446,
	.metric = M_REJ_TURN_LINK_EXISTS,
	.why = "connection_exists",
	.reason = "Connection Already Exists",
	.text = "there is a connection with that peer already",
	.spec = "RFC 6062 5.2",
};

const struct reject relay_rej_link_failed = {
	.status = 447,
	.metric = M_REJ_TURN_LINK_FAILED,
	.why = "connection_failed",
	.reason = "Connection Timeout or Failure",
	.text = "the peer could not be connected to",
	.spec = "RFC 6062 5.2",
};

const struct reject relay_rej_not_tcp = {
	.status = 403,
	.metric = M_REJ_TURN_NOT_TCP,
	.why = "other_transport",
	.reason = "Forbidden",
	.text = "the relayed address is of the other transport: connections "
		"are for TCP, channels for UDP",
	.spec = "RFC 6062 5",
};

const struct reject relay_rej_mobility = {
	.status = 405,
	.metric = M_REJ_TURN_MOBILITY,
	.why = "mobility_forbidden",
	.reason = "Mobility Forbidden",
	.text = "clients may not change their address here; relay.mobility "
		"allows it",
	.spec = "RFC 8016 3.4",
};
