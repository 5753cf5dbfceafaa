/* SPDX-License-Identifier: Apache-2.0 */
/* Messages through home: who may send, where they go, what comes back
 * (SIP-20, SIP-25, SIP-31). */
#include "world.h"

static void outside(struct world *w, const char *from, const char *to)
{
	char uri[128];
	snprintf(uri, sizeof(uri), "sip:%s", to);
	world_send_by(w, &edge1, 77, ORIGIN_FEDERATION, "198.51.100.1:5061",
		      world_request(w, "MESSAGE", uri, from, to, ""));
}

static void a_message_goes_to_the_device_by_its_path(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(m);
	assert_int_equal(m->slot, 0); /* where alice's flow is */
	assert_non_null(strstr(
		m->text, "MESSAGE sip:alice@10.0.0.5:5061;transport=tls "));
	assert_non_null(
		strstr(m->text, "Route: <sip:token5@edge.contoso.test;lr>"));
	assert_non_null(strstr(m->text, "Via: SIP/2.0/TLS "
					"home.edge.contoso.test;"));
	uint64_t before = metric_get(M_HOME_DELIVERED);
	world_device(w, m, 200);
	assert_int_equal(world_final(w), 200);
	assert_int_equal(w->mail[w->mail_count - 1].slot, 1);
	assert_int_equal(metric_get(M_HOME_DELIVERED), before + 1);
	assert_int_equal(home_busy(w->home), 0);
}

static void unknown_disabled_and_offline_users(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *to;
		unsigned status;
		const char *says;
	} rows[] = {
		{ "alice@contoso.test", 202, "Accepted" },
		{ "nobody@contoso.test", 404,
		  "ms-diagnostics-public: 1003;reason=\"Not Found\";"
		  "source=\"edge.contoso.test\"" },
		{ "carol@contoso.test", 404, "1003" },
	};
	for (size_t i = 0; i < 3; i++) {
		outside(w, "zoe@fabrikam.test", rows[i].to);
		assert_int_equal(world_final(w), rows[i].status);
		assert_non_null(strstr(world_last(w), rows[i].says));
		world_message(w, "bob@contoso.test", rows[i].to);
		assert_int_equal(world_final(w), rows[i].status);
	}
}

/* The record is there and its question not answered yet: who comes now still
 * stands behind those who wait. */
static void who_waits_for_a_record_is_not_overtaken(void **state)
{
	struct world *w = *state;
	static const char *const from[] = { "first@fabrikam.test",
					    "second@fabrikam.test",
					    "third@fabrikam.test" };
	struct ipc_msg record = { .type = IPC_USER };
	w->store_deaf = true;
	outside(w, from[0], "alice@contoso.test");
	outside(w, from[1], "alice@contoso.test");
	assert_int_equal(w->question_count, 1);
	record.u.user.id = w->question[0].id;
	record.u.user.aor = SLICE_LIT("alice@contoso.test");
	home_from_store(w->home, &record);
	outside(w, from[2], "alice@contoso.test");
	assert_int_equal(w->question_count, 1);
	w->store_deaf = false;
	world_pump(w);
	assert_int_equal(w->letter_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_non_null(strstr(w->letter[i].bytes, from[i]));
}

static void who_waits_hears_that_there_is_no_store(void **state)
{
	struct world *w = *state;
	w->store_deaf = true;
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	assert_int_equal(w->question_count, 1);
	home_store_gone(w->home);
	for (unsigned i = 0; i < 2; i++)
		assert_true(world_final(w) >= 500);
	assert_int_equal(home_busy(w->home), 0);
}

/* Neither record nor request is left behind. */
static void an_end_while_somebody_waits(void **state)
{
	struct world *w = *state;
	w->store_deaf = true;
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	assert_int_equal(home_busy(w->home), 2);
}

static void a_silent_device_is_given_up_in_time(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	world_wait(w, 7999);
	assert_int_equal(world_final(w), 0);
	world_wait(w, 1);
	assert_int_equal(world_final(w), 202);
}

static void two_devices_ring_and_the_best_answer_wins(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	world_sign_in(w, "alice", "wonder", 6);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	struct mail one = *world_mail(w, IPC_SIP_FROM_HOME);
	struct mail two = *world_mail(w, IPC_SIP_FROM_HOME);
	assert_null(world_mail(w, IPC_SIP_FROM_HOME));
	world_device(w, &one, 486);
	assert_int_equal(world_final(w), 0);
	world_device(w, &two, 200);
	assert_int_equal(world_final(w), 200);
}

static void nobody_speaks_for_others(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "bob", "builder", 5);
	/* a partner in our name */
	outside(w, "alice@contoso.test", "bob@contoso.test");
	assert_int_equal(world_final(w), 403);
	assert_non_null(strstr(world_last(w), "ms-diagnostics-public: 1017"));
	/* a client in another's, in a partner's, in nobody's */
	static const char *const from[] = { "alice@contoso.test",
					    "zoe@fabrikam.test",
					    "nobody@contoso.test",
					    "carol@contoso.test" };
	for (size_t i = 0; i < 4; i++) {
		const char *as = i < 2 ? "bob@contoso.test" : from[i];
		char head[128];
		snprintf(head, sizeof(head),
			 "P-Asserted-Identity: <sip:%s>\r\n", as);
		world_send(w, 5,
			   world_request(w, "MESSAGE", "sip:bob@contoso.test",
					 from[i], "bob@contoso.test", head));
		assert_int_equal(world_final(w), 403);
	}
	world_send(
		w, 5,
		world_request(w, "MESSAGE", "sip:bob@contoso.test",
			      "bob@contoso.test", "bob@contoso.test",
			      "P-Asserted-Identity: <sip:bob@contoso.test>\r\n"
			      "P-Asserted-Identity: <sip:al@contoso.test>"
			      "\r\n"));
	assert_int_equal(world_final(w), 403);
	for (size_t i = 0; i < w->mail_count; i++)
		assert_int_not_equal(w->mail[i].type, IPC_SIP_FROM_HOME);
}

static void every_method_is_challenged_but_ack(void **state)
{
	struct world *w = *state;
	static const char *const methods[] = { "MESSAGE", "SUBSCRIBE",
					       "PUBLISH", "INVITE",
					       "REFER",   "OPTIONS",
					       "NOTIFY",  "FUNNY" };
	world_sign_in(w, "bob", "builder", 5);
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		world_send(w, 1,
			   world_request(w, methods[i], "sip:bob@contoso.test",
					 "alice@contoso.test",
					 "bob@contoso.test", ""));
		assert_int_equal(world_final(w), 407);
		assert_non_null(strstr(world_last(w), "Proxy-Authenticate: "));
		w->mail_read = 0;
		assert_null(world_mail(w, IPC_SIP_FROM_HOME));
	}
	world_send(w, 1,
		   world_request(w, "ACK", "sip:bob@contoso.test",
				 "alice@contoso.test", "bob@contoso.test", ""));
	assert_non_null(world_mail(w, IPC_SIP_FROM_HOME));
	assert_string_equal(world_last(w), "");
	world_send(w, 1,
		   world_request(w, "ACK", "sip:zoe@fabrikam.test",
				 "alice@contoso.test", "zoe@fabrikam.test",
				 ""));
	assert_int_equal(w->mail_count, 0);
}

/* Without a signed-in flow, by Proxy-Authorization. */
static void send_signed(struct world *w, const char *uri, const char *from)
{
	struct signing s = { "alice",        "wonder", uri, "MESSAGE",
			     SIP_ALG_SHA256, NULL,     true };
	world_send(w, 1, world_request(w, "MESSAGE", uri, from, uri + 4, ""));
	assert_int_equal(world_final(w), 407);
	assert_true(world_keep_nonce(w));
	world_send(w, 1,
		   world_request(w, "MESSAGE", uri, from, uri + 4,
				 world_sign(w, &s)));
}

static void a_signed_message_names_its_sender(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "bob", "builder", 5);
	send_signed(w, "sip:bob@contoso.test", "alice@contoso.test");
	const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(m);
	assert_non_null(strstr(
		m->text, "P-Asserted-Identity: <sip:alice@contoso.test>"));
	assert_null(strstr(m->text, "Proxy-Authorization"));
	send_signed(w, "sip:bob@contoso.test", "bob@contoso.test");
	assert_int_equal(world_final(w), 403);
}

static void out_of_the_house_by_the_same_worker(void **state)
{
	struct world *w = *state;
	world_send_by(
		w, &edge1, 3, ORIGIN_CLIENT, "192.0.2.1:1",
		world_request(w, "MESSAGE", "sip:zoe@fabrikam.test;x=1",
			      "alice@contoso.test", "zoe@fabrikam.test",
			      "P-Asserted-Identity: "
			      "<sip:alice@contoso.test>\r\n"
			      "Authorization: Digest username=\"a\"\r\n"));
	const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(m);
	assert_int_equal(m->slot, 1);
	assert_non_null(strstr(m->text, "MESSAGE sip:zoe@fabrikam.test;x=1 "));
	assert_null(strstr(m->text, "Authorization"));
	struct mail kept = *m;
	world_wait(w, 24000);
	assert_int_equal(world_final(w), 0);
	world_device(w, &kept, 202);
	assert_int_equal(world_final(w), 202);
}

static void no_transit_for_partners(void **state)
{
	struct world *w = *state;
	outside(w, "zoe@fabrikam.test", "someone@litware.test");
	assert_int_equal(world_final(w), 403);
	assert_non_null(strstr(world_last(w), "ms-diagnostics-public: 1005"));
}

#define SHARED_MARK                                                     \
	"ms-edge-proxy-message-trust: ms-source-type=AuthorizedServer;" \
	"ms-source-verified-user=verified;shared-address-space=true\r\n"

/* To whom does what that sender wrote go: away, or what is its answer? */
static unsigned split(struct world *w, const char *from, const char *to,
		      const char *mark)
{
	char uri[128];
	snprintf(uri, sizeof(uri), "sip:%s", to);
	w->mail_read = w->mail_count = 0;
	world_send_by(w, &edge0, 7, ORIGIN_FEDERATION, "192.0.2.9:1",
		      world_request(w, "MESSAGE", uri, from, to, mark));
	for (size_t i = 0; i < w->mail_count; i++)
		if (w->mail[i].type == IPC_SIP_FROM_HOME)
			return 1;
	return world_final(w);
}

/* Whom we do not know the provider has; what it sent does not go back, and it
 * speaks for none who lives here. */
static void a_split_domain(void **state)
{
	struct world *w = *state;
	static const struct slice shared = { (const uint8_t *)"contoso.test",
					     12 };
	static const struct {
		const char *from, *to, *mark;
		unsigned status; /* 1: away */
	} rows[] = {
		{ "zoe@fabrikam.test", "ghost@contoso.test", "", 1 },
		{ "zoe@fabrikam.test", "alice@contoso.test", "", 202 },
		{ "zoe@fabrikam.test", "ghost@contoso.test", SHARED_MARK, 404 },
		{ "dora@contoso.test", "alice@contoso.test", SHARED_MARK, 202 },
		{ "dora@contoso.test", "ghost@contoso.test", SHARED_MARK, 404 },
		{ "bob@contoso.test", "alice@contoso.test", SHARED_MARK, 403 },
		{ "carol@contoso.test", "alice@contoso.test", SHARED_MARK,
		  403 }, /* disabled is not elsewhere */
		{ "dora@contoso.test", "alice@contoso.test", "", 403 },
	};
	w->conf.shared = &shared;
	w->conf.shared_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned got = split(w, rows[i].from, rows[i].to, rows[i].mark);
		if (got != rows[i].status)
			fail_msg("row %zu: %u", i, got);
	}
	/* not of every domain */
	w->conf.shared_count = 0;
	assert_int_equal(
		split(w, "zoe@fabrikam.test", "ghost@contoso.test", ""), 404);
}

/* What the edge is told of a user: 1 or 0, or 2: it is not known. */
static int homed(struct world *w, const char *aor)
{
	struct ipc_msg m = { .type = IPC_HOMED_GET };
	m.u.homed_get.id = 77;
	m.u.homed_get.aor = slice_str(aor);
	w->mail_count = w->mail_read = 0;
	home_from_edge(w->home, &edge1, &m);
	world_pump(w);
	if (!w->mail_count)
		return -1;
	assert_int_equal(w->mail_count, 1);
	assert_int_equal(w->mail[0].type, IPC_HOMED);
	assert_int_equal(w->mail[0].slot, 1);
	assert_int_equal(w->mail[0].flow, 77);
	return (int)w->mail[0].status;
}

/* Who is locked out lives here all the same. */
static void the_edge_asks_who_lives_here(void **state)
{
	struct world *w = *state;
	for (unsigned i = 0; i < 2; i++) { /* of the store, then by heart */
		size_t asked = w->asked;
		assert_int_equal(homed(w, "alice@contoso.test"), 1);
		assert_int_equal(homed(w, "carol@contoso.test"), 1);
		assert_int_equal(homed(w, "ghost@contoso.test"), 0);
		assert_int_equal(w->asked - asked, i ? 0 : 3);
	}
	w->store_deaf = true;
	assert_int_equal(homed(w, "bob@contoso.test"), -1); /* not yet */
	world_wait(w, 4000);
	assert_int_equal(w->mail_count, 1);
	assert_int_equal(w->mail[0].status, 2);
	home_store_gone(w->home);
	assert_int_equal(homed(w, "dora@contoso.test"), 2);
}

static void we_answer_for_ourselves(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *method, *uri;
		unsigned status;
	} rows[] = {
		{ "OPTIONS", "sip:contoso.test", 200 },
		{ "OPTIONS", "sip:edge.contoso.test", 200 },
		{ "OPTIONS", "sip:ghost@edge.contoso.test", 404 },
		{ "MESSAGE", "sip:contoso.test", 405 },
		{ "MESSAGE", "tel:+123", 416 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		world_send_by(w, &edge0, 7, ORIGIN_FEDERATION, "192.0.2.9:1",
			      world_request(w, rows[i].method, rows[i].uri,
					    "zoe@fabrikam.test",
					    "x@contoso.test", ""));
		if (world_final(w) != rows[i].status)
			fail_msg("%s: %s", rows[i].uri, world_last(w));
	}
}

static void a_flow_that_ends_takes_its_bindings(void **state)
{
	struct world *w = *state;
	struct ipc_msg down = { .type = IPC_FLOW_DOWN };
	world_sign_in(w, "alice", "wonder", 5);
	world_sign_in(w, "alice", "wonder", 6);
	down.u.flow_down.flow = 5;
	home_from_edge(w->home, &edge1, &down); /* another worker's flow 5 */
	world_pump(w);
	assert_int_equal(w->row_count, 2);
	home_from_edge(w->home, &edge0, &down);
	world_pump(w);
	assert_int_equal(w->row_count, 1);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	assert_non_null(
		strstr(world_mail(w, IPC_SIP_FROM_HOME)->text, "10.0.0.6"));
	assert_null(world_mail(w, IPC_SIP_FROM_HOME));
	/* the request that is under way is answered at once */
	down.u.flow_down.flow = 6;
	home_from_edge(w->home, &edge0, &down);
	world_pump(w);
	assert_int_equal(world_final(w), 202);
	assert_int_equal(w->row_count, 0);
}

static void a_worker_that_ends_takes_all_of_its_flows(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	world_sign_in(w, "bob", "builder", 6);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	home_edge_gone(w->home, &edge0);
	world_pump(w);
	assert_int_equal(world_final(w), 202);
	assert_int_equal(w->row_count, 0);
	outside(w, "zoe@fabrikam.test", "bob@contoso.test");
	assert_int_equal(world_final(w), 202);
}

static void a_430_removes_the_binding(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	world_sign_in(w, "alice", "wonder", 6);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	struct mail newest = *world_mail(w, IPC_SIP_FROM_HOME);
	assert_non_null(strstr(newest.text, "10.0.0.6"));
	world_device(w, &newest, 430);
	assert_int_equal(w->row_count, 1);
	assert_non_null(strstr(w->row[0].contact, "10.0.0.5"));
}

static void the_same_message_again_is_delivered_once(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	struct mail first = *world_mail(w, IPC_SIP_FROM_HOME);
	for (int i = 0; i < 100; i++) {
		w->cseq--;
		outside(w, "zoe@fabrikam.test", "alice@contoso.test");
		assert_int_equal(w->mail_count, 0);
	}
	world_device(w, &first, 200);
	assert_int_equal(world_final(w), 200);
	world_wait(w, 1);
	for (int i = 0; i < 100; i++)
		assert_int_equal(world_final(w), 200);
	assert_int_equal(home_busy(w->home), 0);
	world_wait(w, 63000);
	w->cseq--;
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	assert_int_equal(world_final(w), 200);
	assert_int_equal(w->mail_count, 1);
	world_wait(w, 2000);
	w->cseq--;
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	assert_non_null(world_mail(w, IPC_SIP_FROM_HOME));
}

static void without_the_store_the_cache_answers(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	home_store_gone(w->home);
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_non_null(world_mail(w, IPC_SIP_FROM_HOME));
	world_message(w, "bob@contoso.test", "nobody@contoso.test");
	assert_int_equal(world_final(w), 503);
}

static void a_changed_user_is_asked_again(void **state)
{
	struct world *w = *state;
	struct ipc_msg changed = { .type = IPC_USER_CHANGED };
	world_sign_in(w, "alice", "wonder", 5);
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	size_t asked = w->asked;
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_int_equal(w->asked, asked);
	w->account[0].disabled = true;
	changed.u.user_changed.aor = SLICE_LIT("alice@contoso.test");
	home_from_store(w->home, &changed);
	world_pump(w);
	assert_int_equal(w->row_count, 0); /* signed out as well */
	world_message(w, "bob@contoso.test", "alice@contoso.test");
	assert_int_equal(world_final(w), 404);
	world_message(w, "alice@contoso.test", "bob@contoso.test");
	assert_int_equal(world_final(w), 403);
}

static void answers_to_others_are_dropped(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	struct mail m = *world_mail(w, IPC_SIP_FROM_HOME);
	struct mail forged = m;
	char *branch = strstr(forged.text, "z9hG4bK");
	assert_non_null(branch);
	uint64_t before = metric_get(M_SIP_STRAY);
	/* an earlier life of home, no base32, nothing at all */
	branch[8] = branch[8] == 'a' ? 'b' : 'a';
	world_device(w, &forged, 200);
	branch[8] = '!';
	world_device(w, &forged, 200);
	struct ipc_msg junk = { .type = IPC_ANSWER_TO_HOME };
	junk.u.answer_to_home.bytes = SLICE_LIT("junk");
	home_from_edge(w->home, &edge0, &junk);
	assert_int_equal(world_final(w), 0);
	assert_int_equal(metric_get(M_SIP_STRAY), before + 3);
	world_device(w, &m, 200);
	assert_int_equal(world_final(w), 200);
}

static void draining_takes_nothing_new(void **state)
{
	struct world *w = *state;
	world_sign_in(w, "alice", "wonder", 5);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	struct mail m = *world_mail(w, IPC_SIP_FROM_HOME);
	home_drain(w->home);
	assert_int_equal(home_busy(w->home), 1);
	outside(w, "zoe@fabrikam.test", "alice@contoso.test");
	assert_int_equal(world_final(w), 503);
	world_device(w, &m, 200);
	assert_int_equal(world_final(w), 200);
	assert_int_equal(home_busy(w->home), 0);
}

static int whole_message(void *arg)
{
	(void)arg;
	struct world *w = world_make();
	int err = -EIO;
	if (!w)
		return -ENOMEM;
	if (world_sign_in(w, "alice", "wonder", 5) == 200) {
		world_message(w, "bob@contoso.test", "alice@contoso.test");
		const struct mail *m = world_mail(w, IPC_SIP_FROM_HOME);
		struct mail copy;
		if (m) {
			copy = *m;
			world_device(w, &copy, 200);
			err = world_final(w) == 200 ? 0 : -EIO;
		}
	}
	world_free(w);
	return err;
}

static void survives_failing_allocations(void **state)
{
	(void)state;
	oom_walk(whole_message, NULL);
}

static void keep_row(void *arg, const char *table, struct slice pairs)
{
	char *out = arg;
	struct slice key, value;
	snprintf(out, 256, "%s", table);
	while (ipc_pair_next(&pairs, &key, &value)) {
		size_t len = strlen(out);
		snprintf(out + len, 256 - len, " %.*s=%.*s", SLICE_FMT(key),
			 SLICE_FMT(value));
	}
}

static void status_tells_the_numbers(void **state)
{
	struct world *w = *state;
	char text[256] = "";
	world_sign_in(w, "alice", "wonder", 5);
	home_status(w->home, keep_row, text);
	assert_string_equal(text,
			    "home bindings=1 users_with_mail=0 "
			    "subscriptions=0 publications=0 users_watched=0 "
			    "users_cached=1 "
			    "transactions=0 store=up");
}

int main(void)
{
#define TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_message_goes_to_the_device_by_its_path),
		TEST(unknown_disabled_and_offline_users),
		TEST(who_waits_for_a_record_is_not_overtaken),
		TEST(who_waits_hears_that_there_is_no_store),
		TEST(an_end_while_somebody_waits),
		TEST(a_silent_device_is_given_up_in_time),
		TEST(two_devices_ring_and_the_best_answer_wins),
		TEST(nobody_speaks_for_others),
		TEST(every_method_is_challenged_but_ack),
		TEST(a_signed_message_names_its_sender),
		TEST(out_of_the_house_by_the_same_worker),
		TEST(no_transit_for_partners),
		TEST(a_split_domain),
		TEST(the_edge_asks_who_lives_here),
		TEST(we_answer_for_ourselves),
		TEST(a_flow_that_ends_takes_its_bindings),
		TEST(a_worker_that_ends_takes_all_of_its_flows),
		TEST(a_430_removes_the_binding),
		TEST(the_same_message_again_is_delivered_once),
		TEST(without_the_store_the_cache_answers),
		TEST(a_changed_user_is_asked_again),
		TEST(answers_to_others_are_dropped),
		TEST(draining_takes_nothing_new),
		TEST(status_tells_the_numbers),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
