/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging: one event, one line: "time level event key=value ...". Event names
 * are a contract (docs/man/sallyport-events.7). Values are escaped (\xNN,
 * \uNNNN for what is not printable, quotes when there are blanks) and cut at
 * 1 KiB; a line never exceeds 8 KiB (LOG-01).
 *
 * The sink is the process's only global besides the metric registry. What the
 * sink does not take is dropped, counted, and reported by one `log.dropped n=`
 * line later, so a sink never has to wait for a slow reader.
 */
#pragma once

#include "base/slice.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };
enum log_kind { LOG_KV_STR, LOG_KV_U64, LOG_KV_I64, LOG_KV_END };

struct log_kv {
	const char *key;
	enum log_kind kind;
	struct slice str;
	uint64_t num;
};

#define KV_SLICE(k, s)                  \
	{                               \
		(k), LOG_KV_STR, (s), 0 \
	}
#define KV_STR(k, s)                             \
	{                                        \
		(k), LOG_KV_STR, slice_str(s), 0 \
	}
#define KV_U64(k, n)                                       \
	{                                                  \
		(k), LOG_KV_U64, SLICE_NONE, (uint64_t)(n) \
	}
#define KV_I64(k, n)                                                \
	{                                                           \
		(k), LOG_KV_I64, SLICE_NONE, (uint64_t)(int64_t)(n) \
	}

/* LOG(LOG_INFO, "conn.open", KV_STR("peer", p), KV_U64("fd", fd)); */
#define LOG(level, event, ...)             \
	log_write((level), (event),        \
		  (const struct log_kv[]){ \
			  __VA_ARGS__, { NULL, LOG_KV_END, SLICE_NONE, 0 } })
/* At most one line a second for (event, source); the next line then carries
 * suppressed=N. source is any text, a peer's address mostly. */
#define LOG_LIMITED(level, event, source, ...) \
	log_write_limited(                     \
		(level), (event), (source),    \
		(const struct log_kv[]){       \
			__VA_ARGS__, { NULL, LOG_KV_END, SLICE_NONE, 0 } })

/* Lines go to this function, LF included; it returns 0, or -EAGAIN when the
 * line was not taken. The default writes to standard error and waits for it:
 * for programs without a loop. */
typedef int (*log_sink_fn)(void *arg, struct slice line);
/* Milliseconds since 1970 for the time stamp; the default is always 0. */
typedef uint64_t (*log_clock_fn)(void *arg);

/* NULL: the defaults again. */
void log_set_sink(log_sink_fn fn, void *arg);
void log_set_clock(log_clock_fn fn, void *arg);
void log_set_level(enum log_level level);
void log_set_format(enum log_format format);
enum log_level log_get_level(void);
/* Added to each line, e.g. proc=edge.1; NULL for none. Borrowed. */
void log_set_process(const char *name);
/* "error", "warn", "info", "debug"; -EINVAL. */
int log_level_parse(struct slice text, enum log_level *out);
const char *log_level_name(enum log_level level);
bool log_enabled(enum log_level level);

void log_write(enum log_level level, const char *event,
	       const struct log_kv *kv);
void log_write_limited(enum log_level level, const char *event,
		       struct slice source, const struct log_kv *kv);
/* Reports what was dropped, if anything was and the sink takes it now: for
 * processes that have nothing else to say. Called now and then. */
void log_report_dropped(void);
