/* SPDX-License-Identifier: Apache-2.0 */
/* Questions to the store that wait for their answer, each with a deadline.
 * Every one is answered exactly once: by the store, its deadline, or the end
 * of the store. */
#include "home/home_int.h"
#include "home/store_link.h"

#include <errno.h>
#include <stdlib.h>

static void detach(struct pending *p)
{
	timer_stop(&p->timer);
	list_remove(&p->order);
	map_remove(&p->home->pendings, &p->node);
}

static void finish(struct pending *p, int err)
{
	detach(p);
	p->done(p->home, p, err);
	free(p);
}

static void on_deadline(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, -ETIMEDOUT);
}

void pending_keep(struct pending *p)
{
	timer_start(&p->timer, ipc_type_deadline_ms(IPC_BINDING_LIST));
}

int pending_ask(struct home *h, const struct pending_ask *ask,
		struct pending **out)
{
	if (!h->store_up)
		return -EPIPE;
	struct pending *p = calloc(1, sizeof(*p) + ask->text.len);
	if (!p)
		return -ENOMEM;
	p->home = h;
	p->id = h->next_id++;
	p->call = ask->call;
	p->edge = ask->edge;
	p->done = ask->done;
	p->text_len = ask->text.len;
	if (ask->text.len)
		memcpy(p->text, ask->text.ptr, ask->text.len);
	int err = map_insert(&h->pendings, &p->node, map_key_u64(&p->id));
	if (err) {
		free(p);
		return err;
	}
	list_push_back(&h->pending_order, &p->order);
	timer_init(&p->timer, h->timers, on_deadline, p);
	timer_start(&p->timer, ipc_type_deadline_ms(ask->type));
	*ask->id = p->id;
	if (out)
		*out = p;
	err = h->ops.to_store(h->arg, ask->type, ask->body);
	if (!err)
		return 0;
	if (out)
		*out = NULL;
	detach(p);
	free(p);
	return err;
}

struct pending *pending_find(struct home *h, uint64_t id)
{
	struct map_node *n = map_find(&h->pendings, map_key_u64(&id));
	return n ? container_of(n, struct pending, node) : NULL;
}

void pending_on_result(struct home *h, const struct ipc_store_result *m)
{
	struct pending *p = pending_find(h, m->id);
	if (p)
		finish(p, m->error > INT32_MAX ? -EIO : -(int)m->error);
}

/* The store is marked as gone before: no callback asks anything new, and none
 * ends another's question. */
void pending_fail_all(struct home *h)
{
	LIST_EACH (it, tmp, &h->pending_order)
		finish(container_of(it, struct pending, order), -EPIPE);
}

void pending_free_all(struct home *h)
{
	LIST_EACH (it, tmp, &h->pending_order) {
		struct pending *p = container_of(it, struct pending, order);
		detach(p);
		free(p);
	}
}
