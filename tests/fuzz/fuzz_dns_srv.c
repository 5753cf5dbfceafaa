/* SPDX-License-Identifier: Apache-2.0 */
/* SRV records of a message, read and put in order. */
#include <stdlib.h>

#include "dns/dns_srv.h"
#include "dns/dns_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t draw(void *arg)
{
	return ++*(uint64_t *)arg * UINT64_C(0x9e3779b97f4a7c15);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message m;
	struct dns_record r;
	struct dns_srv all[64];
	size_t count = 0;
	uint64_t seed = size;

	if (dns_message_open(&m, slice_of(data, size)))
		return 0;
	while (dns_message_next(&m, &r) > 0) {
		struct dns_srv *s = &all[count];
		if (count == sizeof(all) / sizeof(*all) || dns_srv_read(&r, s))
			continue;
		if (dns_srv_is_refusal(s))
			continue;
		if (!s->port || !dns_name_is_host(slice_str(s->target)))
			abort();
		count++;
	}
	size_t n = dns_srv_order(all, count, 32, draw, &seed);
	if (n > count || n > 32 || (count && !n))
		abort();
	for (size_t i = 1; i < n; i++)
		if (all[i - 1].priority > all[i].priority)
			abort();
	return 0;
}
