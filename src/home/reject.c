/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of home: the rows. Whoever asks without an account, with a wrong
 * password or with a disabled account gets the same row (SIP-21). */
#include "home/reject.h"

const struct reject home_rej_challenge = {
	.status = 401,
	.metric = M_REJ_UNAUTHORIZED,
	.why = "challenge",
	.reason = "Unauthorized",
	.text = "the request has to be signed with the account's password",
	.spec = "RFC 3261 22.2",
};

const struct reject home_rej_proxy_challenge = {
	.status = 407,
	.metric = M_REJ_UNAUTHORIZED,
	.why = "challenge",
	.reason = "Proxy Authentication Required",
	.text = "the request has to be signed with the account's password",
	.spec = "RFC 3261 22.3",
};

const struct reject home_rej_unauthorized = {
	.status = 401,
	.diagnostics = 1000,
	.metric = M_REJ_UNAUTHORIZED,
	.why = "unauthorized",
	.reason = "Unauthorized",
	.text = "authentication failed: check name and password",
	.spec = "threats SIP-21",
};

const struct reject home_rej_proxy_unauthorized = {
	.status = 407,
	.diagnostics = 1000,
	.metric = M_REJ_UNAUTHORIZED,
	.why = "unauthorized",
	.reason = "Proxy Authentication Required",
	.text = "authentication failed: check name and password",
	.spec = "threats SIP-21",
};

const struct reject home_rej_credentials = {
	.status = 400,
	.metric = M_REJ_UNAUTHORIZED,
	.why = "credentials",
	.reason = "Bad Credentials Header",
	.text = "the digest header lacks a part, or is for another request",
	.spec = "threats SIP-23",
};

const struct reject home_rej_identity = {
	.status = 403,
	.metric = M_REJ_FORBIDDEN,
	.why = "identity",
	.reason = "Forbidden",
	.text = "From is not the account that is signed in",
	.spec = "threats SIP-25",
};

const struct reject home_rej_not_yours = {
	.status = 403,
	.metric = M_REJ_FORBIDDEN,
	.why = "not_yours",
	.reason = "Forbidden",
	.text = "an account registers contacts for itself only",
	.spec = "RFC 3261 10.3",
};

const struct reject home_rej_outsider_from = {
	.status = 403,
	.diagnostics = 1017,
	.metric = M_REJ_FORBIDDEN,
	.why = "outsider_from",
	.reason = "Forbidden",
	.text = "a partner cannot send in the name of one of our users",
	.spec = "threats SIP-25",
};

const struct reject home_rej_split_local = {
	.status = 403,
	.diagnostics = 1017,
	.metric = M_REJ_SPLIT_LOCAL,
	.why = "split_local",
	.reason = "Forbidden",
	.text = "the sender has his account here, not with the hosting "
		"provider",
	.spec = "edge federation: shared address space",
};

const struct reject home_rej_outsider_register = {
	.status = 403,
	.diagnostics = 1027,
	.metric = M_REJ_FORBIDDEN,
	.why = "outsider_register",
	.reason = "Forbidden",
	.text = "a partner cannot register contacts here",
	.spec = "RFC 3261 10.3",
};

const struct reject home_rej_transit = {
	.status = 403,
	.diagnostics = 1005,
	.metric = M_REJ_NOT_OURS,
	.why = "transit",
	.reason = "Forbidden",
	.text = "the destination is not ours, and we carry for our users only",
	.spec = "threats SIP-25",
};

const struct reject home_rej_stranger = {
	.status = 403,
	.metric = M_REJ_STRANGER,
	.why = "stranger",
	.reason = "Forbidden",
	.text = "the addressee takes nothing from this sender",
	.spec = "edge federation: contacts only",
};

const struct reject home_rej_not_found = {
	.status = 404,
	.diagnostics = 1003,
	.metric = M_REJ_NOT_FOUND,
	.why = "not_found",
	.reason = "Not Found",
	.text = "there is no such user",
	.spec = "RFC 3261 21.4.5",
};

const struct reject home_rej_domain = {
	.status = 404,
	.diagnostics = 1005,
	.metric = M_REJ_NOT_OURS,
	.why = "domain",
	.reason = "Not Found",
	.text = "this domain has no registrar here",
	.spec = "RFC 3261 10.3",
};

const struct reject home_rej_offline = {
	.status = 480,
	.metric = M_REJ_OFFLINE,
	.why = "offline",
	.reason = "Temporarily Unavailable",
	.text = "the user is not signed in",
	.spec = "RFC 3261 21.4.18",
};

const struct reject home_rej_gone = {
	.status = 480,
	.diagnostics = 1006,
	.metric = M_REJ_OFFLINE,
	.why = "gone",
	.reason = "Temporarily Unavailable",
	.text = "the user's connection ended before there was an answer",
	.spec = "RFC 5626 5.3.1",
};

const struct reject home_rej_interval = {
	.status = 423,
	.metric = M_REJ_INTERVAL,
	.why = "interval",
	.reason = "Interval Too Brief",
	.text = "the contact would expire too soon; see Min-Expires",
	.spec = "RFC 3261 10.3",
};

const struct reject home_rej_bad_register = {
	.status = 400,
	.metric = M_REJ_BAD_REGISTER,
	.why = "bad_register",
	.reason = "Bad Contact",
	.text = "a contact of the REGISTER cannot be served",
	.spec = "RFC 3261 10.3",
};

const struct reject home_rej_gruu = {
	.status = 403,
	.metric = M_REJ_BAD_REGISTER,
	.why = "gruu",
	.reason = "Contact Is A GRUU",
	.text = "an address of a device cannot be its contact",
	.spec = "RFC 5627 5.1",
};

const struct reject home_rej_first_hop = {
	.status = 439,
	.metric = M_REJ_BAD_REGISTER,
	.why = "first_hop",
	.reason = "First Hop Lacks Outbound Support",
	.text = "the first proxy of the client does not keep its connection",
	.spec = "RFC 5626 6",
};

const struct reject home_rej_order = {
	.status = 400,
	.metric = M_REJ_BAD_REGISTER,
	.why = "order",
	.reason = "CSeq Out Of Order",
	.text = "a REGISTER with this or a later CSeq was served already",
	.spec = "RFC 3261 10.3",
};

const struct reject home_rej_contacts = {
	.status = 403,
	.metric = M_REJ_BAD_REGISTER,
	.why = "contacts",
	.reason = "Too Many Contacts",
	.text = "the user has as many contacts as are allowed",
	.spec = "threats SIP-32",
};

const struct reject home_rej_extension = {
	.status = 420,
	.metric = M_REJ_SIP_EXTENSION,
	.why = "extension",
	.reason = "Bad Extension",
	.text = "Require names an extension that is not supported here",
	.spec = "RFC 3261 8.2.2.3",
};

const struct reject home_rej_method = {
	.status = 405,
	.metric = M_REJ_SIP_METHOD,
	.why = "method",
	.reason = "Method Not Allowed",
	.text = "the server itself answers OPTIONS and REGISTER only",
	.spec = "RFC 3261 21.4.6",
};

const struct reject home_rej_scheme = {
	.status = 416,
	.metric = M_REJ_SIP_SCHEME,
	.why = "scheme",
	.reason = "Unsupported URI Scheme",
	.text = "only sip and sips addresses are routed here",
	.spec = "RFC 3261 21.4.14",
};

const struct reject home_rej_store_down = {
	.status = 503,
	.rests = true,
	.diagnostics = 1007,
	.metric = M_REJ_STORE_DOWN,
	.why = "store_down",
	.reason = "Service Unavailable",
	.text = "the store does not answer for the moment; try again",
	.spec = "threats STO-05",
};

const struct reject home_rej_mailbox = {
	.status = 480,
	.metric = M_REJ_MAILBOX,
	.why = "mailbox",
	.reason = "Temporarily Unavailable",
	.text = "the user is not signed in, and no more messages may wait",
	.spec = "threats MSG-02",
};

const struct reject home_rej_store_full = {
	.status = 503,
	.rests = true,
	.diagnostics = 1007,
	.metric = M_REJ_STORE_DOWN,
	.why = "store_full",
	.reason = "Service Unavailable",
	.text = "there is no room on the disk of the store",
	.spec = "threats STO-02",
};

const struct reject home_rej_overload = {
	.status = 503,
	.rests = true,
	.metric = M_REJ_OVERLOAD,
	.why = "overload",
	.reason = "Service Unavailable",
	.text = "no room for this request now; try again later",
	.spec = "RFC 3261 21.5.4",
};

const struct reject home_rej_draining = {
	.status = 503,
	.metric = M_REJ_DRAINING,
	.why = "draining",
	.reason = "Service Unavailable",
	.text = "the server is stopping; try again",
	.spec = "threats PRC-06",
};
