/* SPDX-License-Identifier: Apache-2.0 */
/* What the store is configured with. */
#pragma once

#include <stdint.h>

/* How much may wait; 0 in any: no limit. An origin is a partner's domain, or
 * one of our users as a sender. */
struct store_limits {
	uint32_t user_count, origin_count;
	uint64_t user_bytes, origin_bytes, total_bytes;
};
