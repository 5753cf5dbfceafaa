/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One log line in a buffer of fixed size, as text or as JSON: escaping and
 * cutting (LOG-01). Private to base/log.c; pure.
 */
#pragma once

#include "base/log.h"

enum {
	LOG_LINE_BYTES = 8192, /* with LF */
	LOG_VALUE_BYTES = 1024,
};

struct log_line {
	enum log_format format;
	size_t len;
	size_t left_out; /* pairs for which there was no room */
	char text[LOG_LINE_BYTES];
};

/* time_ms: since 1970. Starts with time, level and event. */
void log_line_start(struct log_line *l, enum log_format format,
		    uint64_t time_ms, enum log_level level, const char *event);
void log_line_pair(struct log_line *l, const struct log_kv *kv);
/* With LF; the line lives as long as l. */
struct slice log_line_end(struct log_line *l);
