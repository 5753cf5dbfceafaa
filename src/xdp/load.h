/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fast path's program: into the kernel and onto devices. Needs
 * CAP_BPF and CAP_NET_ADMIN while these functions run, and neither
 * afterwards: the descriptors and the mapped memory are enough. The kernel
 * takes everything away when the last process that holds a descriptor ends.
 */
#pragma once

#include <stdbool.h>

#include "xdp/table.h"

struct plane;
enum { PLANE_WHY_MAX = 200 };
enum plane_mode { PLANE_NATIVE, PLANE_GENERIC };

/* columns: relay processes. On failure why is a sentence for people. */
int plane_load(struct plane **out, uint32_t columns,
	       char why[static PLANE_WHY_MAX]);
/* Detaches; tolerates NULL. */
void plane_free(struct plane *p);
/* -EBUSY: somebody else's program is there. */
int plane_attach(struct plane *p, uint32_t device, enum plane_mode mode,
		 char why[static PLANE_WHY_MAX]);

const struct plane_regions *plane_regions(const struct plane *p);
int plane_fd(const struct plane *p, enum plane_region r); /* stays ours */
uint32_t plane_cpus(const struct plane *p);
/* Maps a region of another process: fd stays the caller's. */
int plane_map(void **out, int fd, enum plane_region r);
void plane_unmap(void *at, enum plane_region r);

/* Runs the program over one frame, for tests and measurements: frame is given
 * back changed, in room bytes. ns: of one run. Needs the rights of loading. */
struct plane_trial {
	uint8_t *frame;
	uint32_t len, room;
	uint32_t repeat;
	uint32_t verdict, ns;
};
int plane_try(struct plane *p, struct plane_trial *t);
int plane_program(const struct plane *p); /* the descriptor; ours */
