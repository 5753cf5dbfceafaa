/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service manager's protocol (sd_notify(3)): one datagram of lines to the
 * socket that NOTIFY_SOCKET names. Without one, nothing happens.
 */
#pragma once

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
	int fd; /* -1: nobody to tell */
	struct sockaddr_un to;
	socklen_t to_len;
	uint64_t watchdog_ms; /* send WATCHDOG=1 this often; 0: never */
};

/* Reads NOTIFY_SOCKET and WATCHDOG_USEC, and removes them. */
void notify_open(struct notify *n);
void notify_close(struct notify *n);
void notify_send(const struct notify *n, const char *lines);
/* RELOADING=1 with the time that the manager wants along with it. */
void notify_reloading(const struct notify *n);
