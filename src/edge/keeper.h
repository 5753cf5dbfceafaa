/* SPDX-License-Identifier: Apache-2.0 */
/* The keeping side of limits.c: what the owner of a discovered partner knows
 * of it. */
#pragma once

#include "edge/limits.h"

/* A request of a worker, perhaps this one. True: *answer is filled; false: it
 * comes later, to limits_answer() of whoever asked. */
bool keeper_ask(struct edge *e, uint32_t slot, const struct ipc_limit_get *get,
		struct ipc_limit *answer);
void keeper_seen(struct edge *e, const struct ipc_partner_seen *m);
void keepers_sweep(struct edge *e);
void keepers_store_gone(struct edge *e);
void keepers_free(struct edge *e);

/* limits.c: the answer to a request of this worker. */
void limits_answer(struct edge *e, uint32_t slot, const struct ipc_limit *m);
