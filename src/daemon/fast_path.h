/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay's fast path in the kernel, the supervisor's part: it loads the
 * program and puts it on the devices at the start, before it gives up the
 * right to, and is its switch from then on. Whatever fails here costs speed
 * only.
 */
#pragma once

#include "conf/conf.h"
#include "xdp/load.h"

enum { FAST_PATH_TEXT = 512 };

struct fast_path {
	struct plane *plane;             /* NULL: there is none */
	bool refused;                    /* it was wanted at the start */
	bool late;                       /* wanted since, and that was said */
	uint64_t counted[PLANE_REASONS]; /* in the metrics already */
	char why[PLANE_WHY_MAX];         /* there is none, or not everywhere */
	bool cramped;                    /* no room in front of a frame */
	char where[FAST_PATH_TEXT];      /* devices and modes */
	char notes[FAST_PATH_TEXT];      /* what slows it down */
};

/* Once, while there are privileges. */
void fast_path_open(struct fast_path *f, const struct conf *c);
void fast_path_close(struct fast_path *f); /* twice is fine */
/* The configuration in force: ports, and on or off. */
void fast_path_configure(struct fast_path *f, const struct conf *c);
/* The relay process of that slot is gone: nothing of it is relayed. */
void fast_path_gone(struct fast_path *f, uint32_t slot);
/* Brings the counts of frames into the metrics. */
void fast_path_count(struct fast_path *f);
/* For people: what is, or why not. */
void fast_path_text(const struct fast_path *f, const struct conf *c,
		    char out[static FAST_PATH_TEXT]);
