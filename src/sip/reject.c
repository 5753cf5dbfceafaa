/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of the wire format: the rows. */
#include "sip/reject.h"

const struct reject sip_reject_syntax = {
	.status = 400,
	.metric = M_REJ_SIP_SYNTAX,
	.why = "syntax",
	.reason = "Bad Request",
	.text = "the message is not valid SIP; the sender has to be mended",
	.spec = "RFC 3261 21.4.1",
};

const struct reject sip_reject_framing = {
	.status = 400,
	.closes = true,
	.metric = M_REJ_SIP_SYNTAX,
	.why = "framing",
	.reason = "Bad Request",
	.text = "a line of the head does not end with CR LF",
	.spec = "RFC 3261 7",
};

const struct reject sip_reject_content_length = {
	.status = 400,
	.closes = true,
	.metric = M_REJ_SIP_CONTENT_LENGTH,
	.why = "content_length",
	.reason = "Bad Content-Length",
	.text = "Content-Length is missing, repeated or wrong: where the next "
		"message begins is unknown",
	.spec = "RFC 3261 18.3, threats SIP-02",
};

const struct reject sip_reject_body_too_large = {
	.status = 413,
	.metric = M_REJ_SIP_TOO_LARGE,
	.why = "body_too_large",
	.reason = "Request Entity Too Large",
	.text = "the body is larger than the limit",
	.spec = "RFC 3261 21.4.11",
};

const struct reject sip_reject_body_unread = {
	.status = 413,
	.closes = true,
	.metric = M_REJ_SIP_TOO_LARGE,
	.why = "body_too_large",
	.reason = "Request Entity Too Large",
	.text = "the body is larger than the limit and is not read",
	.spec = "RFC 3261 21.4.11",
};

const struct reject sip_reject_too_large = {
	.status = 513,
	.metric = M_REJ_SIP_TOO_LARGE,
	.why = "too_large",
	.reason = "Message Too Large",
	.text = "a header line, or the number of headers, Via, Route or "
		"Contact entries, is over its limit",
	.spec = "RFC 3261 21.5.7",
};

const struct reject sip_reject_head_too_large = {
	.status = 513,
	.closes = true,
	.metric = M_REJ_SIP_TOO_LARGE,
	.why = "head_too_large",
	.reason = "Message Too Large",
	.text = "the headers together are over the limit",
	.spec = "RFC 3261 21.5.7",
};

const struct reject sip_reject_uri_too_long = {
	.status = 414,
	.metric = M_REJ_SIP_URI_TOO_LONG,
	.why = "uri_too_long",
	.reason = "Request-URI Too Long",
	.text = "the Request-URI is longer than the limit",
	.spec = "RFC 3261 21.4.12",
};

const struct reject sip_reject_version = {
	.status = 505,
	.metric = M_REJ_SIP_VERSION,
	.why = "version",
	.reason = "Version Not Supported",
	.text = "the message is of another version than SIP/2.0",
	.spec = "RFC 3261 21.5.6",
};

const struct reject sip_reject_scheme = {
	.status = 416,
	.metric = M_REJ_SIP_SCHEME,
	.why = "scheme",
	.reason = "Unsupported URI Scheme",
	.text = "the Request-URI is no sip, sips or tel URI",
	.spec = "RFC 3261 16.3",
};

const struct reject sip_reject_method = {
	.status = 501,
	.metric = M_REJ_SIP_METHOD,
	.why = "method",
	.reason = "Not Implemented",
	.text = "the method is not known here",
	.spec = "RFC 3261 21.5.2",
};

const struct reject sip_reject_extension = {
	.status = 420,
	.metric = M_REJ_SIP_EXTENSION,
	.why = "extension",
	.reason = "Bad Extension",
	.text = "an option that the request insists on is not supported; see "
		"Unsupported",
	.spec = "RFC 3261 16.3",
};

const struct reject sip_reject_memory = {
	.status = 503,
	.metric = M_REJ_OVERLOAD,
	.why = "memory",
	.reason = "Service Unavailable",
	.text = "no memory for another message",
	.spec = "threats PRC-04",
};

const struct reject sip_reject_response = {
	.metric = M_REJ_SIP_SYNTAX,
	.why = "bad_response",
	.reason = "",
	.text = "a response is malformed and was dropped",
	.spec = "RFC 4475 3.1.2.4",
};
