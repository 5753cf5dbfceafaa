/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarding a request to its targets, in parallel (RFC 3261 16.6). */
#include <errno.h>

#include "base/log.h"
#include "base/text.h"
#include "proxy/parts.h"

enum {
	MAX_FORWARDS_DEFAULT = 70,
	VIA_BYTES = 256, /* most times enough */
};

/* What stands before our branch. rport (RFC 3581 3): without it some devices
 * answer to the default port of our name, not by the connection that the
 * request came by. */
static void put_via(const struct proxy *p, struct slice transport, bool alias,
		    struct buf *via)
{
	buf_str(via, "SIP/2.0/");
	if (slice_empty(transport))
		buf_str(via, p->transport);
	else
		buf_put(via, transport);
	buf_str(via, " ");
	buf_str(via, p->sent_by);
	buf_str(via, alias ? ";alias;rport;branch=" : ";rport;branch=");
}

static int put_branch(const struct proxy *p, uint64_t id, uint16_t index,
		      struct buf *via)
{
	buf_str(via, "z9hG4bK");
	int err = p->ops.branch(p->arg, id, index, via);
	if (err < 0)
		return err;
	return buf_failed(via) ? -ENOMEM : 0;
}

int proxy_lend_via(struct proxy *p, struct slice transport, struct buf *via,
		   uint64_t *txn)
{
	int err = request_draw_id(p, txn);
	put_via(p, transport, false, via);
	return err ? err : put_branch(p, *txn, 0, via);
}

/* Our Via's value; *branch is where the part behind "branch=" begins. */
static int write_via(struct proxy_request *r, const struct proxy_target *t,
		     uint16_t index, struct buf *via, size_t *branch)
{
	put_via(r->proxy, t->transport, t->alias, via);
	*branch = via->len;
	return put_branch(r->proxy, r->id, index, via);
}

/* The Via as it goes out, kept in the arena; *branch is a part of it. */
static int make_via(struct proxy_request *r, const struct proxy_target *t,
		    uint16_t index, struct slice *via, struct slice *branch)
{
	uint8_t first[VIA_BYTES];
	struct buf b;
	size_t at = 0;
	buf_init_lent(&b, first, sizeof(first));
	int err = write_via(r, t, index, &b, &at);
	if (!err) {
		*via = arena_copy(r->arena, buf_slice(&b));
		err = via->ptr ? 0 : -ENOMEM;
	}
	buf_free(&b);
	*branch = err ? SLICE_NONE : slice_from(*via, at);
	return err;
}

static int forward_encode(struct proxy_request *r, const struct proxy_target *t,
			  uint16_t index, struct buf *out, struct slice *branch)
{
	char digits[TEXT_DEC_MAX];
	struct sip_edits e;
	struct slice via;
	int err = make_via(r, t, index, &via, branch);
	if (err)
		return err;
	if (t->edits)
		sip_edits_copy(&e, t->edits);
	else
		sip_edits_init(&e);
	if (!slice_empty(t->uri))
		sip_edit_uri(&e, t->uri);
	if (t->hide_vias)
		sip_edit_drop(&e, SIP_H_VIA);
	sip_edit_drop(&e, SIP_H_MAX_FORWARDS);
	int forwards = r->msg.max_forwards < 0 ? MAX_FORWARDS_DEFAULT
					       : r->msg.max_forwards - 1;
	sip_edit_top(&e, SIP_H_MAX_FORWARDS,
		     text_dec((uint64_t)forwards, digits));
	if (!slice_empty(t->record_route))
		sip_edit_top(&e, SIP_H_RECORD_ROUTE, t->record_route);
	sip_edit_top(&e, SIP_H_VIA, via);
	return sip_encode(out, &r->msg, &e);
}

static const struct reject *failure_of(int err)
{
	return err == -ENOMEM ? &PROXY_REJ_OVERLOAD : &PROXY_REJ_INTERNAL;
}

void forward_branch(struct proxy_request *r, const struct proxy_target *t,
		    const struct proxy_target *next)
{
	struct ctrans *c = ctrans_create(r, t);
	if (!c) {
		response_local(r, NULL, &PROXY_REJ_OVERLOAD);
		return;
	}
	c->next = next;
	c->own = t->own;
	uint8_t first[PROXY_WIRE_BYTES];
	struct buf b;
	buf_init_lent(&b, first, sizeof(first));
	int err = forward_encode(r, t, c->index, &b, &c->branch);
	if (!err && r->msg.method == SIP_INVITE)
		err = cancel_prepare(c, buf_slice(&b));
	if (err)
		ctrans_event(c, EV_TRANSPORT,
			     &(struct txn_in){ .reject = failure_of(err) });
	else
		ctrans_start(c, buf_slice(&b));
	buf_free(&b);
}

/* Was it sent? *reject is set when it could not be written. */
static bool silent_sent(struct proxy_request *r, const struct proxy_target *t,
			uint16_t index, const struct reject **reject)
{
	struct proxy *p = r->proxy;
	struct slice branch;
	uint8_t first[PROXY_WIRE_BYTES];
	struct buf b;
	buf_init_lent(&b, first, sizeof(first));
	int err = forward_encode(r, t, index, &b, &branch);
	*reject = err ? failure_of(err) : NULL;
	if (!err)
		err = p->ops.send(p->arg, &t->hop, true, buf_slice(&b), 0, 0);
	buf_free(&b);
	return !err;
}

/* What nobody answers leaves no state (RFC 3261 16.11 applies alike). */
static void forward_silent(struct proxy_request *r,
			   const struct proxy_target *t)
{
	const struct reject *reject = NULL;
	for (uint16_t i = 0; t && i < PROXY_BRANCHES_MAX && !r->done; i++) {
		if (silent_sent(r, t, i, &reject))
			break;
		t = t->next;
	}
	request_final(r, &(struct final){ .reject = reject });
}

static void forward_all(struct proxy_request *r,
			const struct proxy_target *targets, uint16_t count)
{
	metric_add(M_SIP_FORWARDED, 1);
	r->hold = true;
	r->reserved = count;
	for (uint16_t i = 0; i < count && !r->done && !r->cancelled; i++) {
		r->reserved--;
		forward_branch(r, &targets[i],
			       failover_copy(r, targets[i].next));
	}
	r->reserved = 0;
	r->hold = false;
	response_settle(r);
}

void proxy_forward(struct proxy_request *r, const struct proxy_target *targets,
		   size_t count)
{
	struct proxy *p = r->proxy;
	if (r->done || r->forwarded)
		return;
	proxy_enter(p);
	r->forwarded = true;
	if (count > PROXY_BRANCHES_MAX) {
		LOG_LIMITED(LOG_WARN, "sip.fork_cut", r->from.peer,
			    KV_SLICE("uri", r->msg.uri.text),
			    KV_U64("targets", count));
		count = PROXY_BRANCHES_MAX;
	}
	if (!count) {
		reply_refuse(r, &PROXY_REJ_INTERNAL, NULL);
	} else if (r->txn.table == &strans_silent) {
		forward_silent(r, &targets[0]);
	} else {
		forward_all(r, targets, (uint16_t)count);
	}
	proxy_leave(p);
}
