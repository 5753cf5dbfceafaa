/* SPDX-License-Identifier: Apache-2.0 */
/* The manual names every key, and the example is one that loads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "conf/conf.h"
#include "conf/schema.h"
#include "support/oom.h"
#include "unit/conf/fake_files.h"

static void every_key_is_documented(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	conf_manual(&out);
	buf_u8(&out, 0);
	assert_false(buf_failed(&out));
	const char *text = (const char *)out.ptr;
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		char title[96];
		const struct conf_key *k = &CONF_KEYS[i];
		snprintf(title, sizeof(title), "\n\\fB%s\\fR", k->path);
		if (!strstr(text, title))
			fail_msg("%s is not in the manual", k->path);
		if (!k->absent && (!k->doc || strlen(k->doc) < 10))
			fail_msg("%s has no documentation", k->path);
	}
	buf_free(&out);
}

static void lines_are_no_macros(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	conf_manual(&out);
	struct slice rest = buf_slice(&out);
	while (!slice_empty(rest)) {
		ptrdiff_t end = slice_chr(rest, '\n');
		assert_true(end >= 0);
		struct slice one = slice_head(rest, (size_t)end);
		if (one.len && one.ptr[0] == '\'')
			fail_msg("%.*s", SLICE_FMT(one));
		if (one.len > 1 && one.ptr[0] == '.')
			assert_true(one.ptr[1] >= 'A' && one.ptr[1] <= 'z');
		rest = slice_from(rest, (size_t)end + 1);
	}
	buf_free(&out);
}

/* All the files that the example names are there. */
static int open_any(void *arg, const char *path, int *fd)
{
	const struct fake_file f = { path, "PEM", 0600 };
	(void)arg;
	return fake_memory(&f, fd);
}

static void example_loads(void **state)
{
	(void)state;
	char error[CONF_ERROR_MAX];
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 24);
	struct buf out;
	buf_init(&out, 0);
	conf_example(&out);
	struct conf_load load = { .path = "example.yaml",
				  .text = buf_slice(&out),
				  .open = open_any,
				  .cpus = 2 };
	if (conf_load(a, &load, &c, error, NULL))
		fail_msg("%s", error);
	assert_int_equal(c->partner_count, 1);
	assert_int_equal(c->workers, 2);
	buf_free(&out);
	arena_free(a);
}

/* Every available key stands in the example, and each parent before it. */
static void schema_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < CONF_KEY_COUNT; i++) {
		const struct conf_key *k = &CONF_KEYS[i];
		int parent = conf_key_parent(i);
		assert_int_equal(conf_key_find(k->path), i);
		if (strchr(k->path, '.') && (parent < 0 || parent >= (int)i))
			fail_msg("%s has no section before it", k->path);
		if (k->absent || k->type == CONF_SECTION ||
		    k->type == CONF_ROWS)
			continue;
		if (!k->example && !k->fallback)
			fail_msg("%s has neither default nor example", k->path);
	}
	assert_int_equal(conf_key_find("nothing"), -1);
}

static int print_once(void *arg)
{
	struct buf out;
	(void)arg;
	buf_init(&out, 0);
	conf_manual(&out);
	int err = buf_failed(&out) ? -ENOMEM : 0;
	buf_free(&out);
	return err;
}

static void survives_oom(void **state)
{
	(void)state;
	oom_walk(print_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_documented),
		cmocka_unit_test(lines_are_no_macros),
		cmocka_unit_test(example_loads),
		cmocka_unit_test(schema_is_whole),
		cmocka_unit_test(survives_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
