/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of judgement: one array, read from top to bottom. Each check
 * looks at the facts and the rules, changes nothing, and names the refusal or
 * lets the request pass to the next one. Where it goes when all let it pass
 * is the second array. There is no other way in or out.
 */
#include "access/access.h"

#include "access/access_int.h"
#include "access/reject.h"

/* The ways a request can take; a flow token makes one of its own. */
enum lane {
	LANE_FEDERATION = 1, /* from a proven peer */
	LANE_CLIENT = 2,     /* from 443 */
	LANE_FLOW = 4,       /* from inside, to a client of ours */
	LANE_OUT = 8         /* from inside, to a partner */
};

typedef const struct reject *(*check_fn)(const struct access *a,
					 const struct access_facts *f);

/* The row that lets this peer speak for the sender's domain, or NULL. */
static const struct access_partner *sender(const struct access *a,
					   const struct access_facts *f)
{
	const struct access_partner *p = access_partner_of(a, f->from_domain);
	return p && access_proves(f, p) ? p : NULL;
}

static const struct reject *peer_known(const struct access *a,
				       const struct access_facts *f)
{
	return access_peer(a, f->peer_name, f->peer_name_count)
		       ? NULL
		       : &ACCESS_REJ_NOT_PARTNER;
}

/* Nobody outside speaks for a domain of ours: no partner row may name one,
 * so such a sender has no row either. */
static const struct reject *from_covered(const struct access *a,
					 const struct access_facts *f)
{
	return sender(a, f) ? NULL : &ACCESS_REJ_FROM_MISMATCH;
}

static const struct reject *from_ours(const struct access *a,
				      const struct access_facts *f)
{
	return access_is_ours(a, f->from_domain) ? NULL
						 : &ACCESS_REJ_CLIENT_FROM;
}

/* Signed in as somebody: From is that user and nobody else. */
static const struct reject *from_signed_in(const struct access *a,
					   const struct access_facts *f)
{
	(void)a;
	return slice_empty(f->flow_aor) || slice_eq(f->flow_aor, f->from_aor)
		       ? NULL
		       : &ACCESS_REJ_CLIENT_FROM;
}

static const struct reject *from_ours_outwards(const struct access *a,
					       const struct access_facts *f)
{
	return access_is_ours(a, f->from_domain) ? NULL
						 : &ACCESS_REJ_FROM_MISMATCH;
}

static const struct reject *to_ours(const struct access *a,
				    const struct access_facts *f)
{
	return access_is_ours(a, f->to_domain) ? NULL : &ACCESS_REJ_NOT_OURS;
}

static const struct reject *registers_ours(const struct access *a,
					   const struct access_facts *f)
{
	return f->registers ? to_ours(a, f) : NULL;
}

static const struct reject *to_not_ours(const struct access *a,
					const struct access_facts *f)
{
	return access_is_ours(a, f->to_domain) ? &ACCESS_REJ_INSIDE_LOOP : NULL;
}

static const struct reject *to_partner(const struct access *a,
				       const struct access_facts *f)
{
	return access_partner_of(a, f->to_domain) ? NULL : &ACCESS_REJ_NO_ROUTE;
}

static const struct reject *method_crosses(const struct access *a,
					   const struct access_facts *f)
{
	(void)a;
	return f->crosses && !f->registers ? NULL : &ACCESS_REJ_PARTNER_METHOD;
}

static const struct {
	unsigned lanes;
	check_fn check;
} ORDER[] = {
	{ LANE_FEDERATION, peer_known },
	{ LANE_FEDERATION, from_covered },
	{ LANE_CLIENT, from_ours },
	{ LANE_CLIENT, from_signed_in },
	{ LANE_OUT, from_ours_outwards },
	{ LANE_FEDERATION, to_ours },
	{ LANE_CLIENT, registers_ours },
	{ LANE_OUT, to_not_ours },
	{ LANE_OUT, to_partner },
	{ LANE_FEDERATION | LANE_OUT, method_crosses },
};

static const struct {
	enum lane lane;
	enum access_kind kind;
} DESTINATION[] = {
	{ LANE_FEDERATION, ACCESS_TO_INSIDE },
	{ LANE_CLIENT, ACCESS_TO_INSIDE },
	{ LANE_FLOW, ACCESS_TO_FLOW },
	{ LANE_OUT, ACCESS_TO_PARTNER },
};

static enum lane lane_of(const struct access_facts *f)
{
	switch (f->source) {
	case ACCESS_FROM_FEDERATION:
		return LANE_FEDERATION;
	case ACCESS_FROM_CLIENT:
		return LANE_CLIENT;
	case ACCESS_FROM_INSIDE:
		return f->to_flow ? LANE_FLOW : LANE_OUT;
	}
	return LANE_FEDERATION; /* the strictest */
}

struct access_verdict access_judge(const struct access *a,
				   const struct access_facts *facts)
{
	struct access_verdict v = { .kind = ACCESS_REFUSE };
	enum lane lane = lane_of(facts);
	for (size_t i = 0; i < sizeof(ORDER) / sizeof(ORDER[0]); i++) {
		if (!(ORDER[i].lanes & lane))
			continue;
		v.reject = ORDER[i].check(a, facts);
		if (v.reject)
			return v;
	}
	for (size_t i = 0; i < sizeof(DESTINATION) / sizeof(DESTINATION[0]);
	     i++) {
		if (DESTINATION[i].lane == lane)
			v.kind = DESTINATION[i].kind;
	}
	if (lane == LANE_FEDERATION)
		v.partner = sender(a, facts);
	if (lane == LANE_OUT)
		v.partner = access_partner_of(a, facts->to_domain);
	return v;
}
