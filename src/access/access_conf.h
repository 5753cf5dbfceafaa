/* SPDX-License-Identifier: Apache-2.0 */
/* What judgement is configured with. Names are canonical domains. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

/* How far a peer's word about its users is believed. */
enum access_level {
	ACCESS_LEVEL_SOURCE,    /* the mark that it sent; none: unverified */
	ACCESS_LEVEL_STRICT,    /* the same; none: refused */
	ACCESS_LEVEL_VERIFIED,  /* everything of it is verified */
	ACCESS_LEVEL_UNVERIFIED /* nothing is: contacts only */
};

/* What makes us believe that a certificate is the peer's. */
enum access_proof_kind {
	ACCESS_PROOF_PKI,        /* an authority that we trust issued it */
	ACCESS_PROOF_PIN,        /* its key is a pinned one */
	ACCESS_PROOF_DANE,       /* a TLSA record says so (RFC 6698) */
	ACCESS_PROOF_DANE_OR_PKI /* where there is one; else an authority */
};
/* What a certificate is for; bits. */
enum access_usage {
	ACCESS_USAGE_CLIENT = 1 << 0,
	ACCESS_USAGE_SERVER = 1 << 1,
	ACCESS_USAGE_SIP = 1 << 2 /* SIP domains (RFC 5924) */
};
enum { ACCESS_PIN_BYTES = 32 };
/* All zero: by an authority, for anything. */
struct access_demand {
	enum access_proof_kind kind;
	unsigned usages; /* who comes to us needs one of these; 0: any */
	/* SHA-256 of public keys: one of them it is, whatever kind says. */
	const uint8_t (*pin)[ACCESS_PIN_BYTES];
	size_t pin_count;
};

enum access_provider_kind {
	ACCESS_HOSTING, /* of organisations, which are as partners */
	ACCESS_PUBLIC_IM,
	ACCESS_XMPP, /* a gateway to domains that speak XMPP */
};
enum { ACCESS_KINDS = ACCESS_XMPP + 1 };

/* Many domains behind one edge. */
struct access_provider {
	struct slice name;
	enum access_provider_kind kind;
	bool audio_video; /* may cross, when it is not hosting */
	/* Some users of domains of ours live there (a split domain): its rows
	 * may name them. */
	bool shared;
	/* It also passes on what its partners write to these users. */
	bool forwards;
	/* Its users of these domains may begin to write to partners. */
	bool transit;
	uint64_t ends_s; /* federation with it ends, since 1970; 0: never */
	const struct slice *kept; /* domains of it that go on */
	size_t kept_count;
	struct slice successor; /* name of who took its contacts over */
	/* The domain in which it writes users of its other domains, as in
	 * "bob(fabrikam.test)@messenger.test"; empty: it does not. */
	struct slice decoration;
	const struct slice *plain; /* domains that it writes as they are */
	size_t plain_count;
	uint32_t line;
};

/* A domain that is refused in both directions, whatever else says. */
struct access_block {
	struct slice domain;
	bool subdomains;
	uint32_t line;
};

/* What a local user may do; bits. */
enum access_may {
	ACCESS_MAY_FEDERATE = 1 << 0,
	ACCESS_MAY_PUBLIC_IM = 1 << 1,
	ACCESS_MAY_PUBLIC_AV = 1 << 2,
	ACCESS_MAY_OUTSIDE = 1 << 3, /* sign in from outside */
	ACCESS_MAY_XMPP = 1 << 4,
};

/* For some users; what is not in set comes from the next wider policy. */
struct access_policy {
	const struct slice *users; /* canonical addresses-of-record */
	size_t user_count;
	bool group; /* else for these users by themselves: wins over a group */
	unsigned set, may;
	uint32_t line;
};

struct access_partner {
	struct slice domain;
	struct slice edge;    /* FQDN that its certificate must prove; empty:
				 found by SRV */
	struct slice address; /* "ip:port" to dial; empty: resolve edge */
	/* Special addresses that its names may resolve to (DNS-03). */
	const struct addr_prefix *allow;
	size_t allow_count;
	uint32_t connections; /* at most so many of ours; 0: 4 */
	enum access_level level;
	struct access_demand proof;
	const struct access_provider *provider; /* NULL: a partner */
	/* The same domain with the provider's successor, for the time after the
	 * end; NULL: refused then. */
	const struct access_partner *heir;
	bool discovered; /* by no entry: limits apply to it */
	uint32_t line;   /* in the configuration file, for messages */
};

struct access_conf {
	const struct slice *domains; /* ours */
	size_t domain_count;
	const struct access_partner *partners;
	size_t partner_count;
	const struct access_block *blocks;
	size_t block_count;
	bool discovery; /* partners that are not listed, found by SRV */
	/* Who gets what is nobody else's, and speaks for it; NULL: nobody. Its
	 * domain is empty. Excludes discovery and providers. */
	const struct access_partner *default_route;
	/* What holds for these: how far they are believed, and which special
	 * addresses their names may resolve to (DNS-03). */
	enum access_level discovered_level;
	struct access_demand discovered_proof;
	const struct addr_prefix *discovered_allow;
	size_t discovered_allow_count;
	/* What nobody may for whom no policy says otherwise: enum access_may */
	unsigned denied;
	const struct access_policy *policies;
	size_t policy_count;
};
