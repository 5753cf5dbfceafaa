/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.list, relay.show, relay.kill, relay.drain: sessions of all relay
 * processes. A session is named "process.number"; who does not answer in time
 * is named, and the others' sessions are shown.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_int.h"
#include "admin/json.h"
#include "admin/rows.h"

enum { SLOT_SHIFT = 48, SHOWN_MAX = 20000, RELAYS_MAX = 64 };
#define NUMBER_MAX ((UINT64_C(1) << SLOT_SHIFT) - 1)

/* "1.27"; false: the request has ended. */
static bool session_of(struct request *r, uint64_t *out)
{
	struct slice text = ctl_request_arg(r, "session");
	ptrdiff_t dot = slice_chr(text, '.');
	uint64_t slot = 0, number = 0;
	if (dot > 0 &&
	    !slice_u64(slice_head(text, (size_t)dot), UINT16_MAX, &slot) &&
	    !slice_u64(slice_from(text, (size_t)dot + 1), NUMBER_MAX,
		       &number) &&
	    number) {
		*out = slot << SLOT_SHIFT | number;
		return true;
	}
	ctl_request_fail(r, "a session is named as relay list shows it, such "
			    "as 0.12");
	return false;
}

static void finish(struct request *r)
{
	char name[NEIGHBOUR_NAME_MAX];
	json_t *silent = json_array();
	for (size_t i = 0; silent && i < r->waiting_count; i++) {
		neighbour_name(PROC_RELAY, r->waiting[i].slot, name);
		(void)json_array_append_new(silent, json_string(name));
	}
	if (json_object_set_new(r->result, "silent", silent)) {
		ctl_request_done(r, NULL);
		return;
	}
	ctl_request_done(r, json_incref(r->result));
}

/* ---- asking ---- */

/* Sends to every relay, or to that one. */
static void ask(struct request *r, enum ipc_type type, const void *body,
		const uint64_t *session)
{
	struct admin *a = r->admin;
	r->waiting = calloc(RELAYS_MAX, sizeof(*r->waiting));
	LIST_EACH (it, tmp, &a->neighbours) {
		const struct neighbour *n =
			container_of(it, struct neighbour, node);
		bool asked = n->role == PROC_RELAY && n->connected &&
			     (!session || *session >> SLOT_SHIFT == n->slot);
		if (r->waiting && asked && r->waiting_count < RELAYS_MAX &&
		    !a->ops.send(a->arg, n->role, n->slot, type, body))
			r->waiting[r->waiting_count++] = n->id;
	}
	if (r->waiting_count)
		ctl_request_deadline(r, ipc_type_deadline_ms(type));
	else
		ctl_request_fail(r, "no relay process is there to be asked");
}

static void run_list(struct request *r)
{
	const struct ipc_session_list m = { .id = r->ask };
	if (rows_begin(r, "sessions"))
		ask(r, IPC_SESSION_LIST, &m, NULL);
}

static void run_show(struct request *r)
{
	struct ipc_session_list m = { .id = r->ask };
	if (session_of(r, &m.session) && rows_begin(r, "sessions"))
		ask(r, IPC_SESSION_LIST, &m, &m.session);
}

static void run_kill(struct request *r)
{
	struct ipc_session_kill m = { .id = r->ask };
	if (session_of(r, &m.session))
		ask(r, IPC_SESSION_KILL, &m, &m.session);
}

static void run_drain(struct request *r)
{
	const struct ipc_session_drain m = { .id = r->ask };
	ask(r, IPC_SESSION_DRAIN, &m, NULL);
}

/* ---- answers ---- */

static void on_session(struct request *r, const struct ipc_session *s)
{
	char name[32];
	if (r->row_count++ >= SHOWN_MAX)
		return;
	snprintf(name, sizeof(name), "%" PRIu64 ".%" PRIu64,
		 s->session >> SLOT_SHIFT, s->session & NUMBER_MAX);
	rows_add(r,
		 json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:I,"
			   "s:I,s:I,s:I}",
			   "session", name, "user", json_text(s->user),
			   "client", json_text(s->client), "relayed",
			   json_text(s->relayed), "transport",
			   json_text(s->transport), "dialect",
			   json_text(s->dialect), "age", (json_int_t)s->age_s,
			   "left", (json_int_t)s->left_s, "up_packets",
			   (json_int_t)s->up_packets, "up_bytes",
			   (json_int_t)s->up_bytes, "down_packets",
			   (json_int_t)s->down_packets, "down_bytes",
			   (json_int_t)s->down_bytes, "dropped",
			   (json_int_t)s->dropped, "permissions",
			   (json_int_t)s->permissions, "channels",
			   (json_int_t)s->channels));
}

/* That one has said its last word; true: it was the last one. */
static bool strike(struct request *r, const struct proc_id *from)
{
	for (size_t i = 0; i < r->waiting_count; i++) {
		if (from->role != PROC_RELAY ||
		    r->waiting[i].slot != from->slot)
			continue;
		r->waiting[i] = r->waiting[--r->waiting_count];
		return r->waiting_count == 0;
	}
	return false;
}

static void on_result(struct request *r, const struct proc_id *from,
		      const struct ipc_session_result *m)
{
	if (!strike(r, from))
		return;
	if (m->error == ENOENT)
		ctl_request_fail(r, "there is no such session now");
	else if (r->result)
		finish(r);
	else
		ctl_request_done(r, json_object());
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	if (!from || from->role != PROC_RELAY)
		return;
	if (m->type == IPC_SESSION && r->result)
		on_session(r, &m->u.session);
	else if (m->type == IPC_SESSION_RESULT)
		on_result(r, from, &m->u.session_result);
}

/* Its sessions ended with it. */
static void on_gone(struct request *r, const struct proc_id *peer)
{
	const struct ipc_session_result nothing = { .error = 0 };
	on_result(r, peer, &nothing);
}

static void on_late(struct request *r)
{
	if (r->result)
		finish(r);
	else
		ctl_request_fail(r, "a relay process does not answer");
}

const struct verb_ops verb_relay_list = { run_list, on_answer, on_gone,
					  on_late };
const struct verb_ops verb_relay_show = { run_show, on_answer, on_gone,
					  on_late };
const struct verb_ops verb_relay_kill = { run_kill, on_answer, on_gone,
					  on_late };
const struct verb_ops verb_relay_drain = { run_drain, on_answer, on_gone,
					   on_late };
