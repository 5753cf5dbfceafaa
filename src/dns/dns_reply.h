/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses in a DNS message (RFC 1035 4). Pure; private to the directory.
 * The message comes from libunbound, which has checked it; it is read as
 * carefully as if it had not.
 */
#pragma once

#include "base/addr.h"

enum {
	DNS_TYPE_A = 1,
	DNS_TYPE_AAAA = 28,
	DNS_CLASS_IN = 1,
	DNS_RCODE_NOERROR = 0,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NXDOMAIN = 3,
	DNS_REPLY_MAX = 32,
};

struct dns_reply {
	uint8_t rcode;
	uint32_t ttl_s; /* the least in the answer section; 0 without one */
	size_t count;   /* addresses; more than DNS_REPLY_MAX are left out */
	struct addr addr[DNS_REPLY_MAX];
};

/* type: DNS_TYPE_A or DNS_TYPE_AAAA. 0 or -EBADMSG. */
int dns_reply_parse(struct slice message, uint16_t type, struct dns_reply *out);
