/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the program with libbpf; the object is part of this file. */
#include "xdp/load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>

#include "base/crypto.h"

/* FORWARD_OBJECT: its path, from the build */
__asm__(".pushsection .rodata\n"
	".balign 16\n"
	"sallyport_forward_object:\n"
	".incbin \"" FORWARD_OBJECT "\"\n"
	"sallyport_forward_object_end:\n"
	".byte 0\n"
	".popsection\n");
extern const uint8_t object_begin[] __asm__("sallyport_forward_object");
extern const uint8_t object_end[] __asm__("sallyport_forward_object_end");

enum { CLOCK_GAP_NS = 60000000, EDGE_TRIES = 1000000, SCALE_BITS = 24 };

struct plane {
	struct bpf_object *object;
	int program, clocks, devices;
	int fd[PLANE_REGIONS];
	struct plane_regions regions;
	uint32_t cpus;
	int link[PLANE_DEVICES];
	uint32_t links;
};

/* Sections "maps" by region; "index_": index() is a function of libc. */
static const char *const map_names[] = {
	[PLANE_R_CONTROL] = "control", [PLANE_R_BEATS] = "beats",
	[PLANE_R_INDEX] = "index_",    [PLANE_R_SLOTS] = "slots",
	[PLANE_R_HOPS] = "hops",       [PLANE_R_PURSES] = "purses",
	[PLANE_R_CELLS] = "cells",     [PLANE_R_COUNTS] = "counts",
};

static int silent(enum libbpf_print_level level, const char *format,
		  va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int open_object(struct plane *p)
{
	struct bpf_object_open_opts o = { .sz = sizeof(o),
					  .object_name = "sallyport" };
	libbpf_set_print(silent);
	p->object = bpf_object__open_mem(
		object_begin,
		(size_t)((uintptr_t)object_end - (uintptr_t)object_begin), &o);
	if (!p->object)
		return -errno;
	int cpus = libbpf_num_possible_cpus();
	p->cpus = cpus > 0 ? (uint32_t)cpus : 1;
	struct bpf_map *m = bpf_object__find_map_by_name(p->object, "counts");
	return m ? bpf_map__set_max_entries(m, p->cpus) : -ENOENT;
}

static int program_fd(const struct plane *p, const char *name)
{
	const struct bpf_program *x =
		bpf_object__find_program_by_name(p->object, name);
	return x ? bpf_program__fd(x) : -ENOENT;
}

static int map_region(struct plane *p, enum plane_region r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = plane_region_bytes(r, p->cpus);
	int fd = bpf_object__find_map_fd_by_name(p->object, map_names[r]);
	if (fd < 0)
		return fd;
	void *at = mmap(NULL, (len + page - 1) & ~(page - 1),
			PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	p->fd[r] = fd;
	p->regions.at[r] = at;
	return 0;
}

/* ---- clocks ---- */

static int ask_clocks(const struct plane *p, uint64_t both[2])
{
	uint8_t frame[64] = { 0 };
	struct bpf_test_run_opts o = { .sz = sizeof(o),
				       .data_in = frame,
				       .data_size_in = sizeof(frame),
				       .data_out = frame,
				       .data_size_out = sizeof(frame),
				       .repeat = 1 };
	int err = bpf_prog_test_run_opts(p->clocks, &o);
	memcpy(both, frame, 2 * sizeof(*both));
	return err;
}

/* The moment at which the coarse clock ticks. */
static int edge(const struct plane *p, uint64_t both[2])
{
	uint64_t first[2];
	int err = ask_clocks(p, first);
	for (int i = 0; i < EDGE_TRIES && !err; i++) {
		err = ask_clocks(p, both);
		if (both[0] != first[0])
			return err;
	}
	return err ? err : -ETIME;
}

static int set_clock(struct plane *p)
{
	struct plane_control *c = p->regions.at[PLANE_R_CONTROL];
	const struct timespec gap = { .tv_nsec = CLOCK_GAP_NS };
	uint64_t a[2], b[2];
	int err = edge(p, a);
	nanosleep(&gap, NULL);
	if (!err)
		err = edge(p, b);
	if (err)
		return err;
	uint64_t ns = b[1] - a[1], ticks = b[0] - a[0];
	uint64_t hz = (ticks * 1000000000 + ns / 2) / ns;
	if (hz == 0)
		return -ERANGE;
	c->base_jiffies = b[0];
	c->base_ms = b[1] / 1000000;
	c->scale = (UINT64_C(1000) << SCALE_BITS) / hz;
	return 0;
}

/* ---- life ---- */

static int fill(struct plane *p, uint32_t columns)
{
	uint64_t seed;
	int err = 0;
	p->program = program_fd(p, "sallyport_forward");
	p->clocks = program_fd(p, "sallyport_clocks");
	p->devices = bpf_object__find_map_fd_by_name(p->object, "devices");
	if (p->program < 0 || p->clocks < 0 || p->devices < 0)
		return -ENOENT;
	for (int i = 0; i < PLANE_REGIONS && !err; i++)
		err = map_region(p, (enum plane_region)i);
	if (!err)
		err = crypto_random(&seed, sizeof(seed));
	if (err)
		return err;
	plane_init(p->regions.at[PLANE_R_CONTROL], columns, seed);
	return set_clock(p);
}

int plane_load(struct plane **out, uint32_t columns,
	       char why[static PLANE_WHY_MAX])
{
	struct plane *p = calloc(1, sizeof(*p));
	if (!p) {
		snprintf(why, PLANE_WHY_MAX, "no memory");
		return -ENOMEM;
	}
	int err = open_object(p);
	if (!err)
		err = bpf_object__load(p->object);
	if (!err)
		err = fill(p, columns);
	if (err) {
		snprintf(why, PLANE_WHY_MAX,
			 err == -EPERM
				 ? "the kernel does not let us load it: "
				   "CAP_BPF and CAP_NET_ADMIN are needed"
				 : "the kernel did not take the program: %s",
			 strerror(-err));
		plane_free(p);
		return err;
	}
	*out = p;
	return 0;
}

void plane_free(struct plane *p)
{
	if (!p)
		return;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	for (uint32_t i = 0; i < p->links; i++)
		close(p->link[i]);
	for (int i = 0; i < PLANE_REGIONS; i++) {
		size_t len = plane_region_bytes((enum plane_region)i, p->cpus);
		if (p->regions.at[i])
			munmap(p->regions.at[i],
			       (len + page - 1) & ~(page - 1));
	}
	bpf_object__close(p->object);
	free(p);
}

static const char *refusal(int err, enum plane_mode mode)
{
	if (err == -EBUSY || err == -EEXIST)
		return "another program is on the device";
	if (err == -EOPNOTSUPP && mode == PLANE_NATIVE)
		return "its driver takes no program, or not with its settings";
	return strerror(-err);
}

int plane_attach(struct plane *p, uint32_t device, enum plane_mode mode,
		 char why[static PLANE_WHY_MAX])
{
	struct bpf_link_create_opts o = {
		.sz = sizeof(o),
		.flags = mode == PLANE_NATIVE ? XDP_FLAGS_DRV_MODE
					      : XDP_FLAGS_SKB_MODE
	};
	if (p->links == PLANE_DEVICES)
		return -ENOSPC;
	int err = bpf_map_update_elem(p->devices, &device, &device, BPF_ANY);
	int fd = err ? err
		     : bpf_link_create(p->program, (int)device, BPF_XDP, &o);
	if (fd >= 0) {
		struct plane_control *c = p->regions.at[PLANE_R_CONTROL];
		p->link[p->links++] = fd;
		c->device[c->devices++] = device;
		return 0;
	}
	if (!err)
		bpf_map_delete_elem(p->devices, &device);
	snprintf(why, PLANE_WHY_MAX, "%s", refusal(fd, mode));
	return fd == -EEXIST ? -EBUSY : fd;
}

const struct plane_regions *plane_regions(const struct plane *p)
{
	return &p->regions;
}

int plane_fd(const struct plane *p, enum plane_region r)
{
	return p->fd[r];
}

uint32_t plane_cpus(const struct plane *p)
{
	return p->cpus;
}

int plane_program(const struct plane *p)
{
	return p->program;
}

int plane_try(struct plane *p, struct plane_trial *t)
{
	struct xdp_md ctx = { .data_end = t->len, .ingress_ifindex = 0 };
	struct bpf_test_run_opts o = { .sz = sizeof(o),
				       .data_in = t->frame,
				       .data_size_in = t->len,
				       .data_out = t->frame,
				       .data_size_out = t->room,
				       .ctx_in = &ctx,
				       .ctx_size_in = sizeof(ctx),
				       .repeat = (int)t->repeat };
	int err = bpf_prog_test_run_opts(p->program, &o);
	t->len = o.data_size_out;
	t->verdict = o.retval;
	t->ns = o.duration;
	return err;
}
