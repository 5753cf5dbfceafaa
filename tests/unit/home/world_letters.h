/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that wait in the test world's store, and its marks. */
#pragma once

#include "world_ask.h"

static inline void world_result(struct world *w, uint64_t id, uint32_t error)
{
	struct ipc_msg m = { .type = IPC_STORE_RESULT };
	m.u.store_result.id = id;
	m.u.store_result.error = error;
	home_from_store(w->home, &m);
}

/* By its key, or the first of that user after `after`. */
static inline struct letter *world_letter(struct world *w, const char *aor,
					  uint64_t key, uint64_t after)
{
	for (size_t i = 0; i < w->letter_count; i++)
		if (w->letter[i].attempts < 2 &&
		    (key ? w->letter[i].key == key
			 : !strcmp(w->letter[i].aor, aor) &&
				     w->letter[i].key > after))
			return &w->letter[i];
	return NULL;
}

static inline void world_put_letter(struct world *w, const struct question *q)
{
	for (size_t i = 0; i < w->letter_count; i++)
		if (!memcmp(w->letter[i].mark, q->letter.mark, SHA256_BYTES)) {
			world_result(w, q->id, EEXIST);
			return;
		}
	if (!w->put_error) {
		w->letter[w->letter_count] = q->letter;
		w->letter[w->letter_count++].key = ++w->last_key;
		w->mark[w->mark_count++] = q->mark;
	}
	world_result(w, q->id, w->put_error);
}

static inline void world_next_letter(struct world *w, const struct question *q)
{
	const struct letter *l = world_letter(w, q->aor, 0, q->expires_s);
	struct ipc_msg m = { .type = IPC_MESSAGE };
	if (l) {
		m.u.message.id = q->id;
		m.u.message.key = l->key;
		m.u.message.bytes = slice_str(l->bytes);
		home_from_store(w->home, &m);
	}
	world_result(w, q->id, l ? 0 : ENOENT);
}

static inline void world_remove_letter(struct world *w, struct letter *l)
{
	size_t at = (size_t)(l - w->letter);
	w->letter_count--;
	memmove(l, l + 1, (w->letter_count - at) * sizeof(*l));
}

static inline void world_list_marks(struct world *w, uint64_t id)
{
	for (size_t i = 0; i < w->mark_count; i++) {
		struct ipc_msg m = { .type = IPC_MARK };
		m.u.mark.id = id;
		m.u.mark.mark = slice_of(w->mark[i].mark, SHA256_BYTES);
		m.u.mark.status = w->mark[i].status;
		m.u.mark.until_s = w->mark[i].until_s;
		home_from_store(w->home, &m);
	}
	world_result(w, id, 0);
}

static inline void world_list_queues(struct world *w, uint64_t id)
{
	for (size_t i = 0; i < w->letter_count; i++) {
		struct ipc_msg m = { .type = IPC_QUEUE };
		m.u.queue.id = id;
		m.u.queue.aor = slice_str(w->letter[i].aor);
		home_from_store(w->home, &m);
	}
	world_result(w, id, 0);
}

/* True: it was a question about messages that wait. */
static inline bool world_answer_letter(struct world *w,
				       const struct question *q)
{
	struct letter *l = world_letter(w, "", q->letter.key, 0);
	if (q->type == IPC_MESSAGE_PUT) {
		world_put_letter(w, q);
	} else if (q->type == IPC_MESSAGE_NEXT) {
		world_next_letter(w, q);
	} else if (q->type == IPC_MESSAGE_DEL) {
		if (l)
			world_remove_letter(w, l);
		world_result(w, q->id, l ? 0 : ENOENT);
	} else if (q->type == IPC_MESSAGE_BAD) {
		l->attempts++;
		world_result(w, q->id, 0);
	} else if (q->type == IPC_MESSAGE_TAKEN) {
		w->taken++;
	} else if (q->type == IPC_MARK_PUT) {
		w->mark[w->mark_count++] = q->mark;
	} else if (q->type == IPC_MARK_LIST) {
		world_list_marks(w, q->id);
	} else if (q->type == IPC_QUEUE_LIST) {
		world_list_queues(w, q->id);
	} else {
		return false;
	}
	return true;
}
