/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users of the built-in home, whose keys are asked for: a request waits and is
 * answered at once when the key comes; what waits, what is asked and what is
 * kept is bounded; who guesses is silenced; who is gone loses his session.
 */
#include "relay/home_users.h"

#include "base/metrics.h"
#include "rig.h"
#include "support/oom.h"

enum { ASKS = 512 };

/* A rig with a store that says nothing by itself. */
struct world {
	struct rig *g;
	struct relay_key_ask ask[ASKS];
	char name[ASKS][64];
	size_t asks;
	int deaf; /* what asking says */
	struct relay_ops ops;
};

static struct world *now_running;

static int on_ask(void *arg, const struct relay_key_ask *ask)
{
	struct world *w = now_running;
	(void)arg;
	assert_true(slice_eq(ask->realm, SLICE_LIT("edge.test")));
	if (w->deaf)
		return w->deaf;
	assert_true(w->asks < ASKS);
	w->ask[w->asks] = *ask;
	snprintf(w->name[w->asks], sizeof(w->name[0]), "%.*s",
		 SLICE_FMT(slice_head(ask->name, 63)));
	w->asks++;
	return 0;
}

static int begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	now_running = w;
	w->ops = rig_ops;
	w->ops.ask_key = on_ask;
	int err = rig_begin_with(&w->g, 0, &w->ops);
	if (err)
		return err;
	w->g->users[0].name = SLICE_LIT("alice@contoso.test");
	w->g->conf.user_count = 0;
	w->g->conf.home_users = true;
	rig_apply(w->g);
	return 0;
}

static int setup(void **state)
{
	static struct world w;
	*state = &w;
	return begin(&w);
}

static int teardown(void **state)
{
	struct world *w = *state;
	rig_end(w->g);
	return 0;
}

/* The store's word for question n. */
static void answer_as(struct world *w, size_t n, const char *password)
{
	struct stun_key md5, sha256;
	struct stun_secret from = { .username = SLICE_LIT("alice@contoso.test"),
				    .realm = SLICE_LIT("edge.test"),
				    .password = slice_str(password) };
	assert_int_equal(
		stun_key_make(w->g->hasher, &stun_rfc, STUN_MD5, &from, &md5),
		0);
	assert_int_equal(stun_key_make(w->g->hasher, &stun_rfc, STUN_SHA256,
				       &from, &sha256),
			 0);
	const struct relay_key key = { .aor = from.username,
				       .md5 = stun_key_bytes(&md5),
				       .sha256 = stun_key_bytes(&sha256) };
	w->g->count = 0;
	relay_key_found(w->g->relay, w->ask[n].id, &key);
	relay_key_answered(w->g->relay, w->ask[n].id, 0);
}

static void answer(struct world *w, size_t n, int err)
{
	w->g->count = 0;
	if (err)
		relay_key_answered(w->g->relay, w->ask[n].id, err);
	else
		answer_as(w, n, "secret");
}

static struct rig_ask allocate_of(unsigned client, const struct stun_dialect *d)
{
	return (struct rig_ask){ .dialect = d,
				 .method = STUN_ALLOCATE,
				 .client = client,
				 .lifetime = -1 };
}

/* Sent, and nothing is answered yet. */
static void wait_of(struct world *w, unsigned client)
{
	const struct rig_ask a = allocate_of(client, NULL);
	rig_challenge(w->g, client, NULL);
	assert_int_equal(rig_code(w->g, &a), -1);
}

static int told(struct world *w, const struct stun_dialect *d)
{
	struct stun_msg m;
	return rig_answer(w->g, &m, d);
}

static void a_request_waits_for_its_key(void **state)
{
	struct world *w = *state;
	wait_of(w, 0);
	assert_int_equal(w->asks, 1);
	assert_string_equal(w->name[0], "alice@contoso.test");
	answer(w, 0, 0);
	assert_int_equal(w->g->count, 1);
	assert_int_equal(told(w, NULL), 0);
	assert_int_equal(relay_count(w->g->relay), 1);
	/* the next ones need no question: another client, another request */
	rig_challenge(w->g, 1, NULL);
	const struct rig_ask a = allocate_of(1, NULL);
	assert_int_equal(rig_code(w->g, &a), 0);
	assert_int_equal(rig_permit(w->g, 0, "8.8.4.4:5000"), 0);
	assert_int_equal(w->asks, 1);
	/* and later there is one again */
	rig_later(w->g, HOME_KNOWN_MS + 1);
	assert_int_equal(rig_permit(w->g, 0, "8.8.4.4:5000"), -1);
	assert_int_equal(w->asks, 2);
	answer(w, 1, 0);
	assert_int_equal(told(w, NULL), 0);
}

static void both_dialects_and_streams(void **state)
{
	struct world *w = *state;
	static const struct {
		unsigned client;
		const struct stun_dialect *d;
	} rows[] = {
		{ 0, NULL }, { 1, &stun_ms }, { 4, NULL }, { 6, &stun_ms }
	};
	for (size_t i = 0; i < 4; i++) {
		const struct rig_ask a = allocate_of(rows[i].client, rows[i].d);
		rig_challenge(w->g, rows[i].client, rows[i].d);
		assert_int_equal(rig_code(w->g, &a), -1);
	}
	assert_int_equal(w->asks, 1);
	answer(w, 0, 0);
	assert_int_equal(w->g->count, 4);
	assert_int_equal(relay_count(w->g->relay), 4);
}

static void what_is_sent_again_is_answered_once(void **state)
{
	struct world *w = *state;
	struct rig_ask a = allocate_of(0, NULL);
	wait_of(w, 0);
	a.same_id = true;
	assert_int_equal(rig_code(w->g, &a), -1);
	assert_int_equal(w->asks, 1);
	answer(w, 0, 0);
	assert_int_equal(w->g->count, 1);
	assert_int_equal(told(w, NULL), 0);
}

static void no_key_no_session(void **state)
{
	static const int errors[] = { -ENOENT, -ENOKEY, -EKEYREJECTED };
	struct world *w = *state;
	for (size_t i = 0; i < 3; i++) {
		const struct rig_ask a = allocate_of(0, NULL);
		wait_of(w, 0);
		assert_int_equal(w->asks, i + 1);
		answer(w, i, errors[i]);
		assert_int_equal(told(w, NULL), 401);
		/* that is kept as well */
		assert_int_equal(rig_code(w->g, &a), 401);
		assert_int_equal(w->asks, i + 1);
		rig_later(w->g, HOME_NOBODY_MS + 1);
	}
	wait_of(w, 0);
	answer_as(w, 3, "another");
	assert_int_equal(told(w, NULL), 401);
	assert_int_equal(relay_count(w->g->relay), 0);
}

/* Devices, strangers and old nonces cost no question. */
static void who_cannot_be_one_is_not_asked_for(void **state)
{
	struct world *w = *state;
	const struct slice names[] = { SLICE_LIT("alice"), SLICE_LIT("@b") };
	const struct rig_ask a = allocate_of(0, NULL);
	for (size_t i = 0; i < 2; i++) {
		w->g->users[0].name = names[i];
		rig_challenge(w->g, 0, NULL);
		assert_int_equal(rig_code(w->g, &a), 401);
	}
	w->g->users[0].name = SLICE_LIT("alice@contoso.test");
	rig_challenge(w->g, 0, NULL);
	rig_later(w->g, (STUN_NONCE_LIFE_S + 1) * 1000);
	const struct rig_ask ms = allocate_of(0, &stun_ms);
	assert_int_equal(rig_code(w->g, &a), 438);
	assert_int_equal(rig_code(w->g, &ms), 438);
	w->g->conf.home_users = false;
	rig_apply(w->g);
	rig_challenge(w->g, 0, NULL);
	assert_int_equal(rig_code(w->g, &a), 401);
	assert_int_equal(w->asks, 0);
}

/* The hash of name and realm stands for the name (RFC 8489 9.2.2). */
static void by_hash(void **state)
{
	struct world *w = *state;
	uint8_t bytes[512], id[STUN_ID_BYTES] = { 9 }, hash[SHA256_BYTES];
	struct stun_writer m;
	struct stun_key key;
	const struct stun_secret from = { SLICE_LIT("alice@contoso.test"),
					  SLICE_LIT("edge.test"),
					  SLICE_LIT("secret") };
	rig_challenge(w->g, 0, NULL);
	assert_int_equal(
		stun_userhash(w->g->hasher, from.username, from.realm, hash),
		0);
	assert_int_equal(
		stun_key_make(w->g->hasher, &stun_rfc, STUN_MD5, &from, &key),
		0);
	stun_writer_init(&m, w->g->hasher, bytes, sizeof(bytes));
	stun_begin(&m, &stun_rfc, STUN_ALLOCATE, STUN_REQUEST, id);
	stun_put_u8(&m, STUN_F_TRANSPORT, 17);
	stun_put(&m, STUN_F_USERHASH, slice_of(hash, sizeof(hash)));
	stun_put(&m, STUN_F_REALM, from.realm);
	stun_put(&m, STUN_F_NONCE,
		 slice_of(w->g->nonce[0], w->g->nonce_len[0]));
	stun_put_integrity(&m, stun_key_bytes(&key), true);
	struct slice whole = stun_end(&m);
	w->g->count = 0;
	rig_from_client(w->g, 0, whole.ptr, whole.len);
	assert_int_equal(w->asks, 1);
	assert_string_equal(w->name[0], "");
	answer(w, 0, 0);
	assert_int_equal(told(w, NULL), 0);
	/* quotas and refreshes know him by his address */
	const struct rig_ask refresh = { .method = STUN_REFRESH,
					 .lifetime = 600 };
	assert_int_equal(rig_code(w->g, &refresh), -1);
	answer(w, 1, 0);
	assert_int_equal(told(w, NULL), 0);
}

/* One source after the other, so that none is silenced. */
static void ask_for(struct world *w, unsigned n)
{
	static char name[32];
	const struct rig_ask a = allocate_of(n % 4, NULL);
	snprintf(name, sizeof(name), "user%u@contoso.test", n);
	w->g->users[0].name = slice_str(name);
	assert_int_equal(rig_code(w->g, &a), -1);
}

static void questions_are_bounded(void **state)
{
	struct world *w = *state;
	uint64_t dropped = metric_get(M_TURN_UNANSWERED);
	for (unsigned i = 0; i < 4; i++)
		rig_challenge(w->g, i, NULL);
	for (unsigned i = 0; i < 200; i++)
		ask_for(w, i);
	assert_int_equal(w->asks, HOME_ASKED_MAX);
	assert_int_equal(metric_get(M_TURN_UNANSWERED) - dropped,
			 200 - HOME_ASKED_MAX);
	/* answered, but the pace holds: 200 a second */
	relay_keys_lost(w->g->relay);
	for (unsigned i = 200; i < 300; i++)
		ask_for(w, i);
	assert_int_equal(w->asks, HOME_ASKED_MAX);
	rig_later(w->g, 100);
	for (unsigned i = 300; i < 400; i++)
		ask_for(w, i);
	assert_in_range(w->asks, HOME_ASKED_MAX + 19, HOME_ASKED_MAX + 21);
	/* a client on a stream does not ask again: he is told */
	rig_challenge(w->g, 4, NULL);
	const struct rig_ask tcp = allocate_of(4, NULL);
	assert_int_equal(rig_code(w->g, &tcp), 500);
}

static void what_waits_is_bounded(void **state)
{
	struct world *w = *state;
	const struct rig_ask a = allocate_of(0, NULL);
	rig_challenge(w->g, 0, NULL);
	for (unsigned i = 0; i < HOME_WAITING_MAX + 10; i++)
		assert_int_equal(rig_code(w->g, &a), -1);
	assert_int_equal(w->asks, 1);
	answer(w, 0, 0);
	/* one allocation, and the others are told that there is one */
	assert_int_equal(w->g->count, HOME_WAITING_MAX);
	assert_int_equal(relay_count(w->g->relay), 1);
}

static void a_store_that_does_not_answer(void **state)
{
	struct world *w = *state;
	const struct rig_ask udp = allocate_of(0, NULL);
	const struct rig_ask tcp = allocate_of(4, NULL);
	wait_of(w, 0);
	wait_of(w, 4);
	w->g->count = 0;
	rig_later(w->g, HOME_ASK_MS);
	assert_int_equal(w->g->count, 1);
	assert_int_equal(told(w, NULL), 500);
	/* it is left alone for a moment, then asked again */
	assert_int_equal(rig_code(w->g, &udp), -1);
	assert_int_equal(w->asks, 1);
	rig_later(w->g, HOME_FAILED_MS);
	assert_int_equal(rig_code(w->g, &udp), -1);
	assert_int_equal(w->asks, 2);
	/* a late answer to the first question is none */
	answer(w, 0, 0);
	assert_int_equal(w->g->count, 0);
	answer(w, 1, 0);
	assert_int_equal(told(w, NULL), 0);
	/* it is away */
	rig_later(w->g, HOME_KNOWN_MS);
	w->deaf = -EPIPE;
	assert_int_equal(rig_code(w->g, &tcp), 500);
	assert_int_equal(rig_permit(w->g, 0, "8.8.4.4:5000"), -1);
}

static void a_stream_takes_its_requests_along(void **state)
{
	struct world *w = *state;
	const struct relay_flow f = rig_flow(4);
	wait_of(w, 4);
	relay_flow_gone(w->g->relay, &f);
	answer(w, 0, 0);
	assert_int_equal(w->g->count, 0);
	assert_int_equal(relay_count(w->g->relay), 0);
}

static void guessing(struct world *w, unsigned client, unsigned times, int code)
{
	struct rig_ask a = allocate_of(client, NULL);
	a.short_integrity = true;
	for (unsigned i = 0; i < times; i++) {
		rig_later(w->g, 200); /* strangers are answered so often only */
		assert_int_equal(rig_code(w->g, &a), code);
	}
}

/* SIP-22: ten wrong ones a minute and source, then nothing is looked at; but
 * who is signed in behind that address goes on. */
static void guessers_are_silenced(void **state)
{
	struct world *w = *state;
	wait_of(w, 0);
	answer(w, 0, 0);
	rig_challenge(w->g, 1, NULL);
	guessing(w, 1, GUESS_MAX, 401);
	const struct rig_ask a = allocate_of(1, NULL);
	rig_later(w->g, 2000);
	assert_int_equal(rig_code(w->g, &a), 401); /* though it is right */
	assert_int_equal(rig_permit(w->g, 0, "8.8.4.4:5000"), 0);
	rig_later(w->g, GUESS_SILENT_MS);
	assert_int_equal(rig_code(w->g, &a), -1);
	answer(w, 1, 0);
	assert_int_equal(told(w, NULL), 0);
}

static void who_is_gone_loses_his_session(void **state)
{
	struct world *w = *state;
	const struct slice aor = SLICE_LIT("alice@contoso.test");
	const struct rig_ask a = allocate_of(0, NULL);
	const struct rig_ask ms = allocate_of(6, &stun_ms);
	const struct rig_ask refresh = { .method = STUN_REFRESH,
					 .lifetime = 600 };
	wait_of(w, 0);
	answer(w, 0, 0);
	rig_challenge(w->g, 6, &stun_ms);
	assert_int_equal(rig_code(w->g, &ms), 0);
	relay_user_changed(w->g->relay, SLICE_LIT("bob@contoso.test"), true);
	assert_int_equal(relay_count(w->g->relay), 2);
	/* another password: the next refresh fails; where traffic alone keeps
	 * a session, it ends now */
	relay_user_changed(w->g->relay, aor, false);
	assert_int_equal(relay_count(w->g->relay), 1);
	assert_int_equal(rig_code(w->g, &refresh), -1);
	answer_as(w, 1, "another");
	assert_int_equal(told(w, NULL), 401);
	assert_int_equal(relay_count(w->g->relay), 1);
	relay_user_changed(w->g->relay, aor, true);
	assert_int_equal(relay_count(w->g->relay), 0);
	assert_int_equal(w->g->open, 0);
	/* nobody: kept, and forgotten when the account changes */
	assert_int_equal(rig_code(w->g, &a), -1);
	answer(w, 2, -ENOENT);
	relay_user_changed(w->g->relay, aor, false);
	assert_int_equal(rig_code(w->g, &a), -1);
	answer(w, 3, 0);
	assert_int_equal(relay_count(w->g->relay), 1);
}

/* Sessions of that user with other credentials are left alone. */
static void who_did_not_use_it_goes_on(void **state)
{
	struct world *w = *state;
	struct rig_ask a = allocate_of(0, NULL);
	w->g->users[1].name = SLICE_LIT("alice@contoso.test");
	w->g->conf.users = &w->g->users[1];
	w->g->conf.user_count = 1;
	rig_apply(w->g);
	w->g->users[0] = w->g->users[1];
	rig_challenge(w->g, 0, NULL);
	assert_int_equal(rig_code(w->g, &a), 0);
	assert_int_equal(w->asks, 0);
	relay_user_changed(w->g->relay, SLICE_LIT("alice@contoso.test"), true);
	assert_int_equal(relay_count(w->g->relay), 1);
}

static void a_reload_that_takes_it_away(void **state)
{
	struct world *w = *state;
	const struct rig_ask a = allocate_of(0, NULL);
	wait_of(w, 0);
	answer(w, 0, 0);
	/* another realm: what is known is for the old one */
	w->g->conf.realm = SLICE_LIT("edge.tesT");
	rig_apply(w->g);
	w->g->conf.realm = SLICE_LIT("edge.test");
	rig_apply(w->g);
	assert_int_equal(relay_count(w->g->relay), 1);
	assert_int_equal(rig_permit(w->g, 0, "8.8.4.4:5000"), -1);
	assert_int_equal(w->asks, 2);
	w->g->conf.home_users = false;
	rig_apply(w->g);
	assert_int_equal(relay_count(w->g->relay), 0);
	assert_int_equal(rig_code(w->g, &a), 401);
	assert_int_equal(w->asks, 2);
}

static int scenario(void *arg)
{
	struct world w;
	(void)arg;
	int err = begin(&w);
	if (!err) {
		const struct rig_ask a = allocate_of(0, NULL);
		rig_challenge(w.g, 0, NULL);
		(void)rig_code(w.g, &a);
		if (w.asks)
			answer(&w, 0, 0);
		err = relay_count(w.g->relay) ? 0 : -ENOMEM;
	}
	rig_end(w.g);
	return err;
}

static void out_of_memory(void **state)
{
	(void)state;
	oom_walk(scenario, NULL);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_request_waits_for_its_key),
		TEST(both_dialects_and_streams),
		TEST(what_is_sent_again_is_answered_once),
		TEST(no_key_no_session),
		TEST(who_cannot_be_one_is_not_asked_for),
		TEST(by_hash),
		TEST(questions_are_bounded),
		TEST(what_waits_is_bounded),
		TEST(a_store_that_does_not_answer),
		TEST(a_stream_takes_its_requests_along),
		TEST(guessers_are_silenced),
		TEST(who_is_gone_loses_his_session),
		TEST(who_did_not_use_it_goes_on),
		TEST(a_reload_that_takes_it_away),
		cmocka_unit_test(out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
