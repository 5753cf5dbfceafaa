/* SPDX-License-Identifier: Apache-2.0 */
/* Socket options and addresses of stream sockets. Private to net/. */
#pragma once

#include "base/addr.h"

enum {
	SOCKET_KEEPALIVE_IDLE_S = 60, /* quiet this long: probe */
	SOCKET_KEEPALIVE_EVERY_S = 5,
	SOCKET_KEEPALIVE_PROBES = 2,
	SOCKET_UNSENT_MS = 30000 /* unacknowledged this long: gone (NET-01) */
};

/* What every connection has; a socket that is not TCP takes none of it. */
void socket_tune(int fd);
/* An IPv4-mapped address becomes IPv4; other families give the zero address. */
struct addr socket_addr(const struct sockaddr_storage *ss);
/* The other end's; zero when it has none. */
struct addr socket_peer(int fd);
/* Non-blocking; 0 or -EINPROGRESS: *fd is on its way; else -E... and none. */
int socket_dial(const struct addr *to, int *fd);
/* The pending error of a socket, positive errno, or 0. */
int socket_error(int fd);
