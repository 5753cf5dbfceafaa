/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MS-TURN: the messages and what they do. Allocate makes and refreshes; there
 * is no permission request and no channel: Send and Set Active Destination
 * permit, the active destination's packets go without head.
 */
#include "base/metrics.h"
#include "relay/data.h"
#include "relay/reject.h"
#include "relay/request.h"

enum { MS_LIFETIME_MAX_S = 8 * 3600, MS_LIFETIME_DEFAULT_S = 600 };

/* ---- Allocate ---- */

/* Not longer than the credential is good for. */
static uint32_t lifetime_of(const struct request *q)
{
	const struct stun_proof *p = &q->proof;
	uint64_t now_s = q->relay->ops.now_s(q->relay->arg);
	uint64_t most = MS_LIFETIME_MAX_S;
	uint64_t wanted = stun_has(q->m, STUN_F_LIFETIME)
				  ? stun_u32(q->m, STUN_F_LIFETIME)
				  : MS_LIFETIME_DEFAULT_S;
	if (p->timed && p->expires_s > now_s && p->expires_s - now_s < most)
		most = p->expires_s - now_s;
	return (uint32_t)(wanted < most ? wanted : most);
}

static const struct reject *refresh(struct request *q)
{
	struct relay_alloc *a = q->alloc;
	if (memcmp(a->last_id, q->m->id, sizeof(a->last_id)) == 0) {
		q->lifetime_s = a->lifetime_s;
		return NULL;
	}
	q->lifetime_s = lifetime_of(q);
	if (q->lifetime_s) {
		memcpy(a->last_id, q->m->id, sizeof(a->last_id));
		alloc_set_lifetime(a, q->lifetime_s);
		return NULL;
	}
	alloc_close(a, "released");
	q->alloc = NULL;
	return NULL;
}

static const struct reject *act_allocate(struct request *q)
{
	struct alloc_wish wish = { .families = 1u << 0,
				   .lifetime_s = lifetime_of(q),
				   .tcp = q->flow->transport == RELAY_MS_TCP };
	uint8_t family = stun_u8(q->m, STUN_F_FAMILY);
	if (q->alloc && q->alloc->dialect != q->dialect)
		return &relay_rej_drop;
	if (q->alloc)
		return refresh(q);
	q->lifetime_s = wish.lifetime_s;
	if (wish.lifetime_s == 0) /* released twice: libnice does so */
		return NULL;
	if (family == 2)
		wish.families = 1u << 1;
	return alloc_create(q, &wish);
}

static void put_addresses(const struct request *q, struct stun_writer *w)
{
	struct addr client = relay_addr_to(&q->flow->client);
	for (unsigned f = 0; f < 2; f++) {
		struct relay_addr at = alloc_relayed(q->alloc, f);
		struct addr told = relay_addr_to(&at);
		if (at.family)
			stun_put_addr(w, STUN_F_RELAYED, &told);
	}
	stun_put_addr(w, STUN_F_REFLEXIVE, &client);
}

static void answer_allocate(struct request *q, struct stun_writer *w)
{
	if (q->alloc)
		put_addresses(q, w);
	stun_put_u32(w, STUN_F_LIFETIME, q->lifetime_s);
	if (stun_has(q->m, STUN_F_BANDWIDTH))
		stun_put_u32(w, STUN_F_BANDWIDTH,
			     stun_u32(q->m, STUN_F_BANDWIDTH));
	if (q->alloc)
		msturn_put_sequence(w, &q->alloc->ms->sequence);
	stun_put_u32(w, STUN_F_MS_VERSION, MSTURN_VERSION);
}

/* ---- Send and Set Active Destination ---- */

static const struct reject *check_destination(struct request *q,
					      struct relay_addr *peer)
{
	struct relay_alloc *a = q->alloc;
	struct addr told;
	if (msturn_sequence_check(&a->ms->sequence, q->m) != MSTURN_FRESH)
		return &relay_rej_drop;
	if (stun_addr(q->m, STUN_F_PEER, &told))
		return &relay_rej_bad;
	*peer = relay_addr_of(&told);
	if (!alloc_port(a, peer))
		return &relay_rej_peer_family;
	return peer_permit(a, peer, true);
}

static const struct reject *act_send(struct request *q)
{
	struct relay_alloc *a = q->alloc;
	struct data_out d = { .bytes = stun_value(q->m, STUN_F_DATA) };
	if (!stun_has(q->m, STUN_F_DATA))
		return &relay_rej_bad;
	const struct reject *why = check_destination(q, &d.peer);
	if (!why)
		why = permission_add(a, &d.peer);
	if (why)
		return why;
	msturn_sequence_note(&a->ms->sequence, q->m);
	data_send(a, q->packet, &d);
	return NULL;
}

/* The new destination stands before the answer leaves. */
static const struct reject *act_set_active(struct request *q)
{
	struct relay_alloc *a = q->alloc;
	struct relay_addr peer;
	const struct reject *why = check_destination(q, &peer);
	if (!why)
		why = binding_set_active(a, &peer);
	if (!why)
		msturn_sequence_note(&a->ms->sequence, q->m);
	return why;
}

/* ---- tables ---- */

/* The base draft knows fewer codes. */
static int code_of(const struct reject *why, const struct request *q)
{
	(void)q;
	switch (why->status) {
	case 486:
	case 508:
	case 442:
		return 500;
	case 403:
	case 440:
	case 441:
	case 443:
		return 400;
	default:
		return why->status;
	}
}

static void put_version(struct request *q, struct stun_writer *w)
{
	(void)q;
	stun_put_u32(w, STUN_F_MS_VERSION, MSTURN_VERSION);
}

#define USER (RULE_AUTH | RULE_ALLOC)

static const struct rule rules[] = {
	{ STUN_ALLOCATE, STUN_REQUEST, RULE_AUTH, act_allocate,
	  answer_allocate },
	{ STUN_SEND, STUN_REQUEST, USER | RULE_SILENT, act_send, NULL },
	{ STUN_SET_ACTIVE, STUN_REQUEST, USER, act_set_active, NULL },
};

const struct relay_dialect relay_dialect_ms = {
	.name = "ms",
	.wire = &stun_ms,
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.permanent = true,
	.idle = true,
	.code = code_of,
	.challenge = put_version,
};

/* The older form: no realm, no nonce, the password itself is the key; over
 * UDP only. */
const struct relay_dialect relay_dialect_messenger = {
	.name = "messenger",
	.wire = &stun_messenger,
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.permanent = true,
	.idle = true,
	.code = code_of,
};
