/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport addresses (address and port) and prefixes, without DNS. IPv4 is
 * kept as IPv4; an IPv4-mapped IPv6 address is unwrapped before it is
 * compared (TURN-05).
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/slice.h"

struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} u;
};

struct addr_prefix {
	struct addr addr;
	uint8_t bits;
};

enum { ADDR_TEXT_MAX = 56 }; /* "[v6%scope]:port" and NUL */

/* "192.0.2.1:5061", "[2001:db8::1]:5061"; the port is mandatory, 1..65535
 * (0 too when allow_zero). 0 or -EINVAL. */
int addr_parse(struct slice text, bool allow_zero, struct addr *out);
/* "192.0.2.1" or "2001:db8::1" (brackets optional); port becomes `port`. */
int addr_parse_host(struct slice text, uint16_t port, struct addr *out);
/* "192.0.2.0/24", "2001:db8::/32"; host bits set give -EINVAL. */
int addr_parse_prefix(struct slice text, struct addr_prefix *out);
bool addr_in_prefix(const struct addr *a, const struct addr_prefix *p);
bool addr_equal(const struct addr *a, const struct addr *b); /* with port */
bool addr_same_host(const struct addr *a, const struct addr *b);
bool addr_is_any(const struct addr *a); /* 0.0.0.0 or [::] */
uint16_t addr_port(const struct addr *a);
void addr_set_port(struct addr *a, uint16_t port);
socklen_t addr_len(const struct addr *a);
/* With port; out is terminated. Returns out. */
const char *addr_text(const struct addr *a, char out[static ADDR_TEXT_MAX]);
/* Without port, IPv6 without brackets. */
const char *addr_host(const struct addr *a, char out[static ADDR_TEXT_MAX]);
/* The counting unit of a source: IPv4 address, or the IPv6 /64, as 8 bytes in
 * a number; families never meet. */
uint64_t addr_source(const struct addr *a);
