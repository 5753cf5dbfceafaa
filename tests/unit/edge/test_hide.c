/* SPDX-License-Identifier: Apache-2.0 */
/* What of a message partners get to see, and that it comes back whole. */
#include "edge/hide.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/oom.h"

struct world {
	struct edge edge;
	struct generation generation;
	struct arena *arena;
};

static const struct slice ours[] = { { (const uint8_t *)"contoso.test", 12 } };
static const struct access_conf conf = { .domains = ours, .domain_count = 1 };

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint8_t key[SEAL_KEY_BYTES] = { 1, 2, 3 };
	char error[256];
	w->edge.name = strdup("edge.contoso.test");
	w->edge.current = &w->generation;
	w->arena = arena_create(1 << 16, 1 << 20);
	assert_int_equal(sealer_create(&w->edge.sealer), 0);
	assert_int_equal(sealer_add(w->edge.sealer, 1, key), 0);
	assert_int_equal(access_create(&w->generation.access, &conf, error), 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	access_free(w->generation.access);
	sealer_free(w->edge.sealer);
	arena_free(w->arena);
	free(w->edge.name);
	free(w);
	return 0;
}

/* The message with these lines in its head, as it would leave. */
static int leave(struct world *w, const char *lines, struct buf *out)
{
	static char text[16384];
	struct sip_msg m;
	struct sip_edits edits;
	snprintf(text, sizeof(text),
		 "INVITE sip:bob@fabrikam.test SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS h;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
		 "From: <sip:alice@contoso.test>;tag=1\r\n"
		 "To: <sip:bob@fabrikam.test>\r\nCall-ID: 1\r\n"
		 "CSeq: 1 INVITE\r\n%sContent-Length: 4\r\n\r\nbody",
		 lines);
	sip_edits_init(&edits);
	if (sip_parse(w->arena, slice_str(text), &sip_limits_default, &m))
		return -1;
	hide_inside(&w->edge, w->arena, &m, &edits);
	if (edits.failed)
		return -1;
	return sip_encode(out, &m, &edits);
}

/* The URI in the first pair of angle brackets behind "Contact:". */
static struct sip_uri contact_of(const struct buf *b)
{
	struct slice s = buf_slice(b);
	struct sip_uri uri = { 0 };
	const char *at = strstr((const char *)s.ptr, "Contact:");
	assert_non_null(at);
	const char *from = strchr(at, '<'), *to = from ? strchr(from, '>') : 0;
	assert_non_null(to);
	assert_int_equal(
		sip_uri_parse(slice_of(from + 1, (size_t)(to - from - 1)),
			      &uri),
		0);
	return uri;
}

static void test_there_and_back(void **state)
{
	static const char *const uris[] = {
		"sip:alice@192.168.1.5:49152;transport=tls;ob",
		"sip:10.0.0.1",
		"sip:alice@[fd00::1]:5061",
		"sips:alice@pool.contoso.internal;gr=urn:uuid:1",
		"sip:a%20b@pool.contoso.internal?x=y",
		"sip:alice@contoso.test:5070",
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct buf b, again;
		char line[256];
		struct slice back;
		snprintf(line, sizeof(line),
			 "Contact: \"A\" <%s>;expires=60\r\n", uris[i]);
		buf_init(&b, 0);
		buf_init(&again, 0);
		assert_int_equal(leave(w, line, &b), 0);
		buf_u8(&b, 0);
		struct sip_uri uri = contact_of(&b);
		assert_true(slice_eq(uri.host, slice_str(w->edge.name)));
		assert_int_equal(uri.port, 0);
		assert_non_null(strstr((char *)b.ptr, ">;expires=60\r\n"));
		assert_non_null(strstr((char *)b.ptr, "Contact: \"A\" <"));
		assert_non_null(strstr((char *)b.ptr, "\r\n\r\nbody"));
		assert_true(hide_open(&w->edge, w->arena, &uri, &back));
		assert_true(slice_eq(back, slice_str(uris[i])));
		/* the same each time: a Contact does not change */
		assert_int_equal(leave(w, line, &again), 0);
		buf_u8(&again, 0);
		assert_string_equal((char *)b.ptr, (char *)again.ptr);
		buf_free(&b);
		buf_free(&again);
	}
}

static void test_what_hides_nothing(void **state)
{
	static const char *const lines[] = {
		"Contact: *\r\n",
		"Contact: <sip:alice@contoso.test>\r\n",
		"Contact: <tel:+4912345>\r\n",
		"Expires: 5\r\n",
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct buf b;
		buf_init(&b, 0);
		assert_int_equal(leave(w, lines[i], &b), 0);
		buf_u8(&b, 0);
		assert_non_null(strstr((char *)b.ptr, lines[i]));
		buf_free(&b);
	}
}

static void test_headers(void **state)
{
	struct world *w = *state;
	struct buf b;
	buf_init(&b, 0);
	assert_int_equal(
		leave(w,
		      "Warning: 399 inner \"x\"\r\nPath: <sip:inner>\r\n"
		      "MS-Secret: inner\r\nms-text-format: text/plain\r\n"
		      "m: <sip:a@inner>, <sip:b@inner>\r\nX-Other: y\r\n",
		      &b),
		0);
	buf_u8(&b, 0);
	assert_null(strstr((char *)b.ptr, "inner"));
	assert_non_null(strstr((char *)b.ptr, "ms-text-format: text/plain"));
	assert_non_null(strstr((char *)b.ptr, "X-Other: y"));
	const char *first = strstr((char *)b.ptr, "<sip:a@edge.contoso.test");
	assert_non_null(first);
	assert_non_null(strstr(first, "<sip:b@edge.contoso.test"));
	buf_free(&b);
}

static bool opens(struct world *w, const char *text)
{
	struct sip_uri uri;
	struct slice back;
	assert_int_equal(sip_uri_parse(slice_str(text), &uri), 0);
	return hide_open(&w->edge, w->arena, &uri, &back);
}

static void test_made_up(void **state)
{
	struct world *w = *state;
	struct buf b;
	char text[512];
	buf_init(&b, 0);
	assert_int_equal(
		token_hidden_write(w->edge.sealer, SLICE_LIT("no uri"), &b), 0);
	snprintf(text, sizeof(text), "sip:a@edge.contoso.test;inside=%.*s",
		 SLICE_FMT(buf_slice(&b)));
	assert_false(opens(w, text));
	assert_false(opens(w, "sip:a@edge.contoso.test"));
	assert_false(opens(w, "sip:a@edge.contoso.test;inside"));
	assert_false(opens(w, "sip:a@edge.contoso.test;inside=aaaa"));
	buf_reset(&b);
	assert_int_equal(token_hidden_write(w->edge.sealer,
					    SLICE_LIT("sip:a@10.0.0.1"), &b),
			 0);
	snprintf(text, sizeof(text), "sip:a@edge.contoso.test;inside=%.*s",
		 SLICE_FMT(buf_slice(&b)));
	assert_true(opens(w, text));
	/* another host's is none of ours */
	snprintf(text, sizeof(text), "sip:a@edge.fabrikam.test;inside=%.*s",
		 SLICE_FMT(buf_slice(&b)));
	assert_false(opens(w, text));
	buf_free(&b);
}

/* Nothing leaves half hidden. */
static void test_too_long(void **state)
{
	static char line[4096];
	struct buf b;
	memset(line, 'x', sizeof(line));
	memcpy(line, "Contact: <sip:", 14);
	memcpy(line + 3000, "@inner>\r\n", 10);
	buf_init(&b, 0);
	assert_int_not_equal(leave(*state, line, &b), 0);
	buf_free(&b);
}

static int without_memory(void *arg)
{
	struct buf b;
	buf_init(&b, 0);
	int err = leave(arg, "Contact: <sip:a@inner>\r\n", &b);
	if (!err) {
		buf_u8(&b, 0);
		if (!buf_failed(&b))
			assert_null(strstr((char *)b.ptr, "inner"));
	}
	buf_free(&b);
	return err;
}

static void test_oom(void **state)
{
	oom_walk(without_memory, *state);
}

/* A device by its address is hidden as in a Contact, and what the new request
 * is to carry stays; names of others are nobody's secret. */
static void test_refer_to(void **state)
{
	struct world *w = *state;
	struct buf out;
	buf_init(&out, 0);
	assert_int_equal(
		leave(w,
		      "Refer-To: \"A\" <sip:alice@192.168.7.9:5070;transport="
		      "tls?Replaces=x%3Bto-tag%3D1>;y=z\r\n",
		      &out),
		0);
	buf_u8(&out, 0);
	const char *text = (const char *)out.ptr;
	assert_null(strstr(text, "192.168.7.9"));
	const char *to = strstr(text, "Refer-To: \"A\" <sip:alice@edge.");
	assert_non_null(to);
	assert_non_null(strstr(to, "?Replaces=x%3Bto-tag%3D1>;y=z\r\n"));
	const char *start = strstr(to, "sip:"), *end = strchr(start, '?');
	struct sip_uri uri;
	struct slice opened;
	assert_int_equal(
		sip_uri_parse(slice_of(start, (size_t)(end - start)), &uri), 0);
	assert_true(hide_open(&w->edge, w->arena, &uri, &opened));
	assert_true(slice_eq(opened, SLICE_LIT("sip:alice@192.168.7.9:5070;"
					       "transport=tls")));
	buf_free(&out);
	buf_init(&out, 0);
	assert_int_equal(
		leave(w, "Refer-To: <sip:carol@litware.test?Replaces=x>\r\n",
		      &out),
		0);
	buf_u8(&out, 0);
	assert_non_null(
		strstr((const char *)out.ptr,
		       "Refer-To: <sip:carol@litware.test?Replaces=x>"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refer_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_there_and_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_what_hides_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_headers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_made_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_oom, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
