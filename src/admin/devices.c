/* SPDX-License-Identifier: Apache-2.0 */
/* user.devices: where a user is signed in, as the store has it. */
#include "admin/json.h"
#include "admin/rows.h"
#include "home/record.h"

static void run(struct request *r)
{
	char aor[SIP_AOR_MAX];
	if (!asked_aor(r, "aor", aor))
		return;
	const struct ipc_binding_list m = { .id = r->ask,
					    .aor = slice_str(aor) };
	if (rows_begin(r, "devices"))
		asked_store(r, IPC_BINDING_LIST, &m);
}

static void on_device(struct request *r, const struct ipc_msg *m)
{
	const struct ipc_binding *b = &m->u.binding;
	struct record rec = { .contact = b->contact };
	/* one that cannot be read is shown by what is left of it */
	(void)record_decode(b->record, &rec);
	rows_add(r, json_pack("{s:o,s:o,s:o,s:I,s:I}", "contact",
			      json_text(rec.contact), "agent",
			      json_text(rec.user_agent), "instance",
			      json_text(rec.instance), "worker",
			      (json_int_t)rec.flow.slot, "expires",
			      (json_int_t)b->expires_s));
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	rows_answer(r, from, m, IPC_BINDING, on_device);
}

const struct verb_ops verb_user_devices = { run, on_answer, asked_gone, NULL };
