/* SPDX-License-Identifier: Apache-2.0 */
/* Relay credentials: the published vector, life, rotation, and that nobody
 * makes one up (TURN-13). */
#include "stun/credential.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/stun_check.h"

static const uint64_t NOW_S = 1900000000;

static struct credential_secret secret(uint16_t id, const char *text)
{
	struct credential_secret s = { .id = id, .len = (uint8_t)strlen(text) };
	memcpy(s.text, text, s.len);
	return s;
}

static struct credential_secrets two(void)
{
	return (struct credential_secrets){
		{ secret(8, "newest secret"), secret(7, "older secret") }, 2
	};
}

static struct credential_wish wish(enum credential_form form)
{
	return (struct credential_wish){
		.form = form,
		.user = SLICE_LIT("alice@contoso.test"),
		.now_s = NOW_S,
		.ttl_s = 3600,
	};
}

static struct slice username(const struct credential *c)
{
	return slice_of(c->username, c->username_len);
}

/* The vector of the REST form that coturn agrees with. */
static void test_vector(void **state)
{
	struct credential_secrets s = { { secret(1, "north") }, 1 };
	uint8_t out[CREDENTIAL_PASSWORD_MAX];
	assert_int_equal(credential_password(*state, &s,
					     SLICE_LIT("1893456000:alice"), 0,
					     out),
			 28);
	assert_memory_equal(out, "MME/7rvfb/gOjpkB59+7AxlCLvk=", 28);
}

static void test_text(void **state)
{
	struct credential_secrets s = two();
	struct credential_wish w = wish(CREDENTIAL_TEXT);
	struct credential_claim claim;
	struct credential c;
	uint64_t user;
	assert_int_equal(credential_mint(*state, &s, &w, &c), 0);
	assert_bytes(username(&c), SLICE_LIT("1900003600:alice@contoso.test"));
	assert_int_equal(c.expires_s, NOW_S + 3600);
	assert_int_equal(
		credential_read(*state, &s, username(&c), NOW_S, &claim), 0);
	assert_bytes(claim.name, w.user);
	assert_int_equal(claim.form, CREDENTIAL_TEXT);
	assert_int_equal(claim.expires_s, NOW_S + 3600);
	assert_int_equal(claim.candidates, 2);
	assert_int_equal(credential_user(*state, w.user, &user), 0);
	assert_int_equal(claim.user, user);
}

static void test_binary(void **state)
{
	struct credential_secrets s = two();
	struct credential_wish w = wish(CREDENTIAL_BINARY);
	struct credential_claim claim;
	struct credential c;
	uint8_t out[CREDENTIAL_PASSWORD_MAX];
	uint64_t user;
	assert_int_equal(credential_mint(*state, &s, &w, &c), 0);
	assert_int_equal(c.username_len, CREDENTIAL_BINARY_BYTES);
	assert_int_equal(
		credential_read(*state, &s, username(&c), NOW_S, &claim), 0);
	assert_int_equal(claim.form, CREDENTIAL_BINARY);
	assert_int_equal(claim.expires_s, NOW_S + 3600);
	assert_int_equal(claim.candidates, 1);
	assert_int_equal(credential_user(*state, w.user, &user), 0);
	assert_int_equal(claim.user, user);
	int len = credential_password(*state, &s, username(&c), 0, out);
	assert_int_equal(len, 16);
	assert_bytes(slice_of(out, 16), slice_of(c.password, c.password_len));
	assert_int_equal(credential_password(*state, &s, username(&c), 1, out),
			 -EINVAL);
}

/* A bit of a binary username more or less is not ours. */
static void test_binary_forged(void **state)
{
	struct credential_secrets s = two();
	struct credential_wish w = wish(CREDENTIAL_BINARY);
	struct credential_claim claim;
	struct credential c;
	assert_int_equal(credential_mint(*state, &s, &w, &c), 0);
	for (size_t i = 0; i < c.username_len * 8; i++) {
		c.username[i / 8] ^= 1 << i % 8;
		int err = credential_read(*state, &s, username(&c), NOW_S,
					  &claim);
		/* another version is no username of ours at all */
		assert_int_equal(err, i < 8 ? -ENOENT : -EACCES);
		c.username[i / 8] ^= 1 << i % 8;
	}
	c.username_len--;
	assert_int_equal(
		credential_read(*state, &s, username(&c), NOW_S, &claim),
		-ENOENT);
}

/* No byte at the ends that MS-TURN clients strip, for many users. */
static void test_binary_ends(void **state)
{
	struct credential_secrets s = two();
	for (int i = 0; i < 2000; i++) {
		char name[32];
		struct credential_wish w = wish(CREDENTIAL_BINARY);
		struct credential_claim claim;
		struct credential c;
		snprintf(name, sizeof(name), "user%d@contoso.test", i);
		w.user = slice_str(name);
		assert_int_equal(credential_mint(*state, &s, &w, &c), 0);
		uint8_t last[] = { c.username[31], c.password[15] };
		assert_int_not_equal(c.password[0], '"');
		for (int n = 0; n < 2; n++) {
			assert_int_not_equal(last[n], '"');
			assert_int_not_equal(last[n], 0);
		}
		assert_int_equal(credential_read(*state, &s, username(&c),
						 NOW_S, &claim),
				 0);
	}
}

static void test_life(void **state)
{
	static const struct {
		uint32_t ttl_s, granted_s;
	} rows[] = {
		{ 0, 60 },
		{ 59, 60 },
		{ 60, 60 },
		{ 28800, 28800 },
		{ 180 * 86400, 15552000 },
		{ 180 * 86400 + 1, 15552000 },
		{ UINT32_MAX, 15552000 },
	};
	struct credential_secrets s = two();
	struct credential_claim claim;
	struct credential c;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		struct credential_wish w =
			wish(i % 2 ? CREDENTIAL_TEXT : CREDENTIAL_BINARY);
		w.ttl_s = rows[i / 2].ttl_s;
		uint64_t end_s = NOW_S + rows[i / 2].granted_s;
		assert_int_equal(credential_mint(*state, &s, &w, &c), 0);
		assert_int_equal(c.expires_s, end_s);
		assert_int_equal(credential_read(*state, &s, username(&c),
						 end_s - 1, &claim),
				 0);
		assert_int_equal(credential_read(*state, &s, username(&c),
						 end_s, &claim),
				 -EKEYEXPIRED);
		assert_int_equal(claim.expires_s, end_s);
		/* a clock that went back a year, or a forger's far future */
		assert_int_equal(credential_read(*state, &s, username(&c),
						 NOW_S - 365 * 86400, &claim),
				 -EACCES);
	}
}

/* What was minted with the older secret is good until that is gone. */
static void test_rotation(void **state)
{
	for (int form = CREDENTIAL_TEXT; form <= CREDENTIAL_BINARY; form++) {
		struct credential_secrets before = { { secret(7, "older "
								 "secret") },
						     1 };
		struct credential_secrets during = two();
		struct credential_secrets after = {
			{ secret(9, "third secret"), during.secret[0] }, 2
		};
		struct credential_wish w = wish((enum credential_form)form);
		struct credential_claim claim;
		struct credential c;
		uint8_t out[CREDENTIAL_PASSWORD_MAX];
		bool found = false;
		assert_int_equal(credential_mint(*state, &before, &w, &c), 0);
		assert_int_equal(credential_read(*state, &during, username(&c),
						 NOW_S, &claim),
				 0);
		for (size_t n = 0; n < claim.candidates; n++) {
			int len = credential_password(*state, &during,
						      username(&c), n, out);
			found |= slice_eq(slice_of(out, (size_t)len),
					  slice_of(c.password, c.password_len));
		}
		assert_true(found);
		/* gone: the binary form says so itself, the password of the
		 * text form is another */
		int err = credential_read(*state, &after, username(&c), NOW_S,
					  &claim);
		assert_int_equal(err, form == CREDENTIAL_BINARY ? -EACCES : 0);
		for (size_t n = 0; !err && n < claim.candidates; n++) {
			int len = credential_password(*state, &after,
						      username(&c), n, out);
			assert_false(
				slice_eq(slice_of(out, (size_t)len),
					 slice_of(c.password, c.password_len)));
		}
	}
}

/* Names of static and SIP users are not taken for credentials. */
static void test_names(void **state)
{
	static const char *const names[] = {
		"",
		"alice",
		"alice@contoso.test",
		"4915112345678",
		"1900003600",
		"1900003600:",
		"100:alice",
		"999999999:alice",
		"-1900003600:alice",
		"+1900003600:a",
		" 1900003600:alice",
		"1900003600 :alice",
		"0x7fffffff:a",
		":alice",
		"sip:alice@contoso.test",
		"9223372036854775808:a",
	};
	struct credential_secrets s = two();
	struct credential_secrets none = { .count = 0 };
	struct credential_claim claim;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(credential_read(*state, &s,
						 slice_str(names[i]), NOW_S,
						 &claim),
				 -ENOENT);
	assert_int_equal(credential_read(*state, &s,
					 SLICE_LIT("9223372036854775807:a"),
					 NOW_S, &claim),
			 -EACCES);
	/* without a secret nothing is ours, whatever it looks like */
	assert_int_equal(credential_read(*state, &none,
					 SLICE_LIT("1900003600:alice"), NOW_S,
					 &claim),
			 -ENOENT);
}

static void test_refused(void **state)
{
	static const char longer[CREDENTIAL_USERNAME_MAX] = { 'x' };
	struct credential_secrets s = two();
	struct credential_secrets none = { .count = 0 };
	const struct slice users[] = {
		SLICE_NONE,
		SLICE_LIT("alice\n"),
		SLICE_LIT("a\0b"),
		SLICE_LIT("\x7f"),
		slice_of(longer, sizeof(longer)),
	};
	struct credential c;
	for (int form = CREDENTIAL_TEXT; form <= CREDENTIAL_BINARY; form++) {
		struct credential_wish w = wish((enum credential_form)form);
		assert_int_equal(credential_mint(*state, &none, &w, &c),
				 -ENOKEY);
		for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
			w.user = users[i];
			assert_int_equal(credential_mint(*state, &s, &w, &c),
					 -EINVAL);
		}
	}
}

static void test_names_user(void **state)
{
	struct credential_secrets s = two();
	struct credential c;
	uint64_t alice, bob;
	assert_int_equal(credential_user(*state,
					 SLICE_LIT("alice@contoso.test"),
					 &alice),
			 0);
	assert_int_equal(
		credential_user(*state, SLICE_LIT("bob@contoso.test"), &bob),
		0);
	for (int form = CREDENTIAL_TEXT; form <= CREDENTIAL_BINARY; form++) {
		struct credential_wish w = wish((enum credential_form)form);
		assert_int_equal(credential_mint(*state, &s, &w, &c), 0);
		assert_true(credential_names(*state, username(&c), alice));
		assert_false(credential_names(*state, username(&c), bob));
	}
	assert_true(
		credential_names(*state, SLICE_LIT("bob@contoso.test"), bob));
	assert_false(credential_names(*state, SLICE_NONE, bob));
}

static void test_secrets(void **state)
{
	struct credential_secret a, b;
	(void)state;
	assert_int_equal(credential_secret_make(&a, 3), 0);
	assert_int_equal(credential_secret_make(&b, 4), 0);
	assert_int_equal(a.id, 3);
	assert_int_equal(a.len, 43);
	assert_int_equal(strlen(a.text), 43);
	assert_string_not_equal(a.text, b.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_binary_forged),
		cmocka_unit_test(test_binary_ends),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_names_user),
		cmocka_unit_test(test_secrets),
	};
	return cmocka_run_group_tests(tests, hasher_setup, hasher_teardown);
}
