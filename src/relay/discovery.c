/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5780 6, and the same of RFC 3489: an answer from another of our places,
 * to another port of the client, or as long as the question. */
#include "relay/discovery.h"

#include "base/metrics.h"
#include "relay/reject.h"

/* RFC 5780 7.2; the same bits as in RFC 3489 */
enum { CHANGE_PORT = 2, CHANGE_IP = 4, CHANGE_BOTH = 6 };
enum { ATTRIBUTE_HEAD = 4, FINGERPRINT_BYTES = 8 };

/* Which of our addresses and which of our ports that is, and the place with the
 * other ones; false: none of them. */
static bool place(const struct relay *r, const struct relay_addr *local,
		  unsigned change, struct relay_addr *out)
{
	const struct relay_addr at[2] = {
		relay_addr_of(&r->conf.discovery[0]),
		relay_addr_of(&r->conf.discovery[1]),
	};
	if (!at[0].family || !local->family)
		return false;
	unsigned ip = relay_addr_same_ip(&at[1], local);
	unsigned port = at[1].port == local->port;
	if (!relay_addr_same_ip(&at[ip], local) || at[port].port != local->port)
		return false;
	*out = at[change & CHANGE_IP ? !ip : ip];
	out->port = at[change & CHANGE_PORT ? !port : port].port;
	return true;
}

/* Does a datagram that came there leave by our other places too? */
static bool served(const struct relay *r, const struct relay_flow *flow)
{
	struct relay_addr other;
	return flow->transport == RELAY_UDP && !relay_flow_away(flow) &&
	       place(r, &flow->local, CHANGE_BOTH, &other);
}

void discovery_limit(const struct relay *r, const struct relay_flow *flow,
		     struct stun_msg *m)
{
	static const struct {
		enum stun_field field;
		uint16_t type;
	} asked[] = {
		{ STUN_F_CHANGE_REQUEST, 0x0003 },
		{ STUN_F_PADDING, 0x0026 },
		{ STUN_F_RESPONSE_PORT, 0x0027 },
	};
	/* clients of RFC 3489 say that they want no change */
	bool nothing = m->dialect == &stun_classic &&
		       !(stun_u32(m, STUN_F_CHANGE_REQUEST) & CHANGE_BOTH);
	if (nothing || m->method != STUN_BINDING || served(r, flow))
		return;
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		if (stun_has(m, asked[i].field) &&
		    m->unknown_count < STUN_UNKNOWN_MAX)
			m->unknown[m->unknown_count++] = asked[i].type;
}

const struct reject *discovery_act(struct request *q)
{
	const struct stun_msg *m = q->m;
	unsigned change = stun_u32(m, STUN_F_CHANGE_REQUEST) & CHANGE_BOTH;
	bool port = stun_has(m, STUN_F_RESPONSE_PORT);
	q->back = *q->flow;
	if (!served(q->relay, q->flow))
		return NULL;
	if (port &&
	    (stun_has(m, STUN_F_PADDING) || !stun_u16(m, STUN_F_RESPONSE_PORT)))
		return &relay_rej_bad;
	if (port)
		q->back.client.port = stun_u16(m, STUN_F_RESPONSE_PORT);
	(void)place(q->relay, &q->flow->local, change, &q->back.local);
	q->back.socket = q->relay->ops.socket_at(q->relay->arg, &q->back.local);
	q->elsewhere = port || change;
	q->padded = stun_has(m, STUN_F_PADDING);
	/* its listener has just gone */
	return q->back.socket ? NULL : &relay_rej_drop;
}

/* RFC 5780 6.1 would have it as long as the interface takes: then a stranger
 * with another's address had 1 500 bytes sent for 28. It is as long as the
 * question lets it be. */
static void put_padding(const struct request *q, struct stun_writer *w)
{
	size_t taken = w->len + ATTRIBUTE_HEAD + FINGERPRINT_BYTES;
	size_t len = q->m->raw.len > taken ? q->m->raw.len - taken : 0;
	uint8_t *at = stun_put_room(w, STUN_F_PADDING, len);
	if (at)
		memset(at, 0, len);
}

void discovery_answer(struct request *q, struct stun_writer *w)
{
	struct addr client = relay_addr_to(&q->flow->client);
	struct relay_addr other;
	metric_add(M_TURN_BINDINGS, 1);
	stun_put_addr(w, STUN_F_REFLEXIVE, &client);
	if (!place(q->relay, &q->flow->local, CHANGE_BOTH, &other))
		return;
	struct addr from = relay_addr_to(&q->back.local);
	struct addr told = relay_addr_to(&other);
	stun_put_addr(w, STUN_F_MAPPED, &client);
	stun_put_addr(w, STUN_F_RESPONSE_ORIGIN, &from);
	stun_put_addr(w, STUN_F_OTHER_ADDRESS, &told);
	if (q->padded)
		put_padding(q, w);
}
