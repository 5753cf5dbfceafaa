/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program in the kernel, by test run: each frame goes through it and
 * through the same source compiled as ordinary C, over the same tables; what
 * comes out has to be the same. Skipped where the kernel may not be asked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <time.h>

#include "unit/xdp/emulate.h"
#include "unit/xdp/world.h"
#include "xdp/load.h"

enum { DROP = 1, PASS = 2, TX = 3, REDIRECT = 4, ROUNDS = 20000 };
enum { ALONE = 8, WORLDS = 12 }; /* the last ones meet each other */

struct state {
	struct plane *plane;
	struct table *table;
	struct world w[WORLDS];
	unsigned worlds; /* of them that stand */
	struct frame in;
	struct xdp_md ctx;
	uint8_t out[FRAME_MAX + 256], data[FRAME_MAX], payload[FRAME_MAX];
	uint64_t random;
};

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int close_state(void **in)
{
	struct state *s = *in;
	if (s) {
		table_free(s->table);
		plane_free(s->plane);
	}
	free(s);
	return 0;
}

static int open_state(void **out)
{
	char why[PLANE_WHY_MAX] = "";
	struct state *s = calloc(1, sizeof(*s));
	*out = s;
	s->random = 88172645463325252;
	if (plane_load(&s->plane, 4, why)) {
		printf("# no kernel to ask: %s\n", why);
		return 0;
	}
	emu.r = *plane_regions(s->plane);
	emu.now_ms = now_ms();
	hook_control()->on = 1;
	hook_control()->listen[0] = net16(3478);
	hook_control()->first = 50000;
	hook_control()->last = 59999;
	if (table_create(&s->table, &emu.r, 1))
		return -1;
	table_beat(s->table, UINT64_MAX);
	return 0;
}

static bool skipped(const struct state *s)
{
	if (!s->plane)
		skip();
	return false;
}

static uint32_t draw(struct state *s, uint32_t below)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (uint32_t)((s->random >> 20) % below);
}

static uint32_t verdict_of(enum plane_reason why)
{
	switch (why) {
	case PLANE_TX:
		return TX;
	case PLANE_REDIRECT:
	case PLANE_HAIRPIN:
		return REDIRECT;
	case PLANE_TTL:
	case PLANE_QUOTA_SLOT:
	case PLANE_QUOTA_SHARED:
	case PLANE_IMPOSSIBLE:
		return DROP;
	default:
		return PASS;
	}
}

/* The kernel's test device is none of ours: no transmission back there, and
 * a redirect fails into a drop because no device was attached. */
static void same(struct state *s)
{
	struct plane_trial t = { .frame = s->out,
				 .len = (uint32_t)s->in.len,
				 .room = sizeof(s->out),
				 .repeat = 1 };
	enum plane_reason why = emu_run(&s->ctx, s->in.at, s->in.len);
	uint32_t verdict = verdict_of(why);
	size_t len = (size_t)(s->ctx.end - s->ctx.data);
	memcpy(s->out, s->in.at, s->in.len);
	assert_int_equal(plane_try(s->plane, &t), 0);
	if (plane_reason_sent(why)) {
		assert_true(t.verdict != PASS);
	} else if (t.verdict != verdict) {
		fail_msg("%s: %u", plane_reason_name(why), t.verdict);
	}
	if (verdict == DROP)
		return;
	assert_int_equal(t.len, len);
	frame_normal(s->out, len);
	frame_normal(s->ctx.data, len);
	assert_memory_equal(s->out, s->ctx.data, len);
}

static void begin(struct state *s)
{
	s->worlds = ALONE;
	for (unsigned i = 0; i < ALONE; i++) {
		struct world *w = &s->w[i];
		world_open(w, s->table, i & 1, i >> 1 & 1, i >> 2 & 1);
		w->client.ip[i & 1 ? 15 : 3] = (uint8_t)(100 + i);
		w->relay.port = (uint16_t)(50200 + i);
		w->b.client = world_end(&w->client);
		w->b.relay = world_end(&w->relay);
		w->b.expires_ms[0] = w->b.expires_ms[1] = UINT64_MAX;
		assert_int_equal(
			table_add(s->table, &w->b, emu.now_ms, &w->slot), 0);
		for (int way = 0; way < 2; way++) {
			struct table_hop h = world_hop(way, i == 3 ? 9 : 0);
			table_hop_set(s->table, w->b.hop[way], &h);
			hook_hop(w->b.hop[way])->probe_ms = UINT64_MAX;
		}
	}
}

/* Channels, and raw to a channel; across both families. */
static void begin_meetings(struct state *s)
{
	for (unsigned i = ALONE; i < WORLDS; i++) {
		struct world *w = &s->w[i];
		int odd = i & 1, last = i > 9;
		world_open(w, s->table, odd, last, last && odd);
		w->client.ip[odd ? 15 : 3] = (uint8_t)(100 + i);
		w->relay.port = (uint16_t)(50300 + 2 * i);
		if (odd)
			world_meet(w - 1, w);
	}
	for (; s->worlds < WORLDS; s->worlds++) {
		struct world *w = &s->w[s->worlds];
		w->b.expires_ms[0] = w->b.expires_ms[1] = UINT64_MAX;
		assert_int_equal(
			table_add(s->table, &w->b, emu.now_ms, &w->slot), 0);
		hook_hop(w->b.hop[PLANE_DOWN])->probe_ms = UINT64_MAX;
	}
}

static void random_frame(struct state *s)
{
	struct world *w = &s->w[draw(s, s->worlds)];
	uint32_t way = draw(s, 2);
	size_t len = draw(s, 20) ? draw(s, 300) : draw(s, 1500), n = len;
	for (size_t i = 0; i < len; i++)
		s->data[i] = (uint8_t)draw(s, 256);
	const uint8_t *payload = s->data;
	if (way == PLANE_UP && !w->raw) {
		n = world_channel(s->payload, s->data, len, draw(s, 5));
		payload = s->payload;
	}
	struct frame_spec f = world_in(w, (int)way, payload, n);
	f.behind = draw(s, 3) ? 0 : draw(s, 20);
	f.vlan = draw(s, 4) ? 0 : (int)draw(s, 4095);
	f.no_sum = !draw(s, 8);
	f.part = !draw(s, 16);
	f.ttl = (uint8_t)(draw(s, 6) ? 64 : draw(s, 3));
	f.tos = (uint8_t)draw(s, 256);
	frame_build(&s->in, &f);
	for (uint32_t i = draw(s, 3); i > 1; i--) /* some are broken */
		s->in.at[draw(s, (uint32_t)(s->in.len < 80 ? s->in.len : 80))] =
			(uint8_t)draw(s, 256);
	if (!draw(s, 20) && s->in.len > 60)
		s->in.len = 14 + draw(s, (uint32_t)s->in.len - 14);
}

static void test_same(void **in)
{
	struct state *s = *in;
	if (skipped(s))
		return;
	begin(s);
	begin_meetings(s);
	for (int i = 0; i < ROUNDS; i++) {
		random_frame(s);
		if (s->in.len >= 14) /* the kernel tries no shorter ones */
			same(s);
	}
}

/* The kernel's coarse clock tells the same time as ours. */
static void test_clock(void **in)
{
	struct state *s = *in;
	if (skipped(s))
		return;
	begin(s);
	struct frame_spec f = world_in(&s->w[4], PLANE_UP, s->data, 40);
	struct plane_trial t = { .frame = s->out,
				 .room = sizeof(s->out),
				 .repeat = 1 };
	frame_build(&s->in, &f);
	memcpy(s->out, s->in.at, s->in.len);
	t.len = (uint32_t)s->in.len;
	uint64_t before = now_ms();
	assert_int_equal(plane_try(s->plane, &t), 0);
	uint64_t seen = hook_slot(s->w[4].slot)->count[PLANE_UP].last_ms;
	assert_in_range(seen, before - 25, now_ms() + 1);
}

/* Each reason that a test run can reach is counted. */
static void test_counts(void **in)
{
	struct state *s = *in;
	if (skipped(s))
		return;
	struct plane_counts *c = emu.r.at[PLANE_R_COUNTS];
	begin(s);
	for (int i = 0; i < ROUNDS / 10; i++) {
		random_frame(s);
		struct plane_trial t = { .frame = s->out,
					 .len = (uint32_t)s->in.len,
					 .room = sizeof(s->out),
					 .repeat = 1 };
		memcpy(s->out, s->in.at, s->in.len);
		if (s->in.len >= 14)
			plane_try(s->plane, &t);
	}
	uint64_t sent = 0, all = 0;
	for (uint32_t cpu = 0; cpu < plane_cpus(s->plane); cpu++) {
		for (int r = 0; r < PLANE_REASONS; r++) {
			all += c[cpu].packets[r];
			if (plane_reason_sent((enum plane_reason)r))
				sent += c[cpu].packets[r];
		}
	}
	uint64_t slots = 0;
	for (int i = 0; i < ALONE; i++) {
		const struct plane_slot *x = hook_slot(s->w[i].slot);
		slots += plane_packets(x->count[0].sum) +
			 plane_packets(x->count[1].sum);
	}
	assert_true(all > ROUNDS / 20);
	assert_true(sent > 0);
	assert_int_equal(sent, slots);
}

/* ---- every reason ---- */

static void set_off(struct state *s, struct frame_spec *f)
{
	(void)s;
	(void)f;
	hook_control()->on = 0;
}

static void set_ms(struct state *s, struct frame_spec *f)
{
	const uint8_t mark[8] = { 0, 15, 0, 4, 0x72, 0xc6, 0x4b, 0xc6 };
	memcpy(s->payload + 20, mark, sizeof(mark));
	f->payload = s->payload;
}

static void set_stuck(struct state *s, struct frame_spec *f)
{
	(void)f;
	table_beat(s->table, 1);
}

static void set_expired(struct state *s, struct frame_spec *f)
{
	(void)f;
	table_expires(s->table, s->w[0].slot, 1, 1);
}

/* From IPv4 to IPv6. */
static void set_no_sum(struct state *s, struct frame_spec *f)
{
	*f = world_in(&s->w[2], PLANE_UP, s->payload, f->len);
	f->no_sum = 1;
}

static void set_part(struct state *s, struct frame_spec *f)
{
	(void)s;
	f->part = 1;
}

static void set_hop(struct state *s, const struct table_hop *h)
{
	table_hop_set(s->table, s->w[0].b.hop[PLANE_UP], h);
}

static void set_no_hop(struct state *s, struct frame_spec *f)
{
	struct table_hop h = world_hop(PLANE_UP, 0);
	(void)f;
	h.valid = false;
	set_hop(s, &h);
}

static void set_mtu(struct state *s, struct frame_spec *f)
{
	struct table_hop h = world_hop(PLANE_UP, 0);
	(void)f;
	h.mtu = 60;
	set_hop(s, &h);
}

static void set_probe(struct state *s, struct frame_spec *f)
{
	(void)f;
	hook_hop(s->w[0].b.hop[PLANE_UP])->probe_ms = 0;
}

static void set_ttl(struct state *s, struct frame_spec *f)
{
	(void)s;
	f->ttl = 1;
}

static void set_port_cap(struct state *s, struct frame_spec *f)
{
	const struct table_caps caps = { .port_kbit = 1 };
	uint32_t purse = s->w[0].b.purse;
	(void)f;
	table_purse_caps(s->table, purse, &caps);
	table_purse_tat(s->table, purse)[PLANE_UP] =
		(now_ms() + 100000) * 1000000;
}

static void set_user_cap(struct state *s, struct frame_spec *f)
{
	const struct table_caps caps = { .shared[0] = { 1, 7 } };
	(void)f;
	table_purse_caps(s->table, s->w[0].b.purse, &caps);
	hook_cell(7)->tat_ns = (now_ms() + 100000) * 1000000;
}

static void set_hairpin(struct state *s, struct frame_spec *f)
{
	begin_meetings(s);
	*f = world_in(&s->w[ALONE], PLANE_UP, f->payload, f->len);
}

/* A test run comes in by the loopback device. */
static void set_back(struct state *s, struct frame_spec *f)
{
	struct table_hop h = world_hop(PLANE_UP, 0);
	(void)f;
	h.device = 1;
	set_hop(s, &h);
}

static const struct reach {
	enum plane_reason why;
	void (*set)(struct state *s, struct frame_spec *f);
	size_t at; /* a byte of the frame; 0 with none */
	uint8_t byte;
} reaches[] = {
	{ PLANE_OFF, set_off, 0, 0 },
	{ PLANE_NOT_UDP, NULL, 13, 0x06 },
	{ PLANE_MULTICAST, NULL, 0, 0x01 },
	{ PLANE_SHORT, NULL, 14 + 2, 0x10 },
	{ PLANE_OPTIONS, NULL, 14, 0x46 },
	{ PLANE_FRAGMENT, NULL, 14 + 6, 0x20 },
	{ PLANE_BAD_LEN, NULL, 14 + 3, 27 },
	{ PLANE_PORT, NULL, 14 + 20 + 3, 0x97 },
	{ PLANE_MS_CONTROL, set_ms, 0, 0 },
	{ PLANE_NO_ENTRY, NULL, 14 + 15, 99 },
	{ PLANE_STUCK, set_stuck, 0, 0 },
	{ PLANE_EXPIRED, set_expired, 0, 0 },
	{ PLANE_CSUM_ZERO, set_no_sum, 0, 0 },
	{ PLANE_CSUM_PARTIAL, set_part, 0, 0 },
	{ PLANE_NO_NEXTHOP, set_no_hop, 0, 0 },
	{ PLANE_MTU, set_mtu, 0, 0 },
	{ PLANE_PROBE, set_probe, 0, 0 },
	{ PLANE_TTL, set_ttl, 0, 0 },
	{ PLANE_QUOTA_SLOT, set_port_cap, 0, 0 },
	{ PLANE_QUOTA_SHARED, set_user_cap, 0, 0 },
	{ PLANE_TX, set_back, 0, 0 },
	{ PLANE_REDIRECT, NULL, 0, 0 },
	{ PLANE_HAIRPIN, set_hairpin, 0, 0 },
};

static void totals(const struct state *s, uint64_t out[PLANE_REASONS])
{
	const struct plane_counts *c = emu.r.at[PLANE_R_COUNTS];
	memset(out, 0, PLANE_REASONS * sizeof(*out));
	for (uint32_t cpu = 0; cpu < plane_cpus(s->plane); cpu++) {
		for (int r = 0; r < PLANE_REASONS; r++)
			out[r] += c[cpu].packets[r];
	}
}

static void reach(struct state *s, const struct reach *x)
{
	uint64_t before[PLANE_REASONS], after[PLANE_REASONS];
	size_t n = world_channel(s->payload, s->data, 60, 0);
	struct frame_spec f = world_in(&s->w[0], PLANE_UP, s->payload, n);
	struct plane_trial t = { .frame = s->out,
				 .room = sizeof(s->out),
				 .repeat = 1 };
	if (x->set)
		x->set(s, &f);
	frame_build(&s->in, &f);
	if (!x->set && x->byte)
		s->in.at[x->at] = x->byte;
	memcpy(s->out, s->in.at, s->in.len);
	t.len = (uint32_t)s->in.len;
	totals(s, before);
	assert_int_equal(plane_try(s->plane, &t), 0);
	totals(s, after);
	for (int r = 0; r < PLANE_REASONS; r++) {
		if (after[r] - before[r] != (r == (int)x->why))
			fail_msg("%s: %s", plane_reason_name(x->why),
				 plane_reason_name((enum plane_reason)r));
	}
	/* there is no device to redirect to */
	assert_int_equal(t.verdict, verdict_of(x->why) == REDIRECT
					    ? DROP
					    : verdict_of(x->why));
	if (t.verdict == PASS) {
		assert_int_equal(t.len, s->in.len);
		assert_memory_equal(s->out, s->in.at, t.len);
	}
}

/* One frame for each, but for two that a test run cannot have: its frames have
 * room in front, and keep their bounds. */
static void test_reasons(void **in)
{
	struct state *s = *in;
	uint32_t seen = 1u << PLANE_HEADROOM | 1u << PLANE_IMPOSSIBLE;
	if (skipped(s))
		return;
	for (size_t i = 0; i < sizeof(reaches) / sizeof(reaches[0]); i++) {
		hook_control()->on = 1;
		table_beat(s->table, UINT64_MAX);
		begin(s);
		reach(s, &reaches[i]);
		seen |= 1u << reaches[i].why;
		for (unsigned k = 0; k < s->worlds; k++)
			world_close(&s->w[k], emu.now_ms);
		emu.now_ms += 10000; /* slots may be used again */
	}
	assert_int_equal(seen, (UINT64_C(1) << PLANE_REASONS) - 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_state, close_state)
	const struct CMUnitTest tests[] = { T(test_same), T(test_clock),
					    T(test_counts), T(test_reasons) };
	return cmocka_run_group_tests_name("xdp/load", tests, NULL, NULL);
}
