/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of a domain that is split with a hosting provider the edge does not know
 * who lives where: home is asked, and the request waits for the answer.
 */
#pragma once

#include "edge/edge_int.h"

int homed_create(struct edge *e); /* 0 or -ENOMEM */
void homed_free(struct edge *e);
void homed_sweep(struct edge *e); /* every second */

/* Has that user an account? HOMED_NOT, when the users are not ours to know;
 * FAILED; or UNKNOWN: home is asked, and the request is judged again when it
 * has answered (walk_judge_homed). aor canonical. */
enum access_homed homed_ask(struct edge *e, struct proxy_request *r,
			    struct slice aor);
void homed_on_answer(struct edge *e, const struct proc_id *from,
		     const struct ipc_msg *m);
/* Whoever waits for its answer is refused. */
void homed_home_gone(struct edge *e);
