/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's program, compiled as ordinary C: every case, every reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

#include "unit/xdp/emulate.h"
#include "unit/xdp/world.h"

struct state {
	struct table *table;
	struct world w;
	struct table *other; /* of another relay process */
	struct world v;
	struct frame in, want;
	struct xdp_md ctx;
	uint8_t data[FRAME_MAX], payload[FRAME_MAX];
};

static int open_state(void **out)
{
	struct state *s = calloc(1, sizeof(*s));
	emu_open();
	if (table_create(&s->table, &emu.r, 2))
		return -1;
	table_beat(s->table, UINT64_MAX);
	for (size_t i = 0; i < sizeof(s->data); i++)
		s->data[i] = (uint8_t)(i * 7 + 0x81);
	*out = s;
	return 0;
}

static int close_state(void **in)
{
	struct state *s = *in;
	table_free(s->table);
	table_free(s->other);
	emu_close();
	free(s);
	return 0;
}

/* A binding that counts, past the first packet of each next hop. */
static void begin(struct state *s, int client6, int peer6, int raw)
{
	world_open(&s->w, s->table, client6, peer6, raw);
	s->w.b.expires_ms[0] = emu.now_ms + 600000;
	s->w.b.expires_ms[1] = emu.now_ms + 300000;
	assert_int_equal(table_add(s->table, &s->w.b, emu.now_ms, &s->w.slot),
			 0);
	for (int way = 0; way < 2; way++)
		hook_hop(s->w.b.hop[way])->probe_ms = UINT64_MAX;
}

static void end(struct state *s)
{
	world_close(&s->w, emu.now_ms);
	emu.now_ms += 10000;
}

static enum plane_reason run(struct state *s, const struct frame_spec *in)
{
	frame_build(&s->in, in);
	return emu_run(&s->ctx, s->in.at, s->in.len);
}

static void unchanged(const struct state *s)
{
	assert_int_equal(s->ctx.end - s->ctx.data, s->in.len);
	assert_memory_equal(s->ctx.data, s->in.at, s->in.len);
}

/* Behind the datagram padding may stay. */
static void came_out(struct state *s, const struct frame_spec *want)
{
	frame_build(&s->want, want);
	size_t len = (size_t)(s->ctx.end - s->ctx.data);
	assert_true(len >= s->want.len);
	frame_normal(s->ctx.data, len);
	assert_memory_equal(s->ctx.data, s->want.at, s->want.len);
}

/* ---- the cases ---- */

/* Channel or raw, both ways, all lengths and paddings: what comes out is what
 * a sender with full sums would have sent. */
static void relays_up(struct state *s, size_t len, size_t padding)
{
	size_t n = len;
	const uint8_t *payload = s->data;
	if (!s->w.raw) {
		n = world_channel(s->payload, s->data, len, padding);
		payload = s->payload;
	}
	struct frame_spec in = world_in(&s->w, PLANE_UP, payload, n);
	struct frame_spec want = world_out(&s->w, PLANE_UP, s->data, len);
	in.behind = len % 5;
	assert_int_equal(run(s, &in), PLANE_REDIRECT);
	came_out(s, &want);
}

static void relays_down(struct state *s, size_t len)
{
	size_t n = len;
	const uint8_t *payload = s->data;
	if (!s->w.raw) {
		n = world_channel(s->payload, s->data, len, 0);
		payload = s->payload;
	}
	struct frame_spec in = world_in(&s->w, PLANE_DOWN, s->data, len);
	struct frame_spec want = world_out(&s->w, PLANE_DOWN, payload, n);
	assert_int_equal(run(s, &in), PLANE_TX);
	came_out(s, &want);
}

static void relays_all(struct state *s)
{
	for (size_t len = 0; len <= 64; len++) {
		for (size_t padding = 0; padding < 4; padding++)
			relays_up(s, len, padding);
		relays_down(s, len);
	}
	relays_up(s, 1200, 0);
	relays_down(s, 1200);
}

static void test_all_cases(void **in)
{
	struct state *s = *in;
	for (int i = 0; i < 16; i++) {
		begin(s, i & 1, i >> 1 & 1, i >> 2 & 1);
		s->w.vlan = i & 8 ? 42 : 0;
		for (int way = 0; way < 2; way++) {
			struct table_hop h = world_hop(way, s->w.vlan);
			table_hop_set(s->table, s->w.b.hop[way], &h);
		}
		relays_all(s);
		end(s);
	}
}

static void test_counts(void **in)
{
	struct state *s = *in;
	begin(s, 0, 1, 0);
	relays_up(s, 100, 3);
	relays_up(s, 11, 0);
	relays_down(s, 7);
	const struct plane_slot *x = table_slot(s->table, s->w.slot);
	assert_int_equal(plane_packets(x->count[PLANE_UP].sum), 2);
	assert_int_equal(plane_bytes(x->count[PLANE_UP].sum), 111);
	assert_int_equal(plane_packets(x->count[PLANE_DOWN].sum), 1);
	assert_int_equal(plane_bytes(x->count[PLANE_DOWN].sum), 7);
	assert_int_equal(x->count[PLANE_UP].last_ms, emu.now_ms);
	assert_int_equal(x->count[PLANE_UP].dropped, 0);
	end(s);
}

static void test_tagged_in(void **in)
{
	struct state *s = *in;
	begin(s, 0, 0, 0);
	size_t n = world_channel(s->payload, s->data, 33, 1);
	struct frame_spec f = world_in(&s->w, PLANE_UP, s->payload, n);
	struct frame_spec want = world_out(&s->w, PLANE_UP, s->data, 33);
	f.vlan = 0x6005;
	assert_int_equal(run(s, &f), PLANE_REDIRECT);
	came_out(s, &want);
	end(s);
}

/* ICE checks of the peers look like STUN for us: the active destination has
 * them. What begins like ChannelData too. */
static void test_raw_owns_all(void **in)
{
	struct state *s = *in;
	begin(s, 0, 0, 1);
	const uint8_t stun[20] = { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 };
	const uint8_t channel[8] = { 0x40, 1, 0, 4, 1, 2, 3, 4 };
	struct frame_spec f = world_in(&s->w, PLANE_UP, stun, sizeof(stun));
	struct frame_spec want = world_out(&s->w, PLANE_UP, stun, sizeof(stun));
	assert_int_equal(run(s, &f), PLANE_REDIRECT);
	came_out(s, &want);
	f = world_in(&s->w, PLANE_UP, channel, sizeof(channel));
	want = world_out(&s->w, PLANE_UP, channel, sizeof(channel));
	assert_int_equal(run(s, &f), PLANE_REDIRECT);
	came_out(s, &want);
	end(s);
}

static void test_no_sum(void **in)
{
	struct state *s = *in;
	begin(s, 0, 0, 0);
	struct frame_spec f = world_in(&s->w, PLANE_DOWN, s->data, 9);
	size_t n = world_channel(s->payload, s->data, 9, 0);
	struct frame_spec want = world_out(&s->w, PLANE_DOWN, s->payload, n);
	f.no_sum = 1;
	want.no_sum = 1;
	assert_int_equal(run(s, &f), PLANE_TX);
	came_out(s, &want);
	end(s);
	for (int i = 1; i < 4; i++) {
		begin(s, i & 1, i >> 1, 0);
		f = world_in(&s->w, PLANE_DOWN, s->data, 9);
		f.no_sum = 1;
		assert_int_equal(run(s, &f), PLANE_CSUM_ZERO);
		unchanged(s);
		end(s);
	}
}

/* Both ways, all families and a client to another's relayed address. */
static void test_part_of_a_sum(void **in)
{
	struct state *s = *in;
	for (int i = 0; i < 8; i++) {
		begin(s, i & 1, i >> 1 & 1, i >> 2);
		for (size_t len = 0; len < 20; len++) {
			size_t n = world_channel(s->payload, s->data, len, 0);
			struct frame_spec f =
				world_in(&s->w, PLANE_UP,
					 s->w.raw ? s->data : s->payload,
					 s->w.raw ? len : n);
			f.part = 1;
			assert_int_equal(run(s, &f), PLANE_CSUM_PARTIAL);
			unchanged(s);
			f = world_in(&s->w, PLANE_DOWN, s->data, len);
			f.part = 1;
			assert_int_equal(run(s, &f), PLANE_CSUM_PARTIAL);
			unchanged(s);
		}
		end(s);
	}
}

/* A broken sum stays broken, so that the other end sees it. */
static void test_broken_sum(void **in)
{
	struct state *s = *in;
	begin(s, 0, 0, 1);
	struct frame_spec f = world_in(&s->w, PLANE_UP, s->data, 20);
	struct frame_spec want = world_out(&s->w, PLANE_UP, s->data, 20);
	frame_build(&s->in, &f);
	s->in.at[14 + 20 + 8] ^= 0x40;
	assert_int_equal(emu_run(&s->ctx, s->in.at, s->in.len), PLANE_REDIRECT);
	frame_build(&s->want, &want);
	assert_memory_equal(s->ctx.data + 14 + 20 + 6, s->want.at + 14 + 20 + 6,
			    2);
	end(s);
}

/* ---- frames that go up as they are ---- */

struct poke {
	const char *what;
	int six;
	size_t at;
	uint8_t byte;
	enum plane_reason why;
};

static const struct poke pokes[] = {
	{ "multicast", 0, 0, 0x01, PLANE_MULTICAST },
	{ "ARP", 0, 13, 0x06, PLANE_NOT_UDP },
	{ "provider's tag", 0, 12, 0x88, PLANE_NOT_UDP },
	{ "TCP", 0, 14 + 9, 6, PLANE_NOT_UDP },
	{ "IPv5", 0, 14, 0x55, PLANE_NOT_UDP },
	{ "options", 0, 14, 0x46, PLANE_OPTIONS },
	{ "more fragments", 0, 14 + 6, 0x20, PLANE_FRAGMENT },
	{ "a later fragment", 0, 14 + 7, 0x01, PLANE_FRAGMENT },
	{ "long IP length", 0, 14 + 2, 0x10, PLANE_SHORT },
	{ "huge IP length", 0, 14 + 2, 0xff, PLANE_BAD_LEN },
	{ "short IP length", 0, 14 + 3, 27, PLANE_BAD_LEN },
	{ "UDP length", 0, 14 + 20 + 5, 9, PLANE_BAD_LEN },
	{ "UDP length 7", 0, 14 + 20 + 5, 7, PLANE_BAD_LEN },
	{ "another port", 0, 14 + 20 + 3, 0x97, PLANE_PORT },
	{ "another client", 0, 14 + 15, 99, PLANE_NO_ENTRY },
	{ "another local address", 0, 14 + 19, 99, PLANE_NO_ENTRY },
	{ "another client port", 0, 14 + 20 + 1, 99, PLANE_NO_ENTRY },
	{ "another channel", 0, 14 + 28 + 1, 2, PLANE_NO_ENTRY },
	{ "STUN", 0, 14 + 28, 0, PLANE_NO_ENTRY },
	{ "length behind the end", 0, 14 + 28 + 3, 101, PLANE_NO_ENTRY },
	{ "padding of four", 0, 14 + 28 + 3, 36, PLANE_NO_ENTRY },
	{ "hop-by-hop", 1, 14 + 6, 0, PLANE_NOT_UDP },
	{ "fragment header", 1, 14 + 6, 44, PLANE_NOT_UDP },
	{ "IPv4 in IPv6's place", 1, 14, 0x45, PLANE_NOT_UDP },
	{ "long payload", 1, 14 + 4, 0x10, PLANE_SHORT },
	{ "payload 7", 1, 14 + 5, 7, PLANE_BAD_LEN },
	{ "another client", 1, 14 + 23, 99, PLANE_NO_ENTRY },
	{ "another prefix", 1, 14 + 9, 99, PLANE_NO_ENTRY },
	{ "another MAC of ours", 1, 1, 2, PLANE_REDIRECT },
};

static void test_pokes(void **in)
{
	struct state *s = *in;
	for (size_t i = 0; i < sizeof(pokes) / sizeof(pokes[0]); i++) {
		const struct poke *p = &pokes[i];
		begin(s, p->six, 0, 0);
		size_t n = world_channel(s->payload, s->data, 40, 0);
		struct frame_spec f = world_in(&s->w, PLANE_UP, s->payload, n);
		frame_build(&s->in, &f);
		s->in.at[p->at] = p->byte;
		enum plane_reason why = emu_run(&s->ctx, s->in.at, s->in.len);
		if (why != p->why)
			fail_msg("%s: %s", p->what, plane_reason_name(why));
		if (!plane_reason_sent(why))
			unchanged(s);
		end(s);
	}
}

/* Every length of the frame: never a byte behind its end. */
static void test_cut(void **in)
{
	struct state *s = *in;
	for (int six = 0; six < 2; six++) {
		begin(s, six, !six, 0);
		size_t n = world_channel(s->payload, s->data, 21, 3);
		struct frame_spec f = world_in(&s->w, PLANE_UP, s->payload, n);
		f.vlan = 3;
		frame_build(&s->in, &f);
		for (size_t len = s->in.len; len-- > 0;) {
			size_t whole = s->in.len;
			enum plane_reason why = emu_run(&s->ctx, s->in.at, len);
			s->in.len = len;
			assert_int_equal(why, PLANE_SHORT);
			unchanged(s);
			s->in.len = whole;
		}
		end(s);
	}
}

static void test_ms_message(void **in)
{
	struct state *s = *in;
	uint8_t bytes[40] = { 0, 1, 0, 20 };
	const uint8_t mark[8] = { 0, 15, 0, 4, 0x72, 0xc6, 0x4b, 0xc6 };
	memcpy(bytes + 20, mark, 8);
	begin(s, 0, 0, 1);
	struct frame_spec f = world_in(&s->w, PLANE_UP, bytes, 40);
	assert_int_equal(run(s, &f), PLANE_MS_CONTROL);
	unchanged(s);
	/* a peer may send what it likes */
	f = world_in(&s->w, PLANE_DOWN, bytes, 40);
	assert_int_equal(run(s, &f), PLANE_TX);
	end(s);
}

static void expect(struct state *s, int way, size_t len, enum plane_reason why)
{
	size_t n = world_channel(s->payload, s->data, len, 0);
	struct frame_spec f = way ? world_in(&s->w, way, s->data, len)
				  : world_in(&s->w, way, s->payload, n);
	enum plane_reason got = run(s, &f);
	assert_string_equal(plane_reason_name(got), plane_reason_name(why));
	if (!plane_reason_sent(got))
		unchanged(s);
}

static void test_switches(void **in)
{
	struct state *s = *in;
	begin(s, 0, 0, 0);
	expect(s, PLANE_UP, 8, PLANE_REDIRECT);
	hook_control()->on = 0;
	expect(s, PLANE_UP, 8, PLANE_OFF);
	hook_control()->on = 1;
	table_beat(s->table, emu.now_ms);
	expect(s, PLANE_UP, 8, PLANE_STUCK);
	table_beat(s->table, emu.now_ms + 1);
	expect(s, PLANE_UP, 8, PLANE_REDIRECT);
	table_beat(s->table, UINT64_MAX);
	struct table_hop h = world_hop(PLANE_UP, 0);
	h.valid = false;
	table_hop_set(s->table, s->w.b.hop[PLANE_UP], &h);
	expect(s, PLANE_UP, 8, PLANE_NO_NEXTHOP);
	expect(s, PLANE_DOWN, 8, PLANE_TX);
	end(s);
	expect(s, PLANE_DOWN, 8, PLANE_NO_ENTRY);
}

static void test_expiry(void **in)
{
	struct state *s = *in;
	uint64_t before = emu.now_ms;
	begin(s, 0, 0, 0);
	emu.now_ms = before + 299999;
	expect(s, PLANE_DOWN, 8, PLANE_TX);
	emu.now_ms = before + 300000;
	expect(s, PLANE_DOWN, 8, PLANE_EXPIRED);
	expect(s, PLANE_UP, 8, PLANE_REDIRECT);
	table_expires(s->table, s->w.slot, before + 600000, before + 600000);
	expect(s, PLANE_DOWN, 8, PLANE_TX);
	emu.now_ms = before + 600000;
	expect(s, PLANE_UP, 8, PLANE_EXPIRED);
	expect(s, PLANE_DOWN, 8, PLANE_EXPIRED);
	end(s);
}

static void test_mtu(void **in)
{
	struct state *s = *in;
	begin(s, 0, 0, 0);
	expect(s, PLANE_DOWN, 1468, PLANE_TX);
	expect(s, PLANE_DOWN, 1469, PLANE_MTU);
	expect(s, PLANE_UP, 1472, PLANE_REDIRECT);
	expect(s, PLANE_UP, 1473, PLANE_MTU);
	end(s);
	begin(s, 0, 1, 0);
	expect(s, PLANE_UP, 1452, PLANE_REDIRECT);
	expect(s, PLANE_UP, 1453, PLANE_MTU);
	end(s);
}

static void test_ttl(void **in)
{
	struct state *s = *in;
	for (int six = 0; six < 2; six++) {
		begin(s, six, six, 1);
		struct frame_spec f = world_in(&s->w, PLANE_UP, s->data, 8);
		struct frame_spec want = world_out(&s->w, PLANE_UP, s->data, 8);
		f.ttl = 2;
		want.ttl = 1;
		assert_int_equal(run(s, &f), PLANE_REDIRECT);
		came_out(s, &want);
		for (f.ttl = 0; f.ttl < 2; f.ttl++)
			assert_int_equal(run(s, &f), PLANE_TTL);
		assert_int_equal(hook_slot(s->w.slot)->count[PLANE_UP].dropped,
				 2);
		end(s);
	}
}

/* One packet of a while is left to the system: who looks after neighbours. */
static void test_probe(void **in)
{
	struct state *s = *in;
	begin(s, 0, 0, 0);
	hook_hop(s->w.b.hop[PLANE_UP])->probe_ms = 0;
	expect(s, PLANE_UP, 8, PLANE_PROBE);
	expect(s, PLANE_UP, 8, PLANE_REDIRECT);
	emu.now_ms += PLANE_PROBE_MS;
	expect(s, PLANE_UP, 8, PLANE_PROBE);
	expect(s, PLANE_UP, 8, PLANE_REDIRECT);
	end(s);
}

static void test_headroom(void **in)
{
	struct state *s = *in;
	begin(s, 0, 0, 0);
	struct frame_spec f = world_in(&s->w, PLANE_DOWN, s->data, 30);
	struct plan d = { .slot = NULL };
	uint32_t bytes = 0;
	frame_build(&s->in, &f);
	s->ctx.headroom = 2;
	s->ctx.data = s->ctx.buffer + EMU_ROOM;
	s->ctx.end = s->ctx.data + s->in.len;
	memcpy(s->ctx.data, s->in.at, s->in.len);
	assert_int_equal(forward(&s->ctx, &d, &bytes), PLANE_HEADROOM);
	unchanged(s);
	end(s);
}

/* ---- two clients of this relay with each other ---- */

static void add_world(struct world *w)
{
	w->b.expires_ms[0] = w->b.expires_ms[1] = emu.now_ms + 1000;
	assert_int_equal(table_add(w->table, &w->b, emu.now_ms, &w->slot), 0);
	hook_hop(w->b.hop[PLANE_DOWN])->probe_ms = UINT64_MAX;
}

/* bits: IPv6 of one client, of the other, of the relayed; who is raw */
static void meet(struct state *s, int bits)
{
	if (!s->other)
		assert_int_equal(table_create(&s->other, &emu.r, 3), 0);
	table_beat(s->other, UINT64_MAX);
	world_open(&s->w, s->table, bits & 1, bits >> 2 & 1, bits >> 3 & 1);
	world_open(&s->v, s->other, bits >> 1 & 1, bits >> 2 & 1,
		   bits >> 4 & 1);
	world_meet(&s->w, &s->v);
	if (!s->v.raw)
		s->v.b.channel = htons(CHANNEL + 1);
	add_world(&s->w);
	add_world(&s->v);
}

static void part(struct state *s)
{
	world_close(&s->v, emu.now_ms);
	end(s);
}

static struct frame_spec first_in(struct state *s, size_t len, size_t padding)
{
	if (s->w.raw)
		return world_in(&s->w, PLANE_UP, s->data, len);
	size_t n = world_channel(s->payload, s->data, len, padding);
	return world_in(&s->w, PLANE_UP, s->payload, n);
}

static void hairpin_is(struct state *s, size_t len, enum plane_reason why)
{
	struct frame_spec f = first_in(s, len, 0);
	enum plane_reason got = run(s, &f);
	assert_string_equal(plane_reason_name(got), plane_reason_name(why));
	if (!plane_reason_sent(got))
		unchanged(s);
}

static void crosses(struct state *s, size_t len, size_t padding)
{
	uint8_t payload[FRAME_MAX];
	size_t n = len;
	struct frame_spec f = first_in(s, len, padding);
	assert_int_equal(run(s, &f), PLANE_HAIRPIN);
	if (!s->v.raw) {
		n = world_channel(payload, s->data, len, 0);
		frame_put16(payload, CHANNEL + 1);
	}
	struct frame_spec want =
		world_out(&s->v, PLANE_DOWN, s->v.raw ? s->data : payload, n);
	want.ttl = 62; /* two hops, as two relay processes are */
	came_out(s, &want);
}

static void test_hairpin(void **in)
{
	struct state *s = *in;
	for (int bits = 0; bits < 32; bits++) {
		meet(s, bits);
		for (size_t len = 0; len <= 64; len++)
			crosses(s, len, len % 4);
		crosses(s, 1200, 0);
		const struct plane_slot *x = table_slot(s->table, s->w.slot);
		const struct plane_slot *y = table_slot(s->other, s->v.slot);
		assert_int_equal(plane_packets(x->count[PLANE_UP].sum), 66);
		assert_int_equal(x->count[PLANE_UP].sum,
				 y->count[PLANE_DOWN].sum);
		assert_int_equal(x->count[PLANE_DOWN].sum, 0);
		assert_int_equal(y->count[PLANE_UP].sum, 0);
		part(s);
	}
}

static void test_hairpin_part_of_a_sum(void **in)
{
	struct state *s = *in;
	for (int bits = 0; bits < 32; bits++) {
		meet(s, bits);
		struct frame_spec f = first_in(s, 30, 0);
		f.part = 1;
		assert_int_equal(run(s, &f), PLANE_CSUM_PARTIAL);
		unchanged(s);
		part(s);
	}
}

/* Either side's time, process and binding, and the way out of the second. */
static void test_hairpin_stands(void **in)
{
	struct state *s = *in;
	uint64_t now = emu.now_ms;
	struct table_hop h = world_hop(PLANE_DOWN, 0);
	meet(s, 0);
	table_expires(s->table, s->w.slot, now, now + 9);
	hairpin_is(s, 8, PLANE_EXPIRED);
	table_expires(s->table, s->w.slot, now + 9, now);
	hairpin_is(s, 8, PLANE_HAIRPIN);
	table_expires(s->other, s->v.slot, now + 9, now);
	hairpin_is(s, 8, PLANE_EXPIRED);
	table_expires(s->other, s->v.slot, now, now + 9);
	hairpin_is(s, 8, PLANE_HAIRPIN);
	table_beat(s->table, now);
	hairpin_is(s, 8, PLANE_STUCK);
	table_beat(s->table, now + 1);
	table_beat(s->other, now);
	hairpin_is(s, 8, PLANE_STUCK);
	table_beat(s->other, now + 1);
	hairpin_is(s, 1468, PLANE_HAIRPIN);
	hairpin_is(s, 1469, PLANE_MTU);
	h.valid = false;
	table_hop_set(s->other, s->v.b.hop[PLANE_DOWN], &h);
	hairpin_is(s, 8, PLANE_NO_NEXTHOP);
	world_close(&s->v, now);
	hairpin_is(s, 8, PLANE_NO_ENTRY);
	end(s);
}

/* A packet of the wire that says it comes from our own relayed address is
 * forged: the system's own stack has it. */
static void test_hairpin_forged(void **in)
{
	struct state *s = *in;
	meet(s, 0);
	struct frame_spec f = world_in(&s->v, PLANE_DOWN, s->data, 8);
	assert_int_equal(run(s, &f), PLANE_NO_ENTRY);
	unchanged(s);
	part(s);
}

static void hairpin_drop(struct state *s, uint8_t ttl, enum plane_reason why,
			 unsigned dropped)
{
	const struct plane_count *x =
		&table_slot(s->table, s->w.slot)->count[PLANE_UP];
	const struct plane_count *y =
		&table_slot(s->other, s->v.slot)->count[PLANE_DOWN];
	uint64_t before = plane_packets(x->sum),
		 gone[] = { x->dropped, y->dropped };
	struct frame_spec f = first_in(s, 1000, 0);
	f.ttl = ttl;
	assert_int_equal(run(s, &f), why);
	assert_int_equal(x->dropped - gone[0], dropped == 0);
	assert_int_equal(y->dropped - gone[1], dropped == 1);
	/* what the first let pass counts there */
	assert_int_equal(plane_packets(x->sum) - before, dropped == 1);
	assert_int_equal(plane_packets(y->sum), 0);
}

/* Each side has its own: time to live, and bandwidth. */
static void test_hairpin_drops(void **in)
{
	struct state *s = *in;
	const struct table_caps caps = { .port_kbit = 8 };
	const struct table_caps shared = { .shared[1] = { 8, 9 } };
	uint64_t full = (emu.now_ms + 1000) * 1000000;
	meet(s, 0);
	hairpin_drop(s, 1, PLANE_TTL, 0);
	hairpin_drop(s, 2, PLANE_TTL, 1);
	table_purse_caps(s->other, s->v.b.purse, &caps);
	table_purse_tat(s->other, s->v.b.purse)[PLANE_DOWN] = full;
	hairpin_drop(s, 64, PLANE_QUOTA_SLOT, 1);
	table_purse_caps(s->other, s->v.b.purse, &shared);
	hook_cell(9)->tat_ns = full;
	hairpin_drop(s, 64, PLANE_QUOTA_SHARED, 1);
	table_purse_caps(s->table, s->w.b.purse, &caps);
	table_purse_tat(s->table, s->w.b.purse)[PLANE_UP] = full;
	hairpin_drop(s, 64, PLANE_QUOTA_SLOT, 0);
	part(s);
}

/* ---- caps ---- */

static unsigned sent_of(struct state *s, unsigned count,
			enum plane_reason other)
{
	unsigned sent = 0;
	size_t n = world_channel(s->payload, s->data, 1000, 0);
	struct frame_spec f = world_in(&s->w, PLANE_UP, s->payload, n);
	for (unsigned i = 0; i < count; i++) {
		enum plane_reason why = run(s, &f);
		if (plane_reason_sent(why))
			sent++;
		else
			assert_int_equal(why, other);
	}
	return sent;
}

static void test_port_cap(void **in)
{
	struct state *s = *in;
	const struct table_caps caps = { .port_kbit = 800 };
	begin(s, 0, 0, 0);
	table_purse_caps(s->table, s->w.b.purse, &caps);
	/* 100 packets of 1000 bytes a second, a second's worth at once */
	assert_in_range(sent_of(s, 200, PLANE_QUOTA_SLOT), 100, 101);
	emu.now_ms += 500;
	assert_in_range(sent_of(s, 200, PLANE_QUOTA_SLOT), 49, 51);
	expect(s, PLANE_DOWN, 1000, PLANE_TX); /* each way has its own */
	assert_int_equal(
		hook_slot(s->w.slot)->count[PLANE_UP].dropped +
			plane_packets(
				hook_slot(s->w.slot)->count[PLANE_UP].sum),
		400);
	end(s);
}

static void shared_cap(struct state *s, size_t which)
{
	struct table_caps caps = { .port_kbit = 0 };
	caps.shared[which].kbit = 800;
	caps.shared[which].cell = 77;
	begin(s, 0, 0, 0);
	table_purse_caps(s->table, s->w.b.purse, &caps);
	/* half of it is used by the slow path */
	for (int i = 0; i < 50; i++)
		assert_true(table_cell_pass(s->table, 77, emu.now_ms * 1000000,
					    1000, 800));
	assert_in_range(sent_of(s, 200, PLANE_QUOTA_SHARED), 50, 51);
	assert_false(
		table_cell_pass(s->table, 77, emu.now_ms * 1000000, 1000, 800));
	end(s);
}

static void test_shared_caps(void **in)
{
	for (size_t i = 0; i < PLANE_SHARED; i++)
		shared_cap(*in, i);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_state, close_state)
	const struct CMUnitTest tests[] = {
		T(test_all_cases),
		T(test_counts),
		T(test_tagged_in),
		T(test_raw_owns_all),
		T(test_no_sum),
		T(test_part_of_a_sum),
		T(test_broken_sum),
		T(test_pokes),
		T(test_cut),
		T(test_ms_message),
		T(test_switches),
		T(test_expiry),
		T(test_mtu),
		T(test_ttl),
		T(test_probe),
		T(test_headroom),
		T(test_port_cap),
		T(test_shared_caps),
		T(test_hairpin),
		T(test_hairpin_part_of_a_sum),
		T(test_hairpin_stands),
		T(test_hairpin_forged),
		T(test_hairpin_drops),
	};
	return cmocka_run_group_tests_name("xdp/forward", tests, NULL, NULL);
}
