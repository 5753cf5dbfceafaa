/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed tokens: base32(key id || tag || ciphertext) under AES-256-SIV
 * (RFC 5297), with the purpose as associated data.
 */
#include "base/crypto.h"

#include <errno.h>
#include <stdlib.h>

#include "base/siv.h"
#include "base/text.h"

enum {
	PLAIN_MAX = SIV_MAX,
	HEAD_BYTES = 1 + SEAL_TAG_BYTES,
	KEY_IDS = 256,
};

struct sealer {
	struct siv *keys[KEY_IDS];
	int newest; /* id, or -1 */
	uint8_t raw[HEAD_BYTES + PLAIN_MAX];
	struct siv_room room;
};

void sealer_free(struct sealer *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < KEY_IDS; i++)
		siv_free(s->keys[i]);
	crypto_wipe(s->raw, sizeof(s->raw));
	crypto_wipe(&s->room, sizeof(s->room));
	free(s);
}

int sealer_create(struct sealer **out)
{
	struct sealer *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->newest = -1;
	*out = s;
	return 0;
}

int sealer_add(struct sealer *s, uint8_t id,
	       const uint8_t key[static SEAL_KEY_BYTES])
{
	if (s->keys[id])
		return -EEXIST;
	int err = siv_create(&s->keys[id], key, &s->room);
	if (!err)
		s->newest = id;
	return err;
}

int sealer_seal(struct sealer *s, struct slice purpose, struct slice plain,
		struct buf *out)
{
	if (s->newest < 0)
		return -ENOKEY;
	if (!purpose.len || purpose.len > PLAIN_MAX || !plain.len ||
	    plain.len > PLAIN_MAX)
		return -EINVAL;
	s->raw[0] = (uint8_t)s->newest;
	int err = siv_seal(s->keys[s->newest], purpose, plain,
			   s->raw + HEAD_BYTES, s->raw + 1);
	if (err)
		return err;
	text_base32(out, slice_of(s->raw, HEAD_BYTES + plain.len));
	return buf_failed(out) ? -ENOMEM : 0;
}

int sealer_open(struct sealer *s, struct slice purpose, struct slice token,
		uint8_t *out, size_t size)
{
	int len = text_unbase32(token, s->raw, sizeof(s->raw));
	if (len <= HEAD_BYTES || !purpose.len || purpose.len > PLAIN_MAX)
		return -EINVAL;
	struct siv *key = s->keys[s->raw[0]];
	len -= HEAD_BYTES;
	if (!key)
		return -ENOKEY;
	if ((size_t)len > size)
		return -ENOSPC;
	const struct slice sealed = slice_of(s->raw + HEAD_BYTES, (size_t)len);
	int err = siv_open(key, purpose, sealed, out, s->raw + 1);
	return err ? err : len;
}
