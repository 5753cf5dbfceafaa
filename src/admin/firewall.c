/* SPDX-License-Identifier: Apache-2.0 */
/* The verb firewall; with strict, after the resolver was asked for each
 * partner. */
#include <errno.h>

#include "admin/admin_int.h"
#include "admin/strict.h"
#include "admin/tables.h"
#include "ipc/targets.h"
#include "loop/loop.h"

enum { AT_ONCE = 16, PATIENCE_MS = 7000 };

static struct slice on_arg(void *arg, const char *name)
{
	return ctl_request_arg(arg, name);
}

static json_t *whole(const struct buf *b)
{
	return json_stringn(b->len ? (const char *)b->ptr : "", b->len);
}

static void print(struct request *r)
{
	struct strict *s = r->state;
	const struct tables_ask ask = {
		.arg = on_arg,
		.arg_of = r,
		.strict = s ? strict_snapshot(s, loop_wall_ms()) : NULL,
	};
	char error[TABLES_ERROR_MAX] = "out of memory";
	struct buf out, warnings;
	buf_init(&out, 0);
	buf_init(&warnings, 0);
	if (s)
		strict_warnings(s, &warnings);
	if (tables_firewall(r->admin->conf, &ask, &out, &warnings, error))
		ctl_request_fail(r, "%s", error);
	else
		ctl_request_done(r, json_pack("{s:o,s:o}", "text", whole(&out),
					      "warnings", whole(&warnings)));
	buf_free(&out);
	buf_free(&warnings);
}

static int ask_one(struct request *r, const struct strict_question *q)
{
	struct admin *a = r->admin;
	const struct ipc_targets_get m = {
		.id = r->ask,
		.kind = q->domain ? IPC_TARGETS_DOMAIN : IPC_TARGETS_HOST,
		.port = q->domain ? 0 : q->port,
		.name = q->name,
	};
	return a->ops.send(a->arg, PROC_RESOLVER, 0, IPC_TARGETS_GET, &m);
}

/* Some questions at a time; when all are answered, the rules. */
static void go_on(struct request *r)
{
	struct strict_question q;
	while (r->waiting_count < AT_ONCE && strict_next(r->state, &q)) {
		if (ask_one(r, &q)) {
			ctl_request_fail(r, "the resolver process cannot be "
					    "asked now; try again");
			return;
		}
		r->waiting_count++;
	}
	if (r->waiting_count)
		ctl_request_deadline(r, PATIENCE_MS);
	else
		print(r);
}

static void state_free(void *state)
{
	strict_free(state);
}

static void run_firewall(struct request *r)
{
	struct strict *s = NULL;
	if (!r->admin->conf) {
		ctl_request_fail(r, "the server is still starting");
		return;
	}
	if (!slice_eq(ctl_request_arg(r, "strict"), SLICE_LIT("yes"))) {
		print(r);
		return;
	}
	if (strict_create(&s, r->admin->conf)) {
		ctl_request_done(r, NULL);
		return;
	}
	r->state = s;
	r->state_free = state_free;
	go_on(r);
}

static int take(struct strict *s, const struct ipc_targets *m)
{
	struct cur c = cur_init(m->targets);
	struct ipc_target t;
	int err;
	while ((err = ipc_target_next(&c, &t)) > 0)
		for (size_t i = 0; i < t.count; i++)
			if (strict_take(s, &t.addr[i]))
				return -ENOMEM;
	return err;
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	if (!from || from->role != PROC_RESOLVER || m->type != IPC_TARGETS ||
	    !r->state || !r->waiting_count)
		return;
	r->waiting_count--;
	if (m->u.targets.error)
		strict_missed(r->state, m->u.targets.text);
	else if (take(r->state, &m->u.targets)) {
		ctl_request_fail(r, "the resolver's answer cannot be used");
		return;
	}
	go_on(r);
}

static void on_gone(struct request *r, const struct proc_id *peer)
{
	if (peer->role == PROC_RESOLVER && r->waiting_count)
		ctl_request_fail(r, "the resolver process has ended; try "
				    "again");
}

const struct verb_ops verb_firewall = { run_firewall, on_answer, on_gone,
					NULL };
