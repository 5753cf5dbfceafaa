/* SPDX-License-Identifier: Apache-2.0 */
/* The location table: who can be reached by which contacts, and which of them
 * end with a connection. */
#include "home/location.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"

enum { FLOW_NAME_MAX = 32 };

struct location_flow {
	struct map_node node;
	struct list bindings;
	struct flow_key key;
};

/* The key is hashed as bytes: it must have no padding. */
_Static_assert(sizeof(struct flow_key) == 16, "flow_key has padding");

int location_init(struct location *l, struct timers *timers)
{
	*l = (struct location){ .timers = timers };
	int err = map_init(&l->users);
	return err ? err : map_init(&l->flows);
}

static void remove_one(void *arg, struct binding *b)
{
	location_remove(arg, b);
}

void location_free(struct location *l)
{
	if (l->users.slots)
		location_each(l, remove_one, l);
	map_free(&l->users);
	map_free(&l->flows);
}

static struct slice copy_text(uint8_t **at, struct slice s)
{
	struct slice copy = slice_of(*at, s.len);
	if (s.len)
		memcpy(*at, s.ptr, s.len);
	*at += s.len;
	return copy;
}

/* " reg-id=N <instance>": a space stands in no URI. */
static struct slice flow_name(const struct record *rec,
			      char text[static FLOW_NAME_MAX])
{
	if (!rec->reg_id)
		return SLICE_NONE;
	snprintf(text, FLOW_NAME_MAX, " reg-id=%u ", (unsigned)rec->reg_id);
	return slice_str(text);
}

int binding_create(struct binding **out, const struct record *rec)
{
	char text[FLOW_NAME_MAX];
	struct slice flow = flow_name(rec, text);
	size_t texts = rec->contact.len + flow.len + rec->path.len +
		       rec->call_id.len + rec->instance.len +
		       rec->user_agent.len;
	struct binding *b = calloc(1, sizeof(*b) + texts);
	if (!b)
		return -ENOMEM;
	uint8_t *at = (uint8_t *)(b + 1);
	b->rec = *rec;
	b->rec.contact = copy_text(&at, rec->contact);
	copy_text(&at, flow);
	b->rec.instance = copy_text(&at, rec->instance);
	b->key = b->rec.contact;
	if (flow.len)
		b->key.len += flow.len + b->rec.instance.len;
	b->rec.path = copy_text(&at, rec->path);
	b->rec.call_id = copy_text(&at, rec->call_id);
	b->rec.user_agent = copy_text(&at, rec->user_agent);
	if (sip_uri_parse(b->rec.contact, &b->uri)) {
		free(b);
		return -EINVAL;
	}
	*out = b;
	return 0;
}

void binding_free(struct binding *b)
{
	free(b);
}

static struct location_user *user_get(struct location *l, struct slice aor)
{
	struct location_user *u = location_find(l, aor);
	if (u)
		return u;
	u = calloc(1, sizeof(*u) + aor.len);
	if (!u)
		return NULL;
	list_init(&u->bindings);
	u->aor_len = aor.len;
	memcpy(u->aor, aor.ptr, aor.len);
	if (map_insert(&l->users, &u->node, slice_of(u->aor, u->aor_len))) {
		free(u);
		return NULL;
	}
	return u;
}

static struct location_flow *flow_find(const struct location *l,
				       const struct flow_key *key)
{
	struct map_node *n = map_find(&l->flows, slice_of(key, sizeof(*key)));
	return n ? container_of(n, struct location_flow, node) : NULL;
}

static struct location_flow *flow_get(struct location *l,
				      const struct flow_key *key)
{
	struct location_flow *f = flow_find(l, key);
	if (f)
		return f;
	f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	list_init(&f->bindings);
	f->key = *key;
	if (map_insert(&l->flows, &f->node,
		       slice_of(&f->key, sizeof(f->key)))) {
		free(f);
		return NULL;
	}
	return f;
}

static void user_drop_empty(struct location *l, struct location_user *u)
{
	if (!u || !list_empty(&u->bindings))
		return;
	map_remove(&l->users, &u->node);
	free(u);
}

static void flow_drop_empty(struct location *l, struct location_flow *f)
{
	if (!f || !list_empty(&f->bindings))
		return;
	map_remove(&l->flows, &f->node);
	free(f);
}

static void on_expired(struct timer *t, void *arg)
{
	(void)t;
	struct binding *b = arg;
	location_remove(b->location, b);
}

int location_add(struct location *l, struct slice aor, struct binding *b,
		 uint64_t life_s)
{
	struct location_user *u = user_get(l, aor);
	struct location_flow *f = u ? flow_get(l, &b->rec.flow) : NULL;
	if (!f) {
		user_drop_empty(l, u);
		return -ENOMEM;
	}
	b->location = l;
	b->user = u;
	b->holder = f;
	list_push_back(&u->bindings, &b->of_user);
	list_push_back(&f->bindings, &b->of_flow);
	u->count++;
	l->count++;
	metric_set(M_HOME_BINDINGS, l->count);
	timer_init(&b->expiry, l->timers, on_expired, b);
	timer_start(&b->expiry, life_s * 1000);
	if (l->changed)
		l->changed(l->changed_arg, aor);
	return 0;
}

void location_remove(struct location *l, struct binding *b)
{
	timer_stop(&b->expiry);
	list_remove(&b->of_user);
	list_remove(&b->of_flow);
	b->user->count--;
	l->count--;
	metric_set(M_HOME_BINDINGS, l->count);
	char aor[SIP_AOR_MAX];
	bool whole = !slice_cstr(slice_of(b->user->aor, b->user->aor_len), aor,
				 sizeof(aor));
	user_drop_empty(l, b->user);
	flow_drop_empty(l, b->holder);
	binding_free(b);
	if (l->changed && whole)
		l->changed(l->changed_arg, slice_str(aor));
}

struct location_user *location_find(const struct location *l, struct slice aor)
{
	struct map_node *n = map_find(&l->users, aor);
	return n ? container_of(n, struct location_user, node) : NULL;
}

struct binding *location_match(const struct location_user *u,
			       const struct sip_uri *contact)
{
	if (!u)
		return NULL;
	LIST_EACH (it, tmp, &u->bindings) {
		struct binding *b = container_of(it, struct binding, of_user);
		if (sip_uri_equal(&b->uri, contact))
			return b;
	}
	return NULL;
}

struct each {
	struct flow_key key;
	void (*fn)(void *arg, struct binding *b);
	void *arg;
};

/* The user's entry may go with its last binding: the list head is gone then,
 * so the end is known by count. */
static void each_of_user(struct map_node *node, void *arg)
{
	const struct each *e = arg;
	struct location_user *u =
		container_of(node, struct location_user, node);
	struct list *it = u->bindings.next;
	for (size_t left = u->count; left > 0; left--) {
		struct list *next = it->next;
		e->fn(e->arg, container_of(it, struct binding, of_user));
		it = next;
	}
}

void location_each(struct location *l, void (*fn)(void *arg, struct binding *b),
		   void *arg)
{
	struct each e = { .fn = fn, .arg = arg };
	map_each(&l->users, each_of_user, &e);
}

static void each_of_worker(void *arg, struct binding *b)
{
	const struct each *e = arg;
	if (b->rec.flow.slot == e->key.slot &&
	    b->rec.flow.incarnation == e->key.incarnation)
		e->fn(e->arg, b);
}

void location_each_of_flow(struct location *l, const struct flow_key *flow,
			   void (*fn)(void *arg, struct binding *b), void *arg)
{
	struct each e = { .key = *flow, .fn = fn, .arg = arg };
	if (!flow->flow) {
		location_each(l, each_of_worker, &e);
		return;
	}
	struct location_flow *f = flow_find(l, flow);
	size_t left = 0;
	if (f)
		LIST_EACH (it, tmp, &f->bindings)
			left++;
	struct list *it = f ? f->bindings.next : NULL;
	for (; left > 0; left--) {
		struct list *next = it->next;
		fn(arg, container_of(it, struct binding, of_flow));
		it = next;
	}
}
