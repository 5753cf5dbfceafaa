/* SPDX-License-Identifier: Apache-2.0 */
/* NET-01: what finds a peer that vanished; and addresses as the kernel gives
 * them. */
#include "net/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static void a_vanished_peer_is_found(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	(void)state;

	socket_tune(fd);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 30000);
	assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	/* quiet: the interval and ten seconds at most */
	int probes = option(fd, IPPROTO_TCP, TCP_KEEPCNT);
	int every = option(fd, IPPROTO_TCP, TCP_KEEPINTVL);
	assert_true(probes * every <= 10);
	close(fd);
}

static void tuning_what_is_not_tcp_does_no_harm(void **state)
{
	int fds[2];
	(void)state;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	socket_tune(fds[0]);
	struct addr a = socket_peer(fds[0]);
	assert_int_equal(a.u.sa.sa_family, AF_UNSPEC);
	close(fds[0]);
	close(fds[1]);
}

static void mapped_addresses_are_unwrapped(void **state)
{
	/* on the heap, so that reading past its end is seen */
	struct sockaddr_storage *ss = calloc(1, sizeof(*ss));
	struct addr mapped, plain, got;
	(void)state;

	assert_non_null(ss);
	addr_parse(SLICE_LIT("192.0.2.7:5061"), false, &plain);
	memset(&mapped, 0, sizeof(mapped));
	mapped.u.in6.sin6_family = AF_INET6;
	mapped.u.in6.sin6_port = plain.u.in.sin_port;
	mapped.u.in6.sin6_addr.s6_addr[10] = 0xff;
	mapped.u.in6.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&mapped.u.in6.sin6_addr.s6_addr[12], &plain.u.in.sin_addr, 4);
	memcpy(ss, &mapped.u.in6, sizeof(mapped.u.in6));
	got = socket_addr(ss);
	free(ss);
	assert_int_equal(got.u.sa.sa_family, AF_INET);
	assert_true(addr_equal(&got, &plain));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vanished_peer_is_found),
		cmocka_unit_test(tuning_what_is_not_tcp_does_no_harm),
		cmocka_unit_test(mapped_addresses_are_unwrapped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
