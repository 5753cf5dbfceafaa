/* SPDX-License-Identifier: Apache-2.0 */
/* Contact lists and soft state: replaced by their keys, gone with their user,
 * left out when expired. */
#include "folder.h"

#include <errno.h>

#include "store/presence.h"

static void prepare(struct folder *f)
{
	struct store_user a = folder_user("a@x"), b = folder_user("b@x");
	folder_open(f);
	assert_int_equal(store_user_put(f->s, &a, false), 0);
	assert_int_equal(store_user_put(f->s, &b, false), 0);
}

static int contact(struct folder *f, const char *owner, const char *other,
		   uint8_t rule)
{
	struct store_contact c = { slice_str(owner), slice_str(other), rule };
	return store_contact_put(f->s, &c);
}

static void add_contact(void *arg, const struct store_contact *c)
{
	char *text = arg;
	size_t len = strlen(text);
	snprintf(text + len, 512 - len, "%.*s>%.*s=%u ", SLICE_FMT(c->owner),
		 SLICE_FMT(c->contact), c->rule);
}

static void expect_contacts(struct folder *f, const char *owner,
			    const char *other, const char *want)
{
	char text[512] = "";
	assert_int_equal(store_contact_each(f->s, slice_str(owner),
					    slice_str(other), add_contact,
					    text),
			 0);
	assert_string_equal(text, want);
}

static void one_rule_a_pair(void **state)
{
	struct folder *f = *state;
	prepare(f);
	assert_int_equal(contact(f, "a@x", "z@y", 1), 0);
	assert_int_equal(contact(f, "a@x", "b@x", 3), 0);
	assert_int_equal(contact(f, "b@x", "a@x", 2), 0);
	assert_int_equal(contact(f, "a@x", "z@y", 2), 0);
	assert_int_equal(contact(f, "nobody@x", "a@x", 1), -ENOENT);
	expect_contacts(f, "a@x", "", "a@x>b@x=3 a@x>z@y=2 ");
	expect_contacts(f, "a@x", "b@x", "a@x>b@x=3 ");
	expect_contacts(f, "a@x", "none@x", "");
	assert_int_equal(
		store_contact_delete(f->s, SLICE_LIT("a@x"), SLICE_LIT("b@x")),
		0);
	assert_int_equal(
		store_contact_delete(f->s, SLICE_LIT("a@x"), SLICE_LIT("b@x")),
		-ENOENT);
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
	folder_open(f);
	expect_contacts(f, "a@x", "", "a@x>z@y=2 ");
	assert_int_equal(store_user_delete(f->s, SLICE_LIT("a@x")), 0);
	expect_contacts(f, "a@x", "", "");
	expect_contacts(f, "b@x", "", "b@x>a@x=2 ");
}

static int soft(struct folder *f, uint8_t kind, const char *aor,
		struct slice name, struct slice record)
{
	struct store_soft r = { .kind = kind,
				.aor = slice_str(aor),
				.name = name,
				.record = record,
				.expires_s = 100u * kind };
	return store_soft_put(f->s, &r);
}

static void add_soft(void *arg, const struct store_soft *r)
{
	char *text = arg;
	size_t len = strlen(text);
	snprintf(text + len, 512 - len, "%u:%.*s:%zu:%zu@%u ", r->kind,
		 SLICE_FMT(r->aor), r->name.len, r->record.len,
		 (unsigned)r->expires_s);
}

static void expect_soft(struct folder *f, uint64_t now_s, const char *want)
{
	char text[512] = "";
	assert_int_equal(store_soft_each(f->s, now_s, add_soft, text), 0);
	assert_string_equal(text, want);
}

static void soft_state_by_its_key(void **state)
{
	struct folder *f = *state;
	const struct slice name = SLICE_LIT("n\0m"), other = SLICE_LIT("n");
	struct store_soft key = { .kind = 1, .aor = SLICE_LIT("a@x") };
	prepare(f);
	assert_int_equal(soft(f, 1, "a@x", name, SLICE_LIT("\0\1")), 0);
	assert_int_equal(soft(f, 1, "a@x", other, SLICE_LIT("1")), 0);
	assert_int_equal(soft(f, 2, "b@x", name, SLICE_LIT("22")), 0);
	assert_int_equal(soft(f, 1, "a@x", name, SLICE_LIT("333")), 0);
	assert_int_equal(soft(f, 1, "nobody@x", name, SLICE_LIT("4")), -ENOENT);
	expect_soft(f, 0, "1:a@x:3:3@100 1:a@x:1:1@100 2:b@x:3:2@200 ");
	expect_soft(f, 100, "2:b@x:3:2@200 ");
	key.name = other;
	assert_int_equal(store_soft_delete(f->s, &key), 0);
	expect_soft(f, 0, "1:a@x:3:3@100 2:b@x:3:2@200 ");
	assert_int_equal(store_soft_expire(f->s, 100), 0);
	expect_soft(f, 0, "2:b@x:3:2@200 ");
	assert_int_equal(store_user_delete(f->s, SLICE_LIT("b@x")), 0);
	expect_soft(f, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_rule_a_pair, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(soft_state_by_its_key,
						folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
