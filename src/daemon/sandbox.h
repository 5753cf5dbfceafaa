/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process of each role may still do once it has started (PRC-02):
 * its own user, no capability, no new privileges, no file but those of
 * sandbox_tables.c (Landlock), no system call but those listed there
 * (seccomp), no core file, nobody may attach. Needed libraries must have been
 * initialised before.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ipc/ipc.h"

enum { SANDBOX_ERROR_MAX = 256 };

struct sandbox {
	enum proc_role role;
	bool change_user; /* started as root */
	uid_t uid;
	gid_t gid;
	const char *folder; /* PROC_STORE: the only one it may touch */
};

/* There is no way back. 0, or -E... with error set: then the process must
 * end. */
int sandbox_enter(const struct sandbox *s,
		  char error[static SANDBOX_ERROR_MAX]);

/* Why the sandbox is less than it could be on this machine: the next reason
 * after *at (0 at first), or NULL. */
const char *sandbox_weak(unsigned *at);
/* Landlock's version here, 0 when there is none. */
int landlock_version(void);
/* The part of sandbox_enter() that concerns files and TCP ports. */
int landlock_restrict(enum proc_role role, const char *folder);
/* The part that concerns system calls. */
int seccomp_restrict(enum proc_role role);
