/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes: descriptors, exit status, signals, being forgotten. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop/loop.h"
#include "support/oom.h"

struct run {
	struct loop *loop;
	struct child *child;
	unsigned exits;
	int64_t status;
	int signo;
	bool close_in_callback;
};

static void on_exit_noted(void *arg, int64_t status, int signo)
{
	struct run *r = arg;

	r->exits++;
	r->status = status;
	r->signo = signo;
	if (r->close_in_callback) {
		child_close(r->child);
		r->child = NULL;
	}
}

static int spawn(struct run *r, const char *script, const int *fds, size_t n)
{
	char sh[] = "sh", c[] = "-c";
	char *text = strdup(script);

	if (!text)
		return -ENOMEM;
	char *argv[] = { sh, c, text, NULL };
	struct child_spec spec = {
		.file = "/bin/sh",
		.argv = argv,
		.fds = fds,
		.fd_count = n,
		.on_exit = on_exit_noted,
		.arg = r,
	};
	int err = child_spawn(&r->child, r->loop, &spec);
	free(text);
	return err;
}

static void test_exit_status(void **state)
{
	(void)state;
	struct run r = { .close_in_callback = true };

	assert_int_equal(loop_create(&r.loop), 0);
	assert_int_equal(spawn(&r, "exit 7", NULL, 0), 0);
	assert_true(child_pid(r.child) > 0);
	loop_run(r.loop);
	assert_int_equal(r.exits, 1);
	assert_int_equal(r.status, 7);
	assert_int_equal(r.signo, 0);
	loop_free(r.loop);
}

static void test_killed(void **state)
{
	(void)state;
	struct run r = { 0 };

	assert_int_equal(loop_create(&r.loop), 0);
	assert_int_equal(spawn(&r, "exec sleep 1000", NULL, 0), 0);
	assert_int_equal(child_kill(r.child, SIGKILL), 0);
	loop_run(r.loop);
	assert_int_equal(r.exits, 1);
	assert_int_equal(r.signo, SIGKILL);
	assert_int_equal(child_kill(r.child, SIGTERM), -ESRCH);
	child_close(r.child);
	loop_free(r.loop);
}

/* 0 to 2 from /dev/null, ours as 4, 3 and all others closed. */
static void test_descriptors(void **state)
{
	(void)state;
	struct run r = { 0 };
	char text[256] = "";
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	int leaky = dup(fds[0]); /* without close-on-exec */
	int give[] = { -1, -1, -1, -1, fds[1] };
	assert_int_equal(loop_create(&r.loop), 0);
	assert_int_equal(
		spawn(&r,
		      "for n in 0 1 2; do readlink /proc/self/fd/$n; done >&4;"
		      "for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do "
		      "[ -L /proc/$$/fd/$n ] && printf '%s ' $n >&4;"
		      "done; exit 0",
		      give, 5),
		0);
	loop_run(r.loop);
	assert_int_equal(r.status, 0);
	close(fds[1]);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	/* readlink itself writes to our pipe, so its own 1 is that pipe. */
	assert_non_null(strstr(text, "/dev/null\npipe:"));
	assert_non_null(strstr(text, "\n0 1 2 4 "));
	child_close(r.child);
	close(fds[0]);
	close(leaky);
	loop_free(r.loop);
}

static void test_cannot_start(void **state)
{
	(void)state;
	struct run r = { 0 };
	char name[] = "none";
	char *argv[] = { name, NULL };
	struct child_spec spec = {
		.file = "/nonexistent/program",
		.argv = argv,
		.on_exit = on_exit_noted,
		.arg = &r,
	};

	assert_int_equal(loop_create(&r.loop), 0);
	assert_int_equal(child_spawn(&r.child, r.loop, &spec), -ENOENT);
	loop_run(r.loop);
	assert_int_equal(r.exits, 0);
	loop_free(r.loop);
}

static void on_tick(struct timer *t, void *arg)
{
	(void)t;
	loop_stop(arg);
}

/* Nobody is told, but the system's process table is cleaned. */
static void test_forgotten(void **state)
{
	(void)state;
	struct run r = { 0 };
	struct timer t;
	int fds[2];
	char c;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	int give[] = { -1, fds[1] };
	assert_int_equal(loop_create(&r.loop), 0);
	assert_int_equal(spawn(&r, "exit 0", give, 2), 0);
	close(fds[1]);
	pid_t pid = child_pid(r.child);
	child_close(r.child);
	assert_int_equal(read(fds[0], &c, 1), 0); /* it has ended */
	timer_init(&t, loop_timers(r.loop), on_tick, r.loop);
	for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++) {
		timer_start(&t, 5);
		loop_run(r.loop);
	}
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(r.exits, 0);
	close(fds[0]);
	loop_free(r.loop);
	child_close(NULL);
}

static int spawn_once(void *arg)
{
	struct run r = { .close_in_callback = true };
	int err = loop_create(&r.loop);

	(void)arg;
	if (err)
		return err;
	err = spawn(&r, "exit 3", NULL, 0);
	loop_run(r.loop);
	if (!err && r.status != 3)
		err = -EIO;
	loop_free(r.loop);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(spawn_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_status),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_cannot_start),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
