/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver's engine against a small name server on loopback, which runs
 * on the same loop and knows names by their first label. */
#include "dns/dns.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "support/oom.h"
#include "unit/dns/name_server.h"

enum { ANSWERS_MAX = 1000 };

/* What became of a question for one host. */
struct answer {
	int error;
	uint32_t ttl_s;
	bool secure;
	size_t count;
	struct addr addr[DNS_TARGET_ADDRESSES_MAX];
	char text[DNS_TEXT_SIZE];
};

struct rig {
	struct loop *loop;
	struct dns *dns;
	struct name_server ns;

	struct answer answer; /* the last one */
	unsigned answers;
	unsigned expect;
	bool asking; /* within dns_targets() */
	bool free_in_callback;
};

/* -- asking -- */

static void on_answer(void *arg, const struct dns_target_list *list)
{
	struct rig *g = arg;
	struct answer *a = &g->answer;

	assert_false(g->asking);
	*a = (struct answer){ .error = list->error,
			      .ttl_s = list->ttl_s,
			      .secure = list->secure };
	if (list->count) {
		assert_int_equal(list->count, 1); /* the host itself */
		a->count = list->target[0].count;
		memcpy(a->addr, list->target[0].addr, sizeof(a->addr));
	}
	if (list->text)
		snprintf(a->text, sizeof(a->text), "%s", list->text);
	g->answers++;
	if (g->free_in_callback) {
		dns_free(g->dns);
		g->dns = NULL;
	}
	if (g->answers >= g->expect)
		loop_stop(g->loop);
}

static void run(struct rig *g, unsigned answers)
{
	g->answers = 0;
	g->expect = answers;
	run_guarded(g->loop);
	assert_int_equal(g->answers, answers);
}

static int ask(struct rig *g, const char *name)
{
	struct dns_question q = { .kind = DNS_HOST, .name = slice_str(name) };

	g->asking = true;
	int err = dns_targets(g->dns, &q, on_answer, g);
	g->asking = false;
	return err;
}

static const struct answer *get(struct rig *g, const char *name)
{
	assert_int_equal(ask(g, name), 0);
	run(g, 1);
	return &g->answer;
}

static void setup_server(struct rig *g)
{
	*g = (struct rig){ 0 };
	assert_int_equal(loop_create(&g->loop), 0);
	name_server_open(&g->ns, g->loop);
	log_set_level(LOG_ERROR);
}

static void setup(struct rig *g, uint32_t timeout_ms, const char *anchor)
{
	setup_server(g);
	struct slice server = slice_str(g->ns.text);
	struct dns_conf conf = { .servers = &server,
				 .server_count = 1,
				 .trust_anchor = slice_str(anchor),
				 .timeout_ms = timeout_ms,
				 .avoid_first = 50000,
				 .avoid_last = 59999 };
	assert_int_equal(dns_create(&g->dns, g->loop, &conf), 0);
}

static void teardown(struct rig *g)
{
	dns_free(g->dns);
	name_server_close(&g->ns);
	loop_free(g->loop);
	log_set_level(LOG_INFO);
}

static const char *host(const struct answer *a, size_t i)
{
	static char text[ADDR_TEXT_MAX];

	assert_true(i < a->count);
	assert_int_equal(addr_port(&a->addr[i]), 5061);
	return addr_host(&a->addr[i], text);
}

static void test_both_families_in_turns(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	const struct answer *a = get(&g, "both.example.com");
	assert_int_equal(a->error, 0);
	assert_int_equal(a->count, 5);
	assert_int_equal(a->ttl_s, 300);
	assert_false(a->secure);
	/* The order within a family is the server's, or turned around. */
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(a->addr[i].u.sa.sa_family,
				 i == 1 || i == 3 ? AF_INET : AF_INET6);
	assert_int_equal(g.ns.asked, 2);
	a = get(&g, "four.example.com");
	assert_int_equal(a->count, 1);
	assert_string_equal(host(a, 0), "192.0.2.1");
	a = get(&g, "SIX.example.com.");
	assert_int_equal(a->count, 1);
	assert_string_equal(host(a, 0), "2001:db8::1");
	a = get(&g, "alias.example.com");
	assert_int_equal(a->count, 2);
	a = get(&g, "many.example.com");
	assert_int_equal(a->count, DNS_TARGET_ADDRESSES_MAX);
	teardown(&g);
}

static void test_negative_answers(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	const struct answer *a = get(&g, "nx.example.com");
	assert_int_equal(a->error, -EADDRNOTAVAIL);
	assert_string_equal(a->text,
			    "nx.example.com: the targets have no addresses");
	assert_int_equal(a->ttl_s, 60);
	a = get(&g, "none.example.com");
	assert_int_equal(a->error, -EADDRNOTAVAIL);
	assert_string_equal(a->text,
			    "none.example.com: the targets have no addresses");
	assert_int_equal(a->count, 0);
	a = get(&g, "fail.example.com");
	assert_int_equal(a->error, -EIO);
	a = get(&g, "refuse.example.com");
	assert_int_equal(a->error, -EIO);
	assert_non_null(a->text);
	teardown(&g);
}

static void test_timeout(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 400, NULL);
	uint64_t start = loop_now_ms(g.loop);
	const struct answer *a = get(&g, "silent.example.com");
	assert_int_equal(a->error, -ETIMEDOUT);
	assert_in_range(loop_now_ms(g.loop) - start, 350, 5000);
	/* What is known by then is told. */
	a = get(&g, "half.example.com");
	assert_int_equal(a->error, 0);
	assert_int_equal(a->count, 1);
	/* The next question is not held up. */
	a = get(&g, "both.example.com");
	assert_int_equal(a->error, 0);
	teardown(&g);
}

static void test_cache(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	get(&g, "both.example.com");
	assert_int_equal(g.ns.asked, 2);
	g.ns.mute = true;
	const struct answer *a = get(&g, "Both.Example.com");
	assert_int_equal(a->count, 5);
	assert_int_equal(g.ns.asked, 2);
	g.ns.mute = false;
	get(&g, "nx.example.com");
	unsigned asked = g.ns.asked;
	assert_int_equal(get(&g, "nx.example.com")->error, -EADDRNOTAVAIL);
	assert_int_equal(g.ns.asked, asked);
	/* After its time it is asked again. */
	clock_offset_s = 301;
	assert_int_equal(get(&g, "both.example.com")->count, 5);
	assert_int_equal(g.ns.asked, asked + 2);
	teardown(&g);
}

static void test_lifetimes_are_clamped(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	assert_int_equal(get(&g, "short.example.com")->ttl_s, 30);
	unsigned asked = g.ns.asked;
	clock_offset_s = 29;
	get(&g, "short.example.com");
	assert_int_equal(g.ns.asked, asked);
	assert_int_equal(get(&g, "long.example.com")->ttl_s, 86400);
	teardown(&g);
}

/* DNS-01: the servers are gone; what was known yesterday is better. */
static void test_stale_answer(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 2500, NULL);
	get(&g, "both.example.com");
	g.ns.mute = true;
	clock_offset_s = 7200;
	const struct answer *a = get(&g, "both.example.com");
	assert_int_equal(a->error, 0);
	assert_int_equal(a->count, 5);
	assert_int_equal(a->ttl_s, 30);
	clock_offset_s = 2 * 86400 + 600;
	a = get(&g, "both.example.com");
	assert_int_equal(a->error, -ETIMEDOUT);
	teardown(&g);
}

static void test_many_at_once(void **state)
{
	(void)state;
	struct rig g;
	char name[64];

	setup(&g, 15000, NULL);
	for (unsigned i = 0; i < ANSWERS_MAX; i++) {
		snprintf(name, sizeof(name), "both.n%u.example.com", i / 2);
		assert_int_equal(ask(&g, name), 0);
	}
	run(&g, ANSWERS_MAX);
	assert_int_equal(g.answer.count, 5);
	/* Each name came twice and was asked once, or again when slow. */
	assert_in_range(g.ns.asked, ANSWERS_MAX, 2 * ANSWERS_MAX - 1);
	teardown(&g);
}

static void test_bounded(void **state)
{
	(void)state;
	struct rig g;
	unsigned n = 0;
	int err = 0;

	setup(&g, 0, NULL);
	while (!err && n < 10000) {
		err = ask(&g, "192.0.2.1");
		n += !err;
	}
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(n, 1024);
	run(&g, n);
	assert_int_equal(ask(&g, "192.0.2.1"), 0);
	teardown(&g);
}

static void test_literals(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	const struct answer *a = get(&g, "192.0.2.7");
	assert_int_equal(a->error, 0);
	assert_string_equal(host(a, 0), "192.0.2.7");
	assert_string_equal(host(get(&g, "2001:db8::7"), 0), "2001:db8::7");
	assert_string_equal(host(get(&g, "[2001:db8::8]"), 0), "2001:db8::8");
	assert_int_equal(g.ns.asked, 0);
	teardown(&g);
}

static void test_not_host_names(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",          "a b.example", "a\\046b.example",   "a\n", "a/b",
		"*.example", "a@b.example", "b\303\274.example", "a:b", "[1::2",
		"\"",        "a;b.example",
	};
	struct rig g;
	char deep[300];

	setup(&g, 0, NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (ask(&g, bad[i]) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	memset(deep, 'a', sizeof(deep));
	for (size_t i = 20; i < sizeof(deep); i += 20)
		deep[i] = '.';
	deep[255] = '\0';
	assert_int_equal(ask(&g, deep), -EINVAL);
	/* The right characters, but not a name. */
	memset(deep, 'a', 64);
	deep[64] = '\0';
	assert_int_equal(get(&g, deep)->error, -EADDRNOTAVAIL);
	assert_int_equal(get(&g, "a..example")->error, -EADDRNOTAVAIL);
	assert_int_equal(g.ns.asked, 0);
	teardown(&g);
}

static void test_private_zones_are_asked(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	assert_int_equal(get(&g, "both.contoso.test")->count, 5);
	assert_int_equal(get(&g, "both.home.arpa")->count, 5);
	assert_int_equal(get(&g, "both.contoso.invalid")->count, 5);
	assert_int_equal(get(&g, "both.lan")->count, 5);
	unsigned asked = g.ns.asked;
	assert_int_equal(get(&g, "both.onion")->error, -EADDRNOTAVAIL);
	assert_string_equal(host(get(&g, "localhost"), 0), "::1");
	assert_int_equal(g.ns.asked, asked);
	teardown(&g);
}

static void test_forged_answer(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	const struct answer *a = get(&g, "forged.example.com");
	assert_int_equal(a->count, 1);
	assert_string_equal(host(a, 0), "192.0.2.1");
	teardown(&g);
}

/* A zone that should be signed, and is not. */
static void test_bogus(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0,
	      "; the key of nobody\n\n"
	      "example.com. IN DS 12345 13 2 00112233445566778899aabbccddeeff"
	      "00112233445566778899aabbccddeeff ; made up\n");
	const struct answer *a = get(&g, "both.example.com");
	assert_int_equal(a->error, -EBADMSG);
	assert_int_equal(a->count, 0);
	assert_false(a->secure);
	a = get(&g, "both.example.org");
	assert_int_equal(a->error, 0);
	assert_false(a->secure);
	teardown(&g);
}

static void test_free_with_open_questions(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(ask(&g, "silent.example.com"), 0);
		assert_int_equal(ask(&g, "192.0.2.1"), 0);
	}
	dns_free(g.dns);
	g.dns = NULL;
	dns_free(NULL);
	teardown(&g);
	assert_int_equal(g.answers, 0);
}

static void test_free_in_callback(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	g.free_in_callback = true;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(ask(&g, "192.0.2.1"), 0);
		assert_int_equal(ask(&g, "silent.example.com"), 0);
	}
	run(&g, 1);
	assert_null(g.dns);
	teardown(&g);
}

static void test_bad_settings(void **state)
{
	(void)state;
	static const char *const servers[] = { "name.example", "",
					       "192.0.2.1:0", "192.0.2.1:x",
					       "::1:53:" };
	struct rig g;

	setup_server(&g);
	for (size_t i = 0; i < sizeof(servers) / sizeof(*servers); i++) {
		struct slice server = slice_str(servers[i]);
		struct dns_conf conf = { .servers = &server,
					 .server_count = 1 };
		if (dns_create(&g.dns, g.loop, &conf) != -EINVAL)
			fail_msg("taken: %s", servers[i]);
	}
	struct dns_conf conf = { .trust_anchor =
					 SLICE_LIT("this is no anchor\n") };
	assert_int_equal(dns_create(&g.dns, g.loop, &conf), -EINVAL);
	teardown(&g);
}

/* From the system's own settings: no question leaves this test. */
static void test_system_settings(void **state)
{
	(void)state;
	struct rig g;
	struct dns_conf conf = { 0 };

	setup_server(&g);
	assert_int_equal(dns_create(&g.dns, g.loop, &conf), 0);
	assert_string_equal(host(get(&g, "192.0.2.1"), 0), "192.0.2.1");
	teardown(&g);
}

static int ask_once(void *arg)
{
	struct rig *g = arg;
	struct slice server = slice_str(g->ns.text);
	struct dns_conf conf = { .servers = &server,
				 .server_count = 1,
				 .timeout_ms = 400 };
	int err = dns_create(&g->dns, g->loop, &conf);

	if (err)
		return err;
	err = ask(g, "both.example.com");
	if (!err) {
		run(g, 1);
		err = g->answer.error;
	}
	dns_free(g->dns);
	g->dns = NULL;
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	struct rig g;

	setup_server(&g);
	oom_walk(ask_once, &g);
	teardown(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_families_in_turns),
		cmocka_unit_test(test_negative_answers),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_lifetimes_are_clamped),
		cmocka_unit_test(test_stale_answer),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_not_host_names),
		cmocka_unit_test(test_private_zones_are_asked),
		cmocka_unit_test(test_forged_answer),
		cmocka_unit_test(test_bogus),
		cmocka_unit_test(test_free_with_open_questions),
		cmocka_unit_test(test_free_in_callback),
		cmocka_unit_test(test_bad_settings),
		cmocka_unit_test(test_system_settings),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
