/* SPDX-License-Identifier: Apache-2.0 */
/* Making and ending presence; presentities; connections and numbers. */
#include "presence/presence.h"

#include <errno.h>
#include <stdlib.h>

#include "presence/sub.h"

static int tables_make(struct presence *p)
{
	struct map *maps[] = { &p->presentities, &p->subs,  &p->ids,
			       &p->backends,     &p->flows, &p->watchers };
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		int err = map_init(maps[i]);
		if (err)
			return err;
	}
	return 0;
}

int presence_create(struct presence **out, struct timers *timers,
		    const struct presence_conf *conf,
		    const struct presence_ops *ops, void *arg)
{
	struct presence *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->timers = timers;
	p->conf = conf;
	p->ops = *ops;
	p->arg = arg;
	int err = tables_make(p);
	if (err) {
		presence_free(p);
		return err;
	}
	*out = p;
	return 0;
}

static void abandon_sub(struct map_node *n, void *arg)
{
	(void)arg;
	sub_abandon(container_of(n, struct sub, node));
}

/* The last publication takes the presentity with it. */
static void abandon_publications(struct map_node *n, void *arg)
{
	struct presentity *e = container_of(n, struct presentity, node);
	(void)arg;
	for (size_t left = e->publication_count; left; left--)
		publication_free(container_of(e->publications.next,
					      struct publication,
					      of_presentity),
				 false);
}

static void free_presentity(struct map_node *n, void *arg)
{
	struct presentity *e = container_of(n, struct presentity, node);
	(void)arg;
	e->paid_ms = 0;
	presentity_drop(e);
}

void presence_free(struct presence *p)
{
	if (!p)
		return;
	p->open = false;
	if (p->subs.slots)
		map_each(&p->subs, abandon_sub, NULL);
	if (p->presentities.slots) {
		map_each(&p->presentities, abandon_publications, NULL);
		map_each(&p->presentities, free_presentity, NULL);
	}
	map_free(&p->presentities);
	map_free(&p->subs);
	map_free(&p->ids);
	map_free(&p->backends);
	map_free(&p->flows);
	map_free(&p->watchers);
	free(p);
}

void presence_configure(struct presence *p, const struct presence_conf *conf)
{
	p->conf = conf;
}

static void poke(struct map_node *n, void *arg)
{
	(void)arg;
	sub_poke(container_of(n, struct sub, node));
}

void presence_open(struct presence *p)
{
	p->open = true;
	map_each(&p->subs, poke, NULL);
}

struct presentity *presentity_find(const struct presence *p, struct slice aor)
{
	struct map_node *n = map_find(&p->presentities, aor);
	return n ? container_of(n, struct presentity, node) : NULL;
}

static void on_linger(struct timer *t, void *arg)
{
	(void)t;
	presentity_drop(arg);
}

struct presentity *presentity_get(struct presence *p, struct slice aor)
{
	struct presentity *e = presentity_find(p, aor);
	if (e)
		return e;
	e = calloc(1, sizeof(*e) + aor.len + 1);
	if (!e)
		return NULL;
	e->presence = p;
	e->aor_len = aor.len;
	memcpy(e->aor, aor.ptr, aor.len);
	list_init(&e->publications);
	list_init(&e->watches);
	buf_init(&e->doc, 0);
	timer_init(&e->linger, p->timers, on_linger, e);
	if (map_insert(&p->presentities, &e->node,
		       slice_of(e->aor, e->aor_len))) {
		free(e);
		return NULL;
	}
	return e;
}

void presentity_drop(struct presentity *e)
{
	struct presence *p = e->presence;
	uint64_t now = timers_now(p->timers);
	if (e->watch_count || e->publication_count)
		return;
	if (e->paid_ms > now) {
		timer_start(&e->linger, e->paid_ms - now);
		return;
	}
	timer_stop(&e->linger);
	map_remove(&p->presentities, &e->node);
	buf_free(&e->doc);
	free(e);
}

void presentity_changed(struct presentity *e, unsigned changes)
{
	if (changes & (CHANGE_STATE | CHANGE_DEVICES))
		buf_reset(&e->doc);
	LIST_EACH (it, tmp, &e->watches) {
		struct watch *w = container_of(it, struct watch, of_presentity);
		if (!(w->sub->package->changes & changes))
			continue;
		w->dirty = true;
		sub_poke(w->sub);
	}
}

struct implicit {
	const struct presentity *of;
	bool found;
};

/* A device whose connection has published nothing. */
static void find_silent(void *arg, const struct presence_device *d)
{
	struct implicit *i = arg;
	bool published = false;
	LIST_EACH (it, tmp, &i->of->publications) {
		const struct publication *pub =
			container_of(it, struct publication, of_presentity);
		const struct presence_flow *f = &pub->flow->flow;
		published |= f->slot == d->flow.slot &&
			     f->incarnation == d->flow.incarnation &&
			     f->flow == d->flow.flow;
	}
	i->found |= !published;
}

struct slice presentity_doc(struct presentity *e)
{
	struct presence *p = e->presence;
	struct implicit implicit = { .of = e };
	struct pidf_state state = { .aor = slice_of(e->aor, e->aor_len) };
	if (e->doc.len)
		return buf_slice(&e->doc);
	const struct pidf **docs =
		calloc(e->publication_count + 1, sizeof(const struct pidf *));
	if (!docs)
		return SLICE_NONE;
	LIST_EACH (it, tmp, &e->publications)
		docs[state.count++] =
			&container_of(it, struct publication, of_presentity)
				 ->pidf;
	p->ops.devices(p->arg, state.aor, find_silent, &implicit);
	state.docs = docs;
	state.implicit =
		implicit.found ? PIDF_IMPLICIT_OPEN : PIDF_IMPLICIT_NONE;
	pidf_compose(&e->doc, &state);
	free(docs);
	if (buf_failed(&e->doc))
		buf_reset(&e->doc);
	return buf_slice(&e->doc);
}

static struct slice flow_key(const struct presence_flow *f)
{
	return slice_of(f, sizeof(*f));
}

struct flow_users *flow_join(struct presence *p,
			     const struct presence_flow *flow)
{
	struct map_node *n = map_find(&p->flows, flow_key(flow));
	if (n)
		return container_of(n, struct flow_users, node);
	struct flow_users *f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->flow = *flow;
	list_init(&f->subs);
	list_init(&f->publications);
	if (map_insert(&p->flows, &f->node, flow_key(&f->flow))) {
		free(f);
		return NULL;
	}
	return f;
}

void flow_leave(struct presence *p, struct flow_users *f)
{
	if (!f || !list_empty(&f->subs) || !list_empty(&f->publications))
		return;
	map_remove(&p->flows, &f->node);
	free(f);
}

/* The last member takes it along, so it is counted first. */
static void flow_end(struct flow_users *f)
{
	size_t subs = 0, publications = 0;
	LIST_EACH (it, tmp, &f->subs)
		subs++;
	LIST_EACH (it, tmp, &f->publications)
		publications++;
	struct list *next = f->publications.next;
	for (; publications; publications--) {
		struct publication *pub =
			container_of(next, struct publication, of_flow);
		next = next->next;
		publication_free(pub, true);
	}
	if (!subs)
		return;
	next = f->subs.next;
	for (; subs; subs--) {
		struct sub *s = container_of(next, struct sub, of_flow);
		next = next->next;
		sub_free(s);
	}
}

static void end_if(struct map_node *n, void *arg)
{
	struct flow_users *f = container_of(n, struct flow_users, node);
	const struct presence_flow *down = arg;
	if (f->flow.flow && f->flow.slot == down->slot &&
	    f->flow.incarnation == down->incarnation)
		flow_end(f);
}

void presence_flow_down(struct presence *p, const struct presence_flow *flow)
{
	struct presence_flow down = *flow;
	struct map_node *n;
	if (!flow->flow)
		map_each(&p->flows, end_if, &down);
	else if ((n = map_find(&p->flows, flow_key(&down))))
		flow_end(container_of(n, struct flow_users, node));
}

static void end_unless(struct map_node *n, void *arg)
{
	struct flow_users *f = container_of(n, struct flow_users, node);
	const struct presence_flow *up = arg;
	if (f->flow.flow && f->flow.slot == up->slot &&
	    f->flow.incarnation != up->incarnation)
		flow_end(f);
}

void presence_worker_up(struct presence *p, uint32_t slot, uint32_t incarnation)
{
	struct presence_flow up = { slot, incarnation, 0 };
	map_each(&p->flows, end_unless, &up);
}

int number_take(struct presence *p, struct numbered *n, int kind)
{
	n->id = ++p->next_id;
	n->kind = kind;
	return map_insert(&p->ids, &n->node, map_key_u64(&n->id));
}

void number_release(struct presence *p, struct numbered *n)
{
	map_remove(&p->ids, &n->node);
}

void presence_devices_changed(struct presence *p, struct slice aor)
{
	struct presentity *e = presentity_find(p, aor);
	if (e)
		presentity_changed(e, CHANGE_STATE | CHANGE_DEVICES);
}

static void end_of_user(struct map_node *n, void *arg)
{
	struct sub *s = container_of(n, struct sub, node);
	const struct slice *aor = arg;
	if (slice_eq(s->facts.to, *aor) ||
	    (s->facts.ours && slice_eq(s->facts.watcher, *aor)))
		sub_end(s, SUB_NORESOURCE);
}

void presence_user_gone(struct presence *p, struct slice aor)
{
	struct presentity *e = presentity_find(p, aor);
	for (size_t left = e ? e->publication_count : 0; left; left--)
		publication_free(container_of(e->publications.next,
					      struct publication,
					      of_presentity),
				 true);
	map_each(&p->subs, end_of_user, &aor);
}

int presence_restore(struct presence *p, const struct presence_row *row)
{
	if (row->expires_s <= p->ops.wall_s(p->arg))
		return -EBADMSG;
	if (row->kind == PRESENCE_SUBSCRIPTION)
		return sub_restore(p, row);
	return row->kind == PRESENCE_PUBLICATION ? publication_restore(p, row)
						 : -EBADMSG;
}

bool presence_knows(const struct presence *p, struct slice aor)
{
	return presentity_find(p, aor) || watcher_subs(p, aor);
}

struct presence_counts presence_count(const struct presence *p)
{
	return (struct presence_counts){
		.subscriptions = p->subs.count,
		.publications = p->publication_count,
		.watched = p->presentities.count,
	};
}
