/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does a packet cost in the kernel's fast path? Test runs of the loaded
 * program, beside a program that only swaps the MAC addresses and sends back
 * (the bare echo). A run changes the frame, so two bindings hand it to and fro:
 * each figure is the mean of both ways. Between two clients of one relay
 * (hairpin) it takes four. How far a packet gets until it is
 * passed up tells where the time goes. Needs root.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <sys/syscall.h>

#include "xdp/load.h"

enum {
	RUNS = 120, /* a hairpin takes two of the time to live */
	ROUNDS = 25,
	PAYLOAD = 160,
	DEVICE = 1,
	FRAME = 512,
	CASE_HAIRPIN = 2,
};

/* ---- the bare echo, by hand ---- */

#define INSN(c, d, s, o, i)                                              \
	{                                                                \
		.code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), \
		.imm = (i)                                               \
	}
#define LOAD(size, d, s, o) INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STORE(size, d, s, o) INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)

static int echo_load(void)
{
	static const char license[] = "Dual BSD/GPL";
	const struct bpf_insn code[] = {
		LOAD(BPF_W, 2, 1, 0),
		LOAD(BPF_W, 3, 1, 4),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 4, 2, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, 14),
		INSN(BPF_JMP | BPF_JGT | BPF_X, 4, 3, 8, 0),
		LOAD(BPF_W, 5, 2, 0),
		LOAD(BPF_H, 0, 2, 4),
		LOAD(BPF_W, 3, 2, 6),
		LOAD(BPF_H, 4, 2, 10),
		STORE(BPF_W, 2, 3, 0),
		STORE(BPF_H, 2, 4, 4),
		STORE(BPF_W, 2, 5, 6),
		STORE(BPF_H, 2, 0, 10),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_TX),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr a;
	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_XDP;
	a.insns = (uint64_t)(uintptr_t)code;
	a.insn_cnt = sizeof(code) / sizeof(code[0]);
	a.license = (uint64_t)(uintptr_t)license;
	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
}

/* ---- a frame that goes to and fro ---- */

struct end {
	uint8_t ip[16];
	uint16_t port;
};

struct pair {
	struct table *table;
	int count;
	struct table_binding b[4];
	uint32_t slot[4];
};

static struct table_end end_of(unsigned last, int six, uint16_t port)
{
	struct table_end e = { .port = htons(port) };
	const uint8_t prefix[8] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1 };
	if (six)
		memcpy(e.ip, prefix, sizeof(prefix));
	else
		memcpy(e.ip, "\xc6\x33\x64", 3);
	e.ip[six ? 15 : 3] = (uint8_t)last;
	return e;
}

static int add(struct pair *p, int i)
{
	const struct table_caps caps = { .port_kbit = 10000000,
					 .shared[0] = { 10000000, 5 } };
	const struct table_hop hop = { .device = DEVICE,
				       .mtu = 1500,
				       .valid = true };
	struct table_binding *b = &p->b[i];
	int err = table_purse(p->table, &caps, &b->purse);
	for (int way = 0; way < 2 && !err; way++) {
		err = table_hop(p->table, &b->hop[way]);
		if (!err)
			table_hop_set(p->table, b->hop[way], &hop);
		b->expires_ms[way] = UINT64_MAX;
	}
	return err ? err : table_add(p->table, b, 0, &p->slot[i]);
}

static int add_all(struct pair *p, int count)
{
	int err = 0;
	for (p->count = 0; p->count < count && !err; p->count++)
		err = add(p, p->count);
	return err;
}

/* raw: two clients with active destinations, each the other's peer as the
 * program sees it. Else what one sends up as ChannelData comes down to the
 * other as such. */
static int pair_open(struct pair *p, int six, int peer6, int raw)
{
	uint16_t far_port = raw ? 3478 : 50002;
	struct table_end x = end_of(10, six, 40000), l = end_of(1, six, 3478);
	struct table_end r = end_of(2, peer6, 50001);
	struct table_end q = end_of(3, peer6, far_port);
	p->b[0] = (struct table_binding){ .client = x,
					  .local = l,
					  .relay = r,
					  .peer = q,
					  .client6 = six,
					  .peer6 = peer6,
					  .channel = raw ? 0 : htons(0x4001) };
	p->b[1] = p->b[0];
	if (raw) {
		p->b[1].client = r;
		p->b[1].local = q;
		p->b[1].relay = x;
		p->b[1].peer = l;
		p->b[1].client6 = peer6;
		p->b[1].peer6 = six;
	} else {
		p->b[1].client = l;
		p->b[1].local = x;
		p->b[1].peer = r;
		p->b[1].relay = q;
	}
	return add_all(p, 2);
}

/* What the first client sends the second one gets, as if it had sent it
 * itself: so a third gets that, and the fourth gives it to the first. */
static int hairpin_open(struct pair *p, int six, int peer6)
{
	struct table_end client[4], relay[4];
	for (unsigned i = 0; i < 4; i++) {
		client[i] = end_of(10 + i, six, 3478);
		relay[i] = end_of(2 + i, peer6, (uint16_t)(50001 + i));
	}
	for (unsigned i = 0; i < 4; i++)
		p->b[i] = (struct table_binding){ .client6 = six,
						  .peer6 = peer6,
						  .hairpin = true,
						  .channel = htons(0x4001),
						  .relay = relay[i],
						  .peer = relay[i ^ 1] };
	p->b[0].client = p->b[3].local = client[0];
	p->b[0].local = p->b[3].client = client[1];
	p->b[1].client = p->b[2].local = client[2];
	p->b[1].local = p->b[2].client = client[3];
	return add_all(p, 4);
}

static void pair_close(struct pair *p)
{
	for (int i = 0; i < p->count; i++) {
		table_remove(p->table, p->slot[i], 0);
		table_purse_free(p->table, p->b[i].purse);
		for (int way = 0; way < 2; way++)
			table_hop_free(p->table, p->b[i].hop[way]);
	}
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Sums need not be right: wrong ones cost the same. */
static uint32_t frame_make(uint8_t *f, const struct table_binding *b)
{
	unsigned head = b->channel ? 4 : 0, len = 8 + head + PAYLOAD;
	uint8_t *ip = f + 14, *udp = ip + (b->client6 ? 40 : 20);
	memset(f, 0, FRAME);
	put16(f + 12, b->client6 ? 0x86dd : 0x0800);
	if (b->client6) {
		ip[0] = 0x60;
		put16(ip + 4, len);
		ip[6] = 17;
		ip[7] = 255;
		memcpy(ip + 8, b->client.ip, 16);
		memcpy(ip + 24, b->local.ip, 16);
	} else {
		ip[0] = 0x45;
		put16(ip + 2, len + 20);
		ip[8] = 255;
		ip[9] = 17;
		memcpy(ip + 12, b->client.ip, 4);
		memcpy(ip + 16, b->local.ip, 4);
	}
	memcpy(udp, &b->client.port, 2);
	memcpy(udp + 2, &b->local.port, 2);
	put16(udp + 4, len);
	put16(udp + 6, 0x1234);
	if (head) {
		put16(udp + 8, 0x4001);
		put16(udp + 10, PAYLOAD);
	}
	return (uint32_t)(udp + len - f);
}

/* ---- running ---- */

static int run(int program, const uint8_t *frame, uint32_t len, uint32_t *ns,
	       uint32_t *verdict)
{
	uint8_t out[FRAME + 256];
	struct xdp_md ctx = { .data_end = len };
	union bpf_attr a;
	memset(&a, 0, sizeof(a));
	a.test.prog_fd = (uint32_t)program;
	a.test.data_in = (uint64_t)(uintptr_t)frame;
	a.test.data_size_in = len;
	a.test.data_out = (uint64_t)(uintptr_t)out;
	a.test.data_size_out = sizeof(out);
	a.test.ctx_in = (uint64_t)(uintptr_t)&ctx;
	a.test.ctx_size_in = sizeof(ctx);
	a.test.repeat = RUNS;
	if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &a, sizeof(a)))
		return -errno;
	*ns = a.test.duration;
	*verdict = a.test.retval;
	return 0;
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* The median of many short runs: others use the machine too. */
static int measure(int program, const uint8_t *frame, uint32_t len, bool passes,
		   uint32_t *ns)
{
	static uint32_t all[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		uint32_t verdict = XDP_PASS;
		int err = run(program, frame, len, &all[i], &verdict);
		if (err || verdict == XDP_DROP ||
		    passes != (verdict == XDP_PASS))
			return err ? err : -EBADMSG;
	}
	qsort(all, ROUNDS, sizeof(all[0]), by_size);
	*ns = all[ROUNDS / 2];
	return 0;
}

static int measure_case(struct plane *plane, struct table *t, int which,
			uint32_t echo)
{
	static const char *const families[] = { "IPv4", "IPv6 to IPv4",
						"IPv4 to IPv6", "IPv6" };
	static const char *const cases[] = { "ChannelData up and down",
					     "raw both ways",
					     "between two clients (hairpin)" };
	struct pair p = { .table = t };
	uint8_t frame[FRAME];
	uint32_t ns;
	int six = which & 1, peer6 = which >> 1 & 1, kind = which >> 2;
	int err = kind == CASE_HAIRPIN ? hairpin_open(&p, six, peer6)
				       : pair_open(&p, six, peer6, kind);
	for (int i = 0; i < 2 * p.count && !err; i++)
		((struct plane_hop *)plane_regions(plane)
			 ->at[PLANE_R_HOPS])[p.b[i / 2].hop[i % 2]]
			.probe_ms = UINT64_MAX;
	if (!err)
		err = measure(plane_program(plane), frame,
			      frame_make(frame, &p.b[0]), false, &ns);
	if (!err)
		printf("xdp: %s, %s: %u ns a packet, %.1f times the echo\n",
		       cases[kind], families[which & 3], ns, (double)ns / echo);
	pair_close(&p);
	return err;
}

/* ---- where the time goes ---- */

static struct plane_control *control(const struct plane *p)
{
	return plane_regions(p)->at[PLANE_R_CONTROL];
}

static void stop_off(const struct plane *plane, struct pair *p)
{
	(void)p;
	control(plane)->on = 0;
}

static void stop_port(const struct plane *plane, struct pair *p)
{
	(void)p;
	control(plane)->on = 1;
	control(plane)->listen[0] = htons(3479);
}

static void stop_entry(const struct plane *plane, struct pair *p)
{
	control(plane)->listen[0] = htons(3478);
	table_slot(p->table, p->slot[0])->channel++;
}

static void stop_expired(const struct plane *plane, struct pair *p)
{
	(void)plane;
	table_slot(p->table, p->slot[0])->channel--;
	table_expires(p->table, p->slot[0], 0, 0);
}

static void stop_hop(const struct plane *plane, struct pair *p)
{
	const struct table_hop hop = { .valid = false };
	(void)plane;
	table_expires(p->table, p->slot[0], UINT64_MAX, UINT64_MAX);
	table_hop_set(p->table, p->b[0].hop[0], &hop);
}

static const struct step {
	const char *what;
	void (*set)(const struct plane *plane, struct pair *p);
} steps[] = {
	{ "switched off", stop_off },
	{ "headers read", stop_port },
	{ "looked up twice in vain", stop_entry },
	{ "found, expired", stop_expired },
	{ "found, without next hop", stop_hop },
};

static int measure_steps(struct plane *plane, struct table *t)
{
	struct pair p = { .table = t };
	uint8_t frame[FRAME];
	int err = pair_open(&p, 0, 0, 0);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !err; i++) {
		uint32_t ns = 0;
		steps[i].set(plane, &p);
		err = measure(plane_program(plane), frame,
			      frame_make(frame, &p.b[0]), true, &ns);
		if (!err)
			printf("xdp: passed up, %s: %u ns a packet\n",
			       steps[i].what, ns);
	}
	pair_close(&p);
	return err;
}

int main(void)
{
	char why[PLANE_WHY_MAX] = "";
	struct plane *plane = NULL;
	struct table *t = NULL;
	uint8_t frame[FRAME] = { 0 };
	uint32_t echo = 1;
	if (plane_load(&plane, 1, why)) {
		printf("xdp: not measured: %s\n", why);
		return 0;
	}
	struct plane_control *c = plane_regions(plane)->at[PLANE_R_CONTROL];
	c->on = 1;
	c->listen[0] = htons(3478);
	c->first = 50000;
	c->last = 59999;
	int err = table_create(&t, plane_regions(plane), 0);
	int program = echo_load();
	if (!err)
		err = measure(program, frame, 214, false, &echo);
	if (!err) {
		table_beat(t, UINT64_MAX);
		printf("xdp: bare echo: %u ns a packet\n", echo);
	}
	for (int i = 0; i < 12 && !err; i++)
		err = measure_case(plane, t, i, echo ? echo : 1);
	if (!err)
		err = measure_steps(plane, t);
	if (err)
		printf("xdp: failed: %s\n", strerror(-err));
	table_free(t);
	plane_free(plane);
	return err ? 1 : 0;
}
