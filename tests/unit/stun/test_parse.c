/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to the view: what is a message, what counts in it, and that
 * nothing malformed is one (TURN-02, TURN-03). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stun/stun_int.h"
#include "support/stun_check.h"

static const struct stun_dialect *const dialects[] = { &stun_rfc, &stun_classic,
						       &stun_ms,
						       &stun_messenger };

static const struct {
	const struct stun_dialect *dialect;
	const char *hex;
} vectors[] = {
	{ &stun_rfc, RFC5769_REQUEST },
	{ &stun_rfc, RFC5769_IPV4 },
	{ &stun_rfc, RFC5769_IPV6 },
	{ &stun_rfc, RFC5769_LONG_TERM },
	{ &stun_rfc, RFC8489_MENDED },
	{ &stun_ms, MS_CHALLENGE },
	{ &stun_ms, MS_ALLOCATE },
	{ &stun_ms, MS_SUCCESS },
	{ &stun_ms, MS_SEND },
	{ &stun_ms, MS_ALLOCATE_LIBNICE },
	{ &stun_messenger, MESSENGER_ALLOCATE },
};

enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

/* From a buffer of exactly that size, so that a byte too far is noticed. */
static int parse_exact(struct stun_msg *m, const struct stun_dialect *d,
		       struct slice in, size_t shift)
{
	uint8_t *copy = malloc(in.len + shift + 1);
	assert_non_null(copy);
	if (in.len)
		memcpy(copy + shift, in.ptr, in.len);
	uint8_t *tight = realloc(copy, in.len + shift ? in.len + shift : 1);
	assert_non_null(tight);
	int err = stun_parse(m, d, slice_of(tight + shift, in.len));
	free(tight);
	return err;
}

/* A message built by hand: any type, any attributes. */
struct bytes {
	uint8_t b[STUN_MESSAGE_MAX + 8];
	size_t len;
};

static void head(struct bytes *m, uint16_t type, bool ms)
{
	static const uint8_t cookie[] = { 0x72, 0xC6, 0x4B, 0xC6 };
	memset(m->b, 0, STUN_HEADER_BYTES);
	stun_set16(m->b, type);
	stun_set32(m->b + 4, STUN_COOKIE);
	m->len = STUN_HEADER_BYTES;
	if (ms) {
		stun_set16(m->b + 20, 0x000F);
		stun_set16(m->b + 22, 4);
		memcpy(m->b + 24, cookie, 4);
		m->len += 8;
	}
}

/* value NULL: as many 'x'. Padded, and the header's length is kept right. */
static void attr(struct bytes *m, uint16_t type, const void *value, size_t len)
{
	uint8_t *at = m->b + m->len;
	stun_set16(at, type);
	stun_set16(at + 2, (uint16_t)len);
	memset(at + 4, 0, stun_aligned(len));
	if (value)
		memcpy(at + 4, value, len);
	else
		memset(at + 4, 'x', len);
	m->len += 4 + stun_aligned(len);
	stun_set16(m->b + 2, (uint16_t)(m->len - STUN_HEADER_BYTES));
}

static int parse(struct stun_msg *m, const struct stun_dialect *d,
		 const struct bytes *in)
{
	return stun_parse(m, d, slice_of(in->b, in->len));
}

static void test_vectors(void **state)
{
	struct parsed p;
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		parse_hex(&p, vectors[i].dialect, vectors[i].hex);
		assert_int_equal(p.err, 0);
		/* any alignment */
		for (size_t shift = 0; shift < 8; shift++) {
			struct stun_msg m;
			assert_int_equal(parse_exact(&m, vectors[i].dialect,
						     p.m.raw, shift),
					 0);
			assert_int_equal(m.has, p.m.has);
		}
	}
}

static void test_rfc_request(void **state)
{
	struct parsed p;
	(void)state;
	parse_hex(&p, &stun_rfc, RFC5769_REQUEST);
	assert_int_equal(p.m.method, STUN_BINDING);
	assert_int_equal(p.m.cls, STUN_REQUEST);
	assert_bytes(slice_of(p.m.id, 16), slice_of(p.bytes + 4, 16));
	assert_bytes(stun_value(&p.m, STUN_F_SOFTWARE),
		     SLICE_LIT("STUN test client"));
	assert_bytes(stun_value(&p.m, STUN_F_USERNAME), SLICE_LIT("evtj:h6vY"));
	/* PRIORITY of ICE has to be understood, ICE-CONTROLLED not */
	assert_int_equal(p.m.unknown_count, 1);
	assert_int_equal(p.m.unknown[0], 0x0024);
	assert_true(p.m.padded);
}

static void test_ms_messages(void **state)
{
	struct parsed p;
	struct addr a;
	(void)state;
	parse_hex(&p, &stun_ms, MS_CHALLENGE);
	assert_int_equal(p.m.method, STUN_ALLOCATE);
	assert_int_equal(p.m.cls, STUN_ERROR);
	assert_int_equal(stun_error_code(&p.m), 401);
	assert_bytes(stun_value(&p.m, STUN_F_REALM), MS_REALM);
	assert_bytes(stun_value(&p.m, STUN_F_NONCE), MS_NONCE);
	assert_int_equal(stun_u32(&p.m, STUN_F_MS_VERSION), 2);

	parse_hex(&p, &stun_ms, MS_SUCCESS);
	assert_int_equal(p.m.cls, STUN_SUCCESS);
	assert_int_equal(stun_addr(&p.m, STUN_F_RELAYED, &a), 0);
	assert_addr(&a, "203.0.113.5:50000");
	assert_int_equal(stun_addr(&p.m, STUN_F_REFLEXIVE, &a), 0);
	assert_addr(&a, "192.0.2.10:49152");
	assert_int_equal(stun_u32(&p.m, STUN_F_LIFETIME), 600);

	/* five bytes of data and no padding behind */
	parse_hex(&p, &stun_ms, MS_SEND);
	assert_int_equal(p.m.method, STUN_SEND);
	assert_int_equal(p.m.cls, STUN_REQUEST);
	assert_false(p.m.padded);
	assert_bytes(stun_value(&p.m, STUN_F_DATA), SLICE_LIT("hello"));
	assert_int_equal(stun_addr(&p.m, STUN_F_PEER, &a), 0);
	assert_addr(&a, "198.51.100.7:40000");
	assert_int_equal(stun_value(&p.m, STUN_F_MS_SEQUENCE).len, 24);
}

/* MS-TURN with padding is read too, when it does not fit without. */
static void test_ms_padded(void **state)
{
	struct bytes in;
	struct stun_msg m;
	(void)state;
	head(&in, 0x0004, true);
	attr(&in, 0x0006, "user1", 5);
	attr(&in, 0x0013, "hello", 5);
	assert_int_equal(parse(&m, &stun_ms, &in), 0);
	assert_true(m.padded);
	assert_bytes(stun_value(&m, STUN_F_USERNAME), SLICE_LIT("user1"));
	assert_bytes(stun_value(&m, STUN_F_DATA), SLICE_LIT("hello"));
	/* neither way: the last one's end is missing */
	in.len--;
	stun_set16(in.b + 2, (uint16_t)(in.len - STUN_HEADER_BYTES));
	assert_int_equal(parse(&m, &stun_ms, &in), -EBADMSG);
	/* the same in stun_rfc is refused by its length */
	head(&in, 0x0001, false);
	attr(&in, 0x8022, "abcd", 4);
	in.len -= 1;
	stun_set16(in.b + 2, (uint16_t)(in.len - STUN_HEADER_BYTES));
	assert_int_equal(parse(&m, &stun_rfc, &in), -EBADMSG);
}

static void test_truncated(void **state)
{
	struct parsed p;
	struct stun_msg m;
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		const struct stun_dialect *d = vectors[i].dialect;
		parse_hex(&p, d, vectors[i].hex);
		size_t whole = p.m.raw.len;
		for (size_t len = 0; len < whole; len++) {
			struct slice cut = slice_of(p.bytes, len);
			assert_int_equal(parse_exact(&m, d, cut, 0), -EBADMSG);
			if (len < STUN_HEADER_BYTES)
				continue;
			/* and with a header that fits: no crash, and a whole
			 * message only where an attribute ends */
			stun_set16(p.bytes + 2,
				   (uint16_t)(len - STUN_HEADER_BYTES));
			(void)parse_exact(&m, d, cut, 0);
			stun_set16(p.bytes + 2,
				   (uint16_t)(whole - STUN_HEADER_BYTES));
		}
		p.bytes[whole] = 0;
		assert_int_equal(
			parse_exact(&m, d, slice_of(p.bytes, whole + 1), 0),
			-EBADMSG);
	}
}

static void test_no_message(void **state)
{
	struct bytes in;
	struct stun_msg m;
	(void)state;
	head(&in, 0x0001, false);
	assert_int_equal(parse(&m, &stun_rfc, &in), 0);
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		stun_set16(in.b, (uint16_t)type);
		int err = parse(&m, &stun_rfc, &in);
		if (!err)
			assert_true(type < 0x4000 && type < STUN_TYPES);
		else
			assert_int_equal(err, -EBADMSG);
	}
	head(&in, 0x0001, false);
	in.b[7] ^= 1;
	assert_int_equal(parse(&m, &stun_rfc, &in), -EBADMSG);
	/* without cookie it is RFC 3489 */
	assert_int_equal(parse(&m, &stun_classic, &in), 0);
	assert_int_equal(m.method, STUN_BINDING);
	/* MS-TURN without, or with another, Magic Cookie */
	head(&in, 0x0003, false);
	assert_int_equal(parse(&m, &stun_ms, &in), -EBADMSG);
	for (size_t at = 20; at < 28; at++) {
		head(&in, 0x0003, true);
		stun_set16(in.b + 2, 8);
		assert_int_equal(parse(&m, &stun_ms, &in), 0);
		in.b[at] ^= 0x10;
		assert_int_equal(parse(&m, &stun_ms, &in), -EBADMSG);
	}
}

/* Every row of every table, at every length up to 2048. */
static void test_lengths(void **state)
{
	static struct bytes in;
	struct stun_msg m;
	(void)state;
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		const struct stun_dialect *d = dialects[i];
		for (size_t r = 0; r < d->row_count * 2049; r++) {
			const struct stun_row *row = &d->rows[r / 2049];
			size_t len = r % 2049;
			unsigned t = 0;
			while (t < STUN_TYPES &&
			       (!d->types[t] ||
				!stun_row_fits(row, d->types[t] >> 2 & 31,
					       d->types[t] & 3)))
				t++;
			if (t == STUN_TYPES || row->field == STUN_F_FINGERPRINT)
				continue;
			head(&in, (uint16_t)t, d->first_type);
			attr(&in, row->type, NULL, len);
			bool fits =
				row->kind != STUN_BYTES
					? len == 8 || len == 20
					: len >= row->min && len <= row->max;
			assert_int_equal(parse(&m, d, &in), fits ? 0 : -EINVAL);
			assert_int_equal(stun_has(&m, row->field), fits);
			assert_int_equal(m.bad, fits ? 0 : row->type);
			if (fits)
				assert_int_equal(stun_value(&m, row->field).len,
						 len);
		}
	}
}

/* A value that claims to reach past the end, for every type there is. */
static void test_past_the_end(void **state)
{
	struct bytes in;
	struct stun_msg m;
	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		head(&in, 0x0003, false);
		attr(&in, (uint16_t)type, NULL, 16);
		stun_set16(in.b + 22, (uint16_t)(17 + type % 65519));
		assert_int_equal(parse(&m, &stun_rfc, &in), -EBADMSG);
		stun_set16(in.b + 22, 65535);
		assert_int_equal(parse(&m, &stun_rfc, &in), -EBADMSG);
		head(&in, 0x0003, true);
		attr(&in, (uint16_t)type, NULL, 16);
		stun_set16(in.b + 30, 17);
		assert_int_equal(parse(&m, &stun_ms, &in), -EBADMSG);
	}
}

static void test_largest(void **state)
{
	static struct bytes in;
	struct stun_msg m;
	(void)state;
	head(&in, 0x0001, false);
	while (in.len + 4 + 764 <= STUN_MESSAGE_MAX - 3)
		attr(&in, 0x8022, NULL, 763);
	assert_int_equal(parse(&m, &stun_rfc, &in), 0);
	head(&in, 0x0016, false);
	attr(&in, 0x0013, NULL, 65500);
	assert_int_equal(parse(&m, &stun_rfc, &in), 0);
	assert_int_equal(stun_value(&m, STUN_F_DATA).len, 65500);
	/* 65 556 bytes, whose header says 0 */
	head(&in, 0x0001, false);
	in.len = STUN_MESSAGE_MAX + 1;
	assert_int_equal(parse(&m, &stun_rfc, &in), -EBADMSG);
}

/* TURN-03: what comes behind the integrity, and what comes twice. */
static void test_after_integrity(void **state)
{
	static const uint8_t peer[] = { 0, 1, 0x21, 0x13, 0x21, 0x12, 0xA4, 1 };
	static const uint8_t lifetime[] = { 0, 0, 2, 88 };
	struct bytes in;
	struct stun_msg m;
	struct addr a;
	uint32_t at = 0;
	(void)state;
	head(&in, 0x0008, false);
	attr(&in, 0x0012, peer, 8);
	attr(&in, 0x0008, NULL, 20);
	size_t end = in.len;
	attr(&in, 0x000D, lifetime, 4);
	attr(&in, 0x0012, peer, 8);
	attr(&in, 0x0014, "realm", 5);
	attr(&in, 0x0006, "mallory", 7);
	attr(&in, 0x7777, NULL, 4);
	attr(&in, 0x001C, NULL, 32);
	attr(&in, 0x0008, NULL, 20);
	assert_int_equal(parse(&m, &stun_rfc, &in), 0);
	assert_int_equal(m.has, UINT64_C(1) << STUN_F_PEER |
					UINT64_C(1) << STUN_F_INTEGRITY |
					UINT64_C(1) << STUN_F_INTEGRITY_SHA256);
	assert_int_equal(m.end, end - 24);
	assert_int_equal(m.unknown_count, 0);
	assert_int_equal(stun_addr_next(&m, STUN_F_PEER, &at, &a), 0);
	assert_int_equal(stun_addr_next(&m, STUN_F_PEER, &at, &a), -ENOENT);
	/* behind SHA-256 only the fingerprint counts */
	head(&in, 0x0001, false);
	attr(&in, 0x001C, NULL, 32);
	attr(&in, 0x0008, NULL, 20);
	assert_int_equal(parse(&m, &stun_rfc, &in), 0);
	assert_false(stun_has(&m, STUN_F_INTEGRITY));
}

static void test_twice(void **state)
{
	struct bytes in;
	struct stun_msg m;
	(void)state;
	head(&in, 0x0001, false);
	attr(&in, 0x0006, "first", 5);
	attr(&in, 0x0006, "second", 6);
	attr(&in, 0x0006, NULL, 600); /* no matter how long */
	assert_int_equal(parse(&m, &stun_rfc, &in), 0);
	assert_bytes(stun_value(&m, STUN_F_USERNAME), SLICE_LIT("first"));
}

/* Known, but meaningless in this message: ignored, whatever its length. */
static void test_elsewhere(void **state)
{
	struct bytes in;
	struct stun_msg m;
	(void)state;
	head(&in, 0x0001, false);
	attr(&in, 0x000D, NULL, 4);
	attr(&in, 0x0012, NULL, 3);
	attr(&in, 0x0013, NULL, 9);
	assert_int_equal(parse(&m, &stun_rfc, &in), 0);
	assert_int_equal(m.has, 0);
	assert_int_equal(m.unknown_count, 0);
	/* EVEN-PORT and REQUESTED-TRANSPORT are unknown to MS-TURN */
	head(&in, 0x0003, true);
	attr(&in, 0x0018, "\x80\0\0\0", 4);
	attr(&in, 0x0019, "\x11\0\0\0", 4);
	attr(&in, 0x8037, NULL, 4);
	assert_int_equal(parse(&m, &stun_ms, &in), 0);
	assert_int_equal(m.unknown_count, 2);
	assert_int_equal(m.unknown[0], 0x0018);
	assert_int_equal(m.unknown[1], 0x0019);
}

static void test_unknown_bounded(void **state)
{
	struct bytes in;
	struct stun_msg m;
	(void)state;
	head(&in, 0x0001, false);
	for (uint16_t i = 0; i < 300; i++)
		attr(&in, 0x7000 + i, NULL, 0);
	assert_int_equal(parse(&m, &stun_rfc, &in), 0);
	assert_int_equal(m.unknown_count, STUN_UNKNOWN_MAX);
	assert_int_equal(m.unknown[STUN_UNKNOWN_MAX - 1],
			 0x7000 + STUN_UNKNOWN_MAX - 1);
}

static void test_fingerprint(void **state)
{
	struct parsed p;
	struct bytes in;
	struct stun_msg m;
	(void)state;
	parse_hex(&p, &stun_rfc, RFC5769_IPV4);
	struct slice raw = p.m.raw;
	/* any bit: no message, or another one without a fingerprint */
	for (size_t i = 0; i < raw.len * 8; i++) {
		p.bytes[i / 8] ^= 1 << i % 8;
		if (!stun_parse(&m, &stun_rfc, raw))
			assert_false(stun_has(&m, STUN_F_FINGERPRINT));
		p.bytes[i / 8] ^= 1 << i % 8;
	}
	assert_int_equal(stun_parse(&m, &stun_rfc, raw), 0);
	/* nothing comes behind it */
	memcpy(in.b, raw.ptr, raw.len);
	in.len = raw.len;
	attr(&in, 0x8022, "x", 1);
	assert_int_equal(parse(&m, &stun_rfc, &in), -EBADMSG);
	head(&in, 0x0001, false);
	attr(&in, 0x8028, NULL, 8);
	assert_int_equal(parse(&m, &stun_rfc, &in), -EINVAL);
}

/* All methods and classes, by number, as the RFCs' tables have them. */
static void test_types(void **state)
{
	static const struct {
		const struct stun_dialect *d;
		uint16_t type;
		enum stun_method method;
		enum stun_class cls;
	} rows[] = {
		{ &stun_rfc, 0x0001, STUN_BINDING, STUN_REQUEST },
		{ &stun_rfc, 0x0011, STUN_BINDING, STUN_INDICATION },
		{ &stun_rfc, 0x0101, STUN_BINDING, STUN_SUCCESS },
		{ &stun_rfc, 0x0111, STUN_BINDING, STUN_ERROR },
		{ &stun_rfc, 0x0003, STUN_ALLOCATE, STUN_REQUEST },
		{ &stun_rfc, 0x0103, STUN_ALLOCATE, STUN_SUCCESS },
		{ &stun_rfc, 0x0113, STUN_ALLOCATE, STUN_ERROR },
		{ &stun_rfc, 0x0004, STUN_REFRESH, STUN_REQUEST },
		{ &stun_rfc, 0x0016, STUN_SEND, STUN_INDICATION },
		{ &stun_rfc, 0x0017, STUN_DATA, STUN_INDICATION },
		{ &stun_rfc, 0x0008, STUN_CREATE_PERMISSION, STUN_REQUEST },
		{ &stun_rfc, 0x0009, STUN_CHANNEL_BIND, STUN_REQUEST },
		{ &stun_rfc, 0x000A, STUN_CONNECT, STUN_REQUEST },
		{ &stun_rfc, 0x000B, STUN_CONNECTION_BIND, STUN_REQUEST },
		{ &stun_rfc, 0x001C, STUN_CONNECTION_ATTEMPT, STUN_INDICATION },
		{ &stun_ms, 0x0003, STUN_ALLOCATE, STUN_REQUEST },
		{ &stun_ms, 0x0004, STUN_SEND, STUN_REQUEST },
		{ &stun_ms, 0x0115, STUN_DATA, STUN_INDICATION },
		{ &stun_ms, 0x0006, STUN_SET_ACTIVE, STUN_REQUEST },
		{ &stun_ms, 0x0106, STUN_SET_ACTIVE, STUN_SUCCESS },
		{ &stun_ms, 0x0116, STUN_SET_ACTIVE, STUN_ERROR },
	};
	/* Send responses, Shared Secret, a Binding in MS-TURN */
	static const uint16_t not_ms[] = { 0x0001, 0x0002, 0x0102, 0x0104,
					   0x0112, 0x0114, 0x0016, 0x0008 };
	struct bytes in;
	struct stun_msg m;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		head(&in, rows[i].type, rows[i].d->first_type);
		stun_set16(in.b + 2, (uint16_t)(in.len - STUN_HEADER_BYTES));
		assert_int_equal(parse(&m, rows[i].d, &in), 0);
		assert_int_equal(m.method, rows[i].method);
		assert_int_equal(m.cls, rows[i].cls);
	}
	for (size_t i = 0; i < sizeof(not_ms) / sizeof(not_ms[0]); i++) {
		head(&in, not_ms[i], true);
		stun_set16(in.b + 2, 8);
		assert_int_equal(parse(&m, &stun_ms, &in), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_rfc_request),
		cmocka_unit_test(test_ms_messages),
		cmocka_unit_test(test_ms_padded),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_no_message),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_past_the_end),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_after_integrity),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_elsewhere),
		cmocka_unit_test(test_unknown_bounded),
		cmocka_unit_test(test_fingerprint),
		cmocka_unit_test(test_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
