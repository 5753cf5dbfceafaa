/* SPDX-License-Identifier: Apache-2.0 */
/* OVL-01, OVL-02: what is refused when there is too much to do, in which order,
 * and what never is. Two servers inside, clients and a partner; the table of
 * transactions is as small as it may be. */
#include "unit/edge/inside_world.h"

#include "edge/shed.h"
#include "proxy/reject.h"

enum { TABLE = 100 };

static uint64_t now_us; /* the tests' clock */

static uint64_t clock_us(void)
{
	return now_us;
}

static void up(struct world *w, struct edge_conf *c)
{
	inside_conf(w, c, two_hops, 2);
	c->transactions = TABLE;
	both_up(w, c);
}

/* Requests from inside that nobody answers, until so many are there. */
static void fill(struct world *w, unsigned percent)
{
	static unsigned n; /* each is another one */
	char text[1024];
	while (proxy_filled_percent(w->edge->proxy) < percent) {
		n++;
		snprintf(text, sizeof(text),
			 "MESSAGE sip:x@litware.test SIP/2.0\r\n"
			 "Via: SIP/2.0/TLS fe1.in.test;branch=z9hG4bKf%u\r\n"
			 "Max-Forwards: 70\r\nFrom: <sip:u%u@contoso.test>;"
			 "tag=1\r\nTo: <sip:x@litware.test>\r\n"
			 "Call-ID: f%u\r\nCSeq: 1 MESSAGE\r\n"
			 "Content-Length: 0\r\n\r\n",
			 n, n % 50, n);
		fake_bytes(0, slice_str(text));
	}
	assert_int_equal(proxy_filled_percent(w->edge->proxy), percent);
}

static size_t signed_in(struct world *w)
{
	size_t i = client(w);
	flow_sign_in(fake_conn(i)->arg, SLICE_LIT("alice@contoso.test"));
	return i;
}

/* A connection of litware, or of who is nobody's partner. */
static size_t federation(struct world *w, const char *name)
{
	struct flow *f = flow_create(w->edge, FLOW_FEDERATION);
	assert_non_null(f);
	assert_int_equal(conn_accept(&f->conn, w->loop, -1, NULL, &flow_limits,
				     &flow_conn_ops, f),
			 0);
	struct conn *c = fake_conn(w->net.count - 1);
	c->peer.name_count = 1;
	snprintf(c->name[0], NET_NAME_MAX, "%s", name);
	fake_ready(w->net.count - 1);
	return w->net.count - 1;
}

struct senders {
	size_t inside, user, guest, partner, stranger, found;
};

static struct senders senders(struct world *w)
{
	struct senders s = {
		.inside = 0,
		.user = signed_in(w),
		.guest = client(w),
		.partner = federation(w, "sip.litware.test"),
		.stranger = federation(w, "edge.nobody.test"),
		.found = federation(w, "edge.tailspin.test"),
	};
	/* let in as a partner that no entry names */
	flow_prove(fake_conn(s.found)->arg, "srv:tailspin.test");
	return s;
}

/* Would it be refused, without leaving anything behind? */
static bool refused(struct world *w, size_t i, const char *method,
		    const char *to_tag, const char *extra)
{
	char text[1024];
	struct sip_msg m;
	struct arena *a = arena_create(4096, 1 << 16);
	struct proxy_hop hop = flow_hop(fake_conn(i)->arg);
	snprintf(text, sizeof(text),
		 "%s sip:alice@contoso.test SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS phone.invalid;branch=z9hG4bKr\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:alice@contoso.test>;tag=1\r\n"
		 "To: <sip:alice@contoso.test>%s\r\nCall-ID: r\r\n"
		 "CSeq: 1 %s\r\n%sContent-Length: 0\r\n\r\n",
		 method, to_tag, method, extra);
	assert_null(sip_parse(a, slice_str(text), &sip_limits_default, &m));
	const struct reject *why = shed_admit(w->edge, &hop, &m);
	assert_true(!why || why == &PROXY_REJ_OVERLOAD);
	arena_free(a);
	return why != NULL;
}

/* Everything that can be asked: up to which kind it is refused. */
static void expect_upto(struct world *w, const struct senders *s,
			enum shed_kind upto)
{
	const struct {
		size_t from;
		const char *method, *to_tag, *extra;
		enum shed_kind kind; /* SHED_NONE: never refused */
	} rows[] = {
		{ s->user, "SUBSCRIBE", "", "", SHED_SUBSCRIBE },
		{ s->partner, "SUBSCRIBE", "", "", SHED_SUBSCRIBE },
		{ s->user, "PUBLISH", "", "", SHED_PUBLISH },
		{ s->guest, "REGISTER", "", "", SHED_REGISTER },
		{ s->stranger, "MESSAGE", "", "", SHED_UNKNOWN },
		{ s->stranger, "INVITE", ";tag=2", "", SHED_UNKNOWN },
		{ s->found, "MESSAGE", "", "", SHED_UNKNOWN },
		{ s->partner, "MESSAGE", "", "", SHED_PARTNER },
		{ s->partner, "INVITE", "", "Resource-Priority: wps.0\r\n",
		  SHED_PARTNER },
		{ s->user, "INVITE", "", "", SHED_USER },
		{ s->user, "MESSAGE", "", "", SHED_USER },
		{ s->guest, "MESSAGE", "", "Resource-Priority: wps.0\r\n",
		  SHED_USER },
		{ s->user, "REGISTER", "", "", SHED_NONE },
		{ s->user, "BYE", ";tag=2", "Route: <sip:x@y;lr>\r\n",
		  SHED_NONE },
		{ s->partner, "SUBSCRIBE", ";tag=2", "Route: <sip:x@y;lr>\r\n",
		  SHED_NONE },
		{ s->partner, "CANCEL", "", "", SHED_NONE },
		{ s->stranger, "ACK", "", "", SHED_NONE },
		{ s->user, "INVITE", "", "Resource-Priority: wps.0\r\n",
		  SHED_NONE },
		{ s->inside, "SUBSCRIBE", "", "", SHED_NONE },
		{ s->inside, "INVITE", "", "", SHED_NONE },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool want = rows[i].kind != SHED_NONE && rows[i].kind <= upto;
		if (refused(w, rows[i].from, rows[i].method, rows[i].to_tag,
			    rows[i].extra) != want)
			fail_msg("%s of row %zu, up to %d", rows[i].method, i,
				 (int)upto);
	}
}

static void test_ovl_01_order_by_the_table(void **state)
{
	static const struct {
		unsigned percent;
		enum shed_kind upto;
	} rows[] = {
		{ 49, SHED_NONE },      { 50, SHED_SUBSCRIBE },
		{ 59, SHED_SUBSCRIBE }, { 60, SHED_PUBLISH },
		{ 64, SHED_PUBLISH },   { 65, SHED_REGISTER },
		{ 69, SHED_REGISTER },  { 70, SHED_UNKNOWN },
		{ 79, SHED_UNKNOWN },   { 80, SHED_PARTNER },
		{ 89, SHED_PARTNER },   { 90, SHED_USER },
		{ 100, SHED_USER },
	};
	struct world *w = *state;
	struct edge_conf c;
	up(w, &c);
	struct senders s = senders(w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(w, rows[i].percent);
		expect_upto(w, &s, rows[i].upto);
	}
}

/* Samples of the loop, each so late. */
static void sample(struct world *w, unsigned count, uint64_t late_ms)
{
	while (count--) {
		now_us += (SHED_SAMPLE_MS + late_ms) * 1000;
		pass(w, SHED_SAMPLE_MS);
	}
}

static void test_ovl_01_order_by_lateness(void **state)
{
	static const struct {
		uint64_t late_ms;
		enum shed_kind upto;
	} rows[] = {
		{ 0, SHED_NONE },        { 299, SHED_NONE },
		{ 300, SHED_SUBSCRIBE }, { 450, SHED_PUBLISH },
		{ 600, SHED_REGISTER },  { 800, SHED_UNKNOWN },
		{ 1000, SHED_PARTNER },  { 1499, SHED_PARTNER },
		{ 1500, SHED_USER },     { 60000, SHED_USER },
		{ 0, SHED_NONE },
	};
	struct world *w = *state;
	struct edge_conf c;
	up(w, &c);
	struct senders s = senders(w);
	now_us = 1;
	w->edge->shed.clock_us = clock_us;
	w->edge->shed.last_us = now_us;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sample(w, SHED_SAMPLES, rows[i].late_ms);
		expect_upto(w, &s, rows[i].upto);
	}
	/* a hiccup is none, and one turn in time ends it */
	sample(w, SHED_SAMPLES - 1, 60000);
	expect_upto(w, &s, SHED_NONE);
	sample(w, 1, 60000);
	expect_upto(w, &s, SHED_USER);
	sample(w, 1, 0);
	expect_upto(w, &s, SHED_NONE);
}

/* How many requests for that user were written on a connection. */
static size_t came(size_t i, const char *user)
{
	struct slice s = buf_slice(&fake_conn(i)->out);
	char start[64];
	size_t n = 0;
	int len = snprintf(start, sizeof(start), "MESSAGE sip:%s@", user);
	const uint8_t *at;
	while ((at = memmem(s.ptr, s.len, start, (size_t)len))) {
		n++;
		s = slice_from(s, (size_t)(at - s.ptr) + 1);
	}
	return n;
}

static unsigned long rest_of(size_t i)
{
	struct slice s = buf_slice(&fake_conn(i)->out);
	static const char name[] = "\r\nRetry-After: ";
	const char *at = memmem(s.ptr, s.len, name, sizeof(name) - 1);
	assert_non_null(at);
	unsigned long seconds = strtoul(at + sizeof(name) - 1, NULL, 10);
	buf_reset(&fake_conn(i)->out);
	return seconds;
}

static void ask(size_t i, const char *from, const char *to, unsigned n)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 "MESSAGE sip:%s SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS phone.invalid;branch=z9hG4bKa%u\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=1\r\n"
		 "To: <sip:%s>\r\nCall-ID: a%u\r\nCSeq: 1 MESSAGE\r\n"
		 "Content-Length: 0\r\n\r\n",
		 to, n, from, to, n);
	fake_bytes(i, slice_str(text));
	fake_turn();
}

/* A partner that floods us is told to rest, each time another while, and our
 * users go on; when its requests are done it is heard again. */
static void test_ovl_01_partners_do_not_starve_users(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	bool seen[31] = { false };
	unsigned different = 0;
	up(w, &c);
	struct senders s = senders(w);
	uint64_t before = metric_get(M_SHED_PARTNER);
	fill(w, 60);
	for (unsigned n = 0; n < 100; n++) {
		ask(s.partner, "x@litware.test", "alice@contoso.test", n);
		if (!heard(s.partner, "SIP/2.0 503"))
			continue;
		unsigned long rest = rest_of(s.partner);
		assert_in_range(rest, 5, 30);
		different += !seen[rest];
		seen[rest] = true;
	}
	/* twenty were let in */
	assert_int_equal(came(0, "alice"), 20);
	assert_int_equal(metric_get(M_SHED_PARTNER), before + 80);
	assert_true(different > 5); /* OVL-02 */
	assert_int_equal(proxy_filled_percent(w->edge->proxy), 80);
	ask(s.user, "alice@contoso.test", "bob@contoso.test", 1000);
	assert_int_equal(came(0, "bob"), 1);
	assert_false(heard(s.user, "SIP/2.0 503"));
	fake_end(w->net.count - 1, CONN_END_CONNECT); /* what filled it fails */
	assert_int_equal(proxy_filled_percent(w->edge->proxy), 21);
	ask(s.partner, "x@litware.test", "carol@contoso.test", 2000);
	assert_int_equal(came(0, "carol"), 1);
}

static bool gone(size_t i)
{
	return !fake_net->conn[i];
}

static void ask_n(size_t i, const char *from, unsigned first, unsigned count)
{
	for (unsigned n = first; n < first + count; n++)
		ask(i, from, "bob@contoso.test", n);
}

/* Who goes on asking before its rest is over loses the connection; a partner,
 * which is many, and who comes back later do not. */
static void test_ovl_02_who_does_not_rest(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	up(w, &c);
	struct senders s = senders(w);
	size_t patient = signed_in(w);
	fill(w, 90);
	ask_n(s.user, "alice@contoso.test", 0, SHED_UNRESTED);
	ask_n(patient, "alice@contoso.test", 1000, SHED_UNRESTED);
	assert_false(gone(s.user));
	ask_n(s.partner, "x@litware.test", 2000, 2 * SHED_UNRESTED);
	assert_false(gone(s.partner));
	ask_n(s.user, "alice@contoso.test", 3000, 1);
	assert_true(gone(s.user));
	pass(w, SHED_REST_MS);
	fill(w, 90);
	ask_n(patient, "alice@contoso.test", 4000, SHED_UNRESTED);
	assert_false(gone(patient));
	ask_n(patient, "alice@contoso.test", 5000, 1);
	assert_true(gone(patient));
}

/* One of our users has at most a quarter of the table. */
static void test_ovl_01_a_user_does_not_starve_users(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	up(w, &c);
	size_t alice = signed_in(w), again = signed_in(w);
	for (unsigned n = 0; n < TABLE; n++)
		ask(alice, "alice@contoso.test", "bob@contoso.test", n);
	assert_int_equal(came(0, "bob"), TABLE / 4);
	assert_true(heard(alice, "SIP/2.0 503"));
	assert_in_range(rest_of(alice), 5, 30);
	ask(again, "alice@contoso.test", "carol@contoso.test", 1000);
	assert_int_equal(came(0, "carol"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_ovl_01_order_by_the_table),
		WORLD_TEST(test_ovl_01_order_by_lateness),
		WORLD_TEST(test_ovl_01_partners_do_not_starve_users),
		WORLD_TEST(test_ovl_02_who_does_not_rest),
		WORLD_TEST(test_ovl_01_a_user_does_not_starve_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
