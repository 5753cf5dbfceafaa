/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of HTTP: the rows. */
#include "http/reject.h"

const struct reject http_reject_syntax = {
	.status = 400,
	.closes = true,
	.metric = M_REJ_HTTP_SYNTAX,
	.why = "http_syntax",
	.reason = "Bad Request",
	.text = "the request is not valid HTTP/1.1",
	.spec = "RFC 9112, threats ADM-05",
};

const struct reject http_reject_head_too_large = {
	.status = 431,
	.closes = true,
	.metric = M_REJ_HTTP_TOO_LARGE,
	.why = "http_too_large",
	.reason = "Request Header Fields Too Large",
	.text = "the head of the request is over 8 KiB or 64 fields",
	.spec = "RFC 6585 5, threats ADM-05",
};

const struct reject http_reject_body = {
	.status = 413,
	.closes = true,
	.metric = M_REJ_HTTP_TOO_LARGE,
	.why = "http_too_large",
	.reason = "Content Too Large",
	.text = "no request here has a body",
	.spec = "RFC 9110 15.5.14, threats ADM-05",
};

const struct reject http_reject_encoding = {
	.status = 501,
	.closes = true,
	.metric = M_REJ_HTTP_SYNTAX,
	.why = "http_syntax",
	.reason = "Not Implemented",
	.text = "no transfer coding is taken",
	.spec = "RFC 9112 6.1, threats ADM-05",
};

const struct reject http_reject_version = {
	.status = 505,
	.closes = true,
	.metric = M_REJ_HTTP_SYNTAX,
	.why = "http_syntax",
	.reason = "HTTP Version Not Supported",
	.text = "only HTTP/1.1 and HTTP/1.0 are spoken",
	.spec = "RFC 9110 15.6.6",
};

const struct reject http_reject_not_found = {
	.status = 404,
	.closes = true,
	.metric = M_REJ_HTTP_NOT_FOUND,
	.why = "http_not_found",
	.reason = "Not Found",
	.text = "nothing is served under this path",
	.spec = "RFC 9110 15.5.5, threats ADM-04",
};

const struct reject http_reject_no_client = {
	.status = 404,
	.closes = true,
	.metric = M_REJ_HTTP_NOT_FOUND,
	.why = "http_no_client",
	.reason = "Not Found",
	.text = "this program was built without the web client",
	.spec = "RFC 9110 15.5.5",
};

const struct reject http_reject_method = {
	.status = 405,
	.closes = true,
	.metric = M_REJ_HTTP_NOT_FOUND,
	.why = "http_not_found",
	.reason = "Method Not Allowed",
	.text = "only GET is allowed here",
	.spec = "RFC 9110 15.5.6",
};

const struct reject http_reject_upgrade = {
	.status = 426,
	.closes = true,
	.metric = M_REJ_WS_HANDSHAKE,
	.why = "websocket_handshake",
	.reason = "Upgrade Required",
	.text = "this address is for WebSocket, version 13",
	.spec = "RFC 6455 4.4",
};

const struct reject http_reject_handshake = {
	.status = 400,
	.closes = true,
	.metric = M_REJ_WS_HANDSHAKE,
	.why = "websocket_handshake",
	.reason = "Bad Request",
	.text = "the WebSocket handshake is not valid",
	.spec = "RFC 6455 4.2.1",
};

const struct reject http_reject_protocol = {
	.status = 400,
	.closes = true,
	.metric = M_REJ_WS_HANDSHAKE,
	.why = "websocket_handshake",
	.reason = "Bad Request",
	.text = "the WebSocket subprotocol sip has to be asked for",
	.spec = "RFC 7118 4",
};

const struct reject http_reject_origin = {
	.status = 403,
	.closes = true,
	.metric = M_REJ_WS_ORIGIN,
	.why = "websocket_origin",
	.reason = "Forbidden",
	.text = "pages of that origin may not connect; access.clients.origins "
		"names those that may",
	.spec = "RFC 6455 10.2",
};

const struct reject http_reject_memory = {
	.status = 503,
	.closes = true,
	.metric = M_REJ_WS_HANDSHAKE,
	.why = "memory",
	.reason = "Service Unavailable",
	.text = "memory is short",
	.spec = "RFC 9110 15.6.4",
};

const struct reject http_reject_query = {
	.status = 400,
	.closes = true,
	.metric = M_REJ_HTTP_SYNTAX,
	.why = "http_query",
	.reason = "Bad Request",
	.text = "the parameters are service=turn and, if you like, username=",
	.spec = "draft-uberti-behave-turn-rest-00 2.1",
};

const struct reject http_reject_credentials = {
	.status = 400,
	.closes = true,
	.metric = M_REJ_HTTP_SYNTAX,
	.why = "http_credentials",
	.reason = "Bad Request",
	.text = "the Authorization header lacks a part, or is for another "
		"address",
	.spec = "RFC 7616 3.4, threats SIP-23",
};

const struct reject http_reject_unauthorized = {
	.status = 401,
	.closes = true,
	.metric = M_REJ_UNAUTHORIZED,
	.why = "http_unauthorized",
	.reason = "Unauthorized",
	.text = "sign in with the name and password of your account",
	.spec = "RFC 7616 3.3, threats SIP-21",
};

const struct reject http_reject_not_yours = {
	.status = 403,
	.closes = true,
	.metric = M_REJ_FORBIDDEN,
	.why = "http_not_yours",
	.reason = "Forbidden",
	.text = "a user asks for a credential of the relay for itself only",
	.spec = "draft-uberti-behave-turn-rest-00 2.1",
};

const struct reject http_reject_busy = {
	.status = 503,
	.closes = true,
	.metric = M_REJ_OVERLOAD,
	.why = "http_busy",
	.reason = "Service Unavailable",
	.text = "no credential can be made for the moment; try again",
	.spec = "RFC 9110 15.6.4",
};
