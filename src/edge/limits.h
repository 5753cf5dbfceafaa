/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator rules, who is banned, and the limits of discovered
 * partners. A partner's limits are kept by the worker that owns it; the others
 * ask (architecture 3), so that they hold over all workers. The store keeps
 * them over restarts.
 */
#pragma once

#include "edge/edge_int.h"
#include "edge/tally.h"

struct keeper;

int limits_create(struct edge *e);
void limits_free(struct edge *e);
void limits_sweep(struct edge *e); /* every second */

/* What may be said of this request now: WITHIN_LIMITS, OVER_... or FAILED; or
 * UNKNOWN: the owner is asked, and the request is judged again when it has
 * answered (walk_judge_again). address: of the user who is asked for, empty in
 * dialogs. */
enum access_limit limits_ask(struct edge *e, struct proxy_request *r,
			     struct slice domain, struct slice address);
/* A request of that partner ended like this; key: access_partner_key(). */
void limits_report(struct edge *e, struct slice key, uint16_t status,
		   const struct reject *reject);

/* Messages of other processes. */
void limits_on_get(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m);
void limits_on_answer(struct edge *e, const struct proc_id *from,
		      const struct ipc_msg *m);
void limits_on_seen(struct edge *e, const struct proc_id *from,
		    const struct ipc_msg *m);
void limits_on_ruling(struct edge *e, const struct proc_id *from,
		      const struct ipc_msg *m);
void limits_on_tally(struct edge *e, const struct proc_id *from,
		     const struct ipc_msg *m);
void limits_on_result(struct edge *e, const struct proc_id *from,
		      const struct ipc_msg *m);
void limits_peer_gone(struct edge *e, const struct proc_id *peer);

/* For the operator: "rate", "addresses", "limited" of a discovered partner. */
struct limits_seen {
	uint64_t rate;
	size_t addresses;
	uint8_t state; /* TALLY_... */
};
bool limits_seen(struct edge *e, struct slice domain, struct limits_seen *out);
void limits_each(struct edge *e, void (*fn)(void *arg, struct slice domain),
		 void *arg);

/* bans.c */
void bans_on_ban(struct edge *e, const struct proc_id *from,
		 const struct ipc_msg *m);
bool bans_has(struct edge *e, uint64_t source);
void bans_sweep(struct edge *e);
void bans_free(struct edge *e);
