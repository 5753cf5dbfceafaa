/* SPDX-License-Identifier: Apache-2.0 */
/* Reading fields: numbers, addresses, error codes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "stun/stun_int.h"
#include "support/stun_check.h"

static void test_addresses(void **state)
{
	struct parsed p;
	struct addr a;
	(void)state;
	parse_hex(&p, &stun_rfc, RFC5769_IPV4);
	assert_int_equal(stun_addr(&p.m, STUN_F_REFLEXIVE, &a), 0);
	assert_addr(&a, "192.0.2.1:32853");
	parse_hex(&p, &stun_rfc, RFC5769_IPV6);
	assert_int_equal(stun_addr(&p.m, STUN_F_REFLEXIVE, &a), 0);
	assert_addr(&a, "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
	assert_int_equal(stun_addr(&p.m, STUN_F_PEER, &a), -ENOENT);
}

/* XOR-PEER-ADDRESS in a CreatePermission, twice what is said. */
static void peers(struct parsed *p, const char *value)
{
	char hex[256];
	size_t len = strlen(value) / 2;
	snprintf(hex, sizeof(hex),
		 "0008%04zx2112a442000000000000000000000000"
		 "0012%04zx%s0012%04zx%s",
		 2 * (len + 4), len, value, len, value);
	parse_hex(p, &stun_rfc, hex);
	assert_int_equal(p->err, 0);
}

static void test_address_families(void **state)
{
	static const struct {
		const char *value;
		int err;
	} rows[] = {
		{ "00010000e112a643", 0 },
		{ "ff010000e112a643", 0 }, /* the first byte is ignored */
		{ "00020000e112a643", -EINVAL },
		{ "00000000e112a643", -EAFNOSUPPORT },
		{ "00030000e112a643", -EAFNOSUPPORT },
		{ "00ff0000e112a643", -EAFNOSUPPORT },
		{ "00020000000102030405060708090a0b0c0d0e0f", 0 },
		{ "00010000000102030405060708090a0b0c0d0e0f", -EINVAL },
	};
	struct parsed p;
	struct addr a;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t at = 0;
		peers(&p, rows[i].value);
		assert_int_equal(stun_addr(&p.m, STUN_F_PEER, &a), rows[i].err);
		for (int n = 0; n < 2; n++)
			assert_int_equal(
				stun_addr_next(&p.m, STUN_F_PEER, &at, &a),
				rows[i].err);
		assert_int_equal(stun_addr_next(&p.m, STUN_F_PEER, &at, &a),
				 -ENOENT);
		assert_int_equal(stun_addr_next(&p.m, STUN_F_PEER, &at, &a),
				 -ENOENT);
	}
}

/* A second address of an impossible length is not passed over. */
static void test_next_length(void **state)
{
	struct parsed p;
	struct addr a;
	uint32_t at = 0;
	(void)state;
	parse_hex(&p, &stun_rfc,
		  "000800142112a442000000000000000000000000"
		  "001200080001000005060708"
		  "0012000400010000");
	assert_int_equal(p.err, 0);
	assert_int_equal(stun_addr_next(&p.m, STUN_F_PEER, &at, &a), 0);
	assert_int_equal(stun_addr_next(&p.m, STUN_F_PEER, &at, &a), -EINVAL);
	assert_int_equal(stun_addr_next(&p.m, STUN_F_PEER, &at, &a), -ENOENT);
}

static void test_numbers(void **state)
{
	struct parsed p;
	(void)state;
	parse_hex(&p, &stun_rfc,
		  "0003001c2112a442000000000000000000000000"
		  "0019000411aabbcc"
		  "000d000401020304"
		  "0018000180000000"
		  "001a0000");
	assert_int_equal(p.err, 0);
	assert_int_equal(stun_u8(&p.m, STUN_F_TRANSPORT), 17);
	assert_int_equal(stun_u16(&p.m, STUN_F_TRANSPORT), 0x11aa);
	assert_int_equal(stun_u32(&p.m, STUN_F_LIFETIME), 0x01020304);
	assert_int_equal(stun_u8(&p.m, STUN_F_EVEN_PORT), 0x80);
	/* shorter than what is asked for, and absent */
	assert_int_equal(stun_u16(&p.m, STUN_F_EVEN_PORT), 0);
	assert_int_equal(stun_u32(&p.m, STUN_F_EVEN_PORT), 0);
	assert_int_equal(stun_u8(&p.m, STUN_F_FAMILY), 0);
	assert_int_equal(stun_u8(&p.m, STUN_F_DONT_FRAGMENT), 0);
	assert_true(stun_has(&p.m, STUN_F_DONT_FRAGMENT));
}

static void test_error_codes(void **state)
{
	static const struct {
		const char *value;
		int code;
	} rows[] = {
		{ "00000300", 300 }, { "00000401", 401 },
		{ "00000663", 699 }, { "fffffc26", 438 }, /* spare bits */
		{ "00000200", 0 },   { "00000700", 0 },
		{ "00000464", 0 },   { "000004ff", 0 },
	};
	struct parsed p;
	char hex[96];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(hex, sizeof(hex),
			 "011100082112a442000000000000000000000000"
			 "00090004%s",
			 rows[i].value);
		parse_hex(&p, &stun_rfc, hex);
		assert_int_equal(p.err, 0);
		assert_int_equal(stun_error_code(&p.m), rows[i].code);
	}
	parse_hex(&p, &stun_rfc, "011100002112a442000000000000000000000000");
	assert_int_equal(stun_error_code(&p.m), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_address_families),
		cmocka_unit_test(test_next_length),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_error_codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
