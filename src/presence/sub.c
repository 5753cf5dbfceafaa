/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a subscription: made, refreshed, kept in the store, freed. */
#include <errno.h>
#include <stdlib.h>

#include "presence/sub.h"

enum {
	ARENA_FIRST = 2048,
	ARENA_MAX = 4 * XML_BODY_MAX,
	/* CSeq of a restored dialog: more than any before, as a NOTIFY goes
	 * out once a second at most. Good until 2056. */
	CSEQ_EPOCH_S = 1700000000,
};

/* How many subscriptions one watcher has. */
struct watcher_count {
	struct map_node node;
	size_t count;
	size_t len;
	char aor[];
};

static struct watcher_count *count_find(const struct presence *p,
					struct slice watcher)
{
	struct map_node *n = map_find(&p->watchers, watcher);
	return n ? container_of(n, struct watcher_count, node) : NULL;
}

size_t watcher_subs(const struct presence *p, struct slice watcher)
{
	const struct watcher_count *c = count_find(p, watcher);
	return c ? c->count : 0;
}

static int count_take(struct sub *s)
{
	struct presence *p = s->presence;
	struct slice aor = s->facts.watcher;
	struct watcher_count *c = count_find(p, aor);
	if (!c) {
		c = calloc(1, sizeof(*c) + aor.len + 1);
		if (!c)
			return -ENOMEM;
		c->len = aor.len;
		memcpy(c->aor, aor.ptr, aor.len);
		if (map_insert(&p->watchers, &c->node,
			       slice_of(c->aor, c->len))) {
			free(c);
			return -ENOMEM;
		}
	}
	c->count++;
	s->counted = c;
	return 0;
}

static void count_release(struct sub *s)
{
	struct watcher_count *c = s->counted;
	s->counted = NULL;
	if (!c || --c->count)
		return;
	map_remove(&s->presence->watchers, &c->node);
	free(c);
}

static int copy_texts(struct sub *s, const struct sub_facts *f)
{
	const struct slice *from[] = {
		&f->watcher, &f->to,        &f->call_id,    &f->local,
		&f->remote,  &f->local_tag, &f->remote_tag, &f->target,
		&f->route,   &f->event_id,  &f->list
	};
	struct sub_facts *t = &s->facts;
	struct slice *to[] = { &t->watcher,    &t->to,     &t->call_id,
			       &t->local,      &t->remote, &t->local_tag,
			       &t->remote_tag, &t->target, &t->route,
			       &t->event_id,   &t->list };
	*t = *f;
	for (size_t i = 0; i < sizeof(to) / sizeof(to[0]); i++) {
		*to[i] = arena_copy(s->arena, *from[i]);
		if (from[i]->len && !to[i]->ptr)
			return -ENOMEM;
	}
	return 0;
}

static int make_key(struct arena *a, struct slice call_id, struct slice tag,
		    struct slice *key)
{
	size_t len = call_id.len + 1 + tag.len;
	uint8_t *bytes = arena_alloc(a, len);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, call_id.ptr, call_id.len);
	if (tag.len)
		memcpy(bytes + call_id.len + 1, tag.ptr, tag.len);
	*key = slice_of(bytes, len);
	return 0;
}

static void on_timer(struct timer *t, void *arg)
{
	(void)t;
	sub_due(arg);
}

/* Everything but the watches; what stands is undone by sub_abandon(). */
static int build(struct sub *s, const struct sub_facts *f)
{
	struct presence *p = s->presence;
	int err = copy_texts(s, f);
	if (!err)
		err = make_key(s->arena, s->facts.call_id, s->facts.local_tag,
			       &s->key);
	if (!err)
		err = count_take(s);
	if (!err)
		err = number_take(p, &s->number, NUMBER_SUB);
	if (err)
		return err;
	s->numbered = true;
	s->flow = flow_join(p, &f->flow);
	if (!s->flow)
		return -ENOMEM;
	list_push_back(&s->flow->subs, &s->of_flow);
	err = map_insert(&p->subs, &s->node, s->key);
	s->linked = err == 0;
	return err;
}

int sub_create(struct sub **out, struct presence *p, const struct sub_facts *f)
{
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	struct sub *s = a ? arena_alloc(a, sizeof(*s)) : NULL;
	if (!s) {
		arena_free(a);
		return -ENOMEM;
	}
	s->arena = a;
	s->presence = p;
	s->package = f->package;
	s->full = true;
	timer_init(&s->timer, p->timers, on_timer, s);
	int err = build(s, f);
	if (!err)
		metric_add(M_PRESENCE_SUBSCRIPTIONS, 1);
	if (!err)
		err = s->package->list ? list_begin(s) : watch_add(s, f->to);
	if (err) {
		sub_abandon(s);
		return err;
	}
	*out = s;
	return 0;
}

void sub_abandon(struct sub *s)
{
	struct presence *p = s->presence;
	timer_stop(&s->timer);
	if (s->linked) {
		map_remove(&p->subs, &s->node);
		metric_sub(M_PRESENCE_SUBSCRIPTIONS, 1);
	}
	while (s->watch_count)
		watch_free(s->watches[--s->watch_count]);
	free(s->watches);
	list_remove(&s->of_flow);
	flow_leave(p, s->flow);
	if (s->numbered)
		number_release(p, &s->number);
	count_release(s);
	free(s->target);
	arena_free(s->arena); /* it is in it */
}

static void forget(struct sub *s)
{
	struct presence *p = s->presence;
	const struct presence_row row = { .kind = PRESENCE_SUBSCRIPTION,
					  .aor = s->facts.to,
					  .id = s->key };
	if (s->saved)
		p->ops.save(p->arg, &row);
	s->saved = false;
}

void sub_free(struct sub *s)
{
	forget(s);
	sub_abandon(s);
}

struct sub *sub_find(const struct presence *p, struct slice call_id,
		     struct slice local_tag)
{
	struct slice key;
	struct arena *a = arena_create(256, 4096 + call_id.len + local_tag.len);
	struct map_node *n = NULL;
	if (a && !make_key(a, call_id, local_tag, &key))
		n = map_find(&p->subs, key);
	arena_free(a);
	return n ? container_of(n, struct sub, node) : NULL;
}

struct slice sub_target(const struct sub *s)
{
	return s->target ? slice_str(s->target) : s->facts.target;
}

unsigned sub_version(const struct sub *s)
{
	return s->facts.local_cseq ? s->facts.local_cseq - 1 : 0;
}

static int move_flow(struct sub *s, const struct presence_flow *flow)
{
	struct flow_users *f = flow_join(s->presence, flow);
	if (!f)
		return -ENOMEM;
	list_remove(&s->of_flow);
	list_push_back(&f->subs, &s->of_flow);
	if (f != s->flow)
		flow_leave(s->presence, s->flow);
	s->flow = f;
	s->facts.flow = *flow;
	return 0;
}

int sub_refresh(struct sub *s, const struct sub_facts *f)
{
	char *target = NULL;
	if (!slice_eq(f->target, sub_target(s))) {
		target = slice_strdup(f->target);
		if (!target)
			return -ENOMEM;
	}
	if (move_flow(s, &f->flow)) {
		free(target);
		return -ENOMEM;
	}
	if (target) {
		free(s->target);
		s->target = target;
	}
	s->facts.remote_cseq = f->remote_cseq;
	s->facts.expires_s = f->expires_s;
	s->tries = 0;
	s->retry_ms = 0;
	s->full = true;
	return 0;
}

void sub_save(struct sub *s)
{
	struct presence *p = s->presence;
	struct sub_facts f = s->facts;
	struct buf b;
	f.target = sub_target(s);
	buf_init(&b, 0);
	sub_encode(&b, &f);
	const struct presence_row row = { .kind = PRESENCE_SUBSCRIPTION,
					  .aor = s->facts.to,
					  .id = s->key,
					  .record = buf_slice(&b),
					  .expires_s = s->facts.expires_s };
	if (!buf_failed(&b)) {
		p->ops.save(p->arg, &row);
		s->saved = true;
	}
	buf_free(&b);
}

int sub_restore(struct presence *p, const struct presence_row *row)
{
	struct sub_facts f;
	struct sub *s = NULL;
	if (sub_decode(row->record, &f) || !slice_eq(f.to, row->aor))
		return -EBADMSG;
	if (sub_find(p, f.call_id, f.local_tag))
		return 0;
	uint64_t now_s = p->ops.wall_s(p->arg);
	uint32_t least =
		now_s > CSEQ_EPOCH_S ? (uint32_t)(now_s - CSEQ_EPOCH_S) * 2 : 0;
	if (f.local_cseq < least)
		f.local_cseq = least;
	f.expires_s = row->expires_s;
	int err = sub_create(&s, p, &f);
	if (err)
		return err == -ENOMEM ? err : -EBADMSG;
	s->saved = true;
	sub_poke(s);
	return 0;
}
