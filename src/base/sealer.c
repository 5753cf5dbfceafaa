/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed tokens: base32(key id || tag || ciphertext) under AES-256-SIV
 * (RFC 5297), with the purpose as associated data. A cipher context of this
 * mode is spent after one message. Each key keeps a keyed one as a template
 * and a message works on a copy, which takes half the time of keying anew.
 */
#include "base/crypto.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/text.h"

enum {
	PLAIN_MAX = 8192,
	HEAD_BYTES = 1 + SEAL_TAG_BYTES,
	KEY_IDS = 256,
};

struct seal_key {
	EVP_CIPHER_CTX *seal;
	EVP_CIPHER_CTX *open;
};

struct sealer {
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *work;
	struct seal_key keys[KEY_IDS];
	int newest; /* id, or -1 */
	uint8_t raw[HEAD_BYTES + PLAIN_MAX];
};

void sealer_free(struct sealer *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < KEY_IDS; i++) {
		EVP_CIPHER_CTX_free(s->keys[i].seal);
		EVP_CIPHER_CTX_free(s->keys[i].open);
	}
	EVP_CIPHER_CTX_free(s->work);
	EVP_CIPHER_free(s->cipher);
	crypto_wipe(s->raw, sizeof(s->raw));
	free(s);
}

int sealer_create(struct sealer **out)
{
	struct sealer *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->newest = -1;
	s->cipher = EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
	s->work = EVP_CIPHER_CTX_new();
	if (!s->cipher || !s->work) {
		sealer_free(s);
		return -EIO;
	}
	*out = s;
	return 0;
}

static EVP_CIPHER_CTX *keyed(const struct sealer *s, const uint8_t *key,
			     int seal)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (ctx && EVP_CipherInit_ex2(ctx, s->cipher, key, NULL, seal, NULL))
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

int sealer_add(struct sealer *s, uint8_t id,
	       const uint8_t key[static SEAL_KEY_BYTES])
{
	if (s->keys[id].seal)
		return -EEXIST;
	struct seal_key k = { keyed(s, key, 1), keyed(s, key, 0) };
	if (!k.seal || !k.open) {
		EVP_CIPHER_CTX_free(k.seal);
		EVP_CIPHER_CTX_free(k.open);
		return -EIO;
	}
	s->keys[id] = k;
	s->newest = id;
	return 0;
}

int sealer_seal(struct sealer *s, struct slice purpose, struct slice plain,
		struct buf *out)
{
	int n;
	uint8_t *tag = s->raw + 1;
	if (s->newest < 0)
		return -ENOKEY;
	if (!purpose.len || purpose.len > PLAIN_MAX || !plain.len ||
	    plain.len > PLAIN_MAX)
		return -EINVAL;
	s->raw[0] = (uint8_t)s->newest;
	if (!EVP_CIPHER_CTX_copy(s->work, s->keys[s->newest].seal) ||
	    !EVP_EncryptUpdate(s->work, NULL, &n, purpose.ptr,
			       (int)purpose.len) ||
	    !EVP_EncryptUpdate(s->work, s->raw + HEAD_BYTES, &n, plain.ptr,
			       (int)plain.len) ||
	    !EVP_EncryptFinal_ex(s->work, s->raw + HEAD_BYTES + n, &n) ||
	    !EVP_CIPHER_CTX_ctrl(s->work, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_BYTES,
				 tag))
		return -EIO;
	text_base32(out, slice_of(s->raw, HEAD_BYTES + plain.len));
	return buf_failed(out) ? -ENOMEM : 0;
}

int sealer_open(struct sealer *s, struct slice purpose, struct slice token,
		uint8_t *out, size_t size)
{
	int n;
	int len = text_unbase32(token, s->raw, sizeof(s->raw));
	if (len <= HEAD_BYTES || !purpose.len || purpose.len > PLAIN_MAX)
		return -EINVAL;
	const struct seal_key *key = &s->keys[s->raw[0]];
	len -= HEAD_BYTES;
	if (!key->open)
		return -ENOKEY;
	if ((size_t)len > size)
		return -ENOSPC;
	if (!EVP_CIPHER_CTX_copy(s->work, key->open) ||
	    !EVP_CIPHER_CTX_ctrl(s->work, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_BYTES,
				 s->raw + 1))
		return -EIO;
	/* nothing of a token that does not open is left in out */
	if (!EVP_DecryptUpdate(s->work, NULL, &n, purpose.ptr,
			       (int)purpose.len) ||
	    EVP_DecryptUpdate(s->work, out, &n, s->raw + HEAD_BYTES, len) <=
		    0 ||
	    !EVP_DecryptFinal_ex(s->work, s->raw, &n)) {
		crypto_wipe(out, (size_t)len);
		return -EINVAL;
	}
	return len;
}
