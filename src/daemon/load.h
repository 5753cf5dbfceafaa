/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's end of the loader: starts it, opens files for it, takes in
 * what it returns. It parses nothing of the file itself.
 */
#pragma once

#include "daemon/accounts.h"
#include "daemon/logpipe.h"
#include "loop/loop.h"

/* Snapshots differ by what their readers may know. */
enum snap_kind { SNAP_EDGE, SNAP_RELAY, SNAP_OTHER, SNAP_COUNT };

enum snap_kind snap_kind_of(enum proc_role role);

struct load;

struct load_conf {
	struct loop *loop;
	struct logpipe *log;
	const char *path;
	bool change_user;
	struct account account;
};

/* Sealed snapshots; the callee owns the descriptors when error is NULL. */
struct load_result {
	const char *error; /* "file:line: text", or NULL */
	int fd[SNAP_COUNT];
};

typedef void (*load_done_fn)(void *arg, const struct load_result *result);

/* done is called once, never before return, and the load is gone then. */
int config_load_start(struct load **out, const struct load_conf *conf,
		      load_done_fn done, void *arg);
void config_load_cancel(
	struct load *l); /* done is not called; tolerates NULL */
