/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection that carries SIP, of a client or a partner: frames what
 * arrives, keeps the deadlines (SIP-10, SIP-11, SIP-12), and tells everybody
 * concerned when it ends.
 */
#include "edge/contexts.h"
#include "edge/edge_int.h"
#include "edge/front.h"
#include "edge/inside.h"
#include "edge/join.h"
#include "edge/partner.h"
#include "edge/proof.h"
#include "edge/trace.h"
#include "edge/websocket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	/* Messages that are read before the first of them is taken: the code
	 * that reads does not fit the processor's first cache beside the rest.
	 */
	AHEAD = 8,
	FIRST_MESSAGE_MS = 30000,
	ONE_MESSAGE_MS = 10000,
	PONG_EVERY_MS = 1000,
	REFUSAL_ARENA = 16384,
	ANSWER_ROOM = 4 << 20, /* bytes of a connection's write queue */
};

const struct conn_limits flow_limits = { .handshake_ms = 10000,
					 .write_bytes = 2 * ANSWER_ROOM };

static const char *kind_name(enum flow_kind kind)
{
	static const char *const names[] = { "client", "federation", "partner",
					     "inside", "next_hop" };
	return names[kind];
}

static void on_deadline(struct timer *t, void *arg)
{
	struct flow *f = arg;
	(void)t;
	LOG_LIMITED(LOG_INFO, "conn.slow", slice_str(f->source),
		    KV_STR("source", f->source), KV_STR("peer", f->peer),
		    KV_STR("why", f->partial ? "message" : "first_message"));
	flow_end(f, false);
}

struct flow *flow_create(struct edge *e, enum flow_kind kind)
{
	struct flow *f = calloc(1, sizeof(*f));
	if (!f)
		return NULL;
	f->edge = e;
	f->kind = kind;
	f->take = kind == FLOW_CLIENT ? front_take : flow_take_sip;
	f->id = ++e->last_flow;
	sip_framer_init(&f->framer);
	timer_init(&f->deadline, e->timers, on_deadline, f);
	if (pending_init(&f->pending))
		goto no_pending;
	if (map_insert(&e->flows, &f->node, map_key_u64(&f->id)))
		goto no_map;
	return f;
no_map:
	pending_free(&f->pending);
no_pending:
	free(f);
	return NULL;
}

/* What an ended flow still holds. */
static void release(struct flow *f)
{
	pending_free(&f->pending);
	websocket_free(f->ws);
	free(f->aor);
	free(f->service_route);
	free(f);
}

void flow_drop(struct flow *f)
{
	if (!f)
		return;
	source_left(f);
	timer_stop(&f->deadline);
	map_remove(&f->edge->flows, &f->node);
	release(f);
}

void flow_abandon(struct flow *f)
{
	free(f->link);
	f->link = NULL;
	f->hop = NULL;
	join_leave(f);
	if (!f->conn) {
		flow_drop(f);
		return;
	}
	source_left(f);
	timer_stop(&f->deadline);
	map_remove(&f->edge->flows, &f->node);
	f->edge = NULL;
	f->ending = true;
	conn_close(f->conn);
}

struct flow *flow_find(struct edge *e, uint64_t id)
{
	struct map_node *n = map_find(&e->flows, map_key_u64(&id));
	struct flow *f = n ? container_of(n, struct flow, node) : NULL;
	return f && !f->ending ? f : NULL;
}

struct peer_search {
	struct slice peer;
	struct flow *found;
};

static void match_peer(struct map_node *n, void *arg)
{
	struct peer_search *s = arg;
	struct flow *f = container_of(n, struct flow, node);
	if (!s->found && !f->ending && f->proven && conn_ready(f->conn) &&
	    slice_eq(slice_str(f->peer), s->peer))
		s->found = f;
}

struct flow *flow_of_peer(struct edge *e, struct slice peer)
{
	struct peer_search s = { peer, NULL };
	map_each(&e->flows, match_peer, &s);
	return s.found;
}

struct proxy_hop flow_hop(const struct flow *f)
{
	return (struct proxy_hop){ .addr = conn_peer(f->conn)->addr,
				   .kind = HOP_FLOW,
				   .slot = f->edge->slot,
				   .incarnation = f->edge->incarnation,
				   .flow = f->id,
				   .peer = slice_str(f->peer),
				   .shared = flow_is_inside(f) };
}

void flow_sign_in(struct flow *f, struct slice aor)
{
	char *copy = slice_strdup(aor);
	if (!copy)
		return;
	if (f->aor && strcmp(f->aor, copy))
		LOG(LOG_INFO, "flow.auth_changed", KV_STR("source", f->source),
		    KV_STR("old", f->aor), KV_STR("new", copy));
	free(f->aor);
	f->aor = copy;
	source_signed_in(f);
}

void flow_end(struct flow *f, bool flushed)
{
	f->ending = true;
	timer_stop(&f->deadline);
	if (flushed && f->ws)
		websocket_say_close(f);
	if (flushed)
		conn_close_flushed(f->conn);
	else
		conn_close(f->conn);
}

/* The rest is for answers to what was admitted (architecture 2). */
bool flow_has_room(const struct flow *f, size_t len)
{
	return conn_writable(f->conn, len + ANSWER_ROOM);
}

/* And waits for its answer, unless it is nobody's. */
static int write_kept(struct flow *f, struct pending *key, struct slice bytes)
{
	/* it may have ended in this turn, and on_end is still to come */
	if (f->hop ? !conn_writable(f->conn, 0) : !conn_ready(f->conn))
		return -EPIPE;
	if (!flow_has_room(f, bytes.len))
		return -ENOBUFS;
	key->since_ms = timers_now(f->edge->timers);
	key->bytes = bytes.len;
	int err = key->key.txn ? pending_add(&f->pending, key) : 0;
	if (err)
		return err;
	err = flow_write(f, bytes);
	struct pending *p =
		err ? pending_get(&f->pending, key->key.slot, key->key.txn,
				  (uint16_t)key->key.branch)
		    : NULL;
	if (p)
		pending_done(&f->pending, p);
	return err;
}

int flow_write_request(struct flow *f, uint32_t slot, uint64_t txn,
		       uint16_t branch, struct slice bytes)
{
	struct pending key = { .key = { txn, slot, branch } };
	return write_kept(f, &key, bytes);
}

int flow_write_notice(struct flow *f, uint64_t txn, uint64_t notice,
		      struct slice bytes)
{
	struct pending key = { .key = { txn, f->edge->slot, 0 },
			       .notice = notice };
	return write_kept(f, &key, bytes);
}

int flow_write(struct flow *f, struct slice bytes)
{
	int err =
		f->ws ? websocket_write(f, bytes) : conn_write(f->conn, bytes);
	if (!err)
		trace_left(f, bytes);
	return err;
}

int flow_write_answer(struct flow *f, struct slice bytes)
{
	int err = flow_write(f, bytes);
	if (err != -ENOBUFS)
		return err;
	LOG_LIMITED(LOG_WARN, "conn.slow", slice_str(f->source),
		    KV_STR("source", f->source), KV_STR("peer", f->peer),
		    KV_STR("why", "output"));
	flow_end(f, false);
	return -EPIPE;
}

static void set_peer(struct flow *f, const char *prefix, const char *name)
{
	snprintf(f->peer, sizeof(f->peer), "%s%s", prefix, name);
}

/* One that no entry names: the domain that the first of its names is a host
 * of. NULL: there are no such partners. */
static const struct access_partner *unlisted_peer(const struct edge *e,
						  const struct net_peer *p,
						  struct access_partner *row)
{
	for (size_t i = 0; i < p->name_count; i++) {
		struct slice name = slice_str(p->name[i]);
		ptrdiff_t dot = slice_chr(name, '.');
		if (dot >= 0 &&
		    access_unlisted(e->current->access, e->rulings,
				    slice_from(name, (size_t)dot + 1), row))
			return row;
	}
	return NULL;
}

bool flow_is_known(const struct flow *f)
{
	const struct access *a = f->edge->current->access;
	const struct net_peer *p = conn_peer(f->conn);
	const char(*name)[NET_NAME_MAX] = (const char(*)[NET_NAME_MAX])p->name;
	const struct slice prefix = SLICE_LIT("peer:");
	struct access_partner row;
	if (f->proven && slice_starts(slice_str(f->peer), prefix))
		return partner_known(
			f->edge, slice_from(slice_str(f->peer), prefix.len));
	return access_peer(a, name, p->name_count) ||
	       access_peer_by_srv(a, name, p->name_count) ||
	       unlisted_peer(f->edge, p, &row);
}

/* What needs the DNS is known with its first request. */
static bool proves(const struct flow *f, const struct access_partner *row)
{
	struct access_evidence e;
	proof_evidence(f, &e);
	return access_lack(&row->proof, &e, true) == ACCESS_LACKS_NOTHING;
}

/* Who came to us: the partner whose edge the certificate proves; or one found
 * by SRV, a host of whose domain it proves, until a request is judged; or the
 * first name in it. */
static void name_caller(struct flow *f, const struct net_peer *p)
{
	const struct access *a = f->edge->current->access;
	const char(*name)[NET_NAME_MAX] = (const char(*)[NET_NAME_MAX])p->name;
	const struct access_partner *row = access_peer(a, name, p->name_count);
	struct access_partner unlisted;
	char key[ACCESS_KEY_MAX];
	f->proven = row && proves(f, row);
	if (!row)
		row = access_peer_by_srv(a, name, p->name_count);
	if (!row)
		row = unlisted_peer(f->edge, p, &unlisted);
	if (!row) {
		set_peer(f, "stranger:", p->name_count ? p->name[0] : "");
		return;
	}
	access_partner_key(row, key);
	set_peer(f, "peer:", key);
	if (!row->edge.len)
		names_want(f->edge, key);
}

void flow_prove(struct flow *f, const char *key)
{
	set_peer(f, "peer:", key);
	f->proven = true;
}

/* A client is its connection; whom we dialled has proved what it is. */
static void name_peer(struct flow *f)
{
	if (f->kind == FLOW_FEDERATION) {
		name_caller(f, conn_peer(f->conn));
		return;
	}
	f->proven = f->kind != FLOW_DIALLED; /* partner_ready() knows */
	if (f->kind == FLOW_INSIDE && !inside_name_peer(f))
		set_peer(f, "stranger:", "");
	else if (f->link)
		set_peer(f, "peer:", partner_link_key(f->link));
	else if (f->kind == FLOW_CLIENT)
		snprintf(f->peer, sizeof(f->peer),
			 "client:%" PRIu32 ".%" PRIx32 ".%" PRIu64,
			 f->edge->slot, f->edge->incarnation, f->id);
}

/* Only who was named is inside: there is nobody to answer. */
static void check_inside(struct flow *f)
{
	if (!slice_starts(slice_str(f->peer), SLICE_LIT("stranger:")))
		return;
	LOG_LIMITED(LOG_WARN, "inside.stranger", slice_str(f->source),
		    KV_STR("source", f->source), KV_STR("peer", f->peer));
	flow_end(f, false);
}

static void on_ready(void *arg, struct conn *c)
{
	struct flow *f = arg;
	name_peer(f);
	addr_text(&conn_peer(c)->addr, f->source);
	if (f->kind != FLOW_CLIENT)
		source_left(f);
	LOG(LOG_INFO, "conn.open", KV_STR("kind", kind_name(f->kind)),
	    KV_STR("source", f->source), KV_STR("peer", f->peer),
	    KV_U64("slot", f->edge->slot), KV_U64("flow", f->id));
	contexts_note_peer(f);
	if (f->kind == FLOW_DIALLED)
		partner_ready(f);
	else if (f->kind == FLOW_NEXT_HOP)
		inside_ready(f);
	else if (f->kind == FLOW_INSIDE)
		check_inside(f);
	else
		timer_start(&f->deadline, FIRST_MESSAGE_MS);
}

/* The framer refused: answer what can be answered, then close. */
static void refuse_frame(struct flow *f, struct slice head,
			 const struct reject *reject)
{
	struct arena *a = arena_create(REFUSAL_ARENA, REFUSAL_ARENA * 16);
	struct buf out;
	struct sip_msg m = { 0 };
	buf_init(&out, 0);
	metric_add(reject->metric, 1);
	LOG_LIMITED(LOG_INFO, "sip.reject", slice_str(f->source),
		    KV_U64("code", reject->status), KV_STR("why", reject->why),
		    KV_STR("source", f->source), KV_STR("peer", f->peer));
	if (a && head.len) {
		sip_parse(a, head, &sip_limits_default, &m);
		struct sip_reply reply = { .status = reject->status,
					   .reason = reject->reason };
		struct proxy_hop from = flow_hop(f);
		trace_arrived(f, head);
		trace_refused(f->edge, &m, &from, reject);
		trace_settled(f->edge);
		if (reject->status && m.request && sip_answerable(&m) &&
		    !sip_encode_reply(&out, &m, &reply))
			flow_write(f, buf_slice(&out));
	}
	buf_free(&out);
	arena_free(a);
	flow_end(f, true);
}

void flow_not_ours(struct flow *f)
{
	LOG_LIMITED(LOG_INFO, "conn.not_sip", slice_str(f->source),
		    KV_STR("source", f->source), KV_STR("peer", f->peer));
	flow_end(f, f->greeted);
}

static void pong(struct flow *f)
{
	uint64_t now = timers_now(f->edge->timers);
	if (f->pong_ms && now < f->pong_ms + PONG_EVERY_MS)
		return;
	f->pong_ms = now;
	flow_write(f, SLICE_LIT("\r\n"));
}

/* A response never starts with a method, so this tells the two apart. */
static bool is_response(struct slice bytes)
{
	return slice_starts(bytes, SLICE_LIT("SIP/"));
}

/* What was found in a flow's bytes. */
struct heard {
	enum sip_frame_result found;
	struct slice bytes;
	const struct reject *reject;   /* of the framer or of the parser */
	struct proxy_request *request; /* until it is taken */
	struct arena *arena;           /* the response's */
	struct sip_msg *response;      /* NULL: none that can be read */
};

static void read_response(struct flow *f, struct heard *h)
{
	struct arena *a = arena_from(&f->edge->arenas, 1 << 20);
	const struct sip_limits *limits = proxy_response_limits(f->edge->proxy);
	struct sip_msg *m = a ? arena_alloc(a, sizeof(*m)) : NULL;
	h->arena = a;
	if (m && !sip_parse(a, h->bytes, limits, m))
		h->response = m;
}

static void read_message(struct flow *f, struct heard *h)
{
	struct proxy_hop from;
	if (is_response(h->bytes)) {
		read_response(f, h);
		return;
	}
	from = flow_hop(f);
	h->request = proxy_read(f->edge->proxy, &from, h->bytes, &h->reject);
}

static void take_request(struct flow *f, struct heard *h)
{
	struct proxy_request *r = h->request;
	h->request = NULL;
	proxy_take(f->edge->proxy, r, h->reject);
	if (h->reject && h->reject->closes && !f->ending)
		flow_end(f, true);
}

static void take_message(struct flow *f, struct heard *h)
{
	struct edge *e = f->edge;
	f->greeted = true;
	trace_arrived(f, h->bytes);
	if (!is_response(h->bytes))
		take_request(f, h);
	else if (h->response && f->proven)
		deliver_response(f, h->response);
	else
		metric_add(M_SIP_STRAY, 1);
	trace_settled(e);
}

void flow_set_deadline(struct flow *f, bool partial, bool moved)
{
	bool begins = partial && (moved || !f->partial);
	f->partial = partial;
	if (begins)
		timer_start(&f->deadline, ONE_MESSAGE_MS);
	else if (!partial && f->greeted)
		timer_stop(&f->deadline);
}

static void take_heard(struct flow *f, struct heard *h)
{
	switch (h->found) {
	case SIP_FRAME_MORE:
		break;
	case SIP_FRAME_REFUSED:
		refuse_frame(f, h->bytes, h->reject);
		break;
	case SIP_FRAME_NOT_SIP:
		flow_not_ours(f);
		break;
	case SIP_FRAME_PING:
		pong(f);
		break;
	case SIP_FRAME_SKIP:
		if (f->link)
			partner_ponged(f);
		break;
	case SIP_FRAME_MESSAGE:
		take_message(f, h);
		break;
	}
}

static void drop_heard(struct heard *h)
{
	proxy_unread(h->request);
	arena_free(h->arena);
}

void flow_heard(struct flow *f, enum sip_frame_result found, struct slice bytes,
		const struct reject *reject)
{
	struct heard h = { .found = found, .bytes = bytes, .reject = reject };
	if (found == SIP_FRAME_MESSAGE)
		read_message(f, &h);
	take_heard(f, &h);
	drop_heard(&h);
}

/* Frames and reads what has come, as far as there is room: how much of it. */
static size_t read_ahead(struct flow *f, struct slice data,
			 struct heard h[static AHEAD], size_t *count)
{
	size_t used = 0;
	*count = 0;
	while (*count < AHEAD && used < data.len) {
		struct slice left = slice_from(data, used);
		struct heard *x = &h[*count];
		size_t len = 0;
		*x = (struct heard){ 0 };
		x->found = sip_frame(&f->framer, left, &sip_limits_default,
				     &len, &x->reject);
		if (x->found == SIP_FRAME_MORE)
			break;
		x->bytes = slice_head(left, len);
		if (x->found == SIP_FRAME_MESSAGE)
			read_message(f, x);
		used += len;
		++*count;
		if (x->found == SIP_FRAME_REFUSED ||
		    x->found == SIP_FRAME_NOT_SIP)
			break;
	}
	return used;
}

size_t flow_take_sip(struct flow *f, struct slice data)
{
	struct heard ahead[AHEAD];
	size_t used = 0, count;
	do {
		used += read_ahead(f, slice_from(data, used), ahead, &count);
		for (size_t i = 0; i < count; i++) {
			if (!f->ending)
				take_heard(f, &ahead[i]);
			drop_heard(&ahead[i]);
		}
	} while (count && !f->ending);
	if (f->ending)
		return data.len;
	flow_set_deadline(f, used<data.len, used> 0);
	return used;
}

static size_t on_bytes(void *arg, struct conn *c, struct slice data)
{
	struct flow *f = arg;
	(void)c;
	if (f->link)
		partner_heard(f);
	return f->take(f, data);
}

static void tell_home(struct flow *f)
{
	struct edge *e = f->edge;
	struct ipc_flow_down down = { .flow = f->id };
	if (f->kind == FLOW_CLIENT && e->home.incarnation)
		e->ops->send(e->arg, PROC_HOME, 0, IPC_FLOW_DOWN, &down);
}

static enum edge_refusal end_refusal(const struct flow *f, enum conn_end why)
{
	if (f->kind == FLOW_CLIENT)
		return EDGE_FLOW_GONE;
	if (flow_is_inside(f))
		return EDGE_INSIDE_DOWN;
	return why == CONN_END_TLS || why == CONN_END_NAME ? EDGE_PARTNER_TLS
							   : EDGE_PARTNER_DOWN;
}

static void on_end(void *arg, struct conn *c, enum conn_end why,
		   const char *text)
{
	struct flow *f = arg;
	struct edge *e = f->edge;
	(void)c;
	if (!e) { /* abandoned */
		release(f);
		return;
	}
	struct proxy_hop hop = flow_hop(f);
	enum edge_refusal refusal = end_refusal(f, why);
	(void)c;
	f->ending = true;
	LOG(LOG_INFO, "conn.end", KV_STR("kind", kind_name(f->kind)),
	    KV_STR("source", f->source), KV_STR("peer", f->peer),
	    KV_U64("slot", e->slot), KV_U64("flow", f->id),
	    KV_STR("why", text));
	join_leave(f);
	tell_home(f);
	alias_withdraw(f);
	if (f->link)
		partner_ended(f, why, text);
	if (f->hop)
		inside_ended(f, text);
	pending_fail(e, &f->pending, refusal);
	proxy_hop_gone(e->proxy, &hop, edge_reject(refusal));
	flow_drop(f);
}

const struct conn_ops flow_conn_ops = {
	.on_ready = on_ready,
	.on_bytes = on_bytes,
	.on_end = on_end,
};
