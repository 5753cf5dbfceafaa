/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIP-01: the messages of RFC 4475 and RFC 5118, byte for byte, each whole,
 * byte by byte and cut at every offset. The table holds the verdict of the
 * codec; what routing or an end point decides (416, 420, 483 ...) is "ok"
 * here. Where a Content-Length of RFC 5118 is smaller than its body, the rest
 * is no SIP. The files are not part of the tree: without them this is
 * skipped, and test_parse.c has the same constructs.
 */
#include "stream.h"

struct torture {
	const char *file;
	const char *want;
};

static const struct torture table[] = {
	/* RFC 4475 3.1.1: valid */
	{ "rfc4475/wsinv.dat", "ok" },
	{ "rfc4475/intmeth.dat", "ok" },
	{ "rfc4475/esc01.dat", "ok" },
	{ "rfc4475/escnull.dat", "ok" },
	{ "rfc4475/esc02.dat", "ok" },
	{ "rfc4475/lwsdisp.dat", "ok" },
	{ "rfc4475/longreq.dat", "ok" },
	/* the second Content-Length is short: its rest is no SIP */
	{ "rfc4475/dblreq.dat", "ok skip ok close" },
	{ "rfc4475/semiuri.dat", "ok" },
	{ "rfc4475/transports.dat", "ok" },
	{ "rfc4475/mpart01.dat", "ok" },
	{ "rfc4475/unreason.dat", "ok" },
	{ "rfc4475/noreason.dat", "ok" },
	/* 3.1.2: invalid */
	{ "rfc4475/badinv01.dat", "400" },
	{ "rfc4475/clerr.dat", "more" },
	{ "rfc4475/ncl.dat", "400!" },
	{ "rfc4475/scalar02.dat", "400" },
	{ "rfc4475/scalarlg.dat", "drop" },
	{ "rfc4475/quotbal.dat", "400" },
	{ "rfc4475/ltgtruri.dat", "400" },
	{ "rfc4475/lwsruri.dat", "400" },
	{ "rfc4475/lwsstart.dat", "400" },
	{ "rfc4475/trws.dat", "400" },
	{ "rfc4475/escruri.dat", "400" },
	{ "rfc4475/baddate.dat", "ok" },
	{ "rfc4475/regbadct.dat", "400" },
	{ "rfc4475/badaspec.dat", "400" },
	{ "rfc4475/baddn.dat", "400" },
	{ "rfc4475/badvers.dat", "505" },
	{ "rfc4475/mismatch01.dat", "400" },
	{ "rfc4475/mismatch02.dat", "501" },
	{ "rfc4475/bigcode.dat", "drop" },
	/* 3.2 to 3.4: meaning */
	{ "rfc4475/badbranch.dat", "400" },
	{ "rfc4475/insuf.dat", "400" },
	{ "rfc4475/unkscm.dat", "ok" },
	{ "rfc4475/novelsc.dat", "ok" },
	{ "rfc4475/unksm2.dat", "ok" },
	{ "rfc4475/bext01.dat", "ok" },
	{ "rfc4475/invut.dat", "ok" },
	{ "rfc4475/regaut01.dat", "ok" },
	{ "rfc4475/multi01.dat", "400" },
	{ "rfc4475/mcl01.dat", "400!" },
	{ "rfc4475/bcast.dat", "ok" },
	{ "rfc4475/zeromf.dat", "ok" },
	{ "rfc4475/cparam01.dat", "ok" },
	{ "rfc4475/cparam02.dat", "ok" },
	{ "rfc4475/regescrt.dat", "ok" },
	{ "rfc4475/sdp01.dat", "ok" },
	{ "rfc4475/inv2543.dat", "400!" },
	/* RFC 5118 */
	{ "rfc5118/ipv6-good", "ok" },
	{ "rfc5118/ipv6-bad", "400" },
	{ "rfc5118/port-ambiguous", "ok" },
	{ "rfc5118/port-unambiguous", "ok" },
	{ "rfc5118/via-received-param-with-delim", "ok" },
	{ "rfc5118/via-received-param-no-delim", "ok" },
	{ "rfc5118/ipv6-in-sdp", "ok close" },
	{ "rfc5118/mult-ip-in-header", "ok" },
	{ "rfc5118/mult-ip-in-sdp", "ok close" },
	{ "rfc5118/ipv4-mapped-ipv6", "ok close" },
	{ "rfc5118/ipv6-bug-abnf-3-colons", "ok" },
	{ "rfc5118/ipv6-correct-abnf-2-colons", "ok" },
};

enum { TABLE = sizeof(table) / sizeof(*table), FILE_MAX_BYTES = 1 << 16 };

static size_t read_file(const char *name, uint8_t *out)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", SHARED_DATA, name);
	FILE *f = fopen(path, "rb");
	if (!f)
		return 0;
	size_t len = fread(out, 1, FILE_MAX_BYTES, f);
	fclose(f);
	return len;
}

static void test_verdicts(void **state)
{
	static uint8_t bytes[FILE_MAX_BYTES];

	(void)state;
	if (read_file(table[0].file, bytes) == 0) {
		print_message("no torture files in %s\n", SHARED_DATA);
		skip();
	}
	assert_int_equal(TABLE, 49 + 12);
	for (size_t i = 0; i < TABLE; i++) {
		size_t len = read_file(table[i].file, bytes);
		if (len == 0)
			fail_msg("%s is missing", table[i].file);
		assert_stream(table[i].file, slice_of(bytes, len),
			      table[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
