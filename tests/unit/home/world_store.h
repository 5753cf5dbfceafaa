/* SPDX-License-Identifier: Apache-2.0 */
/* The store of the test world: it answers when it is pumped. */
#pragma once

#include "world_soft.h"

static inline struct row *world_row(struct world *w, const char *aor,
				    const char *contact)
{
	for (size_t i = 0; i < w->row_count; i++)
		if (!strcmp(w->row[i].aor, aor) &&
		    !strcmp(w->row[i].contact, contact))
			return &w->row[i];
	return NULL;
}

static inline void world_answer_user(struct world *w, const struct question *q)
{
	char sha[SIP_HA_MAX] = "", md5[SIP_HA_MAX] = "";
	for (size_t i = 0; i < 8; i++) {
		const struct account *a = &w->account[i];
		struct ipc_msg m = { .type = IPC_USER };
		if (!a->aor || strcmp(a->aor, q->aor) != 0)
			continue;
		sip_ha1(SIP_ALG_SHA256, slice_str(a->name),
			SLICE_LIT("contoso.test"), slice_str(a->password), sha);
		sip_ha1(SIP_ALG_MD5, slice_str(a->name),
			SLICE_LIT("contoso.test"), slice_str(a->password), md5);
		m.u.user.id = q->id;
		m.u.user.aor = slice_str(a->aor);
		m.u.user.ha1_sha256 = slice_str(sha);
		m.u.user.ha1_md5 = slice_str(md5);
		m.u.user.disabled = a->disabled;
		home_from_store(w->home, &m);
		world_result(w, q->id, 0);
		return;
	}
	world_result(w, q->id, ENOENT);
}

/* As a relay's secrets would have it: user and form are in the name. */
static inline void world_answer_credential(struct world *w,
					   const struct question *q)
{
	char name[160];
	struct ipc_msg m = { .type = IPC_CREDENTIAL };
	snprintf(name, sizeof(name), "%u:%u:%s", (unsigned)q->expires_s,
		 (unsigned)q->record_len, q->aor);
	m.u.credential.id = q->id;
	m.u.credential.username = slice_str(name);
	m.u.credential.password = SLICE_LIT("password");
	m.u.credential.expires_s = world_wall_s(w) + q->expires_s;
	home_from_store(w->home, &m);
	world_result(w, q->id, 0);
}

static inline void world_answer(struct world *w, const struct question *q)
{
	struct row *row = world_row(w, q->aor, q->contact);
	if (w->store_broken) {
		world_result(w, q->id, EIO);
	} else if (w->disk_full && q->type == IPC_BINDING_PUT) {
		world_result(w, q->id, ENOSPC);
	} else if (q->type == IPC_CREDENTIAL_GET) {
		world_answer_credential(w, q);
	} else if (q->type == IPC_USER_GET) {
		world_answer_user(w, q);
	} else if (q->type == IPC_BINDING_PUT) {
		if (!row)
			row = &w->row[w->row_count++];
		memcpy(row->aor, q->aor, sizeof(row->aor));
		memcpy(row->contact, q->contact, sizeof(row->contact));
		memcpy(row->record, q->record, sizeof(row->record));
		row->record_len = q->record_len;
		row->expires_s = q->expires_s;
		world_result(w, q->id, 0);
	} else if (q->type == IPC_BINDING_DEL) {
		if (row)
			*row = w->row[--w->row_count];
		world_result(w, q->id, 0);
	} else if (!world_answer_letter(w, q) && !world_answer_soft(w, q)) {
		for (size_t i = 0; i < w->row_count; i++) {
			const struct row *r = &w->row[i];
			struct ipc_msg m = { .type = IPC_BINDING };
			m.u.binding.id = q->id;
			m.u.binding.aor = slice_str(r->aor);
			m.u.binding.contact = slice_str(r->contact);
			m.u.binding.record = slice_of(r->record, r->record_len);
			m.u.binding.expires_s = r->expires_s;
			home_from_store(w->home, &m);
		}
		world_result(w, q->id, 0);
	}
}

/* The store answers what it was asked. */
static inline void world_pump(struct world *w)
{
	while (w->question_count && !w->store_deaf) {
		struct question q = w->question[0];
		w->question_count--;
		memmove(w->question, w->question + 1,
			w->question_count * sizeof(q));
		world_answer(w, &q);
	}
}

static inline void world_wait(struct world *w, uint64_t ms)
{
	w->now_ms += ms;
	timers_advance(w->timers, w->now_ms);
	world_pump(w);
}
