/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines about what several processes saw, in the order in which it happened:
 * each is held back for a moment, for what another process tells later of an
 * earlier time. All processes read the same clock. Private to admin/.
 */
#pragma once

#include <jansson.h>

#include "base/list.h"
#include "loop/timers.h"

/* Longer than a record is under way, shorter than people notice. */
enum { SEQUENCE_MS = 50 };

/* The line is taken over. */
typedef void (*sequence_fn)(void *arg, json_t *line);

struct sequence {
	struct list items; /* the earliest first */
	size_t bytes;      /* of all, as their callers said */
	struct timer timer;
	sequence_fn fn;
	void *arg;
};

void sequence_init(struct sequence *s, struct timers *timers, sequence_fn fn,
		   void *arg);
/* Drops what is held back. One that is all zero is fine. */
void sequence_free(struct sequence *s);
/* at: when it happened, on any scale that all share. line is taken over, also
 * on failure: -ENOMEM. */
int sequence_put(struct sequence *s, uint64_t at, json_t *line, size_t bytes);
/* Hands all over that is held back. */
void sequence_flush(struct sequence *s);
