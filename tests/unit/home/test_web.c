/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of the relay by HTTPS: who gets one, and that the others learn
 * nothing (SIP-21 to SIP-23). */
#include "world.h"

#include "base/guess.h"

#define TARGET "/turn?service=turn"
#define SIGNED                                                  \
	"Digest username=\"alice\", nonce=\"1\", uri=\"" TARGET \
	"\", response=\"2\", "

struct web_ask {
	const char *source, *target, *user, *authorization;
};

/* The status; the text is in world_web_text(). */
static unsigned ask(struct world *w, const struct web_ask *a)
{
	struct ipc_msg m = { .type = IPC_WEB_ASK };
	m.u.web_ask.id = 55;
	m.u.web_ask.source =
		slice_str(a->source ? a->source : "192.0.2.1:4000");
	m.u.web_ask.target = slice_str(a->target ? a->target : TARGET);
	m.u.web_ask.user = slice_str(a->user);
	m.u.web_ask.authorization = slice_str(a->authorization);
	w->mail_count = w->mail_read = 0;
	home_from_edge(w->home, &edge1, &m);
	world_pump(w);
	if (w->mail_count != 1)
		return 0;
	assert_int_equal(w->mail[0].type, IPC_WEB_ANSWER);
	assert_int_equal(w->mail[0].slot, 1);
	assert_int_equal(w->mail[0].flow, 55);
	return w->mail[0].status;
}

static const char *said(const struct world *w)
{
	return w->mail[0].text;
}

static unsigned challenge(struct world *w)
{
	unsigned status = ask(w, &(struct web_ask){ 0 });
	const char *at = strstr(said(w), "nonce=\"");
	if (status == 401 && at) {
		at += strlen("nonce=\"");
		world_copy(w->nonce, sizeof(w->nonce),
			   slice_of(at, strcspn(at, "\"")));
	}
	return status;
}

static const char *sign(struct world *w, const char *name, const char *password,
			const char *nc)
{
	const struct signing s = { .name = name,
				   .password = password,
				   .uri = TARGET,
				   .method = "GET",
				   .nc = nc };
	static char value[1024];
	const char *header = world_sign(w, &s) + strlen("Authorization: ");
	world_copy(value, sizeof(value),
		   slice_of(header, strcspn(header, "\r")));
	return value;
}

static unsigned sign_and_ask(struct world *w, const char *name,
			     const char *password)
{
	if (challenge(w) != 401)
		return 0;
	return ask(w, &(struct web_ask){
			      .authorization = sign(w, name, password, NULL) });
}

static void a_user_gets_one(void **state)
{
	struct world *w = *state;
	assert_int_equal(challenge(w), 401);
	assert_non_null(strstr(said(w), "Digest realm=\"contoso.test\""));
	assert_non_null(strstr(said(w), "algorithm=SHA-256"));
	assert_null(strstr(said(w), "stale"));
	assert_int_equal(sign_and_ask(w, "alice", "wonder"), 200);
	assert_string_equal(said(w), "28800:0:alice@contoso.test");
	assert_int_equal(sign_and_ask(w, "alice", "wonder"), 200);
	assert_int_equal(world_logged(w, "wonder"), 0);
}

static void others_are_challenged_alike(void **state)
{
	static const struct {
		const char *name, *password;
	} rows[] = {
		{ "alice", "wrong" },
		{ "nobody", "wrong" },
		{ "carol", "song" }, /* locked out */
		{ "a lice", "wrong" },
	};
	struct world *w = *state;
	char first[256] = "";
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(
			sign_and_ask(w, rows[i].name, rows[i].password), 401);
		char *nonce = strstr(w->mail[0].text, "nonce=\"");
		assert_non_null(nonce);
		memset(nonce, 'n', strcspn(nonce + 7, "\"") + 7);
		if (!first[0])
			world_copy(first, sizeof(first), slice_str(said(w)));
		assert_string_equal(said(w), first);
	}
}

static void a_signature_is_for_one_time_place_and_page(void **state)
{
	struct world *w = *state;
	struct web_ask a = { 0 };
	assert_int_equal(sign_and_ask(w, "alice", "wonder"), 200);
	a.authorization = sign(w, "alice", "wonder", NULL);
	assert_int_equal(ask(w, &a), 401);
	assert_non_null(strstr(said(w), "stale=true"));
	a.authorization = sign(w, "alice", "wonder", "00000002");
	a.source = "192.0.2.9:4000";
	assert_int_equal(ask(w, &a), 401);
	a.source = NULL;
	a.target = "/turn";
	assert_int_equal(ask(w, &a), 400);
	a.target = NULL;
	assert_int_equal(ask(w, &a), 200);
	w->now_ms += 601000;
	a.authorization = sign(w, "alice", "wonder", "00000003");
	assert_int_equal(ask(w, &a), 401);
}

static void what_is_not_whole(void **state)
{
	static const struct {
		const char *authorization;
		unsigned status;
	} rows[] = {
		{ "", 401 },
		{ "Basic YWxpY2U6d29uZGVy", 401 },
		{ "Digest", 400 },
		{ "Digest username=\"alice\"", 400 },
		{ SIGNED "realm=\"contoso.test\", algorithm=SHA-256", 400 },
		{ SIGNED "realm=\"fabrikam.test\", algorithm=SHA-256", 401 },
		{ SIGNED "realm=\"contoso.test\", algorithm=MD5", 401 },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unsigned status = ask(
			w, &(struct web_ask){ .authorization =
						      rows[i].authorization });
		if (status != rows[i].status)
			fail_msg("row %zu: %u", i, status);
	}
}

static void for_oneself_only(void **state)
{
	static const struct {
		const char *user;
		unsigned status;
	} rows[] = {
		{ "alice", 200 },
		{ "alice@contoso.test", 200 },
		{ "bob", 403 },
		{ "bob@contoso.test", 403 },
		{ "alice@fabrikam.test", 403 },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(challenge(w), 401);
		const struct web_ask a = {
			.user = rows[i].user,
			.authorization = sign(w, "alice", "wonder", NULL)
		};
		assert_int_equal(ask(w, &a), rows[i].status);
	}
}

static void guessing_is_silenced(void **state)
{
	struct world *w = *state;
	for (unsigned i = 0; i < GUESS_MAX; i++)
		assert_int_equal(sign_and_ask(w, "alice", "wrong"), 401);
	assert_int_equal(world_logged(w, "auth.blocked"), 1);
	assert_int_equal(sign_and_ask(w, "alice", "wonder"), 401);
	/* SIP from there too: they count together */
	assert_int_equal(world_sign_in(w, "alice", "wonder", 5), 401);
	world_wait(w, GUESS_SILENT_MS + 1);
	assert_int_equal(sign_and_ask(w, "alice", "wonder"), 200);
}

static void no_relay_no_store_no_time(void **state)
{
	struct world *w = *state;
	w->conf.offer.there = false;
	assert_int_equal(ask(w, &(struct web_ask){ 0 }), 404);
	w->conf.offer.there = true;
	assert_int_equal(challenge(w), 401);
	struct web_ask a = { .authorization =
				     sign(w, "alice", "wonder", NULL) };
	w->store_deaf = true;
	assert_int_equal(ask(w, &a), 0);
	w->question_count = 0;
	world_wait(w, 3000);
	assert_int_equal(w->mail_count, 1);
	assert_int_equal(w->mail[0].status, 503);
	w->store_deaf = false;
	assert_int_equal(sign_and_ask(w, "alice", "wonder"), 200);
	w->store_broken = true;
	assert_int_equal(sign_and_ask(w, "alice", "wonder"), 503);
	home_store_gone(w->home);
	assert_int_equal(sign_and_ask(w, "alice", "wonder"), 503);
	home_drain(w->home);
	assert_int_equal(ask(w, &(struct web_ask){ 0 }), 503);
	assert_int_equal(ask(w, &(struct web_ask){ .source = "x" }), 503);
}

static void who_waits_when_home_ends(void **state)
{
	struct world *w = *state;
	assert_int_equal(challenge(w), 401);
	w->store_deaf = true;
	(void)ask(w, &(struct web_ask){ .authorization = sign(
						w, "alice", "wonder", NULL) });
	assert_int_equal(w->mail_count, 0); /* freed with home */
}

static int walk(void *arg)
{
	struct world *w = world_make();
	unsigned status = 0;
	(void)arg;
	if (w)
		status = sign_and_ask(w, "alice", "wonder");
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
		TEST(a_user_gets_one),
		TEST(others_are_challenged_alike),
		TEST(a_signature_is_for_one_time_place_and_page),
		TEST(what_is_not_whole),
		TEST(for_oneself_only),
		TEST(guessing_is_silenced),
		TEST(no_relay_no_store_no_time),
		TEST(who_waits_when_home_ends),
		cmocka_unit_test(again_with_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
