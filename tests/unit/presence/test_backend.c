/* SPDX-License-Identifier: Apache-2.0 */
/* A partner's user in a list: our own subscription to it (RFC 4662 5.6, RFC
 * 6665 4.1). */
#include "world.h"

#define BOB "bob@contoso.test"
#define ZOE "zoe@fabrikam.test"
#define ACTIVE "Subscription-State: active;expires=600\r\n"
#define PIDF "Content-Type: application/pidf+xml\r\n"
#define ZOES_DOC                                                    \
	"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" entity=\"" \
	"sip:zoe@fabrikam.test\">" PIDF_TUPLE_OF("z", "open") "</presence>"

enum { MINUTE_MS = 60000, LONG_MS = 30 * MINUTE_MS };

/* The dialog of our last SUBSCRIBE. */
struct dialog {
	char call_id[128], tag[64];
};

static void cut(const char *text, const char *from, const char *to, char *out,
		size_t size)
{
	const char *at = strstr(text, from);
	assert_non_null(at);
	at += strlen(from);
	(void)slice_cstr(slice_of(at, strcspn(at, to)), out, size);
}

static const struct note *last_of(const struct world *w, const char *method)
{
	for (size_t i = w->note_count; i--;)
		if (strncmp(w->note[i].text, method, strlen(method)) == 0)
			return &w->note[i];
	return NULL;
}

static size_t count_of(const struct world *w, const char *method)
{
	size_t n = 0;
	for (size_t i = 0; i < w->note_count; i++)
		n += strncmp(w->note[i].text, method, strlen(method)) == 0;
	return n;
}

static const char *asked(const struct world *w)
{
	const struct note *n = last_of(w, "SUBSCRIBE ");
	assert_non_null(n);
	return n->text;
}

static const char *told(const struct world *w)
{
	const struct note *n = last_of(w, "NOTIFY ");
	assert_non_null(n);
	return n->text;
}

static struct dialog dialog_of(const struct world *w)
{
	struct dialog d;
	cut(asked(w), "Call-ID: ", "\r", d.call_id, sizeof(d.call_id));
	cut(asked(w), ";tag=", "\r", d.tag, sizeof(d.tag));
	return d;
}

/* bob watches his list, which is zoe of fabrikam.test. */
static bool begin(struct world *w)
{
	struct asking a = { .method = "SUBSCRIBE",
			    .from = BOB,
			    .to = "contacts@edge.contoso.test",
			    .event = "presence",
			    .headers = "Supported: eventlist\r\n",
			    .call_id = "list",
			    .cseq = 1,
			    .expires = 3600,
			    .flow = 9 };
	w->rule[0] = (struct rule){ BOB, ZOE, PRESENCE_RULE_CONTACT };
	w->rule_count = 1;
	bool fine = !world_request(w, &a);
	world_wait(w, 100);
	return fine;
}

static const struct reject *notify(struct world *w, const struct dialog *d,
				   unsigned cseq, const char *headers,
				   const char *body)
{
	struct asking a = { .method = "NOTIFY",
			    .from = ZOE,
			    .to = BOB,
			    .to_tag = d->tag,
			    .call_id = d->call_id,
			    .event = "presence",
			    .headers = headers,
			    .body = body,
			    .cseq = cseq,
			    .expires = -1 };
	return world_request(w, &a);
}

static void asks_in_the_owners_name(void **state)
{
	struct world *w = *state;
	assert_true(begin(w));
	assert_int_equal(count_of(w, "SUBSCRIBE "), 1);
	const char *text = asked(w);
	assert_true(strstr(text, "SUBSCRIBE sip:" ZOE " SIP/2.0\r\n") == text);
	assert_non_null(strstr(text, "From: <sip:" BOB ">;tag="));
	assert_non_null(strstr(text, "To: <sip:" ZOE ">\r\n"));
	assert_non_null(strstr(text, "@rls.edge.contoso.test\r\n"));
	assert_non_null(strstr(text, "Contact: <sip:" BOB ">\r\n"));
	assert_non_null(strstr(text, "Expires: 3600\r\n"));
	assert_null(strstr(text, "Route:"));
}

static void tells_what_it_hears(void **state)
{
	struct world *w = *state;
	assert_true(begin(w));
	struct dialog d = dialog_of(w);
	assert_null(notify(w, &d, 1, "Subscription-State: pending\r\n", NULL));
	world_wait(w, 1000);
	assert_non_null(strstr(told(w), "state=\"pending\"/>"));
	assert_null(notify(w, &d, 2, ACTIVE PIDF, ZOES_DOC));
	world_wait(w, 1000);
	assert_non_null(strstr(told(w), "state=\"active\" cid=\""));
	assert_non_null(strstr(told(w), ZOES_DOC));
	/* no body: as before */
	assert_null(notify(w, &d, 3, ACTIVE, NULL));
	world_wait(w, 1000);
	assert_non_null(strstr(told(w), ZOES_DOC));
}

static void refreshes_in_the_dialog(void **state)
{
	struct world *w = *state;
	assert_true(begin(w));
	struct dialog d = dialog_of(w);
	assert_null(notify(w, &d, 1, ACTIVE PIDF, ZOES_DOC));
	world_wait(w, 479000);
	assert_int_equal(count_of(w, "SUBSCRIBE "), 1);
	world_wait(w, 2000);
	assert_int_equal(count_of(w, "SUBSCRIBE "), 2);
	const char *text = asked(w);
	assert_non_null(strstr(text, "SUBSCRIBE sip:" ZOE ";transport=tls "));
	assert_non_null(strstr(text, "To: <sip:" ZOE ">;tag=f\r\n"));
	assert_non_null(strstr(text, d.tag));
	assert_non_null(strstr(text, d.call_id));
	assert_non_null(
		strstr(text, "Route: <sip:t1@edge.contoso.test;lr>\r\n"));
	assert_non_null(strstr(text, "CSeq: 2 SUBSCRIBE\r\n"));
	/* a partner that says nothing then is lost */
	world_wait(w, 34000);
	assert_non_null(strstr(told(w), "state=\"terminated\" "
					"reason=\"probation\"/>"));
	assert_null(strstr(told(w), ZOES_DOC));
}

static void an_answer_behind_the_notice(void **state)
{
	struct world *w = *state;
	w->silent = true;
	assert_true(begin(w));
	struct dialog d = dialog_of(w);
	assert_null(notify(w, &d, 1, ACTIVE PIDF, ZOES_DOC));
	for (size_t i = 0; i < w->note_count; i++)
		presence_sent(w->presence, w->note[i].id, 200);
	w->silent = false;
	world_wait(w, 2 * MINUTE_MS);
	assert_non_null(strstr(told(w), ZOES_DOC));
	assert_int_equal(count_of(w, "SUBSCRIBE "), 1);
}

/* What is answered, what the owner learns, when it is tried again. */
static void answers(void **state)
{
	static const struct {
		uint16_t status;
		const char *reason;
		uint64_t again_ms;
	} rows[] = {
		{ 403, "rejected", LONG_MS },
		{ 404, "noresource", LONG_MS },
		{ 604, "noresource", LONG_MS },
		{ 603, "rejected", LONG_MS },
		{ 489, "rejected", LONG_MS },
		{ 408, "probation", MINUTE_MS },
		{ 503, "probation", MINUTE_MS },
		{ 0, "probation", MINUTE_MS },
		{ 481, "deactivated", 1000 },
	};
	world_teardown(state);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];
		struct world *w = world_make();
		w->no_backend = true;
		assert_true(begin(w));
		for (size_t k = 0; k < w->note_count; k++)
			presence_sent(w->presence, w->note[k].id,
				      strstr(w->note[k].text, "NOTIFY ")
					      ? 200
					      : rows[i].status);
		world_wait(w, rows[i].again_ms - 200);
		assert_int_equal(count_of(w, "SUBSCRIBE "), 1);
		world_wait(w, 300);
		assert_int_equal(count_of(w, "SUBSCRIBE "), 2);
		world_wait(w, 1000);
		snprintf(text, sizeof(text),
			 "state=\"terminated\" reason=\"%s\"/>",
			 rows[i].reason);
		assert_non_null(strstr(told(w), text));
		world_free(w);
	}
	*state = NULL;
}

static void ends_by_the_partner(void **state)
{
	static const struct {
		const char *said, *reason;
		uint64_t again_ms;
	} rows[] = {
		{ "rejected", "rejected", LONG_MS },
		{ "noresource", "noresource", LONG_MS },
		{ "deactivated", "deactivated", 1000 },
		{ "timeout", "timeout", 1000 },
		{ "giveup", "giveup", MINUTE_MS },
		{ "whatever", "probation", MINUTE_MS },
	};
	world_teardown(state);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[96];
		struct world *w = world_make();
		assert_true(begin(w));
		struct dialog d = dialog_of(w);
		assert_null(notify(w, &d, 1, ACTIVE PIDF, ZOES_DOC));
		snprintf(text, sizeof(text),
			 "Subscription-State: terminated;reason=%s\r\n",
			 rows[i].said);
		assert_null(notify(w, &d, 2, text, NULL));
		world_wait(w, rows[i].again_ms - 100);
		assert_int_equal(count_of(w, "SUBSCRIBE "), 1);
		world_wait(w, 1100);
		snprintf(text, sizeof(text), "reason=\"%s\"/>", rows[i].reason);
		assert_non_null(strstr(told(w), text));
		/* a new dialog */
		assert_int_equal(count_of(w, "SUBSCRIBE "), 2);
		assert_null(strstr(asked(w), d.tag));
		assert_null(strstr(asked(w), "tag=f\r\n"));
		assert_ptr_equal(notify(w, &d, 3, ACTIVE, NULL),
				 &presence_rej_no_dialog);
		world_free(w);
	}
	*state = NULL;
}

static void what_is_no_notice(void **state)
{
	struct world *w = *state;
	assert_true(begin(w));
	struct dialog d = dialog_of(w), other = d;
	assert_null(notify(w, &d, 5, ACTIVE PIDF, ZOES_DOC));
	assert_ptr_equal(notify(w, &d, 5, ACTIVE, NULL), &presence_rej_order);
	assert_ptr_equal(notify(w, &d, 6, NULL, NULL), &presence_rej_state);
	assert_ptr_equal(notify(w, &d, 6,
				"Subscription-State: active;expires"
				"=x\r\n",
				NULL),
			 &presence_rej_state);
	assert_ptr_equal(notify(w, &d, 6, ACTIVE PIDF, "<x/>"),
			 &presence_rej_pidf);
	assert_ptr_equal(notify(w, &d, 6, ACTIVE PIDF, "<!DOCTYPE x><x/>"),
			 &presence_rej_xml_dtd);
	assert_ptr_equal(
		notify(w, &d, 6, ACTIVE "Content-Type: text/plain\r\n", "x"),
		&presence_rej_type);
	other.tag[0] = other.tag[0] == 'a' ? 'b' : 'a';
	assert_ptr_equal(notify(w, &other, 6, ACTIVE, NULL),
			 &presence_rej_no_dialog);
	/* the end of what is gone already */
	assert_null(notify(w, &other, 6, "Subscription-State: terminated\r\n",
			   NULL));
	world_wait(w, 1000);
	assert_non_null(strstr(told(w), ZOES_DOC));
}

static void only_the_one_who_is_watched(void **state)
{
	struct world *w = *state;
	assert_true(begin(w));
	struct dialog d = dialog_of(w);
	struct asking a = { .method = "NOTIFY",
			    .from = "eve@fabrikam.test",
			    .to = BOB,
			    .to_tag = d.tag,
			    .call_id = d.call_id,
			    .event = "presence",
			    .headers = ACTIVE,
			    .cseq = 1,
			    .expires = -1 };
	assert_ptr_equal(world_request(w, &a), &presence_rej_no_dialog);
	a.from = ZOE;
	a.event = "dialog";
	assert_ptr_equal(world_request(w, &a), &presence_rej_event);
}

static void ends_with_the_list(void **state)
{
	struct world *w = *state;
	assert_true(begin(w));
	struct dialog d = dialog_of(w);
	assert_null(notify(w, &d, 1, ACTIVE PIDF, ZOES_DOC));
	w->rule_count = 0;
	presence_lists_changed(w->presence, SLICE_LIT(BOB));
	world_wait(w, 1000);
	assert_int_equal(count_of(w, "SUBSCRIBE "), 2);
	assert_non_null(strstr(asked(w), "Expires: 0\r\n"));
	assert_ptr_equal(notify(w, &d, 2, ACTIVE, NULL),
			 &presence_rej_no_dialog);
	world_wait(w, 2 * LONG_MS);
	assert_int_equal(count_of(w, "SUBSCRIBE "), 2);
}

static void which_notices_are_ours(void **state)
{
	struct world *w = *state;
	struct sip_msg m;
	static const struct {
		const char *method, *call_id, *tag;
		bool ours;
	} rows[] = {
		{ "NOTIFY", "x@rls.edge.contoso.test", "t", true },
		{ "NOTIFY", "x@rls.edge.contoso.test", NULL, false },
		{ "SUBSCRIBE", "x@rls.edge.contoso.test", "t", false },
		{ "NOTIFY", "x@edge.contoso.test", "t", false },
		{ "NOTIFY", "edge.contoso.test", "t", false },
		{ "NOTIFY", "x", "t", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asking a = { .method = rows[i].method,
				    .from = ZOE,
				    .to = BOB,
				    .to_tag = rows[i].tag,
				    .call_id = rows[i].call_id,
				    .event = "presence",
				    .expires = -1 };
		assert_int_equal(world_parse(w, &a, &m), 0);
		assert_int_equal(presence_notice_is_ours(w->presence, &m),
				 rows[i].ours);
	}
}

static int scenario(void *arg)
{
	struct world *w = world_make();
	(void)arg;
	if (!w)
		return -ENOMEM;
	bool fine = begin(w) && count_of(w, "SUBSCRIBE ") == 1;
	if (fine) {
		struct dialog d = dialog_of(w);
		fine = !notify(w, &d, 1, ACTIVE PIDF, ZOES_DOC);
	}
	world_wait(w, 30000);
	fine = fine && strstr(told(w), ZOES_DOC);
	world_free(w);
	return fine ? 0 : -ENOMEM;
}

static void without_memory(void **state)
{
	(void)state;
	oom_walk(scenario, NULL);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(asks_in_the_owners_name),
		TEST(tells_what_it_hears),
		TEST(refreshes_in_the_dialog),
		TEST(an_answer_behind_the_notice),
		TEST(answers),
		TEST(ends_by_the_partner),
		TEST(what_is_no_notice),
		TEST(only_the_one_who_is_watched),
		TEST(ends_with_the_list),
		TEST(which_notices_are_ours),
		cmocka_unit_test(without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
