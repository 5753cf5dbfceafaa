/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watches of this worker. What arrived is held back until its verdict is
 * there, at most as long as it is being looked at, so that both go in one
 * record; a verdict that comes later goes alone.
 */
#include "edge/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "edge/trace_filter.h"
#include "sip/shown.h"

/* In all workers' sum still less than admin can tell. */
enum { WATCHES_MAX = 8, RECORDS_A_SECOND = 2000, TRACE_ARENA_MAX = 1 << 20 };

/* Owner: struct traces, in its list. */
struct trace_watch {
	struct list node;
	uint64_t id;
	struct proc_id asker;
	uint64_t until_ms;
	bool bodies;
	bool takes;             /* the message that is looked at */
	uint32_t lost, records; /* in this second */
	struct trace_filter filter;
};

/* There while somebody watches. Owner: struct edge. */
struct traces {
	struct list watches;
	size_t count;
	struct flow *flow; /* of the message that is held back, or NULL */
	struct slice held;
};

/* One message at one place, or a verdict alone (no flow, no bytes). */
struct sighting {
	struct edge *edge;
	const struct flow *flow;
	const struct sip_msg *m;
	struct slice bytes;
	struct trace_party party;
	bool wanted;
	struct ipc_trace_record record; /* what all watches get alike */
};

/* ---- life ---- */

static void watch_free(struct edge *e, struct trace_watch *w)
{
	list_remove(&w->node);
	free(w);
	if (--e->traces->count)
		return;
	free(e->traces);
	e->traces = NULL;
}

static struct trace_watch *watch_find(struct edge *e, uint64_t id)
{
	if (!e->traces)
		return NULL;
	LIST_EACH (it, tmp, &e->traces->watches) {
		struct trace_watch *w =
			container_of(it, struct trace_watch, node);
		if (w->id == id)
			return w;
	}
	return NULL;
}

static int watch_begin(struct edge *e, const struct proc_id *from,
		       const struct ipc_trace *m)
{
	struct trace_watch *w = calloc(1, sizeof(*w));
	int err = w ? trace_filter_init(&w->filter, m) : -ENOMEM;
	if (!err && !e->traces) {
		e->traces = calloc(1, sizeof(*e->traces));
		if (e->traces)
			list_init(&e->traces->watches);
		else
			err = -ENOMEM;
	}
	if (!err && e->traces->count == WATCHES_MAX)
		err = -EBUSY;
	if (err) {
		free(w);
		return err;
	}
	w->id = m->id;
	w->asker = *from;
	w->bodies = m->bodies;
	w->until_ms = timers_now(e->timers) + UINT64_C(1000) * m->seconds;
	list_push_back(&e->traces->watches, &w->node);
	e->traces->count++;
	return 0;
}

void traces_on_ask(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m)
{
	const struct ipc_trace *ask = &m->u.trace;
	struct ipc_trace_on on = { .id = ask->id };
	if (!watch_find(e, ask->id))
		on.error = (uint32_t)-watch_begin(e, from, ask);
	/* who is not told sees no record either */
	(void)e->ops->send(e->arg, from->role, from->slot, IPC_TRACE_ON, &on);
}

void traces_on_end(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m)
{
	struct trace_watch *w = watch_find(e, m->u.trace_end.id);
	(void)from;
	if (w)
		watch_free(e, w);
}

/* Calls fn with each watch, which may free it. */
static void each_watch(struct edge *e, void *arg,
		       void (*fn)(struct edge *e, struct trace_watch *w,
				  void *arg))
{
	struct list *it = e->traces ? e->traces->watches.next : NULL;
	while (e->traces && it != &e->traces->watches) {
		struct trace_watch *w =
			container_of(it, struct trace_watch, node);
		it = it->next;
		fn(e, w, arg);
	}
}

static void end_of_asker(struct edge *e, struct trace_watch *w, void *arg)
{
	const struct proc_id *peer = arg;
	if (w->asker.incarnation == peer->incarnation)
		watch_free(e, w);
}

void traces_admin_gone(struct edge *e, const struct proc_id *peer)
{
	struct proc_id admin = *peer;
	if (peer->role == PROC_ADMIN)
		each_watch(e, &admin, end_of_asker);
}

static void end_any(struct edge *e, struct trace_watch *w, void *arg)
{
	(void)arg;
	watch_free(e, w);
}

void traces_free(struct edge *e)
{
	each_watch(e, NULL, end_any);
}

/* ---- telling ---- */

static void tell(struct edge *e, struct trace_watch *w,
		 struct ipc_trace_record *r)
{
	int err = -ENOBUFS;
	r->id = w->id;
	r->lost = w->lost;
	if (w->records < RECORDS_A_SECOND)
		err = e->ops->send(e->arg, w->asker.role, w->asker.slot,
				   IPC_TRACE_RECORD, r);
	w->records++;
	w->lost = err ? w->lost + 1 : 0;
}

/* What was lost is told, also when nothing more comes. */
static void sweep_one(struct edge *e, struct trace_watch *w, void *arg)
{
	struct ipc_trace_record r = { .direction = TRACE_NEITHER };
	const uint64_t *now = arg;
	w->records = 0;
	r.time_ms = loop_wall_ms();
	r.id = w->id;
	r.lost = w->lost;
	if (w->lost && !e->ops->send(e->arg, w->asker.role, w->asker.slot,
				     IPC_TRACE_RECORD, &r))
		w->lost = 0;
	if (*now >= w->until_ms)
		watch_free(e, w);
}

void traces_sweep(struct edge *e)
{
	uint64_t now = timers_now(e->timers);
	each_watch(e, &now, sweep_one);
}

static void ask_one(struct edge *e, struct trace_watch *w, void *arg)
{
	struct sighting *s = arg;
	(void)e;
	w->takes = trace_filter_takes(&w->filter, s->m, &s->party);
	s->wanted = s->wanted || w->takes;
}

static void show_one(struct edge *e, struct trace_watch *w, void *arg)
{
	const struct sighting *s = arg;
	struct ipc_trace_record r = s->record;
	struct buf b;
	if (!w->takes)
		return;
	buf_init(&b, 0);
	sip_shown(&b, s->bytes, w->bodies && e->current->conf->trace_bodies);
	r.bytes = buf_slice(&b);
	tell(e, w, &r);
	buf_free(&b);
}

static void local_of(const struct flow *f, char out[static ADDR_TEXT_MAX])
{
	struct addr a = { .u.in6 = { .sin6_family = AF_UNSPEC } };
	socklen_t len = sizeof(a);
	out[0] = '\0';
	if (!getsockname(conn_fd(f->conn), &a.u.sa, &len))
		addr_text(&a, out);
}

static struct slice peer_name(struct slice peer)
{
	ptrdiff_t colon = slice_chr(peer, ':');
	return colon < 0 ? peer : slice_from(peer, (size_t)colon + 1);
}

static void describe_flow(struct ipc_trace_record *r, const struct flow *f,
			  char local[static ADDR_TEXT_MAX])
{
	local_of(f, local);
	r->transport = f->ws      ? SLICE_LIT("WSS")
		       : f->plain ? SLICE_LIT("TCP")
				  : SLICE_LIT("TLS");
	r->local = slice_str(local);
	r->remote = slice_str(f->source);
	r->user = slice_str(f->aor);
	if (f->kind != FLOW_CLIENT)
		r->peer = slice_str(f->peer);
}

/* To all whom it concerns; most often that is nobody. s->record has direction
 * and verdict. */
static void show(struct sighting *s)
{
	char local[ADDR_TEXT_MAX], cseq[64];
	struct ipc_trace_record *r = &s->record;
	each_watch(s->edge, s, ask_one);
	if (!s->wanted)
		return;
	snprintf(cseq, sizeof(cseq), "%" PRIu32 " %.*s", s->m->cseq,
		 (int)(s->m->method_text.len < 32 ? s->m->method_text.len : 32),
		 (const char *)s->m->method_text.ptr);
	r->at_us = loop_clock_us();
	r->time_ms = loop_wall_ms();
	r->size = (uint32_t)s->bytes.len;
	r->call_id = s->m->call_id;
	r->cseq = slice_str(cseq);
	if (s->flow)
		describe_flow(r, s->flow, local);
	each_watch(s->edge, s, show_one);
}

/* ---- messages ---- */

static struct trace_party party_of(const struct flow *f)
{
	struct trace_party p = { .user = slice_str(f->aor) };
	if (f->kind != FLOW_CLIENT)
		p.partner = peer_name(slice_str(f->peer));
	return p;
}

/* Before it is read: may anybody want it? */
static bool worth_reading(const struct flow *f, struct slice bytes)
{
	const struct list *head = &f->edge->traces->watches;
	struct trace_party party = party_of(f);
	for (struct list *it = head->next; it != head; it = it->next) {
		const struct trace_watch *w =
			container_of(it, struct trace_watch, node);
		if (trace_filter_may(&w->filter, bytes, &party))
			return true;
	}
	return false;
}

/* What the parser makes of it; malformed: what it could read. NULL: no memory.
 */
static struct arena *read_it(const struct flow *f, struct slice bytes,
			     struct sip_msg *m)
{
	const struct proxy *p = f->edge->proxy;
	const struct sip_limits *limits =
		p ? proxy_response_limits(p) : &sip_limits_default;
	struct arena *a = arena_create(SIP_VIEW_BYTES, TRACE_ARENA_MAX);
	memset(m, 0, sizeof(*m));
	if (a && f->ws)
		(void)sip_parse_whole(a, bytes, limits, m);
	else if (a)
		(void)sip_parse(a, bytes, limits, m);
	return a;
}

/* Is it the request that is held back? */
static bool is_held(const struct sip_msg *held, const struct sip_msg *m)
{
	return held->request && held->cseq == m->cseq &&
	       slice_eq(held->method_text, m->method_text) &&
	       slice_eq(held->call_id, m->call_id);
}

static void show_message(struct flow *f, const struct sip_msg *m,
			 struct slice bytes, const struct ipc_trace_record *r)
{
	struct sighting s = { .edge = f->edge,
			      .flow = f,
			      .m = m,
			      .bytes = bytes,
			      .party = party_of(f),
			      .record = *r };
	show(&s);
}

/* Shows what is held back; with that verdict if it is on it: then true. */
static bool settle(struct traces *t, const struct sip_msg *judged,
		   struct ipc_trace_record *verdict)
{
	struct ipc_trace_record plain = { .direction = TRACE_IN };
	struct flow *f = t->flow;
	struct slice bytes = t->held;
	struct sip_msg m;
	if (!f)
		return false;
	t->flow = NULL;
	if (!worth_reading(f, bytes))
		return false;
	struct arena *a = read_it(f, bytes, &m);
	bool both = a && judged && is_held(&m, judged);
	if (both)
		verdict->direction = TRACE_IN;
	if (a)
		show_message(f, &m, bytes, both ? verdict : &plain);
	arena_free(a);
	return both;
}

void traces_arrived(struct flow *f, struct slice bytes)
{
	settle(f->edge->traces, NULL, NULL);
	f->edge->traces->flow = f;
	f->edge->traces->held = bytes;
}

void traces_settled(struct edge *e)
{
	settle(e->traces, NULL, NULL);
}

void traces_left(struct flow *f, struct slice bytes)
{
	const struct ipc_trace_record r = { .direction = TRACE_OUT };
	struct sip_msg m;
	settle(f->edge->traces, NULL, NULL);
	if (slice_empty(slice_trim(bytes)) || !worth_reading(f, bytes))
		return; /* a keep-alive, or nobody's */
	struct arena *a = read_it(f, bytes, &m);
	if (a)
		show_message(f, &m, bytes, &r);
	arena_free(a);
}

static void judged(struct edge *e, const struct sip_msg *m,
		   const struct proxy_hop *from, struct ipc_trace_record *r)
{
	struct flow *f = from->kind == HOP_FLOW && from->slot == e->slot
				 ? flow_find(e, from->flow)
				 : NULL;
	struct sighting s = { .edge = e, .m = m };
	if (settle(e->traces, m, r))
		return;
	r->direction = TRACE_NEITHER;
	r->peer = from->peer;
	s.record = *r;
	if (f)
		s.party.user = slice_str(f->aor);
	s.party.partner = peer_name(from->peer);
	show(&s);
}

void traces_refused(struct edge *e, const struct sip_msg *m,
		    const struct proxy_hop *from, const struct reject *reject)
{
	struct ipc_trace_record r = { .verdict = TRACE_REFUSED,
				      .status = reject->status,
				      .diagnostics = reject->diagnostics,
				      .why = slice_str(reject->why),
				      .text = slice_str(reject->text) };
	judged(e, m, from, &r);
}

void traces_let_through(struct edge *e, const struct sip_msg *m,
			const struct proxy_hop *from,
			const struct access_verdict *v)
{
	static const uint8_t verdicts[] = {
		[ACCESS_TO_INSIDE] = TRACE_TO_INSIDE,
		[ACCESS_TO_PARTNER] = TRACE_TO_PARTNER,
		[ACCESS_TO_FLOW] = TRACE_TO_CLIENT
	};
	bool external = e->current->conf->inside.external;
	struct ipc_trace_record r = { 0 };
	if ((size_t)v->kind >= sizeof(verdicts) || !verdicts[v->kind])
		return;
	r.verdict = verdicts[v->kind];
	if (v->kind == ACCESS_TO_INSIDE)
		r.text = external ? SLICE_LIT("the server inside")
				  : SLICE_LIT("home");
	else if (v->kind == ACCESS_TO_PARTNER)
		r.text = v->partner->domain;
	judged(e, m, from, &r);
}
