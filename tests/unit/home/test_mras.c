/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of the relay by SERVICE: who gets one, for whom, and what the
 * others are told (MS-AVEDGEA 3.1.5.1). */
#include "world.h"

#include "base/text.h"

#define SELF "sip:mras@edge.contoso.test"
#define GRUU "sip:edge.contoso.test@contoso.test;gruu;opaque=srvr:MRAS:abc;x=y"
#define TYPE "Content-Type: application/msrtc-media-relay-auth+xml\r\n"

struct asking {
	const char *uri, *method, *type, *from, *identity, *minutes, *asserted;
};

static const struct asking usual = {
	.uri = SELF,
	.method = "SERVICE",
	.type = TYPE,
	.from = "sip:alice@contoso.test",
	.identity = "sip:alice@contoso.test",
	.minutes = "480",
	.asserted = "alice@contoso.test",
};

static const char *document(const struct asking *a)
{
	static char text[1024];
	snprintf(text, sizeof(text),
		 "<request requestID=\"77\" version=\"1.0\" from=\"%s\" "
		 "to=\"%s\" xmlns=\"http://schemas.microsoft.com/2006/09/sip/"
		 "mrasp\"><credentialsRequest credentialsRequestID=\"78\">"
		 "<identity>%s</identity><location>internet</location>"
		 "<duration>%s</duration></credentialsRequest></request>",
		 a->from, a->uri, a->identity, a->minutes);
	return text;
}

static const char *written(struct world *w, const struct asking *a,
			   const char *body)
{
	static char text[TEXT_MAX];
	char headers[256];
	int len = snprintf(headers, sizeof(headers), "%s", a->type);
	if (a->asserted)
		snprintf(headers + len, sizeof(headers) - (size_t)len,
			 "P-Asserted-Identity: <sip:%s>\r\n", a->asserted);
	const char *head =
		world_request(w, a->method, a->uri,
			      a->asserted ? a->asserted : "alice@contoso.test",
			      "mras@edge.contoso.test", headers);
	const char *end = strstr(head, "Content-Length: 0");
	assert_non_null(end);
	snprintf(text, sizeof(text), "%.*sContent-Length: %zu\r\n\r\n%s",
		 (int)(end - head), head, strlen(body), body);
	return text;
}

static unsigned ask(struct world *w, const struct asking *a)
{
	world_send(w, 1, written(w, a, document(a)));
	return world_final(w);
}

/* <name>BASE64</name> of the last answer, decoded. */
static void field(const struct world *w, const char *name, char *out,
		  size_t size)
{
	char tag[64];
	snprintf(tag, sizeof(tag), "<%s>", name);
	const char *at = strstr(world_last(w), tag);
	assert_non_null(at);
	at += strlen(tag);
	int len = text_unbase64(slice_of(at, strcspn(at, "<")), (uint8_t *)out,
				size - 1);
	assert_true(len >= 0);
	out[len] = '\0';
}

static void a_signed_in_user_gets_one(void **state)
{
	static const char *const uris[] = { SELF, GRUU };
	struct world *w = *state;
	char text[256];
	for (size_t i = 0; i < 2; i++) {
		struct asking a = usual;
		a.uri = uris[i];
		assert_int_equal(ask(w, &a), 200);
		const char *answer = world_last(w);
		assert_non_null(strstr(answer, "\r\n" TYPE));
		assert_non_null(strstr(answer, "reasonPhrase=\"OK\""));
		assert_non_null(strstr(answer, "requestID=\"77\""));
		assert_non_null(strstr(answer, "credentialsRequestID=\"78\""));
		assert_non_null(strstr(answer, "<duration>480</duration>"
					       "<realm>contoso.test</realm>"));
		assert_non_null(strstr(answer,
				       "<hostName>edge.contoso.test</hostName>"
				       "<udpPort>3478</udpPort>"
				       "<tcpPort>443</tcpPort>"));
		field(w, "username", text, sizeof(text));
		assert_string_equal(text, "28800:1:alice@contoso.test");
		field(w, "password", text, sizeof(text));
		assert_string_equal(text, "password");
		assert_int_equal(home_busy(w->home), 0);
	}
	assert_int_equal(world_logged(w, "password"), 0);
}

static void its_life_is_what_was_asked_and_allowed(void **state)
{
	static const struct {
		const char *asked, *granted;
	} rows[] = {
		{ "1", "<duration>1</duration>" },
		{ "479", "<duration>479</duration>" },
		{ "481", "<duration>480</duration>" },
		{ "4294967295", "<duration>480</duration>" },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct asking a = usual;
		a.minutes = rows[i].asked;
		assert_int_equal(ask(w, &a), 200);
		assert_non_null(strstr(world_last(w), rows[i].granted));
	}
}

static void refusals(void **state)
{
	struct world *w = *state;
	static const struct {
		struct asking change;
		unsigned status;
		const char *says;
	} rows[] = {
		{ { .from = "sip:bob@contoso.test" }, 403, "\"Forbidden\"" },
		{ { .identity = "sip:bob@contoso.test" },
		  403,
		  "\"Forbidden\"" },
		{ { .identity = "sip:alice@fabrikam.test" },
		  403,
		  "\"Forbidden\"" },
		{ { .from = "alice" }, 403, "\"Forbidden\"" },
		{ { .minutes = "0" }, 400, "\"Request Malformed\"" },
		{ { .identity = "<!DOCTYPE a>" }, 400, "Malformed" },
		{ { .type = "Content-Type: text/xml\r\n" },
		  415,
		  "Accept: application/msrtc-media-relay-auth+xml" },
		{ { .type = "" }, 415, "Accept: " },
		{ { .method = "INFO" }, 405, "Allow: SERVICE" },
		{ { .type = TYPE "Require: moon\r\n" },
		  420,
		  "Unsupported: moon" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct asking *c = &rows[i].change;
		const struct asking a = {
			.uri = SELF,
			.method = c->method ? c->method : usual.method,
			.type = c->type ? c->type : usual.type,
			.from = c->from ? c->from : usual.from,
			.identity = c->identity ? c->identity : usual.identity,
			.minutes = c->minutes ? c->minutes : usual.minutes,
			.asserted = usual.asserted,
		};
		unsigned status = ask(w, &a);
		if (status != rows[i].status ||
		    !strstr(world_last(w), rows[i].says))
			fail_msg("row %zu: %u\n%s", i, status, world_last(w));
		assert_null(strstr(world_last(w), "<credentials>"));
	}
}

static void who_is_not_signed_in_is_asked_who_it_is(void **state)
{
	struct world *w = *state;
	struct asking a = usual;
	a.asserted = NULL;
	assert_int_equal(ask(w, &a), 407);
}

static void outsiders_get_none(void **state)
{
	struct world *w = *state;
	const struct asking a = { .uri = SELF,
				  .method = "SERVICE",
				  .type = TYPE,
				  .from = "sip:zoe@fabrikam.test",
				  .identity = "sip:zoe@fabrikam.test",
				  .minutes = "480",
				  .asserted = "zoe@fabrikam.test" };
	world_send_by(w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		      written(w, &a, document(&a)));
	assert_int_equal(world_final(w), 403);
	assert_null(strstr(world_last(w), "<credentials>"));
}

static void where_there_is_no_relay(void **state)
{
	struct world *w = *state;
	w->conf.offer.there = false;
	assert_int_equal(ask(w, &usual), 501);
	assert_non_null(
		strstr(world_last(w), "reasonPhrase=\"Not Supported\""));
}

static void the_store_fails_or_is_gone(void **state)
{
	struct world *w = *state;
	assert_int_equal(ask(w, &usual), 200); /* the user is known now */
	w->store_broken = true;
	assert_int_equal(ask(w, &usual), 500);
	assert_non_null(strstr(world_last(w), "Internal Server Error"));
	w->store_broken = false;
	w->store_deaf = true;
	world_send(w, 1, written(w, &usual, document(&usual)));
	assert_int_equal(world_final(w), 0);
	w->question_count = 0;
	world_wait(w, 3000);
	assert_int_equal(world_final(w), 503);
	w->store_deaf = false;
	home_store_gone(w->home);
	assert_int_equal(ask(w, &usual), 503);
	assert_non_null(strstr(world_last(w), "Server Busy"));
	assert_int_equal(home_busy(w->home), 0);
}

/* Users who have such a name in one of our domains are users. */
static void mras_of_our_domain_is_a_user(void **state)
{
	struct world *w = *state;
	struct asking a = usual;
	a.uri = "sip:mras@contoso.test";
	assert_int_equal(ask(w, &a), 404);
}

static int walk(void *arg)
{
	struct world *w = world_make();
	unsigned status = 0;
	(void)arg;
	if (w) {
		world_send(w, 1, written(w, &usual, document(&usual)));
		status = world_final(w);
	}
	world_free(w);
	return status == 200 ? 0 : -1;
}

static void again_with_failing_allocations(void **state)
{
	(void)state;
	oom_walk(walk, NULL);
}

#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_signed_in_user_gets_one),
		TEST(its_life_is_what_was_asked_and_allowed),
		TEST(refusals),
		TEST(who_is_not_signed_in_is_asked_who_it_is),
		TEST(outsiders_get_none),
		TEST(where_there_is_no_relay),
		TEST(the_store_fails_or_is_gone),
		TEST(mras_of_our_domain_is_a_user),
		cmocka_unit_test(again_with_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
