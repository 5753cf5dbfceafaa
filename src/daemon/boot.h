/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the supervisor tells a child at its start: one argument for the numbers,
 * one for the path it is about, and descriptors with fixed numbers.
 *   argv: "sallyportd: edge.1"  "--role"  "edge,1,4711,64800,64800,1"  PATH
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "ipc/ipc.h"

enum {
	BOOT_FD_CONTROL = 3, /* channel to the supervisor */
	BOOT_FD_LOG = 4,     /* one line a datagram */
	BOOT_FD_PAGE = 5,    /* metrics page */
	BOOT_FD_COUNT = 6
};

enum { BOOT_TEXT_MAX = 96, BOOT_NAME_MAX = 24 };

struct boot {
	struct proc_id id;
	bool change_user;
	uid_t uid;
	gid_t gid;
	const char *path; /* store: its folder; loader: the YAML file */
};

/* The middle argument; out is terminated. */
void boot_format(const struct boot *b, char out[static BOOT_TEXT_MAX]);
/* 0 or -EINVAL. path is borrowed. */
int boot_parse(const char *text, const char *path, struct boot *out);
/* "edge.1"; roles with one process have no number. */
void boot_name(const struct proc_id *id, char out[static BOOT_NAME_MAX]);
