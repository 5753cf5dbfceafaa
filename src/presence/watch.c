/* SPDX-License-Identifier: Apache-2.0 */
/* One subscription looks at one user: may it, and what was it told. */
#include <errno.h>
#include <stdlib.h>

#include "presence/backend.h"
#include "presence/sub.h"

static void on_retry(struct timer *t, void *arg)
{
	(void)t;
	watch_ask(arg);
}

/* What a watcher sees when nobody says otherwise. */
static enum watch_view view_of_stranger(const struct sub *s)
{
	static const enum watch_view views[] = {
		[PRESENCE_STRANGERS_ALLOW] = VIEW_OPEN,
		[PRESENCE_STRANGERS_ASK] = VIEW_PENDING,
		[PRESENCE_STRANGERS_BLOCK] = VIEW_CLOSED,
	};
	if (s->facts.ours)
		return VIEW_OPEN;
	if (!s->facts.verified)
		return VIEW_PENDING;
	return views[s->presence->conf->outside];
}

static enum watch_view view_of(const struct sub *s, enum presence_rule rule)
{
	switch (rule) {
	case PRESENCE_RULE_NONE:
		return view_of_stranger(s);
	case PRESENCE_RULE_CONTACT:
	case PRESENCE_RULE_ALLOW:
		return VIEW_OPEN;
	case PRESENCE_RULE_BLOCK:
		break;
	}
	return VIEW_CLOSED;
}

static void set_view(struct watch *w, enum watch_view view)
{
	if (w->view == view)
		return;
	w->view = view;
	w->dirty = true;
	if (!w->sub->package->list)
		w->sub->full = true;
	if (w->presentity)
		presentity_changed(w->presentity, CHANGE_WATCHERS);
	sub_poke(w->sub);
}

void watch_ask(struct watch *w)
{
	struct sub *s = w->sub;
	struct presence *p = s->presence;
	struct slice owner = slice_str(w->aor);
	timer_stop(&w->retry);
	if (!w->presentity)
		return;
	if (s->package->own_only || slice_eq(owner, s->facts.watcher))
		set_view(w, VIEW_OPEN);
	else if (p->ops.ask(p->arg, owner, s->facts.watcher, w->number.id))
		timer_start(&w->retry, RULE_RETRY_MS);
}

void presence_rule_is(struct presence *p, uint64_t id, int err,
		      enum presence_rule rule)
{
	struct map_node *n = map_find(&p->ids, map_key_u64(&id));
	struct numbered *number =
		n ? container_of(n, struct numbered, node) : NULL;
	if (!number || number->kind != NUMBER_WATCH)
		return;
	struct watch *w = container_of(number, struct watch, number);
	if (!err)
		set_view(w, view_of(w->sub, rule));
	else
		timer_start(&w->retry, RULE_RETRY_MS);
}

static int grow(struct sub *s)
{
	size_t n = s->watch_count;
	if (n & (n - 1))
		return 0; /* room for the next power of two */
	struct watch **more =
		realloc(s->watches, (n ? 2 * n : 1) * sizeof(struct watch *));
	if (!more)
		return -ENOMEM;
	s->watches = more;
	return 0;
}

int watch_add(struct sub *s, struct slice aor)
{
	struct presence *p = s->presence;
	if (grow(s))
		return -ENOMEM;
	struct watch *w = calloc(1, sizeof(*w) + aor.len + 1);
	if (!w)
		return -ENOMEM;
	memcpy(w->aor, aor.ptr, aor.len);
	w->sub = s;
	w->dirty = true;
	timer_init(&w->retry, p->timers, on_retry, w);
	if (number_take(p, &w->number, NUMBER_WATCH)) {
		free(w);
		return -ENOMEM;
	}
	if (p->ops.ours(p->arg, aor)) {
		w->presentity = presentity_get(p, aor);
		if (!w->presentity) {
			watch_free(w);
			return -ENOMEM;
		}
		w->presentity->watch_count++;
		list_push_back(&w->presentity->watches, &w->of_presentity);
	} else if (backend_begin(w)) {
		watch_free(w);
		return -ENOMEM;
	}
	s->watches[s->watch_count++] = w;
	watch_ask(w);
	return 0;
}

void watch_free(struct watch *w)
{
	struct presentity *e = w->presentity;
	timer_stop(&w->retry);
	backend_end(w->backend);
	number_release(w->sub->presence, &w->number);
	list_remove(&w->of_presentity);
	free(w);
	if (!e)
		return;
	e->watch_count--;
	presentity_changed(e, CHANGE_WATCHERS);
	presentity_drop(e);
}

struct watch *watch_find(const struct sub *s, struct slice aor)
{
	for (size_t i = 0; i < s->watch_count; i++)
		if (slice_eq(slice_str(s->watches[i]->aor), aor))
			return s->watches[i];
	return NULL;
}

void watch_sweep(struct sub *s)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->watch_count; i++) {
		if (s->watches[i]->stale)
			watch_free(s->watches[i]);
		else
			s->watches[kept++] = s->watches[i];
	}
	s->watch_count = kept;
}

static void read_again(struct map_node *n, void *arg)
{
	struct sub *s = container_of(n, struct sub, node);
	const struct slice *owner = arg;
	if (s->package->list && !s->facts.list.len &&
	    slice_eq(s->facts.watcher, *owner))
		(void)list_begin(s); /* without memory the old list stays */
}

void presence_lists_changed(struct presence *p, struct slice owner)
{
	struct presentity *e = presentity_find(p, owner);
	if (e)
		LIST_EACH (it, tmp, &e->watches)
			watch_ask(
				container_of(it, struct watch, of_presentity));
	map_each(&p->subs, read_again, &owner);
}
