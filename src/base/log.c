/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log sink: level, format, rate limit, and counting what could not be
 * written. The state below is the one exception that the rules allow beside
 * the metric registry.
 */
#include "base/log.h"

#include <errno.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log_line.h"
#include "base/map.h"
#include "base/metrics.h"

enum {
	LIMIT_SETS = 256,
	LIMIT_WAYS = 4,
	LIMIT_MS = 1000,
};

/* One (event, source) that had its line in the last second. */
struct limit {
	uint64_t hash; /* 0: free */
	uint64_t since_ms;
	uint64_t suppressed;
};

static int sink_stderr(void *arg, struct slice line);
static uint64_t clock_none(void *arg);

static struct {
	log_sink_fn sink;
	void *sink_arg;
	log_clock_fn clock;
	void *clock_arg;
	enum log_level level;
	enum log_format format;
	const char *process;
	uint64_t dropped; /* lines since the last log.dropped */
	bool seeded;
	uint64_t seed[2];
	struct limit limits[LIMIT_SETS][LIMIT_WAYS];
} state = { .sink = sink_stderr, .clock = clock_none, .level = LOG_INFO };

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

/* Until log_set_clock(): this directory reads no clock. */
static uint64_t clock_none(void *arg)
{
	(void)arg;
	return 0;
}

static int sink_stderr(void *arg, struct slice line)
{
	(void)arg;
	int saved = errno;
	ssize_t n = write(STDERR_FILENO, line.ptr, line.len);
	errno = saved;
	return n == (ssize_t)line.len ? 0 : -EAGAIN;
}

void log_set_sink(log_sink_fn fn, void *arg)
{
	state.sink = fn ? fn : sink_stderr;
	state.sink_arg = arg;
}

void log_set_clock(log_clock_fn fn, void *arg)
{
	state.clock = fn ? fn : clock_none;
	state.clock_arg = arg;
}

void log_set_level(enum log_level level)
{
	state.level = level;
}

void log_set_format(enum log_format format)
{
	state.format = format;
}

enum log_level log_get_level(void)
{
	return state.level;
}

void log_set_process(const char *name)
{
	state.process = name;
}

int log_level_parse(struct slice text, enum log_level *out)
{
	for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
		if (slice_eq(text, slice_str(level_names[i]))) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
	return level <= LOG_DEBUG ? level_names[level] : "?";
}

bool log_enabled(enum log_level level)
{
	return level <= state.level;
}

static void count_dropped(uint64_t n)
{
	state.dropped += n;
	metric_add(M_LOG_DROPPED, n);
}

static int write_line(enum log_level level, const char *event,
		      const struct log_kv *kv, uint64_t suppressed)
{
	struct log_line line;
	log_line_start(&line, state.format, state.clock(state.clock_arg), level,
		       event);
	if (state.process) {
		const struct log_kv proc = KV_STR("proc", state.process);
		log_line_pair(&line, &proc);
	}
	if (suppressed) {
		const struct log_kv n = KV_U64("suppressed", suppressed);
		log_line_pair(&line, &n);
	}
	for (; kv->kind != LOG_KV_END; kv++)
		log_line_pair(&line, kv);
	return state.sink(state.sink_arg, log_line_end(&line));
}

static bool report_dropped(void)
{
	const struct log_kv lost[] = {
		KV_U64("n", state.dropped),
		{ NULL, LOG_KV_END, SLICE_NONE, 0 },
	};
	if (!state.dropped)
		return true;
	if (write_line(LOG_WARN, "log.dropped", lost, 0))
		return false;
	state.dropped = 0;
	return true;
}

static void write_event(enum log_level level, const char *event,
			const struct log_kv *kv, uint64_t suppressed)
{
	if (!report_dropped() || write_line(level, event, kv, suppressed))
		count_dropped(1 + suppressed);
}

void log_report_dropped(void)
{
	(void)report_dropped();
}

void log_write(enum log_level level, const char *event, const struct log_kv *kv)
{
	if (log_enabled(level))
		write_event(level, event, kv, 0);
}

static bool limit_over(const struct limit *l, uint64_t now)
{
	return now < l->since_ms || now - l->since_ms >= LIMIT_MS;
}

/* The entry of that hash, or one that may be used for it, or NULL when all
 * are in their second. */
static struct limit *limit_find(uint64_t hash, uint64_t now)
{
	struct limit *set = state.limits[hash % LIMIT_SETS];
	struct limit *spare = NULL;
	for (size_t i = 0; i < LIMIT_WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (!set[i].hash)
			spare = &set[i];
		else if ((!spare || spare->hash) && limit_over(&set[i], now))
			spare = &set[i];
	}
	return spare;
}

static uint64_t limit_hash(const char *event, struct slice source)
{
	if (!state.seeded) {
		/* without randomness the limit still holds */
		(void)crypto_random(state.seed, sizeof(state.seed));
		state.seeded = true;
	}
	const uint64_t seed[2] = { hash_keyed(state.seed, slice_str(event)),
				   state.seed[1] };
	uint64_t hash = hash_keyed(seed, source);
	return hash ? hash : 1;
}

void log_write_limited(enum log_level level, const char *event,
		       struct slice source, const struct log_kv *kv)
{
	if (!log_enabled(level))
		return;
	uint64_t now = state.clock(state.clock_arg);
	uint64_t hash = limit_hash(event, source);
	struct limit *l = limit_find(hash, now);
	if (!l) {
		/* more sources than the table holds: then the lines of all of
		 * them together are bounded */
		count_dropped(1);
		return;
	}
	if (l->hash != hash) {
		count_dropped(l->suppressed);
		*l = (struct limit){ .hash = hash };
	} else if (!limit_over(l, now)) {
		l->suppressed++;
		return;
	}
	uint64_t suppressed = l->suppressed;
	l->suppressed = 0;
	l->since_ms = now;
	write_event(level, event, kv, suppressed);
}
