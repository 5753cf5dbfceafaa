/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a module is configured with, together with the snapshot that its slices
 * point into: they live and go together.
 */
#pragma once

#include "conf/conf_views.h"
#include "daemon/snapshot.h"

struct edge_setup {
	struct snapshot *snap;
	struct edge_conf conf;
};

struct relay_setup_conf {
	struct snapshot *snap;
	struct relay_conf conf;
};

struct dns_setup {
	struct snapshot *snap;
	struct dns_conf conf;
};

/* Each takes the snapshot over when it succeeds. */
int edge_setup_create(struct edge_setup **out, struct snapshot *snap);
void edge_setup_release(void *setup); /* tolerates NULL */
/* own: addresses of this machine, which live as long. */
int relay_setup_create(struct relay_setup_conf **out, struct snapshot *snap,
		       const struct addr *own, size_t own_count);
void relay_setup_release(void *setup); /* tolerates NULL */
int dns_setup_create(struct dns_setup **out, struct snapshot *snap);
void dns_setup_free(struct dns_setup *s);
bool dns_setup_same(const struct dns_setup *a, const struct dns_setup *b);
