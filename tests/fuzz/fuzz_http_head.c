/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request: slices stay inside, and what is taken is complete. */
#include <stdlib.h>

#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request r;
	const struct reject *reject = NULL;
	struct buf out;
	size_t len = 0;
	(void)http_begins(slice_of(data, size));
	enum http_result result =
		http_read(slice_of(data, size), &r, &len, &reject);
	if (len > size || (result == HTTP_REFUSED) != (reject != NULL) ||
	    (result == HTTP_DONE && !slice_starts(r.path, SLICE_LIT("/"))))
		abort();
	if (result != HTTP_DONE)
		return 0;
	for (size_t i = 0; i < r.fields; i++)
		if (r.field[i].value.len &&
		    (r.field[i].value.ptr < data ||
		     r.field[i].value.ptr + r.field[i].value.len > data + len))
			abort();
	buf_init(&out, 0);
	(void)http_origin_ok(&r, &r.host, 1);
	(void)http_websocket(&r, "sip", &out);
	buf_free(&out);
	return 0;
}
