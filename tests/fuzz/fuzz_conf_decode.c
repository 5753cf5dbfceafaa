/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a snapshot; what is accepted must encode to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 25);
	struct buf out;
	buf_init(&out, 0);
	if (conf_decode(a, slice_of(data, size), &c) == 0) {
		conf_encode(&out, c, ~0u);
		if (buf_failed(&out) || out.len != size ||
		    memcmp(out.ptr, data, size) != 0)
			abort();
	}
	buf_free(&out);
	arena_free(a);
	return 0;
}
