/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading addresses out of a DNS message. Names are only stepped over: the
 * answer section as libunbound hands it out holds the aliases of the name
 * that was asked, and their addresses, and nothing else.
 */
#include "dns/dns_reply.h"

#include <errno.h>

#include "base/cursor.h"

enum { LABEL_POINTER = 0xc0, RCODE_MASK = 0x0f };

/* RFC 1035 4.1.4: labels, ended by the root or by a pointer. */
static void skip_name(struct cur *c)
{
	while (!cur_failed(c)) {
		uint8_t len = cur_u8(c);
		if (len == 0)
			return;
		if ((len & LABEL_POINTER) == LABEL_POINTER) {
			cur_u8(c);
			return;
		}
		if (len & LABEL_POINTER) {
			c->failed = true; /* reserved since 1987 */
			return;
		}
		cur_bytes(c, len);
	}
}

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

static bool take_record(struct cur *c, uint16_t type, struct dns_reply *out)
{
	skip_name(c);
	uint16_t rr_type = cur_u16(c);
	uint16_t rr_class = cur_u16(c);
	uint32_t ttl_s = cur_u32(c);
	struct slice data = cur_bytes(c, cur_u16(c));

	if (cur_failed(c))
		return false;
	if (ttl_s > INT32_MAX) /* RFC 2181 8: treat as zero */
		ttl_s = 0;
	if (ttl_s < out->ttl_s)
		out->ttl_s = ttl_s;
	if (rr_type != type || rr_class != DNS_CLASS_IN)
		return true;
	if (out->count == DNS_REPLY_MAX)
		return true;
	if (!take_address(&out->addr[out->count], type, data))
		return false;
	out->count++;
	return true;
}

int dns_reply_parse(struct slice message, uint16_t type, struct dns_reply *out)
{
	struct cur c = cur_init(message);

	cur_u16(&c); /* id */
	uint16_t flags = cur_u16(&c);
	uint16_t questions = cur_u16(&c);
	uint16_t answers = cur_u16(&c);
	cur_u16(&c); /* authority */
	cur_u16(&c); /* additional: nothing there is believed (DNS-02) */
	*out = (struct dns_reply){ .rcode = flags & RCODE_MASK,
				   .ttl_s = UINT32_MAX };
	for (; questions && !cur_failed(&c); questions--) {
		skip_name(&c);
		cur_u32(&c); /* type and class */
	}
	for (; answers; answers--)
		if (!take_record(&c, type, out))
			return -EBADMSG;
	if (cur_failed(&c))
		return -EBADMSG;
	if (out->ttl_s == UINT32_MAX)
		out->ttl_s = 0;
	return 0;
}
