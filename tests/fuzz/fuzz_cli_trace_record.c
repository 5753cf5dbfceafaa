/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a trace from whoever sits at the socket: read, drawn and written
 * to a file, whatever stands in them. */
#include <stdint.h>
#include <stdlib.h>

#include "cli/ladder.h"
#include "cli/pcapng.h"
#include "cli/trace_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct trace_record *r)
{
	const struct ladder_style style = { .width = 80, .utf8 = true };
	struct ladder *l = NULL;
	struct pcapng p;
	struct buf b;

	buf_init(&b, 0);
	pcapng_begin(&p, &b);
	pcapng_record(&p, &b, r);
	pcapng_record(&p, &b, r);
	if (b.len % 4)
		abort();
	buf_reset(&b);
	if (!ladder_create(&l, &style)) {
		ladder_draw(l, &b, r);
		ladder_draw(l, &b, r);
		if (slice_chr(buf_slice(&b), '\033') >= 0)
			abort();
	}
	ladder_free(l);
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *o = json_loadb((const char *)data, size, 0, NULL);
	struct trace_record r;

	if (o && !trace_record_read(&r, o))
		use(&r);
	if (o)
		trace_record_free(&r);
	json_decref(o);
	return 0;
}
