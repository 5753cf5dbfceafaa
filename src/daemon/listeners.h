/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listening sockets: one for each (address, worker), kept by the
 * supervisor until shutdown so that a restarted worker gets the same ones and
 * SO_REUSEPORT never renumbers (architecture 3). A reload builds the next set
 * from the present one: an address that stays keeps its sockets.
 */
#pragma once

#include "conf/conf.h"
#include "ipc/ipc.h"

struct listener {
	enum listener_kind kind;
	struct slice text; /* of the address, as configured; borrowed */
	struct addr addr;
	int *fd;        /* one for each worker */
	bool inherited; /* fd belong to the set before, too */
};

struct listeners {
	uint32_t workers;
	size_t count;
	struct listener *item;
};

enum { LISTENERS_ERROR_MAX = 512 };

/* Opens a socket: listeners_open() but for tests. alone: nobody may have the
 * address yet. */
typedef int (*listeners_open_fn)(enum listener_kind kind, const struct addr *at,
				 int *fd, bool alone);

/* The set that conf asks for; borrows texts from it. before: the present set,
 * or NULL. path: of the file, for the error "file:line: ...", which names the
 * address and the remedy. */
int listeners_create(struct listeners **out, const struct conf *conf,
		     const struct listeners *before, listeners_open_fn open_fn,
		     const char *path, char error[static LISTENERS_ERROR_MAX]);
/* next takes the place of before, which is closed but for what next has. */
void listeners_replace(struct listeners *before, struct listeners *next);
/* Closes what it did not inherit; tolerates NULL. */
void listeners_free(struct listeners *l);
/* A listening socket of that kind, after making sure that no other program has
 * the port. */
int listeners_open(enum listener_kind kind, const struct addr *at, int *fd,
		   bool alone);
/* Whose it is. */
enum proc_role listener_role(enum listener_kind kind);
