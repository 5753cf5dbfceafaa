/* SPDX-License-Identifier: Apache-2.0 */
/* Long-term keys and the integrity of messages. */
#include "stun/key.h"

#include <errno.h>

#include "stun/stun_int.h"

/* MS-TURN: quotes at both ends and NULs at the end do not count. */
static struct slice strip(struct slice s)
{
	while (s.len && s.ptr[0] == '"')
		s = slice_from(s, 1);
	while (s.len && (s.ptr[s.len - 1] == '"' || !s.ptr[s.len - 1]))
		s.len--;
	return s;
}

static int key_plain(struct slice password, struct stun_key *out)
{
	if (!password.len || password.len > sizeof(out->bytes))
		return -EINVAL;
	memcpy(out->bytes, password.ptr, password.len);
	out->len = (uint8_t)password.len;
	return 0;
}

int stun_key_make(struct hasher *h, const struct stun_dialect *d,
		  enum stun_algorithm algorithm, const struct stun_secret *from,
		  struct stun_key *out)
{
	const struct slice colon = SLICE_LIT(":");
	struct slice part[] = { from->username, colon, from->realm, colon,
				from->password };
	if (d->plain_key)
		return key_plain(from->password, out);
	for (size_t i = 0; d->strips && i < 5; i += 2)
		part[i] = strip(part[i]);
	switch (algorithm) {
	case STUN_MD5:
		out->len = MD5_BYTES;
		return hasher_md5(h, part, 5, out->bytes);
	case STUN_SHA256:
		if (!d->sha256)
			break;
		out->len = SHA256_BYTES;
		return hasher_sha256(h, part, 5, out->bytes);
	}
	return -EINVAL;
}

struct slice stun_key_bytes(const struct stun_key *k)
{
	return slice_of(k->bytes, k->len);
}

int stun_userhash(struct hasher *h, struct slice username, struct slice realm,
		  uint8_t out[static SHA256_BYTES])
{
	const struct slice part[] = { username, SLICE_LIT(":"), realm };
	return hasher_sha256(h, part, 3, out);
}

int stun_mac(struct hasher *h, const struct stun_maced *m, struct slice key,
	     uint8_t *out)
{
	static const uint8_t zeros[UINT8_MAX];
	size_t block = m->dialect->mac_block;
	uint8_t head[4];
	struct slice part[3];
	memcpy(head, m->raw.ptr, 2);
	stun_set16(head + 2,
		   (uint16_t)(m->at + 4 + m->len - STUN_HEADER_BYTES));
	part[0] = slice_of(head, sizeof(head));
	part[1] = slice_of(m->raw.ptr + 4, m->at - 4);
	part[2] = SLICE_NONE;
	if (block && m->at % block)
		part[2] = slice_of(zeros, block - m->at % block);
	if (m->len == SHA256_BYTES)
		return hasher_hmac_sha256(h, key, part, 3, out);
	return hasher_hmac_sha1(h, key, part, 3, out);
}

int stun_integrity_check(struct hasher *h, const struct stun_msg *m,
			 struct slice key)
{
	uint8_t want[SHA256_BYTES];
	enum stun_field f = stun_has(m, STUN_F_INTEGRITY_SHA256)
				    ? STUN_F_INTEGRITY_SHA256
				    : STUN_F_INTEGRITY;
	struct slice got = stun_value(m, f);
	if (!got.len)
		return -ENOENT;
	if (!key.len)
		return -EACCES;
	const struct stun_maced maced = { m->dialect, m->raw,
					  m->field[f].at - 4, got.len };
	int err = stun_mac(h, &maced, key, want);
	if (err)
		return err;
	return crypto_equal(got, slice_of(want, got.len)) ? 0 : -EACCES;
}
