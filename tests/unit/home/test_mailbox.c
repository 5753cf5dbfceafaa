/* SPDX-License-Identifier: Apache-2.0 */
/* What waits for a user: kept, delivered in order, deleted when it was taken
 * (MSG-01 to MSG-04, SIP-31). */
#include "world.h"

static void send_text(struct world *w, const char *to, const char *headers)
{
	char uri[128];
	snprintf(uri, sizeof(uri), "sip:%s", to);
	world_send_by(w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		      world_request(w, "MESSAGE", uri, "zoe@fabrikam.test", to,
				    headers));
}

static unsigned send_numbered(struct world *w, unsigned n)
{
	char header[32];
	snprintf(header, sizeof(header), "Subject: m%u\r\n", n);
	send_text(w, "alice@contoso.test", header);
	return world_final(w);
}

/* The next message that a device got: its number, or 0. */
static unsigned arrived(struct world *w, struct mail *copy)
{
	const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
	unsigned n = 0;
	if (!m)
		return 0;
	*copy = *m;
	const char *at = strstr(m->text, "Subject: m");
	if (at)
		sscanf(at, "Subject: m%u", &n);
	return n;
}

/* The device takes all that waits; the numbers as text. */
static const char *take_all(struct world *w)
{
	static char out[256];
	struct mail copy;
	unsigned n;
	out[0] = '\0';
	while ((n = arrived(w, &copy))) {
		size_t len = strlen(out);
		snprintf(out + len, sizeof(out) - len, "%u ", n);
		world_device(w, &copy, 200);
	}
	return out;
}

static void they_arrive_in_order_and_once(void **state)
{
	struct world *w = *state;
	uint64_t before = metric_get(M_HOME_STORED);
	for (unsigned n = 1; n <= 5; n++)
		assert_int_equal(send_numbered(w, n), 202);
	assert_int_equal(metric_get(M_HOME_STORED), before + 5);
	assert_int_equal(w->letter_count, 5);
	assert_int_equal(world_sign_in(w, "alice", "wonder", 5), 200);
	assert_string_equal(take_all(w), "1 2 3 4 5 ");
	assert_int_equal(w->letter_count, 0);
	assert_int_equal(w->taken, 5);
	assert_int_equal(world_sign_in(w, "alice", "wonder", 5), 200);
	assert_string_equal(take_all(w), "");
	assert_int_equal(home_busy(w->home), 0);
}

static void what_is_kept_is_what_would_have_been_sent(void **state)
{
	struct world *w = *state;
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_int_equal(world_final(w), 202);
	world_sign_in(w, "alice", "wonder", 5);
	struct mail m = *world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(strstr(m.text, "Route: <sip:token5@"));
	assert_non_null(
		strstr(m.text, "P-Asserted-Identity: <sip:bob@contoso.test>"));
	assert_non_null(strstr(m.text, "Date: Tue, 14 Nov 2023 22:13:20 GMT"));
	assert_null(strstr(m.text, "stored.invalid"));
	world_device(w, &m, 200);
	/* Date stays what it was */
	w->now_ms += 5000;
	world_send_by(w, &edge0, 9, ORIGIN_CLIENT, "192.0.2.1:4000",
		      world_request(w, "MESSAGE", "sip:bob@contoso.test",
				    "alice@contoso.test", "bob@contoso.test",
				    "P-Asserted-Identity: "
				    "<sip:alice@contoso.test>\r\n"
				    "Date: Mon, 13 Nov 2023 00:00:00 GMT\r\n"));
	assert_int_equal(world_final(w), 202);
	assert_non_null(strstr(w->letter[0].bytes, "Date: Mon, 13 Nov 2023"));
	assert_null(strstr(w->letter[0].bytes, "Date: Tue"));
}

static void no_202_before_the_store_has_it(void **state)
{
	struct world *w = *state;
	static const struct {
		uint32_t error;
		unsigned status;
	} rows[] = { { EIO, 503 },    { ENOSPC, 503 }, { EDQUOT, 480 },
		     { ENOENT, 404 }, { EBUSY, 503 },  { EEXIST, 202 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w->put_error = rows[i].error;
		assert_int_equal(send_numbered(w, 1), rows[i].status);
		bool later = rows[i].status == 503 || rows[i].status == 480;
		assert_int_equal(strstr(world_last(w), "Retry-After: ") != NULL,
				 later);
	}
	w->put_error = 0;
	w->store_deaf = true;
	assert_int_equal(send_numbered(w, 1), 0);
	world_wait(w, 3000);
	assert_int_equal(world_final(w), 503);
	w->store_full = true;
	assert_int_equal(send_numbered(w, 1), 503);
}

static void a_live_one_does_not_overtake(void **state)
{
	struct world *w = *state;
	struct mail one;
	assert_int_equal(send_numbered(w, 1), 202);
	world_sign_in(w, "alice", "wonder", 5);
	assert_int_equal(arrived(w, &one), 1);
	assert_int_equal(send_numbered(w, 2), 202);
	w->mail_count = w->mail_read = 0;
	world_device(w, &one, 200);
	assert_string_equal(take_all(w), "2 ");
	/* nothing waits any more: live again */
	assert_int_equal(send_numbered(w, 3), 0);
	w->mail_read = 0;
	assert_string_equal(take_all(w), "3 ");
	assert_int_equal(w->letter_count, 0);
}

static void errors_that_pass_are_retried_later(void **state)
{
	struct world *w = *state;
	static const unsigned seconds[] = {
		5, 15, 60, 120, 240, 480, 900, 900
	};
	struct mail m;
	assert_int_equal(send_numbered(w, 1), 202);
	assert_int_equal(send_numbered(w, 2), 202);
	world_sign_in(w, "alice", "wonder", 5);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(arrived(w, &m), 1);
		world_device(w, &m, i % 2 ? 500 : 480);
		assert_int_equal(arrived(w, &m), 0);
		/* the device signs in again meanwhile: its contact lives */
		w->mail_count = w->mail_read = 0;
		world_wait(w, seconds[i] * 1000ULL - 1);
		assert_int_equal(w->mail_count, 0);
		world_wait(w, 1);
		if (!w->mail_count)
			break; /* the contact has expired */
	}
	/* a registration is a reason to try at once */
	world_sign_in(w, "alice", "wonder", 5);
	assert_string_equal(take_all(w), "1 2 ");
}

static void a_silent_device_keeps_its_message(void **state)
{
	struct world *w = *state;
	struct mail m;
	assert_int_equal(send_numbered(w, 1), 202);
	world_sign_in(w, "alice", "wonder", 5);
	assert_int_equal(arrived(w, &m), 1);
	world_wait(w, 20000);
	assert_int_equal(w->letter_count, 1);
	world_sign_in(w, "alice", "wonder", 6);
	/* to both devices now */
	struct mail other;
	assert_int_equal(arrived(w, &m), 1);
	assert_int_equal(arrived(w, &other), 1);
	world_device(w, &other, 200);
	assert_int_equal(w->letter_count, 0);
}

static void a_flow_that_ends_in_the_middle(void **state)
{
	struct world *w = *state;
	struct ipc_msg down = { .type = IPC_FLOW_DOWN };
	struct mail m;
	assert_int_equal(send_numbered(w, 1), 202);
	world_sign_in(w, "alice", "wonder", 5);
	assert_int_equal(arrived(w, &m), 1);
	down.u.flow_down.flow = 5;
	home_from_edge(w->home, &edge0, &down);
	world_pump(w);
	assert_int_equal(w->letter_count, 1);
	world_sign_in(w, "alice", "wonder", 6);
	assert_string_equal(take_all(w), "1 ");
}

static void the_device_that_failed_is_not_asked_at_once(void **state)
{
	struct world *w = *state;
	struct mail m;
	world_sign_in(w, "alice", "wonder", 5);
	send_numbered(w, 1);
	w->mail_read = 0;
	assert_int_equal(arrived(w, &m), 1);
	world_device(w, &m, 500);
	assert_int_equal(world_final(w), 202);
	w->mail_count = w->mail_read = 0;
	world_wait(w, 4999);
	assert_int_equal(w->mail_count, 0);
	world_wait(w, 1);
	assert_string_equal(take_all(w), "1 ");
	/* another one that came meanwhile is */
	send_numbered(w, 2);
	w->mail_read = 0;
	assert_int_equal(arrived(w, &m), 2);
	world_sign_in(w, "alice", "wonder", 6);
	world_device(w, &m, 500);
	w->mail_read = 0;
	while (arrived(w, &m) && !strstr(m.text, "token6"))
		continue;
	assert_non_null(strstr(m.text, "token6"));
	world_device(w, &m, 200);
	assert_int_equal(w->letter_count, 0);
}

static void a_refusal_for_good_ends_it(void **state)
{
	struct world *w = *state;
	struct mail m;
	for (unsigned n = 1; n <= 3; n++)
		assert_int_equal(send_numbered(w, n), 202);
	world_sign_in(w, "alice", "wonder", 5);
	assert_int_equal(arrived(w, &m), 1);
	world_device(w, &m, 488);
	assert_int_equal(world_logged(w, "msg.refused"), 1);
	assert_int_equal(arrived(w, &m), 2);
	world_device(w, &m, 606);
	assert_string_equal(take_all(w), "3 ");
	assert_int_equal(w->letter_count, 0);
}

static void what_cannot_be_read_is_passed_over(void **state)
{
	struct world *w = *state;
	for (unsigned n = 1; n <= 3; n++)
		assert_int_equal(send_numbered(w, n), 202);
	w->letter[1].bytes[0] = '\t';
	world_sign_in(w, "alice", "wonder", 5);
	assert_string_equal(take_all(w), "1 3 ");
	assert_int_equal(w->letter_count, 1);
	assert_int_equal(w->letter[0].attempts, 2);
	assert_int_equal(w->taken, 2);
}

static void deleted_late_but_delivered_once(void **state)
{
	struct world *w = *state;
	struct mail m;
	assert_int_equal(send_numbered(w, 1), 202);
	world_sign_in(w, "alice", "wonder", 5);
	assert_int_equal(arrived(w, &m), 1);
	w->store_broken = true;
	w->store_deaf = true;
	world_device(w, &m, 200);
	world_wait(w, 3000); /* the deletion is not answered */
	w->question_count = 0;
	w->store_broken = w->store_deaf = false;
	world_sign_in(w, "alice", "wonder", 5);
	assert_string_equal(take_all(w), "");
	assert_int_equal(w->letter_count, 0);
}

static void a_new_home_goes_on_and_knows(void **state)
{
	struct world *w = *state;
	char text[TEXT_MAX];
	struct mail m;
	world_sign_in(w, "bob", "builder", 6);
	send_text(w, "bob@contoso.test", "");
	m = *world_mail(w, IPC_SIP_FROM_HOME);
	snprintf(text, sizeof(text), "%s",
		 world_request(w, "MESSAGE", "sip:bob@contoso.test",
			       "zoe@fabrikam.test", "bob@contoso.test", ""));
	world_device(w, &m, 200);
	world_send_by(w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		      text);
	m = *world_mail(w, IPC_SIP_FROM_HOME);
	world_device(w, &m, 200);
	assert_int_equal(send_numbered(w, 1), 202);
	world_restart(w);
	/* one that was answered before the restart: the same answer */
	char *branch = strstr(text, "z9hG4bKe");
	assert_non_null(branch);
	branch[8] = 'x'; /* another transaction, the same message */
	world_send_by(w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		      text);
	assert_int_equal(world_final(w), 200);
	w->mail_read = 0;
	assert_null(world_mail(w, IPC_SIP_FROM_HOME));
	world_sign_in(w, "alice", "wonder", 5);
	assert_string_equal(take_all(w), "1 ");
}

static void a_store_that_ends_in_the_middle(void **state)
{
	struct world *w = *state;
	struct mail m;
	assert_int_equal(send_numbered(w, 1), 202);
	assert_int_equal(send_numbered(w, 2), 202);
	world_sign_in(w, "alice", "wonder", 5);
	assert_int_equal(arrived(w, &m), 1);
	w->store_deaf = true;
	world_device(w, &m, 200);
	home_store_gone(w->home);
	w->question_count = 0;
	w->store_deaf = false;
	home_store_up(w->home);
	w->mail_count = w->mail_read = 0;
	world_pump(w);
	assert_string_equal(take_all(w), "2 ");
	assert_int_equal(w->letter_count, 0);
}

static void some_kinds_are_never_kept(void **state)
{
	struct world *w = *state;
	static const char *const rows[] = {
		"Content-Type: application/im-iscomposing+xml\r\n",
		"Content-Type: APPLICATION/IM-isComposing+xml;a=b\r\n",
		"Expires: 0\r\n",
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		send_text(w, "alice@contoso.test", rows[i]);
		assert_int_equal(world_final(w), 480);
	}
	/* other methods, and a MESSAGE inside of a dialog */
	world_send_by(w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		      world_request(w, "INFO", "sip:alice@contoso.test",
				    "zoe@fabrikam.test", "alice@contoso.test",
				    ""));
	assert_int_equal(world_final(w), 480);
	world_send_by(w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		      world_request(w, "MESSAGE", "sip:alice@contoso.test",
				    "zoe@fabrikam.test",
				    "alice@contoso.test>;tag=9;x=<", ""));
	assert_int_equal(w->letter_count, 0);
}

/* A MESSAGE with a body. */
static void send_body(struct world *w, const char *type, const char *body)
{
	char text[TEXT_MAX];
	snprintf(text, sizeof(text),
		 "MESSAGE sip:alice@contoso.test SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS edge.contoso.test;branch=z9hG4bKb%u\r\n"
		 "From: <sip:zoe@fabrikam.test>;tag=1\r\n"
		 "To: <sip:alice@contoso.test>\r\nCall-ID: body-%u\r\n"
		 "CSeq: 1 MESSAGE\r\nContent-Type: %s\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 w->serial, w->serial, type, strlen(body), body);
	w->serial++;
	world_send_by(w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		      text);
}

#define CPIM(wishes, type)                                  \
	"From: Zoe <sip:zoe@fabrikam.test>\r\n"             \
	"To: <sip:alice@contoso.test>\r\n"                  \
	"NS: imdn <urn:ietf:params:imdn>\r\n"               \
	"imdn.Message-ID: a&b\r\n"                          \
	"imdn.Disposition-Notification: " wishes "\r\n\r\n" \
	"Content-Type: " type "\r\n\r\nhello"

static void senders_hear_what_they_asked_for(void **state)
{
	struct world *w = *state;
	const struct mail *m;
	struct mail copy;
	send_body(w, "message/cpim",
		  CPIM("processing, negative-delivery", "text/plain"));
	assert_true(w->letter[0].notify);
	m = world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(m);
	assert_non_null(
		strstr(m->text, "MESSAGE sip:zoe@fabrikam.test SIP/2.0"));
	assert_non_null(strstr(m->text, "From: <sip:alice@contoso.test>;tag="));
	assert_non_null(strstr(m->text, "<message-id>a&amp;b</message-id>"));
	assert_non_null(strstr(m->text, "<processing-notification><status>"
					"<stored/>"));
	assert_non_null(strstr(m->text, "To: Zoe <sip:zoe@fabrikam.test>"));
	w->mail_read = 0;
	assert_int_equal(world_final(w), 202);
	/* and that it was refused */
	world_sign_in(w, "alice", "wonder", 5);
	copy = *world_mail(w, IPC_SIP_FROM_HOME);
	w->mail_count = w->mail_read = 0;
	world_device(w, &copy, 488);
	m = world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(m);
	assert_non_null(strstr(m->text, "<delivery-notification><status>"
					"<failed/>"));
	assert_int_equal(w->letter_count, 0);
}

static void nobody_hears_what_nobody_asked(void **state)
{
	struct world *w = *state;
	send_body(w, "message/cpim", CPIM("display", "text/plain"));
	send_body(w, "message/cpim",
		  CPIM("processing, negative-delivery", "message/imdn+xml"));
	send_body(w, "text/plain",
		  CPIM("processing, negative-delivery", "text/plain"));
	assert_int_equal(w->letter_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_false(w->letter[i].notify);
	w->mail_read = 0;
	assert_null(world_mail(w, IPC_SIP_FROM_HOME));
	send_body(w, "message/cpim",
		  CPIM("processing", "application/im-iscomposing+xml"));
	assert_int_equal(world_final(w), 480);
}

static void the_sender_of_a_lost_one_is_told(void **state)
{
	struct world *w = *state;
	struct ipc_msg lost = { .type = IPC_MESSAGE_LOST };
	send_body(w, "message/cpim", CPIM("negative-delivery", "text/plain"));
	lost.u.message_lost.key = w->letter[0].key;
	lost.u.message_lost.bytes = slice_str(w->letter[0].bytes);
	w->mail_count = w->mail_read = 0;
	home_from_store(w->home, &lost);
	world_pump(w);
	assert_non_null(
		strstr(world_mail(w, IPC_SIP_FROM_HOME)->text, "<failed/>"));
	assert_int_equal(w->letter_count, 0);
}

static int whole_story(void *arg)
{
	(void)arg;
	struct world *w = world_make();
	struct mail m;
	int err = -EIO;
	if (!w)
		return -ENOMEM;
	send_body(w, "message/cpim",
		  CPIM("processing, negative-delivery", "text/plain"));
	if (world_final(w) == 202 &&
	    world_sign_in(w, "alice", "wonder", 5) == 200) {
		const struct mail *at = world_mail(w, IPC_SIP_FROM_HOME);
		if (at) {
			m = *at;
			world_device(w, &m, 488);
			err = w->letter_count ? -EIO : 0;
		}
	}
	world_free(w);
	return err;
}

static void survives_failing_allocations(void **state)
{
	(void)state;
	oom_walk(whole_story, NULL);
}

int main(void)
{
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(they_arrive_in_order_and_once),
		TEST(what_is_kept_is_what_would_have_been_sent),
		TEST(no_202_before_the_store_has_it),
		TEST(a_live_one_does_not_overtake),
		TEST(errors_that_pass_are_retried_later),
		TEST(a_silent_device_keeps_its_message),
		TEST(a_flow_that_ends_in_the_middle),
		TEST(the_device_that_failed_is_not_asked_at_once),
		TEST(a_refusal_for_good_ends_it),
		TEST(what_cannot_be_read_is_passed_over),
		TEST(deleted_late_but_delivered_once),
		TEST(a_new_home_goes_on_and_knows),
		TEST(a_store_that_ends_in_the_middle),
		TEST(some_kinds_are_never_kept),
		TEST(senders_hear_what_they_asked_for),
		TEST(nobody_hears_what_nobody_asked),
		TEST(the_sender_of_a_lost_one_is_told),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
