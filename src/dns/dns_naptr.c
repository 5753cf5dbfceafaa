/* SPDX-License-Identifier: Apache-2.0 */
/* NAPTR records. Regular expressions are not for SIP domains, and are never
 * run. */
#include "dns/dns_naptr.h"

#include <errno.h>

#include "dns/dns_name.h"

static struct slice character_string(struct cur *c)
{
	return cur_bytes(c, cur_u8(c));
}

int dns_naptr_read(const struct dns_record *r, struct dns_naptr *out)
{
	struct cur c = cur_init(r->data);

	out->order = cur_u16(&c);
	out->preference = cur_u16(&c);
	out->flags = character_string(&c);
	out->service = character_string(&c);
	struct slice regexp = character_string(&c);
	dns_name_read(&c, r->message, out->replacement);
	if (!cur_done(&c))
		return -EBADMSG;
	return slice_empty(regexp) ? 0 : -EINVAL;
}

bool dns_naptr_is_sips(const struct dns_naptr *n)
{
	return slice_ieq(n->flags, SLICE_LIT("s")) &&
	       slice_ieq(n->service, SLICE_LIT("SIPS+D2T")) &&
	       strcmp(n->replacement, ".") != 0;
}

bool dns_naptr_before(const struct dns_naptr *a, const struct dns_naptr *b)
{
	if (a->order != b->order)
		return a->order < b->order;
	return a->preference < b->preference;
}
