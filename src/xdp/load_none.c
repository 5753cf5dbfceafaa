/* SPDX-License-Identifier: Apache-2.0 */
/* What stands for load.c in a build without clang or libbpf. */
#include <errno.h>
#include <stdio.h>

#include "xdp/load.h"

int plane_load(struct plane **out, uint32_t columns,
	       char why[static PLANE_WHY_MAX])
{
	(void)out;
	(void)columns;
	snprintf(why, PLANE_WHY_MAX,
		 "this build has no fast path: clang or libbpf was missing");
	return -ENOTSUP;
}

void plane_free(struct plane *p)
{
	(void)p;
}

int plane_attach(struct plane *p, uint32_t device, enum plane_mode mode,
		 char why[static PLANE_WHY_MAX])
{
	(void)p;
	(void)device;
	(void)mode;
	why[0] = '\0';
	return -ENOTSUP;
}

const struct plane_regions *plane_regions(const struct plane *p)
{
	(void)p;
	return NULL;
}

int plane_fd(const struct plane *p, enum plane_region r)
{
	(void)p;
	(void)r;
	return -1;
}

uint32_t plane_cpus(const struct plane *p)
{
	(void)p;
	return 0;
}

int plane_try(struct plane *p, struct plane_trial *t)
{
	(void)p;
	(void)t;
	return -ENOTSUP;
}

int plane_program(const struct plane *p)
{
	(void)p;
	return -1;
}
