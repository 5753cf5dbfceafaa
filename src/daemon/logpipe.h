/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's side of logging: reads the children's log sockets and
 * writes to standard error only what poll(2) says it takes, so that a reader
 * that stands still stops nobody. The descriptor is shared with whoever
 * started us, therefore never made non-blocking. Memory is bounded: while the
 * queue is crowded the sockets are left unread, fill, and the children count
 * what they drop (LOG-01).
 */
#pragma once

#include "base/slice.h"
#include "loop/loop.h"

struct logpipe;
struct log_source;

/* out_fd stays the caller's. */
int logpipe_create(struct logpipe **out, struct loop *l, int out_fd);
void logpipe_free(struct logpipe *p); /* sources are closed before */
/* A log_sink_fn; arg is the logpipe. */
int logpipe_sink(void *arg, struct slice line);
/* Writes what is queued, waiting at most wait_ms for the reader: at the end. */
void logpipe_flush(struct logpipe *p, int wait_ms);

/* Takes fd over; name is borrowed. What is no log line (an assertion's text, a
 * crash report) is logged as proc.crash of that name. */
int log_source_open(struct log_source **out, struct logpipe *p, int fd,
		    const char *name);
/* Takes in what its process still said, as far as there is room. */
void log_source_close(struct log_source *s); /* tolerates NULL */
