/* SPDX-License-Identifier: Apache-2.0 */
/* What is shown has the message's form: the same ends of lines, nothing longer,
 * no byte but "x" in the place of another one. */
#include <stdint.h>
#include <stdlib.h>

#include "sip/shown.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice whole = slice_of(data, size);
	size_t head = sip_shown_head(whole);

	if (head > size)
		abort();
	for (int body = 0; body < 2; body++) {
		struct buf out;
		buf_init(&out, 0);
		sip_shown(&out, whole, body);
		if (out.len != (body ? size : head))
			abort();
		for (size_t i = 0; i < out.len; i++)
			if (out.ptr[i] != data[i] &&
			    (out.ptr[i] != 'x' || data[i] <= ' '))
				abort();
		buf_free(&out);
	}
	return 0;
}
