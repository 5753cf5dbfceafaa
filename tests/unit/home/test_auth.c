/* SPDX-License-Identifier: Apache-2.0 */
/* Digest authentication seen from outside (SIP-20 to SIP-23). */
#include "world.h"

static const char uri[] = "sip:contoso.test";

static void ask(struct world *w, const char *source, const char *headers)
{
	world_send_by(w, &edge0, 1, ORIGIN_CLIENT, source,
		      world_request(w, "REGISTER", uri, "alice@contoso.test",
				    "alice@contoso.test", headers));
}

static struct signing alice(void)
{
	return (struct signing){ "alice",        "wonder", uri,  "REGISTER",
				 SIP_ALG_SHA256, NULL,     false };
}

static void fresh_nonce(struct world *w)
{
	ask(w, "192.0.2.1:4000", "");
	assert_int_equal(world_final(w), 401);
	assert_true(world_keep_nonce(w));
}

static unsigned try(struct world *w, const struct signing *s)
{
	ask(w, "192.0.2.1:4000", world_sign(w, s));
	return world_final(w);
}

static void sha256_first_md5_only_when_allowed(void **state)
{
	struct world *w = *state;
	struct signing s = alice();
	s.algorithm = SIP_ALG_MD5;
	fresh_nonce(w);
	assert_non_null(strstr(world_last(w), "algorithm=SHA-256"));
	assert_non_null(strstr(world_last(w), "realm=\"contoso.test\""));
	assert_non_null(strstr(world_last(w), "auth\""));
	assert_null(strstr(world_last(w), "MD5"));
	assert_int_equal(try(w, &s), 401);
	w->conf.digest_md5 = HOME_MD5_TOO;
	fresh_nonce(w);
	const char *sha = strstr(world_last(w), "SHA-256");
	const char *md5 = strstr(world_last(w), "MD5");
	assert_true(sha && md5 && sha < md5);
	assert_int_equal(try(w, &s), 200);
	w->conf.digest_md5 = HOME_MD5_ONLY;
	fresh_nonce(w);
	assert_null(strstr(world_last(w), "SHA-256"));
	assert_int_equal(try(w, &s), 200);
}

static void a_used_header_is_refused(void **state)
{
	struct world *w = *state;
	struct signing s = alice();
	fresh_nonce(w);
	assert_int_equal(try(w, &s), 200);
	assert_int_equal(try(w, &s), 401);
	assert_non_null(strstr(world_last(w), "stale=true"));
	s.nc = "00000005";
	assert_int_equal(try(w, &s), 200);
	s.nc = "00000004";
	assert_int_equal(try(w, &s), 401);
	s.nc = "00000006";
	assert_int_equal(try(w, &s), 200);
}

static void an_old_nonce_is_stale(void **state)
{
	struct world *w = *state;
	struct signing s = alice();
	fresh_nonce(w);
	world_wait(w, 599000);
	assert_int_equal(try(w, &s), 200);
	s.nc = "00000002";
	world_wait(w, 1000);
	assert_int_equal(try(w, &s), 401);
	assert_non_null(strstr(world_last(w), "stale=true"));
	assert_int_equal(metric_get(M_HOME_AUTH_FAILED), 0);
}

static void a_nonce_belongs_to_its_source(void **state)
{
	struct world *w = *state;
	struct signing s = alice();
	fresh_nonce(w);
	ask(w, "192.0.2.2:4000", world_sign(w, &s));
	assert_int_equal(world_final(w), 401);
	/* another port is the same source */
	ask(w, "192.0.2.1:4999", world_sign(w, &s));
	assert_int_equal(world_final(w), 200);
}

static void a_nonce_survives_a_restart(void **state)
{
	struct world *w = *state;
	struct signing s = alice();
	fresh_nonce(w);
	world_restart(w);
	assert_int_equal(try(w, &s), 200);
}

static void nobody_else_makes_nonces(void **state)
{
	struct world *w = *state;
	struct signing s = alice();
	fresh_nonce(w);
	w->nonce[60] = w->nonce[60] == '0' ? '1' : '0';
	assert_int_equal(try(w, &s), 401);
	snprintf(w->nonce, sizeof(w->nonce), "zz");
	assert_int_equal(try(w, &s), 401);
}

/* The header with one part changed or taken out. */
static void replace(char *out, size_t size, const char *header,
		    const char *part, const char *with)
{
	const char *at = strstr(header, part);
	assert_non_null(at);
	snprintf(out, size, "%.*s%s%s", (int)(at - header), header, with,
		 at + strlen(part));
}

static void rows_of_broken_credentials(void **state)
{
	struct world *w = *state;
	struct signing s = alice();
	static const struct {
		const char *part, *with;
		unsigned status;
	} rows[] = {
		{ "qop=auth, ", "", 400 },
		{ "qop=auth", "qop=auth-int", 400 },
		{ "cnonce=\"c1\", ", "", 400 },
		{ "nc=00000001", "nc=1", 400 },
		{ "nc=00000001", "nc=00000000", 400 },
		{ "username=\"alice\", ", "", 400 },
		{ "uri=\"sip:contoso.test\", ", "", 400 },
		{ "uri=\"sip:contoso.test\"", "uri=\"sip:other.test\"", 400 },
		{ "response=\"", "response=\"0", 401 },
		{ "realm=\"contoso.test\", ", "", 400 },
		{ "realm=\"contoso.test\"", "realm=\"other.test\"", 401 },
		{ "algorithm=SHA-256", "algorithm=SHA-512-256", 401 },
		{ "algorithm=SHA-256", "algorithm=MD5", 401 },
		{ "Digest ", "Basic ", 401 },
		{ "Digest ", "Digest ,,,=", 400 },
		{ "username=\"alice\"", "username=\"a@@\\\"\"", 401 },
	};
	char changed[2048];
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fresh_nonce(w);
		replace(changed, sizeof(changed), world_sign(w, &s),
			rows[i].part, rows[i].with);
		ask(w, "192.0.2.1:4000", changed);
		unsigned status = world_final(w);
		if (status != rows[i].status)
			fail_msg("%s -> %s: %s", rows[i].part, rows[i].with,
				 world_last(w));
	}
}

static void credentials_for_another_realm_may_come_first(void **state)
{
	struct world *w = *state;
	struct signing s = alice();
	char headers[2048];
	fresh_nonce(w);
	snprintf(headers, sizeof(headers),
		 "Authorization: Digest username=\"x\", realm=\"y\", "
		 "nonce=\"n\", uri=\"sip:y\", response=\"r\"\r\n%s",
		 world_sign(w, &s));
	ask(w, "192.0.2.1:4000", headers);
	assert_int_equal(world_final(w), 200);
}

/* Everything that does not differ by itself is blanked out. */
static void normal_form(char *text)
{
	static const char *const vary[] = { "nonce=\"",
					    "tag=", "branch=", "CSeq: " };
	for (size_t i = 0; i < 4; i++)
		for (char *at = text; (at = strstr(at, vary[i]));) {
			at += strlen(vary[i]);
			memset(at, '_', strcspn(at, "\" \r;"));
		}
}

static void accounts_cannot_be_told_apart(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *name, *password;
	} rows[] = { { "alice", "wrong" },
		     { "zzzzz", "wrong" }, /* no such user */
		     { "carol", "song" },  /* disabled, right password */
		     { "carol", "wrong" } };
	char first[TEXT_MAX] = "", now[TEXT_MAX];
	for (size_t i = 0; i < 4; i++) {
		struct signing s = alice();
		s.name = rows[i].name;
		s.password = rows[i].password;
		fresh_nonce(w);
		assert_int_equal(try(w, &s), 401);
		world_copy(now, sizeof(now), slice_str(world_last(w)));
		normal_form(now);
		if (i == 0)
			memcpy(first, now, sizeof(first));
		assert_string_equal(now, first);
		assert_non_null(strstr(now, "ms-diagnostics: 1000"));
	}
	assert_int_equal(metric_get(M_HOME_AUTH_FAILED), 4);
}

static void guessing_is_silenced(void **state)
{
	struct world *w = *state;
	struct signing wrong = alice(), right = alice();
	wrong.password = "guess";
	for (int i = 0; i < 9; i++) {
		fresh_nonce(w);
		assert_int_equal(try(w, &wrong), 401);
	}
	fresh_nonce(w);
	assert_int_equal(try(w, &right), 200); /* nine are allowed */
	fresh_nonce(w);
	assert_int_equal(try(w, &wrong), 401);
	assert_int_equal(world_logged(w, "auth.blocked"), 1);
	for (int i = 0; i < 50; i++) {
		size_t asked = w->asked;
		fresh_nonce(w);
		assert_int_equal(try(w, &right), 401);
		assert_int_equal(w->asked, asked);
	}
	assert_int_equal(world_logged(w, "auth.blocked"), 1);
	assert_int_equal(metric_get(M_HOME_AUTH_FAILED), 10);
	/* the account is free elsewhere */
	ask(w, "203.0.113.9:1", "");
	world_keep_nonce(w);
	ask(w, "203.0.113.9:2", world_sign(w, &right));
	assert_int_equal(world_final(w), 200);
	world_wait(w, 60000);
	fresh_nonce(w);
	assert_int_equal(try(w, &right), 200);
}

static int setup(void **state)
{
	static struct metrics_page page;
	memset(&page, 0, sizeof(page));
	metrics_attach(&page);
	return world_setup(state);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(sha256_first_md5_only_when_allowed),
		TEST(a_used_header_is_refused),
		TEST(an_old_nonce_is_stale),
		TEST(a_nonce_belongs_to_its_source),
		TEST(a_nonce_survives_a_restart),
		TEST(nobody_else_makes_nonces),
		TEST(rows_of_broken_credentials),
		TEST(credentials_for_another_realm_may_come_first),
		TEST(accounts_cannot_be_told_apart),
		TEST(guessing_is_silenced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
