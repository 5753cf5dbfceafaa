/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of each format: every row by its id, everything else dropped. */
#include "ports_rig.h"

#include "support/oom.h"

static const char *print(struct rig *g, const struct firewall_options *o)
{
	char error[FIREWALL_ERROR_MAX] = "";
	assert_int_equal(firewall_print(&g->out, &g->table, o, error), 0);
	return rig_text(g);
}

static void expect(const char *text, const char *line)
{
	if (!strstr(text, line))
		fail_msg("no \"%s\" in\n%s", line, text);
}

static void expect_not(const char *text, const char *line)
{
	if (strstr(text, line))
		fail_msg("\"%s\" is in\n%s", line, text);
}

static void test_nftables_host(void **state)
{
	const struct firewall_options o = { .ssh = { .port = 22,
						     .from_any = true } };
	const char *t = print(*state, &o);
	expect(t, "table inet sallyport\ndelete table inet sallyport\n"
		  "table inet sallyport {\n\tchain input {\n"
		  "\t\ttype filter hook input priority filter; policy drop;");
	expect(t, "\t\ttcp dport 22 counter accept comment \"ssh\"\n");
	expect(t, "\t\ttcp dport 5061 counter accept comment \"sallyport "
		  "fed-in\"\n");
	expect(t, "\t\tudp dport 3478 counter accept comment \"sallyport "
		  "turn-udp-in\"\n");
	expect(t, "hook output priority filter; policy drop;");
	expect(t, "\t\ttcp sport 50000-59999 tcp dport 50000-59999 counter "
		  "accept comment \"sallyport rtp-tcp-out\"\n");
	expect_not(t, "rtp-udp-in");
}

/* A row with an address of one family has no rule for the other. */
static void test_addresses(void **state)
{
	struct rig *g = *state;
	const struct firewall_options o = { 0 };
	g->federation = rig_listener("192.0.2.1:5061");
	g->partner.host = rig_listener("[2001:db8::7]:5061").at;
	rig_compute(g);
	const char *t = print(g, &o);
	expect(t, "\t\tip daddr 192.0.2.1 tcp dport 5061 counter accept "
		  "comment \"sallyport fed-in\"\n");
	expect(t, "\t\tip6 daddr 2001:db8::7 tcp dport 5061 counter accept "
		  "comment \"sallyport fed-out\"\n");
	expect_not(t, "ssh");
}

static void test_ssh_from_somewhere(void **state)
{
	struct firewall_options o = { 0 };
	assert_int_equal(
		firewall_ssh_parse(SLICE_LIT("2222,192.0.2.0/24"), &o.ssh), 0);
	expect(print(*state, &o),
	       "\t\tip saddr 192.0.2.0/24 tcp dport 2222 counter accept");
	o.format = FIREWALL_IPTABLES;
	expect(print(*state, &o), "-A INPUT -s 192.0.2.0/24 -p tcp -m tcp "
				  "--dport 2222 -m comment --comment ssh");
	o.format = FIREWALL_IP6TABLES;
	expect_not(print(*state, &o), "ssh");
	o.format = FIREWALL_UFW;
	expect(print(*state, &o), "ufw allow in proto tcp from 192.0.2.0/24 "
				  "to any port 2222 comment 'ssh'");
	o.format = FIREWALL_FIREWALLD;
	expect(print(*state, &o),
	       "rule family=\"ipv4\" source address=\"192.0.2.0/24\" port "
	       "port=\"2222\" protocol=\"tcp\" accept'");
}

static void test_ssh_words(void **state)
{
	static const char *const bad[] = {
		"",     "x", "0",      "65536",          "22,",
		"22,x", ",", "222222", "22,192.0.2.1/24"
	};
	struct firewall_ssh ssh;
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(firewall_ssh_parse(slice_str(bad[i]), &ssh),
				 -EINVAL);
	assert_int_equal(firewall_ssh_parse(SLICE_LIT("none"), &ssh), 0);
	assert_int_equal(ssh.port, 0);
}

static void test_iptables(void **state)
{
	const struct firewall_options o = { .format = FIREWALL_IPTABLES };
	const char *t = print(*state, &o);
	expect(t, "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n"
		  ":OUTPUT DROP [0:0]\n");
	expect(t, "-A INPUT -p tcp -m tcp --dport 5061 -m conntrack --ctstate "
		  "NEW -m comment --comment \"sallyport fed-in\" -j ACCEPT\n");
	expect(t, "-A OUTPUT -p tcp -m tcp --sport 50000:59999 --dport "
		  "50000:59999 ");
	expect(t, "COMMIT\n");
}

static void test_ufw_and_firewalld(void **state)
{
	struct firewall_options o = { .format = FIREWALL_UFW };
	expect(print(*state, &o), "ufw allow in proto tcp from any to any port "
				  "5061 comment 'sallyport fed-in'\n");
	o.format = FIREWALL_FIREWALLD;
	expect(print(*state, &o),
	       "fw --zone=sallyport --add-rich-rule='rule port port=\"5061\" "
	       "protocol=\"tcp\" accept' # sallyport fed-in\n");
	/* what it cannot say is said */
	expect(print(*state, &o), "# firewalld compares no source port");
}

static void test_perimeter_wants_addresses(void **state)
{
	struct rig *g = *state;
	char error[FIREWALL_ERROR_MAX] = "";
	const struct addr edge[] = { rig_listener("192.0.2.1:1").at,
				     rig_listener("[2001:db8::1]:1").at };
	struct firewall_options o = { .perimeter = true };
	assert_int_equal(firewall_print(&g->out, &g->table, &o, error),
			 -EINVAL);
	expect(error, "client");
	o.edge = edge;
	o.edge_count = 2;
	const char *t = print(g, &o);
	expect(t, "hook forward priority filter; policy drop;");
	expect(t, "\t\tip daddr 192.0.2.1 tcp dport 5061 ct state new counter "
		  "accept comment \"sallyport fed-in\"\n");
	expect(t, "\t\tip6 daddr 2001:db8::1 tcp dport 5061 ct state new ");
	expect(t, "\t\tip saddr 192.0.2.1 tcp dport 5061 ct state new ");
	expect_not(t, "hook input");
	o.format = FIREWALL_UFW;
	assert_int_equal(firewall_print(&g->out, &g->table, &o, error),
			 -EINVAL);
}

/* Partners only from where they were found, at the time that is told. */
static void test_strict(void **state)
{
	const struct addr partner[] = { rig_listener("192.0.2.7:1").at,
					rig_listener("192.0.2.8:1").at };
	const struct firewall_snapshot snapshot = { partner, 2,
						    "2026-11-22T15:30:00Z" };
	const struct firewall_options o = { .strict = &snapshot };
	const char *t = print(*state, &o);
	expect(t, "# Partners' addresses as of 2026-11-22T15:30:00Z.\n");
	expect(t, "\t\tip saddr { 192.0.2.7, 192.0.2.8 } tcp dport 5061 ");
	expect(t, "\t\tip daddr { 192.0.2.7, 192.0.2.8 } tcp dport 5061 ");
	expect_not(t, "ip6 saddr");
	expect(t, "\t\ttcp dport 443 counter accept");
}

/* Nobody was found: then nobody is let in. */
static void test_strict_without_partners(void **state)
{
	const struct firewall_snapshot snapshot = { NULL, 0, "now" };
	const struct firewall_options o = { .strict = &snapshot };
	expect_not(print(*state, &o), "fed-");
}

static int everything(void *arg)
{
	struct rig *g = arg;
	char error[FIREWALL_ERROR_MAX] = "";
	struct buf out;
	int err = 0;
	buf_init(&out, 0);
	for (int f = FIREWALL_NFTABLES; f <= FIREWALL_UFW && !err; f++) {
		const struct firewall_options o = {
			.format = (enum firewall_format)f
		};
		err = firewall_print(&out, &g->table, &o, error);
	}
	buf_free(&out);
	return err;
}

static void test_out_of_memory(void **state)
{
	oom_walk(everything, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_nftables_host),
		RIG_TEST(test_addresses),
		RIG_TEST(test_ssh_from_somewhere),
		RIG_TEST(test_ssh_words),
		RIG_TEST(test_iptables),
		RIG_TEST(test_ufw_and_firewalld),
		RIG_TEST(test_perimeter_wants_addresses),
		RIG_TEST(test_strict),
		RIG_TEST(test_strict_without_partners),
		RIG_TEST(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
