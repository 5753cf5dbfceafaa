/* SPDX-License-Identifier: Apache-2.0 */
/* The location table: by user, by flow, by time; nothing left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "home/location.h"
#include "support/oom.h"

struct fixture {
	struct timers *timers;
	struct location l;
	size_t seen;
};

static int setup(void **state)
{
	static struct fixture f;
	f.seen = 0;
	if (timers_create(&f.timers, 0) || location_init(&f.l, f.timers))
		return -1;
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	location_free(&f->l);
	timers_free(f->timers);
	return 0;
}

static int add(struct fixture *f, const char *aor, const char *contact,
	       uint64_t flow)
{
	struct record rec = { .contact = slice_str(contact),
			      .flow = { 1, 2, flow } };
	struct binding *b;
	int err = binding_create(&b, &rec);
	if (err)
		return err;
	err = location_add(&f->l, slice_str(aor), b, 100);
	if (err)
		binding_free(b);
	return err;
}

static void drop(void *arg, struct binding *b)
{
	struct fixture *f = arg;
	f->seen++;
	location_remove(&f->l, b);
}

static void contacts_must_be_uris(void **state)
{
	assert_int_equal(add(*state, "a@x", "not a uri", 1), -EINVAL);
}

static void found_by_equal_uri(void **state)
{
	struct fixture *f = *state;
	struct sip_uri uri;
	assert_int_equal(add(f, "a@x", "sip:a@Host.test;transport=tls", 1), 0);
	struct location_user *u = location_find(&f->l, SLICE_LIT("a@x"));
	sip_uri_parse(SLICE_LIT("sip:a@host.TEST;transport=TLS"), &uri);
	assert_non_null(location_match(u, &uri));
	sip_uri_parse(SLICE_LIT("sip:b@host.test;transport=tls"), &uri);
	assert_null(location_match(u, &uri));
	assert_null(location_match(NULL, &uri));
}

static void a_flow_takes_all_its_bindings_and_no_other(void **state)
{
	struct fixture *f = *state;
	struct flow_key flow = { 1, 2, 7 }, other = { 1, 3, 7 };
	char aor[16];
	for (int i = 0; i < 50; i++) {
		snprintf(aor, sizeof(aor), "u%d@x", i / 5);
		char contact[32];
		snprintf(contact, sizeof(contact), "sip:u@h%d", i);
		assert_int_equal(add(f, aor, contact, i % 2 ? 7 : 8), 0);
	}
	location_each_of_flow(&f->l, &other, drop, f);
	assert_int_equal(f->seen, 0);
	location_each_of_flow(&f->l, &flow, drop, f);
	assert_int_equal(f->seen, 25);
	assert_int_equal(f->l.flows.count, 1);
	flow.flow = 0; /* the whole worker */
	location_each_of_flow(&f->l, &flow, drop, f);
	assert_int_equal(f->seen, 50);
	assert_int_equal(f->l.count, 0);
	assert_int_equal(f->l.users.count, 0);
	assert_int_equal(f->l.flows.count, 0);
	assert_int_equal(timers_count(f->timers), 0);
}

static void they_end_by_themselves(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "a@x", "sip:a@h1", 1), 0);
	timers_advance(f->timers, 99999);
	assert_int_equal(f->l.count, 1);
	timers_advance(f->timers, 100000);
	assert_int_equal(f->l.count, 0);
	assert_null(location_find(&f->l, SLICE_LIT("a@x")));
}

static int add_two(void *arg)
{
	struct fixture f = { .seen = 0 };
	(void)arg;
	int err = timers_create(&f.timers, 0);
	if (err)
		return err;
	err = location_init(&f.l, f.timers);
	if (!err)
		err = add(&f, "a@x", "sip:a@h1", 1);
	if (!err)
		err = add(&f, "a@x", "sip:a@h2", 2);
	location_free(&f.l);
	timers_free(f.timers);
	return err;
}

static void survives_failing_allocations(void **state)
{
	(void)state;
	oom_walk(add_two, NULL);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(contacts_must_be_uris),
		TEST(found_by_equal_uri),
		TEST(a_flow_takes_all_its_bindings_and_no_other),
		TEST(they_end_by_themselves),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
