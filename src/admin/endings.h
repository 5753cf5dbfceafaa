/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches over the day from which federation with a provider ends
 * (providers[].ends): says so in the log at 30, 14, 7 and 1 days, once each,
 * and once when it has ended; and in the status. Private to admin/.
 */
#pragma once

#include <jansson.h>

#include "conf/conf.h"
#include "loop/timers.h"

struct ending;

struct endings {
	struct timers *timers;
	uint64_t (*wall_ms)(void); /* tests have another one */
	struct timer timer;
	struct ending *item;
	size_t count;
};

void endings_init(struct endings *x, struct timers *timers);
void endings_free(struct endings *x);
/* What is watched from now on; borrows nothing. What was told already of a
 * provider whose day stayed is not told again. */
void endings_set(struct endings *x, const struct conf *conf);
/* For the status; NULL: out of memory. */
json_t *endings_rows(const struct endings *x);
