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
#include "access/asked.h"
#include "access/proof.h"
#include "access/rulings.h"
#include "base/reject.h"

enum access_source {
	ACCESS_FROM_FEDERATION, /* 5061, a proven peer */
	ACCESS_FROM_CLIENT,     /* 443 */
	ACCESS_FROM_INSIDE      /* home, or the next hop */
};

enum access_route {
	ACCESS_ROUTE_NONE,
	ACCESS_ROUTE_FLOW,    /* a live connection of a client */
	ACCESS_ROUTE_PARTNER, /* a partner, by the name of its edge */
	ACCESS_ROUTE_INSIDE,  /* a server inside */
	ACCESS_ROUTE_COUNT
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
	/* NULL: all that is needed, as when somebody only asks. */
	const struct access_evidence *evidence;
	struct slice method;
	bool registers;        /* method is REGISTER */
	bool crosses;          /* method may cross to partners */
	struct slice from_aor; /* "alice@contoso.test" */
	struct slice from_domain;
	struct slice to_aor;        /* of the Request-URI; may be empty */
	struct slice to_domain;     /* domain of the Request-URI */
	struct slice callee_domain; /* of To; may be empty */
	bool audio_video;           /* its SDP has audio or video */
	bool multiparty;            /* it wants more than one-to-one */
	bool in_dialog;             /* its To has a tag */
	bool marked;                /* the peer has marked it */
	bool said_verified;         /* the peer's mark; absent: false */
	uint64_t now_s;             /* since 1970 */
	struct slice flow_aor;      /* client: signed in as; empty: nobody */
	/* Where a sealed route token of ours leads, when the request carries
	 * one: whoever holds it is in a dialog that we let begin. */
	enum access_route route;
	struct slice route_edge;    /* ROUTE_PARTNER: key of the partner */
	struct access_srv from_srv; /* of from_domain */
	/* The row that access_unlisted() made for the domain outside; NULL:
	 * none. */
	const struct access_partner *unlisted;
	enum access_limit limit;              /* of a discovered partner */
	enum access_homed homed;              /* the sender */
	const struct access_rulings *rulings; /* NULL: none */
};

enum access_kind {
	ACCESS_REFUSE,     /* .reject */
	ACCESS_TO_INSIDE,  /* home or next hop */
	ACCESS_TO_PARTNER, /* .partner */
	ACCESS_TO_FLOW,    /* the client that the token names */
	ACCESS_NEED_SRV,   /* judge again with from_srv */
	ACCESS_NEED_LIMIT, /* judge again with limit; .partner: whose */
	ACCESS_NEED_TLSA,  /* judge again with evidence.tlsa; .partner: whose */
	ACCESS_NEED_HOMED  /* judge again with homed */
};

/* What the inside is told about a sender outside (MS-SIPRE
 * ms-edge-proxy-message-trust). */
enum access_source_type {
	ACCESS_SOURCE_NONE, /* not from outside */
	ACCESS_SOURCE_DIRECT_PARTNER,
	ACCESS_SOURCE_AUTO_FEDERATION,
	ACCESS_SOURCE_AUTHORIZED_SERVER,
	ACCESS_SOURCE_INTERNET_USER,
};
struct access_mark {
	enum access_source_type type;
	bool verified;     /* else: contacts only */
	bool public_cloud; /* a public IM provider's */
	bool shared;       /* of whom has users of our domains */
};

struct access_verdict {
	enum access_kind kind;
	const struct reject *reject;
	const struct access_partner *partner; /* who stands outside: TO_PARTNER
						 and FROM_FEDERATION; and
						 whose provider has ended, or
						 who is not proven */
	const struct access_partner *onwards; /* TO_PARTNER for another one,
						 with a user whom the
						 provider of a split domain
						 has; else NULL */
	struct access_mark mark;
};

/* One check of a judgement, for people. reject NULL: passed. line: of the
 * entry in the configuration that decided, 0: none did. */
struct access_step {
	const char *check;
	const struct reject *reject;
	bool unknown; /* it has to be found out first */
	uint32_t line;
};

struct access;

/* conf is borrowed for its life; -EINVAL and error for rules that conflict. */
int access_create(struct access **out, const struct access_conf *conf,
		  char error[static 256]);
void access_free(struct access *a);
struct access_verdict access_judge(const struct access *a,
				   const struct access_facts *facts);
/* The same judgement, with each check told to fn as it is made. */
struct access_verdict access_explain(
	const struct access *a, const struct access_facts *facts,
	void (*fn)(void *arg, const struct access_step *step), void *arg);
/* Does judgement of these depend on audio_video? All others have to be there.
 */
bool access_wants_media(const struct access *a,
			const struct access_facts *facts);
/* What that user may do: enum access_may. */
unsigned access_policy_of(const struct access *a, struct slice aor);
/* The partner that a proven peer is, or NULL: judged once at connect. */
const struct access_partner *access_peer(const struct access *a,
					 const char (*name)[256], size_t count);
/* The partner found by SRV, with a host directly in whose domain the peer is,
 * by one of these names; or NULL. Whether that domain's records name it is for
 * each request to judge. */
const struct access_partner *access_peer_by_srv(const struct access *a,
						const char (*name)[256],
						size_t count);

/* The name that makes this peer that partner, of those it proves; or empty. */
struct slice access_proven_name(const struct access_facts *facts,
				const struct access_partner *partner);
/* The row of a domain that no entry names, when it may be a partner all the
 * same: discovery is on, or the operator allows it. domain is borrowed by *row.
 */
bool access_unlisted(const struct access *a, const struct access_rulings *r,
		     struct slice domain, struct access_partner *row);
/* Does the configuration block it? */
bool access_blocks(const struct access *a, struct slice domain);
/* "fabrikam.test" of the key "srv:fabrikam.test"; empty: another kind. */
struct slice access_key_domain(struct slice key);

/* What a partner is called between workers and in tokens: the FQDN of its
 * edge, or "srv:" and the domain, which is no FQDN. Terminated. */
enum { ACCESS_KEY_MAX = 260 };
void access_partner_key(const struct access_partner *p,
			char out[static ACCESS_KEY_MAX]);
/* The first with that key, or NULL. */
const struct access_partner *access_partner_by_key(const struct access *a,
						   struct slice key);
/* The domain of the partner whose edge has that name, or who is found by SRV
 * and has that host directly in his domain; empty: there is none. It is no way
 * to reach him (SIP-26). */
struct slice access_partner_by_host(const struct access *a, struct slice host);
/* The successor of the provider that this domain is of, or empty. */
struct slice access_successor(const struct access *a, struct slice domain);
/* May this type of request cross to and from partners? */
bool access_crosses(struct slice method);
bool access_is_ours(const struct access *a, struct slice domain);
