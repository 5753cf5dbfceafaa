/* SPDX-License-Identifier: Apache-2.0 */
/* Making and ending a home; what comes from the edge workers and the store. */
#include "home/home.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "base/log.h"
#include "base/text.h"
#include "home/home_int.h"
#include "home/load.h"
#include "home/mailbox.h"
#include "home/mras.h"
#include "home/presence.h"
#include "home/store_link.h"
#include "home/web.h"

enum {
	BRANCH_BYTES = 8 + 8 + 2, /* life, transaction, branch */
	VIEW_FIRST = SIP_VIEW_BYTES,
	VIEW_MAX = 1024 * 1024,
};

const struct sip_limits *home_limits(void)
{
	/* the defaults (threats section 0), and Via, Path, Record-Route,
	 * P-Asserted-Identity, Route, Date and received= on top */
	static const struct sip_limits limits = {
		.header_line = 10 * 1024,
		.header_block = 80 * 1024,
		.header_count = 128 + 16,
		.via = 72 + 4,
		.route = 40 + 4,
		.contact = 20,
		.uri = 2 * 1024,
		.body = 256 * 1024,
	};
	return &limits;
}

static int proxy_make(struct home *h)
{
	struct buf name;
	buf_init(&name, 0);
	buf_str(&name, "home.");
	buf_put(&name, h->conf->edge_name);
	h->sent_by = buf_failed(&name) ? NULL : slice_strdup(buf_slice(&name));
	buf_free(&name);
	if (!h->sent_by)
		return -ENOMEM;
	struct proxy_conf conf = {
		.sent_by = slice_str(h->sent_by),
		.transport = SLICE_LIT("TLS"),
		.limits = home_limits(),
		/* every worker is the same peer: one limit for all */
		.transactions_max = HOME_TRANSACTIONS_MAX,
		.transactions_max_per_source = HOME_TRANSACTIONS_MAX,
	};
	return proxy_create(&h->proxy, h->timers, &conf, &home_proxy_ops, h);
}

/* Unless all of them stand home_free() cleans up what does. */
static int parts_make(struct home *h)
{
	int err = crypto_random(&h->life, sizeof(h->life));
	if (!err)
		err = map_init(&h->pendings);
	if (!err)
		err = location_init(&h->location, h->timers);
	if (!err)
		err = nonces_init(&h->nonces);
	if (!err)
		err = sealer_create(&h->sealer);
	if (!err)
		err = guesses_init(&h->guesses, GUESS_MAX);
	if (!err)
		err = users_init(h);
	if (!err)
		err = once_init(h);
	if (!err)
		err = load_init(h);
	if (!err)
		err = mailbox_init(h);
	if (!err)
		err = map_init(&h->webs);
	if (!err)
		err = home_presence_init(h);
	return err ? err : proxy_make(h);
}

int home_create(struct home **out, struct timers *timers,
		const struct home_conf *conf, const struct home_ops *ops,
		void *arg)
{
	struct home *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->timers = timers;
	h->conf = conf;
	h->ops = *ops;
	h->arg = arg;
	h->next_id = 1;
	list_init(&h->pending_order);
	list_init(&h->nonces.oldest);
	list_init(&h->guesses.oldest);
	list_init(&h->users_lru);
	list_init(&h->once_order);
	list_init(&h->mailboxes_ready);
	int err = parts_make(h);
	if (err) {
		home_free(h);
		return err;
	}
	*out = h;
	return 0;
}

void home_free(struct home *h)
{
	if (!h)
		return;
	if (h->proxy)
		proxy_free(h->proxy);
	home_presence_free(h);
	load_free(h);
	pending_free_all(h);
	web_free_all(h);
	mailbox_free_all(h);
	once_free(h);
	users_free(h);
	guesses_free(&h->guesses);
	nonces_free(&h->nonces);
	location_free(&h->location);
	map_free(&h->pendings);
	sealer_free(h->sealer);
	free(h->sent_by);
	free(h);
}

void home_configure(struct home *h, const struct home_conf *conf)
{
	h->conf = conf;
	presence_configure(h->presence, &conf->presence);
}

bool home_is_ours(const struct home *h, struct slice domain)
{
	for (size_t i = 0; i < h->conf->domain_count; i++)
		if (slice_eq(h->conf->domains[i], domain))
			return true;
	return false;
}

bool home_is_shared(const struct home *h, struct slice aor)
{
	ptrdiff_t at = slice_chr(aor, '@');
	struct slice domain = slice_from(aor, (size_t)(at + 1));
	for (size_t i = 0; i < h->conf->shared_count; i++)
		if (slice_eq(h->conf->shared[i], domain))
			return true;
	return false;
}

bool home_edge_is(const struct home *h, const struct flow_key *flow)
{
	return flow->slot < HOME_EDGES_MAX && flow->incarnation &&
	       h->edge[flow->slot] == flow->incarnation;
}

struct flow_key home_any_edge(const struct home *h)
{
	struct flow_key any = { 0, 0, 0 };
	for (uint32_t i = 0; i < HOME_EDGES_MAX && !any.incarnation; i++)
		any = (struct flow_key){ i, h->edge[i], 0 };
	return any;
}

void home_binding_drop(struct home *h, struct binding *b)
{
	struct ipc_binding_del del = {
		.aor = slice_of(b->user->aor, b->user->aor_len),
		.contact = b->key,
	};
	/* if this fails the row is found and removed by the next load */
	h->ops.to_store(h->arg, IPC_BINDING_DEL, &del);
	location_remove(&h->location, b);
}

static void drop_one(void *arg, struct binding *b)
{
	home_binding_drop(arg, b);
}

void home_flow_down(struct home *h, const struct flow_key *flow)
{
	struct proxy_hop hop = { .kind = HOP_EDGE,
				 .slot = flow->slot,
				 .incarnation = flow->incarnation,
				 .flow = flow->flow };
	const struct presence_flow down = { flow->slot, flow->incarnation,
					    flow->flow };
	location_each_of_flow(&h->location, flow, drop_one, h);
	presence_flow_down(h->presence, &down);
	if (h->load != LOAD_DONE)
		buf_put(&h->downs, slice_of(flow, sizeof(*flow)));
	proxy_hop_gone(h->proxy, &hop, &home_rej_gone);
}

static void on_request(struct home *h, const struct proc_id *from,
		       const struct ipc_sip_to_home *m)
{
	const struct reject *reject = NULL;
	bool outside = m->origin != ORIGIN_CLIENT;
	struct proxy_hop hop = { .kind = outside ? HOP_FEDERATION : HOP_CLIENT,
				 .slot = from->slot,
				 .incarnation = from->incarnation,
				 .flow = m->flow,
				 .peer = SLICE_LIT("edge") };
	h->arriving = m;
	proxy_receive(h->proxy, &hop, m->bytes, &reject);
	h->arriving = NULL;
}

/* A device that answers 430, or an edge in its place: the flow is gone. */
static void forget_flow(struct home *h, uint64_t txn, uint16_t branch)
{
	const struct call *q = call_find(h, txn);
	for (size_t i = 0; q && i < q->fork_count; i++) {
		struct flow_key flow = q->fork[i].flow;
		if (q->fork[i].branch != branch || !flow.flow)
			continue;
		const struct presence_flow down = { flow.slot, flow.incarnation,
						    flow.flow };
		location_each_of_flow(&h->location, &flow, drop_one, h);
		presence_flow_down(h->presence, &down);
		return;
	}
}

static int read_branch(const struct home *h, struct slice text, uint64_t *txn,
		       uint16_t *branch)
{
	const struct slice cookie = SLICE_LIT("z9hG4bK");
	uint8_t bytes[BRANCH_BYTES];
	if (!slice_starts(text, cookie) ||
	    text_unbase32(slice_from(text, cookie.len), bytes, sizeof(bytes)) !=
		    BRANCH_BYTES ||
	    memcmp(bytes, &h->life, sizeof(h->life)) != 0)
		return -EINVAL;
	memcpy(txn, bytes + 8, sizeof(*txn));
	memcpy(branch, bytes + 16, sizeof(*branch));
	return 0;
}

static void on_answer(struct home *h, const struct proc_id *from,
		      struct slice bytes)
{
	struct arena *a = arena_create(VIEW_FIRST, VIEW_MAX);
	struct proxy_hop hop = { .kind = HOP_EDGE,
				 .slot = from->slot,
				 .incarnation = from->incarnation,
				 .peer = SLICE_LIT("edge") };
	struct sip_msg m;
	uint64_t txn = 0;
	uint16_t branch = 0;
	if (!a || sip_parse(a, bytes, home_limits(), &m) || m.request ||
	    read_branch(h, m.via.branch, &txn, &branch)) {
		metric_add(M_SIP_STRAY, 1);
	} else {
		if (m.status == 430)
			forget_flow(h, txn, branch);
		proxy_response(h->proxy, txn, branch, &hop, bytes);
	}
	arena_free(a);
}

void home_from_edge(struct home *h, const struct proc_id *from,
		    const struct ipc_msg *m)
{
	struct flow_key flow = { from->slot, from->incarnation, 0 };
	if (!home_edge_is(h, &flow))
		home_edge_up(h, from);
	if (m->type == IPC_SIP_TO_HOME) {
		on_request(h, from, &m->u.sip_to_home);
	} else if (m->type == IPC_ANSWER_TO_HOME) {
		on_answer(h, from, m->u.answer_to_home.bytes);
	} else if (m->type == IPC_NOTICE_END) {
		presence_sent(h->presence, m->u.notice_end.id,
			      m->u.notice_end.status);
	} else if (m->type == IPC_HOMED_GET) {
		users_on_homed_get(h, from, &m->u.homed_get);
	} else if (m->type == IPC_WEB_ASK) {
		web_on_ask(h, from, &m->u.web_ask);
	} else if (m->type == IPC_FLOW_DOWN && m->u.flow_down.flow) {
		flow.flow = m->u.flow_down.flow;
		home_flow_down(h, &flow);
	}
}

/* (id, key) each; what stands already stays as it is. */
static void on_keys(struct home *h, struct slice ring)
{
	struct cur c = cur_init(ring);
	int err = nonces_keys(&h->nonces, ring);
	while (!err && cur_left(&c)) {
		uint8_t id = cur_u8(&c);
		err = sealer_add(h->sealer, id,
				 cur_bytes(&c, SEAL_KEY_BYTES).ptr);
		err = err == -EEXIST ? 0 : err;
	}
	if (err)
		LOG(LOG_ERROR, "home.keys", KV_STR("why", strerror(-err)));
}

/* It is for one of the two who ask. */
static void on_credential(struct home *h, const struct ipc_credential *m)
{
	if (!mras_on_credential(h, m))
		web_on_credential(h, m);
}

void home_from_store(struct home *h, const struct ipc_msg *m)
{
	if (m->type == IPC_STORE_RESULT)
		pending_on_result(h, &m->u.store_result);
	else if (m->type == IPC_USER)
		users_on_user(h, &m->u.user);
	else if (m->type == IPC_USER_CHANGED)
		users_on_changed(h, m->u.user_changed.aor);
	else if (m->type == IPC_BINDING)
		load_on_binding(h, &m->u.binding);
	else if (m->type == IPC_MARK)
		load_on_mark(h, &m->u.mark);
	else if (m->type == IPC_QUEUE)
		load_on_queue(h, &m->u.queue);
	else if (m->type == IPC_MESSAGE)
		mailbox_on_message(h, &m->u.message);
	else if (m->type == IPC_MESSAGE_LOST)
		notice_on_lost(h, &m->u.message_lost);
	else if (m->type == IPC_SOFT)
		home_presence_on_soft(h, &m->u.soft);
	else if (m->type == IPC_CONTACT)
		home_presence_on_contact(h, &m->u.contact);
	else if (m->type == IPC_CONTACT_CHANGED)
		presence_lists_changed(h->presence, m->u.contact_changed.owner);
	else if (m->type == IPC_CREDENTIAL)
		on_credential(h, &m->u.credential);
	else if (m->type == IPC_KEYS)
		on_keys(h, m->u.keys.ring);
}

struct stale {
	struct home *home;
	uint32_t slot;
};

static void drop_stale(void *arg, struct binding *b)
{
	const struct stale *s = arg;
	if (b->rec.flow.slot == s->slot && !home_edge_is(s->home, &b->rec.flow))
		home_binding_drop(s->home, b);
}

void home_edge_up(struct home *h, const struct proc_id *edge)
{
	struct stale s = { h, edge->slot };
	if (edge->slot >= HOME_EDGES_MAX)
		return;
	if (h->edge[edge->slot] != edge->incarnation) {
		struct proc_id before = *edge;
		before.incarnation = h->edge[edge->slot];
		home_edge_gone(h, &before);
	}
	h->edge[edge->slot] = edge->incarnation;
	location_each(&h->location, drop_stale, &s);
	presence_worker_up(h->presence, edge->slot, edge->incarnation);
}

void home_edge_gone(struct home *h, const struct proc_id *edge)
{
	struct flow_key all = { edge->slot, edge->incarnation, 0 };
	if (!home_edge_is(h, &all))
		return;
	h->edge[edge->slot] = 0;
	home_flow_down(h, &all);
}

void home_store_up(struct home *h)
{
	h->store_up = true;
	users_flush(h); /* USER_CHANGED may have been missed */
	load_start(h);
}

void home_store_gone(struct home *h)
{
	h->store_up = false;
	pending_fail_all(h);
	load_stop(h);
}

void home_drain(struct home *h)
{
	h->draining = true;
	proxy_refuse_new(h->proxy, &home_rej_draining);
}

size_t home_busy(const struct home *h)
{
	return proxy_transactions(h->proxy);
}

static void pair(struct buf *out, const char *key, uint64_t n)
{
	struct buf text;
	buf_init(&text, 0);
	buf_dec(&text, n);
	ipc_pair_put(out, key, buf_slice(&text));
	buf_free(&text);
}

void home_status(struct home *h,
		 void (*row)(void *arg, const char *table, struct slice pairs),
		 void *arg)
{
	struct buf pairs;
	buf_init(&pairs, 0);
	pair(&pairs, "bindings", h->location.count);
	pair(&pairs, "users_with_mail", h->mailboxes.count);
	const struct presence_counts counts = presence_count(h->presence);
	pair(&pairs, "subscriptions", counts.subscriptions);
	pair(&pairs, "publications", counts.publications);
	pair(&pairs, "users_watched", counts.watched);
	pair(&pairs, "users_cached", h->users.count);
	pair(&pairs, "transactions", proxy_transactions(h->proxy));
	ipc_pair_put(&pairs, "store",
		     h->store_up ? SLICE_LIT("up") : SLICE_LIT("down"));
	if (!buf_failed(&pairs))
		row(arg, "home", buf_slice(&pairs));
	buf_free(&pairs);
}
