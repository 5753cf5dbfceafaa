/* SPDX-License-Identifier: Apache-2.0 */
/* Digest: the vectors of RFC 7616 3.9.1, parts missing or twice (SIP-23). */
#include <errno.h>

#include "stream.h"

#include "sip/auth.h"
#include "support/oom.h"

#define NONCE "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define MUFASA(alg, response)                                                \
	"Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "      \
	"uri=\"/dir/index.html\", algorithm=" alg ", nonce=\"" NONCE "\", "  \
	"nc=00000001, cnonce=\"" CNONCE "\", qop=auth, response=\"" response \
	"\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""

static void assert_vector(const char *header, enum sip_algorithm alg)
{
	struct arena *a = arena_create(1024, 1 << 16);
	char ha1[SIP_HA_MAX], response[SIP_HA_MAX];
	struct sip_credentials c;

	assert_int_equal(sip_credentials_parse(a, slice_str(header), &c), 0);
	assert_true(c.digest && c.qop_auth);
	assert_int_equal(c.algorithm, alg);
	assert_int_equal(sip_ha1(alg, c.username, c.realm,
				 SLICE_LIT("Circle of Life"), ha1),
			 0);
	assert_int_equal(
		sip_digest_response(&c, ha1, SLICE_LIT("GET"), response), 0);
	assert_slice(slice_str(response), c.response);
	assert_int_equal(
		sip_digest_response(&c, ha1, SLICE_LIT("PUT"), response), 0);
	assert_false(slice_eq(slice_str(response), c.response));
	arena_free(a);
}

static void test_vectors(void **state)
{
	(void)state;
	assert_vector(MUFASA("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
		      SIP_ALG_MD5);
	assert_vector(MUFASA("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10"
					"daf4496794697cf8db5856cb6c1"),
		      SIP_ALG_SHA256);
}

/* RFC 2617 3.5 with its qop left out: H(HA1:nonce:HA2). */
static void test_without_qop(void **state)
{
	struct sip_credentials c = {
		.nonce = SLICE_LIT("dcd98b7102dd2f0e8b11d0f600bfb0c093"),
		.uri = SLICE_LIT("/dir/index.html"),
		.algorithm = SIP_ALG_MD5,
	};
	char ha1[SIP_HA_MAX], response[SIP_HA_MAX];

	(void)state;
	sip_ha1(SIP_ALG_MD5, SLICE_LIT("Mufasa"),
		SLICE_LIT("testrealm@host.com"), SLICE_LIT("Circle Of Life"),
		ha1);
	assert_string_equal(ha1, "939e7578ed9e3c518a452acee763bce9");
	assert_int_equal(
		sip_digest_response(&c, ha1, SLICE_LIT("GET"), response), 0);
	assert_string_equal(response, "670fd8c2df070c60b045671b8b24ff02");
	c.algorithm = SIP_ALG_UNKNOWN;
	assert_int_equal(
		sip_digest_response(&c, ha1, SLICE_LIT("GET"), response),
		-EINVAL);
}

#define FIVE                                                           \
	"Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"sip:x\"," \
	"response=\"0a\""

static void test_credentials(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{ FIVE, 0 },
		{ "DIGEST\r\n "
		  "username = \"u\" ,\r\n\trealm=\"r\","
		  "nonce=\"n\",uri=\"x\",response=\"0\"",
		  0 },
		{ FIVE ",algorithm=\"MD5\",x=y,z=\"\\\"\"", 0 },
		{ FIVE ",qop=\"auth\",nc=0000000a,cnonce=\"\"", 0 },
		{ "NTLM qop=\"auth\"", 0 },
		{ "NoOneKnowsThisScheme opaque-data=here", 0 },
		{ "", -EINVAL },
		{ "Digest", -EINVAL },
		{ "Digest x", -EINVAL },
		{ "Digest username=\"u\"", -EINVAL },
		{ FIVE ",", -EINVAL },
		{ FIVE ",,x=y", -EINVAL },
		{ FIVE " x=y", -EINVAL },
		{ FIVE ",x=\"open", -EINVAL },
		{ FIVE ",username=\"v\"", -EINVAL },
		{ FIVE ",realm=\"r\"", -EINVAL },
		{ FIVE ",qop=auth", -EINVAL },
		{ FIVE ",qop=auth,nc=1,cnonce=\"c\"", -EINVAL },
		{ FIVE ",qop=auth,nc=0000000g,cnonce=\"c\"", -EINVAL },
		{ FIVE ",qop=auth,nc=00000001", -EINVAL },
		{ FIVE ",qop=auth-int,nc=00000001,cnonce=\"c\"", -EINVAL },
		{ "Digest username=u,realm=\"r\",nonce=\"n\",uri=\"x\","
		  "response=\"0\"",
		  -EINVAL },
		{ "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"x\","
		  "response=\"zz\"",
		  -EINVAL },
		{ "Digest username=\"u\",realm=\"r\",nonce=\"n\",uri=\"x\","
		  "response=\"\"",
		  -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *a = arena_create(1024, 1 << 16);
		struct sip_credentials c;
		int rc = sip_credentials_parse(a, slice_str(rows[i].text), &c);
		if (rc != rows[i].rc)
			fail_msg("%s gives %d", rows[i].text, rc);
		arena_free(a);
	}
}

/* Quoted pairs and a NUL survive being read and written (SIP-09). */
static void test_quotes(void **state)
{
	static const char text[] =
		"Digest username=\"a\\\"b\\\\c\\\0d\",realm=\"x\r\n y\","
		"nonce=\"\",uri=\"u\",response=\"00\"";
	struct arena *a = arena_create(1024, 1 << 16);
	struct sip_credentials c, again;
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	assert_int_equal(sip_credentials_parse(a, SLICE_LIT(text), &c), 0);
	assert_slice(c.username, slice_of("a\"b\\c\0d", 7));
	assert_slice(c.realm, SLICE_LIT("x y"));
	assert_int_equal(c.algorithm, SIP_ALG_MD5);
	sip_credentials_write(&out, &c);
	assert_int_equal(sip_credentials_parse(a, buf_slice(&out), &again), 0);
	assert_slice(again.username, c.username);
	c.realm = SLICE_LIT("a\r\nb: c");
	sip_credentials_write(&out, &c);
	assert_true(buf_failed(&out));
	buf_free(&out);
	arena_free(a);
}

static void test_challenge(void **state)
{
	struct arena *a = arena_create(1024, 1 << 16);
	struct sip_challenge c = { .realm = SLICE_LIT("contoso.test"),
				   .nonce = SLICE_LIT("n1"),
				   .algorithm = SIP_ALG_SHA256,
				   .qop_auth = true,
				   .stale = true };
	struct sip_challenge d;
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	sip_challenge_write(&out, &c);
	assert_slice(buf_slice(&out),
		     SLICE_LIT("Digest realm=\"contoso.test\", nonce=\"n1\", "
			       "stale=true, algorithm=SHA-256, qop=\"auth\""));
	assert_int_equal(sip_challenge_parse(a, buf_slice(&out), &d), 0);
	assert_true(d.digest && d.stale && d.qop_auth);
	assert_int_equal(d.algorithm, SIP_ALG_SHA256);
	assert_slice(d.nonce, c.nonce);
	assert_int_equal(
		sip_challenge_parse(a,
				    SLICE_LIT("Digest realm=\"r\",nonce=\"n\","
					      "qop=\"auth-int, auth\""),
				    &d),
		0);
	assert_true(d.qop_auth && !d.stale);
	assert_int_equal(d.algorithm, SIP_ALG_MD5);
	assert_int_equal(
		sip_challenge_parse(a,
				    SLICE_LIT("Digest realm=\"r\",nonce=\"n\","
					      "qop=\"auth-int\""),
				    &d),
		0);
	assert_int_equal(d.algorithm, SIP_ALG_UNKNOWN);
	assert_int_equal(
		sip_challenge_parse(a, SLICE_LIT("Digest realm=\"r\""), &d),
		-EINVAL);
	buf_free(&out);
	arena_free(a);
}

static int parse_once(void *arg)
{
	struct arena *a = arena_create(16, 1 << 16);
	struct sip_credentials c;

	(void)arg;
	if (!a)
		return -1;
	int rc = sip_credentials_parse(
		a, SLICE_LIT(FIVE ",opaque=\"a\\\"bcdefghijklmnopqrstuvwxyz\""),
		&c);
	arena_free(a);
	return rc;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(parse_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_without_qop),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_challenge),
		cmocka_unit_test(test_oom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
