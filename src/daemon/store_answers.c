/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that wait for the commit. */
#include "daemon/store_answers.h"

#include <errno.h>
#include <stdlib.h>

struct waiting {
	struct list node;
	struct proc_id to;
	uint64_t id;
	struct store_change change; /* of what stands behind it */
	uint8_t aor[];
};

void store_answers_init(struct store_answers *a, store_tell_fn tell, void *arg)
{
	*a = (struct store_answers){ .tell = tell, .arg = arg };
	list_init(&a->waiting);
}

void store_answers_free(struct store_answers *a)
{
	LIST_EACH (it, tmp, &a->waiting)
		free(container_of(it, struct waiting, node));
	store_answers_init(a, a->tell, a->arg);
}

bool store_answers_full(const struct store_answers *a)
{
	return a->count >= STORE_ANSWERS_MAX;
}

int store_answers_add(struct store_answers *a, const struct proc_id *to,
		      uint64_t id, const struct store_change *change)
{
	struct slice aor = change->aor;
	struct waiting *w = calloc(1, sizeof(*w) + aor.len);
	if (!w)
		return -ENOMEM;
	w->to = *to;
	w->id = id;
	if (aor.len)
		memcpy(w->aor, aor.ptr, aor.len);
	w->change = *change;
	w->change.aor = slice_of(w->aor, aor.len);
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

/* The others first, so that they know when the operator hears that it is
 * done. */
static void send_one(struct store_answers *a, struct process *p,
		     const struct waiting *w, int err)
{
	if (!err && w->change.aor.len)
		a->tell(a->arg, &w->change);
	store_answer_now(p, &w->to, w->id, err);
}

void store_answers_send(struct store_answers *a, struct process *p, int err)
{
	LIST_EACH (it, tmp, &a->waiting) {
		struct waiting *w = container_of(it, struct waiting, node);
		send_one(a, p, w, err);
		list_remove(&w->node);
		a->count--;
		free(w);
	}
}
