/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PRC-02: attacker code in a process of each role tries twelve things that no
 * role may do; each must fail or end it. What the role needs must work. Each
 * try runs in a process of its own, which enters the real sandbox.
 */
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/log.h"
#include "ipc/ipc.h"

enum {
	SUCCEEDED = 0,
	FAILED = 1,
	NO_SANDBOX = 2,
	UID = 64999,
	EDGE = 1 << PROC_EDGE,
	HOME = 1 << PROC_HOME,
	STORE = 1 << PROC_STORE,
	RESOLVER = 1 << PROC_RESOLVER,
	ADMIN = 1 << PROC_ADMIN,
	LOADER = 1 << PROC_LOADER,
	RELAY = 1 << PROC_RELAY,
	ALL = EDGE | HOME | STORE | RESOLVER | ADMIN | LOADER | RELAY
};

/* What a try finds prepared. */
struct scene {
	char folder[64]; /* the store's; made by the test */
	struct sockaddr_in listening;
	int accepting; /* a listening socket, inherited */
	int epoll;
};

typedef bool (*try_fn)(const struct scene *s);

/* ---- what nobody may do; true: it worked ---- */

static bool opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	return fd >= 0;
}

static bool open_passwd(const struct scene *s)
{
	(void)s;
	return opens("/etc/passwd", O_RDONLY);
}

static bool write_elsewhere(const struct scene *s)
{
	(void)s;
	char path[64];
	snprintf(path, sizeof(path), "/var/tmp/sallyport-probe.%d", getpid());
	return opens(path, O_WRONLY | O_CREAT | O_EXCL);
}

static bool run_program(const struct scene *s)
{
	(void)s;
	static char name[] = "true";
	char *const argv[] = { name, NULL };
	/* returns only when it failed; when it works the status is 0 */
	execve("/bin/true", argv, NULL);
	return false;
}

static bool start_process(const struct scene *s)
{
	(void)s;
	pid_t pid = (pid_t)syscall(SYS_fork);
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool connect_out(const struct scene *s)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && connect(fd, (const struct sockaddr *)&s->listening,
				  sizeof(s->listening)) == 0;
}

static bool make_socket(const struct scene *s)
{
	(void)s;
	return socket(AF_INET, SOCK_DGRAM, 0) >= 0;
}

static bool attach_parent(const struct scene *s)
{
	(void)s;
	return ptrace(PTRACE_SEIZE, getppid(), NULL, NULL) == 0;
}

static bool kill_parent(const struct scene *s)
{
	(void)s;
	return kill(getppid(), 0) == 0;
}

static bool read_environment(const struct scene *s)
{
	(void)s;
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/environ", getppid());
	return opens(path, O_RDONLY);
}

static bool mount_something(const struct scene *s)
{
	(void)s;
	return mount("none", "/mnt", "tmpfs", 0, NULL) == 0;
}

static bool become_root(const struct scene *s)
{
	(void)s;
	return syscall(SYS_setuid, 0) == 0 && geteuid() == 0;
}

static bool open_raw_socket(const struct scene *s)
{
	(void)s;
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) >= 0;
}

static bool load_bpf(const struct scene *s)
{
	(void)s;
	char attr[128] = { 0 };
	return syscall(SYS_bpf, 0, attr, sizeof(attr)) >= 0;
}

static bool make_code(const struct scene *s)
{
	(void)s;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool listen_somewhere(const struct scene *s)
{
	(void)s;
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
}

static bool write_state(const struct scene *s)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/probe.%d", s->folder, getpid());
	return opens(path, O_RDWR | O_CREAT | O_EXCL);
}

/* ---- what must work ---- */

static bool breathe(const struct scene *s)
{
	char *p = malloc(1 << 20);
	char b;
	int fd[2];
	(void)s;
	if (!p)
		return false;
	memset(p, 1, 1 << 20);
	free(p);
	return pipe2(fd, O_CLOEXEC) == 0 && write(fd[1], "x", 1) == 1 &&
	       read(fd[0], &b, 1) == 1 && getpid() > 0;
}

static bool log_a_line(const struct scene *s)
{
	(void)s;
	/* to standard error, which is closed: what counts is to be alive */
	LOG(LOG_INFO, "probe", KV_U64("n", 1));
	return true;
}

static bool die_properly(const struct scene *s)
{
	(void)s;
	/* abort() must still be able to end us by its own signal */
	struct sigaction sa = { .sa_handler = SIG_IGN };
	sigaction(SIGUSR1, &sa, NULL);
	return raise(SIGUSR1) == 0;
}

static bool accept_one(const struct scene *s)
{
	return accept4(s->accepting, NULL, NULL, SOCK_NONBLOCK) < 0 &&
	       errno == EAGAIN;
}

static bool read_resolv_conf(const struct scene *s)
{
	(void)s;
	return access("/etc/resolv.conf", R_OK) < 0 ||
	       opens("/etc/resolv.conf", O_RDONLY);
}

static bool ask_by_udp(const struct scene *s)
{
	struct sockaddr_in a = s->listening;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd >= 0 &&
	       connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
}

static bool open_relay_port(const struct scene *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)s;
	return fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;
}

static bool keep_database(const struct scene *s)
{
	char path[128];
	char other[160];
	snprintf(path, sizeof(path), "%s/db.%d", s->folder, getpid());
	snprintf(other, sizeof(other), "%s-wal", path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd >= 0 && pwrite(fd, "x", 1, 0) == 1 && fsync(fd) == 0 &&
	       ftruncate(fd, 0) == 0 && opens(other, O_RDWR | O_CREAT) &&
	       unlink(other) == 0 && unlink(path) == 0;
}

static bool seal_memory(const struct scene *s)
{
	(void)s;
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd >= 0 && write(fd, "x", 1) == 1 &&
	       fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0;
}

struct attempt {
	const char *name;
	uint32_t roles;
	bool allowed;
	bool privileged;  /* without root it says nothing */
	bool unsanitized; /* the sanitizers' own needs open it */
	try_fn run;
};

static const struct attempt attempts[] = {
	{ "open /etc/passwd", ALL, false, false, false, open_passwd },
	{ "write a file", ALL, false, false, false, write_elsewhere },
	{ "execve", ALL, false, false, false, run_program },
	{ "fork", ALL, false, false, false, start_process },
	{ "connect", HOME | STORE | ADMIN | LOADER, false, false, false,
	  connect_out },
	{ "socket", EDGE | HOME | STORE | ADMIN | LOADER, false, false, false,
	  make_socket },
	{ "ptrace", ALL, false, false, false, attach_parent },
	{ "kill", ALL, false, false, false, kill_parent },
	{ "environ", ALL, false, true, false, read_environment },
	{ "mount", ALL, false, false, false, mount_something },
	{ "setuid", ALL, false, true, false, become_root },
	{ "raw socket", ALL, false, false, false, open_raw_socket },
	{ "bpf", ALL, false, false, false, load_bpf },
	{ "executable memory", ALL, false, false, true, make_code },
	{ "listen", ALL & ~(RESOLVER | RELAY), false, false, false,
	  listen_somewhere },
	{ "state folder", ALL & ~STORE, false, false, false, write_state },

	{ "breathe", ALL, true, false, false, breathe },
	{ "log", ALL, true, false, false, log_a_line },
	{ "raise", ALL, true, false, false, die_properly },
	{ "accept", EDGE | ADMIN | RELAY, true, false, false, accept_one },
	{ "listen", RELAY, true, false, false, listen_somewhere },
	{ "relay port", RELAY, true, false, false, open_relay_port },
	{ "connect", EDGE | RESOLVER | RELAY, true, false, false, connect_out },
	{ "resolv.conf", RESOLVER, true, false, false, read_resolv_conf },
	{ "UDP", RESOLVER, true, false, false, ask_by_udp },
	{ "database", STORE, true, false, false, keep_database },
	{ "memory file", LOADER, true, false, false, seal_memory },
};

/* ---- the sandbox around one try ---- */

static uint64_t no_clock(void *arg)
{
	(void)arg;
	return 0;
}

static int sink(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
	return 0;
}

static bool is_root(void)
{
	return geteuid() == 0;
}

static void child(enum proc_role role, const struct attempt *a,
		  const struct scene *scene)
{
	const struct sandbox s = { .role = role,
				   .change_user = is_root(),
				   .uid = UID,
				   .gid = UID,
				   .folder = scene->folder };
	char error[SANDBOX_ERROR_MAX] = "";
	log_set_clock(no_clock, NULL);
	log_set_sink(sink, NULL);
	if (sandbox_enter(&s, error) < 0) {
		dprintf(STDERR_FILENO, "# %s\n", error);
		_exit(NO_SANDBOX);
	}
	_exit(a->run(scene) ? SUCCEEDED : FAILED);
}

static void scene_open(struct scene *s)
{
	socklen_t len = sizeof(s->listening);
	memset(s, 0, sizeof(*s));
	snprintf(s->folder, sizeof(s->folder), "/tmp/sandbox.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	if (is_root())
		assert_int_equal(chown(s->folder, UID, UID), 0);
	s->listening.sin_family = AF_INET;
	s->listening.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->accepting = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(s->accepting >= 0);
	assert_int_equal(
		bind(s->accepting, (const struct sockaddr *)&s->listening, len),
		0);
	assert_int_equal(listen(s->accepting, 64), 0);
	getsockname(s->accepting, (struct sockaddr *)&s->listening, &len);
}

/* SUCCEEDED, FAILED, or the signal that ended it, negated. */
static int outcome(enum proc_role role, const struct attempt *a)
{
	struct scene scene;
	int status = 0;
	scene_open(&scene);
	/* a queue that is empty for accept_one() */
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(role, a, &scene);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(scene.accepting);
	char path[128];
	snprintf(path, sizeof(path), "%s/probe.%d", scene.folder, pid);
	unlink(path);
	rmdir(scene.folder);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static bool means_something(const struct attempt *a)
{
#ifdef SALLYPORT_SANITIZE
	if (a->unsanitized)
		return false;
#endif
	return !a->privileged || is_root();
}

static void try_all(enum proc_role role)
{
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		const struct attempt *a = &attempts[i];
		if (!(a->roles & (1U << role)) || !means_something(a))
			continue;
		int got = outcome(role, a);
		bool right = a->allowed ? got == SUCCEEDED
					: got == FAILED || got == -SIGSYS;
		if (!right)
			print_message("# %s: %s gave %d\n",
				      proc_role_name(role), a->name, got);
		assert_true(right);
	}
}

static void test_edge(void **state)
{
	(void)state;
	try_all(PROC_EDGE);
}

static void test_home(void **state)
{
	(void)state;
	try_all(PROC_HOME);
}

static void test_store(void **state)
{
	(void)state;
	try_all(PROC_STORE);
}

static void test_resolver(void **state)
{
	(void)state;
	try_all(PROC_RESOLVER);
}

static void test_admin(void **state)
{
	(void)state;
	try_all(PROC_ADMIN);
}

static void test_loader(void **state)
{
	(void)state;
	try_all(PROC_LOADER);
}

static void test_relay(void **state)
{
	(void)state;
	try_all(PROC_RELAY);
}

/* ---- what the process is, seen from inside ---- */

static bool is_bare(const struct scene *s)
{
	struct rlimit core = { 1, 1 };
	(void)s;
	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
		return false;
	return !is_root() && getegid() != 0;
}

static void test_nothing_is_left_of_root(void **state)
{
	(void)state;
	const struct attempt a = { "bare", ALL, true, true, false, is_bare };
	if (!is_root())
		skip();
	for (int role = PROC_EDGE; role < PROC_ROLE_COUNT; role++)
		assert_int_equal(outcome((enum proc_role)role, &a), SUCCEEDED);
}

static void test_root_is_no_account(void **state)
{
	(void)state;
	const struct sandbox s = { .role = PROC_HOME, .change_user = true };
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		char error[SANDBOX_ERROR_MAX];
		_exit(sandbox_enter(&s, error) == -EINVAL ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_weaknesses_are_told_once_each(void **state)
{
	(void)state;
	unsigned at = 0;
	unsigned told = 0;
	while (sandbox_weak(&at))
		told++;
	assert_true(told <= 4);
	assert_null(sandbox_weak(&at));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edge),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_resolver),
		cmocka_unit_test(test_admin),
		cmocka_unit_test(test_loader),
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_nothing_is_left_of_root),
		cmocka_unit_test(test_root_is_no_account),
		cmocka_unit_test(test_weaknesses_are_told_once_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
