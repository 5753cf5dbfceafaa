/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine and the fast path side by side: the kernel's program runs here as
 * ordinary C over the table that the engine feeds.
 */
#include "rig.h"

#include "relay/fast.h"
#include "relay/relay_int.h"
#include "support/oom.h"
#include "unit/xdp/emulate.h"
#include "unit/xdp/world.h"

#define PEER "8.8.8.8:5000"

enum { HOPS_MAX = 16 };

struct hops {
	struct table *table;
	int taken; /* references */
	int error;
	uint32_t device;
};

struct state {
	struct rig *g;
	struct table *table;
	struct hops hops;
	struct xdp_md ctx;
	struct frame frame;
};

/* ---- next hops that are always there ---- */

static int find_row(void *arg, const struct relay_addr *from,
		    const struct relay_addr *to, uint32_t *row)
{
	struct hops *h = arg;
	(void)from;
	if (h->error)
		return h->error;
	if (table_hop(h->table, row))
		return -ENOSPC;
	const struct table_hop hop = { .device = h->device,
				       .mtu = to->family == 6 ? 1280 : 1500,
				       .valid = true };
	table_hop_set(h->table, *row, &hop);
	hook_hop(*row)->probe_ms = UINT64_MAX;
	h->taken++;
	return 0;
}

static void give_row(void *arg, uint32_t row)
{
	struct hops *h = arg;
	table_hop_free(h->table, row);
	h->taken--;
}

static void start(struct state *s)
{
	const struct fast_hops hops = { find_row, give_row, &s->hops };
	s->hops.table = s->table;
	s->hops.device = EMU_DEVICE;
	assert_int_equal(fast_begin(s->g->relay, s->table, &hops), 0);
}

static int setup(void **out)
{
	struct state *s = calloc(1, sizeof(*s));
	emu_open();
	hook_control()->first = 1024;
	hook_control()->last = 65535;
	if (!s || table_create(&s->table, &emu.r, 1) || rig_begin(&s->g))
		return -1;
	*out = s;
	return 0;
}

static int teardown(void **in)
{
	struct state *s = *in;
	fast_end(s->g->relay);
	assert_int_equal(s->hops.taken, 0);
	assert_int_equal(table_count(s->table), 0);
	rig_end(s->g);
	table_free(s->table);
	emu_close();
	free(s);
	return 0;
}

/* ---- frames ---- */

static struct frame_end end_at(const struct relay_addr *a)
{
	struct frame_end e = { .port = a->port };
	memcpy(e.ip, a->ip, 16);
	return e;
}

static enum plane_reason frame_up(struct state *s, const uint8_t *bytes,
				  size_t len)
{
	struct relay_flow f = rig_flow(0);
	const struct frame_spec in = { .from = end_at(&f.client),
				       .to = end_at(&f.local),
				       .payload = bytes,
				       .len = len,
				       .ttl = 64 };
	emu.now_ms = timers_now(s->g->timers);
	frame_build(&s->frame, &in);
	return emu_run(&s->ctx, s->frame.at, s->frame.len);
}

static enum plane_reason channel_up(struct state *s, size_t len)
{
	uint8_t bytes[1404] = { 0x40, 0, (uint8_t)(len >> 8), (uint8_t)len };
	return frame_up(s, bytes, len + 4);
}

static enum plane_reason down(struct state *s, size_t len)
{
	uint8_t bytes[1400] = { 0 };
	struct relay_addr peer = rig_addr(PEER);
	const struct frame_spec in = { .from = end_at(&peer),
				       .to = end_at(&rig_port_at(s->g, 0)->at),
				       .payload = bytes,
				       .len = len,
				       .ttl = 64 };
	emu.now_ms = timers_now(s->g->timers);
	frame_build(&s->frame, &in);
	return emu_run(&s->ctx, s->frame.at, s->frame.len);
}

static void is(enum plane_reason got, enum plane_reason want)
{
	assert_string_equal(plane_reason_name(got), plane_reason_name(want));
}

static struct relay_view seen;

static void on_view(void *arg, const struct relay_view *v)
{
	(void)arg;
	seen = *v;
}

static void on_view_sum(void *arg, const struct relay_view *v)
{
	(void)arg;
	for (int way = 0; way < 2; way++) {
		seen.packets[way] += v->packets[way];
		seen.bytes[way] += v->bytes[way];
	}
}

static void sum_views(struct state *s)
{
	memset(&seen, 0, sizeof(seen));
	relay_each(s->g->relay, on_view_sum, NULL);
}

static const struct relay_view *look(struct state *s)
{
	memset(&seen, 0, sizeof(seen));
	relay_each(s->g->relay, on_view, NULL);
	return &seen;
}

/* ---- tests ---- */

static void bind_one(struct state *s)
{
	assert_int_equal(rig_allocate(s->g, 0), 0);
	assert_int_equal(rig_bind(s->g, 0, 0x4000, PEER), 0);
}

static void test_follows_the_engine(void **in)
{
	struct state *s = *in;
	start(s);
	bind_one(s);
	assert_int_equal(table_count(s->table), 1);
	is(channel_up(s, 10), PLANE_TX);
	is(down(s, 10), PLANE_TX);
	/* the permission is over first, and comes back */
	rig_later(s->g, 299999);
	is(down(s, 10), PLANE_TX);
	rig_later(s->g, 1);
	is(down(s, 10), PLANE_EXPIRED);
	is(channel_up(s, 10), PLANE_TX);
	assert_int_equal(rig_permit(s->g, 0, PEER), 0);
	is(down(s, 10), PLANE_TX);
	assert_int_equal(rig_bind(s->g, 0, 0x4000, PEER), 0);
	assert_int_equal(table_count(s->table), 1);
	rig_later(s->g, 599999);
	is(channel_up(s, 10), PLANE_NO_ENTRY); /* the allocation is over */
	assert_int_equal(table_count(s->table), 0);
}

/* Bindings that stand when it begins, and what is left when it ends. */
static void test_begins_and_ends_any_time(void **in)
{
	struct state *s = *in;
	bind_one(s);
	is(channel_up(s, 10), PLANE_NO_ENTRY);
	start(s);
	is(channel_up(s, 10), PLANE_TX);
	const struct fast_hops none = { find_row, give_row, &s->hops };
	assert_int_equal(fast_begin(s->g->relay, s->table, &none), -EALREADY);
	fast_end(s->g->relay);
	is(channel_up(s, 10), PLANE_NO_ENTRY);
	assert_int_equal(s->hops.taken, 0);
	assert_int_equal(look(s)->packets[UP], 1);
	rig_channel_data(s->g, 0, 0x4000, "ping");
	assert_int_equal(s->g->count, 1);
	assert_int_equal(look(s)->packets[UP], 2);
	start(s);
	is(channel_up(s, 10), PLANE_TX);
}

static void test_counts(void **in)
{
	struct state *s = *in;
	start(s);
	bind_one(s);
	rig_channel_data(s->g, 0, 0x4000, "four");
	for (int i = 0; i < 5; i++)
		is(channel_up(s, 100), PLANE_TX);
	is(down(s, 7), PLANE_TX);
	rig_later(s->g, 1000);
	assert_int_equal(look(s)->packets[UP], 6);
	assert_int_equal(look(s)->bytes[UP], 504);
	assert_int_equal(look(s)->packets[DOWN], 1);
	assert_int_equal(look(s)->bytes[DOWN], 7);
	is(channel_up(s, 100), PLANE_TX);
	/* what the beat did not bring yet comes with the end of the binding */
	fast_end(s->g->relay);
	assert_int_equal(look(s)->packets[UP], 7);
}

static void test_beat(void **in)
{
	struct state *s = *in;
	start(s);
	bind_one(s);
	uint64_t now = timers_now(s->g->timers);
	assert_true(hook_beat(1)->until_ms > now);
	rig_later(s->g, 60000);
	is(channel_up(s, 1), PLANE_TX);
	/* nobody moves it: the engine's time stands still */
	uint64_t until = hook_beat(1)->until_ms;
	assert_in_range(until, now + 60000, now + 70000);
	hook_beat(1)->until_ms = now;
	is(channel_up(s, 1), PLANE_STUCK);
}

/* One bucket for both paths, in both directions of the change. */
static void test_caps(void **in)
{
	struct state *s = *in;
	char data[1001];
	int fast = 0, slow = 0;
	memset(data, 'x', 1000);
	data[1000] = '\0';
	s->g->conf.port_kbit = 80; /* ten such packets a second */
	rig_apply(s->g);
	start(s);
	bind_one(s);
	for (int i = 0; i < 4; i++) {
		rig_channel_data(s->g, 0, 0x4000, data);
		slow += (int)s->g->count;
	}
	for (int i = 0; i < 100; i++)
		fast += plane_reason_sent(channel_up(s, 1000));
	assert_int_equal(slow, 4);
	assert_int_equal(fast, 6);
	rig_channel_data(s->g, 0, 0x4000, data);
	assert_int_equal(s->g->count, 0);
	rig_later(s->g, 1000);
	assert_int_equal(look(s)->dropped, 95);
	/* of a user, both ways together */
	s->g->conf.port_kbit = 0;
	s->g->conf.shared_kbit[RELAY_OF_USER] = 80;
	rig_apply(s->g);
	rig_later(s->g, 10000);
	for (int i = fast = 0; i < 50; i++) {
		fast += plane_reason_sent(channel_up(s, 1000));
		fast += plane_reason_sent(down(s, 1000));
		rig_channel_data(s->g, 0, 0x4000, data);
		fast += (int)s->g->count;
	}
	assert_int_equal(fast, 10);
	is(channel_up(s, 1000), PLANE_QUOTA_SHARED);
}

static void test_reload_cuts(void **in)
{
	struct state *s = *in;
	struct addr_prefix deny = { .bits = 32 };
	start(s);
	bind_one(s);
	is(channel_up(s, 1), PLANE_TX);
	struct relay_addr peer = rig_addr(PEER);
	peer.port = 0;
	deny.addr = relay_addr_to(&peer);
	s->g->conf.deny = &deny;
	s->g->conf.deny_count = 1;
	rig_apply(s->g);
	is(channel_up(s, 1), PLANE_NO_ENTRY);
	assert_int_equal(table_count(s->table), 0);
	s->g->conf.deny_count = 0;
}

static void test_killed(void **in)
{
	struct state *s = *in;
	start(s);
	bind_one(s);
	is(down(s, 1), PLANE_TX);
	assert_int_equal(relay_kill(s->g->relay, look(s)->id), 0);
	is(channel_up(s, 1), PLANE_NO_ENTRY);
}

/* Streams of clients are the relay's own. */
static void test_stays_here(void **in)
{
	struct state *s = *in;
	start(s);
	assert_int_equal(rig_allocate(s->g, 4), 0);
	assert_int_equal(rig_bind(s->g, 4, 0x4000, PEER), 0);
	assert_int_equal(table_count(s->table), 0);
}

static void bind_each_other(struct state *s)
{
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(rig_allocate(s->g, i), 0);
	for (unsigned i = 0; i < 2; i++) {
		char own[ADDR_TEXT_MAX];
		struct addr at = relay_addr_to(&rig_port_at(s->g, !i)->at);
		assert_int_equal(rig_bind(s->g, i, 0x4000, addr_text(&at, own)),
				 0);
	}
}

/* Two clients of this relay with each other: both sessions are counted, and
 * what the first may not send any more does not arrive. */
static void test_hairpin(void **in)
{
	struct state *s = *in;
	start(s);
	bind_each_other(s);
	assert_int_equal(table_count(s->table), 2);
	assert_int_equal(s->hops.taken, 2); /* only towards the clients */
	is(channel_up(s, 10), PLANE_HAIRPIN);
	fast_reroute(s->g->relay);
	assert_int_equal(s->hops.taken, 2);
	is(channel_up(s, 10), PLANE_HAIRPIN);
	rig_later(s->g, 1000);
	sum_views(s);
	assert_int_equal(seen.packets[UP], 2);
	assert_int_equal(seen.packets[DOWN], 2);
	assert_int_equal(seen.bytes[DOWN], 20);
	rig_later(s->g, 299000); /* the other one's permission */
	is(channel_up(s, 10), PLANE_EXPIRED);
	fast_end(s->g->relay);
	is(channel_up(s, 10), PLANE_NO_ENTRY);
}

/* Behind address translation the peer is told by its public address. */
static void test_hairpin_public(void **in)
{
	struct state *s = *in;
	struct addr before = s->g->conf.public[0];
	struct relay_addr told = rig_addr("9.9.9.9:0");
	s->g->conf.public[0] = relay_addr_to(&told);
	rig_apply(s->g);
	start(s);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(rig_allocate(s->g, i), 0);
	for (unsigned i = 0; i < 2; i++) {
		char own[ADDR_TEXT_MAX];
		told.port = rig_port_at(s->g, !i)->at.port;
		struct addr at = relay_addr_to(&told);
		assert_int_equal(rig_bind(s->g, i, 0x4000, addr_text(&at, own)),
				 0);
	}
	is(channel_up(s, 10), PLANE_HAIRPIN);
	s->g->conf.public[0] = before;
}

/* A way without a next hop is the relay's; it comes with a new route. */
static void test_routes(void **in)
{
	struct state *s = *in;
	start(s);
	s->hops.error = -EHOSTUNREACH;
	bind_one(s);
	is(channel_up(s, 1), PLANE_NO_NEXTHOP);
	s->hops.error = 0;
	fast_reroute(s->g->relay);
	is(channel_up(s, 1), PLANE_TX);
	s->hops.device = 99;
	fast_reroute(s->g->relay);
	is(channel_up(s, 1), PLANE_REDIRECT);
	assert_int_equal(s->hops.taken, 2);
}

static void test_full(void **in)
{
	struct state *s = *in;
	const struct table_caps caps = { .port_kbit = 0 };
	uint32_t purse;
	start(s);
	while (table_purse(s->table, &caps, &purse) == 0)
		;
	bind_one(s);
	assert_int_equal(table_count(s->table), 0);
	rig_channel_data(s->g, 0, 0x4000, "ping");
	assert_int_equal(s->g->count, 1);
}

/* MS-TURN: the active destination; time counts from the last packet, by
 * whichever path it came. */
static void test_active_destination(void **in)
{
	struct state *s = *in;
	struct rig_ask a = { .dialect = &stun_ms,
			     .method = STUN_ALLOCATE,
			     .lifetime = -1 };
	start(s);
	rig_challenge(s->g, 0, &stun_ms);
	assert_int_equal(rig_code(s->g, &a), 0);
	a.method = STUN_SET_ACTIVE;
	a.peer[0] = PEER;
	assert_int_equal(rig_code(s->g, &a), 0);
	assert_int_equal(table_count(s->table), 1);
	for (int i = 0; i < 30; i++) {
		rig_later(s->g, 60000);
		is(frame_up(s, (const uint8_t *)"media", 5), PLANE_TX);
	}
	assert_int_equal(s->g->open, 1);
	a.peer[0] = "8.8.4.4:5000";
	assert_int_equal(rig_code(s->g, &a), 0);
	assert_int_equal(table_count(s->table), 1);
	is(down(s, 5), PLANE_NO_ENTRY);
	rig_later(s->g, 700000);
	assert_int_equal(s->g->open, 0);
	is(frame_up(s, (const uint8_t *)"media", 5), PLANE_NO_ENTRY);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_follows_the_engine),
		TEST(test_begins_and_ends_any_time),
		TEST(test_counts),
		TEST(test_beat),
		TEST(test_caps),
		TEST(test_reload_cuts),
		TEST(test_killed),
		TEST(test_stays_here),
		TEST(test_hairpin),
		TEST(test_hairpin_public),
		TEST(test_routes),
		TEST(test_full),
		TEST(test_active_destination),
	};
	return cmocka_run_group_tests_name("relay/fast", tests, NULL, NULL);
}
