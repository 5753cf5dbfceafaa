/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which user each kind of process runs as, decided once from `user:` by a
 * supervisor that was started as root:
 *   empty      accounts sallyport-edge, sallyport-home ...
 *   NAME       that account for all
 *   NUMBER     NUMBER for edge, NUMBER + 1 for home, store, resolver, admin
 * Started by somebody else, nothing changes.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "ipc/ipc.h"

struct account {
	uid_t uid;
	gid_t gid;
};

struct accounts {
	bool change; /* started as root */
	struct account of[PROC_ROLE_COUNT];
};

enum { ACCOUNTS_ERROR_MAX = 512 };

/* error tells the remedy. */
int accounts_resolve(struct accounts *out, struct slice user,
		     char error[static ACCOUNTS_ERROR_MAX]);
/* Before the configuration is known: the kernel's overflow user (nobody). */
struct account accounts_nobody(void);
