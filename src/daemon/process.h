/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all child processes have in common: the start, the sandbox, the channel
 * to the supervisor, the channels to other processes, the two phases of a
 * configuration, draining, status rows and the end. A role is a vtable; there
 * is one file for each (role_*.c). One loop, one thread.
 */
#pragma once

#include "daemon/boot.h"
#include "daemon/snapshot.h"
#include "loop/loop.h"

enum { ROLE_ERROR_MAX = 256 };

struct process;

typedef void (*role_row_fn)(void *arg, const char *table, struct slice pairs);

/* Those marked "opt" may be NULL. A role's object is created before the
 * sandbox closes, so that libraries find their files. */
struct role_ops {
	int (*create)(void **role, struct process *p);
	/* opt: in the sandbox now; -E... ends the process */
	int (*begin)(void *role);
	/* On success the snapshot is the role's until the next commit, or the
	 * abort, or the end. On failure error says why. */
	int (*prepare)(void *role, uint32_t generation, struct snapshot *snap,
		       char error[static ROLE_ERROR_MAX]);
	void (*commit)(void *role, uint32_t generation);
	void (*abort)(void *role, uint32_t generation);
	/* opt: fd is the callee's */
	int (*listener)(void *role, const struct ipc_listener *l, int fd);
	/* opt: other messages of the supervisor; fd is -1 or the callee's */
	void (*told)(void *role, const struct ipc_msg *m, int fd);
	void (*peer_up)(void *role, const struct proc_id *peer);
	void (*peer_message)(void *role, const struct proc_id *from,
			     const struct ipc_msg *m);
	/* opt: one that came with a descriptor, which is the callee's */
	void (*peer_fd)(void *role, const struct proc_id *from,
			const struct ipc_msg *m, int fd);
	void (*peer_gone)(void *role, const struct proc_id *peer);
	void (*drain)(void *role);                              /* opt */
	size_t (*busy)(const void *role);                       /* opt */
	void (*status)(void *role, role_row_fn row, void *arg); /* opt */
	void (*free)(void *role); /* NULL is fine */
};

/* The life of a child; returns the exit status. */
int process_main(const struct boot *boot, const struct role_ops *ops);
/* Signals, log, crash report and metrics page of any child. */
int process_prepare_self(const struct boot *boot);

struct loop *process_loop(struct process *p);
const struct boot *process_boot(const struct process *p);
/* To the process of that role and slot. 0, -ENOBUFS (full), -EPIPE (not there
 * now), -ENOMEM. */
int process_send(struct process *p, enum proc_role role, uint32_t slot,
		 enum ipc_type type, const void *body);
/* The same with a descriptor, of which the other gets a duplicate. */
int process_send_fd(struct process *p, const struct proc_id *to,
		    enum ipc_type type, const void *body, int fd);
/* The same, to that incarnation only: answers. */
int process_reply(struct process *p, const struct proc_id *to,
		  enum ipc_type type, const void *body);
int process_tell_supervisor(struct process *p, enum ipc_type type,
			    const void *body);
/* Nothing sensible can be done any more: the loop ends, exit status 1. */
void process_fail(struct process *p, const char *why);

extern const struct role_ops role_edge_ops;
extern const struct role_ops role_home_ops;
extern const struct role_ops role_store_ops;
extern const struct role_ops role_resolver_ops;
extern const struct role_ops role_admin_ops;
extern const struct role_ops role_relay_ops;
/* The child that reads the configuration lives by other rules. */
int loader_main(const struct boot *boot);
