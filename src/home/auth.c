/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digest authentication (RFC 3261 22, RFC 8760, RFC 7616). The order is: is
 * the source silenced; are there credentials for us, and whole; is the nonce
 * ours, fresh and not used; whose record; does the answer match. Accounts that
 * do not exist or are disabled walk the same way with a hash that nobody knows
 * (SIP-21).
 */
#include <errno.h>

#include "base/log.h"
#include "home/digest.h"
#include "home/home_int.h"
#include "home/store_link.h"

static void refuse(struct call *q, const struct reject *reject, bool stale)
{
	q->auth.asked = reject->status != 400;
	q->auth.stale = stale;
	call_refuse(q, reject);
}

static bool usable(const struct home *h, const struct sip_credentials *c,
		   struct slice realm)
{
	return c->digest && slice_eq(c->realm, realm) &&
	       (c->algorithm == SIP_ALG_SHA256 ||
		(c->algorithm == SIP_ALG_MD5 &&
		 h->conf->digest_md5 != HOME_MD5_NEVER));
}

/* The first usable credentials for our realm; those for others are passed
 * over. 1, 0 (none), -EINVAL (none, and some were malformed) or -ENOMEM. */
static int find_credentials(struct call *q)
{
	struct call_auth *a = &q->auth;
	struct arena *arena = proxy_request_arena(q->r);
	const struct sip_header *head;
	size_t at = 0;
	int none = 0;
	while ((head = sip_header_next(q->msg, a->header, &at))) {
		int err = sip_credentials_parse(arena, head->value, &a->cred);
		if (err == -ENOMEM)
			return err;
		if (err)
			none = err;
		else if (usable(q->home, &a->cred, slice_str(a->realm)))
			return 1;
	}
	return none;
}

static bool same_uri(const struct call *q)
{
	struct slice text = q->auth.cred.uri;
	struct sip_uri uri;
	if (slice_eq(text, q->msg->uri.text))
		return true;
	return !sip_uri_parse(text, &uri) && sip_uri_equal(&uri, &q->msg->uri);
}

static bool whole(struct call *q)
{
	const struct sip_credentials *c = &q->auth.cred;
	return c->username.len && c->nonce.len && c->uri.len &&
	       c->response.len && c->cnonce.len && c->qop_auth &&
	       !digest_nc(c->nc, &q->auth.nc) && same_uri(q);
}

static struct nonce_scope scope_of(const struct call *q)
{
	return (struct nonce_scope){
		.source = q->source,
		.realm = slice_str(q->auth.realm),
		.now_s = q->home->ops.wall_s(q->home->arg),
	};
}

static bool fresh(const struct call *q)
{
	struct nonce_scope scope = scope_of(q);
	return nonce_good(&q->home->nonces, &scope, q->auth.cred.nonce,
			  q->auth.nc);
}

static void failed(struct call *q)
{
	digest_failed(q->home, q->source, q->source_text);
	refuse(q, q->auth.failure, false);
}

static void on_user(struct call *q, int err, const struct user *u)
{
	struct home *h = q->home;
	if (err) {
		call_refuse(q, &home_rej_store_down);
		return;
	}
	/* others may have used the nonce while the store was asked */
	if (!fresh(q)) {
		refuse(q, q->auth.challenge, true);
		return;
	}
	if (!digest_right(h, &q->auth.cred, q->msg->method_text, u)) {
		failed(q);
		return;
	}
	if (nonce_use(&h->nonces, q->auth.cred.nonce, q->auth.nc)) {
		call_refuse(q, &home_rej_overload);
		return;
	}
	(void)slice_cstr(slice_of(u->aor, u->aor_len), q->auth_aor,
			 sizeof(q->auth_aor));
	q->auth.next(q);
}

static void look_up(struct call *q)
{
	char aor[SIP_AOR_MAX];
	int err = digest_account(&q->auth.cred, slice_str(q->auth.realm), aor);
	if (err == -ENOMEM)
		call_refuse(q, &home_rej_overload);
	else if (err) /* a name that nobody can have */
		on_user(q, 0, NULL);
	else
		users_get(q, slice_str(aor), on_user);
}

void auth_begin(struct call *q, bool proxy, void (*next)(struct call *q))
{
	struct home *h = q->home;
	struct call_auth *a = &q->auth;
	a->header = proxy ? SIP_H_PROXY_AUTHORIZATION : SIP_H_AUTHORIZATION;
	a->challenge = proxy ? &home_rej_proxy_challenge : &home_rej_challenge;
	a->failure =
		proxy ? &home_rej_proxy_unauthorized : &home_rej_unauthorized;
	a->next = next;
	int found = find_credentials(q);
	if (found == -ENOMEM)
		call_refuse(q, &home_rej_overload);
	else if (found == 0)
		refuse(q, a->challenge, false);
	else if (guesses_blocked(&h->guesses, q->source, timers_now(h->timers)))
		refuse(q, a->failure, false);
	else if (found < 0 || !whole(q))
		refuse(q, &home_rej_credentials, false);
	else if (!fresh(q))
		refuse(q, a->challenge, true);
	else
		look_up(q);
}

static struct slice write_one(struct call *q, struct slice nonce,
			      enum sip_algorithm algorithm)
{
	struct sip_challenge c = { .realm = slice_str(q->auth.realm),
				   .nonce = nonce,
				   .algorithm = algorithm,
				   .qop_auth = true,
				   .stale = q->auth.stale,
				   .digest = true };
	struct buf b;
	buf_init(&b, 0);
	sip_challenge_write(&b, &c);
	return call_copy(q, &b);
}

static int offer(struct call *q, struct slice nonce, enum sip_algorithm alg,
		 struct sip_edits *extra)
{
	enum sip_header_id id = q->auth.header == SIP_H_AUTHORIZATION
					? SIP_H_WWW_AUTHENTICATE
					: SIP_H_PROXY_AUTHENTICATE;
	struct slice value = write_one(q, nonce, alg);
	if (!value.len)
		return -ENOMEM;
	sip_edit_bottom(extra, id, value);
	return 0;
}

/* SHA-256 first: clients take the first one that they know (RFC 8760 2.4). */
int auth_challenge(struct call *q, struct sip_edits *extra)
{
	struct home *h = q->home;
	struct nonce_scope scope = scope_of(q);
	char nonce[NONCE_TEXT_MAX];
	int err = nonce_make(&h->nonces, &scope, nonce);
	if (err)
		return err;
	if (h->conf->digest_md5 != HOME_MD5_ONLY)
		err = offer(q, slice_str(nonce), SIP_ALG_SHA256, extra);
	if (!err && h->conf->digest_md5 != HOME_MD5_NEVER)
		err = offer(q, slice_str(nonce), SIP_ALG_MD5, extra);
	return err;
}
