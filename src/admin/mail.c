/* SPDX-License-Identifier: Apache-2.0 */
/* messages, messages.of, messages.drop: what waits for users who are away.
 * Never what is written in it. */
#include "admin/json.h"
#include "admin/rows.h"

static void run_queues(struct request *r)
{
	const struct ipc_queue_list m = { .id = r->ask };
	if (rows_begin(r, "queues"))
		asked_store(r, IPC_QUEUE_LIST, &m);
}

static void run_of(struct request *r)
{
	char aor[SIP_AOR_MAX];
	if (!asked_aor(r, "aor", aor))
		return;
	const struct ipc_message_list m = { .id = r->ask,
					    .aor = slice_str(aor) };
	if (rows_begin(r, "messages"))
		asked_store(r, IPC_MESSAGE_LIST, &m);
}

static void run_drop(struct request *r)
{
	char aor[SIP_AOR_MAX];
	uint64_t key = 0;
	struct slice id = ctl_request_arg(r, "id");
	bool all = slice_eq(id, SLICE_LIT("all"));
	if (!asked_aor(r, "aor", aor))
		return;
	if (!all && (slice_u64(id, INT64_MAX, &key) || !key)) {
		ctl_request_fail(r, "id is the number of a message, or all");
		return;
	}
	const struct ipc_message_drop m = { .id = r->ask,
					    .aor = slice_str(aor),
					    .key = key };
	asked_store(r, IPC_MESSAGE_DROP, &m);
}

static void on_queue(struct request *r, const struct ipc_msg *m)
{
	const struct ipc_queue *q = &m->u.queue;
	rows_add(r, json_pack("{s:o,s:I,s:I,s:I}", "aor", json_text(q->aor),
			      "messages", (json_int_t)q->count, "bytes",
			      (json_int_t)q->bytes, "oldest",
			      (json_int_t)q->oldest_s));
}

static void on_info(struct request *r, const struct ipc_msg *m)
{
	static const char *const states[] = { "waiting", "aside" };
	const struct ipc_message_info *i = &m->u.message_info;
	rows_add(r, json_pack("{s:I,s:o,s:I,s:I,s:I,s:s,s:I}", "id",
			      (json_int_t)i->key, "from", json_text(i->sender),
			      "bytes", (json_int_t)i->size, "stored",
			      (json_int_t)i->stored_s, "expires",
			      (json_int_t)i->expires_s, "state",
			      states[i->state == 1], "attempts",
			      (json_int_t)i->attempts));
}

static void answer_queues(struct request *r, const struct proc_id *from,
			  const struct ipc_msg *m)
{
	rows_answer(r, from, m, IPC_QUEUE, on_queue);
}

static void answer_infos(struct request *r, const struct proc_id *from,
			 const struct ipc_msg *m)
{
	rows_answer(r, from, m, IPC_MESSAGE_INFO, on_info);
}

const struct verb_ops verb_messages = { run_queues, answer_queues, asked_gone,
					NULL };
const struct verb_ops verb_messages_of = { run_of, answer_infos, asked_gone,
					   NULL };
const struct verb_ops verb_messages_drop = { run_drop, answer_infos, asked_gone,
					     NULL };
