/* SPDX-License-Identifier: Apache-2.0 */
/* What home asks of the test world's store, written down. */
#pragma once

#include "world_parts.h"

/* Questions about messages that wait. */
static inline bool world_note_letter(struct question *q, const void *body)
{
	if (q->type == IPC_MESSAGE_PUT) {
		const struct ipc_message_put *m = body;
		q->id = m->id;
		q->expires_s = m->expires_s;
		q->letter.notify = m->notify;
		world_copy(q->letter.aor, sizeof(q->letter.aor), m->aor);
		world_copy(q->letter.bytes, sizeof(q->letter.bytes), m->bytes);
		memcpy(q->letter.mark, m->mark.ptr, SHA256_BYTES);
		memcpy(q->mark.mark, m->mark.ptr, SHA256_BYTES);
		q->mark.status = 202;
		q->mark.until_s = m->mark_until_s;
	} else if (q->type == IPC_MESSAGE_NEXT) {
		const struct ipc_message_next *m = body;
		q->id = m->id;
		q->expires_s = m->after;
		world_copy(q->aor, sizeof(q->aor), m->aor);
	} else if (q->type == IPC_MARK_PUT) {
		const struct ipc_mark_put *m = body;
		memcpy(q->mark.mark, m->mark.ptr, SHA256_BYTES);
		q->mark.status = m->status;
		q->mark.until_s = m->until_s;
	} else if (q->type == IPC_MESSAGE_DEL || q->type == IPC_MESSAGE_BAD ||
		   q->type == IPC_MESSAGE_TAKEN) {
		const struct ipc_message_del *m = body;
		q->id = m->id;
		q->letter.key = m->key;
	} else {
		return false;
	}
	return true;
}

/* Questions about presence. */
static inline bool world_note_soft(struct question *q, const void *body)
{
	if (q->type == IPC_SOFT_PUT) {
		const struct ipc_soft_put *m = body;
		struct soft *s = &q->soft;
		assert_true(m->name.len <= sizeof(s->name) &&
			    m->record.len <= sizeof(s->record));
		s->kind = m->kind;
		s->expires_s = m->expires_s;
		world_copy(s->aor, sizeof(s->aor), m->aor);
		memcpy(s->name, m->name.ptr, s->name_len = m->name.len);
		memcpy(s->record, m->record.ptr, s->record_len = m->record.len);
	} else if (q->type == IPC_SOFT_DEL) {
		const struct ipc_soft_del *m = body;
		q->soft.kind = m->kind;
		memcpy(q->soft.name, m->name.ptr,
		       q->soft.name_len = m->name.len);
	} else if (q->type == IPC_CONTACT_LIST) {
		const struct ipc_contact_list *m = body;
		q->id = m->id;
		world_copy(q->aor, sizeof(q->aor), m->owner);
		world_copy(q->contact, sizeof(q->contact), m->contact);
	} else {
		return false;
	}
	return true;
}

static inline bool world_note_credential(struct question *q, const void *body)
{
	if (q->type != IPC_CREDENTIAL_GET)
		return false;
	const struct ipc_credential_get *m = body;
	q->id = m->id;
	q->expires_s = m->ttl_s;
	q->record_len = m->form;
	world_copy(q->aor, sizeof(q->aor), m->user);
	return true;
}

static inline int world_to_store(void *arg, enum ipc_type type,
				 const void *body)
{
	struct world *w = arg;
	if (w->store_full)
		return -ENOBUFS;
	assert_true(w->question_count < ROWS_MAX);
	struct question *q = &w->question[w->question_count++];
	memset(q, 0, sizeof(*q));
	q->type = type;
	w->asked++;
	if (type == IPC_USER_GET) {
		const struct ipc_user_get *m = body;
		q->id = m->id;
		world_copy(q->aor, sizeof(q->aor), m->aor);
	} else if (type == IPC_BINDING_PUT) {
		const struct ipc_binding_put *m = body;
		q->id = m->id;
		q->expires_s = m->expires_s;
		world_copy(q->aor, sizeof(q->aor), m->aor);
		world_copy(q->contact, sizeof(q->contact), m->contact);
		assert_true(m->record.len <= sizeof(q->record));
		q->record_len = m->record.len;
		memcpy(q->record, m->record.ptr, m->record.len);
	} else if (type == IPC_BINDING_DEL) {
		const struct ipc_binding_del *m = body;
		q->id = m->id;
		world_copy(q->aor, sizeof(q->aor), m->aor);
		world_copy(q->contact, sizeof(q->contact), m->contact);
	} else if (!world_note_letter(q, body) && !world_note_soft(q, body) &&
		   !world_note_credential(q, body)) {
		/* lists: the id comes first in all */
		q->id = ((const struct ipc_binding_list *)body)->id;
	}
	return 0;
}
