/* SPDX-License-Identifier: Apache-2.0 */
/* What goes out: edits, re-serialisation, and that no spelling of a header
 * gets around a drop (SIP-04). */
#include <errno.h>

#include "stream.h"

#include "support/oom.h"

#define HEAD                                                         \
	"OPTIONS sip:b@b.test SIP/2.0\r\n"                           \
	"v: SIP/2.0/TLS a.test;branch=z9hG4bKx,\r\n "                \
	"SIP/2.0/TLS c.test;branch=z9hG4bKy\r\n"                     \
	"Via: SIP/2.0/TLS d.test;branch=z9hG4bKz\r\n"                \
	"From : <sip:a@a.test>\r\n ;tag=f\r\nTo: <sip:b@b.test>\r\n" \
	"Call-ID: c\r\nCSeq: 1 OPTIONS\r\n"
#define END "Content-Length: 2\r\n\r\nhi"

struct fixture {
	struct arena *arena;
	struct sip_msg msg;
	struct sip_edits edits;
	struct buf out;
};

static void read_msg(struct fixture *x, struct slice text)
{
	x->arena = arena_create(4096, 1 << 20);
	assert_non_null(x->arena);
	assert_null(sip_parse(x->arena, text, &sip_limits_default, &x->msg));
	sip_edits_init(&x->edits);
	buf_init(&x->out, 0);
}

static void drop_msg(struct fixture *x)
{
	buf_free(&x->out);
	arena_free(x->arena);
}

static void assert_encoded(struct fixture *x, const char *want)
{
	assert_int_equal(sip_encode(&x->out, &x->msg, &x->edits), 0);
	assert_slice(buf_slice(&x->out), slice_str(want));
}

static void test_plain(void **state)
{
	struct fixture x;

	(void)state;
	read_msg(&x,
		 SLICE_LIT(HEAD "x-ODD  :  a \t\r\n\t b\r\nEmpty:\r\n" END));
	assert_encoded(&x, "OPTIONS sip:b@b.test SIP/2.0\r\n"
			   "v: SIP/2.0/TLS a.test;branch=z9hG4bKx, "
			   "SIP/2.0/TLS c.test;branch=z9hG4bKy\r\n"
			   "Via: SIP/2.0/TLS d.test;branch=z9hG4bKz\r\n"
			   "From: <sip:a@a.test> ;tag=f\r\n"
			   "To: <sip:b@b.test>\r\nCall-ID: c\r\n"
			   "CSeq: 1 OPTIONS\r\nx-ODD: a b\r\nEmpty: \r\n"
			   "Content-Length: 2\r\n\r\nhi");
	drop_msg(&x);
}

static void test_edits(void **state)
{
	struct fixture x;

	(void)state;
	read_msg(&x,
		 SLICE_LIT(HEAD "Max-Forwards: 5\r\nX: 1\r\nx : 2\r\n" END));
	sip_edit_top(&x.edits, SIP_H_RECORD_ROUTE, SLICE_LIT("<sip:e;lr>"));
	sip_edit_top(&x.edits, SIP_H_VIA, SLICE_LIT("SIP/2.0/TLS e"));
	sip_edit_drop(&x.edits, SIP_H_MAX_FORWARDS);
	sip_edit_drop_named(&x.edits, SLICE_LIT("X"));
	sip_edit_drop_value(&x.edits, SIP_H_VIA, 1);
	sip_edit_drop_value(&x.edits, SIP_H_VIA, 2);
	sip_edit_bottom(&x.edits, SIP_H_MAX_FORWARDS, SLICE_LIT("4"));
	sip_edit_bottom_named(&x.edits, SLICE_LIT("Y"), SLICE_LIT("z"));
	sip_edit_bottom_named(&x.edits, SLICE_LIT("l"), SLICE_LIT("99"));
	sip_edit_uri(&x.edits, SLICE_LIT("sip:c@c.test"));
	assert_encoded(&x, "OPTIONS sip:c@c.test SIP/2.0\r\n"
			   "Via: SIP/2.0/TLS e\r\n"
			   "Record-Route: <sip:e;lr>\r\n"
			   "v: SIP/2.0/TLS a.test;branch=z9hG4bKx\r\n"
			   "From: <sip:a@a.test> ;tag=f\r\n"
			   "To: <sip:b@b.test>\r\nCall-ID: c\r\n"
			   "CSeq: 1 OPTIONS\r\nMax-Forwards: 4\r\nY: z\r\n"
			   "Content-Length: 2\r\n\r\nhi");
	drop_msg(&x);
}

static void test_drop_values(void **state)
{
	struct fixture x;

	(void)state;
	read_msg(&x,
		 SLICE_LIT(HEAD
			   "Route: <sip:r1;lr>\r\n"
			   "Route: \"a, b\" <sip:r2,x@r;lr> , <sip:r3;lr>\r\n"
			   "Proxy-Authorization: Digest a=\"1\", b=\"2\"\r\n"
			   "Proxy-Authorization: Digest c=\"3\"\r\n" END));
	sip_edit_drop_value(&x.edits, SIP_H_ROUTE, 0);
	sip_edit_drop_value(&x.edits, SIP_H_ROUTE, 2);
	sip_edit_drop_value(&x.edits, SIP_H_PROXY_AUTHORIZATION, 1);
	sip_edit_drop(&x.edits, SIP_H_VIA);
	assert_encoded(&x, "OPTIONS sip:b@b.test SIP/2.0\r\n"
			   "From: <sip:a@a.test> ;tag=f\r\n"
			   "To: <sip:b@b.test>\r\nCall-ID: c\r\n"
			   "CSeq: 1 OPTIONS\r\n"
			   "Route: \"a, b\" <sip:r2,x@r;lr>\r\n"
			   "Proxy-Authorization: Digest a=\"1\", b=\"2\"\r\n"
			   "Content-Length: 2\r\n\r\nhi");
	drop_msg(&x);
}

/* '@' at the start of a line stands for the name. */
static void spell(struct buf *out, const char *format, const char *name)
{
	for (const char *c = format; *c; c++) {
		if (*c == '@' && (c == format || c[-1] == '\n'))
			buf_str(out, name);
		else
			buf_u8(out, (uint8_t)*c);
	}
}

/* SIP-04: each internal header in each spelling that the parser takes is
 * gone; the spellings it does not take are 400 (test_parse.c). */
static void assert_stripped(const char *name, const char *format)
{
	struct fixture x;
	struct sip_msg again;
	struct buf text;
	enum sip_header_id id = sip_header_id_of(slice_str(name));

	buf_init(&text, 0);
	buf_str(&text, HEAD);
	spell(&text, format, name);
	buf_str(&text, END);
	read_msg(&x, buf_slice(&text));
	assert_non_null(sip_header(&x.msg, id));
	sip_edit_drop(&x.edits, id);
	assert_int_equal(sip_encode(&x.out, &x.msg, &x.edits), 0);
	assert_null(sip_parse(x.arena, buf_slice(&x.out), &sip_limits_default,
			      &again));
	assert_null(sip_header(&again, id));
	assert_null(memmem(x.out.ptr, x.out.len, "secret", 6));
	buf_free(&text);
	drop_msg(&x);
}

static void upper(char *out, size_t size, const char *name)
{
	size_t i = 0;

	for (; name[i] && i + 1 < size; i++)
		out[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 32)
							  : name[i];
	out[i] = '\0';
}

#define ONE "<sip:secret@a.test>"

static void test_smuggling(void **state)
{
	static const char *const spellings[] = {
		"@: " ONE "\r\n",
		"@:" ONE "\r\n",
		"@ : " ONE "\r\n",
		"@\t: " ONE "\r\n",
		"@ \t \t:" ONE "\r\n",
		"@:\r\n " ONE "\r\n",
		"@ :\r\n\t\r\n " ONE "\r\n",
		"@: " ONE "\r\n ;secret=y\r\n",
		"@: " ONE "\r\nX: y\r\n@: " ONE "\r\n",
		"@: " ONE "\r\n@ : " ONE "\r\n",
	};
	char shout[64];

	(void)state;
	for (int id = 0; id < SIP_H_UNKNOWN; id++) {
		const char *name =
			(const char *)sip_header_name((enum sip_header_id)id)
				.ptr; /* of a literal */
		if (!(sip_header_flags((enum sip_header_id)id) & SIP_HF_INSIDE))
			continue;
		upper(shout, sizeof(shout), name);
		for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings);
		     i++) {
			assert_stripped(name, spellings[i]);
			assert_stripped(shout, spellings[i]);
		}
	}
}

/* Compact forms are the header; a drop by name finds them too. */
static void test_compact(void **state)
{
	struct fixture x;

	(void)state;
	read_msg(&x,
		 SLICE_LIT(HEAD "m: <sip:s@a.test>\r\nO : presence\r\n" END));
	sip_edit_drop_named(&x.edits, SLICE_LIT("CONTACT"));
	sip_edit_drop_named(&x.edits, SLICE_LIT("o"));
	sip_edit_drop(&x.edits, SIP_H_VIA);
	assert_encoded(&x, "OPTIONS sip:b@b.test SIP/2.0\r\n"
			   "From: <sip:a@a.test> ;tag=f\r\n"
			   "To: <sip:b@b.test>\r\nCall-ID: c\r\n"
			   "CSeq: 1 OPTIONS\r\n"
			   "Content-Length: 2\r\n\r\nhi");
	drop_msg(&x);
}

/* Values that we are given by others must stay in their line. */
static void test_injection(void **state)
{
	struct fixture x;

	(void)state;
	read_msg(&x, SLICE_LIT(HEAD END));
	sip_edit_bottom_named(&x.edits, SLICE_LIT("A"),
			      SLICE_LIT("b\r\nRoute: <sip:evil;lr>"));
	assert_int_equal(sip_encode(&x.out, &x.msg, &x.edits), -EINVAL);
	sip_edits_init(&x.edits);
	sip_edit_bottom_named(&x.edits, SLICE_LIT("A\r\nB"), SLICE_LIT("c"));
	assert_int_equal(sip_encode(&x.out, &x.msg, &x.edits), -EINVAL);
	sip_edits_init(&x.edits);
	sip_edit_uri(&x.edits, SLICE_LIT("sip:a@b SIP/2.0\r\nX: y"));
	assert_int_equal(sip_encode(&x.out, &x.msg, &x.edits), -EINVAL);
	assert_int_equal(x.out.len, 0);
	drop_msg(&x);
}

/* A copy is whole, and goes its own way from then on. */
static void test_copy(void **state)
{
	struct fixture x;
	struct sip_edits copy;

	(void)state;
	read_msg(&x, SLICE_LIT(HEAD END));
	memset(&copy, 0xa5, sizeof(copy));
	sip_edit_drop(&x.edits, SIP_H_VIA);
	sip_edit_uri(&x.edits, SLICE_LIT("sip:c@c.test"));
	sip_edit_bottom_named(&x.edits, SLICE_LIT("A"), SLICE_LIT("b"));
	sip_edits_copy(&copy, &x.edits);
	sip_edit_bottom_named(&copy, SLICE_LIT("C"), SLICE_LIT("d"));
	assert_int_equal(x.edits.count + 1, copy.count);
	x.edits = copy;
	assert_encoded(&x, "OPTIONS sip:c@c.test SIP/2.0\r\n"
			   "From: <sip:a@a.test> ;tag=f\r\n"
			   "To: <sip:b@b.test>\r\nCall-ID: c\r\n"
			   "CSeq: 1 OPTIONS\r\nA: b\r\nC: d\r\n" END);
	x.edits.failed = true;
	sip_edits_copy(&copy, &x.edits);
	assert_true(copy.failed);
	drop_msg(&x);
}

static void test_too_many(void **state)
{
	struct fixture x;

	(void)state;
	read_msg(&x, SLICE_LIT(HEAD END));
	for (int i = 0; i <= SIP_EDITS_MAX; i++)
		sip_edit_drop(&x.edits, SIP_H_DATE);
	assert_int_equal(sip_encode(&x.out, &x.msg, &x.edits), -E2BIG);
	x.edits.count = 0;
	x.edits.failed = false;
	buf_free(&x.out);
	buf_init(&x.out, 50);
	assert_int_equal(sip_encode(&x.out, &x.msg, &x.edits), -ENOMEM);
	drop_msg(&x);
}

static int encode_once(void *arg)
{
	struct fixture *x = arg;
	struct buf out;

	buf_init(&out, 0);
	int rc = sip_encode(&out, &x->msg, &x->edits);
	buf_free(&out);
	return rc;
}

static void test_oom(void **state)
{
	struct fixture x;

	(void)state;
	read_msg(&x, SLICE_LIT(HEAD END));
	sip_edit_top(&x.edits, SIP_H_VIA, SLICE_LIT("SIP/2.0/TLS e"));
	oom_walk(encode_once, &x);
	drop_msg(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_edits),
		cmocka_unit_test(test_drop_values),
		cmocka_unit_test(test_smuggling),
		cmocka_unit_test(test_compact),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_oom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
