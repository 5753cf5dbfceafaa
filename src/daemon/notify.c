/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the service manager how we are. */
#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/slice.h"

enum { LINES_MAX = 512 };

static int fill_address(struct notify *n, const char *path)
{
	size_t len = strlen(path);
	if (len < 2 || len >= sizeof(n->to.sun_path) ||
	    (path[0] != '/' && path[0] != '@'))
		return -EINVAL;
	memset(&n->to, 0, sizeof(n->to));
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, path, len);
	if (path[0] == '@')
		n->to.sun_path[0] = '\0';
	n->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

void notify_open(struct notify *n)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const char *usec = getenv("WATCHDOG_USEC");
	uint64_t us = 0;
	n->fd = -1;
	n->watchdog_ms = 0;
	if (path && fill_address(n, path) == 0)
		n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (n->fd >= 0 && usec &&
	    slice_u64(slice_str(usec), UINT64_MAX, &us) == 0)
		n->watchdog_ms = us / 1000 / 2;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

void notify_send(const struct notify *n, const char *lines)
{
	if (n->fd < 0)
		return;
	const struct sockaddr *to = (const struct sockaddr *)&n->to;
	ssize_t sent = sendto(n->fd, lines, strlen(lines),
			      MSG_NOSIGNAL | MSG_DONTWAIT, to, n->to_len);
	/* a manager that does not listen is no reason to do anything else */
	(void)sent;
}

void notify_reloading(const struct notify *n)
{
	char lines[LINES_MAX];
	struct timespec ts = { 0, 0 };
	clock_gettime(CLOCK_MONOTONIC, &ts);
	snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000);
	notify_send(n, lines);
}
