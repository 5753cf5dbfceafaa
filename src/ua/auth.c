/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answering challenges: of those for our own domain the best algorithm, and
 * none for anybody else's realm. A password is never hashed for a stranger.
 */
#include "sip/auth.h"

#include <errno.h>
#include <stdio.h>

#include "ua/ua_int.h"

/* The header's challenge when it is one that we may answer. */
static bool usable(const struct ua *u, struct arena *a, struct slice value,
		   struct sip_challenge *out)
{
	return sip_challenge_parse(a, value, out) == 0 && out->digest &&
	       out->algorithm != SIP_ALG_UNKNOWN &&
	       slice_ieq(out->realm, slice_str(u->domain));
}

/* The enum's order is the order of preference. */
static bool best_challenge(const struct ua *u, struct arena *a,
			   const struct sip_msg *m, struct sip_challenge *best)
{
	enum sip_header_id id = m->status == 407 ? SIP_H_PROXY_AUTHENTICATE
						 : SIP_H_WWW_AUTHENTICATE;
	const struct sip_header *h;
	struct sip_challenge c;
	bool found = false;
	size_t index = 0;

	while ((h = sip_header_next(m, id, &index))) {
		if (!usable(u, a, h->value, &c))
			continue;
		if (found && c.algorithm >= best->algorithm)
			continue;
		*best = c;
		found = true;
	}
	return found;
}

/* How often this nonce was used, this time included. */
static uint32_t count_nonce(struct ua *u, struct slice nonce)
{
	if (!slice_eq(nonce, slice_str(u->nonce))) {
		u->nonce_count = 0;
		if (slice_cstr(nonce, u->nonce, sizeof(u->nonce)))
			u->nonce[0] = '\0';
	}
	return ++u->nonce_count;
}

int ua_auth_answer(struct ua_request *r, struct arena *a,
		   const struct sip_msg *m, enum sip_header_id *header,
		   struct buf *out)
{
	struct ua *u = r->ua;
	struct sip_challenge c;
	char ha1[SIP_HA_MAX], response[SIP_HA_MAX];
	char cnonce[UA_TOKEN_MAX], nc[16];
	struct buf uri;

	if (!best_challenge(u, a, m, &c))
		return -EACCES;
	/* asked again: only a nonce that went stale is worth another try */
	if (r->attempts && !c.stale)
		return -EACCES;
	int err = ua_token(cnonce);
	if (err)
		return err;
	snprintf(nc, sizeof(nc), "%08x", count_nonce(u, c.nonce));
	buf_init(&uri, 0);
	ua_request_uri(r, &uri);
	struct sip_credentials cred = {
		.username = buf_slice(&u->username),
		.realm = c.realm,
		.nonce = c.nonce,
		.opaque = c.opaque,
		.uri = buf_slice(&uri),
		.cnonce = slice_str(cnonce),
		.nc = slice_str(nc),
		.algorithm = c.algorithm,
		.qop_auth = c.qop_auth,
		.digest = true,
	};
	err = buf_failed(&uri) ? -ENOMEM : 0;
	if (!err)
		err = sip_ha1(c.algorithm, cred.username, cred.realm,
			      slice_str(u->password), ha1);
	if (!err)
		err = sip_digest_response(&cred, ha1,
					  slice_str(sip_method_name(r->method)),
					  response);
	if (!err) {
		cred.response = slice_str(response);
		sip_credentials_write(out, &cred);
		err = buf_failed(out) ? -ENOMEM : 0;
	}
	buf_free(&uri);
	*header = m->status == 407 ? SIP_H_PROXY_AUTHORIZATION
				   : SIP_H_AUTHORIZATION;
	return err;
}
