/* SPDX-License-Identifier: Apache-2.0 */
/* Rows and sockets: each has the other, exactly once. */
#include "ports_rig.h"

enum { ALL = 4 };

static struct ports_socket at(const char *text, enum ports_transport t,
			      const char *key)
{
	struct ports_socket s = { .transport = t, .key = key };
	assert_int_equal(addr_parse(slice_str(text), false, &s.at), 0);
	return s;
}

/* The sockets of the rig's configuration. */
static void fill(struct ports_socket s[static ALL + 1])
{
	s[0] = at("[::]:5061", PORTS_TCP, "access.federation.listen");
	s[1] = at("[::]:443", PORTS_TCP, "access.clients.listen");
	s[2] = at("[::]:3478", PORTS_UDP, "relay.listen");
	s[3] = at("[::]:3478", PORTS_TCP, "relay.listen");
}

static void setup(struct rig *g)
{
	g->conf.relay_tcp = g->conf.relay_udp;
	rig_compute(g);
}

static void says(struct rig *g, const struct ports_socket *s, size_t n,
		 const char *first, const char *second)
{
	char error[PORTS_ERROR_MAX] = "";
	assert_int_equal(ports_covered(&g->table, s, n, error), -EINVAL);
	assert_non_null(strstr(error, first));
	assert_non_null(strstr(error, second));
}

static void test_fit(void **state)
{
	struct rig *g = *state;
	struct ports_socket s[ALL + 1];
	char error[PORTS_ERROR_MAX];
	setup(g);
	fill(s);
	assert_int_equal(ports_covered(&g->table, s, ALL, error), 0);
	g->conf.av_partners = PORTS_OCS2007 | PORTS_RFC8656;
	rig_compute(g); /* ranges have no socket of their own */
	assert_int_equal(ports_covered(&g->table, s, ALL, error), 0);
}

static void test_socket_without_row(void **state)
{
	struct rig *g = *state;
	struct ports_socket s[ALL + 1];
	setup(g);
	fill(s);
	s[ALL] = at("192.0.2.1:8443", PORTS_TCP, "web.listen");
	says(g, s, ALL + 1, "web.listen", "192.0.2.1:8443");
	s[ALL] = at("[::]:443", PORTS_UDP, "web.listen");
	says(g, s, ALL + 1, "web.listen", "no row");
}

static void test_row_without_socket(void **state)
{
	struct rig *g = *state;
	struct ports_socket s[ALL + 1];
	setup(g);
	fill(s);
	says(g, s, ALL - 1, "turn-tcp-in", "3478");
}

static void test_two_rows(void **state)
{
	struct rig *g = *state;
	struct ports_socket s[ALL + 1];
	setup(g);
	fill(s);
	g->conf.av_partners = PORTS_RFC8656;
	g->conf.range_first = 3000;
	g->conf.range_last = 4000;
	rig_compute(g);
	says(g, s, ALL, "turn-udp-in and rtp-udp-in", "relay.listen");
}

static void test_both_families(void **state)
{
	struct rig *g = *state;
	struct ports_socket s[ALL + 1];
	struct ports_listener two[] = { g->clients,
					rig_listener("0.0.0.0:443") };
	char error[PORTS_ERROR_MAX];
	g->conf.clients = (struct ports_list){ two, 2 };
	setup(g);
	fill(s);
	s[ALL] = at("0.0.0.0:443", PORTS_TCP, "access.clients.listen");
	assert_int_equal(ports_covered(&g->table, s, ALL + 1, error), 0);
	says(g, s, ALL, "access.clients.listen", "client-2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_fit),
		RIG_TEST(test_socket_without_row),
		RIG_TEST(test_row_without_socket),
		RIG_TEST(test_two_rows),
		RIG_TEST(test_both_families),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
