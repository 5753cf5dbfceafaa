/* SPDX-License-Identifier: Apache-2.0 */
/* reload, drain, log.level: asked of the supervisor, which does them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_int.h"

static void operate(struct request *r, enum operate_verb verb, uint32_t value)
{
	struct admin *a = r->admin;
	const struct ipc_operate m = { .id = r->ask,
				       .verb = (uint8_t)verb,
				       .value = value };
	if (a->ops.to_supervisor(a->arg, IPC_OPERATE, &m))
		ctl_request_fail(r,
				 "the supervisor does not take it; try again");
	else
		ctl_request_deadline(r, ipc_type_deadline_ms(IPC_OPERATE));
}

/* Ours is the new one already when the answer comes. */
static void note_generations(struct request *r, uint32_t before, uint32_t after)
{
	char old[CHANGE_MAX], new[CHANGE_MAX] = "";
	snprintf(old, sizeof(old), "generation %u", (unsigned)before);
	if (after)
		snprintf(new, sizeof(new), "generation %u", (unsigned)after);
	ctl_request_change(r, old, new);
}

static void run_reload(struct request *r)
{
	r->generation = r->admin->generation;
	note_generations(r, r->generation, 0);
	operate(r, OPERATE_RELOAD, 0);
}

static void run_drain(struct request *r)
{
	ctl_request_change(r, NULL, "draining");
	operate(r, OPERATE_DRAIN, 0);
}

static void run_log_level(struct request *r)
{
	enum log_level level;
	if (log_level_parse(ctl_request_arg(r, "level"), &level))
		ctl_request_fail(r, "level is one of error, warn, info, debug");
	else {
		ctl_request_change(r, log_level_name(log_get_level()),
				   log_level_name(level));
		operate(r, OPERATE_LOG_LEVEL, level);
	}
}

static json_t *result_of(const struct request *r, uint32_t generation)
{
	if (r->command->ops != &verb_reload)
		return json_object();
	return json_pack("{s:I}", "generation", (json_int_t)generation);
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	const struct ipc_operated *o = &m->u.operated;
	if (from || m->type != IPC_OPERATED)
		return;
	if (o->error.len) {
		ctl_request_fail(r, "%.*s",
				 SLICE_FMT(slice_head(o->error, 1024)));
		return;
	}
	if (r->command->ops == &verb_reload)
		note_generations(r, r->generation, o->generation);
	if (o->generation > r->admin->generation)
		r->admin->generation = o->generation;
	ctl_request_done(r, result_of(r, o->generation));
}

const struct verb_ops verb_reload = { .run = run_reload, .answer = on_answer };
const struct verb_ops verb_drain = { .run = run_drain, .answer = on_answer };
const struct verb_ops verb_log_level = { .run = run_log_level,
					 .answer = on_answer };
