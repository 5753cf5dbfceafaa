/* SPDX-License-Identifier: Apache-2.0 */
/* Minting and reading relay credentials. */
#include "stun/credential.h"

#include <errno.h>
#include <stdio.h>

#include "base/cursor.h"
#include "base/text.h"
#include "stun/stun_int.h"

/* The binary username: where its parts begin. */
enum {
	VERSION_AT = 0, /* 1 */
	TRY_AT = 1,     /* counts up until the byte rules hold */
	EXPIRY_AT = 2,  /* u32 */
	USER_AT = 6,    /* 8 bytes */
	KEY_AT = 14,    /* u16 */
	MAC_AT = 16,    /* 16 bytes of HMAC-SHA256 */
	VERSION = 1,
	BINARY_PASSWORD_BYTES = 16,
};

/* No expiry of ours is less (the year 2001), so "100:x" is a name. */
static const uint64_t EARLIEST_S = 1000000000;

int credential_secret_make(struct credential_secret *out, uint16_t id)
{
	uint8_t raw[SHA256_BYTES];
	char text[44];
	int err = crypto_random(raw, sizeof(raw));
	if (!err) {
		text_base64_into(slice_of(raw, sizeof(raw)), text);
		memset(out, 0, sizeof(*out));
		out->id = id;
		out->len = sizeof(text) - 1; /* without its '=' */
		memcpy(out->text, text, out->len);
	}
	crypto_wipe(raw, sizeof(raw));
	crypto_wipe(text, sizeof(text));
	return err;
}

static struct slice secret_bytes(const struct credential_secret *s)
{
	return slice_of(s->text, s->len);
}

int credential_user(struct hasher *h, struct slice user, uint64_t *out)
{
	uint8_t hash[SHA256_BYTES];
	int err = hasher_sha256(h, &user, 1, hash);
	if (!err)
		*out = (uint64_t)stun_get32(hash) << 32 | stun_get32(hash + 4);
	return err;
}

/* ------------------------------------------------------------- binary */

static bool is_binary(struct slice username)
{
	return username.len == CREDENTIAL_BINARY_BYTES &&
	       username.ptr[VERSION_AT] == VERSION;
}

static int binary_mac(struct hasher *h, const struct credential_secret *s,
		      const uint8_t *username, uint8_t mac[static SHA256_BYTES])
{
	const struct slice part[] = { SLICE_LIT("relay username"),
				      slice_of(username, MAC_AT) };
	return hasher_hmac_sha256(h, secret_bytes(s), part, 2, mac);
}

static int binary_password(struct hasher *h, const struct credential_secret *s,
			   struct slice username, uint8_t *out)
{
	uint8_t mac[SHA256_BYTES];
	const struct slice part[] = { SLICE_LIT("relay password"), username };
	int err = hasher_hmac_sha256(h, secret_bytes(s), part, 2, mac);
	if (!err)
		memcpy(out, mac, BINARY_PASSWORD_BYTES);
	crypto_wipe(mac, sizeof(mac));
	return err;
}

/* MS-TURN clients strip quotes at both ends and NULs at the end. */
static bool strips(const uint8_t *bytes, size_t len)
{
	uint8_t last = bytes[len - 1];
	return bytes[0] == '"' || last == '"' || last == 0;
}

/* One try: username and password for the number at TRY_AT. */
static int binary_try(struct hasher *h, const struct credential_secret *s,
		      struct credential *out)
{
	uint8_t mac[SHA256_BYTES];
	int err = binary_mac(h, s, out->username, mac);
	if (err)
		return err;
	memcpy(out->username + MAC_AT, mac, CREDENTIAL_BINARY_BYTES - MAC_AT);
	out->username_len = CREDENTIAL_BINARY_BYTES;
	out->password_len = BINARY_PASSWORD_BYTES;
	return binary_password(h, s, slice_of(out->username, out->username_len),
			       out->password);
}

static int mint_binary(struct hasher *h, const struct credential_secret *s,
		       const struct credential_wish *wish,
		       struct credential *out)
{
	uint64_t user = 0;
	int err = credential_user(h, wish->user, &user);
	out->username[VERSION_AT] = VERSION;
	stun_set32(out->username + EXPIRY_AT, (uint32_t)out->expires_s);
	stun_set32(out->username + USER_AT, (uint32_t)(user >> 32));
	stun_set32(out->username + USER_AT + 4, (uint32_t)user);
	stun_set16(out->username + KEY_AT, s->id);
	/* a try fails one time in forty */
	for (unsigned n = 0; !err && n <= UINT8_MAX; n++) {
		out->username[TRY_AT] = (uint8_t)n;
		err = binary_try(h, s, out);
		if (!strips(out->username, out->username_len) &&
		    !strips(out->password, out->password_len))
			break;
	}
	return err;
}

static const struct credential_secret *secret_find(
	const struct credential_secrets *s, uint16_t id)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->secret[i].id == id)
			return &s->secret[i];
	}
	return NULL;
}

static int read_binary(struct hasher *h, const struct credential_secrets *s,
		       struct slice username, struct credential_claim *out)
{
	const uint8_t *p = username.ptr;
	uint8_t mac[SHA256_BYTES];
	const struct credential_secret *secret =
		secret_find(s, stun_get16(p + KEY_AT));
	if (!secret)
		return -EACCES;
	int err = binary_mac(h, secret, p, mac);
	if (err)
		return err;
	size_t len = CREDENTIAL_BINARY_BYTES - MAC_AT;
	if (!crypto_equal(slice_of(p + MAC_AT, len), slice_of(mac, len)))
		return -EACCES;
	out->form = CREDENTIAL_BINARY;
	out->expires_s = stun_get32(p + EXPIRY_AT);
	out->user = (uint64_t)stun_get32(p + USER_AT) << 32 |
		    stun_get32(p + USER_AT + 4);
	out->name = SLICE_NONE;
	out->candidates = 1;
	return 0;
}

/* --------------------------------------------------------------- text */

/* Expiry and name; false when it is not of that form. */
static bool split_text(struct slice username, uint64_t *expires_s,
		       struct slice *name)
{
	ptrdiff_t colon = slice_chr(username, ':');
	if (colon < 0)
		return false;
	*name = slice_from(username, (size_t)colon + 1);
	return name->len &&
	       !slice_u64(slice_head(username, (size_t)colon), INT64_MAX,
			  expires_s) &&
	       *expires_s >= EARLIEST_S;
}

static int text_password(struct hasher *h, const struct credential_secret *s,
			 struct slice username,
			 uint8_t out[static CREDENTIAL_PASSWORD_MAX])
{
	uint8_t mac[SHA1_BYTES];
	int err = hasher_hmac_sha1(h, secret_bytes(s), &username, 1, mac);
	if (!err)
		text_base64_into(slice_of(mac, sizeof(mac)), (char *)out);
	crypto_wipe(mac, sizeof(mac));
	return err;
}

static int mint_text(struct hasher *h, const struct credential_secret *s,
		     const struct credential_wish *wish, struct credential *out)
{
	int len = snprintf((char *)out->username, sizeof(out->username),
			   "%llu:%.*s", (unsigned long long)out->expires_s,
			   SLICE_FMT(wish->user));
	if (len < 0 || (size_t)len >= sizeof(out->username))
		return -EINVAL;
	out->username_len = (size_t)len;
	out->password_len = CREDENTIAL_PASSWORD_MAX;
	return text_password(h, s, slice_of(out->username, out->username_len),
			     out->password);
}

static int read_text(struct hasher *h, const struct credential_secrets *s,
		     struct slice username, struct credential_claim *out)
{
	if (!split_text(username, &out->expires_s, &out->name))
		return -ENOENT;
	out->form = CREDENTIAL_TEXT;
	out->candidates = s->count;
	return credential_user(h, out->name, &out->user);
}

/* --------------------------------------------------------------- both */

static bool is_name(struct slice user)
{
	for (size_t i = 0; i < user.len; i++) {
		if (user.ptr[i] < 0x20 || user.ptr[i] == 0x7F)
			return false;
	}
	return user.len > 0 && user.len < CREDENTIAL_USERNAME_MAX;
}

static uint32_t hold(uint32_t ttl_s)
{
	if (ttl_s < CREDENTIAL_TTL_MIN_S)
		return CREDENTIAL_TTL_MIN_S;
	return ttl_s < CREDENTIAL_TTL_MAX_S ? ttl_s : CREDENTIAL_TTL_MAX_S;
}

int credential_mint(struct hasher *h, const struct credential_secrets *s,
		    const struct credential_wish *wish, struct credential *out)
{
	if (!s->count)
		return -ENOKEY;
	if (!is_name(wish->user))
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	out->expires_s = wish->now_s + hold(wish->ttl_s);
	return wish->form == CREDENTIAL_BINARY
		       ? mint_binary(h, &s->secret[0], wish, out)
		       : mint_text(h, &s->secret[0], wish, out);
}

int credential_read(struct hasher *h, const struct credential_secrets *s,
		    struct slice username, uint64_t now_s,
		    struct credential_claim *out)
{
	if (!s->count)
		return -ENOENT;
	int err = is_binary(username) ? read_binary(h, s, username, out)
				      : read_text(h, s, username, out);
	if (err)
		return err;
	/* a clock that went back, or somebody with a secret and a plan */
	if (out->expires_s > now_s + CREDENTIAL_TTL_MAX_S)
		return -EACCES;
	return out->expires_s <= now_s ? -EKEYEXPIRED : 0;
}

int credential_password(struct hasher *h, const struct credential_secrets *s,
			struct slice username, size_t n,
			uint8_t out[static CREDENTIAL_PASSWORD_MAX])
{
	if (is_binary(username)) {
		const struct credential_secret *secret =
			secret_find(s, stun_get16(username.ptr + KEY_AT));
		if (!secret || n)
			return -EINVAL;
		int err = binary_password(h, secret, username, out);
		return err ? err : BINARY_PASSWORD_BYTES;
	}
	if (n >= s->count)
		return -EINVAL;
	int err = text_password(h, &s->secret[n], username, out);
	return err ? err : CREDENTIAL_PASSWORD_MAX;
}

bool credential_names(struct hasher *h, struct slice username, uint64_t user)
{
	uint64_t expires_s;
	uint64_t named;
	struct slice name = username;
	if (is_binary(username))
		return user ==
		       ((uint64_t)stun_get32(username.ptr + USER_AT) << 32 |
			stun_get32(username.ptr + USER_AT + 4));
	if (!split_text(username, &expires_s, &name))
		name = username;
	return !credential_user(h, name, &named) && named == user;
}
