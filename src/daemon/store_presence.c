/* SPDX-License-Identifier: Apache-2.0 */
/* Contact lists, subscriptions and published states, as home and the operator
 * ask for them. Nobody waits for soft state: it is committed within a second.
 */
#include "daemon/role_store.h"

#include "store/presence.h"

int store_soft_set(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_soft_put *p = &m->u.soft_put;
	const struct store_soft r = { .kind = p->kind,
				      .aor = p->aor,
				      .name = p->name,
				      .record = p->record,
				      .expires_s = p->expires_s };
	role_store_commit_later(rd->role);
	return store_soft_put(rd->role->store, &r);
}

int store_soft_del(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_soft_del *d = &m->u.soft_del;
	const struct store_soft key = { .kind = d->kind,
					.aor = d->aor,
					.name = d->name };
	role_store_commit_later(rd->role);
	return store_soft_delete(rd->role->store, &key);
}

static void on_soft(void *arg, const struct store_soft *r)
{
	struct store_reader *rd = arg;
	const struct ipc_soft m = { .id = rd->id,
				    .kind = r->kind,
				    .aor = r->aor,
				    .name = r->name,
				    .record = r->record,
				    .expires_s = r->expires_s };
	process_reply(rd->role->process, rd->to, IPC_SOFT, &m);
}

int store_soft_list(struct store_reader *rd, const struct ipc_msg *m)
{
	(void)m;
	return store_soft_each(rd->role->store, role_store_now_s(), on_soft,
			       rd);
}

int store_contact_set(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_contact_put *p = &m->u.contact_put;
	const struct store_contact c = { .owner = p->owner,
					 .contact = p->contact,
					 .rule = p->rule };
	return store_contact_put(rd->role->store, &c);
}

int store_contact_del(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_contact_del *d = &m->u.contact_del;
	return store_contact_delete(rd->role->store, d->owner, d->contact);
}

static void on_contact(void *arg, const struct store_contact *c)
{
	struct store_reader *rd = arg;
	const struct ipc_contact m = { .id = rd->id,
				       .rule = c->rule,
				       .owner = c->owner,
				       .contact = c->contact };
	process_reply(rd->role->process, rd->to, IPC_CONTACT, &m);
}

int store_contact_list(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_contact_list *l = &m->u.contact_list;
	return store_contact_each(rd->role->store, l->owner, l->contact,
				  on_contact, rd);
}
