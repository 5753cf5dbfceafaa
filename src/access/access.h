/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judgement: who may talk to whom. Pure: facts in, verdict out; it calls
 * nobody. When it needs something found out (NEED_SRV, NEED_LIMIT) that is a
 * verdict too: the engine finds out and asks again with more facts. The order
 * of the checks is the one array in access/order.c
 * (protocols: inbound decision of an Access Edge; RFC 3261 16.3).
 */
#pragma once

#include "access/access_conf.h"
#include "base/reject.h"

enum access_source {
	ACCESS_FROM_FEDERATION, /* 5061, a proven peer */
	ACCESS_FROM_CLIENT,     /* 443 */
	ACCESS_FROM_INSIDE      /* home, or the next hop */
};

enum access_route {
	ACCESS_ROUTE_NONE,
	ACCESS_ROUTE_FLOW,   /* a live connection of a client */
	ACCESS_ROUTE_PARTNER /* a partner, by the name of its edge */
};

/* What the SRV records of a domain say, as somebody found out. */
struct access_target {
	struct slice name;
	bool direct; /* a host directly in the domain */
};
enum access_srv_state {
	ACCESS_SRV_UNKNOWN, /* nobody has looked: the verdict is NEED_SRV */
	ACCESS_SRV_KNOWN,
	ACCESS_SRV_FAILED /* none there, or it could not be found out */
};
struct access_srv {
	enum access_srv_state state;
	const struct access_target *target;
	size_t count;
};

/* All names canonical (sip_domain, sip_aor); slices borrowed for the call. */
struct access_facts {
	enum access_source source;
	const char (*peer_name)[256]; /* proven names of the connection */
	size_t peer_name_count;
	struct slice method;
	bool registers;        /* method is REGISTER */
	bool crosses;          /* method may cross to partners */
	struct slice from_aor; /* "alice@contoso.test" */
	struct slice from_domain;
	struct slice to_domain; /* domain of the Request-URI */
	struct slice flow_aor;  /* client: signed in as; empty: nobody */
	/* Where a sealed route token of ours leads, when the request carries
	 * one: whoever holds it is in a dialog that we let begin. */
	enum access_route route;
	struct slice route_edge;    /* ROUTE_PARTNER: key of the partner */
	struct access_srv from_srv; /* of from_domain */
};

enum access_kind {
	ACCESS_REFUSE,     /* .reject */
	ACCESS_TO_INSIDE,  /* home or next hop */
	ACCESS_TO_PARTNER, /* .partner */
	ACCESS_TO_FLOW,    /* the client that the token names */
	ACCESS_NEED_SRV,   /* judge again with from_srv */
	ACCESS_NEED_LIMIT
};

struct access_verdict {
	enum access_kind kind;
	const struct reject *reject;
	const struct access_partner *partner; /* TO_PARTNER; and the sender's
						 row for FROM_FEDERATION */
};

struct access;

/* conf is borrowed for its life; -EINVAL and error for rules that conflict. */
int access_create(struct access **out, const struct access_conf *conf,
		  char error[static 256]);
void access_free(struct access *a);
struct access_verdict access_judge(const struct access *a,
				   const struct access_facts *facts);
/* The partner that a proven peer is, or NULL: judged once at connect. */
const struct access_partner *access_peer(const struct access *a,
					 const char (*name)[256], size_t count);
/* The partner found by SRV, with a host directly in whose domain the peer is,
 * by one of these names; or NULL. Whether that domain's records name it is for
 * each request to judge. */
const struct access_partner *access_peer_by_srv(const struct access *a,
						const char (*name)[256],
						size_t count);

/* What a partner is called between workers and in tokens: the FQDN of its
 * edge, or "srv:" and the domain, which is no FQDN. Terminated. */
enum { ACCESS_KEY_MAX = 260 };
void access_partner_key(const struct access_partner *p,
			char out[static ACCESS_KEY_MAX]);
/* The first with that key, or NULL. */
const struct access_partner *access_partner_by_key(const struct access *a,
						   struct slice key);
bool access_is_ours(const struct access *a, struct slice domain);
