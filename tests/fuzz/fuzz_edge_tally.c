/* SPDX-License-Identifier: Apache-2.0 */
/* What was kept of a discovered partner: what can be read is kept the same
 * again, and goes on counting. */
#include <stdlib.h>

#include "edge/tally.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tally t = { 0 }, again = { 0 };
	const struct tally_conf conf = { .rate = 20, .addresses = 1000 };
	uint32_t wait_ms = 0;
	struct buf out;
	if (!size || tally_decode(&t, data[0], slice_of(data + 1, size - 1))) {
		tally_free(&t);
		return 0;
	}
	buf_init(&out, 0);
	tally_encode(&t, &out);
	if (!buf_failed(&out) &&
	    (tally_decode(&again, t.state, buf_slice(&out)) ||
	     again.count != t.count))
		abort();
	size_t before = t.count;
	if (tally_request(&t, &conf, SLICE_LIT("alice@contoso.test"), 1000,
			  &wait_ms) == ACCESS_WITHIN_LIMITS &&
	    t.count > before + 1)
		abort();
	tally_free(&again);
	tally_free(&t);
	buf_free(&out);
	return 0;
}
