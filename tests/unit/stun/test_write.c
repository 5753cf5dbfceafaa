/* SPDX-License-Identifier: Apache-2.0 */
/* Writing: the published messages come out as they are (TURN-01), padding is
 * zero (TURN-02), and a full buffer is no message. */
#include "stun/write.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "stun/key.h"
#include "stun/msturn.h"
#include "stun/stun_int.h"
#include "support/stun_check.h"

enum { SIZE = 256 };

/* A writer over bytes that are not zero. */
struct out {
	uint8_t bytes[SIZE];
	struct stun_writer w;
};

static void out_init(struct out *o, struct hasher *h, size_t size)
{
	memset(o->bytes, 0xA5, sizeof(o->bytes));
	stun_writer_init(&o->w, h, o->bytes, size);
}

static struct addr address(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(slice_str(text), true, &a), 0);
	return a;
}

static struct slice vector(const char *hex)
{
	static uint8_t bytes[SIZE];
	return unhex(hex, bytes, sizeof(bytes));
}

/* RFC 5769 2.2 and 2.3; padding of SOFTWARE is a space there, so that byte is
 * compared apart. */
static void response(struct hasher *h, const char *hex, const char *mapped)
{
	struct slice want = vector(hex);
	struct addr a = address(mapped);
	struct out o;
	out_init(&o, h, SIZE);
	stun_begin(&o.w, &stun_rfc, STUN_BINDING, STUN_SUCCESS, want.ptr + 4);
	stun_put(&o.w, STUN_F_SOFTWARE, SLICE_LIT("test vector"));
	stun_put_addr(&o.w, STUN_F_REFLEXIVE, &a);
	struct slice plain = stun_end(&o.w);
	assert_int_equal(plain.ptr[20 + 4 + 11], 0);
	o.bytes[20 + 4 + 11] = ' ';
	stun_put_integrity(&o.w, slice_str(RFC5769_PASSWORD), false);
	stun_put_fingerprint(&o.w);
	assert_bytes(stun_end(&o.w), want);
}

static void test_responses(void **state)
{
	response(*state, RFC5769_IPV4, "192.0.2.1:32853");
	response(*state, RFC5769_IPV6,
		 "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

static void test_long_term(void **state)
{
	struct stun_secret secret = {
		.username = slice_str(RFC5769_USER),
		.realm = SLICE_LIT("example.org"),
		.password = SLICE_LIT("TheMatrIX"),
	};
	struct stun_key key;
	struct out o;
	struct slice want = vector(RFC5769_LONG_TERM);
	assert_int_equal(
		stun_key_make(*state, &stun_rfc, STUN_MD5, &secret, &key), 0);
	out_init(&o, *state, SIZE);
	stun_begin(&o.w, &stun_rfc, STUN_BINDING, STUN_REQUEST, want.ptr + 4);
	stun_put(&o.w, STUN_F_USERNAME, secret.username);
	stun_put(&o.w, STUN_F_NONCE, SLICE_LIT("f//499k954d6OL34oL9FSTvy64sA"));
	stun_put(&o.w, STUN_F_REALM, secret.realm);
	stun_put_integrity(&o.w, stun_key_bytes(&key), false);
	assert_bytes(stun_end(&o.w), want);
}

static void test_b1(void **state)
{
	struct stun_secret secret = {
		.username = slice_str(RFC5769_USER),
		.realm = SLICE_LIT("example.org"),
		.password = SLICE_LIT("TheMatrIX"),
	};
	struct stun_key key;
	uint8_t hash[SHA256_BYTES];
	struct out o;
	struct slice want = vector(RFC8489_MENDED);
	assert_int_equal(
		stun_key_make(*state, &stun_rfc, STUN_SHA256, &secret, &key),
		0);
	assert_int_equal(
		stun_userhash(*state, secret.username, secret.realm, hash), 0);
	out_init(&o, *state, SIZE);
	stun_begin(&o.w, &stun_rfc, STUN_BINDING, STUN_REQUEST, want.ptr + 4);
	stun_put(&o.w, STUN_F_USERHASH, slice_of(hash, sizeof(hash)));
	stun_put(&o.w, STUN_F_NONCE, slice_str(RFC8489_NONCE));
	stun_put(&o.w, STUN_F_REALM, secret.realm);
	stun_put_u16(&o.w, STUN_F_ALGORITHM, STUN_SHA256);
	stun_put_integrity(&o.w, stun_key_bytes(&key), true);
	assert_bytes(stun_end(&o.w), want);
}

static void test_ms_challenge(void **state)
{
	struct slice want = vector(MS_CHALLENGE);
	struct out o;
	out_init(&o, *state, SIZE);
	stun_begin(&o.w, &stun_ms, STUN_ALLOCATE, STUN_ERROR, want.ptr + 4);
	stun_put_u32(&o.w, STUN_F_MS_VERSION, MSTURN_VERSION);
	stun_put_error(&o.w, 401, SLICE_LIT("Unauthorized"));
	stun_put(&o.w, STUN_F_NONCE, MS_NONCE);
	stun_put(&o.w, STUN_F_REALM, MS_REALM);
	stun_put_algorithms(&o.w); /* MS-TURN has no such field */
	stun_put_fingerprint(&o.w);
	assert_bytes(stun_end(&o.w), want);
}

static void ms_key(struct hasher *h, struct stun_key *key)
{
	const struct stun_secret secret = { MS_USERNAME, MS_REALM,
					    MS_PASSWORD };
	assert_int_equal(stun_key_make(h, &stun_ms, STUN_MD5, &secret, key), 0);
}

static void test_ms_success(void **state)
{
	struct slice want = vector(MS_SUCCESS);
	struct addr relayed = address("203.0.113.5:50000");
	struct addr reflexive = address("192.0.2.10:49152");
	struct msturn_sequence sequence = { .begun = false };
	struct stun_key key;
	struct out o;
	for (uint8_t i = 0; i < MSTURN_CONNECTION_BYTES; i++)
		sequence.connection[i] = 0xa0 + i;
	ms_key(*state, &key);
	out_init(&o, *state, SIZE);
	stun_begin(&o.w, &stun_ms, STUN_ALLOCATE, STUN_SUCCESS, want.ptr + 4);
	stun_put_addr(&o.w, STUN_F_RELAYED, &relayed);
	stun_put_addr(&o.w, STUN_F_REFLEXIVE, &reflexive);
	stun_put_u32(&o.w, STUN_F_LIFETIME, 600);
	msturn_put_sequence(&o.w, &sequence);
	stun_put_u32(&o.w, STUN_F_MS_VERSION, MSTURN_VERSION);
	stun_put_integrity(&o.w, stun_key_bytes(&key), false);
	assert_bytes(stun_end(&o.w), want);
}

/* What clients write: request, Send without padding. */
static void test_ms_client(void **state)
{
	struct slice want = vector(MS_SEND);
	struct addr peer = address("198.51.100.7:40000");
	struct stun_key key;
	struct stun_msg m;
	struct out o;
	assert_int_equal(stun_parse(&m, &stun_ms, want), 0);
	ms_key(*state, &key);
	out_init(&o, *state, SIZE);
	stun_begin(&o.w, &stun_ms, STUN_SEND, STUN_REQUEST, want.ptr + 4);
	stun_put(&o.w, STUN_F_USERNAME, MS_USERNAME);
	stun_put_addr(&o.w, STUN_F_PEER, &peer);
	stun_put(&o.w, STUN_F_MS_SEQUENCE, stun_value(&m, STUN_F_MS_SEQUENCE));
	stun_put(&o.w, STUN_F_DATA, SLICE_LIT("hello"));
	stun_put_integrity(&o.w, stun_key_bytes(&key), false);
	assert_bytes(stun_end(&o.w), want);
}

/* The peer of a Data indication has another number than that of a Send. */
static void test_data(void **state)
{
	static const struct stun_dialect *const d[] = { &stun_rfc, &stun_ms,
							&stun_messenger };
	static const uint8_t id[STUN_ID_BYTES] = { 1, 2, 3 };
	const char *const from[] = { "192.0.2.9:1234", "[2001:db8::9]:1234" };
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct addr peer = address(from[i % 2]);
		struct stun_msg m;
		struct addr got;
		struct out o;
		out_init(&o, NULL, SIZE);
		stun_begin(&o.w, d[i / 2], STUN_DATA, STUN_INDICATION, id);
		stun_put_addr(&o.w, STUN_F_PEER, &peer);
		uint8_t *room = stun_put_room(&o.w, STUN_F_DATA, 5);
		assert_ptr_equal(room,
				 o.bytes + stun_data_room(d[i / 2],
							  peer.u.sa.sa_family));
		assert_int_equal(room[0], 0xA5);
		memcpy(room, "media", 5);
		struct slice out = stun_end(&o.w);
		assert_int_equal(stun_parse(&m, d[i / 2], out), 0);
		assert_int_equal(m.method, STUN_DATA);
		assert_int_equal(stun_addr(&m, STUN_F_PEER, &got), 0);
		assert_true(addr_equal(&got, &peer));
		assert_bytes(stun_value(&m, STUN_F_DATA), SLICE_LIT("media"));
		if (d[i / 2] == &stun_rfc)
			assert_memory_equal(room + 5, "\0\0\0", 3);
	}
}

/* The same engine answers three dialects: each says the client's address
 * where it belongs. */
static void test_reflexive(void **state)
{
	static const struct {
		const struct stun_dialect *d;
		enum stun_method method;
		uint16_t type;
		bool plain;
	} rows[] = {
		{ &stun_rfc, STUN_BINDING, 0x0020, false },
		{ &stun_rfc, STUN_ALLOCATE, 0x0020, false },
		{ &stun_classic, STUN_BINDING, 0x0001, true },
		{ &stun_ms, STUN_ALLOCATE, 0x8020, false },
		{ &stun_messenger, STUN_ALLOCATE, 0x8000, true },
	};
	static const uint8_t id[STUN_ID_BYTES] = { 9, 9, 9, 9, 9, 9, 9, 9 };
	struct addr a = address("192.0.2.10:49152");
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct out o;
		out_init(&o, NULL, SIZE);
		stun_begin(&o.w, rows[i].d, rows[i].method, STUN_SUCCESS, id);
		size_t at = o.w.len;
		stun_put_addr(&o.w, STUN_F_REFLEXIVE, &a);
		assert_int_equal(stun_get16(o.bytes + at), rows[i].type);
		bool plain = stun_get32(o.bytes + at + 8) == 0xC000020A;
		assert_int_equal(plain, rows[i].plain);
		/* the id of the request, but for the cookie of RFC 8489 */
		assert_memory_equal(o.bytes + 8, id + 4, 12);
	}
}

static void test_full(void **state)
{
	struct addr a = address("192.0.2.1:32853");
	static const uint8_t id[STUN_ID_BYTES];
	(void)state;
	for (size_t size = 0; size <= 80; size++) {
		struct out o;
		out_init(&o, *state, size);
		stun_begin(&o.w, &stun_rfc, STUN_BINDING, STUN_SUCCESS, id);
		stun_put(&o.w, STUN_F_SOFTWARE, SLICE_LIT("test vector"));
		stun_put_addr(&o.w, STUN_F_REFLEXIVE, &a);
		stun_put_integrity(&o.w, SLICE_LIT("key"), false);
		stun_put_fingerprint(&o.w);
		assert_int_equal(stun_end(&o.w).len, size < 80 ? 0 : 80);
		for (size_t i = size; i < SIZE; i++)
			assert_int_equal(o.bytes[i], 0xA5);
	}
}

/* Lengths at the border of 16 bits neither wrap nor fit. */
static void test_longest(void **state)
{
	static uint8_t bytes[STUN_MESSAGE_MAX + 100];
	static const uint8_t id[STUN_ID_BYTES];
	(void)state;
	for (size_t len = 65500; len <= 65560; len++) {
		struct stun_writer w;
		struct stun_msg m;
		stun_writer_init(&w, NULL, bytes, sizeof(bytes));
		stun_begin(&w, &stun_rfc, STUN_SEND, STUN_INDICATION, id);
		(void)stun_put_room(&w, STUN_F_DATA, len);
		struct slice out = stun_end(&w);
		/* 65 535 is no multiple of four */
		assert_int_equal(out.len > 0, len <= 65528);
		if (out.len) {
			assert_int_equal(stun_parse(&m, &stun_rfc, out), 0);
			assert_int_equal(stun_value(&m, STUN_F_DATA).len, len);
		}
	}
}

static void test_refused(void **state)
{
	static const uint8_t id[STUN_ID_BYTES];
	struct out o;
	out_init(&o, *state, SIZE);
	/* nothing was begun */
	assert_int_equal(stun_end(&o.w).len, 0);
	stun_put_u32(&o.w, STUN_F_LIFETIME, 1);
	/* MS-TURN never answers a Send */
	stun_begin(&o.w, &stun_ms, STUN_SEND, STUN_ERROR, id);
	assert_int_equal(stun_end(&o.w).len, 0);
	for (int code = 290; code <= 710; code += 5) {
		out_init(&o, *state, SIZE);
		stun_begin(&o.w, &stun_rfc, STUN_BINDING, STUN_ERROR, id);
		stun_put_error(&o.w, code, SLICE_NONE);
		assert_int_equal(stun_end(&o.w).len > 0,
				 code >= 300 && code <= 699);
	}
	/* integrity without a hasher */
	out_init(&o, NULL, SIZE);
	stun_begin(&o.w, &stun_rfc, STUN_BINDING, STUN_SUCCESS, id);
	stun_put_integrity(&o.w, SLICE_LIT("key"), false);
	assert_int_equal(stun_end(&o.w).len, 0);
}

static void test_unknown(void **state)
{
	struct parsed p;
	struct stun_msg m;
	struct out o;
	parse_hex(&p, &stun_rfc,
		  "0003000c2112a442000000000000000000000000"
		  "7001000070020000"
		  "80ff0000");
	out_init(&o, *state, SIZE);
	stun_begin_reply(&o.w, &p.m, STUN_ERROR);
	stun_put_error(&o.w, 420, SLICE_NONE);
	stun_put_unknown(&o.w, &p.m);
	assert_int_equal(stun_parse(&m, &stun_rfc, stun_end(&o.w)), 0);
	assert_int_equal(m.method, STUN_ALLOCATE);
	assert_int_equal(stun_error_code(&m), 420);
	assert_bytes(stun_value(&m, STUN_F_UNKNOWN),
		     SLICE_LIT("\x70\x01\x70\x02"));
}

/* Numbers in fields that are longer than they are. */
static void test_numbers(void **state)
{
	static const uint8_t id[STUN_ID_BYTES];
	struct out o;
	out_init(&o, *state, SIZE);
	stun_begin(&o.w, &stun_rfc, STUN_ALLOCATE, STUN_REQUEST, id);
	stun_put_u8(&o.w, STUN_F_TRANSPORT, 17);
	stun_put_u8(&o.w, STUN_F_EVEN_PORT, 0x80);
	stun_put(&o.w, STUN_F_DONT_FRAGMENT, SLICE_NONE);
	assert_bytes(slice_from(stun_end(&o.w), 20),
		     SLICE_LIT("\x00\x19\x00\x04\x11\0\0\0"
			       "\x00\x18\x00\x01\x80\0\0\0"
			       "\x00\x1a\x00\x00"));
	out_init(&o, *state, SIZE);
	stun_begin(&o.w, &stun_rfc, STUN_CHANNEL_BIND, STUN_REQUEST, id);
	stun_put_u16(&o.w, STUN_F_CHANNEL, 0x4001);
	assert_bytes(slice_from(stun_end(&o.w), 20),
		     SLICE_LIT("\x00\x0c\x00\x04\x40\x01\0\0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_long_term),
		cmocka_unit_test(test_b1),
		cmocka_unit_test(test_ms_challenge),
		cmocka_unit_test(test_ms_success),
		cmocka_unit_test(test_ms_client),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_reflexive),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, hasher_setup, hasher_teardown);
}
