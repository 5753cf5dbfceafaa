/* SPDX-License-Identifier: Apache-2.0 */
/* Reading addresses out of a DNS message. */
#include "dns/dns_reply.h"

#include <errno.h>

static bool take_address(struct addr *a, uint16_t type, struct slice data)
{
	*a = (struct addr){ 0 };
	if (type == DNS_TYPE_A && data.len == sizeof(a->u.in.sin_addr)) {
		a->u.in.sin_family = AF_INET;
		memcpy(&a->u.in.sin_addr, data.ptr, data.len);
		return true;
	}
	if (type == DNS_TYPE_AAAA && data.len == sizeof(a->u.in6.sin6_addr)) {
		a->u.in6.sin6_family = AF_INET6;
		memcpy(&a->u.in6.sin6_addr, data.ptr, data.len);
		return true;
	}
	return false;
}

int dns_reply_parse(struct slice message, uint16_t type, struct dns_reply *out)
{
	struct dns_message m;
	struct dns_record r;
	uint32_t ttl_s = UINT32_MAX;
	int more = 0;

	if (dns_message_open(&m, message))
		return -EBADMSG;
	*out = (struct dns_reply){ .rcode = m.rcode };
	while ((more = dns_message_next(&m, &r)) > 0) {
		if (r.ttl_s < ttl_s)
			ttl_s = r.ttl_s;
		if (r.type != type || out->count == DNS_REPLY_MAX)
			continue;
		if (!take_address(&out->addr[out->count], type, r.data))
			return -EBADMSG;
		out->count++;
	}
	if (more < 0)
		return more;
	out->ttl_s = ttl_s == UINT32_MAX ? 0 : ttl_s;
	return 0;
}
