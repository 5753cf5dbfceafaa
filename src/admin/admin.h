/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's side of the daemon: the control socket (ctl_proto.h), the
 * table of its verbs, and what they need of other processes. One process, one
 * loop. It decides nothing by itself: users are the store's, reload and drain
 * the supervisor's, status rows come from every process that answers in time,
 * and counters are read from the pages they share.
 *
 * Who may connect is the socket file's mode; who connected is asked of the
 * kernel, and each change is logged with it. What arrives is taken for
 * hostile all the same: lines, depth, numbers and time are bounded.
 */
#pragma once

#include "base/metrics.h"
#include "conf/conf.h"
#include "ipc/ipc.h"
#include "loop/loop.h"

struct admin;

struct admin_ops {
	/* To the process of that role and slot. 0, -ENOBUFS (full), -EPIPE
	 * (not there now), -ENOMEM. body: struct of that type. */
	int (*send)(void *arg, enum proc_role role, uint32_t slot,
		    enum ipc_type type, const void *body);
	/* The same to the store, with a descriptor that the caller keeps. */
	int (*send_store_fd)(void *arg, enum ipc_type type, const void *body,
			     int fd);
	int (*to_supervisor)(void *arg, enum ipc_type type, const void *body);
};

/* timers: those of the loop, or a test's. */
int admin_create(struct admin **out, struct loop *l, struct timers *timers,
		 const struct admin_ops *ops, void *arg);
void admin_free(struct admin *a); /* tolerates NULL */

/* The listening control socket; fd is taken over, also on failure. One that
 * was there before is closed, its connections go on. */
int admin_listen(struct admin *a, int fd);
/* One for HTTP, at that address of admin.listen; as admin_listen(). It is
 * closed when a configuration comes without that address. */
int admin_listen_web(struct admin *a, struct slice address, int fd);
/* conf lives until the next call or admin_free(). Before the first one users
 * of any domain are taken. */
void admin_conf(struct admin *a, const struct conf *conf);

/* From another process; from the supervisor: PROCESS, OPERATED. */
void admin_message(struct admin *a, const struct proc_id *from,
		   const struct ipc_msg *m);
void admin_supervisor(struct admin *a, const struct ipc_msg *m);
/* A process's counters; page lives as long as the admin, or until another one
 * is named for the same process. NULL forgets it. */
int admin_page(struct admin *a, enum proc_role role, uint32_t slot,
	       const struct metrics_page *page);
void admin_peer_up(struct admin *a, const struct proc_id *peer);
void admin_peer_gone(struct admin *a, const struct proc_id *peer);

/* Requests that wait for an answer. */
size_t admin_busy(const struct admin *a);
