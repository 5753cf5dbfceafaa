/* SPDX-License-Identifier: Apache-2.0 */
/* TLSA records of a message. */
#include <stdlib.h>

#include "dns/dns_tlsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message m;
	struct dns_record r;

	if (dns_message_open(&m, slice_of(data, size)))
		return 0;
	while (dns_message_next(&m, &r) > 0) {
		struct dns_tlsa t;
		if (dns_tlsa_read(&r, &t))
			continue;
		if (t.usage > 3 || t.selector > 1 || t.matching > 2 ||
		    slice_empty(t.data) || t.data.len > r.data.len)
			abort();
	}
	return 0;
}
