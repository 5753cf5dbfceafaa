/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of a DNS message. Their owners' names are only stepped over: the
 * answer section as libunbound hands it out holds the aliases of the name that
 * was asked, and their records, and nothing else.
 */
#include "dns/dns_message.h"

#include <errno.h>

#include "dns/dns_name.h"

enum { RCODE_MASK = 0x0f };

int dns_message_open(struct dns_message *m, struct slice message)
{
	struct cur c = cur_init(message);

	cur_u16(&c); /* id */
	uint16_t flags = cur_u16(&c);
	uint16_t questions = cur_u16(&c);
	uint16_t answers = cur_u16(&c);
	cur_u16(&c); /* authority */
	cur_u16(&c); /* additional: nothing there is believed (DNS-02) */
	for (; questions && !cur_failed(&c); questions--) {
		dns_name_skip(&c);
		cur_u32(&c); /* type and class */
	}
	if (cur_failed(&c))
		return -EBADMSG;
	*m = (struct dns_message){ .all = message,
				   .rest = c,
				   .left = answers,
				   .rcode = flags & RCODE_MASK };
	return 0;
}

int dns_message_next(struct dns_message *m, struct dns_record *out)
{
	for (; m->left; m->left--) {
		dns_name_skip(&m->rest);
		uint16_t type = cur_u16(&m->rest);
		uint16_t rr_class = cur_u16(&m->rest);
		uint32_t ttl_s = cur_u32(&m->rest);
		struct slice data = cur_bytes(&m->rest, cur_u16(&m->rest));
		if (cur_failed(&m->rest))
			return -EBADMSG;
		if (rr_class != DNS_CLASS_IN)
			continue;
		if (ttl_s > INT32_MAX) /* RFC 2181 8: treat as zero */
			ttl_s = 0;
		*out = (struct dns_record){ .message = m->all,
					    .data = data,
					    .type = type,
					    .ttl_s = ttl_s };
		m->left--;
		return 1;
	}
	return 0;
}
