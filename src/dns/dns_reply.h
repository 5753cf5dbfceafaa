/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses in a DNS message. Pure; private to the directory. */
#pragma once

#include "base/addr.h"
#include "dns/dns_message.h"

enum { DNS_REPLY_MAX = 32 };

struct dns_reply {
	uint8_t rcode;
	uint32_t ttl_s; /* the least in the answer section; 0 without one */
	size_t count;   /* addresses; more than DNS_REPLY_MAX are left out */
	struct addr addr[DNS_REPLY_MAX];
};

/* type: DNS_TYPE_A or DNS_TYPE_AAAA. 0 or -EBADMSG. */
int dns_reply_parse(struct slice message, uint16_t type, struct dns_reply *out);
