/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partner.test: a worker tries a partner out; what it finds is passed on step
 * by step, and told again as a whole at the end. It changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/admin_int.h"
#include "admin/json.h"

/* More than the longest step of a worker takes. */
enum { PATIENCE_MS = 20000, STEPS_MAX = 64 };

static const char *const states[TRIAL_STATE_COUNT] = {
	[TRIAL_PASS] = "pass", [TRIAL_WARN] = "warn", [TRIAL_FAIL] = "fail"
};

/* The first that is there; -1: none is. */
static int64_t any_worker(const struct admin *a)
{
	for (uint32_t slot = 0; slot < SLOTS_MAX; slot++) {
		const struct neighbour *n = neighbour_find(a, PROC_EDGE, slot);
		if (!n)
			break;
		if (n->connected)
			return slot;
	}
	return -1;
}

static void run_test(struct request *r)
{
	struct admin *a = r->admin;
	const struct ipc_trial m = { .id = r->ask,
				     .domain = ctl_request_arg(r, "domain") };
	int64_t slot = any_worker(a);
	r->result = json_array();
	r->waiting = calloc(1, sizeof(*r->waiting));
	if (!r->result || !r->waiting) {
		ctl_request_done(r, NULL);
		return;
	}
	r->waiting->role = PROC_EDGE;
	r->waiting->slot = (uint32_t)slot;
	if (slot < 0 ||
	    a->ops.send(a->arg, PROC_EDGE, (uint32_t)slot, IPC_TRIAL, &m)) {
		ctl_request_fail(r, "no worker can be asked now; try again");
		return;
	}
	ctl_request_deadline(r, PATIENCE_MS);
}

static json_t *step_of(const struct ipc_trial_step *m)
{
	return json_pack(
		"{s:o,s:s,s:I,s:i,s:o,s:o}", "step", json_text(m->step),
		"state",
		states[m->state < TRIAL_STATE_COUNT ? m->state : TRIAL_FAIL],
		"ms", (json_int_t)m->ms, "diagnostics", (int)m->diagnostics,
		"why", json_text(m->why), "text", json_text(m->text));
}

static void on_step(struct request *r, const struct ipc_trial_step *m)
{
	json_t *step = step_of(m);
	if (json_array_size(r->result) == STEPS_MAX ||
	    json_array_append(r->result, step)) {
		json_decref(step);
		return;
	}
	ctl_request_step(r, step);
	ctl_request_deadline(r, PATIENCE_MS);
}

static bool any_failed(const json_t *steps)
{
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		const char *state =
			json_string_value(json_object_get(step, "state"));
		if (!strcmp(state, states[TRIAL_FAIL]))
			return true;
	}
	return false;
}

static void on_end(struct request *r)
{
	if (!json_array_size(r->result)) {
		ctl_request_fail(r, "the worker has too many such tests, or "
				    "is stopping; try again");
		return;
	}
	ctl_request_done(r,
			 json_pack("{s:b,s:O}", "failed", any_failed(r->result),
				   "steps", r->result));
}

static bool is_asked(const struct request *r, const struct proc_id *p)
{
	return r->waiting && p->role == r->waiting->role &&
	       p->slot == r->waiting->slot;
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	if (!from || !is_asked(r, from))
		return;
	if (m->type == IPC_TRIAL_STEP)
		on_step(r, &m->u.trial_step);
	else if (m->type == IPC_TRIAL_END)
		on_end(r);
}

static void on_gone(struct request *r, const struct proc_id *peer)
{
	if (is_asked(r, peer))
		ctl_request_fail(r, "the worker has ended meanwhile; try "
				    "again");
}

const struct verb_ops verb_partner_test = { run_test, on_answer, on_gone,
					    NULL };
