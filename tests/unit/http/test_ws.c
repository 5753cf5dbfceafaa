/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket frames, as a server reads and writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/ws.h"
#include "support/oom.h"

enum { MAX = 70000 };

/* A masked frame. first: FIN, RSV and opcode. */
static void frame(struct buf *out, uint8_t first, struct slice payload)
{
	static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	struct buf plain;
	buf_init(&plain, 0);
	ws_write(&plain, WS_OP_TEXT, payload);
	size_t head = plain.len - payload.len;
	buf_u8(out, first);
	buf_u8(out, plain.ptr[1] | 0x80);
	buf_put(out, slice_of(plain.ptr + 2, head - 2));
	buf_put(out, slice_of(mask, 4));
	for (size_t i = 0; i < payload.len; i++)
		buf_u8(out, payload.ptr[i] ^ mask[i % 4]);
	buf_free(&plain);
}

static enum ws_event feed(struct ws *w, uint8_t first, const char *text,
			  struct ws_in *in)
{
	struct buf b;
	buf_init(&b, 0);
	frame(&b, first, slice_str(text));
	enum ws_event e = ws_read(w, buf_slice(&b), in);
	if (e != WS_BAD && e != WS_MORE)
		assert_int_equal(in->used, b.len);
	buf_free(&b);
	return e;
}

static void assert_payload(const struct ws_in *in, const char *text)
{
	assert_int_equal(in->payload.len, strlen(text));
	assert_memory_equal(in->payload.ptr, text, strlen(text));
}

/* RFC 6455 5.7: "Hello", masked. */
static void test_example(void **state)
{
	static const uint8_t hello[] = { 0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d,
					 0x7f, 0x9f, 0x4d, 0x51, 0x58 };
	struct ws w;
	struct ws_in in;
	(void)state;
	ws_init(&w, MAX);
	for (size_t i = 0; i < sizeof(hello); i++) {
		assert_int_equal(ws_read(&w, slice_of(hello, i), &in), WS_MORE);
		assert_int_equal(in.used, 0);
	}
	assert_int_equal(ws_read(&w, slice_of(hello, sizeof(hello)), &in),
			 WS_MESSAGE);
	assert_int_equal(in.used, sizeof(hello));
	assert_payload(&in, "Hello");
	assert_false(ws_partial(&w));
	assert_int_equal(ws_read(&w, SLICE_NONE, &in), WS_MORE);
	assert_null(w.message.ptr); /* nothing is kept */
	ws_free(&w);
}

static void test_fragments(void **state)
{
	struct ws w;
	struct ws_in in;
	(void)state;
	ws_init(&w, MAX);
	assert_int_equal(feed(&w, 0x01, "one ", &in), WS_NOTHING);
	assert_true(ws_partial(&w));
	assert_int_equal(feed(&w, 0x89, "still there?", &in), WS_PING);
	assert_payload(&in, "still there?");
	assert_int_equal(feed(&w, 0x00, "two ", &in), WS_NOTHING);
	assert_int_equal(feed(&w, 0x8a, "", &in), WS_NOTHING);
	assert_int_equal(feed(&w, 0x80, "three", &in), WS_MESSAGE);
	assert_payload(&in, "one two three");
	assert_int_equal(feed(&w, 0x82, "\xff\xfe", &in), WS_MESSAGE);
	assert_int_equal(feed(&w, 0x81, "", &in), WS_MESSAGE);
	ws_free(&w);
}

static void assert_bad(uint8_t first, const char *text, uint16_t code)
{
	struct ws w;
	struct ws_in in;
	ws_init(&w, MAX);
	assert_int_equal(feed(&w, first, text, &in), WS_BAD);
	assert_int_equal(in.code, code);
	ws_free(&w);
}

static void test_bad_frames(void **state)
{
	char long_text[127];
	(void)state;
	memset(long_text, 'a', sizeof(long_text));
	long_text[126] = '\0';
	assert_bad(0x80, "continues nothing", WS_PROTOCOL);
	assert_bad(0xc1, "reserved bit", WS_PROTOCOL);
	assert_bad(0x83, "reserved opcode", WS_PROTOCOL);
	assert_bad(0x8b, "reserved control", WS_PROTOCOL);
	assert_bad(0x09, "a ping in pieces", WS_PROTOCOL);
	assert_bad(0x89, long_text, WS_PROTOCOL);
	assert_bad(0x81, "\xff", WS_NOT_UTF8);
	assert_bad(0x88, "\x03", WS_PROTOCOL);
	assert_bad(0x88, "\x03\xed", WS_PROTOCOL); /* 1005 */
	assert_bad(0x88, "\x03\xe8\xff", WS_NOT_UTF8);
	struct ws w;
	struct ws_in in;
	ws_init(&w, MAX);
	assert_int_equal(feed(&w, 0x01, "begun", &in), WS_NOTHING);
	assert_int_equal(feed(&w, 0x81, "another", &in), WS_BAD);
	ws_free(&w);
}

static void test_bad_heads(void **state)
{
	static const struct {
		uint8_t bytes[14];
		size_t len;
		uint16_t code;
	} rows[] = {
		{ { 0x81, 0x05 }, 2, WS_PROTOCOL }, /* not masked */
		/* lengths that fit a shorter form */
		{ { 0x81, 0xfe, 0, 125 }, 4, WS_PROTOCOL },
		{ { 0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff },
		  10,
		  WS_PROTOCOL },
		{ { 0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0 }, 10, WS_PROTOCOL },
		/* refused before it is read */
		{ { 0x81, 0xff, 0x7f, 0xff, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4 },
		  14,
		  WS_TOO_LARGE },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ws w;
		struct ws_in in;
		ws_init(&w, MAX);
		assert_int_equal(
			ws_read(&w, slice_of(rows[i].bytes, rows[i].len), &in),
			WS_BAD);
		assert_int_equal(in.code, rows[i].code);
		ws_free(&w);
	}
}

/* All pieces together are bounded, not each. */
static void test_too_large(void **state)
{
	struct ws w;
	struct ws_in in;
	(void)state;
	ws_init(&w, 8);
	assert_int_equal(feed(&w, 0x01, "12345", &in), WS_NOTHING);
	assert_int_equal(feed(&w, 0x80, "6789", &in), WS_BAD);
	assert_int_equal(in.code, WS_TOO_LARGE);
	ws_free(&w);
}

static void test_close(void **state)
{
	struct ws w;
	struct ws_in in;
	(void)state;
	ws_init(&w, MAX);
	assert_int_equal(feed(&w, 0x88, "", &in), WS_CLOSE);
	assert_int_equal(in.code, WS_NO_CODE);
	assert_int_equal(feed(&w, 0x88, "\x03\xe9 going", &in), WS_CLOSE);
	assert_int_equal(in.code, WS_GOING);
	ws_free(&w);
}

/* The three forms of a length, there and back. */
static void test_lengths(void **state)
{
	static const size_t lengths[] = { 0, 125, 126, 65535, 65536 };
	static uint8_t bytes[65536];
	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct ws w;
		struct ws_in in;
		struct buf b;
		ws_init(&w, MAX);
		buf_init(&b, 0);
		frame(&b, 0x82, slice_of(bytes, lengths[i]));
		assert_int_equal(ws_read(&w, slice_of(b.ptr, b.len - 1), &in),
				 WS_MORE);
		assert_int_equal(ws_read(&w, buf_slice(&b), &in), WS_MESSAGE);
		assert_int_equal(in.payload.len, lengths[i]);
		buf_free(&b);
		ws_free(&w);
	}
}

static void test_writes(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	ws_write(&b, WS_OP_TEXT, SLICE_LIT("Hello"));
	assert_memory_equal(b.ptr, "\x81\x05Hello", 7);
	buf_reset(&b);
	ws_write_close(&b, WS_GOING);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.ptr, "\x88\x02\x03\xe9", 4);
	buf_reset(&b);
	ws_write_close(&b, WS_NO_CODE);
	assert_int_equal(b.len, 2);
	buf_free(&b);
}

static int short_of_memory(void *arg)
{
	struct ws w;
	struct ws_in in;
	const struct buf *bytes = arg;
	ws_init(&w, MAX);
	enum ws_event e = ws_read(&w, buf_slice(bytes), &in);
	assert_true(e == WS_MESSAGE || e == WS_BAD);
	ws_free(&w);
	return e == WS_MESSAGE ? 0 : -1;
}

static void test_memory(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	frame(&b, 0x81, SLICE_LIT("a text"));
	oom_walk(short_of_memory, &b);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_bad_frames),
		cmocka_unit_test(test_bad_heads),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
