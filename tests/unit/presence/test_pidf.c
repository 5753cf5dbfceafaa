/* SPDX-License-Identifier: Apache-2.0 */
/* Presence documents read, and composed of several (XML-05, RFC 3863). */
#include "world.h"

#include "presence/pidf.h"

static const struct reject *read_doc(struct arena *a, const char *text,
				     struct pidf *out)
{
	return pidf_read(a, slice_str(text), out);
}

static void parts_are_found_where_they_stand(void **state)
{
	static const char doc[] = PIDF_HEAD
		"<note xml:lang='en'>hi</note>" PIDF_TUPLE_OF("t1", "closed")
			PIDF_TUPLE_OF("t2", " open ") PIDF_BUSY
		"<dm:device id='d'/><x:y xmlns:x='urn:x'>"
		"<tuple/></x:y></presence>";
	static const enum pidf_kind kinds[] = { PIDF_NOTE,   PIDF_TUPLE,
						PIDF_TUPLE,  PIDF_PERSON,
						PIDF_DEVICE, PIDF_OTHER };
	struct arena *a = arena_create(4096, 1 << 20);
	struct pidf p;
	(void)state;
	assert_null(read_doc(a, doc, &p));
	assert_string_equal(p.aor, "alice@contoso.test");
	assert_int_equal(p.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(p.parts[i].kind, kinds[i]);
	assert_false(p.parts[1].open);
	assert_true(p.parts[2].open);
	assert_true(p.open);
	assert_true(slice_eq(p.parts[0].text,
			     SLICE_LIT("<note xml:lang='en'>hi</note>")));
	assert_true(
		slice_eq(p.parts[4].text, SLICE_LIT("<dm:device id='d'/>")));
	arena_free(a);
}

static void what_is_no_presence_document(void **state)
{
	static const char *const docs[] = {
		"<presence entity='sip:a@x.test'/>",
		"<presence xmlns='urn:ietf:params:xml:ns:pidf'/>",
		"<p:presence xmlns:p='urn:x' entity='sip:a@x.test'/>",
		"<tuple xmlns='urn:ietf:params:xml:ns:pidf' "
		"entity='a@x.test'/>",
		"<presence xmlns='urn:ietf:params:xml:ns:pidf' entity=''/>",
		"<presence xmlns='urn:ietf:params:xml:ns:pidf' "
		"entity='http://x.test/'/>",
	};
	struct arena *a = arena_create(4096, 1 << 20);
	struct pidf p;
	(void)state;
	for (size_t i = 0; i < sizeof(docs) / sizeof(*docs); i++)
		assert_ptr_equal(read_doc(a, docs[i], &p), &presence_rej_pidf);
	assert_null(read_doc(a,
			     "<presence xmlns='urn:ietf:params:xml:ns:pidf' "
			     "entity='pres:A@X.test'/>",
			     &p));
	assert_string_equal(p.aor, "A@x.test");
	arena_free(a);
}

static void compose(struct buf *b, const char *const *texts, size_t n,
		    bool implicit)
{
	struct arena *a = arena_create(4096, 1 << 20);
	struct pidf docs[4];
	const struct pidf *list[4];
	for (size_t i = 0; i < n; i++) {
		assert_null(read_doc(a, texts[i], &docs[i]));
		list[i] = &docs[i];
	}
	struct pidf_state s = { .aor = SLICE_LIT("alice@contoso.test"),
				.docs = list,
				.count = n,
				.implicit = implicit ? PIDF_IMPLICIT_OPEN
						     : PIDF_IMPLICIT_NONE };
	buf_reset(b);
	pidf_compose(b, &s);
	buf_u8(b, 0);
	arena_free(a);
}

static void one_document_stays_as_it_is(void **state)
{
	static const char doc[] =
		"<?xml version=\"1.0\"?>\n<!-- x -->" PIDF_HEAD
		"\n <tuple id=\"t1\"><status><basic>open</basic>"
		"<z:q xmlns:z='urn:z' a='&lt;'/></status></tuple>\n</presence>";
	const char *const one[] = { doc };
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	compose(&b, one, 1, false);
	assert_string_equal((char *)b.ptr, doc);
	buf_free(&b);
}

static void nobody_there_is_closed(void **state)
{
	struct buf b;
	struct pidf p;
	struct arena *a = arena_create(4096, 1 << 20);
	(void)state;
	buf_init(&b, 0);
	compose(&b, NULL, 0, false);
	assert_null(read_doc(a, (char *)b.ptr, &p));
	assert_false(p.open);
	assert_int_equal(p.count, 1);
	compose(&b, NULL, 0, true);
	assert_null(read_doc(a, (char *)b.ptr, &p));
	assert_true(p.open);
	arena_free(a);
	buf_free(&b);
}

static void two_devices_are_one_user(void **state)
{
	/* the second has other prefixes, no default namespace, the same id */
	static const char *const docs[] = {
		PIDF_BUSY_DOC,
		"<a:presence xmlns:a='urn:ietf:params:xml:ns:pidf' "
		"xmlns:b='urn:ietf:params:xml:ns:pidf:data-model' "
		"entity='sip:alice@contoso.test'><a:tuple id='t1' b:x='\"'>"
		"<a:status><a:basic>closed</a:basic></a:status></a:tuple>"
		"<b:person id='q'/><a:note>old</a:note><plain/></a:presence>",
	};
	struct buf b;
	struct pidf p;
	struct arena *a = arena_create(4096, 1 << 20);
	(void)state;
	buf_init(&b, 0);
	compose(&b, docs, 2, true);
	const char *text = (char *)b.ptr;
	assert_null(read_doc(a, text, &p));
	/* sallyport's, t1, the other t1, note, one person, plain */
	assert_int_equal(p.count, 6);
	assert_true(p.open);
	assert_non_null(strstr(text, "<r:busy/>"));
	assert_null(strstr(text, "b:person"));
	assert_non_null(strstr(text, "<a:note"));
	assert_non_null(strstr(text, "id=\"sallyport.1\""));
	assert_non_null(strstr(text, "b:x='\"'"));
	assert_non_null(strstr(text, "xmlns=\"\""));
	assert_int_equal(p.parts[5].kind, PIDF_OTHER);
	arena_free(a);
	buf_free(&b);
}

static int composes(void *arg)
{
	struct arena *a = arena_create(4096, 1 << 20);
	struct pidf p = { .count = 0 };
	const struct pidf *list[] = { &p, &p };
	struct pidf_state s = { .aor = SLICE_LIT("alice@contoso.test"),
				.docs = list,
				.count = 2 };
	struct buf b;
	(void)arg;
	buf_init(&b, 0);
	bool read = a && !read_doc(a, PIDF_BUSY_DOC, &p);
	if (read)
		pidf_compose(&b, &s);
	int err = read && !buf_failed(&b) ? 0 : -ENOMEM;
	buf_free(&b);
	arena_free(a);
	return err;
}

static void without_memory(void **state)
{
	(void)state;
	oom_walk(composes, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_found_where_they_stand),
		cmocka_unit_test(what_is_no_presence_document),
		cmocka_unit_test(one_document_stays_as_it_is),
		cmocka_unit_test(nobody_there_is_closed),
		cmocka_unit_test(two_devices_are_one_user),
		cmocka_unit_test(without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
