/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's keys of users: with the user, by name and by hash. */
#include "folder.h"

#include <errno.h>

#include "store/turn_keys.h"

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define MD5_1 "1111111111111111"
#define SHA_1 "11111111111111111111111111111111"
#define MD5_2 "2222222222222222"

static void see(void *arg, const struct store_turn_key *k)
{
	char *out = arg;
	sprintf(out, "%.*s:%.*s:%.*s:%.*s:%.*s%s", SLICE_FMT(k->aor),
		SLICE_FMT(k->name), SLICE_FMT(k->realm), SLICE_FMT(k->md5),
		SLICE_FMT(k->sha256), k->disabled ? "!" : "");
}

static const char *get(struct folder *f, const char *name, const char *hash)
{
	static char out[512];
	int err = store_turn_key_get(f->s, slice_str(name), slice_str(hash),
				     see, out);
	if (err)
		sprintf(out, "%s", err == -ENOENT ? "none" : strerror(-err));
	return out;
}

static struct store_turn_key key_of(const char *aor)
{
	return (struct store_turn_key){ .aor = slice_str(aor),
					.name = slice_str(aor),
					.realm = SLICE_LIT("edge"),
					.userhash = SLICE_LIT(HASH_A),
					.md5 = SLICE_LIT(MD5_1),
					.sha256 = SLICE_LIT(SHA_1) };
}

static void realm(void *arg, const struct store_user *u)
{
	sprintf(arg, "%.*s", SLICE_FMT(u->turn_realm));
}

static void they_live_with_their_user(void **state)
{
	struct folder *f = *state;
	char text[64];
	struct store_user u = folder_user("a@x");
	struct store_turn_key k = key_of("a@x");
	folder_open(f);
	assert_int_equal(store_turn_key_put(f->s, &k), -ENOENT);
	assert_int_equal(store_user_put(f->s, &u, false), 0);
	assert_int_equal(store_user_get(f->s, u.aor, realm, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(store_turn_key_put(f->s, &k), 0);
	assert_int_equal(store_user_get(f->s, u.aor, realm, text), 0);
	assert_string_equal(text, "edge");
	u.disabled = true;
	assert_int_equal(store_user_put(f->s, &u, true), 0);
	assert_string_equal(get(f, "a@x", ""),
			    "a@x:a@x:edge:" MD5_1 ":" SHA_1 "!");
	assert_int_equal(store_user_delete(f->s, u.aor), 0);
	assert_string_equal(get(f, "a@x", ""), "none");
	assert_string_equal(get(f, "", HASH_A), "none");
}

static void a_new_password_replaces_all_of_it(void **state)
{
	struct folder *f = *state;
	struct store_user u = folder_user("j%C3%BC@x");
	struct store_turn_key k = key_of("j%C3%BC@x");
	folder_open(f);
	assert_int_equal(store_user_put(f->s, &u, false), 0);
	assert_int_equal(store_turn_key_put(f->s, &k), 0);
	k.name = SLICE_LIT("j\xc3\xbc@x");
	k.realm = SLICE_LIT("other");
	k.userhash = SLICE_LIT(HASH_B);
	k.md5 = SLICE_LIT(MD5_2);
	assert_int_equal(store_turn_key_put(f->s, &k), 0);
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
	folder_open(f);
	const char *want = "j%C3%BC@x:j\xc3\xbc@x:other:" MD5_2 ":" SHA_1;
	assert_string_equal(get(f, "j\xc3\xbc@x", ""), want);
	assert_string_equal(get(f, "", HASH_B), want);
	assert_string_equal(get(f, "j%C3%BC@x", ""), "none");
	assert_string_equal(get(f, "", HASH_A), "none");
	assert_string_equal(get(f, "x' OR '1'='1", ""), "none");
}

static void keys_have_their_length(void **state)
{
	struct folder *f = *state;
	struct store_user u = folder_user("a@x");
	struct store_turn_key k = key_of("a@x");
	folder_open(f);
	assert_int_equal(store_user_put(f->s, &u, false), 0);
	k.md5 = SLICE_LIT("short");
	assert_true(store_turn_key_put(f->s, &k) < 0);
	assert_int_equal(store_commit(f->s), 0);
	folder_expect_users(f, "a@x ");
	assert_string_equal(get(f, "a@x", ""), "none");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		TEST(they_live_with_their_user),
		TEST(a_new_password_replaces_all_of_it),
		TEST(keys_have_their_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
