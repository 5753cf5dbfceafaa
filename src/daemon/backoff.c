/* SPDX-License-Identifier: Apache-2.0 */
/* How long a process that ended waits for its next start. */
#include "daemon/backoff.h"

uint32_t backoff_next(struct backoff *b, uint64_t lived_ms)
{
	if (lived_ms >= BACKOFF_YOUNG_MS) {
		b->young = 0;
		return 0;
	}
	uint32_t before = b->young;
	if (b->young < UINT32_MAX)
		b->young++;
	if (before == 0)
		return 0;
	uint64_t wait = BACKOFF_FIRST_MS;
	for (uint32_t i = 1; i < before && wait < BACKOFF_MAX_MS; i++)
		wait *= 2;
	return wait < BACKOFF_MAX_MS ? (uint32_t)wait : BACKOFF_MAX_MS;
}
