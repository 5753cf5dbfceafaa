/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to access/: the rules, indexed. Built once from a struct
 * access_conf, never changed afterwards.
 */
#pragma once

#include "access/access.h"
#include "base/map.h"

/* One partner domain. Rows may share an edge; the map of edges then holds the
 * first of them. */
struct access_row {
	struct map_node by_domain;
	struct map_node by_edge; /* in the map only for the first row */
	const struct access_partner *partner;
};

/* A user whom a policy names. */
struct access_user {
	struct map_node by_aor;
	const struct access_policy *own, *group; /* NULL: none */
};

/* Owned by whoever called access_create(). */
struct access {
	const struct access_conf *conf;
	struct map_node *domain; /* ours, by name */
	struct access_row *row;
	struct map domains;
	struct map partners;
	struct map edges;
	struct access_row default_row; /* in the map of edges only */
	struct map_node *block;        /* by domain */
	struct map blocks;
	struct access_user *user;
	struct map users;
};

/* rules.c: blocked domains and policies */
int rules_build(struct access *a, char error[static 256]);
void rules_free(struct access *a);
/* The entry that blocks this domain, or NULL. */
const struct access_block *rules_block(const struct access *a,
				       struct slice domain);
const struct access_user *rules_user(const struct access *a, struct slice aor);
/* The entry that decides about this bit for that user, or NULL: the global
 * one. */
const struct access_policy *rules_policy(const struct access_user *u,
					 unsigned bit);
/* Has federation with that provider ended for this domain? */
bool rules_ended(const struct access_provider *p, struct slice domain,
		 uint64_t now_s);

/* May it name a domain of ours? */
bool access_is_split(const struct access_partner *p);
/* The partner of that domain, or NULL; of one of ours, where some of its users
 * live. */
const struct access_partner *access_partner_of(const struct access *a,
					       struct slice domain);
/* The same at that time, when a successor may have taken it over. */
const struct access_partner *access_partner_now(const struct access *a,
						struct slice domain,
						uint64_t now_s);
enum access_proof {
	ACCESS_PROVEN,
	ACCESS_NOT_PROVEN,
	ACCESS_NOT_DIRECT,   /* a target, but no host directly in the domain */
	ACCESS_NO_RECORD,    /* no SRV record to compare with */
	ACCESS_PROOF_UNKNOWN /* they have to be looked up */
};
/* Does the connection prove the name of that partner's edge, or of a target of
 * its SRV records? That partner is the one of the sender's domain. */
enum access_proof access_proves(const struct access_facts *facts,
				const struct access_partner *partner);

/* sides.c: who stands outside */
/* By its entry, else as one that is not listed, or by the default route. */
const struct access_partner *side_partner(const struct access *a,
					  const struct access_facts *f,
					  struct slice domain);
/* Whom the route token names. */
const struct access_partner *side_by_token(const struct access *a,
					   const struct access_facts *f);
/* The other side of the request, whichever way it goes, or NULL; and its
 * domain. */
const struct access_partner *side_other(const struct access *a,
					const struct access_facts *f);
struct slice side_domain(const struct access_facts *f,
			 const struct access_partner *other);
