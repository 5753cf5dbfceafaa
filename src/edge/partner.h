/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our connections to partners, by the worker that owns them. A partner is
 * named by its key (access_partner_key).
 */
#pragma once

#include "edge/edge_int.h"

struct partner_request;
struct partner_link;

/* 0: it will be answered, or fail as deliver_failure(); -ENOBUFS: a queue is
 * full; else out of memory. */
int partner_write(struct edge *e, struct slice key,
		  const struct partner_request *r);
/* Is there such a partner, listed or not, that is not blocked? */
bool partner_known(const struct edge *e, struct slice key);
/* A request of it was refused: for the operator. */
void partner_refused(struct edge *e, struct slice key, struct slice why);
uint32_t partner_owner(const struct edge *e, struct slice key);
void partners_sweep(struct edge *e);
/* A new configuration: connections of who is no partner any more end. */
void partners_recheck(struct edge *e);
void partners_free(struct edge *e);
void partners_worker_gone(struct edge *e, uint32_t slot);

/* What a dialled flow reports. */
const char *partner_link_key(const struct partner_link *l);
void partner_ready(struct flow *f);
void partner_ended(struct flow *f, enum conn_end why, const char *text);
void partner_heard(struct flow *f);
void partner_ponged(struct flow *f);
/* A response came by it. True: it was to our probe, and is done. */
bool partner_answered(struct flow *f, const struct branch_ref *ref,
		      const struct sip_msg *m);

/* partner_alias.c */
/* A request was let in from a partner: does its Via allow that its connection
 * carries ours (RFC 5923 4)? */
void alias_offer(struct flow *f, const struct access_partner *partner,
		 const struct sip_msg *m);
void alias_withdraw(struct flow *f); /* it ends */
void alias_told(struct edge *e, uint32_t slot,
		const struct ipc_partner_alias *m);

/* partner_names.c */
enum names_result {
	NAMES_READY,  /* fresh, or stale when nothing better is to be had */
	NAMES_ASKED,  /* the answer is on its way */
	NAMES_FAILED, /* and are not asked again yet */
	NAMES_NO_MEMORY
};
/* The facts for judging a sender of that domain. NAMES_ASKED: *r is judged
 * again when they are there. */
enum names_result names_judge(struct edge *e, struct slice domain,
			      struct proxy_request *r,
			      struct access_srv *facts);
/* Warms them. */
void names_want(struct edge *e, const char *key);
void names_answer(struct edge *e, const struct ipc_targets *m);
void names_resolver_gone(struct edge *e);
void names_sweep(struct edge *e);
void names_free(struct edge *e);

struct partner_rows {
	void (*row)(void *arg, const char *table, struct slice pairs);
	void *arg;
};
void partners_status(struct edge *e, const struct partner_rows *rows);
