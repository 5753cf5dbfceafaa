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

/* The ways a request can take; a route token makes one of its own. */
enum lane {
	LANE_FEDERATION = 1,     /* from a proven peer, to the inside */
	LANE_CLIENT = 2,         /* from 443, to the inside */
	LANE_FLOW = 4,           /* from inside, to a client of ours */
	LANE_OUT = 8,            /* from inside, to a partner */
	LANE_PEER_DIALOG = 16,   /* from a proven peer, to a client */
	LANE_TRANSIT = 32,       /* from a proven peer, to a partner */
	LANE_CLIENT_DIALOG = 64, /* from 443, to a client */
	LANE_DIALOG_OUT = 128,   /* from 443, to a partner */
	LANE_INSIDE_DIALOG = 256 /* from inside, to a partner, by token */
};

typedef const struct reject *(*check_fn)(const struct access *a,
					 const struct access_facts *f);

/* Not a refusal: what is missing to judge. */
static const struct reject NEED_SRV;

/* NULL: this peer may speak for the sender's domain. */
static const struct reject *speaks(const struct access *a,
				   const struct access_facts *f,
				   const struct reject *otherwise)
{
	const struct access_partner *p = access_partner_of(a, f->from_domain);
	const struct reject *const answers[] = {
		[ACCESS_PROVEN] = NULL,
		[ACCESS_NOT_PROVEN] = otherwise,
		[ACCESS_NOT_DIRECT] = &ACCESS_REJ_SRV_DOMAIN,
		[ACCESS_NO_RECORD] = &ACCESS_REJ_SRV_NONE,
		[ACCESS_PROOF_UNKNOWN] = &NEED_SRV,
	};
	return p ? answers[access_proves(f, p)] : otherwise;
}

/* Known by the FQDN of an edge, or by a target of the sender's domain. */
static const struct reject *peer_known(const struct access *a,
				       const struct access_facts *f)
{
	return access_peer(a, f->peer_name, f->peer_name_count)
		       ? NULL
		       : speaks(a, f, &ACCESS_REJ_NOT_PARTNER);
}

/* Nobody outside speaks for a domain of ours: no partner row may name one,
 * so such a sender has no row either. */
static const struct reject *from_covered(const struct access *a,
					 const struct access_facts *f)
{
	return speaks(a, f, &ACCESS_REJ_FROM_MISMATCH);
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

static const struct reject *no_transit(const struct access *a,
				       const struct access_facts *f)
{
	(void)a;
	(void)f;
	return &ACCESS_REJ_NOT_OURS;
}

static const struct reject *still_partner(const struct access *a,
					  const struct access_facts *f)
{
	return access_partner_by_key(a, f->route_edge) ? NULL
						       : &ACCESS_REJ_NO_ROUTE;
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
	{ LANE_FEDERATION | LANE_PEER_DIALOG | LANE_TRANSIT, peer_known },
	{ LANE_FEDERATION | LANE_PEER_DIALOG | LANE_TRANSIT, from_covered },
	{ LANE_TRANSIT, no_transit },
	{ LANE_CLIENT | LANE_CLIENT_DIALOG | LANE_DIALOG_OUT, from_ours },
	{ LANE_CLIENT | LANE_CLIENT_DIALOG | LANE_DIALOG_OUT, from_signed_in },
	{ LANE_OUT | LANE_INSIDE_DIALOG, from_ours_outwards },
	{ LANE_FEDERATION, to_ours },
	{ LANE_CLIENT, registers_ours },
	{ LANE_OUT, to_not_ours },
	{ LANE_OUT, to_partner },
	{ LANE_DIALOG_OUT | LANE_INSIDE_DIALOG, still_partner },
	{ LANE_FEDERATION | LANE_OUT | LANE_PEER_DIALOG | LANE_DIALOG_OUT |
		  LANE_INSIDE_DIALOG,
	  method_crosses },
};

static const struct {
	enum lane lane;
	enum access_kind kind;
} DESTINATION[] = {
	{ LANE_FEDERATION, ACCESS_TO_INSIDE },
	{ LANE_CLIENT, ACCESS_TO_INSIDE },
	{ LANE_FLOW, ACCESS_TO_FLOW },
	{ LANE_OUT, ACCESS_TO_PARTNER },
	{ LANE_PEER_DIALOG, ACCESS_TO_FLOW },
	{ LANE_CLIENT_DIALOG, ACCESS_TO_FLOW },
	{ LANE_DIALOG_OUT, ACCESS_TO_PARTNER },
	{ LANE_INSIDE_DIALOG, ACCESS_TO_PARTNER },
};

static const enum lane LANE[][3] = {
	[ACCESS_FROM_FEDERATION] = { [ACCESS_ROUTE_NONE] = LANE_FEDERATION,
				     [ACCESS_ROUTE_FLOW] = LANE_PEER_DIALOG,
				     [ACCESS_ROUTE_PARTNER] = LANE_TRANSIT },
	[ACCESS_FROM_CLIENT] = { [ACCESS_ROUTE_NONE] = LANE_CLIENT,
				 [ACCESS_ROUTE_FLOW] = LANE_CLIENT_DIALOG,
				 [ACCESS_ROUTE_PARTNER] = LANE_DIALOG_OUT },
	[ACCESS_FROM_INSIDE] = { [ACCESS_ROUTE_NONE] = LANE_OUT,
				 [ACCESS_ROUTE_FLOW] = LANE_FLOW,
				 [ACCESS_ROUTE_PARTNER] = LANE_INSIDE_DIALOG },
};

/* A client that has not signed in holds no token of its own: it goes inside
 * and is challenged there. */
static enum lane lane_of(const struct access_facts *f)
{
	if (f->source == ACCESS_FROM_CLIENT && slice_empty(f->flow_aor))
		return LANE_CLIENT;
	return LANE[f->source][f->route];
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
		if (v.reject == &NEED_SRV)
			return (struct access_verdict){
				.kind = ACCESS_NEED_SRV
			};
		if (v.reject)
			return v;
	}
	for (size_t i = 0; i < sizeof(DESTINATION) / sizeof(DESTINATION[0]);
	     i++) {
		if (DESTINATION[i].lane == lane)
			v.kind = DESTINATION[i].kind;
	}
	if (lane & (LANE_FEDERATION | LANE_PEER_DIALOG))
		v.partner = access_partner_of(a, facts->from_domain);
	else if (lane & (LANE_DIALOG_OUT | LANE_INSIDE_DIALOG))
		v.partner = access_partner_by_key(a, facts->route_edge);
	else if (lane == LANE_OUT)
		v.partner = access_partner_of(a, facts->to_domain);
	return v;
}
