/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and tuning TCP sockets. A peer that vanished is found by the kernel:
 * by its keepalive when the line is quiet, by the user timeout when something
 * waits to be acknowledged (NET-01).
 */
#include "net/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "net/net.h"

enum { LISTEN_BACKLOG = 4096 };

static const struct {
	int level, name, value;
} tuning[] = {
	{ IPPROTO_TCP, TCP_NODELAY, 1 },
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, SOCKET_KEEPALIVE_IDLE_S },
	{ IPPROTO_TCP, TCP_KEEPINTVL, SOCKET_KEEPALIVE_EVERY_S },
	{ IPPROTO_TCP, TCP_KEEPCNT, SOCKET_KEEPALIVE_PROBES },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, SOCKET_UNSENT_MS },
};

void socket_tune(int fd)
{
	for (size_t i = 0; i < sizeof(tuning) / sizeof(tuning[0]); i++)
		(void)setsockopt(fd, tuning[i].level, tuning[i].name,
				 &tuning[i].value, sizeof(int));
}

struct addr socket_addr(const struct sockaddr_storage *ss)
{
	struct addr out;

	memset(&out, 0, sizeof(out));
	if (ss->ss_family == AF_INET) {
		memcpy(&out.u.in, ss, sizeof(out.u.in));
	} else if (ss->ss_family == AF_INET6) {
		memcpy(&out.u.in6, ss, sizeof(out.u.in6));
		const struct in6_addr ip = out.u.in6.sin6_addr;
		in_port_t port = out.u.in6.sin6_port;
		if (!IN6_IS_ADDR_V4MAPPED(&ip))
			return out;
		memset(&out, 0, sizeof(out));
		out.u.in.sin_family = AF_INET;
		out.u.in.sin_port = port;
		memcpy(&out.u.in.sin_addr, &ip.s6_addr[12], 4);
	}
	return out;
}

struct addr socket_peer(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	if (getpeername(fd, (struct sockaddr *)&ss, &len))
		ss.ss_family = AF_UNSPEC;
	return socket_addr(&ss);
}

int socket_dial(const struct addr *to, int *fd)
{
	const int on = 1;
	int s = socket(to->u.sa.sa_family,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (s < 0)
		return -errno;
	socket_tune(s);
	(void)setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
			 sizeof(on));
	if (connect(s, &to->u.sa, addr_len(to)) == 0) {
		*fd = s;
		return 0;
	}
	int err = errno;
	if (err == EINPROGRESS || err == EINTR) {
		*fd = s;
		return -EINPROGRESS;
	}
	close(s);
	return -err;
}

int socket_error(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
		return errno;
	return err;
}

int net_listen(const struct addr *at, int *fd)
{
	const int on = 1, off = 0;
	int s = socket(at->u.sa.sa_family,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (s < 0)
		return -errno;
	if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)))
		goto fail;
	/* [::] means both families, whatever the host's default is. */
	if (at->u.sa.sa_family == AF_INET6 &&
	    setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)))
		goto fail;
	if (bind(s, &at->u.sa, addr_len(at)) || listen(s, LISTEN_BACKLOG))
		goto fail;
	*fd = s;
	return 0;
fail:;
	int err = -errno;
	close(s);
	return err;
}
