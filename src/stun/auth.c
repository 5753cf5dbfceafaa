/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks of credentials. Each dialect has its order, one array; a check
 * returns the refusal or NULL. Nothing is written but the proof, at the end.
 */
#include "stun/auth.h"

#include <errno.h>

#include "stun/auth_int.h"
#include "stun/stun_int.h"

/* One request under judgement, and what the checks found so far. */
struct ask {
	const struct stun_auth *a;
	const struct stun_msg *m;
	const struct stun_path *path;
	const struct stun_known *known;
	uint64_t now_s;
	const struct credential_secrets *secrets;
	enum stun_algorithm algorithm;
	struct credential_claim claim; /* .user in any case */
	bool stored;                   /* key was found, else candidates */
	bool unread; /* no timed credential: the name has to be found */
	bool expired;
	struct stun_key key;
	struct slice name;
};

typedef enum auth_refusal check_fn(struct ask *q);

static bool has_integrity(const struct stun_msg *m)
{
	return stun_has(m, STUN_F_INTEGRITY) ||
	       stun_has(m, STUN_F_INTEGRITY_SHA256);
}

static enum auth_refusal check_integrity_there(struct ask *q)
{
	return has_integrity(q->m) ? AUTH_FINE : AUTH_NO_CREDENTIAL;
}

static enum auth_refusal check_complete(struct ask *q)
{
	bool user = stun_has(q->m, STUN_F_USERNAME) ||
		    stun_has(q->m, STUN_F_USERHASH);
	return user && stun_has(q->m, STUN_F_REALM) &&
			       stun_has(q->m, STUN_F_NONCE)
		       ? AUTH_FINE
		       : AUTH_INCOMPLETE;
}

/* RFC 8489 9.2.4, third step: no algorithm means MD5; else the list has to
 * come back as we sent it, and one of it be chosen. A nonce with another
 * beginning is stale anyway. */
static enum auth_refusal check_algorithms(struct ask *q)
{
	char cookie[STUN_NONCE_COOKIE_BYTES];
	struct slice one = stun_value(q->m, STUN_F_ALGORITHM);
	stun_nonce_cookie(q->a, cookie);
	if (!(q->a->features & STUN_FEATURE_ALGORITHMS) ||
	    !slice_starts(stun_value(q->m, STUN_F_NONCE),
			  slice_of(cookie, sizeof(cookie))))
		return AUTH_FINE;
	if (!stun_has(q->m, STUN_F_ALGORITHM) &&
	    !stun_has(q->m, STUN_F_ALGORITHMS))
		return AUTH_FINE;
	if (!slice_eq(stun_value(q->m, STUN_F_ALGORITHMS), stun_algorithms()) ||
	    one.len != 4 || stun_get16(one.ptr + 2) != 0)
		return AUTH_ALGORITHMS;
	q->algorithm = (enum stun_algorithm)stun_get16(one.ptr);
	return q->algorithm == STUN_MD5 || q->algorithm == STUN_SHA256
		       ? AUTH_FINE
		       : AUTH_ALGORITHMS;
}

static enum auth_refusal check_nonce(struct ask *q)
{
	struct slice nonce = stun_value(q->m, STUN_F_NONCE);
	/* MS-TURN: what the allocation was made with lives as long as it */
	if (q->known && q->known->nonce.len &&
	    crypto_equal(nonce, q->known->nonce))
		return AUTH_FINE;
	int err = stun_nonce_check(q->a, q->path, q->now_s, nonce);
	if (err == -EIO)
		return AUTH_INTERNAL;
	return err ? AUTH_STALE : AUTH_FINE;
}

/* What a timed credential says of itself. */
static enum auth_refusal read_claim(struct ask *q, enum auth_refusal nobody)
{
	struct slice username = stun_value(q->m, STUN_F_USERNAME);
	int err = stun_has(q->m, STUN_F_USERNAME)
			  ? credential_read(q->a->hasher, q->secrets, username,
					    q->now_s, &q->claim)
			  : -ENOENT;
	q->expired = err == -EKEYEXPIRED;
	q->unread = err == -ENOENT;
	if (!err || q->expired)
		q->name = q->claim.name;
	else if (!q->unread)
		return err == -EACCES ? nobody : AUTH_INTERNAL;
	return AUTH_FINE;
}

static enum auth_refusal find_user(struct ask *q, enum auth_refusal nobody)
{
	const struct stun_user_query query = {
		.username = stun_value(q->m, STUN_F_USERNAME),
		.userhash = stun_value(q->m, STUN_F_USERHASH),
		.realm = q->a->realm,
		.algorithm = q->algorithm,
	};
	if (!q->unread)
		return AUTH_FINE;
	/* a stored key is no password: Messenger cannot use it */
	if (!q->a->find_user || q->m->dialect->plain_key)
		return nobody;
	int err = q->a->find_user(q->a->arg, &query, &q->key, &q->name);
	q->stored = !err;
	if (err == -EAGAIN)
		return AUTH_ASK;
	if (err == -ENOENT)
		return nobody;
	if (!err)
		err = credential_user(q->a->hasher, q->name, &q->claim.user);
	return err ? AUTH_INTERNAL : AUTH_FINE;
}

static enum auth_refusal check_user(struct ask *q)
{
	enum auth_refusal r = read_claim(q, AUTH_NO_USER);
	return r == AUTH_FINE ? find_user(q, AUTH_NO_USER) : r;
}

static enum auth_refusal check_ms_claim(struct ask *q)
{
	return read_claim(q, AUTH_MS_NO_USER);
}

static enum auth_refusal check_ms_user(struct ask *q)
{
	return find_user(q, AUTH_MS_NO_USER);
}

static enum auth_refusal check_expiry(struct ask *q)
{
	return q->expired ? AUTH_EXPIRED : AUTH_FINE;
}

/* The n-th password that a timed credential may have, as a key. */
static int candidate(struct ask *q, size_t n)
{
	uint8_t password[CREDENTIAL_PASSWORD_MAX];
	struct slice username = stun_value(q->m, STUN_F_USERNAME);
	int len = credential_password(q->a->hasher, q->secrets, username, n,
				      password);
	if (len < 0)
		return len;
	const struct stun_secret secret = {
		.username = username,
		.realm = q->a->realm,
		.password = slice_of(password, (size_t)len),
	};
	int err = stun_key_make(q->a->hasher, q->m->dialect, q->algorithm,
				&secret, &q->key);
	crypto_wipe(password, sizeof(password));
	return err;
}

static enum auth_refusal integrity(struct ask *q, enum auth_refusal wrong)
{
	int err = -EACCES;
	if (q->stored)
		err = stun_integrity_check(q->a->hasher, q->m,
					   stun_key_bytes(&q->key));
	size_t count = q->stored ? 0 : q->claim.candidates;
	for (size_t n = 0; err == -EACCES && n < count; n++) {
		err = candidate(q, n);
		if (!err)
			err = stun_integrity_check(q->a->hasher, q->m,
						   stun_key_bytes(&q->key));
	}
	if (!err)
		return AUTH_FINE;
	return err == -EACCES ? wrong : AUTH_INTERNAL;
}

static enum auth_refusal check_integrity(struct ask *q)
{
	return integrity(q, AUTH_WRONG);
}

static enum auth_refusal check_ms_integrity(struct ask *q)
{
	return integrity(q, AUTH_MS_WRONG);
}

static enum auth_refusal check_ms_username(struct ask *q)
{
	return stun_has(q->m, STUN_F_USERNAME) ? AUTH_FINE
					       : AUTH_MS_NO_USERNAME;
}

static enum auth_refusal check_ms_realm(struct ask *q)
{
	return stun_has(q->m, STUN_F_REALM) ? AUTH_FINE : AUTH_MS_NO_REALM;
}

static enum auth_refusal check_ms_nonce_there(struct ask *q)
{
	return stun_has(q->m, STUN_F_NONCE) ? AUTH_FINE : AUTH_MS_NO_NONCE;
}

/* Inside an MS-TURN allocation: its key and its user; no nonce is sent. */
static enum auth_refusal check_ms_known(struct ask *q)
{
	if (!q->known || !q->known->key)
		return AUTH_NO_ALLOCATION;
	if (!credential_names(q->a->hasher, stun_value(q->m, STUN_F_USERNAME),
			      q->known->user))
		return AUTH_MS_NO_USER;
	q->key = *q->known->key;
	q->stored = true;
	q->claim.user = q->known->user;
	return AUTH_FINE;
}

/* RFC 8489 9.2.4, in its order. */
static check_fn *const rfc_order[] = {
	check_integrity_there, check_complete, check_algorithms,
	check_nonce,           check_user,     check_expiry,
	check_integrity,       NULL,
};

/* MS-TURN: a code of its own for each thing that is missing. Names are looked
 * up when the nonce has shown that the client hears us: the others cost
 * nothing. */
static check_fn *const ms_order[] = {
	check_integrity_there, check_ms_username,
	check_ms_claim,        check_ms_realm,
	check_ms_nonce_there,  check_nonce,
	check_ms_user,         check_expiry,
	check_ms_integrity,    NULL,
};

static check_fn *const ms_known_order[] = {
	check_integrity_there,
	check_ms_username,
	check_ms_known,
	check_ms_integrity,
	NULL,
};

/* Messenger: the credential alone, from the first request on. */
static check_fn *const messenger_order[] = {
	check_integrity_there,
	check_ms_username,
	check_ms_claim,
	check_ms_user,
	check_expiry,
	check_ms_integrity,
	NULL,
};

static const struct {
	const struct stun_dialect *dialect;
	uint32_t methods; /* bits */
	check_fn *const *order;
} orders[] = {
	{ &stun_rfc, UINT32_MAX, rfc_order },
	{ &stun_ms, 1 << STUN_ALLOCATE, ms_order },
	{ &stun_ms, UINT32_MAX, ms_known_order },
	{ &stun_messenger, 1 << STUN_ALLOCATE, messenger_order },
	{ &stun_messenger, UINT32_MAX, ms_known_order },
};

static check_fn *const *order_of(const struct stun_msg *m)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (orders[i].dialect == m->dialect &&
		    orders[i].methods >> m->method & 1)
			return orders[i].order;
	}
	return NULL;
}

static void prove(const struct ask *q, struct stun_proof *out)
{
	struct slice name = slice_head(q->name, sizeof(out->name));
	memset(out, 0, sizeof(*out));
	out->key = q->key;
	out->sha256 = stun_has(q->m, STUN_F_INTEGRITY_SHA256);
	out->timed = !q->stored;
	out->form = q->claim.form;
	out->expires_s = out->timed ? q->claim.expires_s : 0;
	out->user = q->claim.user;
	out->name_len = (uint8_t)name.len;
	if (name.len)
		memcpy(out->name, name.ptr, name.len);
}

const struct reject *stun_auth_check(const struct stun_auth *a,
				     const struct stun_msg *m,
				     const struct stun_path *path,
				     const struct stun_known *known,
				     uint64_t now_s, struct stun_proof *out)
{
	static const struct credential_secrets none;
	struct ask q = {
		.a = a,
		.m = m,
		.path = path,
		.known = known,
		.now_s = now_s,
		.secrets = a->secrets ? a->secrets : &none,
		.algorithm = STUN_MD5,
	};
	enum auth_refusal refusal = AUTH_FINE;
	check_fn *const *check = order_of(m);
	if (!check)
		return auth_reject(AUTH_NO_CREDENTIAL);
	while (refusal == AUTH_FINE && *check)
		refusal = (*check++)(&q);
	if (refusal == AUTH_FINE)
		prove(&q, out);
	crypto_wipe(&q.key, sizeof(q.key));
	return refusal == AUTH_FINE ? NULL : auth_reject(refusal);
}

void stun_auth_put_challenge(const struct stun_auth *a, struct stun_writer *w,
			     const struct stun_path *path, uint64_t now_s)
{
	char nonce[STUN_NONCE_BYTES];
	if (stun_nonce_make(a, path, now_s, nonce)) {
		w->failed = true;
		return;
	}
	stun_put(w, STUN_F_REALM, a->realm);
	stun_put(w, STUN_F_NONCE, slice_of(nonce, sizeof(nonce)));
	if (a->features & STUN_FEATURE_ALGORITHMS)
		stun_put_algorithms(w);
}
