/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who asks: the checks of a request's credentials, in the dialect's order
 * (RFC 8489 9.2.4; the table of MS-TURN's digest challenge), without state:
 * nonces carry their time and a MAC over the 5-tuple (TURN-04, TURN-13).
 * Facts in, verdict out; when a user's key has to be found elsewhere the
 * verdict says so and the engine asks again. Pure.
 */
#pragma once

#include "base/reject.h"
#include "stun/credential.h"
#include "stun/key.h"
#include "stun/write.h"

enum {
	STUN_NONCE_BYTES = 32, /* of a nonce that we make; text */
	STUN_NONCE_KEY_BYTES = 32,
	STUN_NONCE_LIFE_S = 600,
	STUN_AUTH_NAME_MAX = 128, /* bytes of a name that is kept for audits */
};

/* Security features that our nonce cookie announces (RFC 8489 9.2, 18.1). */
enum {
	STUN_FEATURE_ALGORITHMS = 1 << 0, /* PASSWORD-ALGORITHMS */
	STUN_FEATURE_ANONYMITY = 1 << 1,  /* USERHASH */
};

/* The path a request came by: nonces of one are strange on another. */
struct stun_path {
	struct addr client, server;
	uint8_t transport; /* any number that tells transports apart */
};

/* A user with a long-term key, by name or by hash (RFC 8489 9.2.2). */
struct stun_user_query {
	struct slice username; /* empty: look by hash */
	struct slice userhash;
	struct slice realm;
	enum stun_algorithm algorithm;
};
/* 0 with the key and the name (which has to live until the next call);
 * -ENOENT nobody; -EAGAIN: found out elsewhere, ask again. */
typedef int stun_user_fn(void *arg, const struct stun_user_query *q,
			 struct stun_key *key, struct slice *name);

struct stun_auth {
	struct hasher *hasher;
	struct slice realm;
	const struct credential_secrets *secrets;
	uint8_t nonce_key[STUN_NONCE_KEY_BYTES];
	uint32_t nonce_life_s;   /* 0: STUN_NONCE_LIFE_S */
	uint8_t features;        /* STUN_FEATURE_...: anonymity only where all
				    users have stored keys */
	stun_user_fn *find_user; /* may be NULL */
	void *arg;
};

/* A nonce: "obMatJos2", four base64 characters of features, then time and
 * MAC. All relay processes share the key, so any of them accepts it. 0 or
 * -EIO. */
int stun_nonce_make(const struct stun_auth *a, const struct stun_path *path,
		    uint64_t now_s, char out[static STUN_NONCE_BYTES]);
/* 0; -EACCES not ours, changed, or of another path; -EKEYEXPIRED too old;
 * -EIO. */
int stun_nonce_check(const struct stun_auth *a, const struct stun_path *path,
		     uint64_t now_s, struct slice nonce);

/* What the allocation of this path knows, when there is one. */
struct stun_known {
	const struct stun_key *key; /* of its user, or NULL */
	struct slice nonce; /* MS-TURN: good for the allocation's life */
	uint64_t user;
};

struct stun_proof {
	struct stun_key key; /* integrity of the answer */
	bool sha256;         /* the request used it, so does the answer */
	enum credential_form form;
	bool timed; /* expires_s counts */
	uint64_t expires_s;
	uint64_t user; /* credential_user(): quotas, 441 */
	uint8_t name_len;
	char name[STUN_AUTH_NAME_MAX]; /* cut; empty for the binary form */
};

/*
 * NULL: proven, `out` is filled. Else the row that refuses, with the STUN
 * code as its status: those of which stun_auth_challenges() is true carry
 * realm and nonce. -- &stun_rej_ask: find_user said -EAGAIN; ask again.
 * known may be NULL. For stun_ms Send and Set Active Destination the stored
 * key is what is checked, realm and nonce may be absent.
 */
const struct reject *stun_auth_check(const struct stun_auth *a,
				     const struct stun_msg *m,
				     const struct stun_path *path,
				     const struct stun_known *known,
				     uint64_t now_s, struct stun_proof *out);
bool stun_auth_challenges(const struct reject *r); /* 401 and 438 */
/* REALM, a fresh NONCE and, for stun_rfc, PASSWORD-ALGORITHMS. */
void stun_auth_put_challenge(const struct stun_auth *a, struct stun_writer *w,
			     const struct stun_path *path, uint64_t now_s);

extern const struct reject stun_rej_ask;
