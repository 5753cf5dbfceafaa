/* SPDX-License-Identifier: Apache-2.0 */
/* LOG-01: hostile values in log lines, rate limit, a reader that stopped. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/metrics.h"

struct capture {
	struct buf text;
	size_t lines;
	bool refuse;
	uint64_t now_ms;
};

static struct capture cap;

static int sink(void *arg, struct slice line)
{
	struct capture *c = arg;
	if (c->refuse)
		return -EAGAIN;
	/* oracle (e): no line over 8 KiB, no raw control byte in it */
	assert_true(line.len > 0 && line.len <= 8192);
	for (size_t i = 0; i < line.len; i++)
		assert_true(i + 1 == line.len ? line.ptr[i] == '\n'
					      : line.ptr[i] >= 0x20 &&
							line.ptr[i] != 0x7f);
	buf_put(&c->text, line);
	c->lines++;
	return 0;
}

static uint64_t at_now(void *arg)
{
	const struct capture *c = arg;
	return c->now_ms;
}

static int setup(void **state)
{
	(void)state;
	cap = (struct capture){ .now_ms = 1795361400123 };
	buf_init(&cap.text, 0);
	log_set_sink(sink, &cap);
	log_set_clock(at_now, &cap);
	log_set_level(LOG_INFO);
	log_set_format(LOG_TEXT);
	log_set_process(NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&cap.text);
	log_set_sink(NULL, NULL);
	log_set_clock(NULL, NULL);
	return 0;
}

/* All that was written since the last call. */
static const char *logged(void)
{
	buf_u8(&cap.text, 0);
	assert_false(buf_failed(&cap.text));
	cap.text.len = 0;
	return (const char *)cap.text.ptr;
}

static void test_form(void **state)
{
	(void)state;
	log_set_process("edge.1");
	LOG(LOG_INFO, "conn.open", KV_STR("peer", "192.0.2.1:5061"),
	    KV_U64("fd", 7), KV_I64("left", -2));
	assert_string_equal(logged(),
			    "2026-11-22T15:30:00.123Z info conn.open "
			    "proc=edge.1 peer=192.0.2.1:5061 fd=7 left=-2\n");
	log_set_format(LOG_JSON);
	LOG(LOG_ERROR, "conn.open", KV_STR("peer", "a \"b\""),
	    KV_U64("fd", UINT64_MAX), KV_I64("left", -2));
	assert_string_equal(logged(),
			    "{\"time\":\"2026-11-22T15:30:00.123Z\","
			    "\"level\":\"error\",\"event\":\"conn.open\","
			    "\"proc\":\"edge.1\",\"peer\":\"a \\\"b\\\"\","
			    "\"fd\":18446744073709551615,\"left\":-2}\n");
}

static void test_level(void **state)
{
	enum log_level level = LOG_INFO;
	(void)state;
	LOG(LOG_DEBUG, "no", KV_U64("n", 1));
	assert_int_equal(cap.lines, 0);
	log_set_level(LOG_DEBUG);
	LOG(LOG_DEBUG, "yes", KV_U64("n", 1));
	assert_int_equal(cap.lines, 1);
	assert_int_equal(log_get_level(), LOG_DEBUG);
	assert_true(log_enabled(LOG_DEBUG));
	assert_int_equal(log_level_parse(SLICE_LIT("warn"), &level), 0);
	assert_int_equal(level, LOG_WARN);
	assert_int_equal(log_level_parse(SLICE_LIT("Warn"), &level), -EINVAL);
	assert_int_equal(log_level_parse(SLICE_LIT(""), &level), -EINVAL);
	assert_string_equal(log_level_name(LOG_ERROR), "error");
	assert_string_equal(log_level_name((enum log_level)9), "?");
}

/* As SLICE_LIT, but constant. */
#define BYTES(s)                                    \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

static const struct {
	struct slice value;
	const char *text, *json;
} payloads[] = {
	{ BYTES("plain"), "plain", "plain" },
	{ BYTES(""), "\"\"", "" },
	{ BYTES("two words"), "\"two words\"", "two words" },
	{ BYTES("a\r\nb"), "a\\x0d\\x0ab", "a\\u000d\\u000ab" },
	{ BYTES("x\n2026-11-22T15:30:00.123Z info fake k=v"),
	  "\"x\\x0a2026-11-22T15:30:00.123Z info fake k=v\"",
	  "x\\u000a2026-11-22T15:30:00.123Z info fake k=v" },
	{ BYTES("\x1b[2J\x07"), "\\x1b[2J\\x07", "\\u001b[2J\\u0007" },
	{ BYTES("a\0b"), "a\\x00b", "a\\u0000b" },
	{ BYTES("tab\t"), "tab\\x09", "tab\\u0009" },
	{ BYTES("\x7f"), "\\x7f", "\\u007f" },
	{ BYTES("\xff\xc3"), "\\xff\\xc3", "\\\\xff\\\\xc3" },
	{ BYTES("\xc2\x9b[2J"), "\\u009b[2J", "\\u009b[2J" },
	{ BYTES("\xe2\x80\xae"
		"evil"),
	  "\\u202eevil", "\\u202eevil" },
	{ BYTES("\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c"), "\\u2066\\u200f\\u061c",
	  "\\u2066\\u200f\\u061c" },
	{ BYTES("\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf"),
	  "\\u2028\\u2029\\ufeff", "\\u2028\\u2029\\ufeff" },
	{ BYTES("\xf3\xa0\x81\x81"), "\\xf3\\xa0\\x81\\x81", "\\udb40\\udc41" },
	{ BYTES("J\xc3\xbcrgen \xe6\x97\xa5\xe6\x9c\xac"),
	  "\"J\xc3\xbcrgen \xe6\x97\xa5\xe6\x9c\xac\"",
	  "J\xc3\xbcrgen \xe6\x97\xa5\xe6\x9c\xac" },
	{ BYTES("\" k=v"), "\"\\\" k=v\"", "\\\" k=v" },
	{ BYTES("\\x0a"), "\\\\x0a", "\\\\x0a" },
	{ BYTES("%s%n"), "%s%n", "%s%n" },
};

static void test_payloads(void **state)
{
	char want[512];
	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
		log_set_format(LOG_TEXT);
		LOG(LOG_INFO, "e", KV_SLICE("k", payloads[i].value),
		    KV_U64("end", 1));
		snprintf(want, sizeof(want),
			 "2026-11-22T15:30:00.123Z info e k=%s end=1\n",
			 payloads[i].text);
		assert_string_equal(logged(), want);
		log_set_format(LOG_JSON);
		LOG(LOG_INFO, "e", KV_SLICE("k", payloads[i].value),
		    KV_U64("end", 1));
		snprintf(want, sizeof(want),
			 "{\"time\":\"2026-11-22T15:30:00.123Z\","
			 "\"level\":\"info\",\"event\":\"e\",\"k\":\"%s\","
			 "\"end\":1}\n",
			 payloads[i].json);
		assert_string_equal(logged(), want);
	}
	assert_int_equal(cap.lines, 2 * sizeof(payloads) / sizeof(*payloads));
}

/* Every payload in each of 20 fields: as many lines as events. */
static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
		struct log_kv kv[21];
		for (size_t f = 0; f < 20; f++)
			kv[f] = (struct log_kv)KV_SLICE("field",
							payloads[i].value);
		kv[20] = (struct log_kv){ .kind = LOG_KV_END };
		log_write(LOG_INFO, "e", kv);
		assert_int_equal(cap.lines, i + 1);
	}
}

static void test_cut(void **state)
{
	static char large[1 << 20];
	static const struct {
		uint8_t fill;
		const char *end;
	} rows[] = {
		{ 'a', "aaaa\\... end=1\n" },
		{ '\n', "\\x0a\\... end=1\n" },
		{ 0xff, "\\xff\\... end=1\n" },
		{ '\\', "\\\\\\\\\\... end=1\n" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memset(large, rows[i].fill, sizeof(large));
		LOG(LOG_INFO, "e",
		    KV_SLICE("k", slice_of(large, sizeof(large))),
		    KV_U64("end", 1));
		const char *line = logged();
		const char *value = strstr(line, "k=") + 2;
		const char *end = strstr(value, " end=1");
		assert_non_null(end);
		assert_in_range(end - value, 1000, 1024);
		assert_string_equal(line + strlen(line) - strlen(rows[i].end),
				    rows[i].end);
	}
	/* exactly as much as is taken is not cut */
	LOG(LOG_INFO, "e", KV_SLICE("k", slice_of(large, 512)));
	assert_null(strstr(logged(), "..."));
	/* characters are never cut in two */
	for (size_t i = 0; i + 3 <= sizeof(large); i += 3)
		memcpy(large + i, "\xe6\x97\xa5", 3);
	LOG(LOG_INFO, "e", KV_SLICE("k", slice_of(large, sizeof(large))));
	assert_non_null(strstr(logged(), "\xe6\x97\xa5\\...\n"));
}

static void test_line_limit(void **state)
{
	static char large[4096];
	struct log_kv kv[21];
	(void)state;
	for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
		log_set_format((enum log_format)format);
		memset(large, 0xff, sizeof(large));
		for (size_t f = 0; f < 20; f++)
			kv[f] = (struct log_kv)KV_SLICE(
				"field", slice_of(large, sizeof(large)));
		kv[20] = (struct log_kv){ .kind = LOG_KV_END };
		log_write(LOG_INFO, "e", kv);
		assert_non_null(strstr(logged(), "left_out"));
	}
}

static void test_limited(void **state)
{
	struct slice a = SLICE_LIT("192.0.2.1");
	struct slice b = SLICE_LIT("192.0.2.2");
	(void)state;
	for (int i = 0; i < 100; i++)
		LOG_LIMITED(LOG_INFO, "sip.reject", a, KV_U64("n", i));
	LOG_LIMITED(LOG_INFO, "sip.reject", b, KV_U64("n", 7));
	LOG_LIMITED(LOG_INFO, "tls.reject", a, KV_U64("n", 8));
	assert_int_equal(cap.lines, 3);
	logged();
	cap.now_ms += 999;
	LOG_LIMITED(LOG_INFO, "sip.reject", a, KV_U64("n", 9));
	assert_int_equal(cap.lines, 3);
	cap.now_ms += 1;
	LOG_LIMITED(LOG_INFO, "sip.reject", a, KV_U64("n", 10));
	assert_non_null(strstr(logged(), "sip.reject suppressed=100 n=10\n"));
	cap.now_ms += 1000;
	LOG_LIMITED(LOG_INFO, "sip.reject", a, KV_U64("n", 11));
	assert_null(strstr(logged(), "suppressed"));
	/* a clock that was set back does not silence anybody */
	cap.now_ms -= 100000;
	LOG_LIMITED(LOG_INFO, "sip.reject", a, KV_U64("n", 12));
	assert_non_null(strstr(logged(), "n=12\n"));
}

static void test_limited_flood(void **state)
{
	uint64_t dropped = metric_get(M_LOG_DROPPED);
	(void)state;
	cap.now_ms += 1000000;
	for (uint32_t i = 0; i < 20000; i++)
		LOG_LIMITED(LOG_INFO, "flood", slice_of(&i, sizeof(i)),
			    KV_U64("n", i));
	/* more sources than anybody keeps: bounded, and nothing is uncounted */
	size_t reports = 0;
	for (const char *at = logged(); (at = strstr(at, "log.dropped")); at++)
		reports++;
	assert_in_range(cap.lines - reports, 512, 1024);
	dropped = metric_get(M_LOG_DROPPED) - dropped;
	assert_int_equal(dropped + cap.lines - reports, 20000);
}

static void test_slow_reader(void **state)
{
	uint64_t dropped = metric_get(M_LOG_DROPPED);
	(void)state;
	/* what other tests left over is reported here */
	LOG(LOG_INFO, "start", KV_U64("n", 0));
	logged();
	cap.refuse = true;
	for (int i = 0; i < 5; i++)
		LOG(LOG_INFO, "lost", KV_U64("n", i));
	assert_int_equal(metric_get(M_LOG_DROPPED) - dropped, 5);
	cap.refuse = false;
	LOG(LOG_INFO, "next", KV_U64("n", 1));
	assert_string_equal(logged(),
			    "2026-11-22T15:30:00.123Z warn log.dropped n=5\n"
			    "2026-11-22T15:30:00.123Z info next n=1\n");
	LOG(LOG_INFO, "next", KV_U64("n", 2));
	assert_string_equal(logged(),
			    "2026-11-22T15:30:00.123Z info next n=2\n");
}

/* A process with nothing more to say tells all the same. */
static void test_dropped_and_silent(void **state)
{
	(void)state;
	LOG(LOG_INFO, "start", KV_U64("n", 0));
	logged();
	log_report_dropped();
	assert_string_equal(logged(), "");
	cap.refuse = true;
	LOG(LOG_INFO, "lost", KV_U64("n", 1));
	log_report_dropped();
	cap.refuse = false;
	log_report_dropped();
	log_report_dropped();
	assert_string_equal(logged(),
			    "2026-11-22T15:30:00.123Z warn log.dropped n=1\n");
}

static void test_dates(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 951782399999, "2000-02-28T23:59:59.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 951868800000, "2000-03-01T00:00:00.000Z" },
		{ 1709164800000, "2024-02-29T00:00:00.000Z" },
		{ 1767225599000, "2025-12-31T23:59:59.000Z" },
		{ 1767225600000, "2026-01-01T00:00:00.000Z" },
		{ 4107542400000, "2100-03-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		cap.now_ms = rows[i].ms;
		LOG(LOG_INFO, "e", KV_U64("n", i));
		assert_memory_equal(logged(), rows[i].text, 24);
	}
	/* nonsense stays within the line */
	cap.now_ms = UINT64_MAX;
	LOG(LOG_INFO, "e", KV_U64("n", 1));
	assert_non_null(strstr(logged(), "Z info e n=1\n"));
}

static void test_default_sink(void **state)
{
	char out[256];
	int fds[2], saved = dup(STDERR_FILENO);
	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_true(saved >= 0 && dup2(fds[1], STDERR_FILENO) >= 0);
	log_set_sink(NULL, NULL);
	LOG(LOG_INFO, "first", KV_U64("n", 1));
	ssize_t n = read(fds[0], out, sizeof(out) - 1);
	assert_true(n > 0);
	out[n] = '\0';
	assert_string_equal(out, "2026-11-22T15:30:00.123Z info first n=1\n");
	close(STDERR_FILENO);
	LOG(LOG_INFO, "lost", KV_U64("n", 2));
	dup2(fds[1], STDERR_FILENO);
	LOG(LOG_INFO, "third", KV_U64("n", 3));
	n = read(fds[0], out, sizeof(out) - 1);
	assert_true(n > 0);
	out[n] = '\0';
	assert_non_null(strstr(out, "log.dropped n=1\n"));
	assert_non_null(strstr(out, "third n=3\n"));
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_form, setup, teardown),
		cmocka_unit_test_setup_teardown(test_level, setup, teardown),
		cmocka_unit_test_setup_teardown(test_payloads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_line_limit, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_limited, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limited_flood, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_slow_reader, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_dropped_and_silent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_dates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_default_sink, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
