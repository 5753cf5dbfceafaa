/* SPDX-License-Identifier: Apache-2.0 */
/* NAPTR records (RFC 3403 4) as SIP uses them (RFC 3263 4.1). Pure; private
 * to the directory. */
#pragma once

#include "dns/dns.h"
#include "dns/dns_message.h"

struct dns_naptr {
	uint16_t order;
	uint16_t preference;
	struct slice flags; /* these two lie in the message */
	struct slice service;
	char replacement[DNS_NAME_MAX + 1]; /* "." for none */
};

/* 0, -EBADMSG (damaged, or a name with odd letters), -EINVAL (has a regular
 * expression). */
int dns_naptr_read(const struct dns_record *r, struct dns_naptr *out);
/* Does it lead to an SRV record of SIP over TLS? */
bool dns_naptr_is_sips(const struct dns_naptr *n);
/* Is a to be used rather than b? */
bool dns_naptr_before(const struct dns_naptr *a, const struct dns_naptr *b);
