/* SPDX-License-Identifier: Apache-2.0 */
/* PUBLISH: entity tags, what is refused, what ends it (RFC 3903, XML-05). */
#include "world.h"

static const char *match(const struct world *w)
{
	static char header[128];
	snprintf(header, sizeof(header), "SIP-If-Match: %s\r\n", w->etag);
	return header;
}

static size_t published(const struct world *w)
{
	return presence_count(w->presence).publications;
}

static void each_success_gives_another_tag(void **state)
{
	struct world *w = *state;
	char first[64];
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	assert_int_equal(published(w), 1);
	assert_int_equal(w->saved_count, 1);
	snprintf(first, sizeof(first), "%s", w->etag);
	assert_true(strlen(first) > 10);
	/* a refresh without a body, a change, both by the tag of the last */
	assert_null(world_publish(w, NULL, 600, 5, match(w)));
	assert_string_not_equal(first, w->etag);
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 5, match(w)));
	assert_int_equal(published(w), 1);
	assert_int_equal(w->saved_count, 1);
	/* the old ones are gone */
	snprintf(w->etag, sizeof(w->etag), "%s", first);
	assert_ptr_equal(world_publish(w, NULL, 600, 5, match(w)),
			 &presence_rej_etag);
}

static void removed_and_expired(void **state)
{
	struct world *w = *state;
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	assert_null(world_publish(w, NULL, 0, 5, match(w)));
	assert_int_equal(published(w), 0);
	assert_int_equal(w->saved_count, 0);
	assert_null(world_publish(w, PIDF_OPEN, 60, 5, NULL));
	world_wait(w, 59990);
	assert_int_equal(published(w), 1);
	world_wait(w, 20);
	assert_int_equal(published(w), 0);
	assert_int_equal(w->saved_count, 0);
}

static void a_lost_connection_takes_its_publication(void **state)
{
	struct world *w = *state;
	struct presence_flow five = { 0, 100, 5 }, worker = { 0, 100, 0 };
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 6, NULL));
	presence_flow_down(w->presence, &five);
	assert_int_equal(published(w), 1);
	presence_flow_down(w->presence, &worker);
	assert_int_equal(published(w), 0);
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	presence_worker_up(w->presence, 0, 100);
	assert_int_equal(published(w), 1);
	presence_worker_up(w->presence, 0, 101);
	assert_int_equal(published(w), 0);
}

#define TYPE "Content-Type: application/pidf+xml\r\n"

static void refusals(void **state)
{
	static const struct {
		struct asking a;
		const struct reject *reject;
	} rows[] = {
		{ { .event = "presence", .headers = TYPE, .body = PIDF_OPEN },
		  NULL },
		{ { .event = "dialog", .headers = TYPE, .body = PIDF_OPEN },
		  &presence_rej_event },
		{ { .event = "presence",
		    .from = "bob@contoso.test",
		    .headers = TYPE,
		    .body = PIDF_OPEN },
		  &presence_rej_publisher },
		{ { .event = "presence",
		    .from = "alice@fabrikam.test",
		    .headers = TYPE,
		    .body = PIDF_OPEN },
		  &presence_rej_publisher },
		{ { .event = "presence",
		    .headers = TYPE,
		    .body = "<presence xmlns='urn:ietf:params:xml:ns:pidf' "
			    "entity='sip:bob@contoso.test'/>" },
		  &presence_rej_entity },
		{ { .event = "presence", .headers = TYPE, .body = "<a/>" },
		  &presence_rej_pidf },
		{ { .event = "presence" }, &presence_rej_pidf },
		{ { .event = "presence",
		    .headers = TYPE,
		    .body = "<!DOCTYPE a><a/>" },
		  &presence_rej_xml_dtd },
		{ { .event = "presence",
		    .headers = "Content-Type: text/plain\r\n",
		    .body = PIDF_OPEN },
		  &presence_rej_type },
		{ { .event = "presence", .body = PIDF_OPEN },
		  &presence_rej_type },
		{ { .event = "presence",
		    .headers = TYPE "Content-Encoding: gzip\r\n",
		    .body = PIDF_OPEN },
		  &presence_rej_type },
		{ { .event = "presence",
		    .headers = "SIP-If-Match: nothing\r\n" },
		  &presence_rej_etag },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct asking a = rows[i].a;
		a.method = "PUBLISH";
		a.to = "alice@contoso.test";
		a.expires = 600;
		if (!a.from)
			a.from = a.to;
		assert_ptr_equal(world_request(w, &a), rows[i].reject);
	}
	assert_int_equal(published(w), 1);
	assert_ptr_equal(world_publish(w, PIDF_OPEN, 59, 5, NULL),
			 &presence_rej_brief);
	assert_null(world_publish(w, PIDF_OPEN, 60, 5, NULL));
	assert_ptr_equal(world_publish(w, PIDF_OPEN, 600, 5, NULL),
			 &presence_rej_devices);
}

static void too_large(void **state)
{
	struct world *w = *state;
	char *body = calloc(1, XML_BODY_MAX + 64);
	memset(body, ' ', XML_BODY_MAX + 1);
	assert_ptr_equal(world_publish(w, body, 600, 5, NULL),
			 &presence_rej_size);
	free(body);
}

static void a_flood_is_refused(void **state)
{
	struct world *w = *state;
	unsigned taken = 0;
	w->conf.publish_rate = 5;
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	for (int i = 0; i < 100; i++) {
		const struct reject *r =
			world_publish(w, NULL, 600, 5, match(w));
		taken += r == NULL;
		assert_true(!r || r == &presence_rej_rate);
	}
	assert_true(taken >= 19 && taken <= 21);
	/* what is taken back is paid for too */
	world_wait(w, 300);
	assert_null(world_publish(w, NULL, 0, 5, match(w)));
	assert_ptr_equal(world_publish(w, PIDF_OPEN, 600, 5, NULL),
			 &presence_rej_rate);
	world_wait(w, 10000);
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
}

static void what_was_saved_comes_back(void **state)
{
	struct world *w = *state;
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 5, NULL));
	struct saved s = w->saved[0];
	const struct presence_row row = {
		.kind = s.kind,
		.aor = slice_str(s.aor),
		.id = slice_of(s.id, s.id_len),
		.record = slice_of(s.record, s.record_len),
		.expires_s = s.expires_s,
	};
	presence_free(w->presence);
	assert_int_equal(presence_create(&w->presence, w->timers, &w->conf,
					 &world_ops, w),
			 0);
	assert_int_equal(presence_restore(w->presence, &row), 0);
	assert_int_equal(presence_restore(w->presence, &row), 0);
	presence_open(w->presence);
	assert_int_equal(published(w), 1);
	assert_null(world_watch(w, "bob@contoso.test", "presence", 600));
	world_wait(w, 10);
	assert_true(world_says(w, "<r:busy/>"));
	/* its tag is still good; what is damaged is not taken */
	assert_null(world_publish(w, NULL, 600, 5, match(w)));
	struct presence_row bad = row;
	bad.record.len = 12;
	bad.id = SLICE_LIT("other");
	assert_int_equal(presence_restore(w->presence, &bad), -EBADMSG);
	bad.expires_s = 1;
	assert_int_equal(presence_restore(w->presence, &bad), -EBADMSG);
}

static int publishes(void *arg)
{
	struct world *w = world_make();
	(void)arg;
	if (!w)
		return -ENOMEM;
	bool fine = !world_publish(w, PIDF_OPEN, 600, 5, NULL) &&
		    !world_publish(w, PIDF_BUSY_DOC, 600, 6, NULL) &&
		    !world_publish(w, NULL, 600, 6, match(w)) &&
		    !world_publish(w, PIDF_OPEN, 600, 6, match(w)) &&
		    !world_publish(w, NULL, 0, 6, match(w));
	world_free(w);
	return fine ? 0 : -ENOMEM;
}

static void without_memory(void **state)
{
	(void)state;
	oom_walk(publishes, NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_success_gives_another_tag),
		TEST(removed_and_expired),
		TEST(a_lost_connection_takes_its_publication),
		TEST(refusals),
		TEST(too_large),
		TEST(a_flood_is_refused),
		TEST(what_was_saved_comes_back),
		cmocka_unit_test(without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
