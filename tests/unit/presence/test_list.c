/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions to lists: the stored one and the request's own (RFC 4662, RFC
 * 5367). */
#include "world.h"

#include "sip/body.h"

#define BOB "bob@contoso.test"
#define LISTS(entries)                                    \
	"<resource-lists xmlns=\"urn:ietf:params:xml:ns:" \
	"resource-lists\"><list>" entries "</list></resource-lists>"
#define ENTRY(uri) "<entry uri=\"" uri "\"/>"

static const struct reject *watch(struct world *w, const char *headers,
				  const char *body)
{
	struct asking a = { .method = "SUBSCRIBE",
			    .from = BOB,
			    .to = "contacts@edge.contoso.test",
			    .event = "presence",
			    .headers = headers,
			    .body = body,
			    .expires = 600,
			    .flow = 9 };
	return world_request(w, &a);
}

static void contacts(struct world *w)
{
	static const char *const names[] = { "alice@contoso.test",
					     "carol@contoso.test",
					     "zoe@fabrikam.test" };
	for (size_t i = 0; i < 3; i++)
		w->rule[i] =
			(struct rule){ BOB, names[i], PRESENCE_RULE_CONTACT };
	w->rule_count = 3;
}

/* The multipart of the last NOTIFY: how many parts, each of its type. */
static size_t parts(const struct world *w)
{
	struct arena *a = arena_create(8192, 1 << 20);
	struct sip_msg m;
	struct sip_media_type type;
	struct slice boundary;
	struct sip_multipart walk;
	struct sip_part part;
	size_t n = 0;
	assert_null(sip_parse(a, slice_str(world_last(w)->text),
			      &sip_limits_default, &m));
	assert_int_equal(
		sip_media_type_parse(sip_header(&m, SIP_H_CONTENT_TYPE)->value,
				     &type),
		0);
	assert_true(sip_media_type_is(&type, "multipart", "related"));
	assert_int_equal(sip_media_type_boundary(&type, &boundary), 0);
	sip_multipart_init(&walk, m.body, boundary);
	while (sip_multipart_next(&walk, &part) == 1) {
		assert_true(slice_starts(
			part.type, n ? SLICE_LIT("application/pidf+xml")
				     : SLICE_LIT("application/rlmi+xml")));
		assert_true(part.body.len > 20);
		n++;
	}
	arena_free(a);
	return n;
}

static void a_whole_list_in_one(void **state)
{
	struct world *w = *state;
	contacts(w);
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 5, NULL));
	assert_null(watch(w, "Supported: eventlist\r\n", NULL));
	world_wait(w, 0);
	assert_int_equal(w->note_count, 1);
	assert_true(world_says(w, "Require: eventlist\r\n"));
	assert_true(world_says(w, "Contact: <sip:contacts@edge.contoso.test>"));
	assert_true(world_says(w, "version=\"0\" fullState=\"true\""));
	/* the two of ours, and the list; of the third nothing is known */
	assert_int_equal(parts(w), 3);
	assert_true(world_says(w, "<resource uri=\"sip:zoe@fabrikam.test\">"
				  "</resource>"));
	assert_true(world_says(w, "<r:busy/>"));
}

static void changes_alone_and_together(void **state)
{
	struct world *w = *state;
	contacts(w);
	assert_null(watch(w, "Supported: eventlist\r\n", NULL));
	world_wait(w, 0);
	assert_null(world_publish(w, PIDF_OPEN, 600, 5, NULL));
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 6, NULL));
	world_wait(w, 5000);
	assert_int_equal(w->note_count, 3); /* one asks fabrikam.test */
	assert_true(world_says(w, "version=\"1\" fullState=\"false\""));
	assert_false(world_says(w, "carol"));
	assert_int_equal(parts(w), 2);
}

static void contacts_come_and_go(void **state)
{
	struct world *w = *state;
	contacts(w);
	w->rule_count = 1;
	assert_null(watch(w, "Supported: eventlist\r\n", NULL));
	world_wait(w, 0);
	w->rule[0].other = "carol@contoso.test";
	presence_lists_changed(w->presence, SLICE_LIT(BOB));
	world_wait(w, 1000);
	assert_int_equal(w->note_count, 2);
	assert_true(world_says(w, "fullState=\"true\""));
	assert_true(world_says(w, "carol@"));
	assert_false(world_says(w, "alice@"));
	assert_int_equal(presence_count(w->presence).watched, 1);
}

static void who_blocks_is_offline_in_a_list_too(void **state)
{
	struct world *w = *state;
	contacts(w);
	w->rule[3] =
		(struct rule){ "alice@contoso.test", BOB, PRESENCE_RULE_BLOCK };
	w->rule_count = 4;
	assert_null(world_publish(w, PIDF_BUSY_DOC, 600, 5, NULL));
	assert_null(watch(w, "Supported: eventlist\r\n", NULL));
	world_wait(w, 0);
	assert_int_equal(parts(w), 3);
	assert_false(world_says(w, "busy"));
}

static void a_list_of_the_request(void **state)
{
	struct world *w = *state;
	static const char head[] =
		"Supported: eventlist\r\nRequire: recipient-list-subscribe\r\n"
		"Content-Type: application/resource-lists+xml\r\n";
	static const struct {
		const char *headers, *body;
		const struct reject *reject;
	} rows[] = {
		{ head,
		  LISTS(ENTRY("sip:alice@contoso.test")
				ENTRY("sip:carol@contoso.test")
					ENTRY("sip:alice@contoso.test")),
		  NULL },
		{ head, LISTS(ENTRY("http://x.test/")), &presence_rej_list },
		{ head, "<list/>", &presence_rej_list },
		{ head, "<!DOCTYPE x><x/>", &presence_rej_xml_dtd },
		{ head,
		  LISTS(ENTRY("a@contoso.test") ENTRY("b@contoso.test")
				ENTRY("c@contoso.test") ENTRY("d@contoso.test")
					ENTRY("e@contoso.test")),
		  &presence_rej_list_size },
		{ "Supported: eventlist\r\nContent-Type: text/plain\r\n", "x",
		  &presence_rej_type },
		{ "", NULL, &presence_rej_eventlist },
		{ "Supported: eventlist\r\nAccept: application/pidf+xml\r\n",
		  NULL, &presence_rej_accept },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_ptr_equal(watch(w, rows[i].headers, rows[i].body),
				 rows[i].reject);
	world_wait(w, 0);
	assert_int_equal(w->note_count, 1);
	assert_int_equal(parts(w), 3);
	/* it is watched by those who support it, of that package alone */
	struct asking a = { .method = "SUBSCRIBE",
			    .from = BOB,
			    .to = "contacts@edge.contoso.test",
			    .event = "reg",
			    .headers = "Supported: eventlist\r\n",
			    .expires = 600 };
	assert_ptr_equal(world_request(w, &a), &presence_rej_event);
}

static int lists(void *arg)
{
	struct world *w = world_make();
	(void)arg;
	if (!w)
		return -ENOMEM;
	contacts(w);
	bool fine = !world_publish(w, PIDF_OPEN, 600, 5, NULL) &&
		    !watch(w, "Supported: eventlist\r\n", NULL);
	world_wait(w, 0);
	presence_lists_changed(w->presence, SLICE_LIT(BOB));
	world_wait(w, 30000);
	fine = fine && world_says(w, "</list>");
	world_free(w);
	return fine ? 0 : -ENOMEM;
}

static void without_memory(void **state)
{
	(void)state;
	oom_walk(lists, NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_whole_list_in_one),
		TEST(changes_alone_and_together),
		TEST(contacts_come_and_go),
		TEST(who_blocks_is_offline_in_a_list_too),
		TEST(a_list_of_the_request),
		cmocka_unit_test(without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
