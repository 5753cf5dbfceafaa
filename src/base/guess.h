/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong passwords, counted by source (SIP-22); and whatever else somebody tries
 * again and again. */
#pragma once

#include "base/list.h"
#include "base/map.h"

enum {
	GUESS_MAX = 10,           /* of passwords in a window */
	GUESS_WINDOW_MS = 60000,  /* from the first one on */
	GUESS_SILENT_MS = 60000,  /* then no password work for so long */
	GUESS_SOURCES_MAX = 16384 /* the oldest is forgotten first */
};

struct guesses {
	struct map sources;
	struct list oldest;
	unsigned max; /* failures in a window */
};

int guesses_init(struct guesses *g, unsigned max);
void guesses_free(struct guesses *g);
/* Is the source to be refused without looking? */
bool guesses_blocked(struct guesses *g, uint64_t source, uint64_t now_ms);
/* One more failure; true when this one blocks the source. */
bool guesses_failed(struct guesses *g, uint64_t source, uint64_t now_ms);
