/* SPDX-License-Identifier: Apache-2.0 */
/* New connections: how many a source may open in a second, and how many it may
 * hold before it has signed in (threats section 0). */
#include "partner_world.h"

#include "edge/visitor.h"
#include "support/oom.h"

static struct visitor from(struct world *w, const char *text)
{
	struct visitor v = { .edge = w->edge, .kind = FLOW_CLIENT, .fd = -1 };
	assert_int_equal(addr_parse(slice_str(text), false, &v.from), 0);
	addr_text(&v.from, v.source);
	return v;
}

static const char *admit(struct world *w, const char *text)
{
	struct visitor v = from(w, text);
	return visitor_admit(&v);
}

static void later(struct world *w, uint64_t ms)
{
	timers_advance(w->timers, timers_now(w->timers) + ms);
}

static void so_many_in_a_second(void **state)
{
	struct world *w = *state;
	w->conf.new_per_source = 2;
	assert_null(admit(w, "192.0.2.1:1"));
	assert_null(admit(w, "192.0.2.1:2"));
	assert_string_equal(admit(w, "192.0.2.1:3"), "new_per_source");
	assert_null(admit(w, "192.0.2.2:3"));
	later(w, 1000);
	assert_null(admit(w, "192.0.2.1:4"));
}

/* An IPv6 source is its /64. */
static void what_one_source_is(void **state)
{
	struct world *w = *state;
	w->conf.new_per_source = 1;
	assert_null(admit(w, "[2001:db8::1]:1"));
	assert_string_equal(admit(w, "[2001:db8::2]:1"), "new_per_source");
	assert_null(admit(w, "[2001:db8:0:1::1]:1"));
}

static void so_many_open(void **state)
{
	struct world *w = *state;
	struct visitor kept[3];
	w->conf.unauthenticated_per_source = 3;
	for (size_t i = 0; i < 3; i++) {
		kept[i] = from(w, "192.0.2.1:1");
		assert_null(visitor_admit(&kept[i]));
		assert_true(kept[i].counted);
	}
	assert_string_equal(admit(w, "192.0.2.1:4"),
			    "unauthenticated_per_source");
	visitor_close(&kept[0]);
	assert_false(kept[0].counted);
	visitor_close(&kept[0]); /* counts once */
	assert_null(admit(w, "192.0.2.1:5"));
	assert_string_equal(admit(w, "192.0.2.1:6"),
			    "unauthenticated_per_source");
}

/* Signed in, or gone: it makes room for another. */
static void a_flow_leaves_the_count(void **state)
{
	struct world *w = *state;
	w->conf.unauthenticated_per_source = 1;
	for (int i = 0; i < 3; i++) {
		struct visitor v = from(w, "192.0.2.1:1");
		size_t next = w->net.count;
		assert_null(visitor_admit(&v));
		assert_string_equal(admit(w, "192.0.2.1:2"),
				    "unauthenticated_per_source");
		visitor_flow(&v);
		fake_ready(next);
		struct flow *f = flow_find(w->edge, w->edge->last_flow);
		assert_non_null(f);
		assert_true(f->counted);
		if (i == 1)
			flow_sign_in(f, SLICE_LIT("alice@contoso.test"));
		else
			fake_end(next, CONN_END_PEER);
	}
	assert_int_equal(fake_open(), 1);
}

/* What is remembered of a source goes when nothing of it is left. */
static void sources_are_forgotten(void **state)
{
	struct world *w = *state;
	struct visitor v = from(w, "192.0.2.1:1");
	assert_null(visitor_admit(&v));
	later(w, 2000);
	assert_int_equal(w->edge->sources.count, 1);
	visitor_close(&v);
	later(w, 2000);
	assert_int_equal(w->edge->sources.count, 0);
}

static void without_memory_nobody_comes_in(void **state)
{
	struct world *w = *state;
	for (unsigned n = 1; n <= 2; n++) {
		oom_arm(n);
		const char *why = admit(w, "192.0.2.9:1");
		bool fired = oom_fired();
		oom_arm(0);
		if (fired)
			assert_string_equal(why, "memory");
		else
			assert_null(why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(so_many_in_a_second),
		WORLD_TEST(what_one_source_is),
		WORLD_TEST(so_many_open),
		WORLD_TEST(a_flow_leaves_the_count),
		WORLD_TEST(sources_are_forgotten),
		WORLD_TEST(without_memory_nobody_comes_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
