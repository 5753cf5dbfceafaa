/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The refusals of judgement. The numbers in .diagnostics are the published
 * ids of the ms-diagnostics header ([MS-OCER], SIP stack and Access Edge).
 */
#include "access/reject.h"

const struct reject ACCESS_REJ_NOT_PARTNER = {
	.status = 403,
	.diagnostics = 1010,
	.closes = true,
	.inside_only = true,
	.metric = M_REJ_NOT_PARTNER,
	.why = "not_partner",
	.reason = "Forbidden",
	.text = "The certificate of this connection belongs to no partner; "
		"add the name it proves as edge of a partner.",
	.spec = "SIP-25, RFC 5922 7.2",
};

const struct reject ACCESS_REJ_FROM_MISMATCH = {
	.status = 403,
	.diagnostics = 1017,
	.metric = M_REJ_FROM_MISMATCH,
	.why = "from_mismatch",
	.reason = "Forbidden",
	.text = "The sender's domain may not be used on this connection; "
		"list that domain with the edge that it comes from.",
	.spec = "SIP-25",
};

const struct reject ACCESS_REJ_SPLIT_LOCAL = {
	.status = 403,
	.diagnostics = 1017,
	.metric = M_REJ_SPLIT_LOCAL,
	.why = "split_local",
	.reason = "Forbidden",
	.text = "The sender has his account here, not with the hosting "
		"provider that sent this.",
	.spec = "SIP-25",
};

const struct reject ACCESS_REJ_SPLIT_UNKNOWN = {
	.status = 503,
	.rests = true,
	.diagnostics = 1007,
	.metric = M_REJ_SPLIT_UNKNOWN,
	.why = "split_unknown",
	.reason = "Service Unavailable",
	.text = "Whether the sender has his account here could not be found "
		"out for the moment; try again.",
	.spec = "SIP-25",
};

const struct reject ACCESS_REJ_PROOF = {
	.status = 403,
	.diagnostics = 1010,
	.closes = true,
	.inside_only = true,
	.metric = M_REJ_PROOF,
	.why = "proof",
	.reason = "Forbidden",
	.text = "The certificate of this connection has the right name and is "
		"not what the partner's entry asks for: another key than those "
		"pinned, another than its TLSA record names, no trusted "
		"authority, or another key usage; the log says which "
		"(tls.peer_unproven).",
	.spec = "TLS-03, RFC 5922 7.2, RFC 6698 2.1",
};

const struct reject ACCESS_REJ_PROOF_UNKNOWN = {
	.status = 504,
	.diagnostics = 1010,
	.metric = M_REJ_PROOF_UNKNOWN,
	.why = "proof_unknown",
	.reason = "Server Time-out",
	.text = "The TLSA records that would prove the peer's certificate "
		"could not be found out, or fail DNSSEC validation.",
	.spec = "DNS-02, RFC 6698 4.1",
};

const struct reject ACCESS_REJ_SRV_NONE = {
	.status = 504,
	.diagnostics = 1008,
	.metric = M_REJ_SRV_NONE,
	.why = "srv_none",
	.reason = "Server Time-out",
	.text = "The sender's domain has no SRV record that could be found, so "
		"nothing says which server may speak for it; see the log for "
		"dns.fail, or name its server as edge of the partner.",
	.spec = "DNS-01, RFC 3263 4.2",
};

const struct reject ACCESS_REJ_SRV_DOMAIN = {
	.status = 504,
	.diagnostics = 1009,
	.closes = true,
	.metric = M_REJ_SRV_DOMAIN,
	.why = "srv_domain",
	.reason = "Server Time-out",
	.text = "The SRV record of the sender's domain names this server, but "
		"it is no host directly in the domain; name it as edge of the "
		"partner to allow that.",
	.spec = "DNS-03",
};

const struct reject ACCESS_REJ_NOT_OURS = {
	.status = 404,
	.diagnostics = 1005,
	.metric = M_REJ_NOT_OURS,
	.why = "not_ours",
	.reason = "Not Found",
	.text = "The destination is in no domain of ours, and this server "
		"is no transit relay.",
	.spec = "SIP-26, RFC 3261 16.3",
};

const struct reject ACCESS_REJ_NO_ROUTE = {
	.status = 404,
	.diagnostics = 1005,
	.metric = M_REJ_NO_ROUTE,
	.why = "no_route",
	.reason = "Not Found",
	.text = "The destination's domain is neither ours nor a partner's; "
		"add it to the partners to reach it.",
	.spec = "SIP-26, RFC 3261 16.5",
};

const struct reject ACCESS_REJ_PARTNER_METHOD = {
	.status = 403,
	.diagnostics = 1027,
	.metric = M_REJ_PARTNER_METHOD,
	.why = "partner_method",
	.reason = "Forbidden",
	.text = "This type of request does not cross to or from partners.",
	.spec = "SIP-26, RFC 3261 16.3",
};

const struct reject ACCESS_REJ_CLIENT_FROM = {
	.status = 403,
	.metric = M_REJ_CLIENT_FROM,
	.why = "client_from",
	.reason = "Forbidden",
	.text = "A client may only send as a user of ours, and after signing "
		"in only as that user.",
	.spec = "SIP-25",
};

const struct reject ACCESS_REJ_INSIDE_LOOP = {
	.status = 482,
	.metric = M_REJ_INSIDE_LOOP,
	.why = "inside_loop",
	.reason = "Loop Detected",
	.text = "A request from inside is for a domain of ours but names no "
		"client's connection; sending it in again would be a loop.",
	.spec = "RFC 3261 16.3",
};

const struct reject ACCESS_REJ_BLOCKED = {
	.status = 403,
	.diagnostics = 1005,
	.metric = M_REJ_BLOCKED,
	.why = "blocked",
	.reason = "Forbidden",
	.text = "The other side's domain is blocked here.",
	.spec = "SIP-25",
};

const struct reject ACCESS_REJ_LIMIT_RATE = {
	.status = 503,
	.diagnostics = 1007,
	.inside_only = true,
	.metric = M_REJ_LIMIT_RATE,
	.why = "limit_rate",
	.reason = "Service Unavailable",
	.text = "This domain is no listed partner and sends more requests a "
		"second than such a one may; list it, or allow it with "
		"`sallyport partner allow`.",
	.spec = "SIP-27",
};

const struct reject ACCESS_REJ_LIMIT_ADDRESSES = {
	.status = 403,
	.diagnostics = 1005,
	.inside_only = true,
	.metric = M_REJ_LIMIT_ADDRESSES,
	.why = "limit_addresses",
	.reason = "Forbidden",
	.text = "This domain is no listed partner and has tried more of our "
		"addresses than such a one may: new ones are refused until "
		"`sallyport partner clear` or `allow`.",
	.spec = "SIP-27",
};

const struct reject ACCESS_REJ_LIMIT_UNKNOWN = {
	.status = 503,
	.diagnostics = 1007,
	.inside_only = true,
	.metric = M_REJ_LIMIT_UNKNOWN,
	.why = "limit_unknown",
	.reason = "Service Unavailable",
	.text = "The worker that keeps the limits of this domain did not "
		"answer; try again.",
	.spec = "SIP-27",
};

const struct reject ACCESS_REJ_UNMARKED = {
	.status = 403,
	.diagnostics = 1027,
	.metric = M_REJ_UNMARKED,
	.why = "unmarked",
	.reason = "Forbidden",
	.text = "This peer has to say of each request whether its sender is "
		"verified (verification: source-strict), and did not.",
	.spec = "SIP-25",
};

const struct reject ACCESS_REJ_PROVIDER_ENDED = {
	.status = 403,
	.diagnostics = 1005,
	.metric = M_REJ_PROVIDER_ENDED,
	.why = "provider_ended",
	.reason = "Forbidden",
	.text = "Federation with this provider has ended; its "
		"successor, if there is one, is named beside this.",
	.spec = "RFC 3261 16.3",
};

const struct reject ACCESS_REJ_PROVIDER_METHOD = {
	.status = 403,
	.diagnostics = 1027,
	.metric = M_REJ_PROVIDER_METHOD,
	.why = "provider_method",
	.reason = "Forbidden",
	.text = "With a public provider only one-to-one messages, "
		"presence and, where allowed, calls are possible; "
		"neither transfers nor conversations of more than "
		"two.",
	.spec = "RFC 3261 16.3",
};

const struct reject ACCESS_REJ_AUDIO_VIDEO = {
	.status = 488,
	.diagnostics = 1027,
	.metric = M_REJ_AUDIO_VIDEO,
	.why = "audio_video",
	.reason = "Not Acceptable Here",
	.text = "Audio and video with this public provider are not "
		"allowed, by its entry or by the policy of our user; "
		"messages are.",
	.spec = "RFC 3261 16.3",
};

const struct reject ACCESS_REJ_POLICY_NOTHING = {
	.status = 403,
	.diagnostics = 1012,
	.inside_only = true,
	.metric = M_REJ_POLICY_NOTHING,
	.why = "policy_nothing",
	.reason = "Forbidden",
	.text = "The policy of this user allows nobody outside.",
	.spec = "RFC 3261 16.3",
};

const struct reject ACCESS_REJ_POLICY_FEDERATION = {
	.status = 403,
	.diagnostics = 1002,
	.inside_only = true,
	.metric = M_REJ_POLICY_FEDERATION,
	.why = "policy_federation",
	.reason = "Forbidden",
	.text = "The policy of this user does not allow federated "
		"partners.",
	.spec = "RFC 3261 16.3",
};

const struct reject ACCESS_REJ_POLICY_PUBLIC_IM = {
	.status = 403,
	.diagnostics = 1001,
	.inside_only = true,
	.metric = M_REJ_POLICY_PUBLIC_IM,
	.why = "policy_public_im",
	.reason = "Forbidden",
	.text = "The policy of this user does not allow public "
		"providers.",
	.spec = "RFC 3261 16.3",
};

const struct reject ACCESS_REJ_POLICY_XMPP = {
	.status = 403,
	.diagnostics = 1002,
	.inside_only = true,
	.metric = M_REJ_POLICY_XMPP,
	.why = "policy_xmpp",
	.reason = "Forbidden",
	.text = "The policy of this user does not allow domains behind an "
		"XMPP gateway.",
	.spec = "RFC 3261 16.3",
};

const struct reject ACCESS_REJ_POLICY_OUTSIDE = {
	.status = 403,
	.diagnostics = 4003,
	.metric = M_REJ_POLICY_OUTSIDE,
	.why = "policy_outside",
	.reason = "Forbidden",
	.text = "The policy of this user does not allow to sign in "
		"from outside.",
	.spec = "RFC 3261 16.3",
};

const struct reject ACCESS_REJ_POLICY_ADDRESSEE = {
	.status = 403,
	.diagnostics = 1005,
	.metric = M_REJ_POLICY_ADDRESSEE,
	.why = "policy_addressee",
	.reason = "Forbidden",
	.text = "The addressee's policy does not allow this sender.",
	.spec = "SIP-25",
};
