/* SPDX-License-Identifier: Apache-2.0 */
/* First bytes: each protocol as what it is, and the rest as nothing. */
#include "stun/demux.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stun/msturn.h"
#include "support/stun_check.h"

#define STUN_REQUEST_HEX "000100002112a442000000000000000000000000"
#define CLASSIC_HEX "00010000000102030405060708090a0b0c0d0e0f"
#define DTLS_HEX "16feff0000000000000000003a010000"
#define CHANNEL_HEX "4001000461626364"
#define RTP_HEX "80e0000100000002000000036d6564"

static void test_datagrams(void **state)
{
	static const struct {
		const char *hex;
		/* for nobody, RFC, MS, MS with an active destination */
		enum demux_datagram what[4];
	} rows[] = {
		{ MS_ALLOCATE,
		  { DATAGRAM_MS, DATAGRAM_MS, DATAGRAM_MS, DATAGRAM_MS } },
		{ MS_SEND,
		  { DATAGRAM_MS, DATAGRAM_MS, DATAGRAM_MS, DATAGRAM_MS } },
		/* between peers that have an active destination these are
		 * checks of ICE, not ours to answer */
		{ STUN_REQUEST_HEX,
		  { DATAGRAM_RFC, DATAGRAM_RFC, DATAGRAM_RFC, DATAGRAM_RAW } },
		{ CLASSIC_HEX,
		  { DATAGRAM_CLASSIC, DATAGRAM_CLASSIC, DATAGRAM_CLASSIC,
		    DATAGRAM_RAW } },
		{ CHANNEL_HEX,
		  { DATAGRAM_DROP, DATAGRAM_CHANNEL, DATAGRAM_DROP,
		    DATAGRAM_RAW } },
		{ RTP_HEX,
		  { DATAGRAM_DROP, DATAGRAM_DROP, DATAGRAM_DROP,
		    DATAGRAM_RAW } },
		{ DTLS_HEX,
		  { DATAGRAM_DTLS, DATAGRAM_DTLS, DATAGRAM_DTLS,
		    DATAGRAM_RAW } },
		{ "ff10000812345678",
		  { DATAGRAM_MULTIPLEXED, DATAGRAM_MULTIPLEXED,
		    DATAGRAM_MULTIPLEXED, DATAGRAM_RAW } },
		/* SIP keep-alive, HTTP, nothing, 19 bytes */
		{ "0d0a0d0a", { 0, 0, 0, DATAGRAM_RAW } },
		{ "474554202f20485454502f312e310d0a0d0a",
		  { 0, DATAGRAM_CHANNEL, 0, DATAGRAM_RAW } },
		{ "", { 0, 0, 0, DATAGRAM_RAW } },
		{ "000100002112a44200000000000000000000000",
		  { 0, 0, 0, DATAGRAM_RAW } },
		/* a binding of RFC 3489 is a request, and its length right */
		{ "01010000000102030405060708090a0b0c0d0e0f",
		  { 0, 0, 0, DATAGRAM_RAW } },
		{ "00010004000102030405060708090a0b0c0d0e0f",
		  { 0, 0, 0, DATAGRAM_RAW } },
	};
	uint8_t bytes[256];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char even[512];
		snprintf(even, sizeof(even), "%.*s",
			 (int)(strlen(rows[i].hex) & ~(size_t)1), rows[i].hex);
		struct slice in = unhex(even, bytes, sizeof(bytes));
		for (int owner = 0; owner < 4; owner++)
			assert_int_equal(
				demux_datagram(in, (enum demux_owner)owner),
				rows[i].what[owner]);
	}
}

/* Whatever the first bytes and the length, there is an answer, and the parser
 * of that answer does not fall over it. */
static void test_any_datagram(void **state)
{
	uint8_t bytes[64] = { 0 };
	struct stun_msg m;
	(void)state;
	for (size_t n = 0; n < 65536 * 4; n++) {
		bytes[0] = (uint8_t)(n >> 8);
		bytes[1] = (uint8_t)n;
		bytes[3] = (uint8_t)(n >> 16) * 11;
		struct slice in = slice_of(bytes, n % 64);
		switch (demux_datagram(in, (enum demux_owner)(n >> 16))) {
		case DATAGRAM_MS:
			(void)stun_parse(&m, &stun_ms, in);
			break;
		case DATAGRAM_RFC:
			(void)stun_parse(&m, &stun_rfc, in);
			break;
		case DATAGRAM_CLASSIC:
			(void)stun_parse(&m, &stun_classic, in);
			break;
		default:
			break;
		}
	}
}

/* The hello as clients send it; time and random are theirs. */
static void hello(uint8_t out[MSTURN_HELLO_BYTES])
{
	static const char hex[] = "160301002d010000290301"
				  "55555555555555555555555555555555555555555555"
				  "55555555555555555555"
				  "00000200180100";
	assert_int_equal(unhex(hex, out, MSTURN_HELLO_BYTES).len,
			 MSTURN_HELLO_BYTES);
}

static void test_streams(void **state)
{
	static const struct {
		const char *hex;
		size_t more; /* so many bytes do not tell yet */
		enum demux_stream what;
	} rows[] = {
		{ "02000070", 1, STREAM_MS },
		{ "03000000", 1, STREAM_MS },
		{ "0201", 1, STREAM_CLOSE },
		{ "000100002112a442", 7, STREAM_RFC },
		{ "000300202112a442ffff", 7, STREAM_RFC },
		{ "000300012112a442", 3, STREAM_CLOSE },
		{ "000300202112a443", 7, STREAM_CLOSE },
		{ "16030100c8010000c4", 4, STREAM_TLS },
		{ "160303", 2, STREAM_TLS },
		{ "1604", 1, STREAM_CLOSE },
		{ "4745", 0, STREAM_CLOSE },
		{ "4000", 0, STREAM_CLOSE },
		{ "ff10", 0, STREAM_CLOSE },
		{ "52454749", 0, STREAM_CLOSE },
	};
	uint8_t bytes[64];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice in = unhex(rows[i].hex, bytes, sizeof(bytes));
		for (size_t len = 0; len <= in.len; len++)
			assert_int_equal(demux_stream(slice_head(in, len)),
					 len <= rows[i].more ? STREAM_MORE
							     : rows[i].what);
	}
}

static void test_hello(void **state)
{
	uint8_t bytes[MSTURN_HELLO_BYTES + 1] = { 0 };
	(void)state;
	hello(bytes);
	/* what might still be TLS is TLS as soon as it differs */
	for (size_t len = 0; len < MSTURN_HELLO_BYTES; len++)
		assert_int_equal(demux_stream(slice_of(bytes, len)),
				 STREAM_MORE);
	assert_int_equal(demux_stream(slice_of(bytes, 50)), STREAM_HELLO);
	assert_int_equal(demux_stream(slice_of(bytes, 51)), STREAM_HELLO);
	for (size_t i = 2; i < MSTURN_HELLO_BYTES; i++) {
		bool free = i >= 11 && i < 43;
		bytes[i] ^= 0x40;
		assert_int_equal(demux_stream(slice_of(bytes, 50)),
				 free ? STREAM_HELLO : STREAM_TLS);
		bytes[i] ^= 0x40;
	}
}

/* A ClientHello that offers h2 and stun.turn. */
static struct slice client_hello(uint8_t *out, size_t size)
{
	static const char hex[] =
		"160301005701000053" /* record, hello */
		"0303"
		"01010101010101010101010101010101010101010101010101010101010101"
		"01"
		"04aabbccdd"           /* session */
		"000213010100"         /* one cipher, no compression */
		"0024"                 /* extensions */
		"000a00040002001d"     /* groups */
		"0010000f000d02683209" /* ALPN */
		"7374756e2e7475726e"
		"aaaa000100"
		"00170000"; /* extended master secret */
	return unhex(hex, out, size);
}

static void test_alpn(void **state)
{
	uint8_t bytes[256];
	struct slice in = client_hello(bytes, sizeof(bytes));
	struct slice turn = SLICE_LIT("stun.turn");
	size_t alpn_end = in.len - 9;
	(void)state;
	assert_int_equal(in.len, 5 + 0x57);
	assert_true(demux_alpn(in, turn));
	assert_true(demux_alpn(in, SLICE_LIT("h2")));
	assert_false(demux_alpn(in, SLICE_LIT("stun.tur")));
	assert_false(demux_alpn(in, SLICE_LIT("http/1.1")));
	assert_false(demux_alpn(in, SLICE_NONE));
	/* not whole, not a hello */
	for (size_t len = 0; len < in.len; len++)
		assert_false(demux_alpn(slice_head(in, len), turn));
	bytes[5] = 2;
	assert_false(demux_alpn(in, turn));
	bytes[5] = 1;
	/* lengths that lie are no name */
	bytes[alpn_end - 10] ^= 0x80;
	assert_false(demux_alpn(in, turn));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_any_datagram),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_alpn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
