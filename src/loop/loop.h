/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of a process: one thread, one loop. Wraps libuv; nothing else
 * sees it, and nothing else reads a clock. Every object belongs to one loop for
 * life. Callbacks run on the loop; they may close any object, memory goes at
 * the end of the turn.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/list.h"
#include "loop/timers.h"

struct loop;

int loop_create(struct loop **out);
void loop_free(struct loop *l); /* after loop_run() has returned */
/* Runs until loop_stop(), or until nothing is left to wait for. Outside of it
 * the loop's time stands still. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Monotonic milliseconds, read once a turn. */
uint64_t loop_now_ms(const struct loop *l);
/* Monotonic microseconds, read now, the same for all processes: for measuring
 * our own work, and to tell people what came first. */
uint64_t loop_clock_us(void);
/* Milliseconds since 1970: certificates, expiry dates and log times only. */
uint64_t loop_wall_ms(void);
/* The loop's timers, advanced by it. */
struct timers *loop_timers(struct loop *l);

/* Watching a descriptor (the owner closes it, after watch_close). */
enum { WATCH_READ = 1, WATCH_WRITE = 2 };

struct watch;
typedef void (*watch_fn)(void *arg,
			 int events); /* WATCH_* bits, both on error */

int watch_open(struct watch **out, struct loop *l, int fd, watch_fn fn,
	       void *arg);
/* events: WATCH_* bits; 0 pauses. */
int watch_set(struct watch *w, int events);
void watch_close(struct watch *w); /* tolerates NULL */

/* Called once at the end of each turn for each hook that was armed in it:
 * the place for "encode once, one write a turn". */
struct turn_hook {
	struct list node;
	void (*fn)(void *arg);
	void *arg;
};
void loop_at_turn_end(struct loop *l, struct turn_hook *hook);
/* The same for the turn after this one, which does not wait: the place for
 * work that is done in pieces. */
void loop_next_turn(struct loop *l, struct turn_hook *hook);
void loop_cancel_turn_end(struct turn_hook *hook);

/* Calls fn(arg) after the current turn: deferred free. */
int loop_defer(struct loop *l, void (*fn)(void *arg), void *arg);

/* Until loop_free(). Signals alone do not keep loop_run() going. */
typedef void (*loop_signal_fn)(void *arg, int signo);
int loop_signal(struct loop *l, int signo, loop_signal_fn fn, void *arg);

/*
 * Child processes. fds[i] becomes descriptor i in the child; -1 leaves it
 * closed (0 to 2: /dev/null). Everything else is close-on-exec. on_exit runs
 * once: status is the exit status, signo the signal or 0.
 */
struct child;
typedef void (*child_exit_fn)(void *arg, int64_t status, int signo);
struct child_spec {
	const char *file;
	char *const *argv;
	char *const *envp; /* NULL: inherited */
	const int *fds;
	size_t fd_count;
	child_exit_fn on_exit;
	void *arg;
};
int child_spawn(struct child **out, struct loop *l,
		const struct child_spec *spec);
pid_t child_pid(const struct child *c);
int child_kill(struct child *c, int signo);
/* Forgets it: on_exit will not be called. Allowed in on_exit. */
void child_close(struct child *c);
