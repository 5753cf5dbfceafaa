/* SPDX-License-Identifier: Apache-2.0 */
/* A restart of home needs no new REGISTER; the store may come late, fail, or
 * know more than it should. */
#include "world.h"

static void message(struct world *w)
{
	world_message(w, "bob@contoso.test", "alice@contoso.test");
}

static void bindings_come_back_after_a_restart(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	world_restart(w);
	assert_int_equal(world_logged(w, "home.ready"), 2);
	message(w);
	const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(m);
	assert_non_null(
		strstr(m->text, "Route: <sip:token5@edge.contoso.test;lr>"));
	/* and what they remember still counts */
	w->cseq = 50;
	assert_int_equal(world_register(w, "alice", "wonder", 5,
					"Contact: *\r\nExpires: 0\r\n"),
			 400);
}

static void bindings_of_an_earlier_worker_are_removed(void **state)
{
	struct world *w = *state;
	struct proc_id again = { PROC_EDGE, 0, 101 };
	world_sign_in(w, "alice", "wonder", 5);
	home_free(w->home);
	assert_int_equal(world_home(w), 0);
	home_edge_up(w->home, &again);
	home_store_up(w->home);
	world_pump(w);
	assert_int_equal(w->row_count, 0);
	message(w);
	assert_int_equal(world_final(w), 202);
}

static void requests_wait_for_the_bindings(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	home_free(w->home);
	assert_int_equal(world_home(w), 0);
	message(w);
	assert_int_equal(w->mail_count, 0);
	w->store_deaf = true;
	home_store_up(w->home);
	world_wait(w, 2000);
	assert_int_equal(w->mail_count, 0);
	w->store_deaf = false;
	world_pump(w);
	assert_non_null(world_mail(w, IPC_SIP_FROM_HOME));
}

static void but_not_for_ever(void **state)
{
	struct world *w = *state;
	home_free(w->home);
	assert_int_equal(world_home(w), 0);
	message(w);
	world_wait(w, 2999);
	assert_int_equal(world_final(w), 0);
	world_wait(w, 1);
	assert_int_equal(world_final(w), 503);
	message(w); /* from now on at once */
	assert_int_equal(world_final(w), 503);
	home_store_up(w->home);
	world_pump(w);
	message(w);
	assert_int_equal(world_final(w), 202);
}

static void a_load_that_fails_is_tried_again(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	w->store_broken = true;
	world_restart(w);
	assert_int_equal(world_logged(w, "home.load_failed"), 1);
	message(w);
	assert_int_equal(world_final(w), 503);
	w->store_broken = false;
	world_wait(w, 1000);
	message(w);
	assert_non_null(world_mail(w, IPC_SIP_FROM_HOME));
}

static void a_flow_that_ends_while_loading_counts(void **state)
{
	struct world *w = *state;
	struct ipc_msg down = { .type = IPC_FLOW_DOWN };
	world_sign_in(w, "alice", "wonder", 5);
	home_free(w->home);
	assert_int_equal(world_home(w), 0);
	down.u.flow_down.flow = 5;
	home_from_edge(w->home, &edge0, &down);
	home_store_up(w->home);
	world_pump(w);
	assert_int_equal(w->row_count, 0);
	message(w);
	assert_int_equal(world_final(w), 202);
}

static void rows_that_nobody_can_use_are_removed(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	w->row[1] = w->row[0];
	w->row[1].record[0] = 99; /* another version */
	strcpy(w->row[1].contact, "sip:x@h1");
	w->row[2] = w->row[0];
	strcpy(w->row[2].contact, "sip:y@h1"); /* not what the record says */
	w->row[3] = w->row[0];
	w->row[3].record_len--;
	strcpy(w->row[3].contact, "sip:z@h1");
	w->row_count = 4;
	world_restart(w);
	assert_int_equal(w->row_count, 1);
	message(w);
	assert_non_null(world_mail(w, IPC_SIP_FROM_HOME));
}

static void a_store_that_comes_back_follows(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	struct row left_over = w->row[0];
	struct ipc_msg down = { .type = IPC_FLOW_DOWN };
	home_store_gone(w->home);
	down.u.flow_down.flow = 5;
	home_from_edge(w->home, &edge0, &down);
	world_pump(w);
	w->row[0] = left_over; /* the removal was lost with the store */
	w->row_count = 1;
	home_store_up(w->home);
	world_pump(w);
	assert_int_equal(w->row_count, 0);
	message(w);
	assert_int_equal(world_final(w), 202);
}

int main(void)
{
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(bindings_come_back_after_a_restart),
		TEST(bindings_of_an_earlier_worker_are_removed),
		TEST(requests_wait_for_the_bindings),
		TEST(but_not_for_ever),
		TEST(a_load_that_fails_is_tried_again),
		TEST(a_flow_that_ends_while_loading_counts),
		TEST(rows_that_nobody_can_use_are_removed),
		TEST(a_store_that_comes_back_follows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
