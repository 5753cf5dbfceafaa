/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a child: this executable again, with the descriptors of boot.h. */
#pragma once

#include "daemon/boot.h"
#include "daemon/logpipe.h"
#include "loop/loop.h"

struct spawn {
	struct loop *loop;
	struct logpipe *log;
	const struct boot *boot;
	const char *name; /* lives as long as the log source */
	int page_fd;
	child_exit_fn on_exit;
	void *arg;
};

struct spawned {
	struct child *child;
	struct log_source *log;
	int control_fd; /* the caller's */
};

int spawn_child(struct spawned *out, const struct spawn *s);
