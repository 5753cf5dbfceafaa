/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8656 and RFC 8489: the messages, what they must hold, what they do. */
#include <errno.h>

#include "base/metrics.h"
#include "relay/connect.h"
#include "relay/data.h"
#include "relay/discovery.h"
#include "relay/link_int.h"
#include "relay/mobility.h"
#include "relay/reject.h"
#include "relay/request.h"

enum {
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	FAMILY_4 = 1,
	FAMILY_6 = 2,
	EVEN_RESERVE = 0x80,
	PERMISSIONS_AT_ONCE = 64,
};

/* ---- Allocate, RFC 8656 7.2 ---- */

static uint32_t lifetime_of(const struct request *q)
{
	const struct relay_conf *c = &q->relay->conf;
	uint32_t wanted = stun_has(q->m, STUN_F_LIFETIME)
				  ? stun_u32(q->m, STUN_F_LIFETIME)
				  : c->lifetime_default_s;
	if (wanted > c->lifetime_max_s)
		wanted = c->lifetime_max_s;
	return wanted < c->lifetime_default_s ? c->lifetime_default_s : wanted;
}

static const struct reject *wish_families(const struct request *q,
					  struct alloc_wish *wish)
{
	const struct stun_msg *m = q->m;
	uint8_t family = stun_u8(m, STUN_F_FAMILY);
	wish->families = 1u << 0;
	if (stun_has(m, STUN_F_ADDITIONAL_FAMILY)) {
		if (stun_has(m, STUN_F_FAMILY) ||
		    stun_u8(m, STUN_F_ADDITIONAL_FAMILY) != FAMILY_6)
			return &relay_rej_bad;
		wish->additional = 1u << 1;
	}
	if (!stun_has(m, STUN_F_FAMILY))
		return NULL;
	if (family != FAMILY_4 && family != FAMILY_6)
		return &relay_rej_family;
	wish->families = 1u << (family - 1);
	return NULL;
}

static const struct reject *wish_ports(const struct request *q,
				       struct alloc_wish *wish)
{
	const struct stun_msg *m = q->m;
	struct slice token = stun_value(m, STUN_F_RESERVATION);
	wish->even = stun_has(m, STUN_F_EVEN_PORT);
	wish->reserve = stun_u8(m, STUN_F_EVEN_PORT) & EVEN_RESERVE;
	if (wish->reserve && wish->additional)
		return &relay_rej_bad;
	if (!stun_has(m, STUN_F_RESERVATION))
		return NULL;
	if (wish->even || stun_has(m, STUN_F_FAMILY) || wish->additional ||
	    token.len != sizeof(wish->token))
		return &relay_rej_bad;
	wish->by_token = true;
	memcpy(wish->token, token.ptr, sizeof(wish->token));
	return NULL;
}

/* RFC 6062 5.1: from streams only, and one port. */
static const struct reject *wish_tcp(const struct request *q,
				     struct alloc_wish *wish)
{
	bool stream = q->flow->transport == RELAY_TCP ||
		      q->flow->transport == RELAY_TLS;
	if (!stream || stun_has(q->m, STUN_F_DONT_FRAGMENT) ||
	    stun_has(q->m, STUN_F_EVEN_PORT) ||
	    stun_has(q->m, STUN_F_RESERVATION))
		return &relay_rej_bad;
	wish->tcp = true;
	return NULL;
}

static const struct reject *wish_of(const struct request *q,
				    struct alloc_wish *wish)
{
	const struct reject *why = NULL;
	if (!stun_has(q->m, STUN_F_TRANSPORT))
		return &relay_rej_bad;
	uint8_t protocol = stun_u8(q->m, STUN_F_TRANSPORT);
	if (protocol == PROTOCOL_TCP)
		why = wish_tcp(q, wish);
	else if (protocol != PROTOCOL_UDP)
		why = &relay_rej_transport;
	if (why)
		return why;
	why = wish_families(q, wish);
	return why ? why : wish_ports(q, wish);
}

static const struct reject *act_allocate(struct request *q)
{
	struct alloc_wish wish = { .lifetime_s = lifetime_of(q) };
	struct relay_alloc *a = q->alloc;
	if (a && a->dialect == q->dialect && a->user == q->proof.user &&
	    memcmp(a->last_id, q->m->id, sizeof(a->last_id)) == 0) {
		/* sent again: our answer was lost */
		q->lifetime_s = a->lifetime_s;
		return NULL;
	}
	if (a)
		return &relay_rej_has_allocation;
	const struct reject *why = wish_of(q, &wish);
	if (!why)
		why = mobility_check(q);
	if (!why)
		why = alloc_create(q, &wish);
	q->lifetime_s = wish.lifetime_s;
	return why;
}

static void put_family_error(const struct request *q, struct stun_writer *w)
{
	unsigned code = q->family_error->status;
	const uint8_t value[4] = { FAMILY_6, 0, (uint8_t)(code / 100),
				   (uint8_t)(code % 100) };
	stun_put(w, STUN_F_ADDRESS_ERROR, slice_of(value, sizeof(value)));
}

static void answer_allocate(struct request *q, struct stun_writer *w)
{
	struct addr client = relay_addr_to(&q->flow->client);
	for (unsigned f = 0; f < 2; f++) {
		struct relay_addr at = alloc_relayed(q->alloc, f);
		struct addr told = relay_addr_to(&at);
		if (at.family)
			stun_put_addr(w, STUN_F_RELAYED, &told);
	}
	stun_put_addr(w, STUN_F_REFLEXIVE, &client);
	stun_put_u32(w, STUN_F_LIFETIME, q->lifetime_s);
	if (q->reserved)
		stun_put(w, STUN_F_RESERVATION,
			 slice_of(q->token, sizeof(q->token)));
	if (q->family_error)
		put_family_error(q, w);
	mobility_put(q, w);
}

/* ---- Refresh, RFC 8656 8.2 ---- */

/* One family of two may be given up by itself. */
static void drop_family(struct relay_alloc *a, unsigned family)
{
	struct slots *s = a->relay->slots;
	for (uint32_t i = a->slots, next; i != SLOT_NONE; i = next) {
		struct relay_addr peer = slots_peer(slots_at(s, i));
		next = slots_next(s, i);
		if (relay_addr_index(&peer) == family)
			binding_remove(a, i);
	}
	links_clear(a, a->port[family]);
	port_close(a->port[family]);
	a->port[family] = NULL;
}

static const struct reject *refresh(struct request *q)
{
	struct relay_alloc *a = q->alloc;
	uint8_t family = stun_u8(q->m, STUN_F_FAMILY);
	bool named = stun_has(q->m, STUN_F_FAMILY);
	bool ends = stun_has(q->m, STUN_F_LIFETIME) &&
		    stun_u32(q->m, STUN_F_LIFETIME) == 0;
	if (named && ((family != FAMILY_4 && family != FAMILY_6) ||
		      !a->port[family - 1]))
		return &relay_rej_peer_family;
	q->lifetime_s = ends ? 0 : lifetime_of(q);
	if (ends && named && a->port[0] && a->port[1]) {
		drop_family(a, family - 1u);
	} else if (ends) {
		alloc_close(a, "released");
		q->alloc = NULL;
	} else {
		alloc_set_lifetime(a, q->lifetime_s);
	}
	return NULL;
}

static const struct reject *act_refresh(struct request *q)
{
	const struct reject *why = stun_has(q->m, STUN_F_MOBILITY_TICKET)
					   ? mobility_refresh(q)
					   : request_check_alloc(q);
	return why || q->later ? why : refresh(q);
}

static void answer_refresh(struct request *q, struct stun_writer *w)
{
	stun_put_u32(w, STUN_F_LIFETIME, q->lifetime_s);
	mobility_put(q, w);
}

/* ---- CreatePermission, RFC 8656 10.2 ---- */

static const struct reject *check_peer(struct relay_alloc *a,
				       const struct addr *told, bool with_port,
				       struct relay_addr *peer)
{
	*peer = relay_addr_of(told);
	const struct reject *why = peer_permit(a, peer, with_port);
	if (why)
		return why;
	return alloc_port(a, peer) ? NULL : &relay_rej_peer_family;
}

static bool is_among(const struct relay_addr *list, size_t count,
		     const struct relay_addr *a)
{
	for (size_t i = 0; i < count; i++) {
		if (relay_addr_same_ip(&list[i], a))
			return true;
	}
	return false;
}

static const struct reject *act_permission(struct request *q)
{
	struct relay_addr peer[PERMISSIONS_AT_ONCE], one;
	struct addr told;
	size_t count = 0;
	uint32_t at = 0;
	int err;
	while ((err = stun_addr_next(q->m, STUN_F_PEER, &at, &told)) == 0) {
		const struct reject *why =
			check_peer(q->alloc, &told, false, &one);
		if (why)
			return why;
		if (is_among(peer, count, &one))
			continue;
		if (count == PERMISSIONS_AT_ONCE)
			return &relay_rej_permissions;
		peer[count++] = one;
	}
	if (count == 0 || err != -ENOENT)
		return &relay_rej_bad;
	if (!permission_room(q->alloc, peer, count))
		return &relay_rej_permissions;
	const struct reject *why = NULL;
	for (size_t i = 0; i < count && !why; i++)
		why = permission_add(q->alloc, &peer[i]);
	return why;
}

/* ---- ChannelBind, RFC 8656 12.2 ---- */

static const struct reject *act_channel(struct request *q)
{
	struct addr told;
	struct relay_addr peer;
	uint16_t channel = stun_u16(q->m, STUN_F_CHANNEL);
	if (!stun_has(q->m, STUN_F_CHANNEL) ||
	    stun_addr(q->m, STUN_F_PEER, &told))
		return &relay_rej_bad;
	const struct reject *why = check_peer(q->alloc, &told, true, &peer);
	if (!why && alloc_port(q->alloc, &peer)->tcp)
		why = &relay_rej_not_tcp;
	if (!why)
		why = binding_check(q->alloc, channel, &peer);
	return why ? why : binding_add(q->alloc, channel, &peer);
}

/* ---- Send, RFC 8656 11.2 ---- */

static const struct reject *act_send(struct request *q)
{
	struct addr told;
	struct data_out d = { .bytes = stun_value(q->m, STUN_F_DATA),
			      .dont_fragment =
				      stun_has(q->m, STUN_F_DONT_FRAGMENT) };
	if (!stun_has(q->m, STUN_F_DATA) || stun_addr(q->m, STUN_F_PEER, &told))
		return &relay_rej_bad;
	d.peer = relay_addr_of(&told);
	if (!alloc_port(q->alloc, &d.peer))
		return &relay_rej_peer_family;
	if (alloc_port(q->alloc, &d.peer)->tcp)
		return &relay_rej_drop;
	if (!permission_has(q->alloc, &d.peer)) {
		metric_add(M_TURN_NO_PERMISSION, 1);
		return &relay_rej_drop;
	}
	const struct reject *why = peer_permit(q->alloc, &d.peer, true);
	if (!why)
		data_send(q->alloc, q->packet, &d);
	return why;
}

/* ---- tables ---- */

static int code_of(const struct reject *why, const struct request *q)
{
	(void)q;
	return why->status;
}

#define USER (RULE_AUTH | RULE_ALLOC)

static const struct rule rfc_rules[] = {
	{ STUN_BINDING, STUN_REQUEST, 0, discovery_act, discovery_answer },
	{ STUN_ALLOCATE, STUN_REQUEST, RULE_AUTH, act_allocate,
	  answer_allocate },
	/* a ticket may bring the allocation (RFC 8016) */
	{ STUN_REFRESH, STUN_REQUEST, RULE_AUTH, act_refresh, answer_refresh },
	{ STUN_CREATE_PERMISSION, STUN_REQUEST, USER, act_permission, NULL },
	{ STUN_CHANNEL_BIND, STUN_REQUEST, USER, act_channel, NULL },
	{ STUN_CONNECT, STUN_REQUEST, USER, act_connect, NULL },
	{ STUN_CONNECTION_BIND, STUN_REQUEST, RULE_AUTH, act_bind, NULL },
	{ STUN_SEND, STUN_INDICATION, RULE_ALLOC | RULE_SILENT, act_send,
	  NULL },
};

static const struct rule classic_rules[] = {
	{ STUN_BINDING, STUN_REQUEST, 0, discovery_act, discovery_answer },
};

const struct relay_dialect relay_dialect_rfc = {
	.name = "rfc",
	.wire = &stun_rfc,
	.rules = rfc_rules,
	.rule_count = sizeof(rfc_rules) / sizeof(rfc_rules[0]),
	.code = code_of,
};

const struct relay_dialect relay_dialect_classic = {
	.name = "classic",
	.wire = &stun_classic,
	.rules = classic_rules,
	.rule_count = sizeof(classic_rules) / sizeof(classic_rules[0]),
	.code = code_of,
};
