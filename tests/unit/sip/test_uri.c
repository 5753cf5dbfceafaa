/* SPDX-License-Identifier: Apache-2.0 */
/* URIs: reading, escapes, parameters, comparison, canonical forms (RFC 3261
 * 19.1, RFC 5118, SIP-26). */
#include <errno.h>

#include "stream.h"

#include "sip/uri.h"

static void test_accepted(void **state)
{
	static const struct {
		const char *text, *user, *password, *host, *params, *headers;
		uint16_t port;
	} rows[] = {
		{ "sip:b.test", "", "", "b.test", "", "", 0 },
		{ "SIPS:a@B.test.:5061", "a", "", "B.test.", "", "", 5061 },
		{ "sip:a:p&=+$,@b.test;lr;x=y/z:[]?h=v&i=", "a", "p&=+$,",
		  "b.test", ";lr;x=y/z:[]", "?h=v&i=", 0 },
		{ "sip:u;par=u%40example.net@b.test", "u;par=u%40example.net",
		  "", "b.test", "", "", 0 },
		{ "sip:sips%3Auser%40a.test@b.test", "sips%3Auser%40a.test", "",
		  "b.test", "", "", 0 },
		{ "sip:null-%00-null@b.test", "null-%00-null", "", "b.test", "",
		  "", 0 },
		{ "sip:a@192.0.2.1:65535", "a", "", "192.0.2.1", "", "",
		  65535 },
		{ "sip:[2001:db8::10:5070]", "", "", "2001:db8::10:5070", "",
		  "", 0 },
		{ "sip:[2001:db8::10]:5070", "", "", "2001:db8::10", "", "",
		  5070 },
		{ "sip:a@[::ffff:192.0.2.2]", "a", "", "::ffff:192.0.2.2", "",
		  "", 0 },
		{ "sip:a@[2001:db8:::192.0.2.1]", "a", "",
		  "2001:db8:::192.0.2.1", "", "", 0 },
		{ "tel:+1-(201).555;ext=12", "+1-(201).555", "", "", ";ext=12",
		  "", 0 },
		{ "tel:*21#;phone-context=b.test", "*21#", "", "",
		  ";phone-context=b.test", "", 0 },
		{ "http://a.test/x?y", "", "", "", "", "", 0 },
		{ "urn:uuid:1", "", "", "", "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sip_uri u;
		if (sip_uri_parse(slice_str(rows[i].text), &u) != 0)
			fail_msg("refused: %s", rows[i].text);
		assert_slice(u.user, slice_str(rows[i].user));
		assert_slice(u.password, slice_str(rows[i].password));
		assert_slice(u.host, slice_str(rows[i].host));
		assert_slice(u.params, slice_str(rows[i].params));
		assert_slice(u.headers, slice_str(rows[i].headers));
		assert_int_equal(u.port, rows[i].port);
	}
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"sip",
		"sip:",
		":a",
		"1sip:a",
		"sip:@b.test",
		"sip:a@",
		"sip: a@b.test",
		"sip:a @b.test",
		"sip:a@b@c.test",
		"sip:a@b.test:",
		"sip:a@b.test:0",
		"sip:a@b.test:65536",
		"sip:a@b.test:+1",
		"sip:a@b.test;",
		"sip:a@b.test;;lr",
		"sip:a@b.test;=x",
		"sip:a@b.test;x=",
		"sip:a@b.test?",
		"sip:a@b.test?x",
		"sip:a@b.test?x=y&",
		"sip:a%4@b.test",
		"sip:a%@b.test",
		"sip:a%4g@b.test",
		"sip:<a@b.test>",
		"sip:a@b_c.test",
		"sip:a@-b.test",
		"sip:a@b-.test",
		"sip:a@b..test",
		"sip:a@.b.test",
		"sip:a@.",
		"sip:a@b.1",
		"sip:a@256.1.1.1",
		"sip:a@1.2.3",
		"sip:a@1.2.3.4.5",
		"sip:a@b%2etest",
		"sip:a@2001:db8::1",
		"sip:a@[2001:db8::1",
		"sip:a@[]",
		"sip:a@[1:2]",
		"sip:a@[fe80::1%25eth0]",
		"sip:a@[2001:db8:::1]",
		"sip:a@[1:::2:::192.0.2.1]",
		"sip:a@[::1]x",
		"sip:a@b\xc3\xa9.test",
		"sip:\xc3\xa9@b.test",
		"sip:a\"b@c.test",
		"tel:",
		"tel:+",
		"tel:-",
		"tel:+12*3",
		"tel:12@b.test",
		"x:",
		"x:a b",
		"x:a%zz",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sip_uri u;
		if (sip_uri_parse(slice_str(rows[i]), &u) == 0)
			fail_msg("accepted: %s", rows[i]);
	}
}

/* RFC 3261 19.1.4, its examples first. */
static void test_equal(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{ "sip:%61lice@atlanta.com;transport=TCP",
		  "sip:alice@AtLanTa.CoM;Transport=tcp", true },
		{ "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5",
		  true },
		{ "sip:carol@chicago.com;security=on",
		  "sip:carol@chicago.com;newparam=5", true },
		{ "sip:biloxi.com;transport=tcp;method=REGISTER"
		  "?to=sip:bob%40biloxi.com",
		  "sip:biloxi.com;method=REGISTER;transport=tcp"
		  "?to=sip:bob%40biloxi.com",
		  true },
		{ "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
		  "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
		  true },
		{ "sip:ALICE@a.com;Transport=udp", "sip:alice@a.com", false },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp",
		  false },
		{ "sip:carol@chicago.com",
		  "sip:carol@chicago.com?Subject=next%20meeting", false },
		{ "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4",
		  false },
		{ "sip:carol@chicago.com;security=on",
		  "sip:carol@chicago.com;security=off", false },
		{ "sip:a@b.com", "sips:a@b.com", false },
		{ "sip:a@b.com", "sip:a@b.com.", true },
		{ "sip:a@b.com;user=phone", "sip:a@b.com", false },
		{ "sip:a@b.com", "sip:a@b.com;maddr=192.0.2.1", false },
		{ "sip:a%2Fb@b.com", "sip:a/b@b.com", false },
		{ "sip:a%2Fb@b.com", "sip:a%2fb@b.com", true },
		{ "sip:a%00b@b.com", "sip:a%00c@b.com", false },
		{ "sip:a%2541@b.com", "sip:aA@b.com", false },
		{ "sip:a:p@b.com", "sip:a:q@b.com", false },
		{ "sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::0:1]", true },
		{ "sip:a@[2001:db8:::192.0.2.1]", "sip:a@[2001:db8::c000:201]",
		  true },
		{ "sip:a@b.com;n%61me=x", "sip:a@b.com;name=X", true },
		{ "sip:a@b.com;n%61me=x", "sip:a@b.com;name=y", false },
		{ "sip:a@b.com;x=1;x=2", "sip:a@b.com;x=1;x=2", true },
		{ "tel:+1-201", "tel:+12(01)", true },
		{ "tel:+1201", "tel:1201", false },
		{ "tel:+1201;ext=1", "tel:+1201", false },
		{ "x:a", "x:a", true },
		{ "x:a", "x:A", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sip_uri a, b;
		assert_int_equal(sip_uri_parse(slice_str(rows[i].a), &a), 0);
		assert_int_equal(sip_uri_parse(slice_str(rows[i].b), &b), 0);
		if (sip_uri_equal(&a, &b) != rows[i].equal ||
		    sip_uri_equal(&b, &a) != rows[i].equal)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

/* Every spelling of a domain has one canonical form, or none (SIP-26). */
static void test_domain(void **state)
{
	static const struct {
		const char *host, *want;
	} rows[] = {
		{ "contoso.test", "contoso.test" },
		{ "CONTOSO.Test", "contoso.test" },
		{ "contoso.test.", "contoso.test" },
		{ "XN--BCHER-KVA.test", "xn--bcher-kva.test" },
		{ "b\xc3\xbc"
		  "cher.test",
		  NULL },
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.01", NULL },
		{ "192.0.2.1.", NULL },
		{ "2001:DB8:0:0::1", "2001:db8::1" },
		{ "[2001:db8::1]", "2001:db8::1" },
		{ "[contoso.test]", NULL },
		{ "contoso%2etest", NULL },
		{ "contoso.test..", NULL },
		{ "contoso.test:5061", NULL },
		{ "a@contoso.test", NULL },
		{ "", NULL },
		{ ".", NULL },
		{ "[]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char out[SIP_DOMAIN_MAX] = "";
		int rc = sip_domain(slice_str(rows[i].host), out);
		if (rc != (rows[i].want ? 0 : -EINVAL))
			fail_msg("%s gives %d", rows[i].host, rc);
		if (rows[i].want)
			assert_string_equal(out, rows[i].want);
	}
}

static void test_domain_lengths(void **state)
{
	char name[300], out[SIP_DOMAIN_MAX];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_int_equal(sip_domain(slice_of(name, 63), out), 0);
	assert_int_equal(sip_domain(slice_of(name, 64), out), -EINVAL);
	for (size_t i = 50; i < sizeof(name); i += 51)
		name[i] = '.';
	assert_int_equal(sip_domain(slice_of(name, 253), out), 0);
	assert_int_equal(sip_domain(slice_of(name, 254), out), -EINVAL);
	assert_int_equal(sip_domain(slice_of("a\0b", 3), out), -EINVAL);
}

static void test_aor(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "sip:alice@contoso.test", "alice@contoso.test" },
		{ "sips:%61lice:pw@CONTOSO.test.:5061;transport=tls?x=y",
		  "alice@contoso.test" },
		{ "alice@Contoso.TEST", "alice@contoso.test" },
		{ "sip:a%40b@contoso.test", "a%40b@contoso.test" },
		{ "sip:a%00b@contoso.test", "a%00b@contoso.test" },
		{ "sip:a%2541@contoso.test", "a%2541@contoso.test" },
		{ "sip:%e4@contoso.test", "%E4@contoso.test" },
		{ "sip:a@[2001:DB8::1]", "a@[2001:db8::1]" },
		{ "sip:contoso.test", NULL },
		{ "tel:+12", NULL },
		{ "alice", NULL },
		{ "@contoso.test", NULL },
		{ "a@b@contoso.test", NULL },
		{ "a:b@contoso.test", NULL },
		{ "a@contoso.test:5061", NULL },
		{ "a@contoso.test;x", NULL },
		{ " a@contoso.test", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char out[SIP_AOR_MAX] = "";
		int rc = sip_aor_text(slice_str(rows[i].text), out);
		if (rc != (rows[i].want ? 0 : -EINVAL))
			fail_msg("%s gives %d", rows[i].text, rc);
		if (rows[i].want)
			assert_string_equal(out, rows[i].want);
	}
}

static void test_aor_too_long(void **state)
{
	char text[700] = "sip:", out[SIP_AOR_MAX];

	(void)state;
	memset(text + 4, 'u', 600);
	strcpy(text + 604, "@b.test");
	assert_int_equal(sip_aor_text(slice_str(text), out), -EINVAL);
	strcpy(text + 4 + 504, "@b.test");
	assert_int_equal(sip_aor_text(slice_str(text), out), 0);
	assert_int_equal(strlen(out), SIP_AOR_MAX - 1);
}

static void test_params(void **state)
{
	struct slice rest = SLICE_LIT(";a=b ; C = \"x;y\\\"\" ;\r\n d;E=f");
	struct slice value, name;

	(void)state;
	assert_true(sip_param(rest, "c", &value));
	assert_slice(value, SLICE_LIT("\"x;y\\\"\""));
	assert_true(sip_param(rest, "D", &value));
	assert_int_equal(value.len, 0);
	assert_true(sip_param(rest, "e", &value));
	assert_slice(value, SLICE_LIT("f"));
	assert_false(sip_param(rest, "y", &value));
	assert_true(sip_param_next(&rest, &name, &value));
	assert_slice(name, SLICE_LIT("a"));
	assert_false(sip_param(SLICE_LIT("a=b"), "a", &value));
	assert_false(sip_param(SLICE_NONE, "a", &value));
}

static void test_unescape(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	assert_int_equal(sip_unescape(SLICE_LIT("a%00%25%34%31"), &out), 0);
	assert_slice(buf_slice(&out), slice_of("a\0%41", 5));
	assert_int_equal(sip_unescape(SLICE_LIT("%4"), &out), -EINVAL);
	assert_int_equal(sip_unescape(SLICE_LIT("%Z%45"), &out), -EINVAL);
	buf_reset(&out);
	sip_escape_user(&out, slice_of("a \0@;/\xe4", 7));
	assert_slice(buf_slice(&out), SLICE_LIT("a%20%00%40;/%E4"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_domain),
		cmocka_unit_test(test_domain_lengths),
		cmocka_unit_test(test_aor),
		cmocka_unit_test(test_aor_too_long),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_unescape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
