/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Access Edge of one worker: connections of clients and partners, flow
 * tokens, the walk of a message (access is asked, proxy forwards), and the
 * hand-over between workers (architecture 3: who owns what). One process, one
 * loop. Other processes are reached by the messages of ipc/.
 */
#pragma once

#include "edge/edge_conf.h"
#include "ipc/ipc.h"
#include "loop/loop.h"

struct edge;

struct edge_ops {
	/* To the process in that role and slot (slot 0 but for edge). 0,
	 * -ENOBUFS (full: 503), -EPIPE (not there now). */
	int (*send)(void *arg, enum proc_role role, uint32_t slot,
		    enum ipc_type type, const void *body);
	/* The same with a descriptor; the caller keeps its own. */
	int (*send_fd)(void *arg, enum proc_role role, uint32_t slot,
		       enum ipc_type type, const void *body, int fd);
};

/* slot, incarnation: this worker's own. */
int edge_create(struct edge **out, struct loop *l, uint32_t slot,
		uint32_t incarnation, const struct edge_ops *ops, void *arg);
void edge_free(struct edge *e);

/* Two-phase configuration. conf (and all it points to) belongs to the caller
 * and lives until release(release_arg) is called. PREPARE builds everything
 * that can fail; error is set when it does. */
int edge_prepare(struct edge *e, uint32_t generation,
		 const struct edge_conf *conf, void (*release)(void *arg),
		 void *release_arg, char error[static 256]);
void edge_commit(struct edge *e, uint32_t generation);
void edge_abort(struct edge *e, uint32_t generation);

/* A listening socket of that generation; fd is taken over. Accepts begin with
 * the commit; listeners that a new generation does not name again close. */
int edge_listener(struct edge *e, uint32_t generation, enum listener_kind kind,
		  struct slice address, int fd);

/* A message from another process; a process that came or went. */
void edge_message(struct edge *e, const struct proc_id *from,
		  const struct ipc_msg *m);
void edge_peer_up(struct edge *e, const struct proc_id *peer);
void edge_peer_gone(struct edge *e, const struct proc_id *peer);

/* No new connections, no new requests; edge_busy(): transactions left. */
void edge_drain(struct edge *e);
size_t edge_busy(const struct edge *e);
void edge_status(struct edge *e,
		 void (*row)(void *arg, const char *table, struct slice pairs),
		 void *arg);
