/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of one device: which URN can be one, and what is sealed opens for
 * us alone (RFC 5627). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sip/gruu.h"
#include "support/oom.h"

static void which_instances_have_a_urn(void **state)
{
	static const struct {
		const char *instance, *urn;
	} rows[] = {
		{ "\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"",
		  "urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF" },
		{ "\"<URN:uuid:1>\"", "URN:uuid:1" },
		{ "<urn:uuid:1>", "" },
		{ "\"urn:uuid:1\"", "" },
		{ "\"<mailto:a@b>\"", "" },
		{ "\"<urn:uuid:1;x=y>\"", "" },
		{ "\"<urn:uuid:\\\"1>\"", "" },
		{ "\"<>\"", "" },
		{ "\"<", "" },
		{ "\"<\"", "" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice got =
			sip_instance_urn(slice_str(rows[i].instance));
		if (!slice_eq(got, slice_str(rows[i].urn)))
			fail_msg("%s: %.*s", rows[i].instance, SLICE_FMT(got));
	}
}

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

static const struct sip_gruu sample = { "alice@contoso.test", { 1, 2, 3 }, 7 };

static int seal_and_open(struct sealer *by, struct sealer *with,
			 struct sip_gruu *out)
{
	struct buf b;
	struct sip_uri uri;
	buf_init(&b, 0);
	buf_str(&b, "sip:");
	int err = sip_gruu_seal(by, &sample, &b);
	buf_str(&b, "@contoso.test;gr");
	if (!err && buf_failed(&b))
		err = -ENOMEM;
	if (!err)
		err = sip_uri_parse(buf_slice(&b), &uri);
	if (!err && (!sip_gruu_is(&uri) || sip_gruu_urn(&uri).len))
		err = -EPROTO;
	if (!err)
		err = sip_gruu_open(with, &uri, out);
	buf_free(&b);
	return err;
}

static void it_opens_for_us_alone(void **state)
{
	struct sealer *ours = make(1), *same = make(1), *other = make(2);
	struct sip_gruu out = { .number = 0 };
	struct sip_uri uri;
	(void)state;
	assert_int_equal(seal_and_open(ours, same, &out), 0);
	assert_string_equal(out.aor, sample.aor);
	assert_memory_equal(out.device, sample.device, sizeof(out.device));
	assert_int_equal(out.number, 7);
	assert_int_equal(seal_and_open(ours, other, &out), -ENOKEY);
	assert_int_equal(
		sip_uri_parse(SLICE_LIT("sip:a@contoso.test;gr"), &uri), 0);
	assert_true(sip_gruu_open(ours, &uri, &out) < 0);
	sealer_free(ours);
	sealer_free(same);
	sealer_free(other);
}

static int once(void *arg)
{
	struct sip_gruu out;
	struct sealer *s = make(1);
	(void)arg;
	if (!s)
		return -ENOMEM;
	int err = seal_and_open(s, s, &out);
	sealer_free(s);
	return err;
}

static void survives_failing_allocations(void **state)
{
	(void)state;
	oom_walk(once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_instances_have_a_urn),
		cmocka_unit_test(it_opens_for_us_alone),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
