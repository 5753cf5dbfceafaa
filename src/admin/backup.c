/* SPDX-License-Identifier: Apache-2.0 */
/* backup, backup.state: the store copies itself into a file that the asker has
 * opened; no process of ours could. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "admin/asked.h"

static void run_backup(struct request *r)
{
	struct admin *a = r->admin;
	const struct ipc_backup m = { .id = r->ask };
	int fd = ctl_request_fd(r);
	if (fd < 0) {
		ctl_request_fail(r, "backup needs the descriptor of a file");
		return;
	}
	int err = a->ops.send_store_fd(a->arg, IPC_BACKUP, &m, fd);
	if (err)
		ctl_request_fail(r, "the store process does not take it; try "
				    "again");
	else
		ctl_request_deadline(r, ipc_type_deadline_ms(IPC_BACKUP));
}

static void run_state(struct request *r)
{
	struct ipc_backup_get m = { .id = r->ask };
	if (slice_u64(ctl_request_arg(r, "number"), UINT64_MAX, &m.number))
		ctl_request_fail(r, "number is what backup has answered");
	else
		asked_store(r, IPC_BACKUP_GET, &m);
}

static void on_state(struct request *r, const struct ipc_backup_state *m)
{
	char number[24];
	snprintf(number, sizeof(number), "%" PRIu64, m->number);
	json_decref(r->result);
	r->result = json_pack("{s:s,s:b,s:I,s:I}", "number", number, "running",
			      m->running != 0, "done", (json_int_t)m->done,
			      "total", (json_int_t)m->total);
}

static const char *sentence(uint32_t error)
{
	static const struct {
		uint32_t error;
		const char *text;
	} rows[] = {
		{ EBUSY, "another backup is being made; try again later" },
		{ EINVAL, "a backup goes into a regular file, open for reading "
			  "and writing" },
		{ ENOSPC, "the disk of the backup is full" },
		{ ENOENT, "the backup ended with the store process; make it "
			  "again" },
		{ EIO, "the backup could not be written, or the database does "
		       "not work; the log may tell why" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].error == error)
			return rows[i].text;
	return NULL;
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	if (!from || from->role != PROC_STORE)
		return;
	if (m->type == IPC_BACKUP_STATE) {
		on_state(r, &m->u.backup_state);
		return;
	}
	if (m->type != IPC_STORE_RESULT)
		return;
	const struct ipc_store_result *s = &m->u.store_result;
	const char *why = sentence(s->error);
	if (why)
		ctl_request_fail(r, "%s", why);
	else
		asked_answered(r, s);
}

const struct verb_ops verb_backup = { run_backup, on_answer, asked_gone, NULL };
const struct verb_ops verb_backup_state = { run_state, on_answer, asked_gone,
					    NULL };
