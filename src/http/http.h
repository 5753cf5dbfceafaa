/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little HTTP/1.1 that port 443 speaks: one request head, strictly read
 * (RFC 9112), one answer, or the upgrade to WebSocket (RFC 6455). No request
 * has a body. Pure: bytes in, bytes out.
 */
#pragma once

#include "base/buf.h"
#include "base/reject.h"

enum {
	HTTP_HEAD_MAX = 8192,
	HTTP_METHOD_MAX = 16,
	HTTP_FIELDS_MAX = 64,
};

struct http_field {
	struct slice name, value; /* value is trimmed */
};

/* Slices of the bytes that were read. */
struct http_request {
	struct slice method;
	struct slice path;  /* of the target, up to '?'; begins with '/' */
	struct slice query; /* behind it, or empty */
	struct slice host;  /* as in Host; empty only with HTTP/1.0 */
	bool old;           /* HTTP/1.0 */
	size_t fields;
	struct http_field field[HTTP_FIELDS_MAX];
};

enum http_result {
	HTTP_MORE, /* not complete */
	HTTP_DONE, /* *len bytes are the head */
	HTTP_REFUSED
};

/* Could it be the start of a request, method and '/'? MORE: too few bytes to
 * tell. */
enum http_result http_begins(struct slice first);
/* data: all bytes not consumed. HTTP_REFUSED: *reject is the answer, and the
 * connection has to end (ADM-05). */
enum http_result http_read(struct slice data, struct http_request *out,
			   size_t *len, const struct reject **reject);
/* The value of a field that must not stand there twice; empty: absent, or
 * twice. */
struct slice http_field(const struct http_request *r, const char *name);
/* Is the token, without case, in a comma-separated field? */
bool http_has_token(const struct http_request *r, const char *name,
		    const char *token);
/* The value of a parameter of the query, as it stands there: the first of that
 * name; false: there is none. */
bool http_query(const struct http_request *r, const char *name,
		struct slice *value);
/*
 * A browser says which page asks. True without Origin, when it names the host
 * that was asked, or one of the hosts (any port) over https.
 */
bool http_origin_ok(const struct http_request *r, const struct slice *host,
		    size_t count);

/* The last answer on a connection, without a cache and without markup. */
void http_write_text(struct buf *out, unsigned status, const char *reason,
		     const char *text);
void http_write_reject(struct buf *out, const struct reject *reject);
/* The same with WWW-Authenticate. */
void http_write_challenge(struct buf *out, const struct reject *reject,
			  struct slice challenge);
void http_write_json(struct buf *out, struct slice json);
/* A string of JSON with its quotes; what is no UTF-8 becomes "?". */
void http_json_text(struct buf *out, struct slice text);

/* RFC 6455 4.2: NULL, and *out is the answer that makes it a WebSocket with
 * that subprotocol; or why not. */
const struct reject *http_websocket(const struct http_request *r,
				    const char *protocol, struct buf *out);
