/* SPDX-License-Identifier: Apache-2.0 */
/* Starts children. */
#include "daemon/spawn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/channel.h"

enum { ENV_MAX = 8, TITLE_MAX = 48 };

/* What a child is told of the environment, besides what is set for it. */
static const char *const kept[] = { "ASAN_OPTIONS=", "UBSAN_OPTIONS=",
				    "LSAN_OPTIONS=" };

static bool is_kept(const char *entry)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (strncmp(entry, kept[i], strlen(kept[i])) == 0)
			return true;
	}
	return false;
}

static void fill_env(char *env[static ENV_MAX])
{
	static char locale[] = "LC_ALL=C";
	static char zone[] = "TZ=UTC0";
	size_t n = 0;
	env[n++] = locale;
	env[n++] = zone;
	for (char **e = environ; e && *e && n < ENV_MAX - 1; e++) {
		if (is_kept(*e))
			env[n++] = *e;
	}
	env[n] = NULL;
}

/* Both ends of the two sockets; [0] is ours. */
struct ends {
	int control[2];
	int log[2];
};

static void ends_close(struct ends *e, int side)
{
	if (e->control[side] >= 0)
		close(e->control[side]);
	if (e->log[side] >= 0)
		close(e->log[side]);
	e->control[side] = -1;
	e->log[side] = -1;
}

static int ends_open(struct ends *e)
{
	*e = (struct ends){ { -1, -1 }, { -1, -1 } };
	int err = channel_pair(e->control);
	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, e->log) < 0)
		return -errno;
	shutdown(e->log[0], SHUT_WR);
	return 0;
}

static int start(struct child **out, const struct spawn *s,
		 const struct ends *e)
{
	static char role[] = "--role";
	char title[TITLE_MAX];
	char record[BOOT_TEXT_MAX];
	char path[4096];
	char *env[ENV_MAX];
	char *argv[] = { title, role, record, path, NULL };
	snprintf(title, sizeof(title), "sallyportd: %s", s->name);
	boot_format(s->boot, record);
	snprintf(path, sizeof(path), "%s", s->boot->path);
	fill_env(env);
	/* an assertion's last words go to the log; a sanitizer's report is too
	 * long for that */
#ifdef SALLYPORT_SANITIZE
	int standard_error = STDERR_FILENO;
#else
	int standard_error = e->log[1];
#endif
	const int fds[BOOT_FD_COUNT] = {
		-1, -1, standard_error, e->control[1], e->log[1], s->page_fd,
	};
	const struct child_spec spec = { .file = "/proc/self/exe",
					 .argv = argv,
					 .envp = env,
					 .fds = fds,
					 .fd_count = BOOT_FD_COUNT,
					 .on_exit = s->on_exit,
					 .arg = s->arg };
	return child_spawn(out, s->loop, &spec);
}

int spawn_child(struct spawned *out, const struct spawn *s)
{
	struct ends e;
	struct log_source *log = NULL;
	struct child *child = NULL;
	int err = ends_open(&e);
	if (!err) {
		int fd = e.log[0];
		e.log[0] = -1; /* taken over, whatever happens */
		err = log_source_open(&log, s->log, fd, s->name);
	}
	if (!err)
		err = start(&child, s, &e);
	ends_close(&e, 1);
	if (err) {
		ends_close(&e, 0);
		log_source_close(log);
		return err;
	}
	*out = (struct spawned){ child, log, e.control[0] };
	return 0;
}
