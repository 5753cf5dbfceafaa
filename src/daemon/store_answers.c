/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that wait for the commit. */
#include "daemon/store_answers.h"

#include <errno.h>
#include <stdlib.h>

struct waiting {
	struct list node;
	struct proc_id to;
	uint64_t id;
	enum ipc_type change;
	size_t changed_len;
	uint8_t changed[];
};

void store_answers_init(struct store_answers *a)
{
	list_init(&a->waiting);
	a->count = 0;
}

void store_answers_free(struct store_answers *a)
{
	LIST_EACH (it, tmp, &a->waiting)
		free(container_of(it, struct waiting, node));
	store_answers_init(a);
}

bool store_answers_full(const struct store_answers *a)
{
	return a->count >= STORE_ANSWERS_MAX;
}

int store_answers_add(struct store_answers *a, const struct proc_id *to,
		      uint64_t id, const struct store_change *change)
{
	struct slice changed = change->aor;
	struct waiting *w = calloc(1, sizeof(*w) + changed.len);
	if (!w)
		return -ENOMEM;
	w->to = *to;
	w->id = id;
	w->change = change->type;
	w->changed_len = changed.len;
	if (changed.len)
		memcpy(w->changed, changed.ptr, changed.len);
	list_push_back(&a->waiting, &w->node);
	a->count++;
	return 0;
}

void store_answer_now(struct process *p, const struct proc_id *to, uint64_t id,
		      int err)
{
	const struct ipc_store_result m = {
		.id = id,
		.error = (uint32_t)-err,
		.text = err ? slice_str(strerror(-err)) : SLICE_NONE,
	};
	process_reply(p, to, IPC_STORE_RESULT, &m);
}

/* Home first, so that it knows when the operator hears that it is done. */
static void send_one(struct process *p, const struct waiting *w, int err)
{
	struct slice aor = slice_of(w->changed, w->changed_len);
	const struct ipc_user_changed user = { .aor = aor };
	const struct ipc_contact_changed contact = { .owner = aor };
	const void *body = w->change == IPC_USER_CHANGED
				   ? (const void *)&user
				   : (const void *)&contact;
	if (!err && w->changed_len)
		process_send(p, PROC_HOME, 0, w->change, body);
	store_answer_now(p, &w->to, w->id, err);
}

void store_answers_send(struct store_answers *a, struct process *p, int err)
{
	LIST_EACH (it, tmp, &a->waiting) {
		struct waiting *w = container_of(it, struct waiting, node);
		send_one(p, w, err);
		list_remove(&w->node);
		a->count--;
		free(w);
	}
}
