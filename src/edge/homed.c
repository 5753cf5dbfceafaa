/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for home to say whether their sender is one of its users.
 */
#include "edge/homed.h"

#include "edge/walk.h"

int homed_create(struct edge *e)
{
	return asks_init(&e->homed_asks);
}

void homed_free(struct edge *e)
{
	asks_free(&e->homed_asks);
}

enum access_homed homed_ask(struct edge *e, struct proxy_request *r,
			    struct slice aor)
{
	const struct ipc_homed_get get = { .id = proxy_request_id(r),
					   .aor = aor };
	if (e->current->conf->inside.external)
		return ACCESS_HOMED_NOT; /* the servers inside know */
	if (!e->home.incarnation ||
	    asks_add(&e->homed_asks, get.id, 0, timers_now(e->timers)))
		return ACCESS_HOMED_FAILED;
	if (e->ops->send(e->arg, PROC_HOME, 0, IPC_HOMED_GET, &get)) {
		asks_take(&e->homed_asks, get.id, 0);
		return ACCESS_HOMED_FAILED;
	}
	return ACCESS_HOMED_UNKNOWN;
}

/* The request may have ended by now. */
static void settle(struct edge *e, uint64_t id, enum access_homed homed)
{
	struct proxy_request *r = proxy_request_find(e->proxy, id);
	if (r)
		walk_judge_homed(e, r, homed);
}

void homed_on_answer(struct edge *e, const struct proc_id *from,
		     const struct ipc_msg *m)
{
	const struct ipc_homed *answer = &m->u.homed;
	enum access_homed homed =
		answer->here ? ACCESS_HOMED_HERE : ACCESS_HOMED_NOT;
	if (asks_take(&e->homed_asks, answer->id, from->slot))
		settle(e, answer->id,
		       answer->error ? ACCESS_HOMED_FAILED : homed);
}

void homed_home_gone(struct edge *e)
{
	uint64_t id;
	while (e->proxy && asks_take_of(&e->homed_asks, 0, &id))
		settle(e, id, ACCESS_HOMED_FAILED);
}

void homed_sweep(struct edge *e)
{
	uint64_t id;
	while (asks_take_late(&e->homed_asks, timers_now(e->timers), &id))
		settle(e, id, ACCESS_HOMED_FAILED);
}
