/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generator and sink of packets, and the bare echo, in the kernel: the load
 * should cost less than what it measures. The generator runs over live frames
 * of a test run; what is not due yet it drops, which gives the frame back.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bench/media/kernel.h"

#define TABLE(name, row, entries)                       \
	struct {                                        \
		__uint(type, BPF_MAP_TYPE_ARRAY);       \
		__uint(max_entries, entries);           \
		__uint(map_flags, BPF_F_MMAPABLE);      \
		__uint(key_size, sizeof(__u32));        \
		__uint(value_size, sizeof(struct row)); \
	} name SEC(".maps")

TABLE(control, fast_control, 1);
TABLE(heads, fast_heads, 2 * FAST_FLOWS);

static __always_inline struct fast_control *get_control(void)
{
	__u32 first = 0;
	return bpf_map_lookup_elem(&control, &first);
}

/* What was missed meanwhile is not made up for all at once. */
static __always_inline int is_time(struct fast_control *c, __u64 now)
{
	__u64 due = (now - c->start_ns) * c->rate / 1000000000;
	if (due > c->sent + c->window)
		c->start_ns = now - c->sent * 1000000000 / c->rate;
	return c->sent < due;
}

/* What did not come back for a while is lost. */
static __always_inline int is_due(struct fast_control *c, __u64 now)
{
	if (c->rate)
		return is_time(c, now);
	__u64 back = c->received[FAST_DOWN] + c->received[FAST_UP] +
		     c->received[FAST_ECHO];
	if (back != c->seen) {
		c->seen = back;
		c->since_ns = now;
	}
	if (c->sent - c->lost < back + c->window)
		return 1;
	if (now - c->since_ns > FAST_STALL_NS) {
		c->lost = c->sent - back;
		c->since_ns = now;
	}
	return 0;
}

SEC("xdp")
int fast_send(struct xdp_md *ctx)
{
	__u64 *at = (void *)(long)ctx->data;
	struct fast_control *c = get_control();
	if (!c || (void *)(at + FAST_HEADS) > (void *)(long)ctx->data_end ||
	    !is_due(c, bpf_ktime_get_ns()))
		return XDP_DROP;
	__u32 i = (__u32)(c->sent++ % c->heads);
	const struct fast_heads *h = bpf_map_lookup_elem(&heads, &i);
	if (!h)
		return XDP_DROP;
	for (int k = 0; k < FAST_HEADS; k++)
		at[k] = h->word[k];
	return XDP_TX;
}

SEC("xdp")
int fast_sink(struct xdp_md *ctx)
{
	struct fast_control *c = get_control();
	__u64 length = ctx->data_end - ctx->data;
	if (!c)
		return XDP_PASS;
	for (int k = 0; k < FAST_WAYS; k++) {
		if (length == c->length[k]) {
			c->received[k]++;
			return XDP_DROP;
		}
	}
	return XDP_PASS;
}

SEC("xdp")
int fast_echo(struct xdp_md *ctx)
{
	__u16 *at = (void *)(long)ctx->data;
	if ((void *)(at + 7) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	if (*(__u8 *)at & 1 || at[6] != __builtin_bswap16(0x0800))
		return XDP_PASS;
	for (int k = 0; k < 3; k++) {
		__u16 was = at[k];
		at[k] = at[k + 3];
		at[k + 3] = was;
	}
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
