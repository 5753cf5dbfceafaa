/* SPDX-License-Identifier: Apache-2.0 */
/* A provider's names in messages: undone inwards, done outwards, and as they
 * were in answers; tags, parameters and display names stay. */
#include "edge/decorate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/proxy_int.h"

#define S(s)                                        \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
#define BOB "bob@fabrikam.test"
#define WRITTEN "bob(fabrikam.test)@messenger.test"

struct world {
	struct edge edge;
	struct generation generation;
	struct proxy_request request;
	struct walk walk;
};

static const struct slice ours[] = { S("contoso.test") };
static const struct access_provider messenger = {
	.name = S("messenger"),
	.kind = ACCESS_PUBLIC_IM,
	.decoration = S("messenger.test"),
};
static const struct access_partner partners[] = {
	{ .domain = S("messenger.test"),
	  .edge = S("e.messenger.test"),
	  .provider = &messenger },
	{ .domain = S("fabrikam.test"),
	  .edge = S("e.messenger.test"),
	  .provider = &messenger },
};
static const struct access_conf conf = { .domains = ours,
					 .domain_count = 1,
					 .partners = partners,
					 .partner_count = 2 };

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	char error[256];
	w->edge.current = &w->generation;
	w->request.arena = arena_create(1 << 14, 1 << 20);
	w->walk.e = &w->edge;
	w->walk.r = &w->request;
	w->walk.m = &w->request.msg;
	sip_edits_init(&w->walk.edits);
	assert_int_equal(access_create(&w->generation.access, &conf, error), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	access_free(w->generation.access);
	arena_free(w->request.arena);
	free(w);
	return 0;
}

static void parse(struct world *w, struct sip_msg *m, const char *start,
		  const char *from, const char *to)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/TLS h;branch=z9hG4bK1\r\n"
		 "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: 1\r\n"
		 "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
		 start, from, to);
	struct slice copy = arena_copy(w->request.arena, slice_str(text));
	assert_null(sip_parse(w->request.arena, copy, &sip_limits_default, m));
}

/* It leaves with that in it. */
static void assert_leaves(struct world *w, const struct sip_msg *m,
			  const char *want)
{
	struct buf b;
	buf_init(&b, 0);
	assert_false(w->walk.edits.failed);
	assert_int_equal(sip_encode(&b, m, &w->walk.edits), 0);
	buf_u8(&b, 0);
	if (!strstr((const char *)b.ptr, want))
		fail_msg("%s", (const char *)b.ptr);
	buf_free(&b);
}

static void facts_of_names(struct world *w, enum access_source source,
			   const char *from, const char *to)
{
	struct access_facts *f = &w->walk.facts;
	f->source = source;
	f->from_aor = slice_str(from);
	f->to_aor = slice_str(to);
	f->now_s = 1;
}

static void test_the_sender(void **state)
{
	struct world *w = *state;
	parse(w, &w->request.msg, "MESSAGE sip:alice@contoso.test SIP/2.0",
	      "\"Bob\" <sip:" WRITTEN ";x=y>;tag=7",
	      "<sip:alice@contoso.test>");
	facts_of_names(w, ACCESS_FROM_FEDERATION, WRITTEN,
		       "alice@contoso.test");
	decorate_sender(&w->walk);
	assert_true(slice_eq(w->walk.facts.from_aor, slice_str(BOB)));
	assert_true(slice_eq(w->walk.facts.from_domain,
			     SLICE_LIT("fabrikam.test")));
	assert_leaves(w, &w->request.msg,
		      "From: \"Bob\" <sip:" BOB ";x=y>;tag=7\r\n");
}

/* Only of partners, and only what their provider writes. */
static void test_nobody_else(void **state)
{
	static const struct {
		enum access_source source;
		const char *from;
	} rows[] = {
		{ ACCESS_FROM_INSIDE, WRITTEN },
		{ ACCESS_FROM_CLIENT, WRITTEN },
		{ ACCESS_FROM_FEDERATION, "bob@messenger.test" },
		{ ACCESS_FROM_FEDERATION, "bob(x.test)@fabrikam.test" },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		facts_of_names(w, rows[i].source, rows[i].from, "");
		decorate_sender(&w->walk);
		assert_true(slice_eq(w->walk.facts.from_aor,
				     slice_str(rows[i].from)));
	}
}

static void test_the_addressee(void **state)
{
	struct world *w = *state;
	parse(w, &w->request.msg, "MESSAGE sip:" BOB ";transport=tls SIP/2.0",
	      "<sip:alice@contoso.test>;tag=1", "<sip:" BOB ">;tag=2");
	facts_of_names(w, ACCESS_FROM_INSIDE, "alice@contoso.test", BOB);
	decorate_addressee(&w->walk);
	assert_leaves(w, &w->request.msg,
		      "MESSAGE sip:" WRITTEN ";transport=tls SIP/2.0\r\n");
	assert_leaves(w, &w->request.msg, "To: <sip:" WRITTEN ">;tag=2\r\n");
}

/* There the Request-URI names a device. */
static void test_in_a_dialog(void **state)
{
	struct world *w = *state;
	parse(w, &w->request.msg, "MESSAGE sip:" BOB " SIP/2.0",
	      "<sip:alice@contoso.test>;tag=1", "<sip:" BOB ">;tag=2");
	facts_of_names(w, ACCESS_FROM_INSIDE, "alice@contoso.test", BOB);
	w->walk.facts.route = ACCESS_ROUTE_PARTNER;
	decorate_addressee(&w->walk);
	assert_leaves(w, &w->request.msg, "MESSAGE sip:" BOB " SIP/2.0\r\n");
	assert_leaves(w, &w->request.msg, "To: <sip:" WRITTEN ">;tag=2\r\n");
}

/* The tag that the answer adds stays; so does what was not rewritten. */
static void test_the_answer(void **state)
{
	struct world *w = *state;
	struct sip_msg answer;
	parse(w, &w->request.msg, "MESSAGE sip:" BOB " SIP/2.0",
	      "<sip:alice@contoso.test>;tag=1", "\"B\" <sip:" BOB ">");
	parse(w, &answer, "SIP/2.0 200 OK", "<sip:alice@contoso.test>;tag=1",
	      "<sip:" WRITTEN ">;tag=9");
	decorate_answer(&w->edge, &w->request, &answer, &w->walk.edits);
	assert_leaves(w, &answer, "To: \"B\" <sip:" BOB ">;tag=9\r\n");
	assert_leaves(w, &answer, "From: <sip:alice@contoso.test>;tag=1\r\n");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_the_sender),    TEST(test_nobody_else),
		TEST(test_the_addressee), TEST(test_in_a_dialog),
		TEST(test_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
