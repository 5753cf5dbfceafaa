/* SPDX-License-Identifier: Apache-2.0 */
/* What each module gets of a configuration. */
#include "conf/conf_views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/oom.h"
#include "unit/conf/fake_files.h"

#define assert_text(s, t) assert_true(slice_eq((s), SLICE_LIT(t)))

static const struct conf *load(struct arena *a)
{
	char error[CONF_ERROR_MAX];
	const struct conf *c = NULL;
	if (fake_load(a, FAKE_EVERY, &c, error, NULL))
		fail_msg("%s", error);
	return c;
}

static void edge_and_access(void **state)
{
	(void)state;
	struct arena *a = arena_create(4096, 1 << 24);
	const struct conf *c = load(a);
	struct edge_conf e;
	assert_int_equal(conf_view_edge(a, c, &e), 0);
	assert_text(e.name, "edge.contoso.test");
	assert_int_equal(e.workers, 7);
	assert_int_equal(e.unauthenticated_per_source, 1);
	assert_int_equal(e.new_per_source, 100000);
	assert_int_equal(e.transactions, 100);
	assert_int_equal(e.request_timeout_ms, 32000);
	assert_int_equal(e.origin_count, 1);
	assert_text(e.origins[0], "chat.contoso.test");
	assert_false(e.web_client);
	assert_true(e.trace_bodies);
	assert_int_equal(e.balancer_count, 1);
	assert_int_equal(e.balancers[0].bits, 30);
	assert_false(e.relays);
	assert_text(e.tls.own.certificate, "the certificate");
	assert_text(e.tls.own.certificate_path, "/t/edge.pem");
	assert_text(e.tls.own.key, "MARKER-private-key");
	assert_text(e.tls.own.key_path, "/t/own.key");
	assert_text(e.tls.trust, "the authorities");
	assert_text(e.tls.trust_path, "/t/trust.pem");
	assert_text(e.tls.name, "edge.contoso.test");
	assert_text(e.tls.crl, "the lists");
	assert_text(e.tls.crl_path, "/t/revoked.pem");
	assert_true(e.tls.client_usage_only);
	assert_int_equal(e.tls.more_count, 2);
	assert_text(e.tls.more[1].certificate, "the second certificate");
	assert_text(e.tls.more[1].key_path, "/t/own.key");
	assert_int_equal(e.access.domain_count, 2);
	assert_text(e.access.domains[1], "it.contoso.test");
	assert_int_equal(e.access.partner_count, 3);
	assert_text(e.access.partners[1].domain, "litware.test");
	assert_text(e.access.partners[1].edge, "sip.litware.test");
	assert_text(e.access.partners[1].address, "192.0.2.7:5061");
	assert_int_equal(e.access.partners[1].line, 27);
	assert_true(e.access.discovery);
	assert_int_equal(e.access.discovered_level, ACCESS_LEVEL_UNVERIFIED);
	assert_int_equal(e.access.discovered_allow_count, 1);
	assert_int_equal(e.discovered_rate, 7);
	assert_int_equal(e.discovered_addresses, 0);
	assert_int_equal(e.access.partners[1].connections, 4);
	assert_int_equal(e.access.partners[1].allow_count, 0);
	assert_int_equal(e.access.partners[2].edge.len, 0);
	assert_int_equal(e.access.partners[2].connections, 2);
	assert_int_equal(e.access.partners[2].allow_count, 2);
	assert_int_equal(e.access.partners[2].allow[0].bits, 8);
	arena_free(a);
}

static void inside(void **state)
{
	(void)state;
	struct arena *a = arena_create(4096, 1 << 24);
	struct conf c = *load(a);
	struct inside_conf i;
	assert_int_equal(conf_view_inside(a, &c, &i), 0);
	assert_true(i.external);
	assert_text(i.name, "edge.contoso.internal");
	assert_int_equal(i.port, 5061);
	assert_int_equal(i.hop_count, 2);
	assert_text(i.hop[0].host, "pool.contoso.internal");
	assert_int_equal(i.hop[0].port, 5071);
	assert_int_equal(i.hop[0].addr.u.sa.sa_family, 0);
	assert_text(i.hop[1].host, "10.0.0.5:5060");
	assert_int_equal(addr_port(&i.hop[1].addr), 5060);
	assert_int_equal(i.peer_count, 1);
	assert_int_equal(i.link_count, 2);
	assert_int_equal(i.link[1].bits, 64);
	assert_int_equal(i.health_ms, 3000);
	assert_text(i.tls.own.certificate, "the inner certificate");
	assert_text(i.tls.own.key, "MARKER-inner-key");
	assert_text(i.tls.trust_path, "/t/inside-ca.pem");
	/* what is not written is that of edge, tls and next_hop */
	c.inside.name = SLICE_NONE;
	c.inside.peer_count = 0;
	c.inside.certificate = (struct conf_file){ 0 };
	c.inside.key = (struct conf_file){ 0 };
	assert_int_equal(conf_view_inside(a, &c, &i), 0);
	assert_text(i.name, "edge.contoso.test");
	assert_int_equal(i.peer_count, 1);
	assert_text(i.peers[0], "pool.contoso.internal");
	assert_text(i.tls.own.certificate, "the certificate");
	assert_text(i.tls.own.key_path, "/t/own.key");
	assert_text(i.tls.trust, "the inner ones");
	arena_free(a);
}

static void home_and_dns(void **state)
{
	(void)state;
	struct arena *a = arena_create(4096, 1 << 24);
	const struct conf *c = load(a);
	struct home_conf h;
	struct dns_conf d;
	assert_int_equal(conf_view_home(a, c, &h), 0);
	assert_true(slice_eq(h.presence.edge_name, c->edge.name));
	assert_int_equal(h.presence.expires_min_s, c->home.presence_min_s);
	assert_int_equal(h.presence.expires_max_s, c->home.presence_max_s);
	assert_int_equal(h.presence.subscriptions_max,
			 c->home.subscriptions_per_user);
	assert_int_equal(h.presence.watchers_max, c->home.watchers_per_user);
	assert_int_equal(h.presence.publications_max,
			 c->home.publications_per_user);
	assert_int_equal(h.presence.publish_rate, c->home.publish_per_second);
	assert_int_equal(h.presence.notify_ms, c->home.notify_interval_ms);
	assert_int_equal(h.presence.list_max, c->home.list_addresses);
	assert_int_equal(h.presence.outside, PRESENCE_STRANGERS_ASK);
	assert_text(h.edge_name, "edge.contoso.test");
	assert_int_equal(h.domain_count, 2);
	assert_int_equal(h.expires_min_s, 5);
	assert_int_equal(h.expires_default_s, 6);
	assert_int_equal(h.expires_max_s, 7);
	assert_int_equal(h.contacts_max, 8);
	assert_int_equal(h.digest_md5, HOME_MD5_NEVER);
	assert_int_equal(h.stored_s, 9 * 86400);
	struct store_limits s;
	conf_view_store(c, &s);
	assert_int_equal(s.user_count, 10);
	assert_int_equal(s.user_bytes, 11 << 20);
	assert_int_equal(s.origin_count, 12);
	assert_int_equal(s.origin_bytes, 13 << 20);
	assert_int_equal(s.total_bytes, 14 << 20);
	assert_int_equal(conf_view_dns(a, c, &d), 0);
	assert_int_equal(d.server_count, 3);
	assert_text(d.servers[1], "192.0.2.54:5353");
	assert_text(d.trust_anchor, "the anchor");
	assert_int_equal(d.timeout_ms, 0);
	arena_free(a);
}

static int views_once(void *arg)
{
	struct edge_conf e;
	struct dns_conf d;
	struct arena *a = arena_create(16, 1 << 20);
	if (!a)
		return -ENOMEM;
	int err = conf_view_edge(a, arg, &e);
	if (!err)
		err = conf_view_dns(a, arg, &d);
	arena_free(a);
	return err;
}

static void survives_oom(void **state)
{
	(void)state;
	struct arena *a = arena_create(4096, 1 << 24);
	struct conf c = *load(a);
	oom_walk(views_once, &c);
	arena_free(a);
}

static void what_is_told_of_the_relay(void **state)
{
	static struct conf_addr relay, clients;
	struct conf c = { 0 };
	struct offer_conf o;
	(void)state;
	c.edge.name = SLICE_LIT("edge.contoso.test");
	c.relay.credential_life_s = 3600;
	conf_view_offer(&c, &o);
	assert_false(o.there);
	assert_int_equal(o.udp_port, 0);
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.1:3478"), false, &relay.addr), 0);
	c.relay.listen = &relay;
	c.relay.listen_count = 1;
	conf_view_offer(&c, &o);
	assert_true(o.there);
	assert_text(o.host, "edge.contoso.test");
	assert_text(o.realm, "edge.contoso.test");
	assert_int_equal(o.udp_port, 3478);
	assert_int_equal(o.tcp_port, 3478);
	assert_int_equal(o.tls_port, 0);
	assert_int_equal(o.life_s, 3600);
	const struct {
		struct slice at;
		uint16_t tls, tcp;
	} rows[] = {
		{ SLICE_LIT("[::]:443"), 443, 443 },
		{ SLICE_LIT("[::]:8443"), 8443, 3478 },
	};
	c.access.clients.listen = &clients;
	c.access.clients.listen_count = 1;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(addr_parse(rows[i].at, false, &clients.addr),
				 0);
		conf_view_offer(&c, &o);
		assert_int_equal(o.tls_port, rows[i].tls);
		assert_int_equal(o.tcp_port, rows[i].tcp);
	}
}

/* With servers inside the passwords are theirs. */
static void whose_passwords_the_relay_takes(void **state)
{
	static const struct {
		bool builtin;
		uint8_t wanted;
		bool taken;
	} rows[] = {
		{ true, 1, true },
		{ true, 0, false },
		{ false, 1, false },
	};
	struct arena *a = arena_create(4096, 1 << 20);
	struct relay_conf r;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conf c = { 0 };
		c.edge.name = SLICE_LIT("edge.contoso.test");
		c.inside.builtin = rows[i].builtin;
		c.relay.sip_passwords = rows[i].wanted;
		assert_int_equal(conf_view_relay(a, &c, &r), 0);
		assert_int_equal(r.home_users, rows[i].taken);
		assert_text(r.realm, "edge.contoso.test");
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edge_and_access),
		cmocka_unit_test(what_is_told_of_the_relay),
		cmocka_unit_test(whose_passwords_the_relay_takes),
		cmocka_unit_test(inside),
		cmocka_unit_test(home_and_dns),
		cmocka_unit_test(survives_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
