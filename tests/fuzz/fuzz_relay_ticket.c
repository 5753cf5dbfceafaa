/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets of mobility: nothing that was not sealed opens. */
#include <stdlib.h>

#include "relay/ticket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t keys[TICKET_KEY_BYTES];
	struct hasher *h = NULL;
	struct ticket t;
	if (hasher_create(&h) == 0 &&
	    ticket_keys(SLICE_LIT("fuzz"), keys) == 0 &&
	    ticket_open(h, keys, slice_of(data, size), &t) == 0)
		abort();
	hasher_free(h);
	return 0;
}
