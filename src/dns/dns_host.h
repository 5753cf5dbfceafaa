/* SPDX-License-Identifier: Apache-2.0 */
/* A host's addresses: two look-ups at once. Private to the directory. */
#pragma once

#include "dns/dns_engine.h"

enum dns_first { DNS_IPV4_FIRST, DNS_IPV6_FIRST };

struct dns_host {
	struct dns_lookup a;
	struct dns_lookup aaaa;
};

void dns_host_ask(struct dns_host *h, struct dns_job *job, const char *name);
bool dns_host_done(const struct dns_host *h);
void dns_host_expire(struct dns_host *h);
void dns_host_close(struct dns_host *h);
/* Of one that is done. Addresses in turns, beginning with that family. */
void dns_host_answer(const struct dns_host *h, enum dns_first first,
		     struct dns_answer *out);
