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
static const struct access_partner partners[] = {
	{ .domain = { (const uint8_t *)"fabrikam.test", 13 } },
	{ .domain = { (const uint8_t *)"sub.contoso.test", 16 } },
};
static const struct access_conf conf = { .domains = ours,
					 .domain_count = 1,
					 .partners = partners,
					 .partner_count = 2 };
static const struct inside_hop_conf hops[] = {
	{ .host = { (const uint8_t *)"pool.lync.example", 17 } },
};
static const struct edge_conf edge_conf = {
	.inside = { .external = true, .hop = hops, .hop_count = 1 }
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint8_t key[SEAL_KEY_BYTES] = { 1, 2, 3 };
	char error[256];
	w->edge.name = strdup("edge.contoso.test");
	w->edge.current = &w->generation;
	w->generation.conf = &edge_conf;
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

/* The message as it comes back to servers inside. */
static int enter(struct world *w, struct slice text, struct buf *out)
{
	struct sip_msg m;
	struct sip_edits edits;
	sip_edits_init(&edits);
	if (sip_parse(w->arena, text, &sip_limits_default, &m))
		return -1;
	hide_reveal(&w->edge, w->arena, &m, &edits);
	return edits.failed ? -1 : sip_encode(out, &m, &edits);
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
		struct sip_hidden back;
		snprintf(line, sizeof(line),
			 "Contact: \"A\" <%s>;expires=60\r\n", uris[i]);
		buf_init(&b, 0);
		buf_init(&again, 0);
		assert_int_equal(leave(w, line, &b), 0);
		buf_u8(&b, 0);
		struct sip_uri uri = contact_of(&b);
		assert_true(slice_eq(uri.host, SLICE_LIT("contoso.test")));
		assert_int_equal(uri.port, 0);
		assert_non_null(strstr((char *)b.ptr, ">;expires=60\r\n"));
		assert_non_null(strstr((char *)b.ptr, "Contact: \"A\" <"));
		assert_non_null(strstr((char *)b.ptr, "\r\n\r\nbody"));
		assert_true(hide_open(&w->edge, &uri, &back));
		assert_true(slice_eq(back.uri, slice_str(uris[i])));
		assert_true(
			slice_eq(back.aor, SLICE_LIT("alice@contoso.test")));
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
		      "MS-Secret: inner\r\n"
		      "Remote-Party-Id: <sip:a@inner>\r\nms-text-format: "
		      "text/plain\r\n"
		      "m: <sip:a@inner>, <sip:b@inner>\r\nX-Other: y\r\n",
		      &b),
		0);
	buf_u8(&b, 0);
	assert_null(strstr((char *)b.ptr, "inner"));
	assert_non_null(strstr((char *)b.ptr, "ms-text-format: text/plain"));
	assert_non_null(strstr((char *)b.ptr, "X-Other: y"));
	const char *first = strstr((char *)b.ptr, "<sip:a@contoso.test");
	assert_non_null(first);
	assert_non_null(strstr(first, "<sip:b@contoso.test"));
	buf_free(&b);
}

static bool opens(struct world *w, const char *text)
{
	struct sip_uri uri;
	struct sip_hidden back;
	assert_int_equal(sip_uri_parse(slice_str(text), &uri), 0);
	return hide_open(&w->edge, &uri, &back);
}

static void test_made_up(void **state)
{
	struct world *w = *state;
	struct buf b;
	char text[512];
	buf_init(&b, 0);
	assert_int_equal(sip_hidden_seal(w->edge.sealer, SLICE_NONE,
					 SLICE_LIT("no uri"), &b),
			 0);
	snprintf(text, sizeof(text), "sip:a@edge.contoso.test;inside=%.*s",
		 SLICE_FMT(buf_slice(&b)));
	assert_false(opens(w, text));
	assert_false(opens(w, "sip:a@edge.contoso.test"));
	assert_false(opens(w, "sip:a@edge.contoso.test;inside"));
	assert_false(opens(w, "sip:a@edge.contoso.test;inside=aaaa"));
	buf_reset(&b);
	assert_int_equal(sip_hidden_seal(w->edge.sealer, SLICE_NONE,
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
	int err = leave(arg,
			"Contact: <sip:a@inner>\r\n"
			"Refer-To: <sip:b@inner>\r\n",
			&b);
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

/* What stands between < and the ? or > in the first line of that name. */
static struct sip_uri uri_of(const char *text, const char *name)
{
	struct sip_uri uri = { 0 };
	const char *line = strstr(text, name);
	assert_non_null(line);
	const char *from = strchr(line, '<') + 1;
	assert_int_equal(
		sip_uri_parse(slice_of(from, strcspn(from, "?>")), &uri), 0);
	return uri;
}

/* A device is hidden as in a Contact, at the domain that others know; what the
 * new request is to carry stays, and the inside gets all of it back. */
static void test_refer_to(void **state)
{
	static const char *const hosts[] = {
		"192.168.7.9:5070", "[fd00::9]",      "desk",
		"x7f.invalid",      "pbx.home.arpa",  "pool.contoso.internal",
		"fe1.lync.example", "a.contoso.test", "contoso.test:5070",
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		char line[512], whole[96];
		struct sip_hidden opened;
		struct buf out, back;
		buf_init(&out, 0);
		buf_init(&back, 0);
		snprintf(whole, sizeof(whole), "sip:carol@%s;transport=tls",
			 hosts[i]);
		snprintf(
			line, sizeof(line),
			"Refer-To: \"A\" <%s?Replaces=x%%3Bto-tag%%3D1>;y=z\r\n"
			"Referred-By: <sip:alice@%s>\r\n",
			whole, hosts[i]);
		assert_int_equal(leave(w, line, &out), 0);
		buf_u8(&out, 0);
		const char *text = (const char *)out.ptr;
		assert_null(strstr(text, "desk"));
		assert_non_null(
			strstr(text, "?Replaces=x%3Bto-tag%3D1>;y=z\r\n"));
		struct sip_uri uri = uri_of(text, "Refer-To: \"A\" <");
		assert_true(slice_eq(uri.host, SLICE_LIT("contoso.test")));
		assert_int_equal(uri.port, 0);
		assert_true(hide_open(&w->edge, &uri, &opened));
		assert_true(slice_eq(opened.uri, slice_str(whole)));
		assert_true(
			slice_eq(opened.aor, SLICE_LIT("carol@contoso.test")));
		uri = uri_of(text, "Referred-By: <");
		assert_true(slice_eq(uri.host, SLICE_LIT("contoso.test")));
		out.len--;
		assert_int_equal(enter(w, buf_slice(&out), &back), 0);
		buf_u8(&back, 0);
		assert_non_null(strstr((char *)back.ptr, line));
		buf_free(&out);
		buf_free(&back);
	}
}

/* Those of others, and what is known outside anyhow. */
static void test_refer_to_others(void **state)
{
	static const char *const lines[] = {
		"Refer-To: <sip:carol@litware.test?Replaces=x>\r\n",
		"Refer-To: <sip:carol@contoso.test>\r\n",
		"Refer-To: <sip:carol@edge.contoso.test;inside=x>\r\n",
		"Refer-To: <sip:carol@sub.contoso.test>\r\n",
		"Refer-To: <sip:carol@sip.fabrikam.test>\r\n",
		"Refer-To: <tel:+4912345>\r\n",
		"Refer-To: <https://pool.contoso.internal/x>\r\n",
		"Referred-By: <sip:alice@contoso.test>;cid=\"1@x\"\r\n",
		"Replaces: a@10.0.0.1;to-tag=1;from-tag=2\r\n",
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct buf out, back;
		buf_init(&out, 0);
		buf_init(&back, 0);
		assert_int_equal(leave(w, lines[i], &out), 0);
		assert_int_equal(enter(w, buf_slice(&out), &back), 0);
		buf_u8(&out, 0);
		buf_u8(&back, 0);
		assert_non_null(strstr((char *)out.ptr, lines[i]));
		assert_non_null(strstr((char *)back.ptr, lines[i]));
		buf_free(&out);
		buf_free(&back);
	}
}

/* Nobody who is not ours is made the owner. */
static void test_owner(void **state)
{
	struct world *w = *state;
	struct sip_hidden opened;
	struct sip_uri uri;
	struct sip_msg m;
	struct sip_edits edits;
	struct buf out;
	const char *text = "SIP/2.0 200 OK\r\n"
			   "Via: SIP/2.0/TLS h;branch=z9hG4bK1\r\n"
			   "From: <sip:zoe@fabrikam.test>;tag=1\r\n"
			   "To: <sip:x@elsewhere.test>;tag=2\r\n"
			   "Call-ID: 1\r\nCSeq: 1 INVITE\r\n"
			   "Contact: <sip:alice@10.0.0.1>\r\n"
			   "Content-Length: 0\r\n\r\n";
	buf_init(&out, 0);
	sip_edits_init(&edits);
	assert_null(
		sip_parse(w->arena, slice_str(text), &sip_limits_default, &m));
	hide_inside(&w->edge, w->arena, &m, &edits);
	assert_int_equal(sip_encode(&out, &m, &edits), 0);
	buf_u8(&out, 0);
	uri = uri_of((char *)out.ptr, "Contact:");
	assert_true(slice_eq(uri.host, slice_str(w->edge.name)));
	assert_true(hide_open(&w->edge, &uri, &opened));
	assert_true(slice_empty(opened.aor));
	assert_true(slice_eq(opened.uri, SLICE_LIT("sip:alice@10.0.0.1")));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_refer_to, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refer_to_others, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_owner, setup, teardown),
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
