/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests and MACs by the packet: the contexts are made once and kept, so
 * that nothing is fetched or allocated afterwards. For a digest now and then
 * see base/crypto.h. Several pieces are hashed as if joined. One thread.
 * Functions return 0, or -EIO for a failure inside libcrypto.
 */
#pragma once

#include "base/crypto.h"

struct hasher;

int hasher_create(struct hasher **out);
void hasher_free(struct hasher *h); /* tolerates NULL */
int hasher_md5(struct hasher *h, const struct slice *parts, size_t count,
	       uint8_t out[static MD5_BYTES]);
int hasher_sha256(struct hasher *h, const struct slice *parts, size_t count,
		  uint8_t out[static SHA256_BYTES]);
/* RFC 2104 over SHA-1 and SHA-256; any length of key. */
int hasher_hmac_sha1(struct hasher *h, struct slice key,
		     const struct slice *parts, size_t count,
		     uint8_t out[static SHA1_BYTES]);
int hasher_hmac_sha256(struct hasher *h, struct slice key,
		       const struct slice *parts, size_t count,
		       uint8_t out[static SHA256_BYTES]);
