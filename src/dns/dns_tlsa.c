/* SPDX-License-Identifier: Apache-2.0 */
/* TLSA records. */
#include "dns/dns_tlsa.h"

#include <errno.h>

enum { USAGE_LAST = 3, SELECTOR_LAST = 1, MATCHING_LAST = 2 };

int dns_tlsa_read(const struct dns_record *r, struct dns_tlsa *out)
{
	/* by matching type; 0: any */
	static const size_t len[] = { 0, 32, 64 };
	struct cur c = cur_init(r->data);

	out->usage = cur_u8(&c);
	out->selector = cur_u8(&c);
	out->matching = cur_u8(&c);
	out->data = cur_bytes(&c, cur_left(&c));
	if (!cur_done(&c) || slice_empty(out->data))
		return -EBADMSG;
	if (out->usage > USAGE_LAST || out->selector > SELECTOR_LAST ||
	    out->matching > MATCHING_LAST)
		return -EINVAL;
	if (len[out->matching] && out->data.len != len[out->matching])
		return -EBADMSG;
	return 0;
}
