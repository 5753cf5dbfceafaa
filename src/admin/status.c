/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status: what the supervisor told of each process, rows that the processes
 * themselves send, and sums of counters. A process that does not answer within
 * the deadline is named as silent and the others' rows are shown: one that
 * stands still delays this reply, once, and nobody else's.
 */
#include <errno.h>
#include <stdlib.h>

#include "admin/admin_int.h"
#include "admin/json.h"

enum {
	ROWS_MAX = 10000,
	ROWS_BYTES_MAX = 4 << 20,
	PAIRS_MAX = 64,
};

static const char *state_name(unsigned state)
{
	static const char *const names[] = { [PROC_STARTING] = "starting",
					     [PROC_READY] = "ready",
					     [PROC_DRAINING] = "draining",
					     [PROC_DOWN] = "down" };
	return state < sizeof(names) / sizeof(*names) ? names[state] : "?";
}

/* ---- the reply ---- */

static int put_process(json_t *list, const struct neighbour *n)
{
	return json_array_append_new(
		list,
		json_pack("{s:s,s:I,s:I,s:s,s:I,s:I}", "role",
			  proc_role_name(n->role), "slot", (json_int_t)n->slot,
			  "pid", (json_int_t)n->last.pid, "state",
			  state_name(n->last.state), "restarts",
			  (json_int_t)n->last.restarts, "generation",
			  (json_int_t)n->last.generation));
}

static json_t *processes(const struct admin *a)
{
	json_t *list = json_array();
	int err = list ? 0 : -ENOMEM;
	for (struct list *it = a->neighbours.next; !err && it != &a->neighbours;
	     it = it->next) {
		const struct neighbour *n =
			container_of(it, struct neighbour, node);
		if (n->told)
			err = put_process(list, n);
	}
	if (!err)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *silent(const struct request *r)
{
	json_t *list = json_array();
	char name[NEIGHBOUR_NAME_MAX];
	for (size_t i = 0; list && i < r->waiting_count; i++) {
		const struct proc_id *p = &r->waiting[i];
		neighbour_name(p->role, p->slot, name);
		if (!json_array_append_new(list, json_string(name)))
			continue;
		json_decref(list);
		list = NULL;
	}
	return list;
}

/* partner.list is a part of it. */
static void reply_partners(struct request *r)
{
	const json_t *partners = json_object_get(r->result, "partners");
	const json_t *peers = json_object_get(r->result, "peer_certificates");
	ctl_request_done(
		r, json_pack("{s:o,s:o,s:o}", "partners",
			     partners ? json_deep_copy(partners) : json_array(),
			     "peer_certificates",
			     peers ? json_deep_copy(peers) : json_array(),
			     "silent", silent(r)));
}

static void reply(struct request *r)
{
	const struct admin *a = r->admin;
	if (r->command->ops == &verb_partner_list) {
		reply_partners(r);
		return;
	}
	json_t *tables = json_incref(r->result);
	ctl_request_done(r, json_pack("{s:s,s:I,s:o,s:o,s:o,s:o,s:o,s:o}",
				      "version", SALLYPORT_VERSION,
				      "generation", (json_int_t)a->generation,
				      "processes", processes(a), "certificates",
				      expiry_rows(&a->expiry), "endings",
				      endings_rows(&a->endings), "silent",
				      silent(r), "tables", tables, "counters",
				      metrics_summary(a)));
}

/* ---- asking ---- */

static bool is_asked(const struct request *r, const struct neighbour *n)
{
	if (r->command->ops == &verb_partner_list && n->role != PROC_EDGE)
		return false;
	if (n->role == PROC_SUPERVISOR || n->role == PROC_ADMIN ||
	    n->role == PROC_LOADER)
		return false;
	/* one that is not wired, but should be, is silent */
	return n->connected || (n->told && n->last.state == PROC_READY);
}

static int note_waiting(struct request *r)
{
	struct admin *a = r->admin;
	size_t count = 0;
	for (struct list *it = a->neighbours.next; it != &a->neighbours;
	     it = it->next)
		count++;
	r->waiting = calloc(count + 1, sizeof(*r->waiting));
	if (!r->waiting)
		return -ENOMEM;
	for (struct list *it = a->neighbours.next; it != &a->neighbours;
	     it = it->next) {
		const struct neighbour *n =
			container_of(it, struct neighbour, node);
		struct proc_id id = n->id;
		id.role = n->role;
		id.slot = n->slot;
		if (is_asked(r, n))
			r->waiting[r->waiting_count++] = id;
	}
	return 0;
}

static void run_status(struct request *r)
{
	struct admin *a = r->admin;
	const struct ipc_status_get m = { .id = r->ask };
	size_t sent = 0;
	r->result = json_object();
	if (!r->result || note_waiting(r)) {
		ctl_request_done(r, NULL);
		return;
	}
	for (size_t i = 0; i < r->waiting_count; i++) {
		const struct proc_id *p = &r->waiting[i];
		sent += !a->ops.send(a->arg, p->role, p->slot, IPC_STATUS_GET,
				     &m);
	}
	if (sent)
		ctl_request_deadline(r, ipc_type_deadline_ms(IPC_STATUS_GET));
	else
		reply(r);
}

/* ---- answers ---- */

static json_t *row_of(struct slice pairs)
{
	struct slice key, value;
	json_t *row = json_object();
	for (size_t i = 0; row && i < PAIRS_MAX; i++) {
		char name[128];
		if (!ipc_pair_next(&pairs, &key, &value))
			return row;
		if (slice_cstr(key, name, sizeof(name)))
			continue;
		if (!json_object_set_new(row, name, json_text(value)))
			continue;
		json_decref(row);
		row = NULL;
	}
	return row;
}

/* A row more or less is no reason to fail: what does not fit is left out. */
static void add_row(struct request *r, const struct ipc_status_row *m)
{
	char table[64];
	if (r->row_count == ROWS_MAX ||
	    m->pairs.len > ROWS_BYTES_MAX - r->row_bytes ||
	    slice_cstr(m->table, table, sizeof(table)))
		return;
	r->row_count++;
	r->row_bytes += m->pairs.len;
	json_t *rows = json_object_get(r->result, table);
	if (!rows) {
		rows = json_array();
		if (json_object_set_new(r->result, table, rows))
			return;
	}
	json_array_append_new(rows, row_of(m->pairs));
}

/* peer has answered, or never will; the reply when it was the last. */
static bool strike(struct request *r, const struct proc_id *peer)
{
	for (size_t i = 0; i < r->waiting_count; i++) {
		const struct proc_id *p = &r->waiting[i];
		if (p->role != peer->role || p->slot != peer->slot)
			continue;
		r->waiting[i] = r->waiting[--r->waiting_count];
		return r->waiting_count == 0;
	}
	return false;
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	if (!from)
		return;
	if (m->type == IPC_STATUS_ROW)
		add_row(r, &m->u.status_row);
	else if (m->type == IPC_STATUS_END && strike(r, from))
		reply(r);
}

/* The supervisor will say that it is down; that it is silent too says
 * nothing more. */
static void on_gone(struct request *r, const struct proc_id *peer)
{
	if (strike(r, peer))
		reply(r);
}

const struct verb_ops verb_status = { run_status, on_answer, on_gone, reply };
const struct verb_ops verb_partner_list = { run_status, on_answer, on_gone,
					    reply };
