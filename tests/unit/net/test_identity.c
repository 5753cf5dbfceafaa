/* SPDX-License-Identifier: Apache-2.0 */
/* Names by RFC 5922 7.1: URIs first, then DNS; what is no name. */
#include "net/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "support/certs.h"
#include "support/oom.h"

static int read_names(struct net_peer *peer, const char *san,
		      const char **defect)
{
	struct cert_spec spec = { .san = san };
	struct test_cert cert;

	memset(peer, 0, sizeof(*peer));
	certs_make(&cert, &spec, NULL);
	int err = identity_read(peer, cert.cert, defect);
	certs_free(&cert);
	return err;
}

static void which_names_count(void **state)
{
	static const struct {
		const char *san;
		int err;
		const char *defect;
		const char *name[3];
	} rows[] = {
		{ "DNS:a.test", 0, NULL, { "a.test" } },
		{ "DNS:A.Test", 0, NULL, { "a.test" } },
		{ "DNS:a.test.", 0, NULL, { "a.test" } },
		{ "DNS:a.test,DNS:A.TEST,DNS:b.test",
		  0,
		  NULL,
		  { "a.test", "b.test" } },
		{ "DNS:xn--bcher-kva.test", 0, NULL, { "xn--bcher-kva.test" } },
		{ "URI:sip:u.test,DNS:a.test", 0, NULL, { "u.test" } },
		{ "DNS:a.test,URI:SIP:U.test,URI:sip:v.test",
		  0,
		  NULL,
		  { "u.test", "v.test" } },
		{ "URI:sip:bob@u.test,DNS:a.test", 0, NULL, { "a.test" } },
		{ "URI:sips:u.test,DNS:a.test", 0, NULL, { "a.test" } },
		{ "URI:http://u.test,DNS:a.test", 0, NULL, { "a.test" } },
		{ "URI:sip:u.test:5061,DNS:a.test",
		  0,
		  "bad_name",
		  { "a.test" } },
		{ "DNS:*.a.test,DNS:b.test", 0, "wildcard", { "b.test" } },
		{ "DNS:*", -ENOENT, "wildcard", { NULL } },
		{ "DNS:a*.test", -ENOENT, "bad_name", { NULL } },
		{ "DNS:-a.test", -ENOENT, "bad_name", { NULL } },
		{ "DNS:a-.test", -ENOENT, "bad_name", { NULL } },
		{ "DNS:a..test", -ENOENT, "bad_name", { NULL } },
		{ "DNS:a b.test", -ENOENT, "bad_name", { NULL } },
		{ "DNS:a/b.test", -ENOENT, "bad_name", { NULL } },
		{ "DNS:.", -ENOENT, "bad_name", { NULL } },
		{ "IP:192.0.2.1", -ENOENT, "no_name", { NULL } },
		{ NULL, -ENOENT, "no_name", { NULL } },
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct net_peer peer;
		const char *defect;
		size_t want = 0;
		assert_int_equal(read_names(&peer, rows[i].san, &defect),
				 rows[i].err);
		if (rows[i].defect)
			assert_string_equal(defect, rows[i].defect);
		else
			assert_null(defect);
		for (; want < 3 && rows[i].name[want]; want++)
			assert_string_equal(peer.name[want],
					    rows[i].name[want]);
		assert_int_equal(peer.name_count, want);
		identity_clear(&peer);
	}
}

static void host_names(void **state)
{
	char out[NET_NAME_MAX];
	char label[65], name[255];
	(void)state;

	memset(label, 'a', sizeof(label));
	assert_null(identity_name(slice_of(label, 63), out));
	assert_string_equal(identity_name(slice_of(label, 64), out),
			    "bad_name");
	/* 253 bytes are a name, with or without the final dot; 254 are not */
	memset(name, 'a', sizeof(name));
	for (size_t i = 63; i < sizeof(name); i += 64)
		name[i] = '.';
	name[253] = '.';
	assert_null(identity_name(slice_of(name, 253), out));
	assert_int_equal(strlen(out), 253);
	assert_null(identity_name(slice_of(name, 254), out));
	name[253] = 'a';
	assert_string_equal(identity_name(slice_of(name, 254), out),
			    "name_too_long");
	assert_string_equal(identity_name(slice_of("a\0b", 3), out),
			    "nul_in_name");
	assert_string_equal(identity_name(SLICE_NONE, out), "bad_name");
}

static void having_a_name_is_exact(void **state)
{
	struct net_peer peer;
	const char *defect;
	(void)state;

	assert_int_equal(read_names(&peer, "DNS:sip.a.test", &defect), 0);
	assert_true(net_peer_has(&peer, SLICE_LIT("SIP.a.test")));
	assert_false(net_peer_has(&peer, SLICE_LIT("a.test")));
	assert_false(net_peer_has(&peer, SLICE_LIT("x.sip.a.test")));
	assert_false(net_peer_has(&peer, SLICE_LIT("sip.a.test.b")));
	assert_false(net_peer_has(&peer, SLICE_LIT("")));
	identity_clear(&peer);
	assert_false(net_peer_has(&peer, SLICE_LIT("sip.a.test")));
}

static int scenario(void *arg)
{
	struct net_peer peer = { 0 };
	const struct test_cert *cert = arg;
	const char *defect;
	int err = identity_read(&peer, cert->cert, &defect);

	assert_int_equal(peer.name_count, err ? 0 : 2);
	identity_clear(&peer);
	return err;
}

static void survives_failing_allocations(void **state)
{
	struct cert_spec spec = { .san = "DNS:a.test,DNS:b.test" };
	struct test_cert cert;
	(void)state;

	certs_make(&cert, &spec, NULL);
	oom_walk(scenario, &cert);
	certs_free(&cert);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_names_count),
		cmocka_unit_test(host_names),
		cmocka_unit_test(having_a_name_is_exact),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
