/* SPDX-License-Identifier: Apache-2.0 */
/* A user is asked for, known, or nobody; each state has its list, bounded, and
 * its time. */
#include "relay/home_users.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"

enum state { ASKED, KNOWN, NOBODY, STATES };

static const size_t room[STATES] = { HOME_ASKED_MAX, HOME_KNOWN_MAX,
				     HOME_NOBODY_MAX };

struct home_user {
	struct map_node node; /* key: of_query() */
	struct list in_state;
	struct timer timer;
	struct relay *relay;
	struct list waiting; /* while ASKED */
	uint64_t id;         /* of the question */
	enum state state;
	int err; /* NOBODY: why */
	struct stun_key md5, sha256;
	size_t aor_len, key_len;
	uint8_t aor[HOME_NAME_MAX];
	uint8_t key[];
};

/* A request as it came. */
struct waiting {
	struct list node;
	struct relay_flow flow;
	const struct relay_dialect *dialect;
	uint8_t ttl, tos;
	size_t len;
	uint8_t bytes[];
};

struct home_users {
	struct map by_key;
	struct list of[STATES]; /* the oldest first */
	size_t count[STATES];
	size_t waiting;
	struct list due;  /* requests that are handled now */
	uint64_t pace_ms; /* questions so far are paid for until then */
	uint64_t last_id;
	struct guesses guesses;
};

int home_users_create(struct home_users **out)
{
	struct home_users *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	*out = h;
	for (size_t i = 0; i < STATES; i++)
		list_init(&h->of[i]);
	list_init(&h->due);
	int err = map_init(&h->by_key);
	return err ? err : guesses_init(&h->guesses, GUESS_MAX);
}

/* ---- requests that wait ---- */

static void drop(struct home_users *h, struct waiting *w)
{
	list_remove(&w->node);
	h->waiting--;
	free(w);
}

static void drop_all(struct home_users *h, struct list *from)
{
	LIST_EACH (it, tmp, from)
		drop(h, container_of(it, struct waiting, node));
}

static bool same(const struct waiting *w, const struct request *q)
{
	return memcmp(&w->flow, q->flow, RELAY_FLOW_KEY) == 0 &&
	       w->len == q->packet->len &&
	       memcmp(w->bytes, q->packet->ptr, w->len) == 0;
}

/* Who comes by datagrams asks again; who comes by a stream does not. */
static int busy(const struct request *q)
{
	if (q->flow->transport != RELAY_UDP && q->flow->transport != RELAY_DTLS)
		return -EBUSY;
	metric_add(M_TURN_UNANSWERED, 1);
	return -EAGAIN;
}

static int await(struct home_users *h, struct home_user *u,
		 const struct request *q)
{
	LIST_EACH (it, tmp, &u->waiting) {
		/* sent again: one answer is enough */
		if (same(container_of(it, struct waiting, node), q))
			return -EAGAIN;
	}
	struct waiting *w = h->waiting < HOME_WAITING_MAX
				    ? malloc(sizeof(*w) + q->packet->len)
				    : NULL;
	if (!w)
		return busy(q);
	*w = (struct waiting){ .flow = *q->flow,
			       .dialect = q->dialect,
			       .ttl = q->packet->ttl,
			       .tos = q->packet->tos,
			       .len = q->packet->len };
	memcpy(w->bytes, q->packet->ptr, w->len);
	list_push_back(&u->waiting, &w->node);
	h->waiting++;
	return -EAGAIN;
}

/* Whoever waited for that user is judged anew. A stream that ends meanwhile
 * takes its requests off the list. */
static void settle(struct relay *r, struct home_user *u)
{
	struct home_users *h = r->home;
	while (!list_empty(&u->waiting))
		list_push_back(&h->due, list_pop(&u->waiting));
	while (!list_empty(&h->due)) {
		struct waiting *w =
			container_of(list_pop(&h->due), struct waiting, node);
		const struct relay_packet p = { .ptr = w->bytes,
						.len = w->len,
						.ttl = w->ttl,
						.tos = w->tos };
		h->waiting--;
		request_handle(r, &w->flow, &p, w->dialect);
		free(w);
	}
}

/* ---- users ---- */

static void forget(struct home_users *h, struct home_user *u)
{
	drop_all(h, &u->waiting);
	timer_stop(&u->timer);
	map_remove(&h->by_key, &u->node);
	list_remove(&u->in_state);
	h->count[u->state]--;
	crypto_wipe(u, sizeof(*u));
	free(u);
}

static void enter(struct home_users *h, struct home_user *u, enum state state,
		  uint64_t ms)
{
	if (list_linked(&u->in_state)) {
		list_remove(&u->in_state);
		h->count[u->state]--;
	}
	if (h->count[state] >= room[state])
		forget(h, container_of(h->of[state].next, struct home_user,
				       in_state));
	u->state = state;
	list_push_back(&h->of[state], &u->in_state);
	h->count[state]++;
	timer_start(&u->timer, ms);
}

static void give_up(struct home_user *u)
{
	u->err = -EBUSY;
	enter(u->relay->home, u, NOBODY, HOME_FAILED_MS);
	settle(u->relay, u);
}

static void on_time(struct timer *t, void *arg)
{
	struct home_user *u = arg;
	(void)t;
	if (u->state == ASKED)
		give_up(u);
	else
		forget(u->relay->home, u);
}

/* Addresses and hashes never look alike: the first byte tells. */
static struct slice of_query(const struct stun_user_query *query,
			     uint8_t out[static HOME_NAME_MAX + 1])
{
	bool named = !slice_empty(query->username);
	struct slice s = named ? query->username : query->userhash;
	out[0] = named ? 'n' : 'h';
	memcpy(out + 1, s.ptr, s.len);
	return slice_of(out, s.len + 1);
}

/* Could it be one? Devices and strangers cost nothing. */
static bool plausible(const struct stun_user_query *query)
{
	struct slice name = query->username;
	if (slice_empty(name))
		return query->userhash.len == SHA256_BYTES;
	return slice_chr(name, '@') > 0 && name.len <= HOME_NAME_MAX;
}

static uint64_t source_of(const struct request *q)
{
	struct addr a = relay_addr_to(&q->flow->client);
	return addr_source(&a);
}

/* Not for the user of the allocation: neighbours behind the same address do
 * not end his call. */
static bool silenced(const struct request *q,
		     const struct stun_user_query *query)
{
	struct relay *r = q->relay;
	bool own = q->alloc && !slice_empty(query->username) &&
		   credential_names(r->hasher, query->username, q->alloc->user);
	return !own &&
	       guesses_blocked(&r->home->guesses, source_of(q), relay_now(r));
}

/* ---- asking ---- */

static bool pace(struct home_users *h, uint64_t now_ms)
{
	const uint64_t burst_ms = (uint64_t)HOME_ASKED_MAX * HOME_ASK_EVERY_MS;
	uint64_t from = h->pace_ms > now_ms ? h->pace_ms : now_ms;
	if (from >= now_ms + burst_ms)
		return false;
	h->pace_ms = from + HOME_ASK_EVERY_MS;
	return true;
}

static struct home_user *add(struct relay *r, struct slice key)
{
	struct home_users *h = r->home;
	struct home_user *u = calloc(1, sizeof(*u) + key.len);
	if (!u)
		return NULL;
	u->relay = r;
	u->id = ++h->last_id;
	u->key_len = key.len;
	memcpy(u->key, key.ptr, key.len);
	list_init(&u->waiting);
	timer_init(&u->timer, r->timers, on_time, u);
	if (map_insert(&h->by_key, &u->node, slice_of(u->key, key.len))) {
		free(u);
		return NULL;
	}
	enter(h, u, ASKED, HOME_ASK_MS);
	return u;
}

static struct home_user *ask(struct relay *r, struct slice key,
			     const struct stun_user_query *query)
{
	struct home_users *h = r->home;
	if (h->count[ASKED] >= HOME_ASKED_MAX || !pace(h, relay_now(r)))
		return NULL;
	struct home_user *u = add(r, key);
	if (!u)
		return NULL;
	const struct relay_key_ask m = { .id = u->id,
					 .name = query->username,
					 .userhash = query->userhash,
					 .realm = query->realm };
	if (r->ops.ask_key(r->arg, &m)) {
		forget(h, u);
		return NULL;
	}
	metric_add(M_TURN_KEYS_ASKED, 1);
	return u;
}

/* ---- requests ---- */

static void failed(const struct request *q)
{
	char text[ADDR_TEXT_MAX];
	struct addr a = relay_addr_to(&q->flow->client);
	if (guesses_failed(&q->relay->home->guesses, source_of(q),
			   relay_now(q->relay)))
		LOG(LOG_WARN, "auth.blocked",
		    KV_STR("source", addr_text(&a, text)),
		    KV_U64("seconds", GUESS_SILENT_MS / 1000));
}

void home_users_wrong(const struct request *q)
{
	failed(q);
}

int home_users_find(struct request *q, const struct stun_user_query *query,
		    struct stun_key *key, struct slice *name)
{
	struct relay *r = q->relay;
	uint8_t bytes[HOME_NAME_MAX + 1];
	if (!r->conf.home_users || !r->ops.ask_key || !plausible(query) ||
	    silenced(q, query))
		return -ENOENT;
	struct slice k = of_query(query, bytes);
	struct map_node *n = map_find(&r->home->by_key, k);
	struct home_user *u =
		n ? container_of(n, struct home_user, node) : ask(r, k, query);
	if (!u || (u->state == NOBODY && u->err == -EBUSY))
		return busy(q);
	if (u->state == ASKED)
		return await(r->home, u, q);
	if (u->state == NOBODY) {
		if (u->err == -ENOENT)
			failed(q);
		return -ENOENT;
	}
	q->by_home = true;
	*key = query->algorithm == STUN_SHA256 ? u->sha256 : u->md5;
	*name = slice_of(u->aor, u->aor_len);
	return 0;
}

/* ---- answers ---- */

static struct home_user *asked(struct relay *r, uint64_t id)
{
	LIST_EACH (it, tmp, &r->home->of[ASKED]) {
		struct home_user *u =
			container_of(it, struct home_user, in_state);
		if (u->id == id)
			return u;
	}
	return NULL;
}

static void take(struct stun_key *to, struct slice from, size_t len)
{
	if (from.len != len)
		return;
	to->len = (uint8_t)len;
	memcpy(to->bytes, from.ptr, len);
}

void relay_key_found(struct relay *r, uint64_t id, const struct relay_key *k)
{
	struct home_user *u = asked(r, id);
	if (!u || k->aor.len > sizeof(u->aor))
		return;
	u->aor_len = k->aor.len;
	memcpy(u->aor, k->aor.ptr, k->aor.len);
	take(&u->md5, k->md5, MD5_BYTES);
	take(&u->sha256, k->sha256, SHA256_BYTES);
}

/* The account is there, and its password cannot be used here. */
static void tell_keyless(const struct home_user *u, int err)
{
	static const struct {
		int err;
		const char *why;
	} rows[] = {
		{ -ENOKEY, "no password was set since relays know it" },
		{ -EKEYREJECTED, "relay.realm has changed since" },
	};
	struct slice name = slice_from(slice_of(u->key, u->key_len), 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].err != err)
			continue;
		LOG_LIMITED(LOG_WARN, "relay.no_key", name,
			    KV_SLICE("user",
				     u->key[0] == 'n' ? name : SLICE_LIT("?")),
			    KV_STR("why", rows[i].why));
	}
}

void relay_key_answered(struct relay *r, uint64_t id, int err)
{
	struct home_user *u = asked(r, id);
	if (!u)
		return;
	bool nobody = err == -ENOENT || err == -ENOKEY || err == -EKEYREJECTED;
	if (!err && u->aor_len) {
		enter(r->home, u, KNOWN, HOME_KNOWN_MS);
		settle(r, u);
	} else if (nobody) {
		tell_keyless(u, err);
		u->err = err;
		enter(r->home, u, NOBODY, HOME_NOBODY_MS);
		settle(r, u);
	} else {
		give_up(u);
	}
}

void relay_keys_lost(struct relay *r)
{
	/* those that are judged anew may ask again */
	for (size_t n = r->home->count[ASKED]; n; n--)
		give_up(container_of(r->home->of[ASKED].next, struct home_user,
				     in_state));
}

static void forget_state(struct home_users *h, enum state state)
{
	LIST_EACH (it, tmp, &h->of[state])
		forget(h, container_of(it, struct home_user, in_state));
}

void home_users_reset(struct relay *r)
{
	relay_keys_lost(r);
	for (size_t i = 0; i < STATES; i++)
		forget_state(r->home, (enum state)i);
}

void relay_user_changed(struct relay *r, struct slice aor, bool gone)
{
	uint64_t user;
	LIST_EACH (it, tmp, &r->home->of[KNOWN]) {
		struct home_user *u =
			container_of(it, struct home_user, in_state);
		if (slice_eq(slice_of(u->aor, u->aor_len), aor))
			forget(r->home, u);
	}
	forget_state(r->home, NOBODY);
	if (credential_user(r->hasher, aor, &user))
		return;
	LIST_EACH (it, tmp, &r->all) {
		struct relay_alloc *a =
			container_of(it, struct relay_alloc, all);
		/* one of RFC 8656 ends by itself: each refresh is signed */
		if (a->by_home && a->user == user && (gone || a->dialect->idle))
			relay_end(a, "account");
	}
}

/* ---- the end of what came with a request ---- */

static void drop_of(struct home_users *h, struct list *from,
		    bool (*is)(const struct waiting *w, const void *arg),
		    const void *arg)
{
	LIST_EACH (it, tmp, from) {
		struct waiting *w = container_of(it, struct waiting, node);
		if (is(w, arg))
			drop(h, w);
	}
}

static void drop_each(struct home_users *h,
		      bool (*is)(const struct waiting *w, const void *arg),
		      const void *arg)
{
	if (!h->waiting)
		return;
	drop_of(h, &h->due, is, arg);
	LIST_EACH (it, tmp, &h->of[ASKED])
		drop_of(h,
			&container_of(it, struct home_user, in_state)->waiting,
			is, arg);
}

static bool of_flow(const struct waiting *w, const void *arg)
{
	return memcmp(&w->flow, arg, RELAY_FLOW_KEY) == 0;
}

static bool of_slot(const struct waiting *w, const void *arg)
{
	const uint32_t *socket = arg;
	return w->flow.socket == *socket;
}

void home_users_flow_gone(struct relay *r, const struct relay_flow *flow)
{
	drop_each(r->home, of_flow, flow);
}

void home_users_slot_gone(struct relay *r, uint32_t slot)
{
	const uint32_t socket = RELAY_AWAY | slot;
	drop_each(r->home, of_slot, &socket);
}

void home_users_free(struct relay *r)
{
	struct home_users *h = r->home;
	if (!h)
		return;
	if (h->by_key.slots) {
		for (size_t i = 0; i < STATES; i++)
			forget_state(h, (enum state)i);
	}
	guesses_free(&h->guesses);
	map_free(&h->by_key);
	free(h);
	r->home = NULL;
}
