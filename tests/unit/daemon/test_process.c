/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime of a child, in a real child process with a role that writes down
 * what it is told; this test plays the supervisor at the other end of its
 * control channel. The sandbox is entered too.
 */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/metrics.h"
#include "daemon/message.h"
#include "daemon/sealed.h"
#include "loop/channel.h"
#include "unit/conf/fake_files.h"

enum { INCARNATION = 4711, DEADLINE_MS = 10000 };

/* ---- the role, in the child ---- */

struct fake {
	struct process *process;
	size_t busy;
	struct snapshot *snap;
};

/* What happened goes to the supervisor as OPERATE: verb says what. */
enum {
	SAW_PREPARE = 1,
	SAW_COMMIT,
	SAW_ABORT,
	SAW_LISTENER,
	SAW_UP,
	SAW_GONE,
	SAW_MESSAGE,
	SAW_DRAIN,
	SAW_TOLD
};

static void saw(struct fake *f, uint8_t verb, uint32_t value)
{
	const struct ipc_operate m = { .verb = verb, .value = value };
	process_tell_supervisor(f->process, IPC_OPERATE, &m);
}

static int fake_create(void **out, struct process *p)
{
	struct fake *f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->process = p;
	f->busy = 1;
	*out = f;
	return 0;
}

static void fake_free(void *role)
{
	struct fake *f = role;
	snapshot_free(f->snap);
	free(f);
}

static int fake_prepare(void *role, uint32_t generation, struct snapshot *snap,
			char error[static ROLE_ERROR_MAX])
{
	struct fake *f = role;
	saw(f, SAW_PREPARE, generation);
	if (generation == 13) {
		snprintf(error, ROLE_ERROR_MAX, "thirteen");
		return -EINVAL;
	}
	snapshot_free(f->snap);
	f->snap = snap;
	return 0;
}

static void fake_commit(void *role, uint32_t generation)
{
	saw(role, SAW_COMMIT, generation);
}

static void fake_abort(void *role, uint32_t generation)
{
	saw(role, SAW_ABORT, generation);
}

static int fake_listener(void *role, const struct ipc_listener *l, int fd)
{
	saw(role, SAW_LISTENER, l->generation);
	close(fd);
	return 0;
}

static void fake_up(void *role, const struct proc_id *peer)
{
	saw(role, SAW_UP, peer->incarnation);
}

static void fake_gone(void *role, const struct proc_id *peer)
{
	saw(role, SAW_GONE, peer->incarnation);
}

static void fake_message(void *role, const struct proc_id *from,
			 const struct ipc_msg *m)
{
	(void)from;
	saw(role, SAW_MESSAGE, m->type);
}

static void fake_drain(void *role)
{
	struct fake *f = role;
	saw(f, SAW_DRAIN, 0);
	f->busy = 0;
}

static size_t fake_busy(const void *role)
{
	const struct fake *f = role;
	return f->busy;
}

static void fake_told(void *role, const struct ipc_msg *m, int fd)
{
	saw(role, SAW_TOLD, m->type);
	if (fd >= 0)
		close(fd);
}

static const struct role_ops fake_ops = {
	.create = fake_create,
	.prepare = fake_prepare,
	.commit = fake_commit,
	.abort = fake_abort,
	.listener = fake_listener,
	.told = fake_told,
	.peer_up = fake_up,
	.peer_message = fake_message,
	.peer_gone = fake_gone,
	.drain = fake_drain,
	.busy = fake_busy,
	.free = fake_free,
};

/* ---- the supervisor, here ---- */

enum { SAID_MAX = 32 };

struct said {
	struct ipc_msg m;
	char error[64];
};

struct rig {
	struct loop *loop;
	struct channel *control;
	struct buf scratch;
	struct timer deadline;
	struct metrics_page *page;
	int log;
	pid_t pid;
	/* what it said; several messages may come in one turn */
	struct said said[SAID_MAX];
	size_t said_count;
	size_t said_read;
	const char *error; /* of the PREPARED that was read last */
	bool gone;
	bool late;
};

static void on_message(void *arg, struct slice msg, int fd)
{
	struct rig *r = arg;
	assert_int_equal(fd, -1);
	assert_true(r->said_count < SAID_MAX);
	struct said *s = &r->said[r->said_count++];
	assert_int_equal(ipc_decode(msg, &s->m), 0);
	if (s->m.type == IPC_PREPARED)
		snprintf(s->error, sizeof(s->error), "%.*s",
			 SLICE_FMT(s->m.u.prepared.error));
	loop_stop(r->loop);
}

static void on_gone(void *arg)
{
	struct rig *r = arg;
	r->gone = true;
	loop_stop(r->loop);
}

static const struct channel_ops control_ops = { on_message, on_gone };

static void on_deadline(struct timer *t, void *arg)
{
	struct rig *r = arg;
	(void)t;
	r->late = true;
	loop_stop(r->loop);
}

/* In the child: descriptors to their places, then the runtime. */
static void run_child(int control, int log, int page)
{
	const struct boot boot = { .id = { PROC_HOME, 0, INCARNATION },
				   .change_user = geteuid() == 0,
				   .uid = 64998,
				   .gid = 64998,
				   .path = "/" };
	int from[] = { control, log, page };
	for (int i = 0; i < 3; i++)
		from[i] = fcntl(from[i], F_DUPFD, 100);
	for (int i = 0; i < 3; i++)
		dup2(from[i], BOOT_FD_CONTROL + i);
	exit(process_main(&boot, &fake_ops));
}

static void rig_open(struct rig *r)
{
	int control[2];
	int log[2];
	int page = -1;
	void *map = NULL;
	memset(r, 0, sizeof(*r));
	buf_init(&r->scratch, 0);
	assert_int_equal(channel_pair(control), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, log), 0);
	assert_int_equal(sealed_page(&page, "t", sizeof(struct metrics_page)),
			 0);
	assert_int_equal(
		sealed_map_page(&map, page, sizeof(struct metrics_page), false),
		0);
	r->page = map;
	fflush(NULL);
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0)
		run_child(control[1], log[1], page);
	close(control[1]);
	close(log[1]);
	close(page);
	r->log = log[0];
	assert_int_equal(loop_create(&r->loop), 0);
	timer_init(&r->deadline, loop_timers(r->loop), on_deadline, r);
	assert_int_equal(channel_open(&r->control, r->loop, control[0], NULL,
				      &control_ops, r),
			 0);
}

/* The next message, or NULL when the channel ended. */
static const struct ipc_msg *next(struct rig *r)
{
	timer_start(&r->deadline, DEADLINE_MS);
	while (r->said_read == r->said_count && !r->gone && !r->late)
		loop_run(r->loop);
	timer_stop(&r->deadline);
	assert_false(r->late);
	if (r->said_read == r->said_count)
		return NULL;
	const struct said *s = &r->said[r->said_read++];
	r->error = s->error;
	return &s->m;
}

static void expect_saw(struct rig *r, uint8_t verb, uint32_t value)
{
	const struct ipc_msg *m = next(r);
	assert_non_null(m);
	assert_int_equal(m->type, IPC_OPERATE);
	assert_int_equal(m->u.operate.verb, verb);
	assert_int_equal(m->u.operate.value, value);
}

static void tell(struct rig *r, enum ipc_type type, const void *body, int fd)
{
	assert_int_equal(message_send(r->control, &r->scratch, type, body, fd),
			 0);
}

/* Hangs up; the child must end well, and it says nothing on the way. */
static void rig_close(struct rig *r, int expected)
{
	int status = 0;
	channel_close(r->control);
	timer_stop(&r->deadline);
	loop_free(r->loop);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
	close(r->log);
	buf_free(&r->scratch);
	munmap(r->page, sizeof(*r->page));
}

static void expect_hello(struct rig *r)
{
	const struct ipc_msg *m = next(r);
	assert_non_null(m);
	assert_int_equal(m->type, IPC_HELLO);
	assert_int_equal(m->u.hello.incarnation, INCARNATION);
}

static int snapshot_fd(void)
{
	struct arena *a = arena_create(1 << 16, 32 << 20);
	const struct conf *c = NULL;
	char error[CONF_ERROR_MAX];
	struct buf b;
	int fd = -1;
	assert_int_equal(fake_load(a, FAKE_MINIMAL, &c, error, NULL), 0);
	buf_init(&b, 0);
	conf_encode(&b, c, 1 << PROC_HOME);
	assert_int_equal(sealed_create(&fd, "t", buf_slice(&b)), 0);
	buf_free(&b);
	arena_free(a);
	return fd;
}

static void test_starts_and_ends_with_its_channel(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	expect_hello(&r);
	/* its counters are where others can read them */
	assert_int_equal(r.page->layout, metrics_layout());
	rig_close(&r, 0);
}

static void test_two_phases(void **state)
{
	(void)state;
	struct rig r;
	const struct ipc_prepare p1 = { .generation = 1 };
	const struct ipc_commit c1 = { .generation = 1 };
	const struct ipc_prepare p13 = { .generation = 13 };
	const struct ipc_abort a13 = { .generation = 13 };
	int fd = snapshot_fd();
	rig_open(&r);
	expect_hello(&r);
	tell(&r, IPC_PREPARE, &p1, fd);
	expect_saw(&r, SAW_PREPARE, 1);
	assert_int_equal(next(&r)->u.prepared.generation, 1);
	assert_string_equal(r.error, "");
	tell(&r, IPC_COMMIT, &c1, -1);
	expect_saw(&r, SAW_COMMIT, 1);
	const struct ipc_msg *m = next(&r);
	assert_int_equal(m->type, IPC_COMMITTED);
	assert_int_equal(m->u.committed.generation, 1);
	tell(&r, IPC_PREPARE, &p13, fd);
	expect_saw(&r, SAW_PREPARE, 13);
	assert_int_equal(next(&r)->u.prepared.generation, 13);
	assert_string_equal(r.error, "thirteen");
	tell(&r, IPC_ABORT, &a13, -1);
	expect_saw(&r, SAW_ABORT, 13);
	close(fd);
	rig_close(&r, 0);
}

static void test_a_bad_snapshot_is_a_no(void **state)
{
	(void)state;
	struct rig r;
	const struct ipc_prepare p = { .generation = 2 };
	int fd = -1;
	rig_open(&r);
	expect_hello(&r);
	assert_int_equal(sealed_create(&fd, "t", SLICE_LIT("garbage")), 0);
	tell(&r, IPC_PREPARE, &p, fd);
	close(fd);
	assert_int_equal(next(&r)->type, IPC_PREPARED);
	assert_string_not_equal(r.error, "");
	/* without a descriptor at all */
	tell(&r, IPC_PREPARE, &p, -1);
	assert_int_equal(next(&r)->type, IPC_PREPARED);
	assert_string_not_equal(r.error, "");
	rig_close(&r, 0);
}

static void test_answers_the_watchdog(void **state)
{
	(void)state;
	struct rig r;
	const struct ipc_ping ping = { .id = 99 };
	rig_open(&r);
	expect_hello(&r);
	tell(&r, IPC_PING, &ping, -1);
	const struct ipc_msg *m = next(&r);
	assert_int_equal(m->type, IPC_PONG);
	assert_int_equal(m->u.pong.id, 99);
	rig_close(&r, 0);
}

static void test_drains_until_nothing_is_left(void **state)
{
	(void)state;
	struct rig r;
	const struct ipc_drain drain = { .grace_ms = 1000 };
	rig_open(&r);
	expect_hello(&r);
	tell(&r, IPC_DRAIN, &drain, -1);
	expect_saw(&r, SAW_DRAIN, 0);
	const struct ipc_msg *m = next(&r);
	assert_int_equal(m->type, IPC_DRAINED);
	assert_int_equal(m->u.drained.left, 0);
	rig_close(&r, 0);
}

static void test_wires_other_processes(void **state)
{
	(void)state;
	struct rig r;
	int pair[2];
	struct channel *peer = NULL;
	const struct ipc_wire wire = { .role = PROC_STORE,
				       .slot = 0,
				       .incarnation = 77 };
	const struct ipc_keys keys = { .ring = SLICE_LIT("k") };
	rig_open(&r);
	expect_hello(&r);
	assert_int_equal(channel_pair(pair), 0);
	tell(&r, IPC_WIRE, &wire, pair[0]);
	close(pair[0]);
	expect_saw(&r, SAW_UP, 77);
	assert_int_equal(
		channel_open(&peer, r.loop, pair[1], NULL, &control_ops, &r),
		0);
	assert_int_equal(message_send(peer, &r.scratch, IPC_KEYS, &keys, -1),
			 0);
	expect_saw(&r, SAW_MESSAGE, IPC_KEYS);
	/* status is answered by the runtime itself */
	const struct ipc_status_get get = { .id = 5 };
	assert_int_equal(
		message_send(peer, &r.scratch, IPC_STATUS_GET, &get, -1), 0);
	const struct ipc_msg *m = next(&r);
	assert_int_equal(m->type, IPC_STATUS_END);
	assert_int_equal(m->u.status_end.id, 5);
	channel_close(peer);
	expect_saw(&r, SAW_GONE, 77);
	rig_close(&r, 0);
}

static void test_hands_over_listeners_and_the_rest(void **state)
{
	(void)state;
	struct rig r;
	const struct ipc_listener l = { .generation = 3,
					.address = SLICE_LIT("[::]:1") };
	const struct ipc_operated o = { .id = 1 };
	rig_open(&r);
	expect_hello(&r);
	tell(&r, IPC_LISTENER, &l, STDIN_FILENO);
	expect_saw(&r, SAW_LISTENER, 3);
	tell(&r, IPC_OPERATED, &o, -1);
	expect_saw(&r, SAW_TOLD, IPC_OPERATED);
	rig_close(&r, 0);
}

static void test_ends_when_the_supervisor_talks_nonsense(void **state)
{
	(void)state;
	struct rig r;
	rig_open(&r);
	expect_hello(&r);
	assert_int_equal(channel_send(r.control, CHANNEL_ANSWER,
				      SLICE_LIT("\xff\xff?"), -1),
			 0);
	assert_null(next(&r));
	assert_true(r.gone);
	rig_close(&r, 1);
}

static void test_signals_of_the_terminal_are_not_for_it(void **state)
{
	(void)state;
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	struct rig r;
	const struct ipc_ping ping = { .id = 1 };
	rig_open(&r);
	expect_hello(&r);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		assert_int_equal(kill(r.pid, signals[i]), 0);
	tell(&r, IPC_PING, &ping, -1);
	assert_int_equal(next(&r)->type, IPC_PONG);
	rig_close(&r, 0);
}

static void test_last_words_tell_signal_and_stack(void **state)
{
	(void)state;
	struct rig r;
	char text[2048] = "";
	int status = 0;
	rig_open(&r);
	expect_hello(&r);
	kill(r.pid, SIGABRT);
	assert_int_equal(waitpid(r.pid, &status, 0), r.pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_false(WCOREDUMP(status));
	ssize_t n = recv(r.log, text, sizeof(text) - 1, MSG_DONTWAIT);
	assert_true(n > 0);
	assert_ptr_equal(strstr(text, "signal=6 stack "), text);
	assert_non_null(strstr(text, "0x"));
	channel_close(r.control);
	loop_free(r.loop);
	close(r.log);
	buf_free(&r.scratch);
	munmap(r.page, sizeof(*r.page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_and_ends_with_its_channel),
		cmocka_unit_test(test_two_phases),
		cmocka_unit_test(test_a_bad_snapshot_is_a_no),
		cmocka_unit_test(test_answers_the_watchdog),
		cmocka_unit_test(test_drains_until_nothing_is_left),
		cmocka_unit_test(test_wires_other_processes),
		cmocka_unit_test(test_hands_over_listeners_and_the_rest),
		cmocka_unit_test(test_ends_when_the_supervisor_talks_nonsense),
		cmocka_unit_test(test_signals_of_the_terminal_are_not_for_it),
		cmocka_unit_test(test_last_words_tell_signal_and_stack),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
