/* SPDX-License-Identifier: Apache-2.0 */
/* Presence documents, RPID in them: what is read can be composed with itself,
 * and what comes out can be read again. */
#include <stdlib.h>

#include "presence/pidf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct pidf *p)
{
	const struct pidf *both[] = { p, p };
	struct pidf_state s = { .aor = slice_str(p->aor),
				.docs = both,
				.count = 2,
				.implicit = PIDF_IMPLICIT_OPEN };
	struct arena *a = arena_create(4096, 8 << 20);
	struct pidf second;
	struct buf b;
	buf_init(&b, 0);
	pidf_compose(&b, &s);
	bool fits = !buf_failed(&b) && b.len <= XML_BODY_MAX &&
		    2 * p->count + 1 < XML_ELEMENTS_MAX / 8;
	if (a && fits && pidf_read(a, buf_slice(&b), &second) == NULL &&
	    (!second.open || second.count < p->count))
		abort();
	buf_free(&b);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create(4096, 8 << 20);
	struct pidf p;
	if (a && !pidf_read(a, slice_of(data, size), &p))
		again(&p);
	arena_free(a);
	return 0;
}
