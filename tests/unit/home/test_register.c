/* SPDX-License-Identifier: Apache-2.0 */
/* The registrar as its clients see it (RFC 3261 10, RFC 3327, SIP-32). */
#include "world.h"

#define PATH "Path: <sip:t@edge.contoso.test;lr>\r\n"
#define ALICE(headers) world_register(w, "alice", "wonder", 1, headers)

static void signing_in_binds_and_authenticates_the_flow(void **state)
{
	struct world *w = *state;
	assert_int_equal(world_sign_in(w, "alice", "wonder", 1), 200);
	w->mail_read = 0;
	const struct mail *auth = &w->mail[0];
	assert_int_equal(auth->type, IPC_FLOW_AUTH); /* before the 200 */
	assert_int_equal(auth->flow, 1);
	assert_int_equal(auth->slot, 0);
	assert_string_equal(auth->text, "alice@contoso.test");
	assert_non_null(strstr(world_last(w),
			       "<sip:alice@10.0.0.1:5061;transport=tls>"
			       ";expires=600"));
	assert_non_null(
		strstr(world_last(w), "Path: <sip:token1@edge.contoso.test"));
	assert_non_null(world_row(w, "alice@contoso.test",
				  "sip:alice@10.0.0.1:5061;transport=tls"));
}

static void the_answer_waits_for_the_store(void **state)
{
	struct world *w = *state;
	struct signing s = { "alice",    "wonder",       "sip:contoso.test",
			     "REGISTER", SIP_ALG_SHA256, NULL,
			     false };
	char headers[1024];
	assert_int_equal(world_sign_in(w, "alice", "wonder", 1), 200);
	world_send(w, 1,
		   world_request(w, "REGISTER", s.uri, "alice@contoso.test",
				 "alice@contoso.test", ""));
	world_keep_nonce(w);
	snprintf(headers, sizeof(headers), "%s%s", world_sign(w, &s),
		 "Contact: <sip:a@h1>\r\n");
	w->store_deaf = true;
	world_send(w, 1,
		   world_request(w, "REGISTER", s.uri, "alice@contoso.test",
				 "alice@contoso.test", headers));
	assert_int_equal(w->mail_count, 0);
	w->store_deaf = false;
	world_pump(w);
	assert_int_equal(world_final(w), 200);
}

static void a_failed_write_is_no_registration(void **state)
{
	struct world *w = *state;
	assert_int_equal(world_sign_in(w, "alice", "wonder", 1), 200);
	w->store_broken = true;
	assert_int_equal(ALICE("Contact: <sip:a@h1>\r\n"), 503);
	assert_null(world_mail(w, IPC_FLOW_AUTH));
	w->store_broken = false;
	w->store_full = true;
	assert_int_equal(ALICE("Contact: <sip:a@h2>\r\n"), 503);
	w->store_full = false;
	/* the contact that could not even be sent is not there */
	assert_int_equal(ALICE(""), 200);
	assert_null(strstr(world_last(w), "sip:a@h2"));
}

/* STO-02 */
static void a_full_disk_signs_nobody_out(void **state)
{
	struct world *w = *state;
	w->disk_full = true;
	assert_int_equal(world_sign_in(w, "alice", "wonder", 1), 200);
	assert_int_equal(w->row_count, 0);
	assert_int_equal(world_logged(w, "home.not_durable"), 1);
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_non_null(world_mail(w, IPC_SIP_FROM_HOME));
	/* there is room again: the next refresh is on the disk */
	w->disk_full = false;
	assert_int_equal(world_sign_in(w, "alice", "wonder", 1), 200);
	assert_int_equal(w->row_count, 1);
}

static void a_query_lists_and_signs_nobody_in(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 1);
	world_wait(w, 100000);
	assert_int_equal(ALICE(""), 200);
	assert_non_null(strstr(world_last(w), ";expires=500"));
	for (size_t i = 0; i < w->mail_count; i++)
		assert_int_not_equal(w->mail[i].type, IPC_FLOW_AUTH);
}

static void removing_signs_nobody_in(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 1);
	assert_int_equal(ALICE("Contact: <sip:alice@10.0.0.1:5061;"
			       "transport=tls>;expires=0\r\n"),
			 200);
	assert_int_equal(w->mail_count, 1);
	assert_null(strstr(world_last(w), "Contact:"));
	assert_int_equal(w->row_count, 0);
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_int_equal(world_final(w), 202);
}

static void rows_of_expires(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *headers;
		unsigned status;
		const char *says;
	} rows[] = {
		{ "Contact: <sip:a@h1>;expires=59\r\n", 423,
		  "Min-Expires: 60" },
		{ "Contact: <sip:a@h1>;expires=1\r\n", 423, "Min-Expires: 60" },
		{ "Expires: 59\r\nContact: <sip:a@h1>\r\n", 423, "" },
		{ "Contact: <sip:a@h1>;expires=60\r\n", 200, ";expires=60" },
		{ "Contact: <sip:a@h1>;expires=99999999\r\n", 200,
		  ";expires=3600" },
		{ "Expires: 120\r\nContact: <sip:a@h1>\r\n", 200,
		  ";expires=120" },
		{ "Expires: 120\r\nContact: <sip:a@h1>;expires=90\r\n", 200,
		  ";expires=90" },
		{ "Contact: <sip:a@h1>\r\n", 200, ";expires=600" },
		{ "Contact: *\r\nExpires: 3600\r\n", 400, "" },
		{ "Contact: *\r\n", 400, "" },
		{ "Contact: *\r\nContact: <sip:a@h1>\r\nExpires: 0\r\n", 400,
		  "" },
		{ "Contact: <tel:+123>\r\n", 400, "" },
		{ "Contact: <sip:a@h1>, <sip:a@h1>\r\n", 400, "" },
		{ "Contact: *\r\nExpires: 0\r\n", 200, "" },
		{ "Require: magic, path\r\n", 420, "Unsupported: magic" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned got = ALICE(rows[i].headers);
		if (got != rows[i].status ||
		    !strstr(world_last(w), rows[i].says))
			fail_msg("%s: %u\n%s", rows[i].headers, got,
				 world_last(w));
	}
	assert_int_equal(w->row_count, 0);
}

static void contacts_expire(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 1);
	world_wait(w, 599000);
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_non_null(world_mail(w, IPC_SIP_FROM_HOME));
	world_wait(w, 21000);
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_int_equal(world_final(w), 202);
}

static void at_most_so_many_contacts(void **state)
{
	struct world *w = *state;
	assert_int_equal(ALICE("Contact: <sip:a@h1>, <sip:a@h2>\r\n"), 200);
	assert_int_equal(ALICE("Contact: <sip:a@h3>, <sip:a@h4>\r\n"), 403);
	assert_int_equal(ALICE("Contact: <sip:a@h3>\r\n"), 200);
	assert_int_equal(ALICE("Contact: <sip:a@h4>\r\n"), 403);
	assert_int_equal(ALICE("Contact: <sip:a@h3>\r\n"), 200);
	/* one goes, one comes */
	assert_int_equal(ALICE("Contact: <sip:a@h1>;expires=0, <sip:a@h4>\r\n"),
			 200);
	assert_int_equal(w->row_count, 3);
}

static void an_older_request_changes_nothing(void **state)
{
	struct world *w = *state;
	assert_int_equal(ALICE("Contact: <sip:a@h1>\r\n"), 200);
	unsigned after = w->cseq;
	w->cseq = 50;
	assert_int_equal(ALICE("Contact: <sip:a@h1>;expires=0\r\n"), 400);
	w->cseq = after - 2; /* the signed one has the same number */
	assert_int_equal(ALICE("Contact: <sip:a@h1>;expires=0\r\n"), 400);
	w->cseq = 60;
	assert_int_equal(ALICE("Contact: *\r\nExpires: 0\r\n"), 400);
	assert_int_equal(w->row_count, 1);
	w->cseq = after;
	assert_int_equal(ALICE("Contact: *\r\nExpires: 0\r\n"), 200);
	assert_int_equal(w->row_count, 0);
}

static void the_same_contact_in_other_words_is_replaced(void **state)
{
	struct world *w = *state;
	assert_int_equal(ALICE("Contact: <sip:a@Host.test>\r\n"), 200);
	assert_int_equal(ALICE("Contact: <sip:%61@host.test>\r\n"), 200);
	assert_int_equal(w->row_count, 1);
	assert_string_equal(w->row[0].contact, "sip:%61@host.test");
}

static void a_device_that_comes_back_replaces_itself(void **state)
{
	struct world *w = *state;
#define DEVICE                                         \
	";+sip.instance=\"<urn:uuid:1>\";reg-id=1\r\n" \
	"Supported: outbound\r\nPath: <sip:t@e;lr;ob>\r\n"
	assert_int_equal(ALICE("Contact: <sip:a@h1>" DEVICE), 200);
	assert_non_null(strstr(world_last(w), "reg-id=1"));
	assert_int_equal(ALICE("Contact: <sip:a@h2>" DEVICE), 200);
	assert_int_equal(w->row_count, 1);
	assert_string_equal(w->row[0].contact,
			    "sip:a@h2 reg-id=1 \"<urn:uuid:1>\"");
	/* its second flow is another one */
	assert_int_equal(ALICE("Contact: <sip:a@h3>;+sip.instance="
			       "\"<urn:uuid:1>\";reg-id=2\r\n"
			       "Supported: outbound\r\n"
			       "Path: <sip:t@e;lr;ob>\r\n"),
			 200);
	assert_int_equal(w->row_count, 2);
}

static void nobody_registers_for_others(void **state)
{
	struct world *w = *state;
	struct signing s = { "alice",    "wonder",       "sip:contoso.test",
			     "REGISTER", SIP_ALG_SHA256, NULL,
			     false };
	char headers[1024];
	world_send(w, 1,
		   world_request(w, "REGISTER", s.uri, "bob@contoso.test",
				 "bob@contoso.test", ""));
	world_keep_nonce(w);
	snprintf(headers, sizeof(headers), "%sContact: <sip:a@h1>\r\n",
		 world_sign(w, &s));
	world_send(w, 1,
		   world_request(w, "REGISTER", s.uri, "bob@contoso.test",
				 "bob@contoso.test", headers));
	assert_int_equal(world_final(w), 403);
	assert_int_equal(w->row_count, 0);
	assert_int_equal(world_logged(w, "id.mismatch"), 1);
}

static void other_domains_and_partners_have_no_registrar(void **state)
{
	struct world *w = *state;
	world_send(w, 1,
		   world_request(w, "REGISTER", "sip:fabrikam.test",
				 "a@fabrikam.test", "a@fabrikam.test", ""));
	assert_int_equal(world_final(w), 404);
	world_send(w, 1,
		   world_request(w, "REGISTER", "sip:contoso.test",
				 "a@fabrikam.test", "a@fabrikam.test", ""));
	assert_int_equal(world_final(w), 404);
	world_send_by(w, &edge0, 9, ORIGIN_FEDERATION, "192.0.2.9:1",
		      world_request(w, "REGISTER", "sip:contoso.test",
				    "alice@contoso.test", "alice@contoso.test",
				    ""));
	assert_int_equal(world_final(w), 403);
}

static void the_store_ends_in_the_middle(void **state)
{
	struct world *w = *state;
	assert_int_equal(ALICE("Contact: <sip:a@h1>\r\n"), 200);
	world_keep_nonce(w);
	struct signing s = { "alice",    "wonder",       "sip:contoso.test",
			     "REGISTER", SIP_ALG_SHA256, "00000002",
			     false };
	char headers[1024];
	w->store_deaf = true;
	snprintf(headers, sizeof(headers), "%sContact: <sip:a@h2>\r\n",
		 world_sign(w, &s));
	world_send(w, 1,
		   world_request(w, "REGISTER", s.uri, "alice@contoso.test",
				 "alice@contoso.test", headers));
	assert_int_equal(world_final(w), 0);
	home_store_gone(w->home);
	assert_int_equal(world_final(w), 503);
	w->store_deaf = false;
	w->question_count = 0;
	assert_int_equal(ALICE("Contact: <sip:a@h3>\r\n"), 503);
	home_store_up(w->home);
	world_pump(w);
	assert_int_equal(ALICE("Contact: <sip:a@h3>\r\n"), 200);
	assert_int_equal(home_busy(w->home), 0);
}

static void a_silent_store_has_a_deadline(void **state)
{
	struct world *w = *state;
	w->store_deaf = true;
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	world_wait(w, 2999);
	assert_int_equal(world_final(w), 0);
	world_wait(w, 1);
	assert_int_equal(world_final(w), 503);
}

static int whole_registration(void *arg)
{
	(void)arg;
	struct world *w = world_make();
	if (!w)
		return -ENOMEM;
	unsigned status = world_sign_in(w, "alice", "wonder", 1);
	size_t rows = w->row_count;
	world_free(w);
	return status == 200 && rows == 1 ? 0 : -EIO;
}

static void survives_failing_allocations(void **state)
{
	(void)state;
	oom_walk(whole_registration, NULL);
}

int main(void)
{
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(signing_in_binds_and_authenticates_the_flow),
		TEST(the_answer_waits_for_the_store),
		TEST(a_failed_write_is_no_registration),
		TEST(a_full_disk_signs_nobody_out),
		TEST(a_query_lists_and_signs_nobody_in),
		TEST(removing_signs_nobody_in),
		TEST(rows_of_expires),
		TEST(contacts_expire),
		TEST(at_most_so_many_contacts),
		TEST(an_older_request_changes_nothing),
		TEST(the_same_contact_in_other_words_is_replaced),
		TEST(a_device_that_comes_back_replaces_itself),
		TEST(nobody_registers_for_others),
		TEST(other_domains_and_partners_have_no_registrar),
		TEST(the_store_ends_in_the_middle),
		TEST(a_silent_store_has_a_deadline),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
