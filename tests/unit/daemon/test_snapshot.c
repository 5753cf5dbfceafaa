/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration through a sealed file; what is none is refused. */
#include "daemon/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "ipc/ipc.h"
#include "support/oom.h"
#include "unit/conf/fake_files.h"

static int seal(uint32_t roles)
{
	struct arena *a = arena_create(1 << 16, 32 << 20);
	const struct conf *c = NULL;
	char error[CONF_ERROR_MAX];
	struct buf b;
	int fd = -1;
	assert_int_equal(fake_load(a, FAKE_EVERY, &c, error, NULL), 0);
	buf_init(&b, 0);
	conf_encode(&b, c, roles);
	assert_false(buf_failed(&b));
	assert_int_equal(sealed_create(&fd, "t", buf_slice(&b)), 0);
	buf_free(&b);
	arena_free(a);
	return fd;
}

/* The loader's two halves. */
enum {
	OTHERS = 1 << PROC_SUPERVISOR | 1 << PROC_HOME | 1 << PROC_STORE |
		 1 << PROC_RESOLVER | 1 << PROC_ADMIN
};

static void test_the_key_goes_to_edge_alone(void **state)
{
	(void)state;
	struct snapshot *edge = NULL;
	struct snapshot *home = NULL;
	int edge_fd = seal(1 << PROC_EDGE);
	int home_fd = seal(OTHERS);
	assert_int_equal(snapshot_open(&edge, edge_fd), 0);
	assert_int_equal(snapshot_open(&home, home_fd), 0);
	assert_int_equal(edge->conf->workers, 7);
	assert_true(slice_eq(edge->conf->tls.key.content,
			     SLICE_LIT("MARKER-private-key")));
	assert_int_equal(home->conf->tls.key.content.len, 0);
	assert_null(memmem(home->map.ptr, home->map.len, "MARKER", 6));
	snapshot_free(edge);
	snapshot_release(home);
	snapshot_free(NULL);
	close(edge_fd);
	close(home_fd);
}

static void test_refuses_what_is_none(void **state)
{
	(void)state;
	struct snapshot *s = NULL;
	int fd = -1;
	assert_int_equal(sealed_create(&fd, "t", SLICE_LIT("garbage")), 0);
	assert_int_equal(snapshot_open(&s, fd), -EBADMSG);
	assert_null(s);
	close(fd);
}

static int scenario(void *arg)
{
	struct snapshot *s = NULL;
	int err = snapshot_open(&s, *(int *)arg);
	if (!err)
		snapshot_free(s);
	return err;
}

static void test_survives_without_memory(void **state)
{
	(void)state;
	int fd = seal(1 << PROC_EDGE);
	oom_walk(scenario, &fd);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_key_goes_to_edge_alone),
		cmocka_unit_test(test_refuses_what_is_none),
		cmocka_unit_test(test_survives_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
