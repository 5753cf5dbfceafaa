/* SPDX-License-Identifier: Apache-2.0 */
/* Presence in the test world's store: soft state and contact lists. */
#pragma once

#include "world_letters.h"

static inline struct soft *world_soft(struct world *w, const struct soft *key)
{
	for (size_t i = 0; i < w->soft_count; i++)
		if (w->soft[i].kind == key->kind &&
		    w->soft[i].name_len == key->name_len &&
		    !memcmp(w->soft[i].name, key->name, key->name_len))
			return &w->soft[i];
	return NULL;
}

static inline void world_put_soft(struct world *w, const struct soft *row)
{
	struct soft *old = world_soft(w, row);
	assert_true(old || w->soft_count < SOFT_MAX);
	*(old ? old : &w->soft[w->soft_count++]) = *row;
}

static inline void world_list_soft(struct world *w, uint64_t id)
{
	for (size_t i = 0; i < w->soft_count; i++) {
		const struct soft *r = &w->soft[i];
		struct ipc_msg m = { .type = IPC_SOFT };
		m.u.soft.id = id;
		m.u.soft.kind = r->kind;
		m.u.soft.aor = slice_str(r->aor);
		m.u.soft.name = slice_of(r->name, r->name_len);
		m.u.soft.record = slice_of(r->record, r->record_len);
		m.u.soft.expires_s = r->expires_s;
		home_from_store(w->home, &m);
	}
	world_result(w, id, 0);
}

static inline void world_list_contacts(struct world *w,
				       const struct question *q)
{
	for (size_t i = 0; i < CONTACTS_MAX; i++) {
		const struct contact_row *c = &w->contact[i];
		struct ipc_msg m = { .type = IPC_CONTACT };
		if (!c->owner || strcmp(c->owner, q->aor) != 0 ||
		    (q->contact[0] && strcmp(c->contact, q->contact) != 0))
			continue;
		m.u.contact.id = q->id;
		m.u.contact.rule = c->rule;
		m.u.contact.owner = slice_str(c->owner);
		m.u.contact.contact = slice_str(c->contact);
		home_from_store(w->home, &m);
	}
	world_result(w, q->id, 0);
}

/* True: it was a question about presence. */
static inline bool world_answer_soft(struct world *w, const struct question *q)
{
	struct soft *old = world_soft(w, &q->soft);
	if (q->type == IPC_SOFT_PUT)
		world_put_soft(w, &q->soft);
	else if (q->type == IPC_SOFT_DEL && old)
		*old = w->soft[--w->soft_count];
	else if (q->type == IPC_SOFT_LIST)
		world_list_soft(w, q->id);
	else if (q->type == IPC_CONTACT_LIST)
		world_list_contacts(w, q);
	else
		return q->type == IPC_SOFT_DEL;
	return true;
}
