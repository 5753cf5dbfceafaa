/* SPDX-License-Identifier: Apache-2.0 */
/* Reports fatal signals. */
#include "daemon/crash.h"

#include <execinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAMES_MAX = 32, LINE_MAX_BYTES = 1024, ALT_STACK_BYTES = 64 << 10 };

/* Start and end of the executable's mapping, set by the linker. */
extern const char __executable_start[];
extern const char etext[];

/* A signal handler has no argument of ours: these are written once, before the
 * first signal can come, and only read afterwards. */
static struct {
	int fd;
	_Alignas(16) char stack[ALT_STACK_BYTES];
} crash_to;

struct text {
	char at[LINE_MAX_BYTES];
	size_t len;
};

static void put(struct text *t, const char *s)
{
	while (*s && t->len < sizeof(t->at) - 1)
		t->at[t->len++] = *s++;
}

static void put_number(struct text *t, uint64_t v, unsigned base)
{
	char digits[24];
	size_t i = sizeof(digits);
	digits[--i] = '\0';
	do
		digits[--i] = "0123456789abcdef"[v % base];
	while ((v /= base) != 0);
	put(t, digits + i);
}

static void put_frame(struct text *t, const void *at)
{
	uintptr_t a = (uintptr_t)at;
	uintptr_t from = (uintptr_t)__executable_start;
	bool ours = a >= from && a < (uintptr_t)etext;
	put(t, ours ? " +0x" : " 0x");
	put_number(t, ours ? a - from : a, 16);
}

/* Only what a signal handler may do; backtrace() was called before, so its
 * library is loaded. */
static void on_fatal(int signo)
{
	void *frame[FRAMES_MAX];
	struct text t = { .len = 0 };
	int n = backtrace(frame, FRAMES_MAX);
	put(&t, "signal=");
	put_number(&t, (uint64_t)signo, 10);
	put(&t, " stack");
	for (int i = 0; i < n; i++)
		put_frame(&t, frame[i]);
	ssize_t sent = send(crash_to.fd, t.at, t.len, MSG_DONTWAIT);
	(void)sent;
	/* the handler was reset: this time it ends the process */
	raise(signo);
}

void crash_install(int fd)
{
	/* sanitizers have better reports of the memory faults */
#ifdef SALLYPORT_SANITIZE
	static const int fatal[] = { SIGABRT, SIGSYS };
#else
	static const int fatal[] = { SIGSEGV, SIGBUS,  SIGILL,
				     SIGFPE,  SIGABRT, SIGSYS };
#endif
	void *frame[2];
	stack_t stack = { .ss_sp = crash_to.stack,
			  .ss_size = sizeof(crash_to.stack) };
	struct sigaction sa = { .sa_handler = on_fatal,
				.sa_flags = SA_RESETHAND | SA_ONSTACK };
	crash_to.fd = fd;
	backtrace(frame, 2);
	/* where a sanitizer has one already, its is used */
	stack_t present = { .ss_flags = SS_DISABLE };
	sigaltstack(NULL, &present);
	if (present.ss_flags & SS_DISABLE)
		sigaltstack(&stack, NULL);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &sa, NULL);
}
