/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's program as ordinary C: its maps are regions of our own memory,
 * its frame lies in a buffer with room in front, its clock stands still until
 * it is set. For one test program at a time.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "xdp/table.h"

enum { EMU_ROOM = 256, EMU_FRAME = 10240, EMU_DEVICE = 7 };

struct xdp_md {
	uint8_t buffer[EMU_ROOM + EMU_FRAME];
	uint8_t *data, *end;
	int headroom; /* how much the driver gives */
};

struct emulator {
	struct plane_regions r;
	uint64_t now_ms;
};

static struct emulator emu;

static void *hook_row(enum plane_region r, size_t size, uint32_t i)
{
	size_t all = plane_region_bytes(r, 1);
	return i < all / size ? (uint8_t *)emu.r.at[r] + size * i : NULL;
}

#define EMU_HOOK(name, type, region)                             \
	static struct type *name(uint32_t i)                     \
	{                                                        \
		return hook_row(region, sizeof(struct type), i); \
	}
EMU_HOOK(hook_beat, plane_beat, PLANE_R_BEATS)
EMU_HOOK(hook_bucket, plane_bucket, PLANE_R_INDEX)
EMU_HOOK(hook_slot, plane_slot, PLANE_R_SLOTS)
EMU_HOOK(hook_hop, plane_hop, PLANE_R_HOPS)
EMU_HOOK(hook_purse, plane_purse, PLANE_R_PURSES)
EMU_HOOK(hook_cell, plane_cell, PLANE_R_CELLS)
#undef EMU_HOOK

static struct plane_control *hook_control(void)
{
	return emu.r.at[PLANE_R_CONTROL];
}

static uint64_t hook_now_ms(const struct plane_control *c)
{
	(void)c;
	return emu.now_ms;
}

static uint8_t *hook_data(struct xdp_md *ctx)
{
	return ctx->data;
}

static uint8_t *hook_end(struct xdp_md *ctx)
{
	return ctx->end;
}

static uint32_t hook_ingress(struct xdp_md *ctx)
{
	(void)ctx;
	return EMU_DEVICE;
}

static int hook_adjust_head(struct xdp_md *ctx, int by)
{
	uint8_t *to = ctx->data + by;
	if (to < ctx->buffer + EMU_ROOM - ctx->headroom || to + 14 > ctx->end)
		return -1;
	ctx->data = to;
	return 0;
}

#include "xdp/forward.h"

static inline void emu_open(void)
{
	for (int i = 0; i < PLANE_REGIONS; i++) {
		size_t len = plane_region_bytes((enum plane_region)i, 1);
		emu.r.at[i] = aligned_alloc(64, len);
		memset(emu.r.at[i], 0, len);
	}
	emu.now_ms = 1000000;
	plane_init(hook_control(), 4, 0x0123456789abcdef);
	hook_control()->on = 1;
	hook_control()->listen[0] = net16(3478);
	hook_control()->first = 50000;
	hook_control()->last = 59999;
}

static inline void emu_close(void)
{
	for (int i = 0; i < PLANE_REGIONS; i++)
		free(emu.r.at[i]);
}

/* The frame is moved into ctx, with exactly its own bytes behind data. */
static inline enum plane_reason emu_run(struct xdp_md *ctx,
					const uint8_t *frame, size_t len)
{
	struct plan d = { .slot = NULL };
	uint32_t bytes = 0;
	ctx->headroom = EMU_ROOM;
	ctx->data = ctx->buffer + EMU_ROOM;
	ctx->end = ctx->data + len;
	memcpy(ctx->data, frame, len);
	return forward(ctx, &d, &bytes);
}
