/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layout of a nonce, in hexadecimal:
 *
 *   key id (1) | seconds since 1970 (8) | random (8) | MAC (16)
 *
 * The table of used nonces is bounded. When it is full the oldest entry goes
 * and raises floor_s: nonces from before it that are not in the table count as
 * used, so forgetting never lets a replay in.
 */
#include "home/nonce.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "base/text.h"

struct nonce_used {
	struct map_node node;
	struct list by_age;
	uint8_t id[NONCE_ID_BYTES];
	uint64_t time_s;
	uint32_t nc;
};

struct parts {
	uint8_t bytes[NONCE_BYTES];
	uint64_t time_s;
};

static int derive(struct nonce_key *k, uint8_t id, struct slice secret)
{
	struct slice purpose = SLICE_LIT("digest nonce");
	k->id = id;
	return crypto_hmac_sha256(secret, &purpose, 1, k->key);
}

int nonces_init(struct nonces *n)
{
	uint8_t secret[SEAL_KEY_BYTES];
	list_init(&n->oldest);
	int err = map_init(&n->used);
	if (!err)
		err = crypto_random(secret, sizeof(secret));
	if (!err)
		err = derive(&n->key[0], 0, slice_of(secret, sizeof(secret)));
	crypto_wipe(secret, sizeof(secret));
	n->key_count = 1;
	return err;
}

static void forget(struct nonces *n, struct nonce_used *u)
{
	list_remove(&u->by_age);
	map_remove(&n->used, &u->node);
	free(u);
}

void nonces_free(struct nonces *n)
{
	if (n->used.slots)
		LIST_EACH (it, tmp, &n->oldest)
			forget(n, container_of(it, struct nonce_used, by_age));
	map_free(&n->used);
	crypto_wipe(n->key, sizeof(n->key));
}

int nonces_keys(struct nonces *n, struct slice ring)
{
	enum { ROW = 1 + SEAL_KEY_BYTES };
	struct nonce_key fresh[NONCE_KEYS_MAX];
	size_t rows = ring.len / ROW;
	if (rows == 0 || ring.len % ROW)
		return -EINVAL;
	/* more than there is room for: the newest matter */
	size_t skip = rows > NONCE_KEYS_MAX ? rows - NONCE_KEYS_MAX : 0;
	struct cur c = cur_init(slice_from(ring, skip * ROW));
	for (size_t i = 0; i < rows - skip; i++) {
		uint8_t id = cur_u8(&c);
		int err = derive(&fresh[i], id, cur_bytes(&c, SEAL_KEY_BYTES));
		if (err)
			return err;
	}
	n->key_count = rows - skip;
	memcpy(n->key, fresh, n->key_count * sizeof(fresh[0]));
	crypto_wipe(fresh, sizeof(fresh));
	return 0;
}

static int mac(const struct nonce_key *k, const struct nonce_scope *scope,
	       const uint8_t *head, uint8_t out[static SHA256_BYTES])
{
	struct slice parts[] = {
		slice_of(head, 1 + NONCE_ID_BYTES),
		slice_of(&scope->source, sizeof(scope->source)),
		scope->realm,
	};
	return crypto_hmac_sha256(slice_of(k->key, sizeof(k->key)), parts, 3,
				  out);
}

int nonce_make(struct nonces *n, const struct nonce_scope *scope,
	       char out[static NONCE_TEXT_MAX])
{
	const struct nonce_key *k = &n->key[n->key_count - 1];
	uint8_t bytes[NONCE_BYTES + SHA256_BYTES];
	bytes[0] = k->id;
	for (int i = 0; i < 8; i++)
		bytes[1 + i] = (uint8_t)(scope->now_s >> (56 - 8 * i));
	int err = crypto_random(bytes + 9, 8);
	if (!err)
		err = mac(k, scope, bytes, bytes + 1 + NONCE_ID_BYTES);
	if (err)
		return err;
	text_hex(slice_of(bytes, NONCE_BYTES), out);
	out[NONCE_TEXT_MAX - 1] = '\0';
	return 0;
}

static int take_apart(struct slice nonce, struct parts *out)
{
	if (nonce.len != NONCE_TEXT_MAX - 1 ||
	    text_unhex(nonce, out->bytes, sizeof(out->bytes)) != NONCE_BYTES)
		return -EINVAL;
	struct cur c = cur_init(slice_of(out->bytes + 1, 8));
	out->time_s = cur_u64(&c);
	return 0;
}

static bool authentic(const struct nonces *n, const struct nonce_scope *scope,
		      const struct parts *p)
{
	uint8_t want[SHA256_BYTES];
	for (size_t i = 0; i < n->key_count; i++) {
		if (n->key[i].id != p->bytes[0])
			continue;
		return !mac(&n->key[i], scope, p->bytes, want) &&
		       crypto_equal(slice_of(want, NONCE_MAC_BYTES),
				    slice_of(p->bytes + 1 + NONCE_ID_BYTES,
					     NONCE_MAC_BYTES));
	}
	return false;
}

static struct nonce_used *find(const struct nonces *n, const struct parts *p)
{
	struct map_node *node =
		map_find(&n->used, slice_of(p->bytes + 1, NONCE_ID_BYTES));
	return node ? container_of(node, struct nonce_used, node) : NULL;
}

bool nonce_good(const struct nonces *n, const struct nonce_scope *scope,
		struct slice nonce, uint32_t nc)
{
	struct parts p;
	if (take_apart(nonce, &p) || !authentic(n, scope, &p))
		return false;
	/* a little in the future: the clock was set back */
	if (p.time_s > scope->now_s + NONCE_LIFE_S ||
	    p.time_s + NONCE_LIFE_S <= scope->now_s)
		return false;
	const struct nonce_used *u = find(n, &p);
	return u ? nc > u->nc : nc > 0 && p.time_s > n->floor_s;
}

static void make_room(struct nonces *n, uint64_t time_s)
{
	while (!list_empty(&n->oldest)) {
		struct nonce_used *u =
			container_of(n->oldest.next, struct nonce_used, by_age);
		bool expired = u->time_s + 2 * NONCE_LIFE_S < time_s;
		if (!expired && n->used.count < NONCE_USED_MAX)
			return;
		if (!expired && u->time_s > n->floor_s)
			n->floor_s = u->time_s;
		forget(n, u);
	}
}

int nonce_use(struct nonces *n, struct slice nonce, uint32_t nc)
{
	struct parts p;
	if (take_apart(nonce, &p))
		return -EINVAL;
	struct nonce_used *u = find(n, &p);
	if (u) {
		u->nc = nc;
		return 0;
	}
	make_room(n, p.time_s);
	u = calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	memcpy(u->id, p.bytes + 1, sizeof(u->id));
	u->time_s = p.time_s;
	u->nc = nc;
	int err =
		map_insert(&n->used, &u->node, slice_of(u->id, sizeof(u->id)));
	if (err) {
		free(u);
		return err;
	}
	list_push_back(&n->oldest, &u->by_age);
	return 0;
}
