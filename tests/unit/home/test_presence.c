/* SPDX-License-Identifier: Apache-2.0 */
/* Presence through home: who is answered, where NOTIFYs go, what a restart of
 * home and a lost connection do (RFC 3856, RFC 3903, SIP-20, SIP-33). */
#include "world.h"

#define PIDF                                                         \
	"<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "           \
	"entity=\"sip:alice@contoso.test\"><tuple id=\"t\"><status>" \
	"<basic>open</basic></status><note>busy</note></tuple></presence>"

/* world_request() has no body. */
static const char *with_body(const char *text, const char *body)
{
	static char all[TEXT_MAX];
	const char *at = strstr(text, "Content-Length: 0\r\n");
	assert_non_null(at);
	snprintf(all, sizeof(all), "%.*sContent-Length: %zu\r\n\r\n%s",
		 (int)(at - text), text, strlen(body), body);
	return all;
}

static unsigned publish(struct world *w, const char *as, const char *headers)
{
	char all[512];
	snprintf(all, sizeof(all),
		 "P-Asserted-Identity: <sip:%s>\r\nEvent: presence\r\n"
		 "Content-Type: application/pidf+xml\r\n%s",
		 as, headers);
	world_send(
		w, 5,
		with_body(world_request(w, "PUBLISH", "sip:alice@contoso.test",
					as, "alice@contoso.test", all),
			  PIDF));
	return world_final(w);
}

/* From outside: zoe watches alice. */
static unsigned watch(struct world *w, const char *event)
{
	char headers[512];
	snprintf(headers, sizeof(headers),
		 "Contact: <sip:zoe@10.9.9.9>\r\nEvent: %s\r\nExpires: 600\r\n"
		 "Record-Route: <sip:token@edge.contoso.test;lr>, "
		 "<sip:their@edge.fabrikam.test;lr>\r\n",
		 event);
	world_send_by(w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		      world_request(w, "SUBSCRIBE", "sip:alice@contoso.test",
				    "zoe@fabrikam.test", "alice@contoso.test",
				    headers));
	return world_final(w);
}

/* The next NOTIFY of home, answered. */
static const struct mail *notified(struct world *w, uint64_t ms)
{
	w->mail_count = w->mail_read = 0;
	world_wait(w, ms);
	const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
	if (m) {
		struct mail copy = *m;
		assert_memory_equal(m->text, "NOTIFY ", 7);
		world_device(w, &copy, 200);
	}
	return m;
}

static void a_partner_watches(void **state)
{
	struct world *w = *state;
	assert_int_equal(watch(w, "presence"), 200);
	const char *answer = world_last(w);
	assert_non_null(strstr(answer, "\r\nExpires: 600\r\n"));
	assert_non_null(
		strstr(answer, "\r\nContact: <sip:alice@contoso.test>\r\n"));
	assert_non_null(strstr(answer, "\r\nRecord-Route: <sip:token@"));
	const struct mail *m = notified(w, 0);
	assert_non_null(m);
	assert_int_equal(m->slot, 1); /* the way it came */
	assert_non_null(strstr(m->text, "Via: SIP/2.0/TLS "
					"home.edge.contoso.test;"));
	assert_null(strstr(m->text, "presence.invalid"));
	assert_non_null(strstr(m->text, "Route: <sip:token@edge.contoso.test;"
					"lr>, <sip:their@"));
	assert_non_null(strstr(m->text, "<basic>closed</basic>"));
	/* signed in, published, and gone */
	world_sign_in(w, "alice", "wonder", 5);
	m = notified(w, 1000);
	assert_non_null(strstr(m->text, "<basic>open</basic>"));
	assert_int_equal(publish(w, "alice@contoso.test", ""), 200);
	assert_non_null(strstr(world_last(w), "\r\nSIP-ETag: "));
	m = notified(w, 1000);
	assert_non_null(strstr(m->text, "busy"));
	struct ipc_msg down = { .type = IPC_FLOW_DOWN };
	down.u.flow_down.flow = 5;
	home_from_edge(w->home, &edge0, &down);
	m = notified(w, 1000);
	assert_non_null(strstr(m->text, "<basic>closed</basic>"));
	assert_null(notified(w, 5000));
	assert_int_equal(home_busy(w->home), 0);
}

static void a_local_watcher_is_reached_by_its_connection(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "bob", "builder", 6);
	world_send(w, 6,
		   world_request(w, "SUBSCRIBE", "sip:alice@contoso.test",
				 "bob@contoso.test", "alice@contoso.test",
				 "P-Asserted-Identity: <sip:bob@contoso.test>"
				 "\r\nContact: <sip:bob@10.0.0.6>\r\n"
				 "Event: presence\r\n"
				 "Record-Route: <sip:six@edge.contoso.test;lr>"
				 "\r\n"));
	assert_int_equal(world_final(w), 200);
	const struct mail *m = notified(w, 0);
	assert_int_equal(m->slot, 0);
	assert_non_null(strstr(m->text, "Route: <sip:six@edge.contoso.test"));
	struct ipc_msg down = { .type = IPC_FLOW_DOWN };
	down.u.flow_down.flow = 6;
	home_from_edge(w->home, &edge0, &down);
	world_pump(w);
	assert_int_equal(w->soft_count, 0);
	world_sign_in(w, "alice", "wonder", 5);
	assert_null(notified(w, 5000));
}

/* The first one is recorded on its way; later ones are given to the worker as
 * they are, and what the client says of them comes back as a number. */
static void a_local_watcher_is_told_directly(void **state)
{
	struct world *w = *state;
	struct ipc_msg end = { .type = IPC_NOTICE_END };
	world_sign_in(w, "bob", "builder", 6);
	world_send(w, 6,
		   world_request(w, "SUBSCRIBE", "sip:alice@contoso.test",
				 "bob@contoso.test", "alice@contoso.test",
				 "P-Asserted-Identity: <sip:bob@contoso.test>"
				 "\r\nContact: <sip:bob@10.0.0.6>\r\n"
				 "Event: presence\r\n"
				 "Record-Route: <sip:six@edge.contoso.test;lr>"
				 "\r\n"));
	assert_int_equal(world_final(w), 200);
	assert_non_null(notified(w, 0));
	world_sign_in(w, "alice", "wonder", 5);
	w->mail_count = w->mail_read = 0;
	world_wait(w, 1000);
	const struct mail *m = world_mail(w, IPC_NOTICE);
	assert_non_null(m);
	assert_int_equal(m->slot, 0);
	assert_int_equal(m->flow, 6);
	assert_memory_equal(m->text, "NOTIFY sip:bob@10.0.0.6 SIP/2.0\r\n", 33);
	assert_null(strstr(m->text, "Via:"));
	assert_null(strstr(m->text, "Route:"));
	assert_non_null(strstr(m->text, "<basic>open</basic>"));
	end.u.notice_end.id = m->status;
	end.u.notice_end.status = 481;
	world_wait(w, 5000);
	w->mail_count = w->mail_read = 0;
	home_from_edge(w->home, &edge0, &end);
	world_pump(w);
	assert_int_equal(w->soft_count, 0); /* the dialog is over */
	assert_int_equal(home_busy(w->home), 0);
}

static void without_a_password_nobody_publishes(void **state)
{
	struct world *w = *state;
	static const char *const methods[] = { "PUBLISH", "SUBSCRIBE" };
	for (size_t i = 0; i < 2; i++) {
		world_send(w, 5,
			   world_request(
				   w, methods[i], "sip:alice@contoso.test",
				   "alice@contoso.test", "alice@contoso.test",
				   "Event: presence\r\n"));
		assert_int_equal(world_final(w), 407);
	}
	world_sign_in(w, "bob", "builder", 5);
	assert_int_equal(publish(w, "bob@contoso.test", ""), 403);
	assert_int_equal(watch(w, "presence.winfo"), 403);
}

static void refusals_explain_themselves(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	assert_int_equal(publish(w, "alice@contoso.test", "Expires: 5\r\n"),
			 423);
	assert_non_null(strstr(world_last(w), "\r\nMin-Expires: 60\r\n"));
	world_send(w, 5,
		   with_body(world_request(
				     w, "PUBLISH", "sip:alice@contoso.test",
				     "alice@contoso.test", "alice@contoso.test",
				     "P-Asserted-Identity: "
				     "<sip:alice@contoso.test>\r\n"
				     "Event: dialog\r\n"),
			     PIDF));
	assert_int_equal(world_final(w), 489);
	assert_non_null(
		strstr(world_last(w),
		       "\r\nAllow-Events: presence, presence.winfo, reg\r\n"));
	/* packages of devices go to the devices */
	assert_int_equal(watch(w, "dialog"), 0);
	w->mail_read = 0;
	assert_non_null(world_mail(w, IPC_SIP_FROM_HOME));
}

static void lists_come_from_the_store(void **state)
{
	struct world *w = *state;
	struct ipc_msg changed = { .type = IPC_CONTACT_CHANGED };
	changed.u.contact_changed.owner = SLICE_LIT("alice@contoso.test");
	w->contact[0] =
		(struct contact_row){ "alice@contoso.test", "zoe@fabrikam.test",
				      CONTACT_BLOCKED };
	world_sign_in(w, "alice", "wonder", 5);
	assert_int_equal(watch(w, "presence"), 200);
	const struct mail *m = notified(w, 0);
	assert_non_null(strstr(m->text, "<basic>closed</basic>"));
	assert_non_null(strstr(m->text, "Subscription-State: active"));
	w->contact[0].rule = CONTACT_ALLOWED;
	home_from_store(w->home, &changed);
	world_pump(w);
	m = notified(w, 1000);
	assert_non_null(strstr(m->text, "<basic>open</basic>"));
}

static void nobody_vouches_for_the_sender(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *type, *mark, *state;
	} rows[] = {
		{ "AuthorizedServer", "unverified",
		  "Subscription-State: pending" },
		{ "AuthorizedServer", "verified",
		  "Subscription-State: active" },
		{ "DirectPartner", "unverified", "Subscription-State: active" },
	};
	for (size_t i = 0; i < 3; i++) {
		char event[256];
		snprintf(event, sizeof(event),
			 "presence;id=%zu\r\nms-edge-proxy-message-trust: "
			 "ms-source-type=%s;ms-ep-fqdn=edge.x.test;"
			 "ms-source-verified-user=%s;"
			 "ms-source-network=federation",
			 i, rows[i].type, rows[i].mark);
		assert_int_equal(watch(w, event), 200);
		const struct mail *m = notified(w, 0);
		assert_non_null(strstr(m->text, rows[i].state));
	}
}

static void the_list_of_contacts(void **state)
{
	struct world *w = *state;
	w->contact[0] =
		(struct contact_row){ "bob@contoso.test", "alice@contoso.test",
				      CONTACT_LISTED };
	w->contact[1] =
		(struct contact_row){ "bob@contoso.test", "zoe@fabrikam.test",
				      CONTACT_LISTED };
	world_sign_in(w, "bob", "builder", 6);
	static const char *const supported[] = { "", "Supported: eventlist"
						     "\r\n" };
	for (size_t i = 0; i < 2; i++) {
		char headers[512];
		snprintf(headers, sizeof(headers),
			 "P-Asserted-Identity: <sip:bob@contoso.test>\r\n"
			 "Contact: <sip:bob@10.0.0.6>\r\nEvent: presence\r\n%s",
			 supported[i]);
		world_send(w, 6,
			   world_request(w, "SUBSCRIBE",
					 "sip:contacts@edge.contoso.test",
					 "bob@contoso.test",
					 "contacts@edge.contoso.test",
					 headers));
		assert_int_equal(world_final(w), i ? 200 : 421);
	}
	const struct mail *m = notified(w, 0);
	assert_non_null(strstr(m->text, "Require: eventlist\r\n"));
	assert_non_null(strstr(m->text, "uri=\"sip:alice@contoso.test\""));
	assert_non_null(strstr(m->text, "uri=\"sip:zoe@fabrikam.test\""));
	assert_non_null(strstr(m->text, "<basic>closed</basic>"));
	/* nobody else has that list */
	world_send_by(
		w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		world_request(w, "SUBSCRIBE", "sip:contacts@edge.contoso.test",
			      "zoe@fabrikam.test", "contacts@edge.contoso.test",
			      "Event: presence\r\n"));
	assert_int_equal(world_final(w), 404);
}

static void a_restart_forgets_nothing(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	assert_int_equal(publish(w, "alice@contoso.test", ""), 200);
	assert_int_equal(watch(w, "presence"), 200);
	assert_non_null(notified(w, 0));
	assert_int_equal(w->soft_count, 2);
	world_restart(w);
	const struct mail *m = notified(w, 0);
	assert_non_null(m);
	assert_non_null(strstr(m->text, "busy"));
	/* what the lost connection said is gone, before and after */
	struct ipc_msg down = { .type = IPC_FLOW_DOWN };
	down.u.flow_down.flow = 5;
	home_from_edge(w->home, &edge0, &down);
	m = notified(w, 1000);
	assert_non_null(strstr(m->text, "<basic>closed</basic>"));
	assert_int_equal(w->soft_count, 1);
}

static void a_watcher_that_is_silent_is_dropped(void **state)
{
	struct world *w = *state;
	assert_int_equal(watch(w, "presence"), 200);
	world_wait(w, 0);
	assert_int_equal(w->soft_count, 1);
	world_wait(w, 30999);
	assert_int_equal(w->soft_count, 1);
	world_wait(w, 2);
	assert_int_equal(w->soft_count, 0);
}

static void a_removed_user_ends_what_is_watched(void **state)
{
	struct world *w = *state;
	struct ipc_msg changed = { .type = IPC_USER_CHANGED };
	changed.u.user_changed.aor = SLICE_LIT("alice@contoso.test");
	assert_int_equal(watch(w, "presence"), 200);
	assert_non_null(notified(w, 0));
	w->account[0].aor = NULL;
	home_from_store(w->home, &changed);
	world_pump(w);
	const struct mail *m = notified(w, 0);
	assert_non_null(strstr(m->text, "terminated;reason=noresource"));
	assert_int_equal(w->soft_count, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_local_watcher_is_told_directly),
		TEST(a_partner_watches),
		TEST(a_local_watcher_is_reached_by_its_connection),
		TEST(without_a_password_nobody_publishes),
		TEST(refusals_explain_themselves),
		TEST(lists_come_from_the_store),
		TEST(nobody_vouches_for_the_sender),
		TEST(the_list_of_contacts),
		TEST(a_restart_forgets_nothing),
		TEST(a_watcher_that_is_silent_is_dropped),
		TEST(a_removed_user_ends_what_is_watched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
