/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the store: sent, refused, answered. */
#include "admin/asked.h"

#include <errno.h>

#include "admin/json.h"

void asked_store(struct request *r, enum ipc_type type, const void *body)
{
	struct admin *a = r->admin;
	int err = a->ops.send(a->arg, PROC_STORE, 0, type, body);
	if (err == -EPIPE)
		ctl_request_fail(r,
				 "the store process is not running; try again "
				 "in a moment");
	else if (err)
		ctl_request_fail(r, "the store process is too busy; try again");
	else
		ctl_request_deadline(r, ipc_type_deadline_ms(type));
}

bool asked_aor(struct request *r, const char *arg, char aor[static SIP_AOR_MAX])
{
	struct slice text = ctl_request_arg(r, arg);
	if (sip_aor_text(text, aor) == 0)
		return true;
	ctl_request_fail(r, "%.*s is no address; it has the form user@domain",
			 SLICE_FMT(slice_head(text, SIP_AOR_MAX)));
	return false;
}

/* An errno of the store, as a sentence. */
void asked_failed(struct request *r, const struct ipc_store_result *m)
{
	static const struct {
		uint32_t error;
		const char *text;
	} rows[] = {
		{ EEXIST, "there is a user of that address already" },
		{ ENOENT, "there is no user of that address" },
		{ ENOSPC, "the disk of the database is full" },
		{ EBUSY, "the database is busy; try again" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].error != m->error)
			continue;
		ctl_request_fail(r, "%s", rows[i].text);
		return;
	}
	ctl_request_fail(r, "the database failed: %.*s",
			 SLICE_FMT(slice_head(m->text, 256)));
}

void asked_answered(struct request *r, const struct ipc_store_result *m)
{
	if (m->error) {
		asked_failed(r, m);
		return;
	}
	json_t *result = r->result ? r->result : json_object();
	r->result = NULL;
	ctl_request_done(r, result);
}

void asked_gone(struct request *r, const struct proc_id *peer)
{
	if (peer->role == PROC_STORE)
		ctl_request_fail(r,
				 "the store process has ended: it is not known "
				 "whether it was done");
}
