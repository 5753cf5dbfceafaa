/* SPDX-License-Identifier: Apache-2.0 */
/* The section inside: what fits together, and what is refused in which
 * words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "unit/conf/fake_files.h"

#define PARTNER "partners: [{domain: a.test, edge: pool.in.test}]\n"
#define LISTEN "  listen: [\"10.0.0.1:5061\"]\n"
#define NONE FAKE_MINIMAL "inside:\n  home: none\n"

static const struct {
	const char *text;
	unsigned line;
	const char *words[3];
} rows[] = {
	/* not for the built-in home */
	{ FAKE_MINIMAL "inside:\n  next_hop: [\"a.test:1\"]\n",
	  4,
	  { "inside.next_hop", "home: none" } },
	{ FAKE_MINIMAL "inside:\n  home: builtin\n  peers: [a.test]\n",
	  5,
	  { "inside.peers", "line 4", "remove the key" } },
	{ FAKE_MINIMAL "inside: {health_s: 3}\n", 3, { "inside.health_s" } },
	/* what servers inside need */
	{ NONE LISTEN, 4, { "inside.next_hop", "missing", "next_hop:" } },
	{ NONE "  next_hop: []\n" LISTEN, 4, { "inside.next_hop", "missing" } },
	{ NONE "  next_hop: [\"pool.in.test:5061\"]\n",
	  4,
	  { "inside.listen", "missing", "listen:" } },
	{ NONE LISTEN "  next_hop: [\"pool.in.test:5061\"]\n"
		      "  certificate: /t/inside.pem\n",
	  4,
	  { "belong together" } },
	/* next hops that contradict something */
	{ NONE LISTEN "  next_hop: [\"a.test:1\", \"A.test.:1\"]\n",
	  6,
	  { "twice" } },
	{ NONE LISTEN "  next_hop: [\"a.test:1\", b.test]\n",
	  6,
	  { "b.test", "SRV", "port" } },
	{ NONE LISTEN "  next_hop: [b.test]\n", 6, { "b.test", "peers:" } },
	{ NONE LISTEN "  next_hop: [\"10.0.0.5:5060\"]\n",
	  6,
	  { "10.0.0.5:5060", "trusted_link:" } },
	{ NONE LISTEN "  next_hop: [\"10.0.0.9:5060\"]\n"
		      "  trusted_link: [10.0.0.0/29]\n",
	  6,
	  { "10.0.0.9:5060" } },
	{ NONE LISTEN "  next_hop: [\"10.0.0.1:5061\"]\n"
		      "  trusted_link: [10.0.0.0/29]\n",
	  6,
	  { "our own listener", "line 5" } },
	{ NONE LISTEN "  next_hop: [\"edge.contoso.test:5061\"]\n",
	  6,
	  { "this server itself" } },
	{ NONE LISTEN "  next_hop: [\"e.in.test:5061\"]\n  name: e.in.test\n",
	  6,
	  { "this server itself" } },
	{ NONE LISTEN "  next_hop: [\"10.0.0.9:5060\"]\n"
		      "  trusted_link: [\"::/0\", 0.0.0.0/0]\n",
	  7,
	  { "trusted_link", "'::/0'", "everybody" } },
	/* nobody is inside and outside */
	{ NONE LISTEN "  next_hop: [\"pool.in.test:5061\"]\n" PARTNER,
	  6,
	  { "pool.in.test", "partner", "line 7" } },
	{ NONE LISTEN "  next_hop: [\"x.in.test:5061\"]\n"
		      "  peers: [x.in.test, pool.in.test]\n" PARTNER,
	  7,
	  { "pool.in.test", "partner", "line 8" } },
	{ NONE "  listen: [\"[::]:5061\"]\n"
	       "  next_hop: [\"pool.in.test:5061\"]\n",
	  5,
	  { "two listeners", "[::]:5061" } },
};

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char error[CONF_ERROR_MAX] = "", start[32];
		const struct conf *c = NULL;
		struct arena *a = arena_create(4096, 1 << 24);
		snprintf(start, sizeof(start), "t.yaml:%u: ", rows[i].line);
		if (!fake_load(a, rows[i].text, &c, error, NULL))
			fail_msg("accepted: %s", rows[i].text);
		if (strncmp(error, start, strlen(start)) != 0)
			fail_msg("line %u expected: %s", rows[i].line, error);
		for (size_t j = 0; j < 3 && rows[i].words[j]; j++)
			if (!strstr(error, rows[i].words[j]))
				fail_msg("'%s' expected: %s", rows[i].words[j],
					 error);
		arena_free(a);
	}
}

static const char *const accepted[] = {
	NONE LISTEN "  next_hop: [\"pool.in.test:5061\"]\n",
	NONE LISTEN "  next_hop: [pool.in.test]\n  peers: [fe1.in.test]\n",
	NONE LISTEN "  next_hop: [\"10.0.0.5:5060\", \"pool.in.test:5061\"]\n"
		    "  trusted_link: [10.0.0.0/29]\n",
	NONE LISTEN "  next_hop: [\"pool.in.test:5061\"]\n"
		    "  certificate: /t/inside.pem\n  key: /t/inside.key\n",
};

static void taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
		char error[CONF_ERROR_MAX] = "";
		const struct conf *c = NULL;
		struct arena *a = arena_create(4096, 1 << 24);
		if (fake_load(a, accepted[i], &c, error, NULL))
			fail_msg("%s", error);
		assert_false(c->inside.builtin);
		arena_free(a);
	}
}

static void unused_home_is_told(void **state)
{
	(void)state;
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 24);
	struct buf w;
	buf_init(&w, 0);
	assert_int_equal(fake_load(a,
				   NONE LISTEN
				   "  next_hop: [\"pool.in.test:5061\"]\n"
				   "home: {digest_md5: false}\n",
				   &c, error, &w),
			 0);
	buf_u8(&w, 0);
	assert_non_null(strstr((char *)w.ptr, "t.yaml:7: home: is not used"));
	buf_free(&w);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
		cmocka_unit_test(taken),
		cmocka_unit_test(unused_home_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
