/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions: dialogs, limits, what a NOTIFY says and when (RFC 6665, RFC
 * 3856, SIP-33). */
#include "world.h"

#define BOB "bob@fabrikam.test"

static size_t subscriptions(const struct world *w)
{
	return presence_count(w->presence).subscriptions;
}

static void a_notify_is_a_request_of_the_dialog(void **state)
{
	struct world *w = *state;
	assert_null(world_watch(w, BOB, "presence;id=7", 600));
	assert_int_equal(w->note_count, 0); /* the answer goes first */
	world_wait(w, 0);
	assert_int_equal(w->note_count, 1);
	const char *text = world_last(w)->text;
	char from[128];
	snprintf(from, sizeof(from),
		 "\r\nFrom: <sip:alice@contoso.test>;tag=%s"
		 "\r\n",
		 w->tag);
	assert_non_null(strstr(text, "NOTIFY sip:" BOB ";transport=tls "
				     "SIP/2.0\r\nVia: "));
	assert_non_null(strstr(text, from));
	assert_non_null(strstr(text, "\r\nTo: <sip:" BOB ">;tag=f\r\n"));
	assert_non_null(strstr(text, "\r\nCall-ID: " BOB "\r\n"));
	assert_non_null(strstr(text, "\r\nCSeq: 1 NOTIFY\r\n"));
	assert_non_null(
		strstr(text, "\r\nRoute: <sip:t1@edge.contoso.test;lr>\r\n"));
	assert_non_null(
		strstr(text, "\r\nContact: <sip:alice@contoso.test>\r\n"));
	assert_non_null(strstr(text, "\r\nEvent: presence;id=7\r\n"));
	assert_non_null(
		strstr(text, "\r\nSubscription-State: active;expires=600\r\n"));
	assert_non_null(
		strstr(text, "\r\nContent-Type: application/pidf+xml\r\n"));
	assert_non_null(strstr(text, "<basic>closed</basic>"));
	struct sip_msg m;
	struct arena *a = arena_create(4096, 1 << 20);
	assert_null(sip_parse(a, slice_str(text), &sip_limits_default, &m));
	arena_free(a);
}

/* Not before the dialog stands, and not past another one's proxy. */
static void later_ones_go_directly(void **state)
{
	static const struct {
		const char *from, *headers;
		uint64_t flow;
		bool direct;
	} row[] = {
		{ "b1@contoso.test", "", 9, true },
		{ "b2@contoso.test", "", 0, false },
		{ "b3@contoso.test", "Record-Route: <sip:far.test;lr>\r\n", 9,
		  false },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct asking a = { .method = "SUBSCRIBE",
				    .from = row[i].from,
				    .to = "alice@contoso.test",
				    .event = "presence",
				    .headers = row[i].headers,
				    .call_id = row[i].from,
				    .expires = 600,
				    .cseq = 1,
				    .flow = row[i].flow };
		assert_null(world_request(w, &a));
		world_wait(w, 0);
		assert_false(world_last(w)->direct);
		w->device[0] = (struct presence_flow){ 0, 100, 5 };
		w->device_count = !w->device_count;
		presence_devices_changed(w->presence,
					 SLICE_LIT("alice@contoso.test"));
		w->note_count = 0;
		world_wait(w, 1000);
		bool found = false;
		for (size_t k = 0; k < w->note_count; k++) {
			const struct note *n = &w->note[k];
			if (!strstr(n->text, row[i].from))
				continue;
			found = true;
			assert_int_equal(n->direct, row[i].direct);
		}
		assert_true(found);
	}
}

/* The way there may lose an answer: its time is kept here. */
static void an_answer_that_never_comes_ends_it(void **state)
{
	struct world *w = *state;
	assert_null(world_watch(w, BOB, "presence", 600));
	w->silent = true;
	world_wait(w, 31900);
	assert_int_equal(w->note_count, 1);
	assert_int_equal(subscriptions(w), 1);
	world_wait(w, 200);
	assert_int_equal(subscriptions(w), 0);
	presence_sent(w->presence, w->note[0].id, 200); /* too late */
	assert_int_equal(subscriptions(w), 0);
}

static void devices_and_publications_are_told(void **state)
{
	struct world *w = *state;
	w->device[0] = (struct presence_flow){ 0, 100, 5 };
	assert_null(world_watch(w, BOB, "presence", 600));
	world_wait(w, 0);
	assert_true(world_says(w, "<basic>closed</basic>"));
	w->device_count = 1;
	presence_devices_changed(w->presence, SLICE_LIT("alice@contoso.test"));
	world_wait(w, 1000);
	assert_true(world_says(w, "<basic>open</basic>"));
	/* the device publishes itself: nothing is added to what it says */
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 5, NULL));
	world_wait(w, 1000);
	assert_true(world_says(w, "\r\n\r\n" PIDF_BUSY_DOC));
	/* its connection is lost, and all that it said with it */
	w->device_count = 0;
	presence_flow_down(w->presence, &w->device[0]);
	presence_devices_changed(w->presence, SLICE_LIT("alice@contoso.test"));
	world_wait(w, 1000);
	assert_true(world_says(w, "<basic>closed</basic>"));
	assert_int_equal(w->note_count, 4);
}

static void a_flood_is_one_notify_a_second(void **state)
{
	struct world *w = *state;
	assert_null(world_watch(w, BOB, "presence", 600));
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	world_wait(w, 0);
	for (int i = 0; i < 1000; i++) {
		char match[128];
		snprintf(match, sizeof(match), "SIP-If-Match: %s\r\n", w->etag);
		assert_null(world_publish(w, i % 2 ? PIDF_OPEN : PIDF_BUSY_DOC,
					  600, 5, match));
		world_wait(w, 10);
	}
	assert_in_range(w->note_count, 10, 11);
	for (size_t i = 1; i < w->note_count; i++)
		assert_true(w->note[i].at_ms - w->note[i - 1].at_ms >= 1000);
}

static void the_same_is_not_said_twice(void **state)
{
	struct world *w = *state;
	assert_null(world_watch(w, BOB, "presence", 600));
	world_wait(w, 0);
	for (int i = 0; i < 5; i++) {
		presence_devices_changed(w->presence,
					 SLICE_LIT("alice@contoso.test"));
		world_wait(w, 2000);
	}
	assert_int_equal(w->note_count, 1);
}

static void one_at_a_time_and_the_newest_wins(void **state)
{
	struct world *w = *state;
	w->silent = true;
	assert_null(world_watch(w, BOB, "presence", 600));
	world_wait(w, 0);
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	world_wait(w, 3000);
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 6, NULL));
	world_wait(w, 3000);
	assert_int_equal(w->note_count, 1);
	presence_sent(w->presence, world_last(w)->id, 200);
	world_wait(w, 0);
	assert_int_equal(w->note_count, 2);
	assert_true(world_says(w, "<r:busy/>"));
}

static void refreshed_and_ended(void **state)
{
	struct world *w = *state;
	assert_null(world_watch(w, BOB, "presence", 600));
	world_wait(w, 0);
	assert_ptr_equal(world_refresh(w, BOB, 1, 300), &presence_rej_order);
	assert_null(world_refresh(w, BOB, 2, 300));
	world_wait(w, 1000);
	assert_true(world_says(w, "active;expires=299"));
	assert_ptr_equal(world_refresh(w, "mallory@fabrikam.test", 3, 300),
			 &presence_rej_no_dialog);
	assert_int_equal(w->saved_count, 1);
	assert_null(world_refresh(w, BOB, 3, 0));
	world_wait(w, 0);
	assert_true(world_says(w, "terminated;reason=timeout"));
	assert_int_equal(subscriptions(w), 0);
	assert_int_equal(w->saved_count, 0);
	assert_ptr_equal(world_refresh(w, BOB, 4, 300),
			 &presence_rej_no_dialog);
}

static void a_question_without_time_is_one_notify(void **state)
{
	struct world *w = *state;
	assert_null(world_watch(w, BOB, "presence", 0));
	world_wait(w, 0);
	assert_int_equal(w->note_count, 1);
	assert_true(world_says(w, "terminated;reason=timeout"));
	assert_true(world_says(w, "<basic>closed</basic>"));
	assert_int_equal(subscriptions(w), 0);
	assert_int_equal(w->saved_count, 0);
}

static void time_runs_out(void **state)
{
	struct world *w = *state;
	assert_null(world_watch(w, BOB, "presence", 60));
	world_wait(w, 59000);
	assert_int_equal(w->note_count, 1);
	world_wait(w, 2000);
	assert_true(world_says(w, "terminated;reason=timeout"));
	assert_int_equal(subscriptions(w), 0);
}

static void who_does_not_answer_is_dropped(void **state)
{
	static const struct {
		uint16_t status;
		bool again;
	} rows[] = { { 0, false },   { 408, false }, { 481, false },
		     { 404, false }, { 430, false }, { 503, true },
		     { 504, true } };
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		w->status = rows[i].status;
		size_t before = w->note_count;
		assert_null(world_watch(w, BOB, "presence", 600));
		world_wait(w, 60000);
		assert_int_equal(w->note_count - before, rows[i].again ? 4 : 1);
		assert_int_equal(subscriptions(w), 0);
		assert_int_equal(w->saved_count, 0);
	}
	/* no way out at all, then there is one */
	w->status = 200;
	w->cut = true;
	assert_null(world_watch(w, BOB, "presence", 600));
	world_wait(w, 1000);
	w->cut = false;
	world_wait(w, 1500);
	assert_int_equal(subscriptions(w), 1);
	assert_true(world_says(w, "active;"));
}

static void lists_decide_who_sees(void **state)
{
	static const struct {
		enum presence_strangers outside;
		enum presence_rule rule;
		const char *from;
		const char *state;
		bool sees;
	} rows[] = {
		{ PRESENCE_STRANGERS_ALLOW, PRESENCE_RULE_NONE, BOB, "active",
		  true },
		{ PRESENCE_STRANGERS_ASK, PRESENCE_RULE_NONE, BOB, "pending",
		  false },
		{ PRESENCE_STRANGERS_BLOCK, PRESENCE_RULE_NONE, BOB, "active",
		  false },
		{ PRESENCE_STRANGERS_BLOCK, PRESENCE_RULE_CONTACT, BOB,
		  "active", true },
		{ PRESENCE_STRANGERS_ASK, PRESENCE_RULE_ALLOW, BOB, "active",
		  true },
		{ PRESENCE_STRANGERS_ALLOW, PRESENCE_RULE_BLOCK, BOB, "active",
		  false },
		/* our own users see each other */
		{ PRESENCE_STRANGERS_BLOCK, PRESENCE_RULE_NONE,
		  "bob@contoso.test", "active", true },
		{ PRESENCE_STRANGERS_ALLOW, PRESENCE_RULE_BLOCK,
		  "bob@contoso.test", "active", false },
		{ PRESENCE_STRANGERS_ALLOW, PRESENCE_RULE_BLOCK,
		  "alice@contoso.test", "active", true },
		/* nobody vouches for the sender: contacts only */
		{ PRESENCE_STRANGERS_ALLOW, PRESENCE_RULE_NONE,
		  "mallory@fabrikam.test", "pending", false },
		{ PRESENCE_STRANGERS_ALLOW, PRESENCE_RULE_CONTACT,
		  "mallory@fabrikam.test", "active", true },
	};
	struct world *w = *state;
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 5, NULL));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char want[64];
		snprintf(want, sizeof(want), "Subscription-State: %s",
			 rows[i].state);
		w->conf.outside = rows[i].outside;
		w->rule[0] = (struct rule){ "alice@contoso.test", rows[i].from,
					    rows[i].rule };
		w->rule_count = 1;
		assert_null(world_watch(w, rows[i].from, "presence", 600));
		world_wait(w, 0);
		assert_true(world_says(w, want));
		assert_int_equal(world_says(w, "<r:busy/>"), rows[i].sees);
		assert_null(world_refresh(w, rows[i].from, 2, 0));
		world_wait(w, 0);
		assert_int_equal(world_says(w, "<r:busy/>"), rows[i].sees);
		assert_int_equal(subscriptions(w), 0);
	}
}

static void a_change_of_mind_is_told(void **state)
{
	struct world *w = *state;
	w->rule[0] =
		(struct rule){ "alice@contoso.test", BOB, PRESENCE_RULE_BLOCK };
	w->rule_count = 1;
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 5, NULL));
	assert_null(world_watch(w, BOB, "presence", 600));
	world_wait(w, 5000);
	assert_int_equal(w->note_count, 1);
	assert_false(world_says(w, "busy"));
	w->rule[0].rule = PRESENCE_RULE_ALLOW;
	presence_lists_changed(w->presence, SLICE_LIT("alice@contoso.test"));
	world_wait(w, 0);
	assert_true(world_says(w, "<r:busy/>"));
	w->rule[0].rule = PRESENCE_RULE_BLOCK;
	presence_lists_changed(w->presence, SLICE_LIT("alice@contoso.test"));
	world_wait(w, 1000);
	assert_int_equal(w->note_count, 3);
	assert_false(world_says(w, "busy"));
	/* what alice does now is no business of bob's */
	assert_null(world_publish(w, PIDF_OPEN, 600, 6, NULL));
	world_wait(w, 5000);
	assert_int_equal(w->note_count, 3);
}

static void nothing_is_said_before_the_lists_are_known(void **state)
{
	struct world *w = *state;
	w->deaf = true;
	assert_null(world_watch(w, BOB, "presence", 600));
	world_wait(w, 1000);
	assert_int_equal(w->note_count, 0);
	w->deaf = false;
	world_wait(w, 1500);
	assert_int_equal(w->note_count, 1);
}

static void refusals(void **state)
{
	static const struct {
		struct asking a;
		const struct reject *reject;
	} rows[] = {
		{ { .event = "dialog" }, &presence_rej_event },
		{ { .event = "presence.winfo" }, &presence_rej_own_only },
		{ { .event = "reg" }, &presence_rej_own_only },
		{ { .event = "presence", .headers = "Accept: text/plain\r\n" },
		  &presence_rej_accept },
		{ { .event = "presence",
		    .headers = "Accept: text/plain, application/pidf+xml\r\n" },
		  NULL },
		{ { .event = "presence", .expires = 59 }, &presence_rej_brief },
		{ { .event = "presence", .to_tag = "nothing" },
		  &presence_rej_no_dialog },
		/* two of them */
		{ { .event = "presence",
		    .headers = "Contact: <sip:b@x.test>\r\n" },
		  &presence_rej_dialog_headers },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct asking a = rows[i].a;
		a.method = "SUBSCRIBE";
		a.from = BOB;
		a.to = "alice@contoso.test";
		if (!a.expires)
			a.expires = 600;
		assert_ptr_equal(world_request(w, &a), rows[i].reject);
	}
}

static void caps(void **state)
{
	struct world *w = *state;
	struct asking a = { .method = "SUBSCRIBE",
			    .from = BOB,
			    .to = "alice@contoso.test",
			    .event = "presence",
			    .expires = 600 };
	for (int i = 0; i < 3; i++)
		assert_null(world_request(w, &a));
	assert_ptr_equal(world_request(w, &a), &presence_rej_watcher_limit);
	a.from = "carol@fabrikam.test";
	assert_null(world_request(w, &a));
	assert_null(world_request(w, &a));
	a.from = "dave@fabrikam.test";
	assert_ptr_equal(world_request(w, &a), &presence_rej_watched_limit);
	world_wait(w, 0);
	assert_int_equal(subscriptions(w), 5);
}

static void many_come_and_go(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < 2000; i++) {
		w->note_count = 0;
		assert_null(world_watch(w, BOB, "presence", 600));
		if (i % 3)
			world_wait(w, 0);
		assert_null(world_refresh(w, BOB, 2, 0));
		world_wait(w, 0);
		assert_int_equal(subscriptions(w), 0);
	}
	assert_int_equal(timers_count(w->timers), 0);
	assert_int_equal(w->saved_count, 0);
}

static void a_watcher_s_connection_ends_its_subscriptions(void **state)
{
	struct world *w = *state;
	struct presence_flow nine = { 0, 100, 9 };
	assert_null(world_watch(w, "bob@contoso.test", "presence", 600));
	world_wait(w, 0);
	presence_flow_down(w->presence, &nine);
	assert_int_equal(subscriptions(w), 0);
	assert_int_equal(w->saved_count, 0);
}

static void a_user_that_is_gone(void **state)
{
	struct world *w = *state;
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	assert_null(world_watch(w, BOB, "presence", 600));
	world_wait(w, 0);
	assert_true(
		presence_knows(w->presence, SLICE_LIT("alice@contoso.test")));
	presence_user_gone(w->presence, SLICE_LIT("alice@contoso.test"));
	world_wait(w, 10);
	assert_true(world_says(w, "terminated;reason=noresource"));
	assert_int_equal(subscriptions(w), 0);
	assert_int_equal(presence_count(w->presence).publications, 0);
	assert_int_equal(presence_count(w->presence).watched, 0);
}

static void dialogs_outlive_the_process(void **state)
{
	struct world *w = *state;
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 5, NULL));
	assert_null(world_watch(w, BOB, "presence", 600));
	world_wait(w, 0);
	size_t count = w->saved_count;
	struct saved *rows = malloc(count * sizeof(*rows));
	memcpy(rows, w->saved, count * sizeof(*rows));
	presence_free(w->presence);
	assert_int_equal(w->saved_count, 2); /* they stay in the store */
	assert_int_equal(presence_create(&w->presence, w->timers, &w->conf,
					 &world_ops, w),
			 0);
	for (size_t i = 0; i < count; i++) {
		const struct presence_row row = {
			.kind = rows[i].kind,
			.aor = slice_str(rows[i].aor),
			.id = slice_of(rows[i].id, rows[i].id_len),
			.record = slice_of(rows[i].record, rows[i].record_len),
			.expires_s = rows[i].expires_s,
		};
		assert_int_equal(presence_restore(w->presence, &row), 0);
		struct presence_row cut = row;
		for (cut.record.len = 1;
		     row.kind == PRESENCE_SUBSCRIPTION && cut.record.len < 60;
		     cut.record.len++)
			assert_int_equal(presence_restore(w->presence, &cut),
					 -EBADMSG);
	}
	free(rows);
	world_wait(w, 1000);
	assert_int_equal(w->note_count, 1); /* not before it is opened */
	presence_open(w->presence);
	world_wait(w, 0);
	assert_int_equal(w->note_count, 2);
	assert_true(world_says(w, "<r:busy/>"));
	assert_true(world_says(w, w->tag));
	assert_null(world_refresh(w, BOB, 2, 600));
	assert_null(world_refresh(w, BOB, 3, 0));
	world_wait(w, 0);
	assert_true(world_says(w, "terminated"));
	assert_int_equal(w->saved_count, 1);
}

static int watches(void *arg)
{
	struct world *w = world_make();
	(void)arg;
	if (!w)
		return -ENOMEM;
	bool fine = !world_publish(w, PIDF_OPEN, 600, 5, NULL) &&
		    !world_watch(w, BOB, "presence", 600);
	world_wait(w, 0);
	if (fine)
		fine = !world_refresh(w, BOB, 2, 600) &&
		       !world_publish(w, PIDF_BUSY_DOC, 600, 6, NULL);
	world_wait(w, 3000);
	fine = fine && world_says(w, "busy");
	if (fine)
		fine = !world_refresh(w, BOB, 3, 0);
	world_wait(w, 30000);
	world_free(w);
	return fine ? 0 : -ENOMEM;
}

static void without_memory(void **state)
{
	(void)state;
	oom_walk(watches, NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(later_ones_go_directly),
		TEST(an_answer_that_never_comes_ends_it),
		TEST(a_notify_is_a_request_of_the_dialog),
		TEST(devices_and_publications_are_told),
		TEST(a_flood_is_one_notify_a_second),
		TEST(the_same_is_not_said_twice),
		TEST(one_at_a_time_and_the_newest_wins),
		TEST(refreshed_and_ended),
		TEST(a_question_without_time_is_one_notify),
		TEST(time_runs_out),
		TEST(who_does_not_answer_is_dropped),
		TEST(lists_decide_who_sees),
		TEST(a_change_of_mind_is_told),
		TEST(nothing_is_said_before_the_lists_are_known),
		TEST(refusals),
		TEST(caps),
		TEST(many_come_and_go),
		TEST(a_watcher_s_connection_ends_its_subscriptions),
		TEST(a_user_that_is_gone),
		TEST(dialogs_outlive_the_process),
		cmocka_unit_test(without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
