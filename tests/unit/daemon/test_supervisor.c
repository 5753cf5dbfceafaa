/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor as a whole, with real children of this very program whose
 * roles do nothing but say yes: start, restart, reload in all its endings,
 * stop. What happened is read from its log, whose events are a contract. It
 * listens on a loopback address of its own.
 */
#include "daemon/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/process.h"
#include "support/certs.h"

enum {
	WAIT_MS = 20000,
	LOG_MAX = 1 << 20,
	/* settings by which a test tells the roles what to do */
	REFUSE = 13,
	BUSY = 14
};

/* ---- the roles ---- */

struct fake {
	struct process *process;
	struct snapshot *snap;
};

static int fake_create(void **out, struct process *p)
{
	struct fake *f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->process = p;
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
	(void)generation;
	if (process_boot(f->process)->id.slot == 1 &&
	    snap->conf->limits.new_per_source == REFUSE) {
		snprintf(error, ROLE_ERROR_MAX, "not thirteen");
		return -EINVAL;
	}
	snapshot_free(f->snap);
	f->snap = snap;
	return 0;
}

static void fake_generation(void *role, uint32_t generation)
{
	(void)role;
	LOG(LOG_INFO, "fake.generation", KV_U64("n", generation));
}

static int fake_listener(void *role, const struct ipc_listener *l, int fd)
{
	(void)role;
	(void)l;
	close(fd);
	return 0;
}

static void fake_told(void *role, const struct ipc_msg *m, int fd)
{
	(void)role;
	(void)m;
	if (fd >= 0)
		close(fd);
}

static void fake_up(void *role, const struct proc_id *peer)
{
	(void)role;
	LOG(LOG_INFO, "fake.up", KV_STR("role", proc_role_name(peer->role)),
	    KV_U64("slot", peer->slot));
}

static void fake_gone(void *role, const struct proc_id *peer)
{
	(void)role;
	LOG(LOG_INFO, "fake.gone", KV_STR("role", proc_role_name(peer->role)),
	    KV_U64("slot", peer->slot));
}

static void fake_message(void *role, const struct proc_id *from,
			 const struct ipc_msg *m)
{
	(void)role;
	(void)from;
	(void)m;
}

static void fake_drain(void *role)
{
	(void)role;
	LOG(LOG_INFO, "fake.drain", KV_U64("n", 1));
}

static size_t fake_busy(const void *role)
{
	const struct fake *f = role;
	return f->snap && f->snap->conf->limits.new_per_source == BUSY;
}

static const struct role_ops fake_ops = {
	.create = fake_create,
	.prepare = fake_prepare,
	.commit = fake_generation,
	.abort = fake_generation,
	.listener = fake_listener,
	.told = fake_told,
	.peer_up = fake_up,
	.peer_message = fake_message,
	.peer_gone = fake_gone,
	.drain = fake_drain,
	.busy = fake_busy,
	.free = fake_free,
};

/* ---- the rig: files, the daemon, its log ---- */

struct rig {
	char folder[64];
	char file[96];
	pid_t pid;
	int log;
	char *text; /* all of it so far */
	size_t len;
	size_t mark; /* events before it are not looked at */
};

static void write_file(const char *folder, const char *name, struct slice s)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, s.ptr, s.len), s.len);
	close(fd);
}

/* port: of the federation listener; extra: more lines. */
static void configure(const struct rig *r, unsigned port, unsigned limit,
		      const char *extra)
{
	char text[2048];
	unsigned host = (unsigned)getpid() & 0xffff;
	snprintf(text, sizeof(text),
		 "edge: {name: edge.contoso.test, domains: [contoso.test]}\n"
		 "state: %s/state\n"
		 "control: %s/control\n"
		 "tls: {certificate: %s/cert, key: %s/key, trust: %s/trust}\n"
		 "access:\n"
		 "  federation: {listen: [\"127.77.%u.%u:%u\"]}\n"
		 "  clients: {listen: [\"127.77.%u.%u:27443\"]}\n"
		 "user: 64990\n"
		 "limits: {drain_s: 1, new_per_source: %u}\n"
		 "%s",
		 r->folder, r->folder, r->folder, r->folder, r->folder,
		 host >> 8, host & 0xff, port, host >> 8, host & 0xff, limit,
		 extra ? extra : "workers: 2\n");
	write_file(r->folder, "f.yaml", slice_str(text));
}

static void write_certificates(const struct rig *r)
{
	const struct cert_spec root = { .common_name = "root",
					.authority = true };
	struct test_cert ca;
	struct test_cert leaf;
	certs_make(&ca, &root, NULL);
	certs_leaf(&leaf, "edge.contoso.test", &ca);
	write_file(r->folder, "cert", leaf.pem);
	write_file(r->folder, "key", leaf.key_pem);
	write_file(r->folder, "trust", ca.pem);
	certs_free(&leaf);
	certs_free(&ca);
}

static int setup(void **state)
{
	struct rig *r = calloc(1, sizeof(*r));
	assert_non_null(r);
	r->text = calloc(1, LOG_MAX + 1);
	assert_non_null(r->text);
	snprintf(r->folder, sizeof(r->folder), "/tmp/supervisor.XXXXXX");
	assert_non_null(mkdtemp(r->folder));
	snprintf(r->file, sizeof(r->file), "%s/f.yaml", r->folder);
	write_certificates(r);
	configure(r, 27061, 20, NULL);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	static const char *const files[] = { "f.yaml", "cert", "key", "trust",
					     "control" };
	struct rig *r = *state;
	char path[160];
	if (r->pid > 0) {
		kill(r->pid, SIGKILL);
		waitpid(r->pid, NULL, 0);
		close(r->log);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", r->folder, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/state", r->folder);
	rmdir(path);
	int err = rmdir(r->folder);
	free(r->text);
	free(r);
	return err;
}

/* As a program of its own: a fork of this one would carry its memory. */
static void run(struct rig *r)
{
	int log[2];
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	fflush(NULL);
	r->pid = fork();
	assert_true(r->pid >= 0);
	if (r->pid == 0) {
		dup2(log[1], STDERR_FILENO);
		execl("/proc/self/exe", "daemon", "--serve", r->file,
		      (char *)NULL);
		_exit(127);
	}
	close(log[1]);
	r->log = log[0];
	r->len = 0;
	r->mark = 0;
}

/* Reads on; false at the end of the log or when nothing comes. */
static bool more(struct rig *r)
{
	struct pollfd p = { .fd = r->log, .events = POLLIN };
	if (poll(&p, 1, WAIT_MS) != 1)
		return false;
	ssize_t n = read(r->log, r->text + r->len, LOG_MAX - r->len);
	if (n <= 0)
		return false;
	r->len += (size_t)n;
	r->text[r->len] = '\0';
	return true;
}

/* The line with that text after the mark, which moves behind it. */
static const char *expect(struct rig *r, const char *text)
{
	for (;;) {
		char *at = strstr(r->text + r->mark, text);
		if (at && strchr(at, '\n')) {
			r->mark = (size_t)(strchr(at, '\n') - r->text);
			return at;
		}
		if (!more(r)) {
			print_message("# waited for %s after:\n%s\n", text,
				      r->text + r->mark);
			fail();
		}
	}
}

static long number_after(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	assert_non_null(at);
	return strtol(at + strlen(key), NULL, 10);
}

static void expect_end(struct rig *r, int expected)
{
	int status = 0;
	while (more(r))
		;
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	r->pid = 0;
	close(r->log);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
}

static void stop(struct rig *r)
{
	kill(r->pid, SIGTERM);
	expect(r, " server.stopping ");
	expect(r, " server.end ");
	expect_end(r, 0);
}

static void skip_unless_root(void)
{
	/* user: in the file is for root; elsewhere it is told, not obeyed */
	if (geteuid() != 0)
		skip();
}

/* ---- the tests ---- */

static void test_starts_and_stops(void **state)
{
	struct rig *r = *state;
	char path[96];
	struct stat st;
	skip_unless_root();
	run(r);
	expect(r, " config.loaded ");
	expect(r, " server.ready ");
	snprintf(path, sizeof(path), "%s/control", r->folder);
	assert_int_equal(stat(path, &st), 0);
	snprintf(path, sizeof(path), "%s/state", r->folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 64992);
	assert_int_equal(st.st_mode & 0777, 0700);
	stop(r);
	snprintf(path, sizeof(path), "%s/control", r->folder);
	assert_int_equal(stat(path, &st), -1);
	/* no process ended otherwise than well */
	assert_null(strstr(r->text, " error "));
	assert_null(strstr(r->text, "signal=9"));
}

static void test_a_killed_process_is_back_and_wired(void **state)
{
	struct rig *r = *state;
	skip_unless_root();
	run(r);
	const char *at = expect(r, " proc.start proc=supervisor role=home ");
	pid_t pid = (pid_t)number_after(at, " pid=");
	expect(r, " server.ready ");
	assert_int_equal(kill(pid, SIGKILL), 0);
	at = expect(r, " proc.exit ");
	assert_non_null(strstr(at, "role=home"));
	assert_int_equal(number_after(at, " pid="), pid);
	assert_int_equal(number_after(at, " signal="), SIGKILL);
	at = expect(r, " proc.start ");
	assert_non_null(strstr(at, "restarts=1"));
	/* its neighbours hear of the successor */
	expect(r, " fake.up ");
	stop(r);
}

static void test_reload_keeps_going(void **state)
{
	struct rig *r = *state;
	skip_unless_root();
	run(r);
	expect(r, " server.ready ");
	configure(r, 27062, 21, NULL);
	kill(r->pid, SIGHUP);
	/* first it is in force, then it is said to be */
	expect(r, " fake.generation proc=edge.");
	const char *at = expect(r, " config.loaded ");
	assert_int_equal(number_after(at, " generation="), 2);
	stop(r);
	/* nobody was restarted for it */
	assert_null(strstr(r->text, "restarts=1"));
}

static void test_one_no_and_all_stay(void **state)
{
	struct rig *r = *state;
	skip_unless_root();
	run(r);
	expect(r, " server.ready ");
	configure(r, 27062, REFUSE, NULL);
	kill(r->pid, SIGHUP);
	const char *at = expect(r, " config.rejected ");
	assert_non_null(strstr(at, "edge.1: not thirteen"));
	assert_non_null(strstr(at, r->file));
	/* the next good one gets a number of its own */
	configure(r, 27061, 22, NULL);
	kill(r->pid, SIGHUP);
	at = expect(r, " config.loaded ");
	assert_int_equal(number_after(at, " generation="), 3);
	stop(r);
}

static void test_bad_files_are_refused_with_their_line(void **state)
{
	static const struct {
		const char *extra;
		const char *says;
	} rows[] = {
		{ "workers: 2\nno_such_key: 1\n", "line=11 " },
		{ "workers: [\n", "config.rejected" },
		{ "workers: 3\n", "workers: a change takes effect at restart" },
		{ "workers: 0x\n", "line=10 " },
	};
	struct rig *r = *state;
	skip_unless_root();
	run(r);
	expect(r, " server.ready ");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		configure(r, 27061, 20, rows[i].extra);
		kill(r->pid, SIGHUP);
		const char *at = expect(r, " config.rejected ");
		const char *end = strchr(at, '\n');
		const char *found = strstr(at, rows[i].says);
		assert_true(found && found < end);
	}
	write_file(r->folder, "f.yaml", SLICE_NONE);
	kill(r->pid, SIGHUP);
	expect(r, " config.rejected ");
	unlink(r->file);
	kill(r->pid, SIGHUP);
	expect(r, " config.rejected ");
	stop(r);
	assert_null(strstr(r->text, "restarts=1"));
}

static void test_a_storm_of_reloads_coalesces(void **state)
{
	struct rig *r = *state;
	skip_unless_root();
	run(r);
	expect(r, " server.ready ");
	for (int i = 0; i < 200; i++)
		kill(r->pid, SIGHUP);
	expect(r, " config.loaded ");
	stop(r);
	size_t loads = 0;
	for (const char *p = r->text; (p = strstr(p, " config.loaded ")); p++)
		loads++;
	assert_in_range(loads, 2, 20);
	assert_null(strstr(r->text, "restarts=1"));
}

static void test_drain_waits_for_what_is_open(void **state)
{
	struct rig *r = *state;
	skip_unless_root();
	configure(r, 27061, BUSY, NULL);
	run(r);
	expect(r, " server.ready ");
	kill(r->pid, SIGTERM);
	expect(r, " fake.drain ");
	/* drain_s is over, and they still say that they are busy */
	expect(r, " server.stop_late ");
	expect(r, " server.end ");
	expect_end(r, 0);
}

static void test_a_foreign_holder_of_the_port_is_named(void **state)
{
	struct rig *r = *state;
	struct rig second = { .folder = "" };
	skip_unless_root();
	run(r);
	expect(r, " server.ready ");
	second = *r;
	second.text = calloc(1, LOG_MAX + 1);
	assert_non_null(second.text);
	run(&second);
	const char *at = expect(&second, " config.rejected ");
	assert_non_null(strstr(at, "another program listens there"));
	assert_non_null(strstr(at, ":27061"));
	expect_end(&second, 1);
	free(second.text);
	stop(r);
}

static void test_children_do_not_outlive_it(void **state)
{
	struct rig *r = *state;
	skip_unless_root();
	run(r);
	const char *at = expect(r, " proc.start proc=supervisor role=store ");
	pid_t pid = (pid_t)number_after(at, " pid=");
	expect(r, " server.ready ");
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	r->pid = 0;
	/* the log has its end when the last holder of its write end is gone */
	while (more(r))
		;
	close(r->log);
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
		poll(NULL, 0, 10);
	assert_int_equal(kill(pid, 0), -1);
}

static int tests_main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_starts_and_stops),
		TEST(test_a_killed_process_is_back_and_wired),
		TEST(test_reload_keeps_going),
		TEST(test_one_no_and_all_stay),
		TEST(test_bad_files_are_refused_with_their_line),
		TEST(test_a_storm_of_reloads_coalesces),
		TEST(test_drain_waits_for_what_is_open),
		TEST(test_a_foreign_holder_of_the_port_is_named),
		TEST(test_children_do_not_outlive_it),
	};
#undef TEST
	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	struct boot boot;
	if (argc == 3 && strcmp(argv[1], "--serve") == 0)
		return supervisor_main(argv[2]);
	if (argc != 4 || strcmp(argv[1], "--role") != 0)
		return tests_main();
	if (boot_parse(argv[2], argv[3], &boot) < 0)
		return 2;
	return boot.id.role == PROC_LOADER ? loader_main(&boot)
					   : process_main(&boot, &fake_ops);
}
