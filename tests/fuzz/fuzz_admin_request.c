/* SPDX-License-Identifier: Apache-2.0 */
/* Any line of a control socket into the decoder, and any bytes as text: what
 * comes out is encoded and decoded again. */
#include <stdlib.h>

#include "admin/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(json_t *v)
{
	struct buf b;
	buf_init(&b, 0);
	json_encode(&b, v);
	if (!buf_failed(&b)) {
		json_t *back =
			json_decode(slice_head(buf_slice(&b), b.len - 1));
		if (!back || !json_equal(v, back))
			abort();
		json_decref(back);
	}
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *v = json_decode(slice_of(data, size));
	if (v)
		again(v);
	json_decref(v);
	v = json_pack("{s:o}", "text", json_text(slice_of(data, size)));
	if (!v)
		abort();
	again(v);
	json_decref(v);
	return 0;
}
