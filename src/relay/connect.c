/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 6062: Connect, whose answer waits for the peer; ConnectionAttempt, which
 * tells of a peer that came; ConnectionBind, which joins a connection of the
 * client with one of a peer. The bind may land on another relay process than
 * the allocation: who proved the user there hands the connection over.
 */
#include "base/metrics.h"
#include "relay/connect.h"
#include "relay/link_int.h"
#include "relay/reject.h"
#include "relay/request.h"

enum { MESSAGE_BYTES = 256 };

static void send_message(const struct relay_link *l, struct stun_writer *w)
{
	struct relay_alloc *a = l->port->alloc;
	const struct relay_out out = { .bytes = stun_end(w) };
	if (!slice_empty(out.bytes))
		a->relay->ops.to_client(a->relay->arg, &a->flow, &out);
}

/* ---- Connect, RFC 6062 4.3, 5.2 ---- */

const struct reject *act_connect(struct request *q)
{
	struct relay_alloc *a = q->alloc;
	struct relay_addr peer;
	struct addr told;
	if (stun_addr(q->m, STUN_F_PEER, &told))
		return &relay_rej_bad;
	peer = relay_addr_of(&told);
	const struct reject *why = peer_permit(a, &peer, true);
	if (why)
		return why;
	struct relay_port *port = alloc_port(a, &peer);
	if (!port)
		return &relay_rej_peer_family;
	if (!port->tcp)
		return &relay_rej_not_tcp;
	if (link_find(a, &peer))
		return &relay_rej_link_exists;
	if (links_count(a, true) >= LINKS_PENDING_MAX)
		return &relay_rej_capacity;
	struct relay_link *l = link_dial(port, &peer);
	if (!l)
		return &relay_rej_link_failed;
	l->asked = true;
	l->sha256 = q->proof.sha256;
	l->key = q->proof.key;
	memcpy(l->transaction, q->m->id, sizeof(l->transaction));
	a->peers++;
	q->later = true;
	return NULL;
}

void connect_done(struct relay_link *l, const struct reject *why)
{
	struct relay *r = l->port->relay;
	uint8_t bytes[MESSAGE_BYTES];
	struct stun_writer w;
	if (!l->asked)
		return;
	l->asked = false;
	stun_writer_init(&w, r->hasher, bytes, sizeof(bytes));
	stun_begin(&w, &stun_rfc, STUN_CONNECT, why ? STUN_ERROR : STUN_SUCCESS,
		   l->transaction);
	if (why) {
		metric_add(why->metric, 1);
		stun_put_error(&w, why->status, slice_str(why->reason));
	} else {
		stun_put_u32(&w, STUN_F_CONNECTION_ID, l->id);
		timer_start(&l->timer, LINK_BIND_MS);
	}
	stun_put_integrity(&w, stun_key_bytes(&l->key), l->sha256);
	send_message(l, &w);
}

/* ---- ConnectionAttempt, RFC 6062 4.4, 5.3 ---- */

void connect_attempted(struct relay_link *l)
{
	struct addr peer = relay_addr_to(&l->peer);
	uint8_t bytes[MESSAGE_BYTES], id[STUN_ID_BYTES];
	struct stun_writer w;
	timer_start(&l->timer, LINK_BIND_MS);
	if (crypto_random(id, sizeof(id)))
		return;
	stun_writer_init(&w, NULL, bytes, sizeof(bytes));
	stun_begin(&w, &stun_rfc, STUN_CONNECTION_ATTEMPT, STUN_INDICATION, id);
	stun_put_u32(&w, STUN_F_CONNECTION_ID, l->id);
	stun_put_addr(&w, STUN_F_PEER, &peer);
	send_message(l, &w);
}

/* ---- ConnectionBind, RFC 6062 4.5, 5.4 ---- */

static void pass_on(struct request *q, uint32_t id)
{
	struct relay *r = q->relay;
	uint8_t yes[REPLY_BYTES], no[REPLY_BYTES];
	const struct relay_join join = {
		.slot = id & LINK_COLUMN_MASK,
		.id = id,
		.user = q->proof.user,
		.yes = request_answer(q, NULL, yes),
		.no = request_answer(q, &relay_rej_bad, no),
	};
	r->ops.links->pass_on(r->arg, q->flow, &join);
}

const struct reject *act_bind(struct request *q)
{
	struct relay *r = q->relay;
	uint32_t id = stun_u32(q->m, STUN_F_CONNECTION_ID);
	bool stream = q->flow->transport == RELAY_TCP ||
		      q->flow->transport == RELAY_TLS;
	if (!stream || !r->ops.links || q->alloc ||
	    !stun_has(q->m, STUN_F_CONNECTION_ID))
		return &relay_rej_bad;
	if ((id & LINK_COLUMN_MASK) != (r->column & LINK_COLUMN_MASK)) {
		q->later = true;
		pass_on(q, id);
		return NULL;
	}
	q->join = relay_link_claim(r, id, q->proof.user);
	return q->join ? NULL : &relay_rej_bad;
}
