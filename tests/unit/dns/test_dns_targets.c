/* SPDX-License-Identifier: Apache-2.0 */
/* Where SIP domains live, asked of a small name server (DNS-01). */
#include "dns/dns.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "support/oom.h"
#include "unit/dns/name_server.h"

#define FED "_sipfederationtls"

enum { THOUSAND = 1000 };

#define SERVICE(label, service, target, priority, weight, port, ttl_s)       \
	{                                                                    \
		label, service, target, priority, weight, port, ttl_s, NULL, \
			NULL, NULL                                           \
	}

static const struct service services[] = {
	SERVICE("contoso", FED, "sip.contoso.example", 10, 0, 5061, 600),
	SERVICE("contoso", FED, "SIX.contoso.example", 5, 0, 5062, 0),
	SERVICE("contoso", FED, "four.contoso.example", 20, 0, 5063, 0),
	SERVICE("notoffered", FED, ".", 0, 0, 0, 0),
	SERVICE("mixed", FED, ".", 0, 0, 0, 0),
	SERVICE("mixed", FED, "sip.mixed.example", 9, 0, 5061, 0),
	SERVICE("portless", FED, "sip.portless.example", 0, 0, 0, 0),
	SERVICE("literal", FED, "192.0.2.1", 0, 0, 5061, 0),
	SERVICE("strange", FED, "a!b.strange.example", 0, 0, 5061, 0),
	SERVICE("strange", FED, "-a.strange.example", 0, 0, 5061, 0),
	SERVICE("strange", FED, "good.strange.example", 3, 0, 5061, 0),
	SERVICE("strange", FED, "a_b.strange.example", 0, 0, 5061, 0),
	SERVICE("twice", FED, "sip.twice.example", 1, 0, 5061, 0),
	SERVICE("twice", FED, "SIP.twice.example", 2, 7, 5061, 0),
	SERVICE("twice", FED, "sip.twice.example", 2, 0, 5062, 0),
	SERVICE("homeless", FED, "none.homeless.example", 1, 0, 5061, 0),
	SERVICE("homeless", FED, "nx.homeless.example", 2, 0, 5061, 0),
	SERVICE("aliased", FED, "alias.aliased.example", 1, 0, 5061, 0),
	SERVICE("lame", FED, "silent.lame.example", 1, 0, 5061, 0),
	SERVICE("lame", FED, "both.lame.example", 2, 0, 5061, 0),
	SERVICE("dead", FED, "silent.dead.example", 1, 0, 5061, 0),
	SERVICE("broken", FED, "fail.broken.example", 1, 0, 5061, 0),
	SERVICE("crowd", FED, "many.crowd.example", 1, 0, 5061, 0),
	SERVICE("brief", FED, "short.brief.example", 1, 0, 5061, 1),
	SERVICE("forever", FED, "long.forever.example", 1, 0, 5061, 2000000),
	SERVICE("shares", FED, "four1.shares.example", 1, 10, 5061, 0),
	SERVICE("shares", FED, "four2.shares.example", 1, 30, 5061, 0),
	/* no federation record */
	{ "pointed", "", "_sip._udp.udp.example", 1, 1, 0, 0, "s", "SIP+D2U",
	  NULL },
	{ "pointed", "", "_sips._tcp.last.example", 9, 1, 0, 0, "s", "SIPS+D2T",
	  NULL },
	{ "pointed", "", "_sips._tcp.hosted.example", 2, 5, 0, 0, "S",
	  "sips+d2t", NULL },
	{ "pointed", "", "_sips._tcp.evil.example", 1, 1, 0, 0, "s", "SIPS+D2T",
	  "!^.*$!sip:a@b!" },
	SERVICE("pointed", "_sips", "wrong.example", 1, 1, 5061, 0),
	SERVICE("hosted", "_sips", "edge.hosted.example", 1, 1, 5071, 0),
	SERVICE("plain", "_sips", "edge.plain.example", 1, 1, 5061, 0),
	SERVICE("plain", "_sip", "wrong.plain.example", 1, 1, 443, 0),
	SERVICE("clients", "_sip", "edge.clients.example", 1, 1, 443, 0),
	/* fails where it should answer: nothing else is tried */
	SERVICE("fail", "_sips", "wrong.fail.example", 1, 1, 5061, 0),
	SERVICE("notoffered", "_sips", "wrong.notoffered.example", 1, 1, 5061,
		0),
};

struct rig {
	struct loop *loop;
	struct dns *dns;
	struct name_server ns;
	uint64_t draws; /* handed out and counted up */
	bool asking;
	bool free_in_callback;
	unsigned answers;
	unsigned expect;
	int error;
	enum dns_source source;
	uint32_t ttl_s;
	bool secure;
	size_t count;
	struct dns_target target[DNS_TARGETS_MAX];
	char text[DNS_TEXT_SIZE];
};

static void on_targets(void *arg, const struct dns_target_list *list)
{
	struct rig *g = arg;

	assert_false(g->asking);
	g->answers++;
	g->error = list->error;
	g->source = list->source;
	g->ttl_s = list->ttl_s;
	g->secure = list->secure;
	g->count = list->count;
	assert_true(list->count <= DNS_TARGETS_MAX);
	for (size_t i = 0; i < list->count; i++)
		g->target[i] = list->target[i];
	assert_int_equal(list->text == NULL, list->error == 0);
	snprintf(g->text, sizeof(g->text), "%s", list->text ? list->text : "");
	if (g->free_in_callback) {
		dns_free(g->dns);
		g->dns = NULL;
	}
	if (g->answers >= g->expect)
		loop_stop(g->loop);
}

static uint64_t next_draw(void *arg)
{
	struct rig *g = arg;

	return g->draws++;
}

static void setup_server(struct rig *g)
{
	*g = (struct rig){ 0 };
	assert_int_equal(loop_create(&g->loop), 0);
	name_server_open(&g->ns, g->loop);
	g->ns.services = services;
	g->ns.service_count = sizeof(services) / sizeof(*services);
	log_set_level(LOG_ERROR);
}

static int create(struct rig *g, uint32_t timeout_ms)
{
	struct slice server = slice_str(g->ns.text);
	struct dns_conf conf = { .servers = &server,
				 .server_count = 1,
				 .timeout_ms = timeout_ms,
				 .random = next_draw,
				 .random_arg = g };

	return dns_create(&g->dns, g->loop, &conf);
}

static void setup(struct rig *g, uint32_t timeout_ms)
{
	setup_server(g);
	assert_int_equal(create(g, timeout_ms), 0);
}

static void teardown(struct rig *g)
{
	dns_free(g->dns);
	name_server_close(&g->ns);
	loop_free(g->loop);
	log_set_level(LOG_INFO);
}

static int ask(struct rig *g, const struct dns_question *q)
{
	g->asking = true;
	int err = dns_targets(g->dns, q, on_targets, g);
	g->asking = false;
	return err;
}

static void run(struct rig *g, unsigned answers)
{
	g->answers = 0;
	g->expect = answers;
	run_guarded(g->loop);
	assert_int_equal(g->answers, answers);
}

static int get(struct rig *g, const char *domain, unsigned also_tries)
{
	struct dns_question q = { .kind = DNS_FEDERATION,
				  .name = slice_str(domain),
				  .also_tries = also_tries };

	assert_int_equal(ask(g, &q), 0);
	run(g, 1);
	return g->error;
}

static int get_host(struct rig *g, const char *host, uint16_t port)
{
	struct dns_question q = { .kind = DNS_HOST,
				  .name = slice_str(host),
				  .port = port };

	assert_int_equal(ask(g, &q), 0);
	run(g, 1);
	return g->error;
}

/* As users look: by that record alone, whatever partners' say. */
static void test_clients(void **state)
{
	(void)state;
	struct rig g;
	struct dns_question q = { .kind = DNS_CLIENTS,
				  .name = SLICE_LIT("plain.example") };

	setup(&g, 0);
	assert_int_equal(ask(&g, &q), 0);
	run(&g, 1);
	assert_int_equal(g.error, 0);
	assert_int_equal(g.source, DNS_FROM_TLS);
	assert_int_equal(g.count, 1);
	/* it has one for partners, and none for users */
	q.name = SLICE_LIT("contoso.example");
	assert_int_equal(ask(&g, &q), 0);
	run(&g, 1);
	assert_int_equal(g.error, -ENOENT);
	assert_int_equal(g.source, DNS_FROM_TLS);
	teardown(&g);
}

/* Targets are in the order of their priorities, and complete. */
static void test_targets(void **state)
{
	(void)state;
	struct rig g;
	char text[ADDR_TEXT_MAX];

	setup(&g, 0);
	assert_int_equal(get(&g, "Contoso.example.", 0), 0);
	assert_int_equal(g.source, DNS_FROM_FEDERATION);
	assert_int_equal(g.ttl_s, 300);
	assert_false(g.secure);
	assert_int_equal(g.count, 3);
	assert_string_equal(g.target[0].name, "six.contoso.example");
	assert_int_equal(g.target[0].priority, 5);
	assert_int_equal(g.target[0].port, 5062);
	assert_int_equal(g.target[0].count, 1);
	assert_string_equal(addr_text(&g.target[0].addr[0], text),
			    "[2001:db8::1]:5062");
	assert_string_equal(g.target[1].name, "sip.contoso.example");
	assert_string_equal(g.target[2].name, "four.contoso.example");
	assert_string_equal(addr_text(&g.target[2].addr[0], text),
			    "192.0.2.1:5063");
	/* SRV, and A and AAAA of three hosts */
	assert_int_equal(g.ns.asked, 7);
	teardown(&g);
}

static void test_families_in_turns(void **state)
{
	(void)state;
	static const int families[] = { AF_INET6, AF_INET, AF_INET6, AF_INET,
					AF_INET6 };
	struct rig g;

	setup(&g, 0);
	assert_int_equal(get(&g, "contoso.example", 0), 0);
	assert_int_equal(g.target[1].count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(g.target[1].addr[i].u.sa.sa_family,
				 families[i]);
	/* of eighty, as many of each */
	assert_int_equal(get(&g, "crowd.example", 0), 0);
	assert_int_equal(g.target[0].count, DNS_TARGET_ADDRESSES_MAX);
	for (size_t i = 0; i < DNS_TARGET_ADDRESSES_MAX; i++)
		assert_int_equal(g.target[0].addr[i].u.sa.sa_family,
				 i % 2 ? AF_INET : AF_INET6);
	teardown(&g);
}

static const struct {
	const char *domain;
	unsigned also_tries;
	int error;
	enum dns_source source;
	const char *text;
	size_t count;
	const char *first;
	uint16_t port;
} rows[] = {
	{ "notoffered.example", 0, -ENODATA, DNS_FROM_FEDERATION,
	  FED "._tcp.notoffered.example: the service is not offered", 0, NULL,
	  0 },
	{ "mixed.example", 0, 0, DNS_FROM_FEDERATION, "", 1,
	  "sip.mixed.example", 5061 },
	{ "portless.example", 0, -EBADMSG, DNS_FROM_FEDERATION,
	  FED "._tcp.portless.example: no record can be used", 0, NULL, 0 },
	{ "literal.example", 0, -EBADMSG, DNS_FROM_FEDERATION,
	  FED "._tcp.literal.example: no record can be used", 0, NULL, 0 },
	{ "strange.example", 0, 0, DNS_FROM_FEDERATION, "", 1,
	  "good.strange.example", 5061 },
	{ "twice.example", 0, 0, DNS_FROM_FEDERATION, "", 2,
	  "sip.twice.example", 5061 },
	{ "homeless.example", 0, -EADDRNOTAVAIL, DNS_FROM_FEDERATION,
	  "none.homeless.example: the targets have no addresses", 2,
	  "none.homeless.example", 5061 },
	{ "aliased.example", 0, 0, DNS_FROM_FEDERATION, "", 1,
	  "alias.aliased.example", 5061 },
	{ "broken.example", 0, -EIO, DNS_FROM_FEDERATION,
	  "fail.broken.example: the name servers fail or refuse", 1,
	  "fail.broken.example", 5061 },
	{ "both.example", 0, -ENOENT, DNS_FROM_FEDERATION,
	  FED "._tcp.both.example: no SRV record", 0, NULL, 0 },
	{ "nx.example", 0, -ENOENT, DNS_FROM_FEDERATION,
	  FED "._tcp.nx.example: no SRV record", 0, NULL, 0 },
	{ "fail.example", 7, -EIO, DNS_FROM_FEDERATION,
	  FED "._tcp.fail.example: the name servers fail or refuse", 0, NULL,
	  0 },
	{ "refuse.example", 7, -EIO, DNS_FROM_FEDERATION,
	  FED "._tcp.refuse.example: the name servers fail or refuse", 0, NULL,
	  0 },
	{ "cut.example", 0, -EIO, DNS_FROM_FEDERATION,
	  FED "._tcp.cut.example: the name servers fail or refuse", 0, NULL,
	  0 },
	/* other records only when they are wanted, and in their order */
	{ "plain.example", 0, -ENOENT, DNS_FROM_FEDERATION,
	  FED "._tcp.plain.example: no SRV record", 0, NULL, 0 },
	{ "plain.example", DNS_TRY_NAPTR, -ENOENT, DNS_FROM_FEDERATION,
	  FED "._tcp.plain.example: no SRV record", 0, NULL, 0 },
	{ "plain.example", 7, 0, DNS_FROM_SIPS, "", 1, "edge.plain.example",
	  5061 },
	{ "plain.example", DNS_TRY_TLS, 0, DNS_FROM_TLS, "", 1,
	  "wrong.plain.example", 443 },
	{ "clients.example", 7, 0, DNS_FROM_TLS, "", 1, "edge.clients.example",
	  443 },
	{ "clients.example", DNS_TRY_SIPS, -ENOENT, DNS_FROM_FEDERATION,
	  FED "._tcp.clients.example: no SRV record", 0, NULL, 0 },
	{ "pointed.example", 7, 0, DNS_FROM_NAPTR, "", 1, "edge.hosted.example",
	  5071 },
	{ "pointed.example", DNS_TRY_SIPS, 0, DNS_FROM_SIPS, "", 1,
	  "wrong.example", 5061 },
	{ "notoffered.example", 7, -ENODATA, DNS_FROM_FEDERATION,
	  FED "._tcp.notoffered.example: the service is not offered", 0, NULL,
	  0 },
	{ "contoso.example", 7, 0, DNS_FROM_FEDERATION, "", 3,
	  "six.contoso.example", 5062 },
};

static void test_rows(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		get(&g, rows[i].domain, rows[i].also_tries);
		if (g.error != rows[i].error || g.source != rows[i].source ||
		    g.count != rows[i].count || strcmp(g.text, rows[i].text))
			fail_msg("%s: error %d, source %d, %zu targets: %s",
				 rows[i].domain, g.error, (int)g.source,
				 g.count, g.text);
		if (!rows[i].first)
			continue;
		assert_string_equal(g.target[0].name, rows[i].first);
		assert_int_equal(g.target[0].port, rows[i].port);
	}
	teardown(&g);
}

static void test_alias_of_a_target(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0);
	assert_int_equal(get(&g, "aliased.example", 0), 0);
	assert_int_equal(g.target[0].count, 2);
	teardown(&g);
}

static void test_hosts(void **state)
{
	(void)state;
	struct rig g;
	char text[ADDR_TEXT_MAX];

	setup(&g, 0);
	assert_int_equal(get_host(&g, "Four.example.", 0), 0);
	assert_int_equal(g.source, DNS_FROM_HOST);
	assert_int_equal(g.count, 1);
	assert_string_equal(g.target[0].name, "four.example");
	assert_int_equal(g.target[0].port, 5061);
	assert_string_equal(addr_text(&g.target[0].addr[0], text),
			    "192.0.2.1:5061");
	assert_int_equal(g.ns.asked, 2); /* and no SRV */
	assert_int_equal(get_host(&g, "my_pool.example", 5071), 0);
	assert_int_equal(g.target[0].port, 5071);
	unsigned asked = g.ns.asked;
	assert_int_equal(get_host(&g, "[2001:DB8::7]", 5071), 0);
	assert_string_equal(g.target[0].name, "2001:db8::7");
	assert_string_equal(addr_text(&g.target[0].addr[0], text),
			    "[2001:db8::7]:5071");
	assert_false(g.secure);
	assert_int_equal(g.ns.asked, asked);
	assert_int_equal(get_host(&g, "nx.example", 0), -EADDRNOTAVAIL);
	assert_int_equal(g.ttl_s, 60);
	assert_int_equal(get_host(&g, "fail.example", 0), -EIO);
	teardown(&g);
}

static void test_not_names(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		".",
		"a b.example",
		"a..example",
		"-a.example",
		"a_b.example",
		"192.0.2.1",
		"[2001:db8::1]",
		"*.example",
		"a.example..",
		"a\n",
		"b\303\274.example",
		"example.123",
	};
	struct rig g;
	char big[DNS_NAME_MAX + 1];

	setup(&g, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct dns_question q = { .name = slice_str(bad[i]) };
		if (ask(&g, &q) != -EINVAL)
			fail_msg("taken: %s", bad[i]);
	}
	memset(big, 'a', sizeof(big));
	for (size_t i = 50; i < sizeof(big); i += 51)
		big[i] = '.';
	struct dns_question q = { .name = slice_of(big, 231) };
	assert_int_equal(ask(&g, &q), -EINVAL); /* with the record's labels */
	q.name.len = 230;
	assert_int_equal(ask(&g, &q), 0);
	run(&g, 1);
	assert_int_equal(g.error, -ENOENT);
	q = (struct dns_question){ .kind = DNS_HOST,
				   .name = SLICE_LIT("a/b.example") };
	assert_int_equal(ask(&g, &q), -EINVAL);
	teardown(&g);
}

static void test_lifetimes(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0);
	assert_int_equal(get(&g, "brief.example", 0), 0);
	assert_int_equal(g.ttl_s, 30);
	assert_int_equal(get(&g, "forever.example", 0), 0);
	assert_int_equal(g.ttl_s, 86400);
	assert_int_equal(get(&g, "both.example", 0), -ENOENT);
	assert_int_equal(g.ttl_s, 60);
	assert_int_equal(get(&g, "homeless.example", 0), -EADDRNOTAVAIL);
	assert_int_equal(g.ttl_s, 60);
	assert_int_equal(get(&g, "notoffered.example", 0), -ENODATA);
	assert_int_equal(g.ttl_s, 300);
	assert_int_equal(get(&g, "fail.example", 0), -EIO);
	assert_int_equal(g.ttl_s, 30);
	assert_int_equal(get(&g, "portless.example", 0), -EBADMSG);
	assert_int_equal(g.ttl_s, 30);
	teardown(&g);
}

/* "No such record" is remembered for a minute. */
static void test_negative_cache(void **state)
{
	(void)state;
	static const char *const names[] = { "nx.example", "both.example" };
	struct rig g;

	setup(&g, 0);
	for (size_t i = 0; i < 2; i++) {
		clock_offset_s = 0;
		assert_int_equal(get(&g, names[i], 0), -ENOENT);
		unsigned asked = g.ns.asked;
		clock_offset_s = 50;
		assert_int_equal(get(&g, names[i], 0), -ENOENT);
		assert_int_equal(g.ns.asked, asked);
		clock_offset_s = 61;
		assert_int_equal(get(&g, names[i], 0), -ENOENT);
		assert_int_equal(g.ns.asked, asked + 1);
	}
	teardown(&g);
}

/* The budget is the whole question's; what is known by then is told. */
static void test_time_is_up(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 800);
	uint64_t start = loop_now_ms(g.loop);
	assert_int_equal(get(&g, "silent.example", 7), -ETIMEDOUT);
	assert_string_equal(g.text,
			    FED "._tcp.silent.example: no answer in time");
	assert_in_range(loop_now_ms(g.loop) - start, 750, 5000);
	start = loop_now_ms(g.loop);
	assert_int_equal(get(&g, "lame.example", 0), 0);
	assert_in_range(loop_now_ms(g.loop) - start, 750, 5000);
	assert_int_equal(g.count, 2);
	assert_int_equal(g.target[0].count, 0);
	assert_int_equal(g.target[1].count, 5);
	assert_int_equal(get(&g, "dead.example", 0), -ETIMEDOUT);
	assert_string_equal(g.text, "silent.dead.example: no answer in time");
	assert_int_equal(g.count, 1);
	teardown(&g);
}

/* The servers are gone; what was known yesterday is better, in all steps of
 * the longest question, and within its time. */
static void test_stale_answers(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0);
	assert_int_equal(get(&g, "pointed.example", 7), 0);
	g.ns.mute = true;
	clock_offset_s = 7200;
	assert_int_equal(get(&g, "pointed.example", 7), 0);
	assert_int_equal(g.source, DNS_FROM_NAPTR);
	assert_int_equal(g.target[0].count, 5);
	assert_int_equal(g.ttl_s, 30);
	clock_offset_s = 2 * 86400 + 600;
	int err = get(&g, "pointed.example", 7);
	assert_true(err == -ETIMEDOUT || err == -EIO);
	teardown(&g);
}

/* DNS-01: a thousand records, of which the best are taken. */
static void test_a_thousand_records(void **state)
{
	(void)state;
	static struct service many[THOUSAND];
	static char names[THOUSAND][8];
	struct rig g;

	setup(&g, 15000);
	for (size_t i = 0; i < THOUSAND; i++) {
		snprintf(names[i], sizeof(names[i]), "h%zu.x", i);
		many[i] = (struct service){ .label = "huge",
					    .service = FED,
					    .target = names[i],
					    .priority = (uint16_t)(2000 - i),
					    .port = 5061 };
	}
	g.ns.services = many;
	g.ns.service_count = THOUSAND;
	assert_int_equal(get(&g, "huge.example", 0), 0);
	assert_int_equal(g.count, DNS_TARGETS_MAX);
	for (size_t i = 0; i < g.count; i++) {
		assert_string_equal(g.target[i].name, names[THOUSAND - 1 - i]);
		assert_int_equal(g.target[i].count, 5);
	}
	teardown(&g);
}

/* The draws are the caller's: 0 .. 39 over shares of 10 and 30. */
static void test_weights_are_drawn(void **state)
{
	(void)state;
	struct rig g;
	unsigned first[2] = { 0 };

	setup(&g, 0);
	for (unsigned i = 0; i < 40; i++) {
		g.draws = i;
		assert_int_equal(get(&g, "shares.example", 0), 0);
		first[strcmp(g.target[0].name, "four1.shares.example") != 0]++;
	}
	assert_int_equal(first[0], 10);
	assert_int_equal(first[1], 30);
	teardown(&g);
}

static void test_many_at_once(void **state)
{
	(void)state;
	struct rig g;
	struct dns_question q = { .name = SLICE_LIT("contoso.example") };
	unsigned n = 0;
	int err = 0;

	setup(&g, 15000);
	while (!err && n < 10000) {
		err = ask(&g, &q);
		n += !err;
	}
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(n, 1024);
	run(&g, n);
	assert_int_equal(g.error, 0);
	assert_int_equal(g.count, 3);
	/* they are the same few questions */
	assert_in_range(g.ns.asked, 7, 100);
	assert_int_equal(get(&g, "contoso.example", 0), 0);
	teardown(&g);
}

static void test_free_with_open_questions(void **state)
{
	(void)state;
	static const char *const names[] = { "silent.example", "dead.example",
					     "contoso.example",
					     "pointed.example" };
	struct rig g;

	for (unsigned turns = 0; turns < 2; turns++) {
		setup(&g, 0);
		for (size_t i = 0; i < 4; i++) {
			struct dns_question q = { .name = slice_str(names[i]),
						  .also_tries = 7 };
			assert_int_equal(ask(&g, &q), 0);
		}
		if (turns) /* some are told; the others are half-way */
			run(&g, 1);
		unsigned before = g.answers;
		dns_free(g.dns);
		g.dns = NULL;
		assert_int_equal(g.answers, before);
		teardown(&g);
	}
}

static void test_free_in_callback(void **state)
{
	(void)state;
	struct rig g;

	setup(&g, 0);
	g.free_in_callback = true;
	for (int i = 0; i < 5; i++) {
		struct dns_question q = { .name = SLICE_LIT("contoso.example"),
					  .also_tries = 7 };
		assert_int_equal(ask(&g, &q), 0);
		q.name = SLICE_LIT("dead.example");
		assert_int_equal(ask(&g, &q), 0);
	}
	run(&g, 1);
	assert_null(g.dns);
	teardown(&g);
}

static int ask_once(void *arg)
{
	struct rig *g = arg;
	struct dns_question q = { .name = SLICE_LIT("pointed.example"),
				  .also_tries = 7 };
	int err = create(g, 400);

	if (err)
		return err;
	err = ask(g, &q);
	if (!err) {
		run(g, 1);
		err = g->error;
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
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_families_in_turns),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_alias_of_a_target),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_not_names),
		cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_negative_cache),
		cmocka_unit_test(test_time_is_up),
		cmocka_unit_test(test_stale_answers),
		cmocka_unit_test(test_a_thousand_records),
		cmocka_unit_test(test_weights_are_drawn),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_free_with_open_questions),
		cmocka_unit_test(test_free_in_callback),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
