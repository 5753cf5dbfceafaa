/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partner is tried out for the operator: judgement, DNS, TCP, TLS, the name
 * in its certificate, what it sees of us, and one OPTIONS, with connections of
 * their own. Each step is told to the asker as it is made, with the refusal
 * that requests of users would get. Nothing of it counts for the partner: no
 * back-off, no breaker, no limit.
 */
#pragma once

#include "edge/edge_int.h"

void trials_on_ask(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m);
/* Was it a trial that asked for them? */
bool trials_targets(struct edge *e, const struct ipc_targets *m);
/* Their connections end with the loop. */
void trials_free(struct edge *e);
