/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the configuration to what each module is configured with. A setup owns
 * the snapshot that its slices point into.
 */
#pragma once

#include "daemon/snapshot.h"
#include "dns/dns.h"
#include "edge/edge_conf.h"
#include "home/home_conf.h"

struct edge_setup {
	struct snapshot *snap;
	struct access_partner *partners;
	struct edge_conf conf;
};

struct dns_setup {
	struct snapshot *snap;
	struct slice *servers;
	struct dns_conf conf;
};

/* From any configuration, which stays the caller's. */
int edge_setup_fill(struct edge_setup *s, const struct conf *c);
void edge_setup_clear(struct edge_setup *s);
/* Takes the snapshot over when it succeeds. */
int edge_setup_create(struct edge_setup **out, struct snapshot *snap);
void edge_setup_release(void *setup); /* tolerates NULL */

int dns_setup_create(struct dns_setup **out, struct snapshot *snap);
void dns_setup_free(struct dns_setup *s);
bool dns_setup_same(const struct dns_setup *a, const struct dns_setup *b);

/* Borrows from c. */
void home_conf_fill(struct home_conf *out, const struct conf *c);
