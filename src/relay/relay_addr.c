/* SPDX-License-Identifier: Apache-2.0 */
/* Between socket addresses and the relay's own form. */
#include "relay/relay_addr.h"

struct relay_addr relay_addr_of(const struct addr *a)
{
	struct relay_addr out = { .port = addr_port(a) };
	const struct in6_addr *six = &a->u.in6.sin6_addr;
	if (a->u.sa.sa_family == AF_INET) {
		out.family = 4;
		memcpy(out.ip, &a->u.in.sin_addr, 4);
	} else if (a->u.sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(six)) {
		out.family = 4;
		memcpy(out.ip, &six->s6_addr[12], 4);
	} else if (a->u.sa.sa_family == AF_INET6) {
		out.family = 6;
		memcpy(out.ip, six, 16);
	}
	return out;
}

struct addr relay_addr_to(const struct relay_addr *a)
{
	struct addr out = { .u.in6 = { .sin6_family = AF_UNSPEC } };
	if (a->family == 4) {
		out.u.in.sin_family = AF_INET;
		memcpy(&out.u.in.sin_addr, a->ip, 4);
	} else if (a->family == 6) {
		out.u.in6.sin6_family = AF_INET6;
		memcpy(&out.u.in6.sin6_addr, a->ip, 16);
	}
	addr_set_port(&out, a->port);
	return out;
}
