/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches over the end of our certificates and of the revocation lists
 * (TLS-08): says so in the log at 30, 14, 7 and 1 days, once each, and every
 * day after it; in the metrics; and in the status. Private to admin/.
 */
#pragma once

#include <jansson.h>

#include "conf/conf.h"
#include "loop/timers.h"

struct expiry_item;

struct expiry {
	struct timers *timers;
	uint64_t (*wall_ms)(void); /* tests have another one */
	struct timer timer;
	struct expiry_item *item;
	size_t count;
};

enum { EXPIRY_NEVER = INT32_MAX };
/* Which of the days before the end is due to be told; after it minus the days
 * that have passed; EXPIRY_NEVER when all is well. */
int64_t expiry_due(int64_t left_s);

void expiry_init(struct expiry *x, struct timers *timers);
void expiry_free(struct expiry *x);
/* What is watched from now on; borrows nothing. What was told already of a
 * file that stayed as it was is not told again. */
void expiry_set(struct expiry *x, const struct conf *conf);
/* For the status; NULL: out of memory. */
json_t *expiry_rows(const struct expiry *x);
