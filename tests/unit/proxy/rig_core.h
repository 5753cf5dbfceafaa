/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proxy on a memory transport: what it sends is kept; time is a number.
 */
#pragma once

#include "proxy/parts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/oom.h"

enum {
	RIG_SENT_MAX = 8192,
	RIG_BYTES_MAX = 8 * 1024 * 1024,
	RIG_TEXT_MAX = 64 * 1024,
	RIG_TARGETS = 12,
	RIG_T1 = 500,
	RIG_64T1 = 32000,
};

struct rig_sent {
	struct proxy_hop to;
	bool request;
	struct slice bytes;
	uint64_t txn;
	uint16_t branch;
};

enum rig_mode { RIG_HOLD, RIG_FORWARD, RIG_REPLY, RIG_REFUSE, RIG_DROP };

struct rig {
	struct timers *timers;
	struct proxy *proxy;
	/* what on_request does */
	enum rig_mode mode;
	uint16_t reply;
	const struct reject *refusal;
	struct proxy_target target[RIG_TARGETS];
	size_t targets;
	/* what was seen */
	unsigned requests, acks, done;
	uint64_t last_id;
	uint16_t done_status;
	const struct reject *done_reject;
	bool done_had_target;
	struct rig_sent sent[RIG_SENT_MAX];
	size_t count;
	uint8_t *bytes;
	size_t used;
	/* faults of the transport */
	int send_error;     /* for requests */
	uint64_t fail_flow; /* only to that flow, 0: all */
	int up_error;       /* for responses */
	bool gone_in_send;  /* hop_gone() from inside send */
	/* tests' own hooks, or NULL */
	void (*hook_send)(struct rig *g, struct rig_sent *s);
	void (*hook_response)(struct rig *g, struct proxy_request *r);
	int hook_state;
	/* what on_orphan does, and the last one */
	bool take_orphans, orphan_ack;
	unsigned orphans;
	char orphan[RIG_TEXT_MAX];
	struct addr addr; /* where the requests come from, if known */
	struct arena *arena;
	const struct reject *closes;
};

static inline void rig_request(void *arg, struct proxy_request *r)
{
	struct rig *g = arg;
	g->requests++;
	g->last_id = proxy_request_id(r);
	if (proxy_request_msg(r)->method == SIP_ACK)
		g->acks++;
	if (g->orphan_ack && proxy_orphan(r))
		return;
	switch (g->mode) {
	case RIG_HOLD:
		break;
	case RIG_FORWARD:
		proxy_forward(r, g->target, g->targets);
		break;
	case RIG_REPLY:
		proxy_reply(r, &(struct sip_reply){ .status = g->reply });
		break;
	case RIG_REFUSE:
		proxy_refuse(r, g->refusal);
		break;
	case RIG_DROP:
		proxy_drop(r);
		break;
	}
}

static inline int rig_send(void *arg, const struct proxy_hop *to, bool request,
			   struct slice bytes, uint64_t txn, uint16_t branch)
{
	struct rig *g = arg;
	if (!request && g->up_error)
		return g->up_error;
	if (request && g->send_error &&
	    (!g->fail_flow || g->fail_flow == to->flow)) {
		if (g->gone_in_send)
			proxy_hop_gone(g->proxy, to, NULL);
		return g->send_error;
	}
	assert_true(g->count < RIG_SENT_MAX);
	assert_true(g->used + bytes.len <= RIG_BYTES_MAX);
	struct rig_sent *s = &g->sent[g->count++];
	*s = (struct rig_sent){ *to, request, bytes, txn, branch };
	s->to.peer = SLICE_NONE;
	memcpy(g->bytes + g->used, bytes.ptr, bytes.len);
	s->bytes = slice_of(g->bytes + g->used, bytes.len);
	g->used += bytes.len;
	if (g->hook_send)
		g->hook_send(g, s);
	return 0;
}

static inline int rig_branch(void *arg, uint64_t txn, uint16_t branch,
			     struct buf *out)
{
	(void)arg;
	buf_printf(out, "t%llu.%u", (unsigned long long)txn, branch);
	return 0;
}

static inline void rig_on_response(void *arg, struct proxy_request *r,
				   const struct sip_msg *response,
				   struct sip_edits *edits)
{
	struct rig *g = arg;
	(void)response;
	(void)edits;
	if (g->hook_response)
		g->hook_response(g, r);
}

static inline void rig_on_refuse(void *arg, struct proxy_request *r,
				 const struct reject *reject,
				 struct sip_edits *extra)
{
	(void)arg;
	(void)r;
	sip_edit_bottom_named(extra, SLICE_LIT("X-Why"),
			      slice_str(reject->why));
}

static inline void rig_on_done(void *arg, const struct proxy_record *record)
{
	struct rig *g = arg;
	g->done++;
	g->done_status = record->status;
	g->done_reject = record->reject;
	g->done_had_target = record->to != NULL;
}

static inline bool rig_on_orphan(void *arg, const struct proxy_hop *from,
				 const struct sip_msg *m)
{
	struct rig *g = arg;
	(void)from;
	g->orphans++;
	assert_int_equal(slice_cstr(m->whole, g->orphan, RIG_TEXT_MAX), 0);
	return g->take_orphans;
}

static const struct proxy_ops rig_ops = {
	.on_request = rig_request,
	.send = rig_send,
	.branch = rig_branch,
	.on_response = rig_on_response,
	.on_refuse = rig_on_refuse,
	.on_done = rig_on_done,
	.on_orphan = rig_on_orphan,
};
