/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and integrity of messages: long-term keys, USERHASH, and the check of
 * MESSAGE-INTEGRITY in either form (RFC 8489 9.2, 14.5, 14.6; MS-TURN).
 * Compares in constant time. Pure.
 */
#pragma once

#include "base/hasher.h"
#include "stun/stun.h"

enum stun_algorithm { /* RFC 8489 18.5 */
		      STUN_MD5 = 1,
		      STUN_SHA256 = 2,
};

/* The long-term key: never the password itself. Wipe with crypto_wipe. */
struct stun_key {
	uint8_t len; /* bytes; 0: none */
	uint8_t bytes[SHA256_BYTES];
};

/* Long-term key over username:realm:password, with the dialect's rules
 * (MS-TURN strips quotes and NULs, Messenger takes the password as it is).
 * 0, -EINVAL (the dialect has no such algorithm, password too long), -EIO. */
struct stun_secret {
	struct slice username, realm, password;
};
int stun_key_make(struct hasher *h, const struct stun_dialect *d,
		  enum stun_algorithm algorithm, const struct stun_secret *from,
		  struct stun_key *out);
struct slice stun_key_bytes(const struct stun_key *k);
/* RFC 8489 14.4: SHA-256(username:realm). */
int stun_userhash(struct hasher *h, struct slice username, struct slice realm,
		  uint8_t out[static SHA256_BYTES]);

/* The strongest integrity field that is there, in constant time. 0;
 * -ENOENT: none; -EACCES: wrong, or no key; -EIO. */
int stun_integrity_check(struct hasher *h, const struct stun_msg *m,
			 struct slice key);
