/* SPDX-License-Identifier: Apache-2.0 */
/* What a client's connection speaks, by its first bytes; SIP over WebSocket
 * (front.c, websocket.c; RFC 7118, SIP-11, ADM-04, ADM-05). */
#include "unit/edge/inside_world.h"

#include "http/ws.h"

#define ASK                                               \
	"GET /ws HTTP/1.1\r\nHost: edge.contoso.test\r\n" \
	"Upgrade: websocket\r\nConnection: Upgrade\r\n"   \
	"Sec-WebSocket-Version: 13\r\n"                   \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
	"Sec-WebSocket-Protocol: sip\r\n"
#define OPTIONS                                               \
	"OPTIONS sip:edge.contoso.test SIP/2.0\r\n"           \
	"Via: SIP/2.0/WSS x.invalid;branch=z9hG4bKw1\r\n"     \
	"From: <sip:a@contoso.test>;tag=1\r\n"                \
	"To: <sip:edge.contoso.test>\r\nMax-Forwards: 70\r\n" \
	"Call-ID: c1\r\nCSeq: 1 OPTIONS\r\n"

static void text_frame(size_t i, uint8_t first, const char *text)
{
	static const uint8_t mask[4] = { 1, 2, 3, 4 };
	struct buf b;
	size_t len = strlen(text);
	buf_init(&b, 0);
	buf_u8(&b, first);
	if (len > 125) {
		buf_u8(&b, 0x80 | 126);
		buf_u16(&b, (uint16_t)len);
	} else {
		buf_u8(&b, (uint8_t)(0x80 | len));
	}
	buf_put(&b, slice_of(mask, 4));
	for (size_t n = 0; n < len; n++)
		buf_u8(&b, (uint8_t)text[n] ^ mask[n % 4]);
	fake_bytes(i, buf_slice(&b));
	buf_free(&b);
}

/* A client whose handshake is done; what it was told is forgotten. */
static size_t browser(struct world *w)
{
	size_t i = client(w);
	fake_bytes(i, SLICE_LIT(ASK "\r\n"));
	assert_true(heard(i, "HTTP/1.1 101 "));
	assert_true(heard(i, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	buf_reset(&fake_conn(i)->out);
	return i;
}

static void test_a_message(void **state)
{
	struct world *w = *state;
	size_t i = browser(w);
	text_frame(i, 0x81, OPTIONS "Content-Length: 0\r\n\r\n");
	assert_true(heard(i, "SIP/2.0 200 OK\r\n"));
	assert_int_equal(fake_conn(i)->out.ptr[0], 0x81);
	buf_reset(&fake_conn(i)->out);
	/* without a length, in two pieces, with a ping between them */
	text_frame(i, 0x01, "OPTIONS sip:edge.contoso.test SIP/2.0\r\n");
	text_frame(i, 0x89, "alive");
	assert_memory_equal(fake_conn(i)->out.ptr,
			    "\x8a\x05"
			    "alive",
			    7);
	text_frame(i, 0x80,
		   "Via: SIP/2.0/WSS x.invalid;branch=z9hG4bKw2\r\n"
		   "From: <sip:a@contoso.test>;tag=1\r\n"
		   "To: <sip:edge.contoso.test>\r\nMax-Forwards: 70\r\n"
		   "Call-ID: c2\r\nCSeq: 1 OPTIONS\r\n\r\n");
	assert_true(heard(i, "SIP/2.0 200 OK\r\n"));
	assert_false(fake_conn(i)->ended);
}

static void test_ends(void **state)
{
	static const struct {
		uint8_t first;
		const char *text;
		const char *last;
	} rows[] = {
		{ 0x88, "\x03\xe8", "\x88\x02\x03\xe8" },
		{ 0x88, "", "\x88\x02\x03\xe8" },
		{ 0x83, "unknown", "\x88\x02\x03\xea" },
		{ 0x81, "\xff", "\x88\x02\x03\xef" },
	};
	struct world *w = *state;
	for (size_t n = 0; n < sizeof(rows) / sizeof(*rows); n++) {
		size_t i = browser(w);
		text_frame(i, rows[n].first, rows[n].text);
		assert_int_equal(fake_conn(i)->out.len, 4);
		assert_memory_equal(fake_conn(i)->out.ptr, rows[n].last, 4);
		assert_true(fake_conn(i)->ended);
		fake_turn();
	}
	/* what is no SIP has no answer */
	size_t i = browser(w);
	text_frame(i, 0x81, "GET / HTTP/1.1\r\n\r\n");
	assert_int_equal(fake_conn(i)->out.len, 0);
	assert_true(fake_conn(i)->ended);
}

static void test_refused_requests(void **state)
{
	static const struct {
		const char *text;
		const char *status;
	} rows[] = {
		{ "GET /etc HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 " },
		{ "GET /ws/../ws HTTP/1.1\r\nHost: x\r\n\r\n",
		  "HTTP/1.1 404 " },
		{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 426 " },
		{ "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 " },
		{ ASK "\r\nmore", "HTTP/1.1 413 " },
		{ ASK "Origin: https://evil.test\r\n\r\n", "HTTP/1.1 403 " },
	};
	struct world *w = *state;
	for (size_t n = 0; n < sizeof(rows) / sizeof(*rows); n++) {
		size_t i = client(w);
		fake_bytes(i, slice_str(rows[n].text));
		assert_true(slice_starts(buf_slice(&fake_conn(i)->out),
					 slice_str(rows[n].status)));
		assert_true(fake_conn(i)->ended);
		fake_turn();
	}
}

/* The start of a word may be either; one byte more tells. */
static void test_told_apart(void **state)
{
	struct world *w = *state;
	size_t i = client(w);
	struct conn *c = fake_conn(i);
	assert_int_equal(c->ops->on_bytes(c->arg, c, SLICE_LIT("OPTIONS ")), 0);
	assert_false(c->ended);
	fake_bytes(i, SLICE_LIT(OPTIONS "Content-Length: 0\r\n\r\n"));
	assert_true(slice_starts(buf_slice(&c->out), SLICE_LIT("SIP/2.0 200")));
	size_t other = client(w);
	fake_bytes(other, SLICE_LIT("SSH-2.0-x\r\n"));
	assert_int_equal(fake_conn(other)->out.len, 0);
	assert_true(fake_conn(other)->ended);
}

/* A head that does not come to its end has the time of a message. */
static void test_slow(void **state)
{
	struct world *w = *state;
	size_t i = client(w);
	struct conn *c = fake_conn(i);
	assert_int_equal(c->ops->on_bytes(c->arg, c, SLICE_LIT("GET / HT")), 0);
	pass(w, 9000);
	assert_false(c->ended);
	pass(w, 2000);
	assert_true(!fake_net->conn[i] || fake_net->conn[i]->ended);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_message),
		TEST(test_ends),
		TEST(test_refused_requests),
		TEST(test_told_apart),
		TEST(test_slow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
