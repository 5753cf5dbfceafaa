/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIP, SIPS and tel URIs (RFC 3261 19.1, 25.1; RFC 3966; RFC 5954). Pure.
 * Parsed parts are slices of the text, still escaped; comparison and canonical
 * forms unescape once, never twice.
 */
#pragma once

#include "base/buf.h"

enum sip_scheme {
	SIP_SCHEME_SIP,
	SIP_SCHEME_SIPS,
	SIP_SCHEME_TEL,
	SIP_SCHEME_OTHER
};

struct sip_uri {
	enum sip_scheme scheme;
	struct slice text; /* all of it */
	struct slice scheme_text;
	struct slice user; /* with parameters in it, without password */
	struct slice password;
	struct slice host; /* IPv6 without brackets; tel: empty */
	bool host_is_ip6;
	bool host_is_ip4;
	uint16_t port;        /* 0: none */
	struct slice params;  /* ";a=b;c", or empty; tel: its parameters */
	struct slice headers; /* "?a=b", or empty */
};

/* A name-addr or addr-spec with its header parameters (From, To, Contact,
 * Route ...). */
struct sip_addr {
	struct slice display; /* as written, quotes included; or empty */
	struct sip_uri uri;
	bool bracketed;
	struct slice params; /* header parameters: ";tag=x;y", or empty */
};

enum { SIP_DOMAIN_MAX = 256, SIP_AOR_MAX = 512 }; /* with NUL */

/* Strict: the whole slice must be one URI. 0, or -EINVAL and *out is empty. */
int sip_uri_parse(struct slice text, struct sip_uri *out);
/* Any of ";a=b;c" by name, without case; value may be empty ("lr"). The value
 * is as written (quotes kept). */
bool sip_param(struct slice params, const char *name, struct slice *value);
/* Takes the next parameter off *params; false at the end. */
bool sip_param_next(struct slice *params, struct slice *name,
		    struct slice *value);
/* Undoes %XX once and quotes the result's need not: raw bytes, NUL possible.
 * -EINVAL on a bad escape. */
int sip_unescape(struct slice in, struct buf *out);
/* Escapes what a user part may not hold (RFC 3261 25.1 user). */
void sip_escape_user(struct buf *out, struct slice raw);
/*
 * The host as a canonical domain: lower case, no final dot, A-labels kept, no
 * escapes. -EINVAL when it is no valid name or IP address (SIP-26). out is
 * terminated.
 */
int sip_domain(struct slice host, char out[static SIP_DOMAIN_MAX]);
/* Canonical address-of-record: "user@domain" of a sip or sips URI, escapes
 * undone then redone minimally, parameters and password dropped; -EINVAL. */
int sip_aor(const struct sip_uri *uri, char out[static SIP_AOR_MAX]);
/* "user@domain" as people type it, or a sip: URI, into the same form. */
int sip_aor_text(struct slice text, char out[static SIP_AOR_MAX]);
/* RFC 3261 19.1.4. */
bool sip_uri_equal(const struct sip_uri *a, const struct sip_uri *b);
