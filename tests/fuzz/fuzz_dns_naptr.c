/* SPDX-License-Identifier: Apache-2.0 */
/* NAPTR records of a message. */
#include <stdlib.h>

#include "dns/dns_naptr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_message m;
	struct dns_record r;

	if (dns_message_open(&m, slice_of(data, size)))
		return 0;
	while (dns_message_next(&m, &r) > 0) {
		struct dns_naptr n;
		if (dns_naptr_read(&r, &n))
			continue;
		size_t len = strlen(n.replacement);
		if (!len || len > DNS_NAME_MAX)
			abort();
		if (n.flags.len > 255 || n.service.len > 255)
			abort();
		if (dns_naptr_is_sips(&n) && n.flags.len != 1)
			abort();
	}
	return 0;
}
