/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of multipart bodies, row by row of SIP-07. Parts are told as
 * "type|body" joined by spaces. */
#include <errno.h>

#include "sip/body.h"
#include "stream.h"

static int walk(struct slice body, const char *boundary, char *out, size_t size)
{
	struct sip_multipart w;
	struct sip_part p;
	size_t len = 0;
	int rc;

	out[0] = '\0';
	sip_multipart_init(&w, body, slice_str(boundary));
	while ((rc = sip_multipart_next(&w, &p)) == 1 && len < size)
		len += (size_t)snprintf(out + len, size - len, "%s%.*s%s|%.*s",
					len ? " " : "", SLICE_FMT(p.type),
					p.encoded ? "*" : "",
					SLICE_FMT(p.body));
	return rc;
}

static void assert_parts(const char *body, const char *want, int end)
{
	char got[256];
	int rc = walk(slice_str(body), "b", got, sizeof(got));

	if (rc != end || strcmp(got, want) != 0)
		fail_msg("%s: %s (%d)", body, got, rc);
}

#define P(body) "Content-Type: a/b\r\n\r\n" body

static void test_good(void **state)
{
	(void)state;
	assert_parts("--b\r\n" P("x") "\r\n--b--", "a/b|x", 0);
	assert_parts("--b\r\n" P("x") "\r\n--b--\r\n", "a/b|x", 0);
	assert_parts("pre\r\n--b \t\r\n" P("x\ny\r\n") "\r\n--b\r\n" P(
			     "--c") "\r\n--b-- \r\nepilogue --b",
		     "a/b|x\ny\r\n a/b|--c", 0);
	assert_parts("--b\r\n\r\nplain\r\n--b--", "|plain", 0);
	assert_parts("--b\r\nContent-Type:\r\n a/b\r\n\r\nx\r\n--b--", "a/b|x",
		     0);
	/* empty parts: no head, no body, neither */
	assert_parts("--b\r\n\r\n--b--", "|", 0);
	assert_parts("--b\r\n\r\n\r\n--b--", "|", 0);
	assert_parts("--b\r\n" P("") "\r\n--b\r\nX: y\r\n--b--", "a/b| |", 0);
	assert_parts(
		"--b\r\nContent-Transfer-Encoding: base64\r\n" P(
			"eA==") "\r\n--b\r\nContent-Encoding: gzip\r\n\r\n\r\n"
				"--b\r\nContent-Transfer-Encoding: "
				"8BIT\r\n\r\nx\r\n--b--",
		"a/b*|eA== *| |x", 0);
}

static void test_bad(void **state)
{
	static const char *const rows[] = {
		"",
		"no delimiter at all",
		"--b--",                          /* zero parts */
		"--b\r\n--b--",                   /* two, one CR LF */
		"--b",                            /* nothing */
		"--b\r\n",                        /* never closes */
		"--b\r\n\r\nx",                   /* the same */
		"--b\r\n\r\nx\r\n--b-",           /* half a closing line */
		"--b\r\n\r\nx\r\n--b--x",         /* longer than the boundary */
		"--bb\r\n\r\nx\r\n--bb--",        /* is it ours? */
		"--b\n\nx\n--b--\n",              /* bare LF */
		"--b\r\n\r\nx\n--b--\r\n",        /* ... before the last */
		"--b\r\n\r\nx\r\n--b\n\r\n--b--", /* ... behind one */
		"p\n--b\r\n\r\nx\r\n--b--",       /* ... in the preamble */
		"--b\r\nX: y\n\r\nx\r\n--b--",    /* ... in a head */
		"--b\r\nno header\r\n\r\nx\r\n--b--",
		"--b\r\nX y: z\r\n\r\nx\r\n--b--",
		"--b\r\nContent-Type:\r\n\r\nx\r\n--b--",
		"--b\r\nContent-Type: a/b\r\ncontent-type: c/d\r\n\r\n--b--",
		/* a part after the closing line */
		"--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\nx\r\n--b--",
		"--b\r\n\r\nx\r\n--b--\r\nepilogue\n--b\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_parts(rows[i], "", -EBADMSG);
	/* what was good before the fault has been told */
	assert_parts("--b\r\n\r\nx\r\n--b\r\n\r\ny", "|x", -EBADMSG);
}

static void test_binary(void **state)
{
	static const char body[] = "--b\r\n\r\n\0\xff\n\0--b\r\0\r\n--b--";
	struct sip_multipart w;
	struct sip_part p;

	(void)state;
	sip_multipart_init(&w, slice_of(body, sizeof(body) - 1),
			   SLICE_LIT("b"));
	assert_int_equal(sip_multipart_next(&w, &p), 1);
	assert_slice(p.body, slice_of("\0\xff\n\0--b\r\0", 9));
	assert_int_equal(sip_multipart_next(&w, &p), 0);
	assert_int_equal(sip_multipart_next(&w, &p), 0);
}

static void test_thousand_parts(void **state)
{
	static const char one[] = "--b\r\n\r\nx\r\n";
	struct sip_multipart w;
	struct sip_part p;
	struct buf body;
	size_t parts = 0;
	int rc;

	(void)state;
	buf_init(&body, 0);
	for (int i = 0; i < 1000; i++)
		buf_str(&body, one);
	buf_str(&body, "--b--");
	sip_multipart_init(&w, buf_slice(&body), SLICE_LIT("b"));
	while ((rc = sip_multipart_next(&w, &p)) == 1)
		parts++;
	assert_int_equal(rc, 0);
	assert_int_equal(parts, 1000);
	buf_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_thousand_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
