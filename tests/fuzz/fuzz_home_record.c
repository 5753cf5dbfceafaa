/* SPDX-License-Identifier: Apache-2.0 */
/* Records from the store: what decodes encodes to the same bytes. */
#include <stdlib.h>

#include "home/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record r;
	struct buf b;
	if (record_decode(slice_of(data, size), &r))
		return 0;
	buf_init(&b, 0);
	record_encode(&b, &r);
	if (!buf_failed(&b) && !slice_eq(buf_slice(&b), slice_of(data, size)))
		abort();
	buf_free(&b);
	return 0;
}
