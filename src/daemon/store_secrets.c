/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Relay credentials, minted where the secrets are kept: the operator asks, the
 * relays only verify. Two secrets are valid; the newest mints.
 */
#include "daemon/role_store.h"

#include <errno.h>

#include "base/log.h"
#include "store/secrets.h"

static void on_secret(void *arg, const struct store_secret *x)
{
	struct credential_secrets *all = arg;
	struct credential_secret *s = &all->secret[all->count];
	if (all->count == CREDENTIAL_SECRETS ||
	    x->text.len < CREDENTIAL_SECRET_MIN ||
	    slice_cstr(x->text, s->text, sizeof(s->text)))
		return;
	s->id = x->id;
	s->len = (uint8_t)x->text.len;
	all->count++;
}

static int load(struct role_store *r)
{
	struct credential_secrets all = { .count = 0 };
	int err = store_secret_each(r->store, on_secret, &all);
	if (!err)
		r->secrets = all;
	crypto_wipe(&all, sizeof(all));
	return err;
}

static int add(struct role_store *r)
{
	struct credential_secret fresh;
	int err = credential_secret_make(&fresh, 0);
	if (!err)
		err = store_secret_add(r->store,
				       slice_of(fresh.text, fresh.len),
				       role_store_now_s(), CREDENTIAL_SECRETS);
	crypto_wipe(&fresh, sizeof(fresh));
	return err ? err : load(r);
}

void store_secrets_push(struct role_store *r, const struct proc_id *to)
{
	struct buf ring;
	if (to->role != PROC_RELAY || !r->secrets.count)
		return;
	buf_init(&ring, 0);
	for (size_t i = 0; i < r->secrets.count; i++) {
		const struct credential_secret *s = &r->secrets.secret[i];
		buf_u16(&ring, s->id);
		buf_u8(&ring, s->len);
		buf_put(&ring, slice_of(s->text, s->len));
	}
	const struct ipc_secrets m = { .ring = buf_slice(&ring) };
	if (!buf_failed(&ring))
		process_reply(r->process, to, IPC_SECRETS, &m);
	if (ring.ptr)
		crypto_wipe(ring.ptr, ring.cap);
	buf_free(&ring);
}

int store_secrets_load(struct role_store *r)
{
	int err = load(r);
	if (!err && !r->secrets.count)
		err = add(r);
	if (!err)
		role_store_each_peer(r, store_secrets_push);
	return err;
}

int store_secrets_rotate(struct store_reader *rd, const struct ipc_msg *m)
{
	struct role_store *r = rd->role;
	(void)m;
	int err = add(r);
	if (err)
		return err;
	LOG(LOG_INFO, "relay.secret_rotated",
	    KV_U64("id", r->secrets.secret[0].id));
	role_store_each_peer(r, store_secrets_push);
	return 0;
}

int store_secrets_mint(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_credential_get *get = &m->u.credential_get;
	struct role_store *r = rd->role;
	struct credential c;
	const struct credential_wish wish = {
		.form = get->form ? CREDENTIAL_BINARY : CREDENTIAL_TEXT,
		.user = get->user,
		.now_s = role_store_now_s(),
		.ttl_s = get->ttl_s,
	};
	/* where home is, users are known by home alone */
	if (rd->to->role == PROC_EDGE && !r->edge_mints)
		return -EPERM;
	int err = credential_mint(r->hasher, &r->secrets, &wish, &c);
	if (err)
		return err;
	LOG(LOG_INFO, "relay.credential", KV_SLICE("user", get->user),
	    KV_STR("asker", proc_role_name(rd->to->role)),
	    KV_U64("ttl", c.expires_s - wish.now_s));
	const struct ipc_credential out = {
		.id = rd->id,
		.username = slice_of(c.username, c.username_len),
		.password = slice_of(c.password, c.password_len),
		.expires_s = c.expires_s,
	};
	process_reply(r->process, rd->to, IPC_CREDENTIAL, &out);
	crypto_wipe(&c, sizeof(c));
	return 0;
}

void store_secrets_forget(struct role_store *r)
{
	hasher_free(r->hasher);
	crypto_wipe(&r->secrets, sizeof(r->secrets));
}
