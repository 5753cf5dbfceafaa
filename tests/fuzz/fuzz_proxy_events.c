/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two forwarding cores as two processes of one edge: the bytes are a sequence
 * of events (requests, answers, time, faults, orphans asked around). After
 * each one the limits hold and everything that was sent is read back by our
 * own parser; at the end nothing is left, and what was admitted was told done
 * once.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "base/log.h"
#include "proxy/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	CORES = 2,
	TRANSACTIONS = 6,
	PER_SOURCE = 4,
	SENT = 16,
	HELD = 16,
	IDS = 4096,
	EVENTS = 1000,
	TEXT = 2048,
	PEERS = 3,
	CHAIN = 4,
};

struct sent {
	unsigned core;
	struct proxy_hop to;
	uint64_t txn;
	uint16_t branch;
	char bytes[2 * TEXT];
	size_t len;
};

struct world;

struct core {
	struct world *w;
	unsigned index;
	struct proxy *proxy;
	uint8_t asked[IDS], done[IDS];
	uint64_t held[HELD];
	size_t holding;
};

struct world {
	struct cur in;
	struct timers *timers;
	struct core core[CORES];
	struct sent sent[SENT];
	size_t sending;
	uint8_t decision, how_many, chain, status; /* of the next request */
	uint8_t send_error, up_error, reenter, answer_instead, orphans;
	unsigned depth;
	unsigned finals, finals_done;              /* to what is not INVITE */
	unsigned failures, failures_done, invites; /* 300-699 to INVITE */
	char orphan[TEXT];
	size_t orphan_len;
	struct proxy_hop orphan_from;
};

static const char *const sources[PEERS] = { "p0", "p1", "p2" };
static const char *const servers[PEERS] = { "t0", "t1", "t2" };

static void must(bool held)
{
	if (!held)
		abort();
}

static struct proxy_hop hop_of(const char *peer, uint64_t flow)
{
	return (struct proxy_hop){ .kind = 1,
				   .slot = 1,
				   .incarnation = 1,
				   .flow = flow,
				   .peer = slice_str(peer) };
}

static void answer(struct world *w, struct sent *s, uint16_t status,
		   const char *peer)
{
	struct sip_msg m;
	struct buf b;
	struct arena *a = arena_create(4096, 1 << 20);
	buf_init(&b, 0);
	if (s->len && a &&
	    !sip_parse(a, slice_of(s->bytes, s->len), &sip_limits_default,
		       &m) &&
	    !sip_encode_reply(
		    &b, &m,
		    &(struct sip_reply){ .status = status,
					 .to_tag = SLICE_LIT("t") })) {
		struct proxy_hop from = hop_of(peer, s->to.flow);
		proxy_response(w->core[s->core].proxy, s->txn, s->branch, &from,
			       buf_slice(&b));
	}
	buf_free(&b);
	arena_free(a);
}

static void hop_gone(struct world *w, unsigned core, uint8_t which)
{
	struct proxy_hop hop = hop_of("", which % (PEERS + 1));
	proxy_hop_gone(w->core[core].proxy, &hop, NULL);
}

/* Everything we send, we would take ourselves (SIP-04). */
static void read_back(struct world *w, bool request, struct slice bytes)
{
	struct sip_limits limits = sip_limits_default;
	struct sip_msg m;
	struct arena *a = arena_create(4096, 1 << 20);
	limits.via += 2;
	must(a && !sip_parse(a, bytes, &limits, &m) && m.request == request);
	if (!request && m.status >= 200 && m.method != SIP_INVITE)
		w->finals++;
	if (!request && m.status >= 300 && m.method == SIP_INVITE)
		w->failures++;
	arena_free(a);
}

static struct sent *keep_sent(struct core *c, const struct proxy_hop *to,
			      struct slice bytes, uint64_t txn, uint16_t branch)
{
	struct world *w = c->w;
	struct sent *s = &w->sent[w->sending++ % SENT];
	s->core = c->index;
	s->to = *to;
	s->to.peer = slice_str(servers[(to->flow + PEERS - 1) % PEERS]);
	s->txn = txn;
	s->branch = branch;
	s->len = bytes.len < sizeof(s->bytes) ? bytes.len : 0;
	memcpy(s->bytes, bytes.ptr, s->len);
	return s;
}

static int on_send(void *arg, const struct proxy_hop *to, bool request,
		   struct slice bytes, uint64_t txn, uint16_t branch)
{
	static const int errors[] = { 0, -ENOBUFS, -EPIPE, -ENOMEM };
	struct core *c = arg;
	struct world *w = c->w;
	read_back(w, request, bytes);
	if (!request)
		return errors[w->up_error % 4];
	must(branch < PROXY_BRANCHES_MAX);
	struct sent *s = keep_sent(c, to, bytes, txn, branch);
	unsigned lower = w->send_error >> 2;
	if (w->reenter && w->depth++ < 4) {
		uint8_t what = w->reenter;
		w->reenter /= 2;
		if (what & 1)
			hop_gone(w, c->index, what >> 1);
		else
			answer(w, s, (uint16_t)(100 + what * 3 % 600),
			       servers[(to->flow + PEERS - 1) % PEERS]);
		w->depth--;
	}
	if (lower && to->flow != lower % PEERS + 1)
		return 0;
	return errors[w->send_error % 4];
}

static int on_branch(void *arg, uint64_t txn, uint16_t branch, struct buf *out)
{
	struct core *c = arg;
	buf_printf(out, "w%u.%llu.%u", c->index, (unsigned long long)txn,
		   branch);
	return 0;
}

static void forward(struct world *w, struct proxy_request *r)
{
	struct proxy_target t[PEERS * CHAIN];
	struct sip_edits edits;
	memset(t, 0, sizeof(t));
	sip_edits_init(&edits);
	sip_edit_bottom_named(&edits, SLICE_LIT("X-Fuzz"), SLICE_LIT("1"));
	size_t count = w->how_many % (PEERS * CHAIN + 1);
	for (size_t i = 0; i < PEERS * CHAIN; i++) {
		t[i].hop = hop_of(servers[i % PEERS], i % PEERS + 1);
		t[i].timeout_ms = w->chain & 1 ? 2000 : 0;
		t[i].hide_vias = w->chain & 2;
		t[i].edits = w->chain & 4 ? &edits : NULL;
		if ((w->chain & 8) && i + PEERS < PEERS * CHAIN)
			t[i].next = &t[i + PEERS];
	}
	if (w->chain & 16)
		t[1].next = &t[0]; /* a ring */
	proxy_forward(r, t, count);
}

static void decide(struct world *w, struct proxy_request *r)
{
	switch (w->decision % 7) {
	case 0:
	case 1:
		forward(w, r);
		break;
	case 2:
		proxy_reply(
			r, &(struct sip_reply){
				   .status = (uint16_t)(100 + w->status * 2) });
		break;
	case 3:
		proxy_refuse(r, &PROXY_REJ_INTERNAL);
		break;
	case 4:
		proxy_drop(r);
		break;
	case 5:
		if (!proxy_orphan(r))
			forward(w, r);
		break;
	default:
		break; /* later */
	}
}

static void on_request(void *arg, struct proxy_request *r)
{
	struct core *c = arg;
	uint64_t id = proxy_request_id(r);
	must(id && id < IDS && !c->asked[id] && !c->done[id]);
	c->asked[id] = 1;
	c->held[c->holding++ % HELD] = id;
	decide(c->w, r);
}

static void on_response(void *arg, struct proxy_request *r,
			const struct sip_msg *m, struct sip_edits *e)
{
	struct core *c = arg;
	sip_edit_bottom_named(e, SLICE_LIT("X-Back"), SLICE_LIT("1"));
	if (c->w->answer_instead && m->status >= c->w->answer_instead * 3)
		proxy_refuse(r, &PROXY_REJ_TIMEOUT);
}

static void on_done(void *arg, const struct proxy_record *record)
{
	struct core *c = arg;
	/* the message is a part of its request, also in the record */
	const struct proxy_request *r =
		(const void *)((const char *)record->request -
			       offsetof(struct proxy_request, msg));
	must(record->status == 0 || record->status >= 200);
	if (r->id) {
		must(r->id < IDS && !c->done[r->id]);
		c->done[r->id] = 1;
	}
	if (record->status && record->request->method != SIP_INVITE)
		c->w->finals_done++;
	if (record->status >= 300 && record->request->method == SIP_INVITE)
		c->w->failures_done++;
}

static bool on_orphan(void *arg, const struct proxy_hop *from,
		      const struct sip_msg *m)
{
	struct core *c = arg;
	struct world *w = c->w;
	struct proxy *other = w->core[!c->index].proxy;
	must(m->method == SIP_CANCEL || m->method == SIP_ACK);
	if (!w->orphans)
		return false;
	if (w->orphans & 1) { /* at once, else when it is asked for */
		if (!proxy_adopt(other, from, m->whole))
			proxy_orphan_refuse(c->proxy, from, m->whole);
		return true;
	}
	w->orphan_len = m->whole.len < TEXT ? m->whole.len : 0;
	memcpy(w->orphan, m->whole.ptr, w->orphan_len);
	w->orphan_from = *from;
	w->orphan_from.peer = slice_str(sources[from->flow % PEERS]);
	return true;
}

static const struct proxy_ops ops = {
	.on_request = on_request,
	.send = on_send,
	.branch = on_branch,
	.on_response = on_response,
	.on_done = on_done,
	.on_orphan = on_orphan,
};

static size_t write_request(struct cur *in, char *out, struct proxy_hop *from)
{
	static const char *const methods[] = { "INVITE",  "CANCEL",  "ACK",
					       "INVITE",  "MESSAGE", "OPTIONS",
					       "UNKNOWN", "REFER" };
	const char *method = methods[cur_u8(in) % 8];
	uint8_t name = cur_u8(in);
	uint8_t odd = cur_u8(in);
	unsigned peer = name % PEERS;
	*from = hop_of(sources[peer], peer + PEERS * (name & 1U));
	if (name & 64)
		addr_parse(SLICE_LIT("[2001:db8::5]:4444"), false, &from->addr);
	int len = snprintf(
		out, TEXT,
		"%s %s SIP/2.0\r\nVia: SIP/2.0/TLS h%u.test%s;branch=%s%u%s\r\n"
		"%sFrom: <sip:a@a.test>;tag=1\r\nTo: <sip:b@b.test>%s\r\n"
		"Call-ID: c%u\r\nCSeq: 1 %s\r\n%s%s%sContent-Length: 0\r\n\r\n",
		method, odd & 1 ? "http://b.test/" : "sip:b@b.test", peer,
		odd & 2 ? ":5070" : "", name & 128 ? "" : "z9hG4bK",
		name / PEERS % 4, odd & 4 ? " ;rport;received=192.0.2.1" : "",
		odd & 8 ? "Via: SIP/2.0/TLS edge.test;branch=z9hG4bKw\r\n" : "",
		odd & 16 ? ";tag=2" : "", name / PEERS % 2, method,
		odd & 32 ? "Max-Forwards: 0\r\n" : "",
		odd & 64 ? "Proxy-Require: x, y\r\n" : "",
		odd & 128 ? "Reason: SIP ;cause=200\r\n" : "");
	must(len > 0 && len < TEXT);
	return (size_t)len;
}

static void on_request_event(struct world *w, struct core *c)
{
	char text[TEXT];
	struct proxy_hop from;
	w->decision = cur_u8(&w->in);
	w->how_many = w->decision & 128 ? cur_u8(&w->in) : 1;
	w->chain = cur_u8(&w->in);
	w->status = cur_u8(&w->in);
	size_t len = write_request(&w->in, text, &from);
	w->invites += slice_starts(slice_of(text, len), SLICE_LIT("INVITE"));
	proxy_receive(c->proxy, &from, slice_of(text, len), NULL);
}

static void on_answer_event(struct world *w, struct core *c)
{
	static const uint16_t all[] = {
		100, 180, 199, 200, 202, 302, 401, 407,
		404, 408, 480, 487, 500, 503, 600, 603
	};
	uint8_t which = cur_u8(&w->in);
	struct sent *s = &w->sent[which % SENT];
	uint8_t how = cur_u8(&w->in);
	(void)c;
	if (how & 16) /* the wrong peer, or the wrong branch */
		answer(w, s, all[how % 16], servers[(s->to.flow) % PEERS]);
	else if (how & 32)
		proxy_response(w->core[!s->core].proxy, s->txn, s->branch,
			       &s->to, slice_of(s->bytes, s->len));
	else
		answer(w, s, all[how % 16],
		       servers[(s->to.flow + PEERS - 1) % PEERS]);
}

static void on_time_event(struct world *w, struct core *c)
{
	static const uint32_t steps[] = { 1, 499, 2000, 3500, 32000, 181000 };
	(void)c;
	timers_advance(w->timers,
		       timers_now(w->timers) + steps[cur_u8(&w->in) % 6]);
}

static void on_gone_event(struct world *w, struct core *c)
{
	hop_gone(w, c->index, cur_u8(&w->in));
}

static void on_failed_event(struct world *w, struct core *c)
{
	struct sent *s = &w->sent[cur_u8(&w->in) % SENT];
	proxy_failed(c->proxy, s->txn, s->branch,
		     cur_u8(&w->in) & 1 ? &PROXY_REJ_TIMEOUT : NULL);
}

static void on_fault_event(struct world *w, struct core *c)
{
	static const struct reject draining = { .status = 503,
						.metric = M_REJ_DRAINING,
						.why = "draining" };
	uint8_t what = cur_u8(&w->in);
	uint8_t value = cur_u8(&w->in);
	uint8_t *const faults[] = { &w->send_error, &w->up_error, &w->reenter,
				    &w->answer_instead, &w->orphans };
	if (what % 6 < 5)
		*faults[what % 6] = value;
	else
		proxy_refuse_new(c->proxy, value & 1 ? &draining : NULL);
}

static void on_decision_event(struct world *w, struct core *c)
{
	uint64_t id = c->held[cur_u8(&w->in) % HELD];
	struct proxy_request *r = proxy_request_find(c->proxy, id);
	w->decision = cur_u8(&w->in);
	w->how_many = cur_u8(&w->in);
	w->chain = cur_u8(&w->in);
	w->status = cur_u8(&w->in);
	if (r)
		decide(w, r);
}

static void on_adopt_event(struct world *w, struct core *c)
{
	char text[TEXT];
	struct proxy_hop from;
	size_t len = write_request(&w->in, text, &from);
	proxy_adopt(c->proxy, &from, slice_of(text, len));
}

static void on_orphan_event(struct world *w, struct core *c)
{
	struct slice bytes = slice_of(w->orphan, w->orphan_len);
	if (!proxy_adopt(c->proxy, &w->orphan_from, bytes))
		proxy_orphan_refuse(c->proxy, &w->orphan_from, bytes);
	w->orphan_len = 0;
}

static void on_raw_event(struct world *w, struct core *c)
{
	struct proxy_hop from = hop_of(sources[0], 0);
	struct slice raw = cur_bytes(&w->in, cur_u8(&w->in));
	if (cur_failed(&w->in))
		return;
	w->decision = 3;
	proxy_receive(c->proxy, &from, raw, NULL);
	proxy_response(c->proxy, 1, 0, &from, raw);
	proxy_adopt(c->proxy, &from, raw);
	proxy_orphan_refuse(c->proxy, &from, raw);
}

static void check(struct world *w)
{
	for (size_t i = 0; i < CORES; i++) {
		const struct proxy *p = w->core[i].proxy;
		must(p->count <= TRANSACTIONS && p->open <= p->count);
		must(p->by_id.count == p->count && p->depth == 0);
		for (size_t k = 0; k < PEERS; k++)
			must(source_count(p, slice_str(sources[k])) <=
			     PER_SOURCE);
	}
	must(w->finals == w->finals_done);
	must(w->failures >= w->failures_done &&
	     w->failures <= w->failures_done + w->invites);
}

static void finish(struct world *w)
{
	w->up_error = w->send_error = w->reenter = w->answer_instead = 0;
	for (size_t i = 0; i < CORES; i++) {
		struct core *c = &w->core[i];
		for (uint64_t id = 1; id <= c->proxy->next_id; id++) {
			struct proxy_request *r =
				proxy_request_find(c->proxy, id);
			if (r && !r->forwarded)
				proxy_drop(r);
		}
	}
	for (int i = 0; i < 24 && timers_count(w->timers);
	     i++) /* one branch after another */
		timers_advance(w->timers, timers_now(w->timers) + 220000);
	for (size_t i = 0; i < CORES; i++) {
		const struct proxy *p = w->core[i].proxy;
		must(!p->count && !p->open && !p->by_key.count &&
		     !p->by_merged.count && !p->hops.count &&
		     !p->sources.count);
		for (size_t id = 0; id < IDS; id++)
			must(w->core[i].done[id] >= w->core[i].asked[id]);
	}
}

static void start(struct world *w)
{
	const struct proxy_conf conf = {
		.sent_by = SLICE_LIT("edge.test"),
		.transport = SLICE_LIT("TLS"),
		.transactions_max = TRANSACTIONS,
		.transactions_max_per_source = PER_SOURCE,
	};
	must(!timers_create(&w->timers, 1));
	for (unsigned i = 0; i < CORES; i++) {
		struct core *c = &w->core[i];
		c->w = w;
		c->index = i;
		must(!proxy_create(&c->proxy, w->timers, &conf, &ops, c));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const events[])(struct world *, struct core *) = {
		on_request_event,  on_answer_event, on_time_event,
		on_gone_event,     on_failed_event, on_fault_event,
		on_decision_event, on_adopt_event,  on_orphan_event,
		on_raw_event,      on_answer_event, on_request_event,
	};
	struct world *w = calloc(1, sizeof(*w));
	must(w != NULL);
	log_set_level(LOG_ERROR);
	w->in = cur_init(slice_of(data, size));
	start(w);
	for (int i = 0; i < EVENTS && cur_left(&w->in); i++) {
		uint8_t what = cur_u8(&w->in);
		events[(what & 127) % 12](w, &w->core[what >> 7]);
		check(w);
	}
	if (size % 8) /* else they are freed in the middle */
		finish(w);
	for (size_t i = 0; i < CORES; i++)
		proxy_free(w->core[i].proxy);
	must(!timers_count(w->timers));
	timers_free(w->timers);
	free(w);
	return 0;
}
