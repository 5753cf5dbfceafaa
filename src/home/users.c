/* SPDX-License-Identifier: Apache-2.0 */
/*
 * User records: asked of the store, kept in a bounded cache until the store
 * says that one has changed. That there is no such user is kept as well, so
 * that asking again takes the same time in both cases (SIP-21). Requests for
 * somebody who is being asked for wait in line: none overtakes another.
 */
#include "home/home_int.h"
#include "home/store_link.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"

/* Answers for users that do not exist are computed with these. */
static int dummies_make(struct home *h)
{
	uint8_t bytes[SHA256_BYTES];
	int err = crypto_random(bytes, sizeof(bytes));
	if (err)
		return err;
	text_hex(slice_of(bytes, sizeof(bytes)), h->dummy_ha1[SIP_ALG_SHA256]);
	text_hex(slice_of(bytes, MD5_BYTES), h->dummy_ha1[SIP_ALG_MD5]);
	return 0;
}

/* A request that waits for a record. */
struct waiter {
	struct list in_line;
	uint64_t call;
	user_fn fn;
};

/* One question to the store, and who waits for its answer. */
struct user_line {
	struct map_node node;
	struct list waiters;
	char aor[];
};

int users_init(struct home *h)
{
	list_init(&h->users_lru);
	int err = map_init(&h->users);
	if (!err)
		err = map_init(&h->user_lines);
	return err ? err : dummies_make(h);
}

static void line_free(struct user_line *l)
{
	LIST_EACH (it, tmp, &l->waiters)
		free(container_of(it, struct waiter, in_line));
	free(l);
}

static void drop_line(struct map_node *n, void *arg)
{
	struct home *h = arg;
	map_remove(&h->user_lines, n);
	line_free(container_of(n, struct user_line, node));
}

static void forget(struct home *h, struct user *u)
{
	list_remove(&u->lru);
	map_remove(&h->users, &u->node);
	crypto_wipe(u->ha1, sizeof(u->ha1));
	free(u);
}

void users_flush(struct home *h)
{
	LIST_EACH (it, tmp, &h->users_lru)
		forget(h, container_of(it, struct user, lru));
}

void users_free(struct home *h)
{
	if (h->users.slots)
		users_flush(h);
	map_free(&h->users);
	if (h->user_lines.slots)
		map_each(&h->user_lines, drop_line, h);
	map_free(&h->user_lines);
}

static struct user *cached(struct home *h, struct slice aor)
{
	struct map_node *n = map_find(&h->users, aor);
	return n ? container_of(n, struct user, node) : NULL;
}

static struct user *remember(struct home *h, struct slice aor)
{
	struct user *u = cached(h, aor);
	if (u)
		forget(h, u);
	if (h->users.count >= HOME_USERS_MAX)
		forget(h, container_of(h->users_lru.next, struct user, lru));
	u = calloc(1, sizeof(*u) + aor.len);
	if (!u)
		return NULL;
	u->aor_len = aor.len;
	memcpy(u->aor, aor.ptr, aor.len);
	if (map_insert(&h->users, &u->node, slice_of(u->aor, u->aor_len))) {
		free(u);
		return NULL;
	}
	list_push_back(&h->users_lru, &u->lru);
	return u;
}

void users_on_user(struct home *h, const struct ipc_user *m)
{
	struct pending *p = pending_find(h, m->id);
	if (!p || !slice_eq(m->aor, slice_of(p->text, p->text_len)))
		return;
	struct user *u = remember(h, m->aor);
	if (!u)
		return;
	u->disabled = m->disabled != 0;
	/* a hash of another length can never match an answer */
	(void)slice_cstr(m->ha1_sha256, u->ha1[SIP_ALG_SHA256], SIP_HA_MAX);
	(void)slice_cstr(m->ha1_md5, u->ha1[SIP_ALG_MD5], SIP_HA_MAX);
	p->found = true;
}

int users_outcome(struct home *h, struct pending *p, int err, struct user **u)
{
	struct slice aor = slice_of(p->text, p->text_len);
	*u = NULL;
	if (err && err != -ENOENT)
		return err;
	if (err == -ENOENT) {
		struct user *none = remember(h, aor);
		if (none)
			none->absent = true;
		return 0;
	}
	*u = p->found ? cached(h, aor) : NULL;
	return *u ? 0 : -ENOMEM; /* it came, but there was no room for it */
}

struct user *users_cached(struct home *h, struct slice aor)
{
	struct user *u = cached(h, aor);
	if (u) {
		list_remove(&u->lru);
		list_push_back(&h->users_lru, &u->lru);
	}
	return u;
}

/* how: who waits, and for what. */
static int ask(struct home *h, struct slice aor, const struct pending_ask *how)
{
	struct ipc_user_get get = { .aor = aor };
	struct pending_ask a = *how;
	a.type = IPC_USER_GET;
	a.body = &get;
	a.id = &get.id;
	a.text = aor;
	return pending_ask(h, &a, NULL);
}

int users_ask(struct home *h, struct slice aor, uint64_t number,
	      pending_fn done)
{
	const struct pending_ask how = { .call = number, .done = done };
	return ask(h, aor, &how);
}

static struct user_line *line_find(struct home *h, struct slice aor)
{
	struct map_node *n = map_find(&h->user_lines, aor);
	return n ? container_of(n, struct user_line, node) : NULL;
}

/* One request goes on; with the answer, and the next ones with what is kept
 * then: the record may be gone by what an earlier one did. */
static void serve(struct home *h, const struct waiter *w, struct slice aor,
		  int err)
{
	struct call *q = call_find(h, w->call);
	if (q && err)
		w->fn(q, err, NULL);
	else if (q)
		users_get(q, aor, w->fn);
}

static void on_got(struct home *h, struct pending *p, int err)
{
	struct user *u;
	struct slice aor = slice_of(p->text, p->text_len);
	struct user_line *l = line_find(h, aor);
	err = users_outcome(h, p, err, &u);
	if (!l)
		return;
	/* who asks from now on stands behind nobody */
	map_remove(&h->user_lines, &l->node);
	LIST_EACH (it, tmp, &l->waiters)
		serve(h, container_of(it, struct waiter, in_line), aor, err);
	line_free(l);
}

/* A line for that user, and its question to the store. */
static int line_begin(struct home *h, struct slice aor, struct user_line **out)
{
	const struct pending_ask how = { .done = on_got };
	struct user_line *l = calloc(1, sizeof(*l) + aor.len);
	if (!l)
		return -ENOMEM;
	list_init(&l->waiters);
	memcpy(l->aor, aor.ptr, aor.len);
	int err =
		map_insert(&h->user_lines, &l->node, slice_of(l->aor, aor.len));
	if (err) {
		free(l);
		return err;
	}
	err = ask(h, aor, &how);
	if (err)
		drop_line(&l->node, h);
	else
		*out = l;
	return err;
}

static int wait_in_line(struct call *q, struct slice aor, user_fn fn)
{
	struct user_line *l = line_find(q->home, aor);
	struct waiter *w = malloc(sizeof(*w));
	int err = w ? 0 : -ENOMEM;
	if (!err && !l)
		err = line_begin(q->home, aor, &l);
	if (err) {
		free(w);
		return err;
	}
	*w = (struct waiter){ .call = q->id, .fn = fn };
	list_push_back(&l->waiters, &w->in_line);
	return 0;
}

void users_get(struct call *q, struct slice aor, user_fn fn)
{
	bool line = line_find(q->home, aor) != NULL;
	struct user *u = line ? NULL : users_cached(q->home, aor);
	if (u) {
		fn(q, 0, u->absent ? NULL : u);
		return;
	}
	int err = wait_in_line(q, aor, fn);
	if (err)
		fn(q, err, NULL);
}

static void tell_homed(struct home *h, const struct flow_key *edge,
		       const struct ipc_homed *answer)
{
	if (home_edge_is(h, edge)) /* else nobody waits any more */
		(void)h->ops.to_edge(h->arg, edge->slot, IPC_HOMED, answer);
}

/* Whoever is locked out has an account all the same. */
static void on_homed(struct home *h, struct pending *p, int err)
{
	struct user *u;
	err = users_outcome(h, p, err, &u);
	const struct ipc_homed answer = { .id = p->call,
					  .error = (uint32_t)-err,
					  .here = u != NULL };
	tell_homed(h, &p->edge, &answer);
}

void users_on_homed_get(struct home *h, const struct proc_id *from,
			const struct ipc_homed_get *m)
{
	const struct flow_key edge = { from->slot, from->incarnation, 0 };
	const struct user *u = users_cached(h, m->aor);
	struct ipc_homed answer = { .id = m->id, .here = u && !u->absent };
	const struct pending_ask how = { .call = m->id,
					 .edge = edge,
					 .done = on_homed };
	if (!u && !ask(h, m->aor, &how))
		return;
	answer.error = u ? 0 : EAGAIN;
	tell_homed(h, &edge, &answer);
}

static void lock_out(struct home *h, struct binding *b)
{
	const struct flow_key flow = b->rec.flow;
	const struct ipc_flow_end end = { .flow = flow.flow };
	if (home_edge_is(h, &flow))
		(void)h->ops.to_edge(h->arg, flow.slot, IPC_FLOW_END, &end);
	home_binding_drop(h, b);
}

/* Somebody who is gone or locked out is not online either. */
static void on_checked(struct home *h, struct pending *p, int err)
{
	struct user *u;
	struct slice aor = slice_of(p->text, p->text_len);
	if (users_outcome(h, p, err, &u) || (u && !u->disabled))
		return;
	presence_user_gone(h->presence, aor);
	struct location_user *lu;
	while ((lu = location_find(&h->location, aor)))
		lock_out(h, container_of(lu->bindings.next, struct binding,
					 of_user));
}

void users_on_changed(struct home *h, struct slice aor)
{
	struct user *u = cached(h, aor);
	if (u)
		forget(h, u);
	if (presence_knows(h->presence, aor) ||
	    location_find(&h->location, aor))
		(void)users_ask(h, aor, 0, on_checked);
}
