/* SPDX-License-Identifier: Apache-2.0 */
/* CPIM bodies: what is found lies inside of the body. */
#include <stdlib.h>

#include "home/cpim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct slice part, const uint8_t *data, size_t size)
{
	if (part.len && (part.ptr < data || part.ptr + part.len > data + size))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cpim c;
	if (cpim_read(slice_of(data, size), &c))
		return 0;
	check(c.from, data, size);
	check(c.message_id, data, size);
	check(c.content_type, data, size);
	(void)cpim_asks(&c, "display");
	return 0;
}
