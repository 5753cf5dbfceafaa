/* SPDX-License-Identifier: Apache-2.0 */
/* A host's addresses: two look-ups at once. Private to the directory. */
#pragma once

#include "dns/dns_engine.h"

struct dns_answer {
	int error;      /* 0, -ENOENT (no such name, or no address), -ETIMEDOUT,
			   -EBADMSG (bogus), -EIO */
	uint32_t ttl_s; /* 30 .. 86 400 */
	bool secure;
	size_t count;
	struct addr addr[DNS_ADDRESSES_MAX]; /* port 0 */
	const char *text;                    /* for people, when error */
};

struct dns_host {
	struct dns_lookup a;
	struct dns_lookup aaaa;
};

void dns_host_ask(struct dns_host *h, struct dns_job *job, const char *name);
bool dns_host_done(const struct dns_host *h);
void dns_host_expire(struct dns_host *h);
void dns_host_close(struct dns_host *h);
/* Of one that is done. Addresses in turns, an IPv6 one first. */
void dns_host_answer(const struct dns_host *h, struct dns_answer *out);
