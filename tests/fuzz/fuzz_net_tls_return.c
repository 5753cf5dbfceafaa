/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a client's hello; the key's name is all zero. */
#include "net/tls_return.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_tickets t = { .count = 1 };

	tls_return_has(&t, slice_of(data, size));
	return 0;
}
