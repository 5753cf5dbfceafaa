/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /turn?service=turn: a credential of the relay for a user who signs the
 * request with his account (draft-uberti-behave-turn-rest-00). Home knows the
 * accounts; without the built-in home the path is not served.
 */
#pragma once

#include "edge/edge_int.h"
#include "http/http.h"

/* NULL: home is asked, the answer comes later. */
const struct reject *minting_ask(struct flow *f, const struct http_request *r,
				 struct buf *out);
void minting_on_answer(struct edge *e, const struct proc_id *from,
		       const struct ipc_msg *m);
/* Who waits is told to come again. */
void minting_home_gone(struct edge *e);
