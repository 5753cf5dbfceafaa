/* SPDX-License-Identifier: Apache-2.0 */
/* The linker sends every allocation of our code here (--wrap). */
#include "support/oom.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

/* the linker's hook has no argument to carry it */
static unsigned countdown;
static bool fired;

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	fired = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

void oom_arm(unsigned n)
{
	countdown = n;
	fired = false;
}

bool oom_fired(void)
{
	return fired;
}

void oom_walk(int (*fn)(void *arg), void *arg)
{
	enum { RUNS_MAX = 10000 };
	for (unsigned n = 1; n <= RUNS_MAX; n++) {
		oom_arm(n);
		int err = fn(arg);
		bool failed = oom_fired();
		oom_arm(0);
		if (failed)
			continue;
		assert_int_equal(err, 0);
		return;
	}
	fail_msg("still failing after %d runs", RUNS_MAX);
}
