/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines on their way to standard error: bounded, whole lines only, and
 * clean whatever a broken process sent (LOG-01). Pure.
 */
#pragma once

#include "base/buf.h"

enum {
	LOGQUEUE_LINE_MAX = 8192,
	LOGQUEUE_SOFT_BYTES = 64
			      << 10, /* over it, reading log sockets pauses */
	LOGQUEUE_MAX_BYTES = 256 << 10
};

struct logqueue {
	struct buf bytes;
};

void logqueue_init(struct logqueue *q);
void logqueue_free(struct logqueue *q);
/* Adds one line: control bytes and what is not UTF-8 become '?', what is too
 * long is cut, one LF ends it. -EAGAIN when full. Empty lines vanish. */
int logqueue_put(struct logqueue *q, struct slice line);
bool logqueue_crowded(const struct logqueue *q);
/* The oldest bytes, at most max; logqueue_took() says how many were written. */
struct slice logqueue_head(const struct logqueue *q, size_t max);
void logqueue_took(struct logqueue *q, size_t n);
