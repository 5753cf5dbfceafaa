/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that ask for a credential: what is read keeps to its limits, and
 * the answer to it is a document that can be read. */
#include <stdlib.h>

#include "presence/mras.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct reject *on_start(void *arg, const struct xml_element *e)
{
	(void)arg;
	(void)e;
	return NULL;
}

static void on_end(void *arg, size_t depth, size_t end)
{
	(void)arg;
	(void)depth;
	(void)end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct xml_ops ops = { on_start, on_end, NULL };
	struct arena *a = arena_create(16384, 1 << 20);
	struct mras_request q;
	struct buf b;
	buf_init(&b, 0);
	if (a && !mras_read(a, slice_of(data, size), &q)) {
		const struct mras_credential c = { .username = q.id,
						   .ttl_s = q.minutes };
		mras_write(&b, &q, "OK", &c);
		if (q.id.len > MRAS_ID_MAX || !q.minutes ||
		    (!buf_failed(&b) && xml_read(buf_slice(&b), &ops, NULL)))
			abort();
	}
	buf_free(&b);
	arena_free(a);
	return 0;
}
