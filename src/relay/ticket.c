/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Twelve bytes of content and twelve of a MAC over it, which is also what the
 * content is hidden with (the construction of RFC 5297, over HMAC-SHA-256):
 *
 *	MAC	first 12 bytes of HMAC(first key, content)
 *	hidden	content xor HMAC(second key, MAC)
 *	text	base64 of both
 *
 *	column 1, id 5, life 4, moves 2
 */
#include "relay/ticket.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/text.h"

enum { CONTENT = 12, MAC = 12, WHOLE = CONTENT + MAC };
_Static_assert(WHOLE / 3 * 4 == TICKET_TEXT, "no padding");

int ticket_keys(struct slice shared, uint8_t keys[static TICKET_KEY_BYTES])
{
	const struct slice use[] = { SLICE_LIT("turn mobility, authentic"),
				     SLICE_LIT("turn mobility, hidden") };
	int err = crypto_hmac_sha256(shared, &use[0], 1, keys);
	return err ? err
		   : crypto_hmac_sha256(shared, &use[1], 1,
					keys + SHA256_BYTES);
}

static int mac_of(struct hasher *h, const uint8_t *keys, const uint8_t *content,
		  uint8_t mac[static SHA256_BYTES])
{
	const struct slice part = slice_of(content, CONTENT);
	return hasher_hmac_sha256(h, slice_of(keys, SHA256_BYTES), &part, 1,
				  mac);
}

/* Hides, or shows again. */
static int turn_over(struct hasher *h, const uint8_t *keys, const uint8_t *mac,
		     uint8_t content[static CONTENT])
{
	const struct slice part = slice_of(mac, MAC);
	uint8_t stream[SHA256_BYTES];
	int err = hasher_hmac_sha256(
		h, slice_of(keys + SHA256_BYTES, SHA256_BYTES), &part, 1,
		stream);
	for (size_t i = 0; !err && i < CONTENT; i++)
		content[i] ^= stream[i];
	return err;
}

static void put(uint8_t *at, size_t len, uint64_t v)
{
	while (len) {
		at[--len] = (uint8_t)v;
		v >>= 8;
	}
}

int ticket_seal(struct hasher *h, const uint8_t keys[static TICKET_KEY_BYTES],
		const struct ticket *t, char out[static TICKET_TEXT])
{
	uint8_t whole[WHOLE], mac[SHA256_BYTES];
	put(whole, 1, t->column);
	put(whole + 1, 5, t->id);
	put(whole + 6, 4, t->life);
	put(whole + 10, 2, t->moves);
	int err = mac_of(h, keys, whole, mac);
	if (!err)
		err = turn_over(h, keys, mac, whole);
	if (err)
		return err;
	memcpy(whole + CONTENT, mac, MAC);
	text_base64_into(slice_of(whole, sizeof(whole)), out);
	return 0;
}

int ticket_open(struct hasher *h, const uint8_t keys[static TICKET_KEY_BYTES],
		struct slice text, struct ticket *t)
{
	uint8_t whole[WHOLE], mac[SHA256_BYTES];
	if (text.len != TICKET_TEXT ||
	    text_unbase64(text, whole, sizeof(whole)) != WHOLE ||
	    turn_over(h, keys, whole + CONTENT, whole) ||
	    mac_of(h, keys, whole, mac) ||
	    !crypto_equal(slice_of(mac, MAC), slice_of(whole + CONTENT, MAC)))
		return -EINVAL;
	struct cur c = cur_init(slice_of(whole, CONTENT));
	t->column = cur_u8(&c);
	t->id = (uint64_t)cur_u8(&c) << 32;
	t->id |= cur_u32(&c);
	t->life = cur_u32(&c);
	t->moves = cur_u16(&c);
	return cur_done(&c) ? 0 : -EINVAL;
}
