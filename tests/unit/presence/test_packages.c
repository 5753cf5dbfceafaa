/* SPDX-License-Identifier: Apache-2.0 */
/* Watcher information and registration information (RFC 3857, 3858, 3680):
 * what a user learns of its watchers and of its own devices. */
#include "world.h"

static void a_user_learns_who_watches(void **state)
{
	struct world *w = *state;
	w->conf.outside = PRESENCE_STRANGERS_ASK;
	assert_null(
		world_watch(w, "alice@contoso.test", "presence.winfo", 600));
	world_wait(w, 0);
	assert_true(world_says(w, "Content-Type: application/watcherinfo+xml"));
	assert_true(world_says(w, "version=\"0\" state=\"full\""));
	assert_false(world_says(w, "<watcher "));
	/* somebody asks: the user is told, and may allow it */
	assert_null(world_watch(w, "bob@fabrikam.test", "presence", 600));
	world_wait(w, 1000);
	assert_true(world_says(w, "status=\"pending\""));
	assert_true(world_says(w, ">sip:bob@fabrikam.test</watcher>"));
	assert_true(world_says(w, "resource=\"sip:alice@contoso.test\" "
				  "package=\"presence\""));
	w->rule[0] = (struct rule){ "alice@contoso.test", "bob@fabrikam.test",
				    PRESENCE_RULE_ALLOW };
	w->rule_count = 1;
	presence_lists_changed(w->presence, SLICE_LIT("alice@contoso.test"));
	world_wait(w, 1000);
	assert_true(world_says(w, "status=\"active\" event=\"approved\""));
	/* and who has left is not there any more */
	assert_null(world_refresh(w, "bob@fabrikam.test", 2, 0));
	world_wait(w, 2000);
	assert_true(world_says(w, "watcherinfo"));
	assert_false(world_says(w, "<watcher "));
}

static void what_is_told_can_be_read(void **state)
{
	struct world *w = *state;
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg m;
	struct pidf p;
	struct asking ask = { .method = "SUBSCRIBE",
			      .from = "o'brien&co@contoso.test",
			      .to = "alice@contoso.test",
			      .event = "presence",
			      .expires = 600 };
	assert_null(world_request(w, &ask));
	assert_null(
		world_watch(w, "alice@contoso.test", "presence.winfo", 600));
	world_wait(w, 0);
	assert_null(sip_parse(a, slice_str(world_last(w)->text),
			      &sip_limits_default, &m));
	assert_true(world_says(w, "o&apos;brien&amp;co"));
	/* well formed, though no presence document */
	assert_ptr_equal(pidf_read(a, m.body, &p), &presence_rej_pidf);
	arena_free(a);
}

static void a_user_learns_of_its_devices(void **state)
{
	struct world *w = *state;
	assert_null(world_watch(w, "alice@contoso.test", "reg", 600));
	world_wait(w, 0);
	assert_true(world_says(w, "Content-Type: application/reginfo+xml"));
	assert_true(world_says(w, "aor=\"sip:alice@contoso.test\" id=\"a\" "
				  "state=\"terminated\""));
	w->device_count = 1;
	presence_devices_changed(w->presence, SLICE_LIT("alice@contoso.test"));
	world_wait(w, 1000);
	assert_true(world_says(w, "state=\"active\" event=\"registered\" "
				  "expires=\"899\" cseq=\"7\" callid=\"r1\""));
	assert_true(world_says(w, "<uri>sip:alice@10.0.0.1&amp;2</uri>"));
	/* nobody else's business; what a device publishes is no registration */
	size_t before = w->note_count;
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	world_wait(w, 2000);
	assert_int_equal(w->note_count, before);
	assert_ptr_equal(world_watch(w, "bob@contoso.test", "reg", 600),
			 &presence_rej_own_only);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_user_learns_who_watches),
		TEST(what_is_told_can_be_read),
		TEST(a_user_learns_of_its_devices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
