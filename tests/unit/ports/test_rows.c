/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows a configuration has: only what is on, with its own numbers. */
#include "ports_rig.h"

static void expect_ids(const struct rig *g, const char *ids)
{
	char all[512] = "";
	for (size_t i = 0; i < g->table.count; i++) {
		strcat(all, i ? " " : "");
		strcat(all, g->table.row[i].id);
	}
	assert_string_equal(all, ids);
}

static void test_defaults(void **state)
{
	struct rig *g = *state;
	expect_ids(g, "client fed-in fed-out dns-udp dns-tcp turn-udp-in "
		      "turn-udp-out rtp-tcp-out");
	assert_int_equal(rig_row(g, "fed-out")->port.first, 5061);
	assert_int_equal(rig_row(g, "turn-udp-in")->port.first, 3478);
	assert_int_equal(rig_row(g, "turn-udp-in")->transport, PORTS_UDP);
	assert_int_equal(rig_row(g, "rtp-tcp-out")->port.first, 50000);
	assert_int_equal(rig_row(g, "rtp-tcp-out")->port.last, 59999);
}

static void test_nothing_is_on(void **state)
{
	struct rig *g = *state;
	g->conf = (struct ports_conf){ .av_partners = PORTS_OCS2007 };
	rig_compute(g);
	expect_ids(g, "");
}

static void test_partners_need_ranges(void **state)
{
	static const struct {
		unsigned partners;
		const char *ids;
	} rows[] = {
		{ PORTS_MESSENGER, "turn-udp-in turn-udp-out rtp-tcp-out" },
		{ PORTS_LYNC, "turn-udp-in turn-udp-out rtp-tcp-out" },
		{ PORTS_OCS2007R2, "turn-udp-in turn-udp-out rtp-tcp-out" },
		{ PORTS_OCS2007, "turn-udp-in rtp-tcp-out rtp-udp-out "
				 "rtp-udp-in rtp-tcp-in" },
		{ PORTS_RFC8656,
		  "turn-udp-in rtp-tcp-out rtp-udp-out rtp-udp-in" },
		{ PORTS_LYNC | PORTS_RFC8656,
		  "turn-udp-in turn-udp-out rtp-tcp-out rtp-udp-out "
		  "rtp-udp-in" },
	};
	struct rig *g = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		g->conf =
			(struct ports_conf){ .relay_udp = { &g->udp, 1 },
					     .range_first = 50000,
					     .range_last = 59999,
					     .av_partners = rows[i].partners };
		rig_compute(g);
		expect_ids(g, rows[i].ids);
	}
}

/* A plain ICE peer has any port; another Edge has its range. */
static void test_where_relayed_media_goes(void **state)
{
	struct rig *g = *state;
	g->conf.av_partners = PORTS_RFC8656;
	rig_compute(g);
	const struct ports_row *out = rig_row(g, "rtp-udp-out");
	assert_int_equal(out->port.first, 1024);
	assert_int_equal(out->port.last, 65535);
	assert_int_equal(out->source_port.first, 50000);
	assert_int_equal(out->source_port.last, 59999);
	/* and so has the peer of RFC 6062, to whom we connect */
	out = rig_row(g, "rtp-tcp-out");
	assert_int_equal(out->port.first, 1024);
	assert_int_equal(out->source_port.first, 50000);
	g->conf.av_partners = PORTS_OCS2007;
	rig_compute(g);
	assert_int_equal(rig_row(g, "rtp-udp-out")->port.first, 50000);
}

static void test_own_numbers(void **state)
{
	struct rig *g = *state;
	struct ports_listener two[] = { rig_listener("192.0.2.1:15061"),
					rig_listener("[2001:db8::1]:15061") };
	g->conf.federation = (struct ports_list){ two, 2 };
	g->conf.range_first = 40000;
	g->conf.range_last = 40999;
	rig_compute(g);
	const struct ports_row *a = rig_row(g, "fed-in");
	const struct ports_row *b = rig_row(g, "fed-in-2");
	assert_int_equal(a->port.first, 15061);
	assert_int_equal(a->ours.u.sa.sa_family, AF_INET);
	assert_int_equal(b->ours.u.sa.sa_family, AF_INET6);
	assert_int_equal(rig_row(g, "rtp-tcp-out")->port.last, 40999);
	/* a wildcard is no address */
	assert_int_equal(rig_row(g, "client")->ours.u.sa.sa_family, 0);
}

/* One row a port; the address when all of that port share it. */
static void test_where_we_connect_to(void **state)
{
	struct rig *g = *state;
	struct ports_target t[] = {
		{ .name = SLICE_LIT("a.test") },
		{ .name = SLICE_LIT("b.test"),
		  .host = rig_listener("192.0.2.7:5099").at,
		  .port = 5099 },
		{ .name = SLICE_LIT("c.test") },
	};
	g->conf.partners = (struct ports_targets){ t, 3 };
	rig_compute(g);
	assert_int_equal(rig_row(g, "fed-out")->port.first, 5061);
	assert_int_equal(rig_row(g, "fed-out")->theirs.u.sa.sa_family, 0);
	assert_int_equal(rig_row(g, "fed-out-2")->port.first, 5099);
	assert_int_equal(rig_row(g, "fed-out-2")->theirs.u.sa.sa_family,
			 AF_INET);
	t[2].port = 5099;
	rig_compute(g);
	assert_int_equal(rig_row(g, "fed-out-2")->theirs.u.sa.sa_family, 0);
	assert_null(rig_row(g, "fed-out-3"));
}

static void test_inside(void **state)
{
	struct rig *g = *state;
	g->inside = rig_listener("10.0.0.1:5061");
	g->next_hop = (struct ports_target){
		.name = SLICE_LIT("pool.contoso.internal"), .port = 5061
	};
	g->conf.inside = (struct ports_list){ &g->inside, 1 };
	g->conf.next_hops = (struct ports_targets){ &g->next_hop, 1 };
	rig_compute(g);
	assert_true(rig_row(g, "int-sip-in")->internal);
	assert_true(rig_row(g, "int-sip-in")->inward);
	assert_false(rig_row(g, "int-sip-out")->inward);
}

/* The administrators' address is a row, and no firewall's business. */
static void test_admin(void **state)
{
	struct rig *g = *state;
	struct ports_listener one = rig_listener("127.0.0.1:9061");
	g->conf.admin = (struct ports_list){ &one, 1 };
	rig_compute(g);
	const struct ports_row *r = rig_row(g, "admin");
	assert_true(r->inward && r->internal);
	assert_int_equal(r->port.first, 9061);
	assert_int_equal(r->source, PORTS_END_SELF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_defaults),
		RIG_TEST(test_nothing_is_on),
		RIG_TEST(test_partners_need_ranges),
		RIG_TEST(test_where_relayed_media_goes),
		RIG_TEST(test_own_numbers),
		RIG_TEST(test_where_we_connect_to),
		RIG_TEST(test_inside),
		RIG_TEST(test_admin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
