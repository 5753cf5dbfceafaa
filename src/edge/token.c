/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed flow tokens and branches. */
#include "edge/token.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/text.h"

enum { TOKEN_PLAIN_MAX = 17, COOKIE_BYTES = 7, BRANCH_NUMBER_BYTES = 10 };

static const struct slice flow_purpose = { (const uint8_t *)"flow", 4 };
static const struct slice partner_purpose = { (const uint8_t *)"partner", 7 };
static const struct slice inside_purpose = { (const uint8_t *)"inside", 6 };
static const struct slice branch_purpose = { (const uint8_t *)"branch", 6 };

static int seal(struct sealer *s, struct slice purpose, struct buf *plain,
		struct buf *out)
{
	int err = -ENOMEM;
	if (!buf_failed(plain))
		err = sealer_seal(s, purpose, buf_slice(plain), out);
	buf_free(plain);
	return err;
}

int token_flow_write(struct sealer *s, const struct flow_ref *ref,
		     struct buf *out)
{
	struct buf plain;
	buf_init(&plain, TOKEN_PLAIN_MAX);
	buf_u16(&plain, ref->slot);
	buf_u32(&plain, ref->incarnation);
	buf_u64(&plain, ref->flow);
	buf_u16(&plain, ref->port);
	buf_u8(&plain, ref->ws);
	return seal(s, flow_purpose, &plain, out);
}

int token_flow_read(struct sealer *s, struct slice token, struct flow_ref *ref)
{
	uint8_t plain[TOKEN_PLAIN_MAX];
	int n = sealer_open(s, flow_purpose, token, plain, sizeof(plain));
	if (n < 0)
		return n;
	struct cur c = cur_init(slice_of(plain, (size_t)n));
	ref->slot = cur_u16(&c);
	ref->incarnation = cur_u32(&c);
	ref->flow = cur_u64(&c);
	ref->port = cur_u16(&c);
	uint8_t ws = cur_u8(&c);
	ref->ws = ws;
	return cur_done(&c) && ws <= 1 ? 0 : -EINVAL;
}

/* Base32 has no '-', so no flow token begins like this. */
static const struct slice partner_mark = { (const uint8_t *)"p-", 2 };

int token_partner_write(struct sealer *s, struct slice edge, struct buf *out)
{
	buf_put(out, partner_mark);
	return sealer_seal(s, partner_purpose, edge, out);
}

bool token_is_partner(struct slice token)
{
	return slice_starts(token, partner_mark);
}

/* The name behind the mark, which both kinds have. */
static int read_name(struct sealer *s, struct slice purpose,
		     struct slice sealed, char out[static TOKEN_NAME_MAX])
{
	int n = sealer_open(s, purpose, sealed, (uint8_t *)out,
			    TOKEN_NAME_MAX - 1);
	if (n < 0)
		return n;
	out[n] = '\0';
	return 0;
}

int token_partner_read(struct sealer *s, struct slice token,
		       char out[static TOKEN_NAME_MAX])
{
	if (!token_is_partner(token))
		return -EINVAL;
	return read_name(s, partner_purpose,
			 slice_from(token, partner_mark.len), out);
}

static const struct slice inside_mark = { (const uint8_t *)"i-", 2 };

int token_inside_write(struct sealer *s, struct slice name, struct buf *out)
{
	buf_put(out, inside_mark);
	return sealer_seal(s, inside_purpose, name, out);
}

bool token_is_inside(struct slice token)
{
	return slice_starts(token, inside_mark);
}

int token_inside_read(struct sealer *s, struct slice token,
		      char out[static TOKEN_NAME_MAX])
{
	if (!token_is_inside(token))
		return -EINVAL;
	return read_name(s, inside_purpose, slice_from(token, inside_mark.len),
			 out);
}

/* -- branches: z9hG4bK, sealed worker, '.', transaction -- */

static struct branch_seal *place_of(struct branch_seals *seals, uint16_t slot)
{
	return &seals->at[slot % BRANCH_SEALS];
}

static int seal_worker(struct sealer *s, const struct branch_ref *ref,
		       struct branch_seal *place)
{
	struct buf plain, text;
	buf_init(&plain, TOKEN_PLAIN_MAX);
	buf_init(&text, BRANCH_SEAL_MAX);
	buf_u16(&plain, ref->slot);
	buf_u32(&plain, ref->incarnation);
	int err = seal(s, branch_purpose, &plain, &text);
	if (!err) {
		place->slot = ref->slot;
		place->incarnation = ref->incarnation;
		place->len = text.len;
		memcpy(place->text, text.ptr, text.len);
	}
	buf_free(&text);
	return err;
}

int token_branch_write(struct branch_seals *seals, struct sealer *s,
		       const struct branch_ref *ref, struct buf *out)
{
	struct branch_seal *own = place_of(seals, ref->slot);
	uint8_t number[BRANCH_NUMBER_BYTES];
	bool known = own->len && own->slot == ref->slot &&
		     own->incarnation == ref->incarnation;
	int err = known ? 0 : seal_worker(s, ref, own);
	if (err)
		return err;
	for (size_t i = 0; i < 8; i++)
		number[i] = (uint8_t)(ref->txn >> 8 * (7 - i));
	number[8] = (uint8_t)(ref->branch >> 8);
	number[9] = (uint8_t)ref->branch;
	buf_put(out, slice_of(own->text, own->len));
	buf_u8(out, '.');
	text_base32(out, slice_of(number, sizeof(number)));
	return buf_failed(out) ? -ENOMEM : 0;
}

static int open_worker(struct branch_seals *seals, struct sealer *s,
		       struct slice text, struct branch_ref *ref)
{
	uint8_t plain[TOKEN_PLAIN_MAX];
	int n = sealer_open(s, branch_purpose, text, plain, sizeof(plain));
	if (n < 0)
		return n;
	struct cur c = cur_init(slice_of(plain, (size_t)n));
	ref->slot = cur_u16(&c);
	ref->incarnation = cur_u32(&c);
	if (!cur_done(&c) || text.len > BRANCH_SEAL_MAX)
		return -EINVAL;
	struct branch_seal *place = place_of(seals, ref->slot);
	place->slot = ref->slot;
	place->incarnation = ref->incarnation;
	place->len = text.len;
	memcpy(place->text, text.ptr, text.len);
	return 0;
}

static int read_worker(struct branch_seals *seals, struct sealer *s,
		       struct slice text, struct branch_ref *ref)
{
	for (size_t i = 0; i < BRANCH_SEALS; i++) {
		const struct branch_seal *known = &seals->at[i];
		if (!known->len ||
		    !slice_eq(slice_of(known->text, known->len), text))
			continue;
		ref->slot = known->slot;
		ref->incarnation = known->incarnation;
		return 0;
	}
	return open_worker(seals, s, text, ref);
}

int token_branch_read(struct branch_seals *seals, struct sealer *s,
		      struct slice branch, struct branch_ref *ref)
{
	uint8_t number[BRANCH_NUMBER_BYTES];
	if (!slice_ieq(slice_head(branch, COOKIE_BYTES), SLICE_LIT("z9hG4bK")))
		return -EINVAL;
	branch = slice_from(branch, COOKIE_BYTES);
	ptrdiff_t dot = slice_chr(branch, '.');
	if (dot <= 0 || text_unbase32(slice_from(branch, (size_t)dot + 1),
				      number, sizeof(number)) != sizeof(number))
		return -EINVAL;
	struct cur c = cur_init(slice_of(number, sizeof(number)));
	ref->txn = cur_u64(&c);
	ref->branch = cur_u16(&c);
	return read_worker(seals, s, slice_head(branch, (size_t)dot), ref);
}

void branch_seals_forget(struct branch_seals *seals)
{
	memset(seals, 0, sizeof(*seals));
}
