/* SPDX-License-Identifier: Apache-2.0 */
/* Administrators are told before federation with a provider ends, once at each
 * threshold and once when it has; a reload tells nothing twice. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/endings.h"
#include "support/oom.h"

enum { HOUR_MS = 3600 * 1000 };
static const uint64_t DAY_MS = 24 * (uint64_t)HOUR_MS;
static const uint64_t END_MS = 1363305600000; /* 2013-03-15 */

static uint64_t wall; /* the tests' clock, in ms since 1970 */

static uint64_t wall_ms(void)
{
	return wall;
}

struct rig {
	struct conf_provider provider[3];
	struct conf conf;
	struct timers *timers;
	struct endings x;
	uint64_t now_ms;
	FILE *log;
	int stderr_fd;
	long seen;
};

static void setup(struct rig *r, unsigned days_before)
{
	memset(r, 0, sizeof(*r));
	r->provider[0] =
		(struct conf_provider){ .name = SLICE_LIT("messenger"),
					.enabled = true,
					.ends = SLICE_LIT("2013-03-15"),
					.successor = SLICE_LIT("skype") };
	r->provider[1] = (struct conf_provider){ .name = SLICE_LIT("skype"),
						 .enabled = true };
	r->provider[2] =
		(struct conf_provider){ .name = SLICE_LIT("aol"),
					.ends = SLICE_LIT("2013-03-15") };
	r->conf.providers = r->provider;
	r->conf.provider_count = 3;
	wall = END_MS - days_before * DAY_MS;
	assert_int_equal(timers_create(&r->timers, 0), 0);
	endings_init(&r->x, r->timers);
	r->x.wall_ms = wall_ms;
	/* what is logged goes to standard error */
	r->log = tmpfile();
	assert_non_null(r->log);
	r->stderr_fd = dup(2);
	dup2(fileno(r->log), 2);
}

static void teardown(struct rig *r)
{
	dup2(r->stderr_fd, 2);
	close(r->stderr_fd);
	fclose(r->log);
	endings_free(&r->x);
	timers_free(r->timers);
}

/* How often since the last call the log had this in it. */
static unsigned told(struct rig *r, const char *what)
{
	char line[1024];
	unsigned n = 0;

	fseek(r->log, r->seen, SEEK_SET);
	while (fgets(line, sizeof(line), r->log))
		n += strstr(line, what) != NULL;
	r->seen = ftell(r->log);
	return n;
}

static void pass_days(struct rig *r, unsigned days)
{
	for (unsigned i = 0; i < days * 24; i++) {
		r->now_ms += HOUR_MS;
		wall += HOUR_MS;
		timers_advance(r->timers, r->now_ms);
	}
}

static void once_at_each_threshold(void **state)
{
	struct rig r;
	(void)state;

	setup(&r, 40);
	endings_set(&r.x, &r.conf);
	pass_days(&r, 9);
	assert_int_equal(told(&r, "provider."), 0);
	pass_days(&r, 2); /* 29 left */
	assert_int_equal(told(&r, "provider.ending provider=messenger "
				  "ends=2013-03-15 days="),
			 1);
	pass_days(&r, 14); /* 15 left */
	assert_int_equal(told(&r, "provider."), 0);
	pass_days(&r, 2);
	assert_int_equal(told(&r, "provider.ending"), 1);
	endings_set(&r.x, &r.conf); /* a reload */
	assert_int_equal(told(&r, "provider."), 0);
	pass_days(&r, 7); /* 6 left */
	assert_int_equal(told(&r, "provider.ending"), 1);
	pass_days(&r, 5);
	assert_int_equal(told(&r, "provider.ending"), 1); /* the last day */
	assert_int_equal(told(&r, "provider.ended"), 0);
	pass_days(&r, 30);
	assert_int_equal(told(&r, "provider."), 1);
	/* another day is news */
	r.provider[0].ends = SLICE_LIT("2013-05-01");
	endings_set(&r.x, &r.conf);
	assert_int_equal(told(&r, "provider.ending"), 1);
	teardown(&r);
}

static void a_late_start_tells_at_once(void **state)
{
	struct rig r;
	(void)state;

	setup(&r, 0);
	wall += DAY_MS;
	endings_set(&r.x, &r.conf);
	assert_int_equal(
		told(&r, "provider.ended provider=messenger ends=2013-03-15 "
			 "successor=skype"),
		1);
	pass_days(&r, 3);
	assert_int_equal(told(&r, "provider."), 0);
	teardown(&r);
}

static void rows(void **state)
{
	static const struct {
		unsigned before, days;
		const char *state;
	} table[] = { { 40, 40, "good" },
		      { 20, 20, "ending" },
		      { 0, 0, "ended" } };
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rig r;
		const char *name, *how;
		json_int_t days;
		setup(&r, table[i].before);
		endings_set(&r.x, &r.conf);
		json_t *list = endings_rows(&r.x);
		int bad = json_unpack(list, "[{s:s,s:I,s:s}]", "provider",
				      &name, "days", &days, "state", &how);
		teardown(&r);
		assert_int_equal(bad, 0);
		assert_int_equal(json_array_size(list), 1);
		assert_string_equal(name, "messenger");
		assert_int_equal(days, table[i].days);
		assert_string_equal(how, table[i].state);
		json_decref(list);
	}
}

/* What does not fit is told, and the rest is watched. */
static int without_memory(void *arg)
{
	struct rig *r = arg;
	endings_set(&r->x, &r->conf);
	return r->x.count == 1 ? 0 : -ENOMEM;
}

static void survives_oom(void **state)
{
	struct rig r;
	(void)state;
	setup(&r, 5);
	oom_walk(without_memory, &r);
	teardown(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_at_each_threshold),
		cmocka_unit_test(a_late_start_tells_at_once),
		cmocka_unit_test(rows),
		cmocka_unit_test(survives_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
