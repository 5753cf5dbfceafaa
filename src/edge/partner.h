/* SPDX-License-Identifier: Apache-2.0 */
/* Our connections to partners, by the worker that owns them. */
#pragma once

#include "edge/edge_int.h"

int partner_write(struct edge *e, struct slice name, uint32_t slot,
		  uint64_t txn, uint16_t branch, struct slice bytes);
void partner_ready(struct flow *f);
void partner_ended(struct flow *f, enum conn_end why, const char *text);
void partner_resolved(struct edge *e, const struct ipc_resolved *m);
void partners_expire(struct edge *e, uint64_t before_ms);
void partners_recheck(struct edge *e);
void partners_free(struct edge *e);
void partners_resolver_gone(struct edge *e);
struct partner_rows {
	void (*row)(void *arg, const char *table, struct slice pairs);
	void *arg;
};
void partners_status(struct edge *e, const struct partner_rows *rows);
uint32_t partner_owner(const struct edge *e, struct slice name);
