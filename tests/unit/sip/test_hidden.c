/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed URIs of the inside: what opens, whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sip/hidden.h"
#include "support/oom.h"

static const char HIDDEN[] = "sip:alice@10.0.0.1:5061;transport=tls";

static struct sealer *make(uint8_t first)
{
	struct sealer *s;
	uint8_t key[SEAL_KEY_BYTES] = { first, 1, 2 };
	if (sealer_create(&s))
		return NULL;
	if (sealer_add(s, first, key)) {
		sealer_free(s);
		return NULL;
	}
	return s;
}

/* The URI around the token; text belongs to the caller. */
static int wrap(struct sealer *s, const char *aor, const char *uri,
		struct buf *text, struct sip_uri *out)
{
	buf_str(text, "sip:alice@edge.contoso.test;inside=");
	int err = sip_hidden_seal(s, slice_str(aor), slice_str(uri), text);
	if (err)
		return err;
	return buf_failed(text) ? -ENOMEM : sip_uri_parse(buf_slice(text), out);
}

static int there_and_back(void *arg)
{
	struct sealer *s = make(1);
	struct sip_hidden h;
	struct sip_uri uri;
	struct buf b;
	(void)arg;
	buf_init(&b, 0);
	int err = s ? wrap(s, "alice@contoso.test", HIDDEN, &b, &uri) : -ENOMEM;
	if (!err) {
		assert_true(sip_hidden_is(&uri));
		assert_int_equal(sip_hidden_open(s, &uri, &h), 0);
		assert_true(slice_eq(h.aor, SLICE_LIT("alice@contoso.test")));
		assert_true(slice_eq(h.uri, slice_str(HIDDEN)));
	}
	buf_free(&b);
	sealer_free(s);
	return err;
}

static void it_comes_back(void **state)
{
	(void)state;
	assert_int_equal(there_and_back(NULL), 0);
	oom_walk(there_and_back, NULL);
}

static void of_nobody(void **state)
{
	struct sealer *s = make(1);
	struct sip_hidden h;
	struct sip_uri uri;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	assert_int_equal(wrap(s, "", HIDDEN, &b, &uri), 0);
	assert_int_equal(sip_hidden_open(s, &uri, &h), 0);
	assert_true(slice_empty(h.aor));
	assert_true(slice_eq(h.uri, slice_str(HIDDEN)));
	buf_free(&b);
	sealer_free(s);
}

static void what_does_not_open(void **state)
{
	struct sealer *ours = make(1), *theirs = make(2);
	struct sip_hidden h;
	struct sip_uri uri;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	assert_int_equal(wrap(theirs, "a@b.test", HIDDEN, &b, &uri), 0);
	assert_int_not_equal(sip_hidden_open(ours, &uri, &h), 0);
	buf_reset(&b);
	assert_int_equal(wrap(ours, "a@b.test", HIDDEN, &b, &uri), 0);
	for (size_t i = 0; i < b.len; i++) { /* each byte of the token counts */
		uint8_t was = b.ptr[i];
		b.ptr[i] = was == 'a' ? 'b' : 'a';
		if (i >= 35 && !sip_uri_parse(buf_slice(&b), &uri))
			assert_int_not_equal(sip_hidden_open(ours, &uri, &h),
					     0);
		b.ptr[i] = was;
	}
	buf_reset(&b);
	assert_int_equal(wrap(ours, "a@b.test", "no uri", &b, &uri), 0);
	assert_int_equal(sip_hidden_open(ours, &uri, &h), -EINVAL);
	assert_int_equal(sip_uri_parse(SLICE_LIT("sip:a@b.test"), &uri), 0);
	assert_false(sip_hidden_is(&uri));
	assert_int_equal(sip_hidden_open(ours, &uri, &h), -EINVAL);
	buf_free(&b);
	sealer_free(ours);
	sealer_free(theirs);
}

static void lengths(void **state)
{
	static char text[SIP_HIDDEN_MAX + 2];
	struct sealer *s = make(1);
	struct sip_hidden h;
	struct sip_uri uri;
	struct buf b;
	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "sip:", 4);
	buf_init(&b, 0);
	assert_int_equal(wrap(s, "a@b.test", text, &b, &uri), -E2BIG);
	text[SIP_HIDDEN_MAX] = '\0';
	buf_reset(&b);
	assert_int_equal(wrap(s, "a@b.test", text, &b, &uri), 0);
	assert_int_equal(sip_hidden_open(s, &uri, &h), 0);
	assert_int_equal(h.uri.len, SIP_HIDDEN_MAX);
	buf_free(&b);
	sealer_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_back),
		cmocka_unit_test(of_nobody),
		cmocka_unit_test(what_does_not_open),
		cmocka_unit_test(lengths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
