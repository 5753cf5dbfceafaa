/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses as the relay keeps them: 20 bytes without holes, so that they are
 * hashed and compared as bytes. An IPv4-mapped IPv6 address never occurs: it
 * is IPv4.
 */
#pragma once

#include "base/addr.h"

struct relay_addr {
	uint8_t ip[16]; /* IPv4: the first four, the rest zero */
	uint16_t port;  /* host byte order */
	uint8_t family; /* 4, 6, or 0: none */
	uint8_t zero;
};

struct relay_addr relay_addr_of(const struct addr *a);
struct addr relay_addr_to(const struct relay_addr *a);

static inline bool relay_addr_equal(const struct relay_addr *a,
				    const struct relay_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline bool relay_addr_same_ip(const struct relay_addr *a,
				      const struct relay_addr *b)
{
	return a->family == b->family &&
	       memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

/* 0: IPv4, 1: IPv6; the index of arrays by family. */
static inline unsigned relay_addr_index(const struct relay_addr *a)
{
	return a->family == 6;
}
