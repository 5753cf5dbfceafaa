/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials of the relay for users of the servers inside ([MS-AVEDGEA]): the
 * client asks its server, the server sends the SERVICE here, and we answer. The
 * address is that of home/mras.h: mras@ our name, or opaque=srvr:MRAS:...
 */
#pragma once

#include "edge/walk.h"

int inside_mras_create(struct edge *e); /* 0, -ENOMEM or -EIO */
void inside_mras_free(struct edge *e);
void inside_mras_sweep(struct edge *e); /* every second */

/* Is it for that service, from a server inside? */
bool inside_mras_is(const struct walk *w);
/* Answers it, once the store has minted. */
void inside_mras_start(struct walk *w);
void inside_mras_on_credential(struct edge *e, const struct proc_id *from,
			       const struct ipc_msg *m);
/* The end of what the store says; nothing, when it is not of ours. */
void inside_mras_on_result(struct edge *e, const struct ipc_store_result *m);
void inside_mras_store_gone(struct edge *e);
