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

/* Owned by whoever called access_create(). */
struct access {
	const struct access_conf *conf;
	struct map_node *domain; /* ours, by name */
	struct access_row *row;
	struct map domains;
	struct map partners;
	struct map edges;
};

/* The partner of that domain, or NULL. */
const struct access_partner *access_partner_of(const struct access *a,
					       struct slice domain);
/* The first row with that edge, or NULL. */
const struct access_partner *access_partner_by_edge(const struct access *a,
						    struct slice edge);
/* Does the connection prove the name of that partner's edge? */
bool access_proves(const struct access_facts *facts,
		   const struct access_partner *partner);
