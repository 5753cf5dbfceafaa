/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store is asked, as a table: who may, is it a write, what it does.
 * Reads are answered at once, writes after the commit; those that nobody waits
 * for are committed within a second.
 */
#include "daemon/role_store.h"

#include <errno.h>

#include "store/turn_keys.h"

enum { HA1_MAX = 2 * SHA256_BYTES + 1 };

struct user_copy {
	char sha256[HA1_MAX], md5[HA1_MAX];
	bool disabled;
};

static void on_user(void *arg, const struct store_user *u)
{
	struct store_reader *rd = arg;
	const struct ipc_user m = { .id = rd->id,
				    .aor = u->aor,
				    .ha1_sha256 = u->ha1_sha256,
				    .ha1_md5 = u->ha1_md5,
				    .disabled = u->disabled,
				    .created_s = u->created_s,
				    .turn_realm = u->turn_realm };
	process_reply(rd->role->process, rd->to, IPC_USER, &m);
}

static void on_binding(void *arg, const struct store_binding *b)
{
	struct store_reader *rd = arg;
	const struct ipc_binding m = { .id = rd->id,
				       .aor = b->aor,
				       .contact = b->contact,
				       .record = b->record,
				       .expires_s = b->expires_s };
	process_reply(rd->role->process, rd->to, IPC_BINDING, &m);
}

static int user_get(struct store_reader *rd, const struct ipc_msg *m)
{
	return store_user_get(rd->role->store, m->u.user_get.aor, on_user, rd);
}

static int user_list(struct store_reader *rd, const struct ipc_msg *m)
{
	(void)m;
	return store_user_each(rd->role->store, on_user, rd);
}

static void copy_user(void *arg, const struct store_user *u)
{
	struct user_copy *c = arg;
	(void)slice_cstr(u->ha1_sha256, c->sha256, sizeof(c->sha256));
	(void)slice_cstr(u->ha1_md5, c->md5, sizeof(c->md5));
	c->disabled = u->disabled;
}

/* A new password does not let anybody in who is locked out. */
static int user_put(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_user_put *p = &m->u.user_put;
	bool replace = p->mode == USER_REPLACE;
	struct user_copy before = { .disabled = p->disabled != 0 };
	int err = replace ? store_user_get(rd->role->store, p->aor, copy_user,
					   &before)
			  : 0;
	const struct store_user u = { .aor = p->aor,
				      .ha1_sha256 = p->ha1_sha256,
				      .ha1_md5 = p->ha1_md5,
				      .disabled = before.disabled,
				      .created_s = role_store_now_s() };
	const struct store_turn_key k = { .aor = p->aor,
					  .name = p->turn_name,
					  .realm = p->turn_realm,
					  .userhash = p->turn_userhash,
					  .md5 = p->turn_md5,
					  .sha256 = p->turn_sha256 };
	crypto_wipe(before.sha256, sizeof(before.sha256));
	crypto_wipe(before.md5, sizeof(before.md5));
	if (!err)
		err = store_user_put(rd->role->store, &u, replace);
	return err ? err : store_turn_key_put(rd->role->store, &k);
}

/* One look of a relay. */
struct turn_look {
	struct store_reader *rd;
	struct slice realm;
	int err;
};

static void on_turn_key(void *arg, const struct store_turn_key *k)
{
	struct turn_look *l = arg;
	const struct ipc_turn_key m = { .id = l->rd->id,
					.aor = k->aor,
					.md5 = k->md5,
					.sha256 = k->sha256 };
	if (k->disabled)
		l->err = -ENOENT;
	else if (!slice_eq(k->realm, l->realm))
		l->err = -EKEYREJECTED;
	else
		process_reply(l->rd->role->process, l->rd->to, IPC_TURN_KEY,
			      &m);
}

static void on_keyless(void *arg, const struct store_user *u)
{
	struct turn_look *l = arg;
	l->err = u->disabled ? -ENOENT : -ENOKEY;
}

static int turn_key_get(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_turn_key_get *g = &m->u.turn_key_get;
	struct turn_look l = { .rd = rd, .realm = g->realm };
	int err = store_turn_key_get(rd->role->store, g->name, g->userhash,
				     on_turn_key, &l);
	if (err == -ENOENT && g->name.len)
		err = store_user_get(rd->role->store, g->name, on_keyless, &l);
	return err ? err : l.err;
}

static int user_set(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_user_set *p = &m->u.user_set;
	struct user_copy c = { .disabled = false };
	int err = store_user_get(rd->role->store, p->aor, copy_user, &c);
	const struct store_user u = { .aor = p->aor,
				      .ha1_sha256 = slice_str(c.sha256),
				      .ha1_md5 = slice_str(c.md5),
				      .disabled = p->disabled != 0 };
	if (!err)
		err = store_user_put(rd->role->store, &u, true);
	crypto_wipe(&c, sizeof(c));
	return err;
}

static int user_del(struct store_reader *rd, const struct ipc_msg *m)
{
	return store_user_delete(rd->role->store, m->u.user_del.aor);
}

static int binding_put(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_binding_put *p = &m->u.binding_put;
	const struct store_binding b = { .aor = p->aor,
					 .contact = p->contact,
					 .record = p->record,
					 .expires_s = p->expires_s };
	return store_binding_put(rd->role->store, &b);
}

static int binding_del(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_binding_del *d = &m->u.binding_del;
	return store_binding_delete(rd->role->store, d->aor, d->contact);
}

static int binding_list(struct store_reader *rd, const struct ipc_msg *m)
{
	return store_binding_each(rd->role->store, m->u.binding_list.aor,
				  role_store_now_s(), on_binding, rd);
}

static uint64_t id_of(const struct ipc_msg *m)
{
	/* every request to the store begins with its id */
	return m->u.user_get.id;
}

static struct store_change change_of(const struct ipc_msg *m)
{
	struct store_change c = { .type = IPC_USER_CHANGED };
	if (m->type == IPC_USER_PUT)
		c.aor = m->u.user_put.aor;
	else if (m->type == IPC_USER_SET)
		c.aor = m->u.user_set.aor;
	else if (m->type == IPC_USER_DEL)
		c.aor = m->u.user_del.aor;
	c.gone = m->type == IPC_USER_DEL ||
		 (m->type == IPC_USER_SET && m->u.user_set.disabled);
	if (c.aor.len)
		return c;
	c.type = IPC_CONTACT_CHANGED;
	if (m->type == IPC_CONTACT_PUT)
		c.aor = m->u.contact_put.owner;
	else if (m->type == IPC_CONTACT_DEL)
		c.aor = m->u.contact_del.owner;
	return c;
}

enum answer { AT_ONCE, AFTER_COMMIT, NEVER };

static const struct {
	enum ipc_type type;
	uint32_t roles;
	enum answer answer;
	int (*run)(struct store_reader *rd, const struct ipc_msg *m);
} requests[] = {
#define HOME (1 << PROC_HOME)
#define ADMIN (1 << PROC_ADMIN)
#define EDGE (1 << PROC_EDGE)
#define RELAY (1 << PROC_RELAY)
	{ IPC_USER_GET, HOME | ADMIN, AT_ONCE, user_get },
	{ IPC_USER_LIST, ADMIN, AT_ONCE, user_list },
	{ IPC_USER_PUT, ADMIN, AFTER_COMMIT, user_put },
	{ IPC_USER_SET, ADMIN, AFTER_COMMIT, user_set },
	{ IPC_USER_DEL, ADMIN, AFTER_COMMIT, user_del },
	{ IPC_BINDING_PUT, HOME, AFTER_COMMIT, binding_put },
	{ IPC_BINDING_DEL, HOME, AFTER_COMMIT, binding_del },
	{ IPC_BINDING_LIST, HOME | ADMIN, AT_ONCE, binding_list },
	{ IPC_MESSAGE_PUT, HOME, AFTER_COMMIT, store_mail_put },
	{ IPC_MESSAGE_NEXT, HOME, AT_ONCE, store_mail_next },
	{ IPC_MESSAGE_DEL, HOME, AFTER_COMMIT, store_mail_del },
	{ IPC_MESSAGE_TAKEN, HOME, NEVER, store_mail_taken },
	{ IPC_MESSAGE_BAD, HOME, AFTER_COMMIT, store_mail_bad },
	{ IPC_MESSAGE_LIST, ADMIN, AT_ONCE, store_mail_list },
	{ IPC_MESSAGE_DROP, ADMIN, AFTER_COMMIT, store_mail_drop },
	{ IPC_QUEUE_LIST, HOME | ADMIN, AT_ONCE, store_mail_queues },
	{ IPC_MARK_PUT, HOME, NEVER, store_mail_mark },
	{ IPC_MARK_LIST, HOME, AT_ONCE, store_mail_marks },
	{ IPC_SOFT_PUT, HOME, NEVER, store_soft_set },
	{ IPC_SOFT_DEL, HOME, NEVER, store_soft_del },
	{ IPC_SOFT_LIST, HOME, AT_ONCE, store_soft_list },
	{ IPC_CONTACT_PUT, ADMIN, AFTER_COMMIT, store_contact_set },
	{ IPC_CONTACT_DEL, ADMIN, AFTER_COMMIT, store_contact_del },
	{ IPC_CONTACT_LIST, HOME | ADMIN, AT_ONCE, store_contact_list },
	{ IPC_BACKUP, ADMIN, AT_ONCE, store_copying_begin },
	{ IPC_BACKUP_GET, ADMIN, AT_ONCE, store_copying_get },
	{ IPC_SECRET_ROTATE, ADMIN, AT_ONCE, store_secrets_rotate },
	{ IPC_CREDENTIAL_GET, HOME | ADMIN | EDGE, AT_ONCE,
	  store_secrets_mint },
	{ IPC_TURN_KEY_GET, RELAY, AT_ONCE, turn_key_get },
	{ IPC_RULING_PUT, ADMIN, AT_ONCE, store_partners_rule },
	{ IPC_TALLY_GET, EDGE, AT_ONCE, store_partners_tally },
	{ IPC_TALLY_PUT, EDGE, NEVER, store_partners_tally_set },
	{ IPC_BAN_PUT, ADMIN, AT_ONCE, store_partners_ban },
	{ IPC_BAN_LIST, ADMIN, AT_ONCE, store_partners_bans },
	{ IPC_ADMIN_PUT, ADMIN, AFTER_COMMIT, store_admins_put },
	{ IPC_ADMIN_DEL, ADMIN, AFTER_COMMIT, store_admins_del },
	{ IPC_ADMIN_GET, ADMIN, AT_ONCE, store_admins_get },
#undef HOME
#undef ADMIN
#undef EDGE
#undef RELAY
};

static int run(struct role_store *r, size_t i, struct store_reader *rd,
	       const struct ipc_msg *m)
{
	if (!(requests[i].roles & (1U << rd->to->role)))
		return -EPERM;
	if (!r->store)
		return -EIO;
	if (requests[i].answer == AFTER_COMMIT &&
	    store_answers_full(&r->answers))
		return -EBUSY;
	return requests[i].run(rd, m);
}

static void serve(struct role_store *r, size_t i, const struct proc_id *from,
		  const struct ipc_msg *m)
{
	struct store_reader rd = { r, from, id_of(m) };
	int err = run(r, i, &rd, m);
	if (err == -EBADMSG) {
		r->damaged = true;
		role_store_commit(r);
	}
	if (requests[i].answer == NEVER)
		return;
	if (err || requests[i].answer == AT_ONCE) {
		store_answer_now(r->process, from, rd.id, err);
		return;
	}
	const struct store_change change = change_of(m);
	err = store_answers_add(&r->answers, from, rd.id, &change);
	/* it is staged, and nobody will hear of it: better an error */
	if (err)
		store_answer_now(r->process, from, rd.id, err);
	role_store_commit(r);
}

void store_request(void *role, const struct proc_id *from,
		   const struct ipc_msg *m)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].type == m->type)
			serve(role, i, from, m);
	}
}
