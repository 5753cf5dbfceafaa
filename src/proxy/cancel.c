/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CANCEL from upstream and towards the branches (RFC 3261 9, 16.10), and the
 * ACK for a failed INVITE (17.1.1.3): requests that we make ourselves, from
 * what was sent before.
 */
#include <errno.h>

#include "proxy/parts.h"

/* What we wrote may be somewhat more than what we accept. */
static struct sip_limits sent_limits(const struct sip_limits *l)
{
	return (struct sip_limits){
		.header_line = 2 * l->header_line,
		.header_block = 2 * l->header_block,
		.header_count = 2 * l->header_count,
		.via = 2 * l->via,
		.route = 2 * l->route,
		.contact = 2 * l->contact,
		.uri = 2 * l->uri,
		.body = l->body,
	};
}

static void put_line(struct buf *b, const struct sip_header *h)
{
	buf_put(b, sip_header_name(h->id));
	buf_str(b, ": ");
	buf_put(b, h->value);
	buf_str(b, "\r\n");
}

static void put_lines(struct buf *b, const struct sip_msg *m)
{
	const struct sip_header *h;
	size_t at = 0;
	buf_str(b, "Via: ");
	buf_put(b, m->via.text);
	buf_str(b, "\r\n");
	while ((h = sip_header_next(m, SIP_H_ROUTE, &at)))
		put_line(b, h);
	put_line(b, sip_header(m, SIP_H_FROM));
	put_line(b, sip_header(m, SIP_H_CALL_ID));
}

/* Reads back what goes out: besides taking the pieces, this proves that our
 * own strict parser accepts it (SIP-04). */
int cancel_prepare(struct ctrans *c, struct slice sent)
{
	struct proxy_request *r = c->request;
	struct sip_limits limits = sent_limits(
		r->from.own ? &r->proxy->own_limits : &r->proxy->limits);
	struct sip_msg m;
	struct buf b;
	struct arena *a = arena_create(4096, sent.len + 1024 * 1024);
	if (!a)
		return -ENOMEM;
	int err = sip_parse(a, sent, &limits, &m) ? -EBADMSG : 0;
	buf_init(&b, 0);
	if (!err) {
		put_lines(&b, &m);
		c->sent_uri = arena_copy(r->arena, m.uri.text);
		c->sent_to =
			arena_copy(r->arena, sip_header(&m, SIP_H_TO)->value);
		if (!buf_failed(&b))
			c->sent_lines = arena_copy(r->arena, buf_slice(&b));
		if (!c->sent_uri.ptr || !c->sent_to.ptr || !c->sent_lines.ptr)
			err = -ENOMEM;
	}
	buf_free(&b);
	arena_free(a);
	return err;
}

/* 0 or what ops.send said. */
static int send_made(struct ctrans *c, const char *method, struct slice to,
		     struct slice reasons)
{
	struct proxy_request *r = c->request;
	struct proxy *p = r->proxy;
	bool with_txn = strcmp(method, "CANCEL") == 0;
	struct buf b;
	int err = -ENOMEM;
	buf_init(&b, 0);
	buf_str(&b, method);
	buf_str(&b, " ");
	buf_put(&b, c->sent_uri);
	buf_str(&b, " SIP/2.0\r\n");
	buf_put(&b, c->sent_lines);
	buf_str(&b, "To: ");
	buf_put(&b, to);
	buf_str(&b, "\r\nCSeq: ");
	buf_dec(&b, r->msg.cseq);
	buf_str(&b, " ");
	buf_str(&b, method);
	buf_str(&b, "\r\nMax-Forwards: 70\r\n");
	buf_put(&b, reasons);
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	if (!buf_failed(&b))
		err = p->ops.send(p->arg, &c->hop, true, buf_slice(&b),
				  with_txn ? r->id : 0,
				  with_txn ? c->index : 0);
	buf_free(&b);
	return err;
}

void ack_send(struct ctrans *c, const struct sip_msg *response)
{
	struct slice to = sip_unfold(c->request->arena,
				     sip_header(response, SIP_H_TO)->value);
	if (to.ptr)
		send_made(c, "ACK", to, SLICE_NONE);
}

/* Only after a provisional response (9.1), once. */
void cancel_send(struct ctrans *c)
{
	if (c->cancel_sent)
		return;
	c->cancel_sent = true;
	ctrans_start_cancel(c);
	int err = send_made(c, "CANCEL", c->sent_to, c->request->reasons);
	if (err && err != -ENOMEM && err != -ENOBUFS)
		ctrans_event(c, EV_TRANSPORT,
			     &(struct txn_in){ .reject = &PROXY_REJ_HOP_GONE });
}

/* Somebody else has answered: devices that stop ringing can tell that from a
 * missed call (RFC 3326 2). */
static void note_answer(struct proxy_request *r, uint16_t status)
{
	struct buf b;
	bool taken = status >= 200 && status < 300;
	if (r->reasons.len || (!taken && status < 600))
		return;
	buf_init(&b, 0);
	buf_str(&b, "Reason: SIP;cause=");
	buf_dec(&b, taken ? 200 : status);
	if (taken)
		buf_str(&b, ";text=\"Call completed elsewhere\"");
	buf_str(&b, "\r\n");
	if (!buf_failed(&b))
		r->reasons = arena_copy(r->arena, buf_slice(&b));
	buf_free(&b);
}

/* Every branch that may still ring; one that has not answered at all is
 * cancelled when it does. Requests other than INVITE cannot be cancelled. */
void cancel_branches(struct proxy_request *r, uint16_t status)
{
	for (uint16_t i = 0; i < r->branch_count; i++) {
		struct ctrans *c = r->branch[i];
		if (c->txn.table != &ctrans_invite || c->answered)
			continue;
		note_answer(r, status);
		c->cancel_wanted = true;
		if (c->txn.state == TXN_PROCEEDING)
			cancel_send(c);
	}
}

/* Why the caller gave up is told to the callees too (RFC 3326), unless there
 * is no room for it. */
static void keep_reasons(struct proxy_request *invite, const struct sip_msg *m)
{
	const struct sip_header *h;
	struct buf b;
	size_t at = 0;
	buf_init(&b, invite->proxy->limits.header_line);
	while ((h = sip_header_next(m, SIP_H_REASON, &at))) {
		struct slice value = sip_unfold(invite->arena, h->value);
		if (!value.ptr)
			b.failed = true;
		buf_str(&b, "Reason: ");
		buf_put(&b, value);
		buf_str(&b, "\r\n");
	}
	if (b.len && !buf_failed(&b))
		invite->reasons = arena_copy(invite->arena, buf_slice(&b));
	buf_free(&b);
}

bool cancel_match(struct proxy_request *cancel)
{
	struct proxy_request *invite = match_find(cancel);
	if (!invite || invite->txn.table != &strans_invite)
		return false;
	if (!invite->done && !invite->cancelled)
		keep_reasons(invite, &cancel->msg);
	proxy_reply(cancel, &(struct sip_reply){ .status = 200 });
	if (invite->done)
		return true;
	invite->cancelled = true;
	if (!invite->forwarded)
		reply_refuse(invite, &PROXY_REJ_CANCELLED, NULL);
	else
		cancel_branches(invite, 0);
	return true;
}

void cancel_receive(struct proxy_request *cancel)
{
	if (cancel_match(cancel))
		return;
	if (orphan_taken(cancel))
		request_free(cancel);
	else
		reply_stateless(cancel, &PROXY_REJ_NO_TRANSACTION);
}
