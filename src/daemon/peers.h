/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child's channels to other processes. Wired by the supervisor; a successor
 * in the same slot takes the place of the one before.
 */
#pragma once

#include "ipc/ipc.h"
#include "loop/loop.h"

struct peers;

struct peers_ops {
	void (*up)(void *arg, const struct proc_id *peer);
	/* fd is -1 or the callee's */
	void (*message)(void *arg, const struct proc_id *from,
			const struct ipc_msg *m, int fd);
	void (*gone)(void *arg, const struct proc_id *peer);
};

int peers_create(struct peers **out, struct loop *l,
		 const struct peers_ops *ops, void *arg);
/* Closes all; gone() is not called. */
void peers_free(struct peers *p);
/* Takes fd over. */
int peers_add(struct peers *p, const struct proc_id *id, int fd);
/* incarnation 0: whoever is in that slot now. */
int peers_send(struct peers *p, const struct proc_id *to, enum ipc_type type,
	       const void *body);
/* fd is duplicated into the message; the caller keeps its own. */
int peers_send_fd(struct peers *p, const struct proc_id *to, enum ipc_type type,
		  const void *body, int fd);
