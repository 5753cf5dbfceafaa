/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver's engine against a small name server on loopback, which runs
 * on the same loop and knows names by their first label. */
#include "dns/dns.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/log.h"
#include "support/oom.h"

enum { A = 1, CNAME = 5, AAAA = 28, GUARD_MS = 20000, ANSWERS_MAX = 1000 };

struct rule {
	const char *label;
	int v4, v6; /* addresses; -1: silence */
	int rcode;
	uint32_t ttl_s;
	bool alias;
	bool forged_first;
};

static const struct rule rules[] = {
	{ .label = "both", .v4 = 2, .v6 = 3, .ttl_s = 300 },
	{ .label = "four", .v4 = 1, .ttl_s = 300 },
	{ .label = "six", .v6 = 1, .ttl_s = 300 },
	{ .label = "none", .ttl_s = 300 },
	{ .label = "nx", .rcode = 3 },
	{ .label = "fail", .rcode = 2 },
	{ .label = "refuse", .rcode = 5 },
	{ .label = "silent", .v4 = -1, .v6 = -1 },
	{ .label = "half", .v4 = 1, .v6 = -1, .ttl_s = 300 },
	{ .label = "many", .v4 = 40, .v6 = 40, .ttl_s = 300 },
	{ .label = "short", .v4 = 1, .v6 = 1, .ttl_s = 0 },
	{ .label = "long", .v4 = 1, .v6 = 1, .ttl_s = 1000000 },
	{ .label = "alias", .v4 = 1, .v6 = 1, .ttl_s = 300, .alias = true },
	{ .label = "real", .v4 = 1, .v6 = 1, .ttl_s = 300 },
	{ .label = "forged", .v4 = 1, .ttl_s = 300, .forged_first = true },
};

/* libunbound reads the time here: it can be moved. */
static int64_t clock_offset_s;

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec + clock_offset_s;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

struct rig {
	struct loop *loop;
	struct dns *dns;
	int fd; /* the name server's */
	struct watch *watch;
	char server[32];
	bool mute;
	unsigned asked;

	struct dns_answer answer; /* the last one */
	unsigned answers;
	unsigned expect;
	bool asking; /* within dns_addresses() */
	bool free_in_callback;
};

/* -- the name server -- */

static void put_name(struct buf *b, const char *label)
{
	buf_u8(b, (uint8_t)strlen(label));
	buf_str(b, label);
	buf_u16(b, 0xc00c + 1 + b->ptr[12]); /* and the rest of the question */
}

static void put_record(struct buf *b, uint16_t type, uint32_t ttl_s, int n)
{
	buf_u16(b, type);
	buf_u16(b, 1);
	buf_u32(b, ttl_s);
	if (type == A) {
		buf_u16(b, 4);
		buf_u32(b, 0xc0000200 + (uint32_t)n); /* 192.0.2.n */
	} else {
		buf_u16(b, 16);
		buf_u64(b, UINT64_C(0x20010db800000000));
		buf_u64(b, (uint64_t)n);
	}
}

static const struct rule *rule_of(struct slice label)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (slice_ieq(label, slice_str(rules[i].label)))
			return &rules[i];
	return &rules[0];
}

static void put_answers(struct buf *b, const struct rule *r, uint16_t type,
			int count)
{
	if (r->alias) {
		buf_u16(b, 0xc00c);
		buf_u16(b, CNAME);
		buf_u16(b, 1);
		buf_u32(b, r->ttl_s);
		buf_u16(b, 2 + 1 + 4);
		put_name(b, "real");
	}
	for (int n = 1; n <= count; n++) {
		if (r->alias)
			put_name(b, "real");
		else
			buf_u16(b, 0xc00c);
		put_record(b, type, r->ttl_s, n);
	}
}

static void serve(struct rig *g, struct slice query, struct sockaddr_in *to)
{
	struct cur c = cur_init(query);
	struct buf b;
	uint16_t id = cur_u16(&c);

	cur_bytes(&c, 10);
	struct slice label = cur_bytes(&c, cur_u8(&c));
	for (uint8_t len; (len = cur_u8(&c)) && !cur_failed(&c);)
		cur_bytes(&c, len);
	uint16_t type = cur_u16(&c);
	cur_u16(&c);
	assert_false(cur_failed(&c));
	size_t end = query.len - cur_left(&c);
	const struct rule *r = rule_of(label);
	int count = type == A ? r->v4 : type == AAAA ? r->v6 : 0;
	if (count < 0 || g->mute)
		return;
	buf_init(&b, 0);
	buf_u16(&b, id);
	buf_u16(&b, (uint16_t)(0x8180 | r->rcode));
	buf_u16(&b, 1);
	buf_u16(&b, (uint16_t)(count + r->alias));
	buf_u32(&b, 0);
	buf_put(&b, slice_of(query.ptr + 12, end - 12));
	put_answers(&b, r, type, count);
	if (buf_failed(&b)) { /* as good as a lost packet */
		buf_free(&b);
		return;
	}
	if (r->forged_first) {
		struct slice s = buf_slice(&b);
		b.ptr[0] ^= 0xff;
		b.ptr[s.len - 1] = 66;
		sendto(g->fd, s.ptr, s.len, 0, (struct sockaddr *)to,
		       sizeof(*to));
		b.ptr[0] ^= 0xff;
		b.ptr[s.len - 1] = 1;
	}
	sendto(g->fd, b.ptr, b.len, 0, (struct sockaddr *)to, sizeof(*to));
	buf_free(&b);
}

static void on_query(void *arg, int events)
{
	struct rig *g = arg;
	uint8_t query[4096];

	(void)events;
	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(g->fd, query, sizeof(query), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &len);
		if (n < 0)
			return;
		g->asked++;
		serve(g, slice_of(query, (size_t)n), &from);
	}
}

/* -- asking -- */

static void on_answer(void *arg, const struct dns_answer *a)
{
	struct rig *g = arg;

	assert_false(g->asking);
	g->answer = *a;
	g->answers++;
	if (g->free_in_callback) {
		dns_free(g->dns);
		g->dns = NULL;
	}
	if (g->answers >= g->expect)
		loop_stop(g->loop);
}

static void on_guard(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	fail_msg("no answer at all");
}

static void run(struct rig *g, unsigned answers)
{
	struct timer guard;

	g->answers = 0;
	g->expect = answers;
	timer_init(&guard, loop_timers(g->loop), on_guard, NULL);
	timer_start(&guard, GUARD_MS);
	loop_run(g->loop);
	timer_stop(&guard);
	assert_int_equal(g->answers, answers);
}

static int ask(struct rig *g, const char *name)
{
	g->asking = true;
	int err = dns_addresses(g->dns, slice_str(name), on_answer, g);
	g->asking = false;
	return err;
}

static const struct dns_answer *get(struct rig *g, const char *name)
{
	assert_int_equal(ask(g, name), 0);
	run(g, 1);
	return &g->answer;
}

static void setup_server(struct rig *g)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	*g = (struct rig){ 0 };
	clock_offset_s = 0;
	assert_int_equal(loop_create(&g->loop), 0);
	g->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(g->fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(g->fd, (struct sockaddr *)&sin, &len), 0);
	snprintf(g->server, sizeof(g->server), "127.0.0.1:%u",
		 ntohs(sin.sin_port));
	assert_int_equal(watch_open(&g->watch, g->loop, g->fd, on_query, g), 0);
	assert_int_equal(watch_set(g->watch, WATCH_READ), 0);
	log_set_level(LOG_ERROR);
}

static void setup(struct rig *g, uint32_t timeout_ms, const char *anchor)
{
	setup_server(g);
	struct slice server = slice_str(g->server);
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
	watch_close(g->watch);
	close(g->fd);
	loop_free(g->loop);
	log_set_level(LOG_INFO);
}

static const char *host(const struct dns_answer *a, size_t i)
{
	static char text[ADDR_TEXT_MAX];

	assert_true(i < a->count);
	assert_int_equal(addr_port(&a->addr[i]), 0);
	return addr_host(&a->addr[i], text);
}

static void test_both_families_in_turns(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	const struct dns_answer *a = get(&g, "both.example.com");
	assert_int_equal(a->error, 0);
	assert_int_equal(a->count, 5);
	assert_int_equal(a->ttl_s, 300);
	assert_false(a->secure);
	/* The order within a family is the server's, or turned around. */
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(a->addr[i].u.sa.sa_family,
				 i == 0 || i == 2 ? AF_INET : AF_INET6);
	assert_int_equal(g.asked, 2);
	a = get(&g, "four.example.com");
	assert_int_equal(a->count, 1);
	assert_string_equal(host(a, 0), "192.0.2.1");
	a = get(&g, "SIX.example.com.");
	assert_int_equal(a->count, 1);
	assert_string_equal(host(a, 0), "2001:db8::1");
	a = get(&g, "alias.example.com");
	assert_int_equal(a->count, 2);
	a = get(&g, "many.example.com");
	assert_int_equal(a->count, DNS_ADDRESSES_MAX);
	teardown(&g);
}

static void test_negative_answers(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	const struct dns_answer *a = get(&g, "nx.example.com");
	assert_int_equal(a->error, -ENOENT);
	assert_string_equal(a->text, "no such name");
	assert_int_equal(a->ttl_s, 60);
	a = get(&g, "none.example.com");
	assert_int_equal(a->error, -ENOENT);
	assert_string_equal(a->text, "the name has no address");
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
	const struct dns_answer *a = get(&g, "silent.example.com");
	assert_int_equal(a->error, -ETIMEDOUT);
	assert_in_range(loop_now_ms(g.loop) - start, 400, 5000);
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
	assert_int_equal(g.asked, 2);
	g.mute = true;
	const struct dns_answer *a = get(&g, "Both.Example.com");
	assert_int_equal(a->count, 5);
	assert_int_equal(g.asked, 2);
	g.mute = false;
	get(&g, "nx.example.com");
	unsigned asked = g.asked;
	assert_int_equal(get(&g, "nx.example.com")->error, -ENOENT);
	assert_int_equal(g.asked, asked);
	/* After its time it is asked again. */
	clock_offset_s = 301;
	assert_int_equal(get(&g, "both.example.com")->count, 5);
	assert_int_equal(g.asked, asked + 2);
	teardown(&g);
}

static void test_lifetimes_are_clamped(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	assert_int_equal(get(&g, "short.example.com")->ttl_s, 30);
	unsigned asked = g.asked;
	clock_offset_s = 29;
	get(&g, "short.example.com");
	assert_int_equal(g.asked, asked);
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
	g.mute = true;
	clock_offset_s = 7200;
	const struct dns_answer *a = get(&g, "both.example.com");
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
	assert_in_range(g.asked, ANSWERS_MAX, 2 * ANSWERS_MAX - 1);
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
	assert_int_equal(n, 4096);
	run(&g, n);
	assert_int_equal(ask(&g, "192.0.2.1"), 0);
	teardown(&g);
}

static void test_literals(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	const struct dns_answer *a = get(&g, "192.0.2.7");
	assert_int_equal(a->error, 0);
	assert_string_equal(host(a, 0), "192.0.2.7");
	assert_string_equal(host(get(&g, "2001:db8::7"), 0), "2001:db8::7");
	assert_string_equal(host(get(&g, "[2001:db8::8]"), 0), "2001:db8::8");
	assert_int_equal(g.asked, 0);
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
	assert_int_equal(get(&g, deep)->error, -ENOENT);
	assert_int_equal(get(&g, "a..example")->error, -ENOENT);
	assert_int_equal(g.asked, 0);
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
	unsigned asked = g.asked;
	assert_int_equal(get(&g, "both.onion")->error, -ENOENT);
	assert_string_equal(host(get(&g, "localhost"), 0), "127.0.0.1");
	assert_int_equal(g.asked, asked);
	teardown(&g);
}

static void test_forged_answer(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0, NULL);
	const struct dns_answer *a = get(&g, "forged.example.com");
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
	const struct dns_answer *a = get(&g, "both.example.com");
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
	struct slice server = slice_str(g->server);
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
