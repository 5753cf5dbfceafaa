/* SPDX-License-Identifier: Apache-2.0 */
/* TLSA records (RFC 6698 2.1). Pure; private to the directory. */
#pragma once

#include "dns/dns_message.h"

struct dns_tlsa {
	uint8_t usage;     /* 0 .. 3 */
	uint8_t selector;  /* 0 whole certificate, 1 public key */
	uint8_t matching;  /* 0 as it is, 1 SHA-256, 2 SHA-512 */
	struct slice data; /* lies in the message */
};

/* 0, -EBADMSG (damaged, or a digest of the wrong length), -EINVAL (unusable:
 * a value that the RFC does not know). */
int dns_tlsa_read(const struct dns_record *r, struct dns_tlsa *out);
