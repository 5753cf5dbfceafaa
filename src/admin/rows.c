/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the store, gathered into the one list of a result. */
#include "admin/rows.h"

bool rows_begin(struct request *r, const char *name)
{
	r->result = json_pack("{s:[]}", name);
	if (r->result)
		return true;
	ctl_request_done(r, NULL);
	return false;
}

void rows_add(struct request *r, json_t *row)
{
	json_t *list = json_object_iter_value(json_object_iter(r->result));
	if (json_array_append_new(list, row))
		ctl_request_done(r, NULL);
}

void rows_answer(struct request *r, const struct proc_id *from,
		 const struct ipc_msg *m, enum ipc_type type,
		 void (*take)(struct request *r, const struct ipc_msg *m))
{
	if (!from || from->role != PROC_STORE)
		return;
	if (m->type == type && r->result)
		take(r, m);
	else if (m->type == IPC_STORE_RESULT)
		asked_answered(r, &m->u.store_result);
}
