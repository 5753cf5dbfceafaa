/* SPDX-License-Identifier: Apache-2.0 */
/* Which role may make which system call. One call a line, by purpose. */
#include "daemon/sandbox_tables.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "ipc/ipc.h"

enum {
	EDGE = 1 << PROC_EDGE,
	HOME = 1 << PROC_HOME,
	STORE = 1 << PROC_STORE,
	RESOLVER = 1 << PROC_RESOLVER,
	ADMIN = 1 << PROC_ADMIN,
	LOADER = 1 << PROC_LOADER,
	RELAY = 1 << PROC_RELAY,
	ALL = EDGE | HOME | STORE | RESOLVER | ADMIN | LOADER | RELAY,
	NET = EDGE | RESOLVER
};

#define WORD UINT64_C(0xffffffff)
#define CALL(roles, name)                                      \
	{                                                      \
		SCMP_SYS(name), (roles), 0, 0, 0, false, false \
	}
#define CALL_IF(roles, name, arg, mask, value)                                \
	{                                                                     \
		SCMP_SYS(name), (roles), (arg), (mask), (value), false, false \
	}
#define CALL_BIT(roles, name, arg, bit)                                   \
	{                                                                 \
		SCMP_SYS(name), (roles), (arg), (bit), (bit), false, true \
	}
#define CALL_SELF(roles, name, arg)                                  \
	{                                                            \
		SCMP_SYS(name), (roles), (arg), WORD, 0, true, false \
	}

static const struct sandbox_call calls[] = {
	/* descriptors that are already open */
	CALL(ALL, read),
	CALL(ALL, write),
	CALL(ALL, readv),
	CALL(ALL, writev),
	CALL(ALL, close),
	CALL(ALL, lseek),
	CALL(ALL, fstat),
	CALL_BIT(ALL & ~(STORE | RESOLVER), newfstatat, 3, AT_EMPTY_PATH),
	CALL(ALL, fcntl),
	CALL(ALL, dup),
	CALL(ALL, dup2),
	CALL(ALL, dup3),
	CALL(ALL, sendmsg),
	CALL(ALL, recvmsg),
	CALL(ALL, sendto),
	CALL(ALL, recvfrom),
	CALL(ALL, sendmmsg),
	CALL(ALL, recvmmsg),
	CALL(ALL, shutdown),
	CALL(ALL, getsockname),
	CALL(ALL, getpeername),
	CALL(ALL, getsockopt),
	CALL(ALL, setsockopt),
	CALL_IF(ALL, ioctl, 1, WORD, FIONBIO),
	CALL_IF(ALL, ioctl, 1, WORD, FIONREAD),

	/* the loop */
	CALL(ALL, epoll_create1),
	CALL(ALL, epoll_ctl),
	CALL(ALL, epoll_wait),
	CALL(ALL, epoll_pwait),
	CALL(ALL, epoll_pwait2),
	CALL(ALL, eventfd2),
	CALL(ALL, pipe2),
	CALL(ALL, poll),
	CALL(ALL, ppoll),
	CALL(ALL, select),
	CALL(ALL, pselect6),
	CALL(ALL, restart_syscall),

	/* memory, never executable */
	CALL(ALL, brk),
	CALL(ALL, munmap),
	CALL(ALL, mremap),
	CALL(ALL, madvise),
	CALL_IF(ALL, mmap, 2, PROT_EXEC, 0),
	CALL_IF(ALL, mprotect, 2, PROT_EXEC, 0),

	/* time, randomness, ourselves */
	CALL(ALL, clock_gettime),
	CALL(ALL, clock_getres),
	CALL(ALL, clock_nanosleep),
	CALL(ALL, nanosleep),
	CALL(ALL, gettimeofday),
	CALL(ALL, time),
	CALL(ALL, getrandom),
	CALL(ALL, getpid),
	CALL(ALL, getppid),
	CALL(ALL, gettid),
	CALL(ALL, getuid),
	CALL(ALL, geteuid),
	CALL(ALL, getgid),
	CALL(ALL, getegid),
	CALL(ALL, sysinfo),
	CALL(ALL, uname),
	CALL(ALL, getrusage),
	CALL(ALL, sched_yield),
	CALL(ALL, sched_getaffinity),
	CALL(ALL, getcpu),
	CALL_IF(ALL, prlimit64, 2, UINT64_MAX, 0), /* asking only */

	/* signals and the end */
	CALL(ALL, rt_sigaction),
	CALL(ALL, rt_sigprocmask),
	CALL(ALL, rt_sigreturn),
	CALL(ALL, sigaltstack),
	CALL(ALL, futex),
	CALL(ALL, rseq),
	CALL(ALL, set_robust_list),
	CALL_SELF(ALL, tgkill, 0),
	CALL(ALL, exit),
	CALL(ALL, exit_group),

	/* connections */
	CALL(EDGE | ADMIN | RELAY, accept4),
	CALL(NET | RELAY, connect),
	CALL(RELAY, listen),
	CALL(EDGE | RELAY, socketpair),
	CALL(RESOLVER | RELAY, bind),

	/* the database */
	CALL(STORE | RESOLVER, openat),
	CALL(STORE | RESOLVER, newfstatat),
	CALL(STORE, stat),
	CALL(STORE, lstat),
	CALL(STORE, access),
	CALL(STORE, faccessat),
	CALL(STORE, faccessat2),
	CALL(STORE, readlink),
	CALL(STORE, readlinkat),
	CALL(STORE, getcwd),
	CALL(STORE, pread64),
	CALL(STORE, pwrite64),
	CALL(STORE, flock),
	CALL(STORE, fsync),
	CALL(STORE, fdatasync),
	CALL(STORE | LOADER, ftruncate),
	CALL(STORE, fallocate),
	CALL(STORE, fchmod),
	CALL(STORE, fchown),
	CALL(STORE, unlink),
	CALL(STORE, unlinkat),
	CALL(STORE, rename),
	CALL(STORE, renameat2),
	CALL(STORE, getdents64),
	CALL(STORE, statfs),
	CALL(STORE, fstatfs),
	CALL(STORE, utimensat),

	/* the configuration on its way */
	CALL(LOADER, memfd_create),
	CALL(LOADER, pread64),

#ifdef SALLYPORT_SANITIZE
	/* memory tricks of the sanitizers; the leak check runs in a thread-like
	 * process that attaches to ours: clone only with CLONE_VM, so that
	 * fork() stays shut */
	CALL_IF(ALL, clone, 0, CLONE_VM, CLONE_VM),
	CALL_IF(ALL, mmap, 2, PROT_EXEC, PROT_EXEC),
	CALL_IF(ALL, mprotect, 2, PROT_EXEC, PROT_EXEC),
	CALL(ALL, ptrace),
	CALL(ALL, wait4),
	CALL(ALL, prctl),
	CALL(ALL, arch_prctl),
	CALL(ALL, open),
	CALL(EDGE | HOME | ADMIN | LOADER | RELAY, openat),
	CALL(EDGE | HOME | ADMIN | LOADER | RESOLVER | RELAY, stat),
	CALL(EDGE | HOME | ADMIN | LOADER | RESOLVER | RELAY, readlink),
	CALL(EDGE | HOME | ADMIN | LOADER | RESOLVER | RELAY, getdents64),
	CALL(ALL, getdents),
	CALL(ALL, mincore),
#endif
};

static const struct sandbox_socket sockets[] = {
	{ NET | RELAY, AF_INET, SOCK_STREAM },
	{ NET | RELAY, AF_INET6, SOCK_STREAM },
	{ RESOLVER | RELAY, AF_INET, SOCK_DGRAM },
	{ RESOLVER | RELAY, AF_INET6, SOCK_DGRAM },
};

/* Tried by libraries that live without. */
static const int refusals[] = {
	SCMP_SYS(open),       SCMP_SYS(openat),     SCMP_SYS(stat),
	SCMP_SYS(lstat),      SCMP_SYS(newfstatat), SCMP_SYS(access),
	SCMP_SYS(faccessat),  SCMP_SYS(faccessat2), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat), SCMP_SYS(statx),      SCMP_SYS(getcwd),
	SCMP_SYS(connect),    SCMP_SYS(socket),     SCMP_SYS(mlock),
};

const struct sandbox_call *sandbox_calls(size_t *count)
{
	*count = sizeof(calls) / sizeof(calls[0]);
	return calls;
}

const struct sandbox_socket *sandbox_sockets(size_t *count)
{
	*count = sizeof(sockets) / sizeof(sockets[0]);
	return sockets;
}

const int *sandbox_refusals(size_t *count)
{
	*count = sizeof(refusals) / sizeof(refusals[0]);
	return refusals;
}
