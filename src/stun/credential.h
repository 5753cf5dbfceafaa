/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relay credentials: one minting function, two forms, and verification that
 * remembers nothing. Who holds a secret can mint for everybody; so secrets
 * stay in `store`, `home`, `edge` and `relay`, and two are valid at a time:
 * the first mints, both verify. Pure; the clock is handed in.
 *
 *	binary	32 bytes for MS-TURN (MRAS): version, flags, expiry u32, user
 *		hash 8, key id 2, HMAC 16; password 16 bytes. Base64 in XML.
 *	text	"expiry:user" and base64(HMAC-SHA1(secret text, username)),
 *		as draft-uberti-behave-turn-rest-00, for RFC 8656; the user
 *		is wanted, so that numbers of telephones stay names
 */
#pragma once

#include "base/hasher.h"

enum {
	CREDENTIAL_SECRETS = 2,
	CREDENTIAL_SECRET_MIN = 5, /* bytes; those we make have 43 */
	CREDENTIAL_SECRET_MAX = 64,
	CREDENTIAL_BINARY_BYTES = 32,
	CREDENTIAL_USERNAME_MAX = 508,
	CREDENTIAL_PASSWORD_MAX = 28,
	CREDENTIAL_TTL_DEFAULT_S = 8 * 3600,
	CREDENTIAL_TTL_MIN_S = 60,
	CREDENTIAL_TTL_MAX_S = 180 * 86400,
};

/* Text, so that it can be given to whom mints elsewhere (REST form). */
struct credential_secret {
	uint16_t id;
	uint8_t len;
	char text[CREDENTIAL_SECRET_MAX + 1];
};

struct credential_secrets { /* the newest first */
	struct credential_secret secret[CREDENTIAL_SECRETS];
	size_t count;
};

enum credential_form { CREDENTIAL_TEXT, CREDENTIAL_BINARY };

/* Bytes, not text, in the binary form. Wipe with crypto_wipe. */
struct credential {
	uint8_t username[CREDENTIAL_USERNAME_MAX];
	size_t username_len;
	uint8_t password[CREDENTIAL_PASSWORD_MAX];
	size_t password_len;
	uint64_t expires_s; /* Unix time */
};

struct credential_wish {
	enum credential_form form;
	struct slice user; /* "alice@contoso.test" */
	uint64_t now_s;
	uint32_t ttl_s; /* held within the limits above */
};

/* A new secret from the system's randomness. 0 or -EIO. */
int credential_secret_make(struct credential_secret *out, uint16_t id);
/* 0; -ENOKEY no secret; -EINVAL user empty, too long or with control
 * characters; -EIO. */
int credential_mint(struct hasher *h, const struct credential_secrets *s,
		    const struct credential_wish *wish, struct credential *out);

/* What a username claims and, where the form allows it, proves. */
struct credential_claim {
	enum credential_form form;
	uint64_t expires_s;
	uint64_t user;     /* credential_user(): for quotas and audits */
	struct slice name; /* text form only; points into the username */
	size_t candidates; /* passwords to try: 1 binary, 1..2 text */
};

/*
 * Reads a username off the wire. 0; -ENOENT: neither form (a static or SIP
 * user); -EACCES: the binary form with a wrong HMAC or an unknown key id;
 * -EKEYEXPIRED: ours, but over (claim is filled); -EIO.
 */
int credential_read(struct hasher *h, const struct credential_secrets *s,
		    struct slice username, uint64_t now_s,
		    struct credential_claim *out);
/* Candidate n's password. Bytes written (at most CREDENTIAL_PASSWORD_MAX), or
 * -EINVAL, -EIO. The integrity of the message proves which one was meant. */
int credential_password(struct hasher *h, const struct credential_secrets *s,
			struct slice username, size_t n,
			uint8_t out[static CREDENTIAL_PASSWORD_MAX]);
/* The number that stands for a user in every form. 0 or -EIO. */
int credential_user(struct hasher *h, struct slice user, uint64_t *out);
/* Does a username of either form name this user? Proves nothing. */
bool credential_names(struct hasher *h, struct slice username, uint64_t user);
