/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel runs: maps, helpers and verdicts around forward.h. Two more
 * programs: one tells both clocks, one lets a device take redirected frames.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "xdp/plane.h"

#define REGION(name, row, entries)                      \
	struct {                                        \
		__uint(type, BPF_MAP_TYPE_ARRAY);       \
		__uint(max_entries, entries);           \
		__uint(map_flags, BPF_F_MMAPABLE);      \
		__uint(key_size, sizeof(__u32));        \
		__uint(value_size, sizeof(struct row)); \
	} name SEC(".maps")

REGION(control, plane_control, 1);
REGION(beats, plane_beat, PLANE_COLUMNS);
REGION(index_, plane_bucket, PLANE_BUCKETS);
REGION(slots, plane_slot, PLANE_SLOTS);
REGION(hops, plane_hop, PLANE_HOPS);
REGION(purses, plane_purse, PLANE_PURSES);
REGION(cells, plane_cell, PLANE_CELLS);
REGION(counts, plane_counts, 1); /* as many as there are CPUs, at load */

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, PLANE_DEVICES);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} devices SEC(".maps");

#define HOOK static __always_inline

HOOK void *entry(void *map, __u32 i)
{
	return bpf_map_lookup_elem(map, &i);
}

HOOK struct plane_control *hook_control(void)
{
	return entry(&control, 0);
}

HOOK struct plane_beat *hook_beat(__u32 i)
{
	return entry(&beats, i);
}

HOOK struct plane_bucket *hook_bucket(__u32 i)
{
	return entry(&index_, i);
}

HOOK struct plane_slot *hook_slot(__u32 i)
{
	return entry(&slots, i);
}

HOOK struct plane_hop *hook_hop(__u32 i)
{
	return entry(&hops, i);
}

HOOK struct plane_purse *hook_purse(__u32 i)
{
	return entry(&purses, i);
}

HOOK struct plane_cell *hook_cell(__u32 i)
{
	return entry(&cells, i);
}

HOOK __u64 hook_now_ms(const struct plane_control *c)
{
	__u64 ticks = bpf_jiffies64() - c->base_jiffies;
	return c->base_ms + (ticks * c->scale >> 24);
}

HOOK void *hook_data(struct xdp_md *ctx)
{
	return (void *)(long)ctx->data;
}

HOOK void *hook_end(struct xdp_md *ctx)
{
	return (void *)(long)ctx->data_end;
}

HOOK __u32 hook_ingress(struct xdp_md *ctx)
{
	return ctx->ingress_ifindex;
}

HOOK int hook_adjust_head(struct xdp_md *ctx, int by)
{
	return (int)bpf_xdp_adjust_head(ctx, by);
}

#include "xdp/forward.h"

HOOK void count(enum plane_reason why, __u32 bytes)
{
	struct plane_counts *n = entry(&counts, bpf_get_smp_processor_id());
	if (!n || why >= PLANE_REASONS)
		return;
	n->packets[why]++;
	n->bytes[why] += bytes;
}

SEC("xdp")
int sallyport_forward(struct xdp_md *ctx)
{
	struct plan d = { .slot = 0 };
	__u32 bytes = 0;
	enum plane_reason why = forward(ctx, &d, &bytes);
	count(why, bytes);
	switch (why) {
	case PLANE_TX:
		return XDP_TX;
	case PLANE_HAIRPIN:
		if (hook_ingress(ctx) == d.hop.device)
			return XDP_TX;
		return (int)bpf_redirect_map(&devices, d.hop.device, XDP_DROP);
	case PLANE_REDIRECT:
		return (int)bpf_redirect_map(&devices, d.hop.device, XDP_DROP);
	case PLANE_TTL:
	case PLANE_QUOTA_SLOT:
	case PLANE_QUOTA_SHARED:
	case PLANE_IMPOSSIBLE:
		return XDP_DROP;
	default:
		return XDP_PASS;
	}
}

/* Both clocks at one time, in the first 16 bytes of the frame. */
SEC("xdp")
int sallyport_clocks(struct xdp_md *ctx)
{
	__u64 *at = hook_data(ctx);
	if ((void *)(at + 2) > hook_end(ctx))
		return XDP_ABORTED;
	at[0] = bpf_jiffies64();
	at[1] = bpf_ktime_get_ns();
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
