/* SPDX-License-Identifier: Apache-2.0 */
/* CFG-01, CFG-03, TLS-07: what is accepted, with which values; what is
 * refused, on which line and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "conf/conf.h"
#include "home/home_conf.h"
#include "support/oom.h"
#include "unit/conf/fake_files.h"

#define assert_text(s, t) assert_true(slice_eq((s), SLICE_LIT(t)))

/* The smallest lines that are needed, with one of them left out. */
#define TLS_BLOCK "tls:\n  certificate: /t/edge.pem\n  key: /t/edge.key\n"
#define TLS "tls: {certificate: /t/edge.pem, key: /t/edge.key}\n"
#define EDGE "edge: {name: edge.contoso.test, domains: [contoso.test]}\n"
#define MIN EDGE TLS

struct bad {
	const char *text;
	unsigned line;
	const char *words[3];
};

static const struct bad SYNTAX[] = {
	{ "", 1, { "empty", "sallyport.yaml(5)" } },
	{ "# nothing\n", 1, { "empty" } },
	{ "just text\n", 1, { "mapping" } },
	{ "- a\n- b\n", 1, { "mapping" } },
	{ "edge:\n\tname: x\n", 2, { "YAML", "indentation" } },
	{ MIN "partners: [ {domain: a.test\n", 4, { "YAML" } },
	{ MIN "state: \"/x\n", 4, { "YAML" } },
	{ MIN "state: /x\xff\n", 3, { "UTF-8" } },
	{ MIN "state: /x\x01\n", 3, { "UTF-8", "control" } },
	{ MIN "state: &a /x\n", 3, { "anchors", "write the value out" } },
	{ MIN "state: *a\n", 3, { "aliases" } },
	{ MIN "state: !!str /x\n", 3, { "tags" } },
	{ MIN "access: !x {}\n", 3, { "tags" } },
	{ MIN "---\nstate: /x\n", 3, { "second document", "---" } },
	{ MIN "state: [[[[[[[[[x]]]]]]]]]\n", 3, { "nested", "8" } },
	{ MIN "[a]: x\n", 3, { "cannot be a key" } },
	{ MIN "\"\": x\n", 3, { "cannot be a key" } },
	{ MIN "state:\n", 3, { "state", "no value" } },
	{ MIN "state: [/x]\n", 3, { "state", "list", "single value" } },
	{ MIN "access:\n", 3, { "access", "empty" } },
	{ MIN "access: yes\n", 3, { "access", "mapping" } },
};

static const struct bad KEYS[] = {
	{ MIN "partner: []\n", 3, { "partner", "unknown", "'partners'" } },
	{ MIN "lgo: {level: info}\n", 3, { "did you mean 'log'" } },
	{ MIN "log:\n  levle: info\n", 4, { "log.levle", "'level'" } },
	{ MIN "listen: []\n", 3, { "access.federation.listen" } },
	{ MIN "xyzzy: 1\n", 3, { "known here", "edge", "partners" } },
	{ MIN "home: {zzzz: 1}\n", 3, { "known here", "digest_md5" } },
	{ MIN "<<: {state: /x}\n", 3, { "unknown" } },
	{ MIN "state: /a\nlog: {level: info}\nstate: /b\n",
	  5,
	  { "state", "already on line 3" } },
	{ MIN "log:\n  level: info\n  level: warn\n",
	  5,
	  { "log.level", "line 4" } },
	{ MIN "partners:\n - {domain: a.test, edge: e.test, edge: f.test}\n",
	  4,
	  { "partners.edge", "already" } },
	{ MIN "relay: {range: 50000}\n", 3, { "relay.range", "50000-59999" } },
	{ MIN "relay: {range: 60000-50000}\n", 3, { "relay.range", "first" } },
	{ MIN "relay: {public4: \"1.2.3\"}\n", 3, { "relay.public4" } },
	{ MIN "relay: {tls_listen: [\"[::]:x\"]}\n",
	  3,
	  { "relay.tls_listen" } },
	{ MIN "relay: {dtls: 5349}\n", 3, { "relay.dtls", "yes" } },
	{ MIN "relay: {xdp: perhaps}\n", 3, { "relay.xdp", "auto" } },
	{ MIN "relay: {alternate: [\"0.0.0.0:3478\"]}\n",
	  3,
	  { "relay.alternate", "nobody" } },
	{ MIN "relay: {alternate: [\"[::]:3478\"]}\n",
	  3,
	  { "relay.alternate", "nobody" } },
	{ MIN "relay: {alternate: [\"1.2.3.4:1\", \"1.2.3.5:1\"]}\n",
	  3,
	  { "relay.alternate", "two for IPv4" } },
	{ MIN "relay: {alternate: [\"1.2.3.4\"]}\n", 3, { "relay.alternate" } },
	{ MIN "relay: {discovery: [\"1.2.3.4:1\"]}\n",
	  3,
	  { "relay.discovery", "write two" } },
	{ MIN "relay: {discovery: [\"1.2.3.4:1\", \"1.2.3.5:1\"]}\n",
	  3,
	  { "relay.discovery", "two different ports" } },
	{ MIN "relay: {discovery: [\"1.2.3.4:1\", \"1.2.3.4:2\"]}\n",
	  3,
	  { "relay.discovery", "two different addresses" } },
	{ MIN "relay: {discovery: [\"1.2.3.4:1\", \"[2a00::1]:2\"]}\n",
	  3,
	  { "relay.discovery", "of one family" } },
	{ MIN "relay: {discovery: [\"0.0.0.0:1\", \"1.2.3.5:2\"]}\n",
	  3,
	  { "relay.discovery", "two different addresses" } },
	{ MIN "relay: {discovery: [\"1.2.3.4:3478\", \"1.2.3.5:3479\"]}\n",
	  3,
	  { "relay.discovery", "1.2.3.4:3479", "relay.listen" } },
	{ MIN "relay:\n"
	      "  listen: [\"[::]:3478\", \"[::]:3479\"]\n"
	      "  public4: 192.0.2.7\n"
	      "  discovery: [\"1.2.3.4:3478\", \"1.2.3.5:3479\"]\n",
	  6,
	  { "relay.discovery", "relay.public4, line 5" } },
	{ MIN "relay: {mobility: perhaps}\n", 3, { "relay.mobility", "yes" } },
	{ MIN "relay: {messenger: perhaps}\n",
	  3,
	  { "relay.messenger", "yes" } },
	{ MIN "relay: {users: [{name: a}]}\n", 3, { "password", "missing" } },
	{ MIN "relay: {av_partners: \"lync, skype\"}\n",
	  3,
	  { "relay.av_partners", "skype", "rfc8656" } },
	{ MIN "relay: {realm: \"a\\tb\"}\n", 3, { "relay.realm", "control" } },
	{ MIN "relay: {realm: a2345678901234567890123456789012x}\n",
	  3,
	  { "relay.realm", "too long" } },
	/* a prefix that is silently another one would open the inside */
	{ MIN "relay: {deny_peers: [\"198.51.100.1/24\"]}\n",
	  3,
	  { "relay.deny_peers" } },
	{ MIN "relay: {allow_peers: [\"10.0.0.0/33\"]}\n",
	  3,
	  { "relay.allow_peers" } },
	{ MIN "relay: {allow_peers: [all]}\n", 3, { "relay.allow_peers" } },
	{ MIN "relay: {credential_life_s: 59}\n",
	  3,
	  { "relay.credential_life_s", "60" } },
	{ MIN "relay: {quota: {allocations: 60001}}\n",
	  3,
	  { "relay.quota.allocations", "60000" } },
	{ MIN "relay: {bandwidth: {per_port_kbit: -1}}\n",
	  3,
	  { "relay.bandwidth.per_port_kbit" } },
	{ MIN "inside: {home: x}\n", 3, { "'x'", "builtin, none" } },
	{ MIN "access: {federation: {discovery: yes}}\n",
	  3,
	  { "access.federation.discovery", "off" } },
	{ MIN "access: {federation: {discovered_rate: 0}}\n",
	  3,
	  { "access.federation.discovered_rate", "1" } },
	{ MIN "access: {federation: {discovered_addresses: 100001}}\n",
	  3,
	  { "access.federation.discovered_addresses", "100000" } },
	{ MIN "access: {federation: {allow_addresses: [x]}}\n",
	  3,
	  { "access.federation.allow_addresses" } },
	{ MIN "partners:\n - {domain: a.test, address: \"192.0.2.7:5061\"}\n",
	  4,
	  { "address:", "no edge:" } },
	{ MIN "partners:\n - {domain: a.test, connections: 5}\n",
	  4,
	  { "partners.connections", "1 to 4" } },
	{ MIN "partners:\n - {domain: a.test, connections: 0}\n",
	  4,
	  { "partners.connections", "1 to 4" } },
	{ MIN "partners:\n - {domain: a.test, allow_addresses: 10.0.0.0/8}\n",
	  4,
	  { "partners.allow_addresses", "not a list", "10.8.0.0/16" } },
	{ MIN "partners:\n - {domain: a.test, "
	      "allow_addresses: [10.0.0.1/8]}\n",
	  4,
	  { "partners.allow_addresses", "no prefix" } },
	{ MIN "partners:\n - {domain: a.test, "
	      "allow_addresses: [10.0.0.0/8, 10.0.0.0/8]}\n",
	  4,
	  { "partners.allow_addresses", "twice" } },
	{ MIN "partners: [{edge: sip.fabrikam.test}]\n",
	  3,
	  { "partners.domain", "missing" } },
	{ TLS, 1, { "edge", "missing" } },
	{ TLS "edge: {domains: [a.test]}\n", 2, { "edge.name", "missing" } },
	{ TLS "edge: {name: a.test}\n", 2, { "edge.domains", "missing" } },
	{ EDGE, 1, { "tls", "missing", "certificate:" } },
	{ EDGE "tls: {key: /t/edge.key}\n", 2, { "tls.certificate" } },
	{ EDGE "\ntls:\n  certificate: /t/edge.pem\n", 3, { "tls.key" } },
};

static const struct bad VALUES[] = {
	{ TLS "edge: {name: 192.0.2.1, domains: [a.test]}\n",
	  2,
	  { "edge.name", "IP address" } },
	{ TLS "edge: {name: \"[2001:db8::1]\", domains: [a.test]}\n",
	  2,
	  { "edge.name", "IP address" } },
	{ TLS "edge: {name: a.test, domains: []}\n", 2, { "edge.domains" } },
	{ TLS "edge: {name: a.test, domains: a.test}\n",
	  2,
	  { "edge.domains", "not a list" } },
	{ TLS "edge:\n  name: a.test\n  domains:\n   - b.test\n   - B.test.\n",
	  6,
	  { "b.test", "twice" } },
	{ TLS "edge: {name: a.test, domains: [\"*.a.test\"]}\n",
	  2,
	  { "wildcard" } },
	{ MIN "workers: 0\n", 3, { "workers", "auto or", "1 to 64" } },
	{ MIN "workers: 65\n", 3, { "workers", "1 to 64" } },
	{ MIN "workers: many\n", 3, { "workers", "'many'" } },
	{ MIN "limits:\n  drain_s: 3601\n", 4, { "drain_s", "0 to 3600" } },
	{ MIN "limits:\n  drain_s: -1\n", 4, { "drain_s", "seconds" } },
	{ MIN "limits:\n  drain_s: 010\n", 4, { "drain_s", "'010'" } },
	{ MIN "limits:\n  drain_s: 3.5\n", 4, { "drain_s", "whole number" } },
	{ MIN "limits:\n  new_per_source: 4294967297\n", 4, { "100000" } },
	{ MIN "limits:\n  transactions: 99\n", 4, { "100" } },
	{ MIN "log: {level: loud}\n", 3, { "error, warn, info, debug" } },
	{ MIN "log: {format: xml}\n", 3, { "text, json" } },
	{ MIN "home: {digest_md5: maybe}\n", 3, { "true, false, only" } },
	{ MIN "home: {stored_mib: 0}\n", 3, { "stored_mib", "1 to" } },
	{ MIN "state: var/lib\n", 3, { "absolute" } },
	{ MIN "control: /x2345678901234567890123456789012345678901234567890123"
	      "456789012345678901234567890123456789012345678901234567890\n",
	  3,
	  { "control", "107" } },
	{ MIN "user: root\n", 3, { "user", "root" } },
	{ MIN "user: 0\n", 3, { "user", "number" } },
	{ MIN "user: \"a b\"\n", 3, { "user", "account" } },
	{ MIN "access: {clients: {listen: \"[::]:443\"}}\n",
	  3,
	  { "access.clients.listen", "not a list" } },
	{ MIN "access: {clients: {listen: [\"[::]\"]}}\n", 3, { "port" } },
	{ MIN "access:\n  clients:\n    listen:\n      - 1.2.3.4:0\n",
	  6,
	  { "port" } },
	{ MIN "access: {clients: {listen: [\"host:443\"]}}\n",
	  3,
	  { "address" } },
	{ MIN "dns: {servers: [ns.test]}\n", 3, { "name server" } },
	{ MIN "partners:\n - {domain: 10.0.0.1, edge: e.test}\n",
	  4,
	  { "partners.domain", "IP address" } },
	{ MIN "partners:\n - {domain: a.test, edge: e.test, address: e.test}\n",
	  4,
	  { "partners.address", "port" } },
	{ MIN "partners: {domain: a.test}\n", 3, { "partners", "list" } },
	{ MIN "inside: {next_hop: [\"a b:1\"]}\n", 3, { "inside.next_hop" } },
	{ MIN "inside: {trusted_link: [10.0.0.1/29]}\n",
	  3,
	  { "inside.trusted_link", "no prefix" } },
	{ MIN "access: {clients: {load_balancers: [192.0.2.1/30]}}\n",
	  3,
	  { "access.clients.load_balancers", "no prefix" } },
	{ MIN "access: {clients: {origins: [\"https://a.test\"]}}\n",
	  3,
	  { "access.clients.origins" } },
	{ MIN "partners:\n - a.test\n", 4, { "partners", "mapping" } },
};

static const struct bad FILES[] = {
	{ EDGE "tls:\n  certificate: /t/none.pem\n  key: /t/edge.key\n",
	  3,
	  { "tls.certificate", "/t/none.pem", "No such file" } },
	{ EDGE "tls:\n  certificate: /t/locked.pem\n  key: /t/edge.key\n",
	  3,
	  { "/t/locked.pem", "Permission denied" } },
	{ EDGE "tls:\n  certificate: /t/empty.pem\n  key: /t/edge.key\n",
	  3,
	  { "/t/empty.pem", "empty" } },
	{ EDGE "tls:\n  certificate: /t/folder\n  key: /t/edge.key\n",
	  3,
	  { "not a regular file" } },
	{ EDGE "tls:\n  certificate: /t/device\n  key: /t/edge.key\n",
	  3,
	  { "not a regular file" } },
	{ EDGE "tls:\n  certificate: /t/writable.pem\n  key: /t/edge.key\n",
	  3,
	  { "changed by every user", "chmod o-w" } },
	{ EDGE "tls:\n  certificate: /t/edge.pem\n  key: /t/open.key\n",
	  4,
	  { "tls.key", "chmod 640 /t/open.key", "600" } },
	{ EDGE "tls:\n  certificate: /t/edge.pem\n  key: /t/writable.key\n",
	  4,
	  { "tls.key", "chmod 640" } },
	{ EDGE TLS_BLOCK "  certificates: /t/edge.pem\n",
	  5,
	  { "tls.certificates", "not a list", "certificate: ..." } },
	{ EDGE TLS_BLOCK "  certificates:\n    - { certificate: /t/two.pem }\n",
	  6,
	  { "tls.certificates.key", "missing", "key:" } },
	{ EDGE TLS_BLOCK "  certificates:\n    - certificate: /t/two.pem\n"
			 "      key: /t/open.key\n",
	  7,
	  { "tls.certificates.key", "chmod 640" } },
	{ EDGE TLS_BLOCK "  crl: /t/none.pem\n", 5, { "tls.crl", "No such" } },
	{ EDGE TLS_BLOCK "  accept_server_usage: perhaps\n",
	  5,
	  { "tls.accept_server_usage", "one of true, false" } },
	{ EDGE "tls:\n  certificate: edge.pem\n  key: /t/edge.key\n",
	  3,
	  { "absolute" } },
	{ EDGE "tls:\n  certificate: system\n  key: /t/edge.key\n",
	  3,
	  { "absolute" } },
	{ MIN "dns:\n  trust_anchor: /t/none.key\n", 4, { "/t/none.key" } },
};

static const struct bad CONFLICTS[] = {
	{ MIN "partners:\n - {domain: a.test, edge: e.test}\n"
	      " - {domain: b.test, edge: e.test}\n"
	      " - {domain: A.TEST., edge: f.test}\n",
	  6,
	  { "a.test", "already on line 4" } },
	{ MIN "partners:\n - {domain: CONTOSO.test, edge: e.test}\n",
	  4,
	  { "contoso.test", "our own domain", "line 1" } },
	{ MIN "partners:\n - {domain: a.test, edge: edge.contoso.test}\n",
	  4,
	  { "this server itself", "line 1" } },
	{ MIN "access:\n  federation: {listen: [\"[::]:5061\"]}\n"
	      "  clients:\n    listen: [\"[::]:443\", \"[::]:5061\"]\n",
	  6,
	  { "two listeners", "[::]:5061", "line 4" } },
	{ MIN "access: {clients: {listen: [\"192.0.2.1:1\", "
	      "\"[::ffff:192.0.2.1]:1\"]}}\n",
	  3,
	  { "two listeners" } },
	{ MIN "access:\n  federation: {listen: []}\n",
	  3,
	  { "nothing listens" } },
	{ MIN "admin:\n  listen: [\"127.0.0.1:9061\", \"[::1]:9061\",\n"
	      "    \"0.0.0.0:9061\"]\n",
	  5,
	  { "0.0.0.0:9061", "plain HTTP", "127.0.0.1" } },
	{ MIN "admin: {listen: [\"192.0.2.1:9061\"]}\n", 3, { "plain HTTP" } },
	{ MIN "admin: {listen: [\"127.0.0.1:443\"]}\n"
	      "access: {clients: {listen: [\"127.0.0.1:443\"]}}\n",
	  3,
	  { "two listeners" } },
	{ MIN "home:\n  expires_min_s: 700\n", 4, { "expires_min_s", "600" } },
	{ MIN "home:\n  presence_min_s: 61\n  presence_max_s: 60\n",
	  4,
	  { "presence_min_s", "at most that" } },
	{ MIN "home: {presence_outside: maybe}\n", 3, { "allow, ask, block" } },
	{ MIN "home: {expires_max_s: 599}\n",
	  3,
	  { "expires_default_s", "599" } },
};

static void check_bad(const struct bad *row)
{
	char error[CONF_ERROR_MAX] = "";
	char start[32];
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 24);
	int err = fake_load(a, row->text, &c, error, NULL);
	snprintf(start, sizeof(start), "t.yaml:%u: ", row->line);
	if (err != -EINVAL || c)
		fail_msg("accepted: %s", row->text);
	if (strncmp(error, start, strlen(start)) != 0)
		fail_msg("line %u expected: %s\n%s", row->line, error,
			 row->text);
	for (size_t i = 0; i < 3 && row->words[i]; i++) {
		if (!strstr(error, row->words[i]))
			fail_msg("'%s' expected: %s", row->words[i], error);
	}
	if (strchr(error, '\n') || strstr(error, "MARKER"))
		fail_msg("not one line, or a secret in it: %s", error);
	arena_free(a);
}

static void check_all(const struct bad *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_bad(&rows[i]);
}

#define CHECK_ALL(rows) check_all(rows, sizeof(rows) / sizeof((rows)[0]))

static void bad_syntax(void **state)
{
	(void)state;
	CHECK_ALL(SYNTAX);
}

static void bad_keys(void **state)
{
	(void)state;
	CHECK_ALL(KEYS);
}

static void bad_values(void **state)
{
	(void)state;
	CHECK_ALL(VALUES);
}

static void bad_files(void **state)
{
	(void)state;
	CHECK_ALL(FILES);
}

static void conflicts(void **state)
{
	(void)state;
	CHECK_ALL(CONFLICTS);
}

static void too_large(void **state)
{
	(void)state;
	size_t len = (1 << 20) + 1;
	char *text = malloc(len + 1);
	assert_non_null(text);
	memset(text, '\n', len);
	memcpy(text, MIN, strlen(MIN));
	text[len] = '\0';
	struct bad row = { text, 1, { "1 MiB" } };
	check_bad(&row);
	text[len - 1] = '\0'; /* exactly 1 MiB is fine */
	char error[CONF_ERROR_MAX];
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 24);
	assert_int_equal(fake_load(a, text, &c, error, NULL), 0);
	arena_free(a);
	memset(text, '[', len - 1);
	row.words[0] = "nested";
	check_bad(&row);
	free(text);
}

static void too_many_values(void **state)
{
	(void)state;
	size_t len = 400000;
	char *text = malloc(len + 1);
	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? ',' : 'a';
	memcpy(text, "x: [", 4);
	text[len] = '\0';
	struct bad row = { text, 1, { "too many values" } };
	check_bad(&row);
	free(text);
}

static void minimal_has_defaults(void **state)
{
	(void)state;
	char error[CONF_ERROR_MAX];
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 24);
	if (fake_load(a, FAKE_MINIMAL, &c, error, NULL))
		fail_msg("%s", error);
	assert_text(c->edge.name, "edge.contoso.test");
	assert_int_equal(c->edge.domain_count, 1);
	assert_text(c->edge.domains[0], "contoso.test");
	assert_text(c->state, "/var/lib/sallyport");
	assert_text(c->control, "/run/sallyport/control");
	assert_text(c->tls.certificate.content, "the certificate");
	assert_text(c->tls.key.content, "MARKER-private-key");
	assert_text(c->tls.trust.path, FAKE_BUNDLE);
	assert_text(c->tls.trust.content, "the bundle");
	assert_true(slice_empty(c->tls.crl.path));
	assert_true(c->tls.accept_server_usage);
	assert_int_equal(c->tls.certificate_count, 0);
	assert_true(c->inside.builtin);
	assert_int_equal(c->inside.next_hop_count, 0);
	assert_int_equal(c->inside.listen_count, 0);
	assert_int_equal(c->inside.health_s, 10);
	assert_int_equal(c->access.federation.listen_count, 1);
	assert_text(c->access.federation.listen[0].text, "[::]:5061");
	assert_int_equal(addr_port(&c->access.federation.listen[0].addr), 5061);
	assert_int_equal(c->access.clients.listen_count, 1);
	assert_text(c->access.clients.listen[0].text, "[::]:443");
	assert_int_equal(c->partner_count, 0);
	assert_int_equal(c->workers, 3);
	assert_true(slice_empty(c->user));
	assert_int_equal(c->dns.server_count, 0);
	assert_true(slice_empty(c->dns.trust_anchor.path));
	assert_int_equal(c->log.level, LOG_INFO);
	assert_int_equal(c->log.format, LOG_TEXT);
	assert_int_equal(c->limits.unauthenticated_per_source, 64);
	assert_int_equal(c->limits.new_per_source, 20);
	assert_int_equal(c->limits.transactions, 100000);
	assert_int_equal(c->limits.drain_s, 35);
	assert_true(c->web.client);
	assert_false(c->admin.trace_bodies);
	assert_int_equal(c->limits.request_timeout_s, 20);
	assert_int_equal(c->home.presence_outside, PRESENCE_STRANGERS_ALLOW);
	assert_int_equal(c->home.presence_min_s, 60);
	assert_int_equal(c->home.presence_max_s, 3600);
	assert_int_equal(c->home.subscriptions_per_user, 200);
	assert_int_equal(c->home.watchers_per_user, 5000);
	assert_int_equal(c->home.publications_per_user, 20);
	assert_int_equal(c->home.publish_per_second, 5);
	assert_int_equal(c->home.notify_interval_ms, 1000);
	assert_int_equal(c->home.list_addresses, 200);
	assert_int_equal(c->home.expires_min_s, 60);
	assert_int_equal(c->home.expires_default_s, 600);
	assert_int_equal(c->home.expires_max_s, 3600);
	assert_int_equal(c->home.contacts_per_user, 20);
	assert_int_equal(c->home.digest_md5, HOME_MD5_TOO);
	assert_int_equal(c->home.stored_days, 7);
	assert_int_equal(c->home.stored_per_user, 1000);
	assert_int_equal(c->home.stored_mib_per_user, 16);
	assert_int_equal(c->home.stored_per_sender, 10000);
	assert_int_equal(c->home.stored_mib_per_sender, 64);
	assert_int_equal(c->home.stored_mib, 1024);
	assert_int_equal(c->relay.listen_count, 0);
	assert_int_equal(c->relay.range, 50000U << 16 | 59999);
	assert_int_equal(c->relay.bandwidth.per_port_kbit, 3000);
	assert_int_equal(c->relay.bandwidth.per_user_kbit, 10000);
	assert_int_equal(c->relay.quota.allocations_per_user, 10);
	assert_int_equal(c->relay.credential_life_s, 28800);
	assert_int_equal(c->relay.allow_peer_count, 0);
	assert_true(c->relay.sip_passwords);
	assert_false(c->relay.messenger || c->relay.mobility);
	arena_free(a);
}

static void every_key_is_read(void **state)
{
	(void)state;
	char error[CONF_ERROR_MAX];
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 24);
	if (fake_load(a, FAKE_EVERY, &c, error, NULL))
		fail_msg("%s", error);
	assert_text(c->edge.name, "edge.contoso.test");
	assert_int_equal(c->edge.domain_count, 2);
	assert_text(c->edge.domains[0], "contoso.test");
	assert_text(c->edge.domains[1], "it.contoso.test");
	assert_text(c->state, "/srv/sallyport");
	assert_text(c->control, "/srv/control");
	assert_text(c->tls.key.path, "/t/own.key");
	assert_text(c->tls.trust.content, "the authorities");
	assert_text(c->tls.crl.content, "the lists");
	assert_int_equal(c->tls.crl.line, 10);
	assert_false(c->tls.accept_server_usage);
	assert_int_equal(c->tls.certificate_count, 2);
	const struct conf_certificate *second = &c->tls.certificates[1];
	assert_text(second->certificate.content, "the second certificate");
	assert_text(second->key.path, "/t/own.key");
	assert_int_equal(second->line, 14);
	assert_int_equal(second->key.line, 14);
	assert_int_equal(c->access.federation.listen_count, 2);
	assert_text(c->access.federation.listen[1].text, "[2001:db8::1]:5071");
	assert_int_equal(c->access.federation.listen[1].line, 18);
	assert_int_equal(c->access.clients.listen_count, 1);
	assert_int_equal(addr_port(&c->access.clients.listen[0].addr), 8443);
	assert_int_equal(c->access.clients.origin_count, 1);
	assert_text(c->access.clients.origins[0], "chat.contoso.test");
	assert_false(c->web.client);
	assert_true(c->admin.trace_bodies);
	assert_int_equal(c->access.clients.balancer_count, 1);
	assert_text(c->access.clients.balancers[0], "192.0.2.16/30");
	assert_false(c->inside.builtin);
	assert_text(c->inside.name, "edge.contoso.internal");
	assert_int_equal(c->inside.next_hop_count, 2);
	assert_text(c->inside.next_hop[0].host, "pool.contoso.internal");
	assert_int_equal(c->inside.next_hop[0].port, 5071);
	assert_true(slice_empty(c->inside.next_hop[1].host));
	assert_int_equal(addr_port(&c->inside.next_hop[1].addr), 5060);
	assert_int_equal(c->inside.next_hop[1].line, 15);
	assert_int_equal(c->inside.listen_count, 1);
	assert_int_equal(c->inside.peer_count, 1);
	assert_text(c->inside.peers[0], "pool.contoso.internal");
	assert_int_equal(c->inside.trusted_link_count, 2);
	assert_text(c->inside.trusted_link[0], "10.0.0.0/29");
	assert_int_equal(c->inside.health_s, 3);
	assert_text(c->inside.certificate.content, "the inner certificate");
	assert_text(c->inside.trust.content, "the inner ones");
	assert_int_equal(c->partner_count, 3);
	assert_text(c->partners[0].domain, "fabrikam.test");
	assert_text(c->partners[0].edge, "sip.fabrikam.test");
	assert_true(slice_empty(c->partners[0].address));
	assert_int_equal(c->partners[0].line, 26);
	assert_text(c->partners[1].domain, "litware.test");
	assert_text(c->partners[1].address, "192.0.2.7:5061");
	assert_int_equal(c->partners[1].line, 27);
	assert_true(c->access.discovery.on);
	assert_int_equal(c->access.discovery.rate, 7);
	assert_int_equal(c->access.discovery.addresses, 0);
	assert_int_equal(c->workers, 7);
	assert_text(c->user, "sallyport");
	assert_int_equal(c->dns.server_count, 3);
	assert_text(c->dns.servers[0].text, "192.0.2.53");
	assert_int_equal(addr_port(&c->dns.servers[0].addr), 53);
	assert_int_equal(addr_port(&c->dns.servers[1].addr), 5353);
	assert_text(c->dns.trust_anchor.content, "the anchor");
	assert_int_equal(c->log.level, LOG_DEBUG);
	assert_int_equal(c->log.format, LOG_JSON);
	assert_int_equal(c->limits.unauthenticated_per_source, 1);
	assert_int_equal(c->limits.new_per_source, 100000);
	assert_int_equal(c->limits.transactions, 100);
	assert_int_equal(c->limits.drain_s, 0);
	assert_int_equal(c->limits.request_timeout_s, 32);
	assert_int_equal(c->home.expires_min_s, 5);
	assert_int_equal(c->home.expires_default_s, 6);
	assert_int_equal(c->home.expires_max_s, 7);
	assert_int_equal(c->home.contacts_per_user, 8);
	assert_int_equal(c->home.digest_md5, HOME_MD5_NEVER);
	assert_int_equal(c->home.stored_days, 9);
	assert_int_equal(c->home.stored_per_user, 10);
	assert_int_equal(c->home.stored_mib_per_user, 11);
	assert_int_equal(c->home.stored_per_sender, 12);
	assert_int_equal(c->home.stored_mib_per_sender, 13);
	assert_int_equal(c->home.stored_mib, 14);
	assert_int_equal(c->home.presence_outside, PRESENCE_STRANGERS_ASK);
	assert_int_equal(c->home.presence_min_s, 15);
	assert_int_equal(c->home.presence_max_s, 60);
	assert_int_equal(c->home.subscriptions_per_user, 17);
	assert_int_equal(c->home.watchers_per_user, 18);
	assert_int_equal(c->home.publications_per_user, 19);
	assert_int_equal(c->home.publish_per_second, 20);
	assert_int_equal(c->home.notify_interval_ms, 210);
	assert_int_equal(c->home.list_addresses, 22);
	arena_free(a);
}

/* Which listeners are open for which sections. */
static const struct {
	const char *text;
	size_t federation, clients;
} LISTENERS[] = {
	{ MIN, 1, 1 },
	{ MIN "access: {}\n", 1, 1 },
	{ MIN "access: {federation: {}}\n", 1, 0 },
	{ MIN "access: {clients: {}}\n", 0, 1 },
	{ MIN "access: {federation: {discovery: off}, clients: {}}\n", 1, 1 },
	{ MIN "access: {clients: {listen: [\"127.0.0.1:1\"]}}\n", 0, 1 },
	{ MIN "access: {federation: {listen: []}, clients: {}}\n", 0, 1 },
};

static void listeners_follow_sections(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(LISTENERS) / sizeof(*LISTENERS); i++) {
		char error[CONF_ERROR_MAX];
		const struct conf *c = NULL;
		struct arena *a = arena_create(4096, 1 << 24);
		if (fake_load(a, LISTENERS[i].text, &c, error, NULL))
			fail_msg("%s", error);
		assert_int_equal(c->access.federation.listen_count,
				 LISTENERS[i].federation);
		assert_int_equal(c->access.clients.listen_count,
				 LISTENERS[i].clients);
		arena_free(a);
	}
}

static void workers_follow_processors(void **state)
{
	(void)state;
	static const uint32_t cpus[][2] = {
		{ 0, 1 }, { 1, 1 }, { 64, 64 }, { 65, 64 }, { 1000, 64 }
	};
	for (size_t i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		char error[CONF_ERROR_MAX];
		const struct conf *c = NULL;
		struct arena *a = arena_create(4096, 1 << 24);
		struct conf_load load = { .path = "t.yaml",
					  .text = SLICE_LIT(MIN),
					  .open = fake_open,
					  .cpus = cpus[i][0] };
		assert_int_equal(conf_load(a, &load, &c, error, NULL), 0);
		assert_int_equal(c->workers, cpus[i][1]);
		arena_free(a);
	}
}

static void warnings_name_the_line(void **state)
{
	(void)state;
	char error[CONF_ERROR_MAX];
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 24);
	struct buf w;
	buf_init(&w, 0);
	int err = fake_load(a,
			    TLS "edge:\n  name: e.a.test\n"
				"  domains: [a.test, b.test]\n",
			    &c, error, &w);
	assert_int_equal(err, 0);
	buf_u8(&w, 0);
	const char *text = (const char *)w.ptr;
	assert_non_null(strstr(text, "t.yaml:4: edge.domains: e.a.test is not "
				     "a host directly in b.test"));
	assert_null(strstr(text, "in a.test"));
	assert_non_null(strstr(text, "partners: none is listed"));
	buf_free(&w);
	arena_free(a);
}

/* CFG-02: each file is opened once. */
static void files_are_opened_once(void **state)
{
	(void)state;
	unsigned calls = 0;
	char error[CONF_ERROR_MAX];
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 24);
	struct conf_load load = { .path = "t.yaml",
				  .text = SLICE_LIT(FAKE_EVERY),
				  .open = fake_open,
				  .open_arg = &calls,
				  .cpus = 1 };
	assert_int_equal(conf_load(a, &load, &c, error, NULL), 0);
	assert_int_equal(calls, 12);
	arena_free(a);
}

static int load_once(void *arg)
{
	(void)arg;
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL;
	struct arena *a = arena_create(64, 1 << 24);
	if (!a)
		return -ENOMEM;
	int err = fake_load(a, FAKE_EVERY, &c, error, NULL);
	if (err) {
		assert_null(c);
		assert_non_null(strstr(error, "t.yaml:1: out of memory"));
	}
	arena_free(a);
	return err;
}

static void survives_oom(void **state)
{
	(void)state;
	oom_walk(load_once, NULL);
}

/* A bounded arena is the same as no memory. */
static void survives_small_arenas(void **state)
{
	(void)state;
	int err = -EINVAL;
	for (size_t max = 64; err && max < 1 << 20; max += 64) {
		char error[CONF_ERROR_MAX] = "";
		const struct conf *c = NULL;
		struct arena *a = arena_create(64, max);
		assert_non_null(a);
		err = fake_load(a, FAKE_EVERY, &c, error, NULL);
		if (err)
			assert_non_null(strstr(error, "out of memory"));
		arena_free(a);
	}
	assert_int_equal(err, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_syntax),
		cmocka_unit_test(bad_keys),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(conflicts),
		cmocka_unit_test(too_large),
		cmocka_unit_test(too_many_values),
		cmocka_unit_test(minimal_has_defaults),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(listeners_follow_sections),
		cmocka_unit_test(workers_follow_processors),
		cmocka_unit_test(warnings_name_the_line),
		cmocka_unit_test(files_are_opened_once),
		cmocka_unit_test(survives_oom),
		cmocka_unit_test(survives_small_arenas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
