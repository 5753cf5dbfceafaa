/* SPDX-License-Identifier: Apache-2.0 */
/* Sends log lines to the supervisor. */
#include "daemon/logsock.h"

#include <errno.h>
#include <sys/socket.h>

int logsock_sink(void *arg, struct slice line)
{
	const int *fd = arg;
	ssize_t n;
	do
		n = send(*fd, line.ptr, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -EAGAIN : 0;
}
