/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LOG-01: from a child's log socket to the reader; a reader that stands still
 * stops nobody, memory stays bounded, and everything taken arrives later.
 */
#include "daemon/logpipe.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "daemon/logqueue.h"
#include "daemon/logsock.h"
#include "support/oom.h"

struct rig {
	struct loop *loop;
	struct logpipe *pipe;
	struct log_source *source;
	int child; /* its end of the log socket */
	int reader;
	int writer;
	struct timer stop;
};

static void on_stop(struct timer *t, void *arg)
{
	struct rig *r = arg;
	(void)t;
	loop_stop(r->loop);
}

/* Lets the loop turn for a moment of its own clock. */
static void turn(struct rig *r, uint64_t ms)
{
	timer_start(&r->stop, ms);
	loop_run(r->loop);
}

static void rig_open(struct rig *r)
{
	int log[2];
	int out[2];
	assert_int_equal(loop_create(&r->loop), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	r->reader = out[0];
	r->writer = out[1];
	fcntl(r->reader, F_SETFL, O_NONBLOCK);
	assert_int_equal(logpipe_create(&r->pipe, r->loop, r->writer), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, log), 0);
	r->child = log[1];
	assert_int_equal(log_source_open(&r->source, r->pipe, log[0], "edge.1"),
			 0);
	log_set_sink(logpipe_sink, r->pipe);
	timer_init(&r->stop, loop_timers(r->loop), on_stop, r);
}

static void rig_close(struct rig *r)
{
	log_set_sink(NULL, NULL);
	log_source_close(r->source);
	logpipe_free(r->pipe);
	timer_stop(&r->stop);
	loop_free(r->loop);
	if (r->child >= 0)
		close(r->child);
	close(r->reader);
	close(r->writer);
}

static size_t read_some(struct rig *r, char *out, size_t size)
{
	ssize_t n = read(r->reader, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* Turns until something can be read, for ten seconds at most. */
static void read_soon(struct rig *r, char *out, size_t size)
{
	for (int i = 0; i < 10000; i++) {
		turn(r, 1);
		if (read_some(r, out, size))
			return;
	}
}

static void test_lines_arrive_in_order(void **state)
{
	(void)state;
	struct rig r;
	char text[256];
	rig_open(&r);
	assert_int_equal(logsock_sink(&r.child, SLICE_LIT("2 one\n")), 0);
	assert_int_equal(logsock_sink(&r.child, SLICE_LIT("2 two\n")), 0);
	read_soon(&r, text, sizeof(text));
	assert_string_equal(text, "2 one\n2 two\n");
	/* the shared descriptor was left as it was */
	assert_false(fcntl(r.writer, F_GETFL) & O_NONBLOCK);
	rig_close(&r);
}

static void test_what_is_no_line_becomes_a_crash_report(void **state)
{
	(void)state;
	struct rig r;
	char text[512];
	rig_open(&r);
	logsock_sink(&r.child, SLICE_LIT("x.c:1: assertion \"y\"\nfailed\n"));
	read_soon(&r, text, sizeof(text));
	assert_non_null(strstr(text, " error proc.crash "));
	assert_non_null(strstr(text, "proc=edge.1"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	rig_close(&r);
}

static void test_a_reader_that_stands_still(void **state)
{
	(void)state;
	static char text[1 << 20];
	struct rig r;
	char line[100];
	size_t sent = 0;
	size_t got = 0;
	rig_open(&r);
	memset(line, '7', sizeof(line));
	for (int i = 0; i < 20000; i++) {
		sent += logsock_sink(&r.child, slice_of(line, sizeof(line))) ==
			0;
		if (i % 64 == 0)
			turn(&r, 0);
	}
	/* the pipe, the queue and the socket are full, and no more than that */
	assert_in_range(sent, 100, 19000);
	assert_int_equal(logsock_sink(&r.child, SLICE_LIT("7 late")), -EAGAIN);
	for (int i = 0; i < 200; i++) {
		for (size_t n; (n = read_some(&r, text, sizeof(text)));)
			got += n;
		turn(&r, 5);
	}
	assert_int_equal(got, sent * (sizeof(line) + 1));
	rig_close(&r);
}

static void test_last_words_are_taken_in(void **state)
{
	(void)state;
	struct rig r;
	char text[256];
	rig_open(&r);
	logsock_sink(&r.child, SLICE_LIT("2 last\n"));
	close(r.child);
	r.child = -1;
	log_source_close(r.source);
	r.source = NULL;
	logpipe_flush(r.pipe, 0);
	read_some(&r, text, sizeof(text));
	assert_string_equal(text, "2 last\n");
	rig_close(&r);
}

static void test_an_end_that_is_gone_takes_everything(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	signal(SIGPIPE, SIG_IGN);
	close(r.reader);
	r.reader = open("/dev/null", O_RDONLY);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(logpipe_sink(r.pipe, SLICE_LIT("2 x")), 0);
	turn(&r, 1);
	assert_int_equal(logpipe_sink(r.pipe, SLICE_LIT("2 y")), 0);
	rig_close(&r);
}

static int scenario(void *arg)
{
	struct loop *l = arg;
	struct logpipe *p = NULL;
	struct log_source *s = NULL;
	int fd[2];
	int err = logpipe_create(&p, l, STDERR_FILENO);
	if (err)
		return err;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	err = log_source_open(&s, p, fd[0], "x");
	if (!err)
		log_source_close(s);
	/* taken over in either case */
	assert_int_equal(fcntl(fd[0], F_GETFD), -1);
	close(fd[1]);
	logpipe_free(p);
	return err;
}

static void test_survives_without_memory(void **state)
{
	(void)state;
	struct loop *l = NULL;
	assert_int_equal(loop_create(&l), 0);
	oom_walk(scenario, l);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_arrive_in_order),
		cmocka_unit_test(test_what_is_no_line_becomes_a_crash_report),
		cmocka_unit_test(test_a_reader_that_stands_still),
		cmocka_unit_test(test_last_words_are_taken_in),
		cmocka_unit_test(test_an_end_that_is_gone_takes_everything),
		cmocka_unit_test(test_survives_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
