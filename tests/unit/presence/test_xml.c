/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers' XML may not do (XML-01 to XML-04): each limit, below it and
 * above it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <time.h>

#include "presence/reject.h"
#include "presence/xml.h"

struct seen {
	size_t starts, ends, deepest;
};

static const struct reject *on_start(void *arg, const struct xml_element *e)
{
	struct seen *s = arg;
	s->starts++;
	if (e->depth > s->deepest)
		s->deepest = e->depth;
	return NULL;
}

static void on_end(void *arg, size_t depth, size_t end)
{
	struct seen *s = arg;
	(void)depth;
	(void)end;
	s->ends++;
}

static const struct reject *read_doc(struct slice doc, struct seen *s)
{
	static const struct xml_ops ops = { on_start, on_end, NULL };
	*s = (struct seen){ 0 };
	return xml_read(doc, &ops, s);
}

static const struct reject *read_text(const char *text)
{
	struct seen s;
	return read_doc(slice_str(text), &s);
}

static void no_document_type_is_read(void **state)
{
	static const char *const docs[] = {
		"<!DOCTYPE a><a/>",
		"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
		"<!DOCTYPE a SYSTEM \"http://127.0.0.1/x.dtd\"><a/>",
		"<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;&b;&b;\">"
		"<!ENTITY d \"&c;&c;&c;&c;\">]><a>&d;</a>",
		"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
		"<a>&x;</a>",
		"<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1/\"> %p;"
		"]><a/>",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(docs) / sizeof(*docs); i++)
		assert_ptr_equal(read_text(docs[i]), &presence_rej_xml_dtd);
}

/* what, n times, between head and tail. */
static struct slice repeat(struct buf *b, const char *head, const char *what,
			   size_t n, const char *tail)
{
	buf_reset(b);
	buf_str(b, head);
	for (size_t i = 0; i < n; i++)
		buf_str(b, what);
	buf_str(b, tail);
	assert_false(buf_failed(b));
	return buf_slice(b);
}

static void limit(const char *head, const char *what, size_t allowed,
		  const char *tail)
{
	struct seen s;
	struct buf b;
	buf_init(&b, 0);
	assert_null(read_doc(repeat(&b, head, what, allowed, tail), &s));
	assert_ptr_equal(
		read_doc(repeat(&b, head, what, allowed + 1, tail), &s),
		&presence_rej_xml_limit);
	buf_free(&b);
}

static void limits_are_where_they_are_said_to_be(void **state)
{
	(void)state;
	limit("<a>", "<b/>", XML_ELEMENTS_MAX - 1, "</a>");
	limit("", "<!--x-->", XML_REMARKS_MAX, "<a/>");
	limit("", "<?x y?>", XML_REMARKS_MAX, "<a/>");
	limit("<", "n", XML_NAME_MAX, "/>");
	limit("<a ", "n", XML_NAME_MAX, "=''/>");
}

static void prefixes_and_attributes(void **state)
{
	struct buf b, one;
	struct seen s;
	(void)state;
	buf_init(&b, 0);
	for (int more = 0; more < 2; more++) {
		buf_reset(&b);
		buf_str(&b, "<a");
		for (int i = 0; i < XML_ATTRIBUTES_MAX + more; i++)
			buf_printf(&b, " n%d='v'", i);
		buf_str(&b, "/>");
		assert_ptr_equal(read_doc(buf_slice(&b), &s),
				 more ? &presence_rej_xml_limit : NULL);
	}
	buf_init(&one, 0);
	for (int i = 0; i < 300; i++)
		buf_u8(&one, 'p');
	buf_reset(&b);
	buf_printf(&b, "<a xmlns:%.*s='u'/>", SLICE_FMT(buf_slice(&one)));
	assert_ptr_equal(read_doc(buf_slice(&b), &s), &presence_rej_xml_limit);
	buf_free(&one);
	buf_free(&b);
}

static void depth_ends_at_its_limit(void **state)
{
	struct seen s;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	repeat(&b, "", "<a>", XML_DEPTH_MAX, "");
	for (int i = 0; i < XML_DEPTH_MAX; i++)
		buf_str(&b, "</a>");
	assert_null(read_doc(buf_slice(&b), &s));
	assert_int_equal(s.deepest, XML_DEPTH_MAX);
	assert_int_equal(s.starts, s.ends);
	assert_ptr_equal(
		read_doc(repeat(&b, "", "<a>", XML_DEPTH_MAX + 1, ""), &s),
		&presence_rej_xml_limit);
	assert_ptr_equal(
		read_doc(repeat(&b, "", "<a>", XML_BODY_MAX / 3, ""), &s),
		&presence_rej_xml_limit);
	assert_ptr_equal(
		read_doc(repeat(&b, "<a>", "x", XML_BODY_MAX, "</a>"), &s),
		&presence_rej_size);
	buf_free(&b);
}

static void only_utf8(void **state)
{
	const struct {
		struct slice doc;
		const struct reject *reject;
	} rows[] = {
		{ SLICE_LIT("<a>\xc3\xa9</a>"), NULL },
		{ SLICE_LIT("\xef\xbb\xbf<a/>"), NULL },
		{ SLICE_LIT("<?xml version='1.0' encoding='utf-8'?><a/>"),
		  NULL },
		{ SLICE_LIT("<a>\xc3</a>"), &presence_rej_xml_encoding },
		{ SLICE_LIT("<a>\xc0\xaf</a>"), &presence_rej_xml_encoding },
		{ SLICE_LIT("\xff\xfe<\0a\0/\0>\0"),
		  &presence_rej_xml_encoding },
		{ SLICE_LIT("<a>\0</a>"), &presence_rej_xml },
		{ SLICE_LIT("<?xml version='1.0' encoding='iso-8859-1'?><a/>"),
		  &presence_rej_xml_encoding },
		{ SLICE_LIT("<?xml version='1.0' encoding='utf-16'?><a/>"),
		  &presence_rej_xml_encoding },
		{ SLICE_LIT("<a>\x01</a>"), &presence_rej_xml },
		{ SLICE_LIT(""), &presence_rej_xml },
		{ SLICE_LIT("<a>"), &presence_rej_xml },
		{ SLICE_LIT("<a/><b/>"), &presence_rej_xml },
		{ SLICE_LIT("<a b='1' b='2'/>"), &presence_rej_xml },
		{ SLICE_LIT("<p:a/>"), &presence_rej_xml },
		{ SLICE_LIT("<a>&b;</a>"), &presence_rej_xml },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct seen s;
		assert_ptr_equal(read_doc(rows[i].doc, &s), rows[i].reject);
	}
}

/* Processor time: the machine may be busy with other things. */
static void long_tokens_take_no_time(void **state)
{
	static const char *const around[][2] = { { "<a>", "</a>" },
						 { "<a b='", "'/>" },
						 { "<!--", "--><a/>" } };
	struct seen s;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	for (size_t i = 0; i < 3; i++) {
		repeat(&b, around[i][0], "xxxxxxxx", XML_BODY_MAX / 8 - 4,
		       around[i][1]);
		clock_t began = clock();
		for (int n = 0; n < 10; n++)
			assert_null(read_doc(buf_slice(&b), &s));
		assert_true((clock() - began) / 10 < CLOCKS_PER_SEC / 50);
	}
	buf_free(&b);
}

static void what_is_written_is_escaped(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	xml_escape(&b, SLICE_LIT("<a b=\"1\" c='2'>&\x01\xc3\xa9\xff"));
	assert_true(slice_eq(buf_slice(&b),
			     SLICE_LIT("&lt;a b=&quot;1&quot; c=&apos;2&apos;"
				       "&gt;&amp;?\xc3\xa9?")));
	buf_free(&b);
}

static void tags_are_taken_apart(void **state)
{
	struct slice rest, name, value;
	(void)state;
	assert_true(slice_eq(
		xml_raw_name(SLICE_LIT("<p:t a='1'\n b = \"'\" />"), &rest),
		SLICE_LIT("p:t")));
	assert_true(xml_raw_next(&rest, &name, &value));
	assert_true(slice_eq(name, SLICE_LIT("a")));
	assert_true(slice_eq(value, SLICE_LIT("1")));
	assert_true(xml_raw_next(&rest, &name, &value));
	assert_true(slice_eq(name, SLICE_LIT("b")));
	assert_true(slice_eq(value, SLICE_LIT("'")));
	assert_false(xml_raw_next(&rest, &name, &value));
	assert_true(slice_eq(rest, SLICE_LIT(" />")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_document_type_is_read),
		cmocka_unit_test(limits_are_where_they_are_said_to_be),
		cmocka_unit_test(prefixes_and_attributes),
		cmocka_unit_test(depth_ends_at_its_limit),
		cmocka_unit_test(only_utf8),
		cmocka_unit_test(long_tokens_take_no_time),
		cmocka_unit_test(what_is_written_is_escaped),
		cmocka_unit_test(tags_are_taken_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
