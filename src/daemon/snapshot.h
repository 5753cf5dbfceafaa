/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One configuration as a process holds it: the sealed file's mapping and what
 * was decoded from it, which live and go together.
 */
#pragma once

#include "conf/conf.h"
#include "daemon/sealed.h"

struct snapshot {
	struct sealed map;
	struct arena *arena;
	const struct conf *conf;
};

enum { SNAPSHOT_MAX = 64 << 20 };

/* From a sealed file; fd stays the caller's. */
int snapshot_open(struct snapshot **out, int fd);
void snapshot_free(struct snapshot *s); /* tolerates NULL */
/* The same with the type of a release function. */
void snapshot_release(void *arg);
