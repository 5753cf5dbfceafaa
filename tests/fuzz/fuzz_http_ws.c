/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as frames, at once and in two pieces: the same is found. */
#include <stdlib.h>

#include "http/ws.h"

enum { MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A sum of what was found in bytes [0, size), *from on. */
static unsigned long take(struct ws *w, const uint8_t *data, size_t size,
			  size_t *from)
{
	unsigned long sum = 0;
	struct ws_in in;
	for (;;) {
		enum ws_event e =
			ws_read(w, slice_of(data + *from, size - *from), &in);
		if (e == WS_MORE)
			return sum;
		if (in.used > size - *from || in.payload.len > MAX)
			abort();
		*from += in.used;
		sum = sum * 31 + e * 7 + in.payload.len + in.code;
		if (e == WS_BAD || e == WS_CLOSE) {
			*from = size;
			return sum;
		}
		if (!in.used)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws whole, cut;
	size_t a = 0, b = 0;
	if (!size)
		return 0;
	ws_init(&whole, MAX);
	ws_init(&cut, MAX);
	take(&whole, data, size, &a);
	take(&cut, data, size / 2, &b);
	take(&cut, data, size, &b);
	if (a != b && a != size && b != size)
		abort();
	ws_free(&whole);
	ws_free(&cut);
	return 0;
}
