/* SPDX-License-Identifier: Apache-2.0 */
/* Questions for the tables of ports/: good ones, and what is said of others. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "admin/explain.h"
#include "admin/tables.h"
#include "support/oom.h"

typedef int (*tables_fn)(const struct conf *c, const struct tables_ask *ask,
			 struct buf *out, struct buf *warnings,
			 char error[static TABLES_ERROR_MAX]);

/* "name=value" each, NULL ends them. */
struct question {
	tables_fn fn;
	const char *words[6];
};

static struct slice ours;
static struct conf_addr federation, client;
static struct conf_hop hop;
static struct conf_partner partners[2];

static const struct conf *conf(void)
{
	static struct conf c;
	memset(&c, 0, sizeof(c));
	addr_parse(SLICE_LIT("192.0.2.1:5061"), false, &federation.addr);
	addr_parse(SLICE_LIT("[::]:443"), false, &client.addr);
	ours = SLICE_LIT("contoso.test");
	hop = (struct conf_hop){ .host = SLICE_LIT("pool.contoso.internal"),
				 .port = 5061 };
	partners[0] =
		(struct conf_partner){ .domain = SLICE_LIT("a.test"),
				       .edge = SLICE_LIT("edge.a.test"),
				       .line = 9,
				       .address = SLICE_LIT("192.0.2.7:5099") };
	partners[1] = (struct conf_partner){ .domain = SLICE_LIT("b.test") };
	c.access.federation.listen = &federation;
	c.access.federation.listen_count = 1;
	c.access.clients.listen = &client;
	c.access.clients.listen_count = 1;
	c.inside.next_hop = &hop;
	c.inside.next_hop_count = 1;
	c.edge.domains = &ours;
	c.edge.domain_count = 1;
	c.partners = partners;
	c.partner_count = 2;
	return &c;
}

static struct slice on_arg(void *arg, const char *name)
{
	const struct question *q = arg;
	size_t len = strlen(name);
	for (size_t i = 0; q->words[i]; i++)
		if (!strncmp(q->words[i], name, len) && q->words[i][len] == '=')
			return slice_str(q->words[i] + len + 1);
	return SLICE_NONE;
}

/* What is printed, or the error. */
static const char *answer(struct question q, int expected)
{
	static char text[32768];
	char error[TABLES_ERROR_MAX] = "";
	const struct tables_ask ask = { .arg = on_arg, .arg_of = &q };
	struct buf out, warnings;
	buf_init(&out, 0);
	buf_init(&warnings, 0);
	assert_int_equal(q.fn(conf(), &ask, &out, &warnings, error), expected);
	if (expected)
		strcpy(text, error);
	else
		assert_int_equal(
			slice_cstr(buf_slice(&out), text, sizeof(text)), 0);
	buf_free(&out);
	buf_free(&warnings);
	return text;
}

static void expect(struct question q, int err, const char *says)
{
	const char *text = answer(q, err);
	if (!strstr(text, says))
		fail_msg("no \"%s\" in %s", says, text);
}

static void test_rows_of_the_configuration(void **state)
{
	static const char *const ids[] = {
		"client ",  "fed-in ",  "fed-out ",     "fed-out-2 ",
		"dns-udp ", "dns-tcp ", "int-sip-out ",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		expect((struct question){ tables_ports, { NULL } }, 0, ids[i]);
	expect((struct question){ tables_ports, { "lang=zh", NULL } }, 0,
	       "访问边缘 192.0.2.1");
	expect((struct question){ tables_ports,
				  { "published=yes", "form=csv", NULL } },
	       0, "Access/SIP(TLS)/TCP/443,Clients,");
}

static void test_rules(void **state)
{
	(void)state;
	expect((struct question){ tables_firewall, { "ssh=none", NULL } }, 0,
	       "ip daddr 192.0.2.1 tcp dport 5061");
	expect((struct question){ tables_firewall,
				  { "perimeter=yes",
				    "edge=192.0.2.1,2001:db8::1", NULL } },
	       0, "ip6 daddr 2001:db8::1 tcp dport 443");
}

static void test_explanations(void **state)
{
	static const char alice[] = "from=alice@contoso.test";
	(void)state;
	expect((struct question){ explain_text,
				  { alice, "to=bob@a.test", NULL } },
	       0, "partner's  (line 9)");
	expect((struct question){ explain_text,
				  { alice, "to=bob@a.test", NULL } },
	       0, "allowed: it goes to the partner");
	expect((struct question){ explain_text,
				  { alice, "to=bob@c.test", NULL } },
	       0, "refused: 404 Not Found, ms-diagnostics 1005, why=no_route");
	expect((struct question){ explain_text,
				  { "from=bob@b.test", "to=alice@contoso.test",
				    "arriving_as=sip.b.test", NULL } },
	       0, "(if the SRV records of the sender's domain name this peer)");
	expect((struct question){ explain_text,
				  { alice, "to=x@contoso.test",
				    "method=PUBLISH", NULL } },
	       0, "allowed: it goes inside");
}

static void test_refusals(void **state)
{
	static const struct {
		struct question q;
		const char *says;
	} rows[] = {
		{ { tables_ports, { "form=pdf", NULL } }, "svg" },
		{ { tables_ports, { "profile=x", NULL } }, "rfc8656" },
		{ { tables_firewall, { NULL } }, "lock you out" },
		{ { tables_firewall, { "ssh=x", NULL } }, "22,192.0.2.0/24" },
		{ { tables_firewall, { "format=pf", NULL } }, "nftables" },
		{ { tables_firewall, { "ssh=22", "edge=x", NULL } },
		  "IP addresses" },
		{ { tables_firewall, { "perimeter=yes", NULL } }, "client" },
		{ { tables_firewall, { "perimeter=yes", "format=ufw", NULL } },
		  "in front" },
		{ { explain_text, { "from=alice", NULL } }, "from is an" },
		{ { explain_text, { "from=a@b.test", NULL } }, "to is an" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i].q, -EINVAL, rows[i].says);
}

static int ask_all(void *arg)
{
	struct question q = { tables_firewall, { "ssh=22", NULL } };
	struct question why = {
		explain_text, { "from=a@contoso.test", "to=b@a.test", NULL }
	};
	const struct tables_ask ask = { .arg = on_arg, .arg_of = &q };
	char error[TABLES_ERROR_MAX] = "";
	struct buf out, warnings;
	(void)arg;
	buf_init(&out, 0);
	buf_init(&warnings, 0);
	int err = tables_firewall(conf(), &ask, &out, &warnings, error);
	if (!err)
		err = tables_ports(conf(), &ask, &out, &warnings, error);
	if (!err)
		err = explain_text(
			conf(),
			&(struct tables_ask){ .arg = on_arg, .arg_of = &why },
			&out, &warnings, error);
	if (err)
		assert_non_null(strstr(error, "out of memory"));
	buf_free(&out);
	buf_free(&warnings);
	return err;
}

static void test_out_of_memory(void **state)
{
	oom_walk(ask_all, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_the_configuration),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_explanations),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
