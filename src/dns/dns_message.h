/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer section of a DNS message (RFC 1035 4), record by record. Pure;
 * private to the directory. The message comes from libunbound, which has
 * checked it; it is read as carefully as if it had not.
 */
#pragma once

#include "base/cursor.h"

enum {
	DNS_TYPE_A = 1,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_SRV = 33,
	DNS_TYPE_NAPTR = 35,
	DNS_TYPE_TLSA = 52,
	DNS_CLASS_IN = 1,
	DNS_RCODE_NOERROR = 0,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NXDOMAIN = 3,
};

struct dns_message {
	struct slice all;
	struct cur rest; /* from the next record on */
	uint16_t left;   /* records */
	uint8_t rcode;
};

struct dns_record {
	struct slice message;
	struct slice data;
	uint16_t type;
	uint32_t ttl_s;
};

/* Up to the first record. 0 or -EBADMSG. */
int dns_message_open(struct dns_message *m, struct slice message);
/* The next of class IN, of any type: aliases are among them. 1, 0 at the end
 * of the section, -EBADMSG. */
int dns_message_next(struct dns_message *m, struct dns_record *out);
