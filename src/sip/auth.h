/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digest access authentication as SIP uses it (RFC 3261 22, RFC 8760, RFC
 * 7616): reading and writing the headers, computing the response. Pure; nonces
 * are made and judged by whoever owns the realm.
 */
#pragma once

#include "base/buf.h"
#include "sip/sip.h"

enum sip_algorithm { SIP_ALG_SHA256, SIP_ALG_MD5, SIP_ALG_UNKNOWN };

struct sip_credentials { /* unquoted where no escape is in it */
	struct slice username, realm, nonce, uri, response, cnonce, nc, opaque;
	enum sip_algorithm algorithm; /* absent: MD5 */
	bool qop_auth;                /* qop=auth stood there */
	bool digest;                  /* the scheme is Digest */
};

struct sip_challenge {
	struct slice realm, nonce, opaque;
	enum sip_algorithm algorithm;
	bool qop_auth, stale;
	bool digest;
};

/* Value of Authorization or Proxy-Authorization; -EINVAL when malformed; a
 * scheme other than Digest gives 0 and digest = false. Escapes in quoted
 * strings are undone into the arena. */
int sip_credentials_parse(struct arena *a, struct slice value,
			  struct sip_credentials *out);
int sip_challenge_parse(struct arena *a, struct slice value,
			struct sip_challenge *out);
void sip_challenge_write(struct buf *out, const struct sip_challenge *c);
void sip_credentials_write(struct buf *out, const struct sip_credentials *c);

enum { SIP_HA_MAX = 65 }; /* hex digits and NUL */

/* H(username:realm:password), hex. */
int sip_ha1(enum sip_algorithm alg, struct slice username, struct slice realm,
	    struct slice password, char out[static SIP_HA_MAX]);
/* The response value for these credentials (uses nonce, nc, cnonce, uri, and
 * qop=auth when set). */
int sip_digest_response(const struct sip_credentials *c, const char *ha1,
			struct slice method, char out[static SIP_HA_MAX]);
const char *sip_algorithm_name(enum sip_algorithm alg);
