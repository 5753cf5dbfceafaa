/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver's engine: libunbound on our loop (pluggable event API), one
 * cache, validating. Only the resolver process uses it. RFC 3263 targets are
 * built here when they are needed; today: addresses of a host name.
 */
#pragma once

#include "base/addr.h"
#include "loop/loop.h"

struct dns;

struct dns_conf {
	const struct slice *servers; /* "192.0.2.53" or "192.0.2.53:5353"; none:
					/etc/resolv.conf as read at start */
	size_t server_count;
	struct slice trust_anchor; /* contents; empty: no validation */
	uint32_t timeout_ms;       /* 0: 5 000 */
	uint16_t avoid_first;      /* ports that no question leaves from: the */
	uint16_t avoid_last;       /* relay's range; 0: none */
};

enum { DNS_ADDRESSES_MAX = 32 };

struct dns_answer {
	int error;      /* 0, -ENOENT (no such name, or no address), -ETIMEDOUT,
			   -EBADMSG (bogus), -EIO */
	uint32_t ttl_s; /* 30 .. 86 400 */
	bool secure;
	size_t count;
	struct addr addr[DNS_ADDRESSES_MAX]; /* port 0 */
	const char *text;                    /* for people, when error */
};

typedef void (*dns_fn)(void *arg, const struct dns_answer *answer);

/* Reads the system's files here and never again. -EINVAL: a server or the
 * trust anchor cannot be read. */
int dns_create(struct dns **out, struct loop *l, const struct dns_conf *conf);
void dns_free(struct dns *d); /* open questions are dropped unanswered */
/* A and AAAA, in turns; an address literal is its own answer. fn is called
 * once, never before return. 0, -EINVAL (not a host name), -ENOBUFS (too many
 * questions are open), -ENOMEM. */
int dns_addresses(struct dns *d, struct slice name, dns_fn fn, void *arg);
