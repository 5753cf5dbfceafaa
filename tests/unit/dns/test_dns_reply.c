/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses out of DNS messages, byte by byte. */
#include "dns/dns_reply.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* id, flags, 1 question, n answers, nothing else; then "a." type class. */
#define HEAD(flags, answers) "\x12\x34" flags "\0\1\0" answers "\0\0\0\0"
#define QUESTION(type) "\1a\0\0" type "\0\1"
#define RR(name, type, ttl, len) name "\0" type "\0\1" ttl "\0" len
#define SAME "\xc0\x0c"
/* SLICE_LIT() for static objects. */
#define MSG(s)                                      \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

static const struct {
	const char *name;
	uint16_t type;
	struct slice message;
	int err;
	uint8_t rcode;
	size_t count;
	uint32_t ttl_s;
} rows[] = {
	{ "one address", 1,
	  MSG(HEAD("\x81\x80", "\1") QUESTION("\1")
		      RR(SAME, "\1", "\0\0\1\54", "\4") "\300\0\2\1"),
	  0, 0, 1, 300 },
	{ "least lifetime counts, the alias's too", 28,
	  MSG(HEAD("\x81\x80", "\2") QUESTION("\34")
		      RR(SAME, "\5", "\0\0\0\74",
			 "\3") "\1b\0" RR("\1b\0", "\34", "\0\0\1\54",
					  "\20") "\40\1\15\270\0\0\0\0\0"
						 "\0\0\0\0\0\0\1"),
	  0, 0, 1, 60 },
	{ "the other family is passed over", 28,
	  MSG(HEAD("\x81\x80", "\1") QUESTION("\34")
		      RR(SAME, "\1", "\0\0\1\54", "\4") "\300\0\2\1"),
	  0, 0, 0, 300 },
	{ "no such name", 1, MSG(HEAD("\x81\x83", "\0") QUESTION("\1")), 0, 3,
	  0, 0 },
	{ "negative lifetime is none", 1,
	  MSG(HEAD("\x81\x80", "\1") QUESTION("\1")
		      RR(SAME, "\1", "\200\0\0\0", "\4") "\300\0\2\1"),
	  0, 0, 1, 0 },
	{ "bytes behind the answers", 1,
	  MSG(HEAD("\x81\x80", "\0") QUESTION("\1") "anything"), 0, 0, 0, 0 },
	{ "empty", 1, { NULL, 0 }, -EBADMSG, 0, 0, 0 },
	{ "half a header", 1, MSG("\x12\x34\x81\x80\0\1"), -EBADMSG, 0, 0, 0 },
	{ "address too short", 1,
	  MSG(HEAD("\x81\x80", "\1") QUESTION("\1")
		      RR(SAME, "\1", "\0\0\1\54", "\3") "\300\0\2"),
	  -EBADMSG, 0, 0, 0 },
	{ "IPv4 bytes as IPv6", 28,
	  MSG(HEAD("\x81\x80", "\1") QUESTION("\34")
		      RR(SAME, "\34", "\0\0\1\54", "\4") "\300\0\2\1"),
	  -EBADMSG, 0, 0, 0 },
	{ "record length past the end", 1,
	  MSG(HEAD("\x81\x80", "\1") QUESTION("\1")
		      RR(SAME, "\1", "\0\0\1\54", "\5") "\300\0\2\1"),
	  -EBADMSG, 0, 0, 0 },
	{ "more answers promised", 1,
	  MSG(HEAD("\x81\x80", "\2") QUESTION("\1")
		      RR(SAME, "\1", "\0\0\1\54", "\4") "\300\0\2\1"),
	  -EBADMSG, 0, 0, 0 },
	{ "reserved label", 1,
	  MSG(HEAD("\x81\x80", "\1") QUESTION("\1")
		      RR("\x80", "\1", "\0\0\1\54", "\4") "\300\0\2\1"),
	  -EBADMSG, 0, 0, 0 },
	{ "name without an end", 1, MSG(HEAD("\x81\x80", "\1") "\77aaaa"),
	  -EBADMSG, 0, 0, 0 },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dns_reply r;
		int err = dns_reply_parse(rows[i].message, rows[i].type, &r);
		if (err != rows[i].err)
			fail_msg("%s: %d", rows[i].name, err);
		if (err)
			continue;
		if (r.rcode != rows[i].rcode || r.count != rows[i].count ||
		    r.ttl_s != rows[i].ttl_s)
			fail_msg("%s: rcode %u, %zu addresses, %u s",
				 rows[i].name, r.rcode, r.count, r.ttl_s);
	}
}

static void test_address(void **state)
{
	(void)state;
	char text[ADDR_TEXT_MAX];
	struct dns_reply r;

	assert_int_equal(dns_reply_parse(rows[0].message, 1, &r), 0);
	assert_string_equal(addr_text(&r.addr[0], text), "192.0.2.1:0");
	assert_int_equal(dns_reply_parse(rows[1].message, 28, &r), 0);
	assert_string_equal(addr_text(&r.addr[0], text), "[2001:db8::1]:0");
}

/* Each message cut at each byte is refused or says less, and is never read
 * past its end (the copy has exactly its length). */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		for (size_t len = 1; len < rows[i].message.len; len++) {
			struct dns_reply r;
			uint8_t *cut = malloc(len);
			assert_non_null(cut);
			memcpy(cut, rows[i].message.ptr, len);
			int err = dns_reply_parse(slice_of(cut, len),
						  rows[i].type, &r);
			if (!err && r.count > rows[i].count)
				fail_msg("%s: at %zu", rows[i].name, len);
			free(cut);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_cut_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
