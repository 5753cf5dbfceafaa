/* SPDX-License-Identifier: Apache-2.0 */
/* DNS messages, read for both families. */
#include <stdlib.h>

#include "dns/dns_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
	struct dns_reply r;

	for (size_t i = 0; i < 2; i++) {
		if (dns_reply_parse(slice_of(data, size), types[i], &r))
			continue;
		if (r.count > DNS_REPLY_MAX)
			abort();
		for (size_t k = 0; k < r.count; k++)
			if (addr_port(&r.addr[k]))
				abort();
	}
	return 0;
}
