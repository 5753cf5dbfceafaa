/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the configuration to rows: a table of rules, each of which names its
 * place, and a table of places, each of which lists sockets of ours or
 * destinations.
 */
#include "ports/ports_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	PLACES_MAX = 64, /* rows of one rule */
	SIP_TLS_PORT = 5061,
	DNS_PORT = 53,
	STUN_PORT = 3478,
	FIRST_FREE_PORT = 1024,
	LAST_PORT = 65535,
};

#define MICROSOFT_PARTNERS \
	(PORTS_MESSENGER | PORTS_LYNC | PORTS_OCS2007R2 | PORTS_OCS2007)

/* One socket of ours, or one thing that we connect to. */
struct place {
	struct addr ours, theirs;
	struct ports_range port, source_port;
};

struct places {
	struct place row[PLACES_MAX];
	size_t count;
};

typedef void (*places_fn)(const struct ports_conf *c, struct places *out);

struct rule {
	const char *id, *role, *protocol;
	enum ports_transport transport;
	enum ports_end source, destination;
	bool inward, internal;
	unsigned partners; /* only for these kinds; 0: for all */
	places_fn places;
	struct ports_words note;
};

static void add(struct places *out, const struct place *p)
{
	if (out->count < PLACES_MAX)
		out->row[out->count++] = *p;
}

static void add_list(struct places *out, const struct ports_list *l)
{
	for (size_t i = 0; i < l->count; i++) {
		uint16_t port = addr_port(&l->row[i].at);
		add(out, &(struct place){ .ours = l->row[i].at,
					  .port = { port, port } });
	}
}

/* One place a port; the address when it is the only one with that port. */
static void add_targets(struct places *out, const struct ports_targets *t,
			uint16_t fallback)
{
	for (size_t i = 0; i < t->count; i++) {
		uint16_t port = t->row[i].port ? t->row[i].port : fallback;
		struct place p = { .theirs = t->row[i].host,
				   .port = { port, port } };
		struct place *same = NULL;
		for (size_t k = 0; k < out->count; k++)
			if (out->row[k].port.first == port)
				same = &out->row[k];
		if (!same)
			add(out, &p);
		else if (!addr_same_host(&same->theirs, &p.theirs))
			memset(&same->theirs, 0, sizeof(same->theirs));
	}
}

static void at_clients(const struct ports_conf *c, struct places *out)
{
	add_list(out, &c->clients);
}

static void at_federation(const struct ports_conf *c, struct places *out)
{
	add_list(out, &c->federation);
}

static void at_inside(const struct ports_conf *c, struct places *out)
{
	add_list(out, &c->inside);
}

static void at_admin(const struct ports_conf *c, struct places *out)
{
	add_list(out, &c->admin);
}

static void at_relay_udp(const struct ports_conf *c, struct places *out)
{
	add_list(out, &c->relay_udp);
}

static void at_relay_tcp(const struct ports_conf *c, struct places *out)
{
	add_list(out, &c->relay_tcp);
	add_list(out, &c->relay_tls);
}

static void to_partners(const struct ports_conf *c, struct places *out)
{
	add_targets(out, &c->partners, SIP_TLS_PORT);
}

static void to_next_hops(const struct ports_conf *c, struct places *out)
{
	add_targets(out, &c->next_hops, SIP_TLS_PORT);
}

static void to_dns(const struct ports_conf *c, struct places *out)
{
	static const struct ports_target system = { .port = DNS_PORT };
	static const struct ports_targets systems = { &system, 1 };
	if (c->looks_up)
		add_targets(out, c->dns.count ? &c->dns : &systems, DNS_PORT);
}

static bool relays(const struct ports_conf *c)
{
	return c->relay_udp.count || c->relay_tcp.count;
}

static struct ports_range range_of(const struct ports_conf *c)
{
	return (struct ports_range){ c->range_first, c->range_last };
}

/* The address that the relay's ports are on: the only one, or any. */
static struct addr relay_address(const struct ports_conf *c)
{
	struct addr none = { 0 };
	if (c->relay_udp.count != 1)
		return none;
	return c->relay_udp.row[0].at;
}

static void to_other_edges(const struct ports_conf *c, struct places *out)
{
	if (relays(c))
		add(out, &(struct place){ .ours = relay_address(c),
					  .port = { STUN_PORT, STUN_PORT },
					  .source_port = range_of(c) });
}

static void at_range(const struct ports_conf *c, struct places *out)
{
	if (relays(c))
		add(out, &(struct place){ .ours = relay_address(c),
					  .port = range_of(c) });
}

/* A plain ICE peer has any port; the relays of other Edge Servers have the
 * same range as ours by default. */
static void to_peers(const struct ports_conf *c, struct places *out)
{
	struct place p = { .ours = relay_address(c),
			   .port = { FIRST_FREE_PORT, LAST_PORT },
			   .source_port = range_of(c) };
	if (!relays(c))
		return;
	if (!(c->av_partners & PORTS_RFC8656))
		p.port = range_of(c);
	add(out, &p);
}

static const struct rule RULES[] = {
	{ .id = "client",
	  .role = "Access",
	  .protocol = "SIP(TLS)",
	  .source = PORTS_END_CLIENTS,
	  .destination = PORTS_END_ACCESS,
	  .inward = true,
	  .places = at_clients,
	  .note = { "our own users outside sign in", "我们的外部用户登录" } },
	{ .id = "fed-in",
	  .role = "Access",
	  .protocol = "SIP(MTLS)",
	  .source = PORTS_END_PARTNERS,
	  .destination = PORTS_END_ACCESS,
	  .inward = true,
	  .places = at_federation,
	  .note = { "partners and providers reach us",
		    "合作伙伴和提供商连接我们" } },
	{ .id = "fed-out",
	  .role = "Access",
	  .protocol = "SIP(MTLS)",
	  .source = PORTS_END_ACCESS,
	  .destination = PORTS_END_PARTNERS,
	  .places = to_partners,
	  .note = { "we reach partners and providers",
		    "我们连接合作伙伴和提供商" } },
	{ .id = "dns-udp",
	  .role = "Access",
	  .protocol = "DNS",
	  .transport = PORTS_UDP,
	  .source = PORTS_END_ACCESS,
	  .destination = PORTS_END_DNS,
	  .places = to_dns,
	  .note = { "where partners live", "查找合作伙伴的地址" } },
	{ .id = "dns-tcp",
	  .role = "Access",
	  .protocol = "DNS",
	  .source = PORTS_END_ACCESS,
	  .destination = PORTS_END_DNS,
	  .places = to_dns,
	  .note = { "the same, when an answer is long",
		    "同上，用于较长的应答" } },
	{ .id = "turn-udp-in",
	  .role = "A/V",
	  .protocol = "STUN,MSTURN",
	  .transport = PORTS_UDP,
	  .source = PORTS_END_ANY,
	  .destination = PORTS_END_AV,
	  .inward = true,
	  .places = at_relay_udp,
	  .note = { "clients and other edges ask for relayed media",
		    "客户端和其他边缘服务器请求媒体中继" } },
	{ .id = "turn-tcp-in",
	  .role = "A/V",
	  .protocol = "STUN,MSTURN",
	  .source = PORTS_END_ANY,
	  .destination = PORTS_END_AV,
	  .inward = true,
	  .places = at_relay_tcp,
	  .note = { "the same, where UDP is blocked",
		    "同上，用于 UDP 被阻止的网络" } },
	{ .id = "turn-udp-out",
	  .role = "A/V",
	  .protocol = "STUN,MSTURN",
	  .transport = PORTS_UDP,
	  .source = PORTS_END_AV,
	  .destination = PORTS_END_ANY,
	  .partners = PORTS_MESSENGER | PORTS_LYNC | PORTS_OCS2007R2,
	  .places = to_other_edges,
	  .note = { "media to other Edge Servers",
		    "发往其他边缘服务器的媒体" } },
	{ .id = "rtp-tcp-out",
	  .role = "A/V",
	  .protocol = "RTP",
	  .source = PORTS_END_AV,
	  .destination = PORTS_END_ANY,
	  .partners = MICROSOFT_PARTNERS | PORTS_RFC8656,
	  .places = to_peers,
	  .note = { "relayed media over TCP", "经 TCP 中继的媒体" } },
	{ .id = "rtp-udp-out",
	  .role = "A/V",
	  .protocol = "RTP",
	  .transport = PORTS_UDP,
	  .source = PORTS_END_AV,
	  .destination = PORTS_END_ANY,
	  .partners = PORTS_OCS2007 | PORTS_RFC8656,
	  .places = to_peers,
	  .note = { "relayed media to peers that have no relay",
		    "发往没有中继的对端的媒体" } },
	{ .id = "rtp-udp-in",
	  .role = "A/V",
	  .protocol = "RTP",
	  .transport = PORTS_UDP,
	  .source = PORTS_END_ANY,
	  .destination = PORTS_END_AV,
	  .inward = true,
	  .partners = PORTS_OCS2007 | PORTS_RFC8656,
	  .places = at_range,
	  .note = { "peers send to the relayed address directly",
		    "对端直接发往中继地址" } },
	{ .id = "rtp-tcp-in",
	  .role = "A/V",
	  .protocol = "RTP",
	  .source = PORTS_END_ANY,
	  .destination = PORTS_END_AV,
	  .inward = true,
	  .partners = PORTS_OCS2007,
	  .places = at_range,
	  .note = { "the same over TCP", "同上，使用 TCP" } },
	{ .id = "int-sip-in",
	  .role = "Inside",
	  .protocol = "SIP(MTLS)",
	  .source = PORTS_END_INSIDE,
	  .destination = PORTS_END_INT,
	  .inward = true,
	  .internal = true,
	  .places = at_inside,
	  .note = { "the inside sends to the world", "内部系统对外发送" } },
	{ .id = "int-sip-out",
	  .role = "Inside",
	  .protocol = "SIP(MTLS)",
	  .source = PORTS_END_INT,
	  .destination = PORTS_END_INSIDE,
	  .internal = true,
	  .places = to_next_hops,
	  .note = { "what the world sends goes inside",
		    "外部发来的请求转入内部" } },
	{ .id = "admin",
	  .role = "Admin",
	  .protocol = "HTTP",
	  .source = PORTS_END_SELF,
	  .destination = PORTS_END_INT,
	  .inward = true,
	  .internal = true,
	  .places = at_admin,
	  .note = { "dashboard, API and counters; never from outside",
		    "管理页面、API 和计数器；外部不可访问" } },
};

enum { RULE_COUNT = sizeof(RULES) / sizeof(RULES[0]) };

static void fill(struct ports_row *row, const struct rule *r,
		 const struct place *p, size_t nth)
{
	*row = (struct ports_row){
		.role = r->role,
		.protocol = r->protocol,
		.transport = r->transport,
		.port = p->port,
		.source_port = p->source_port,
		.source = r->source,
		.destination = r->destination,
		.inward = r->inward,
		.internal = r->internal,
		.ours = p->ours,
		.theirs = p->theirs,
		.note = &r->note,
	};
	if (addr_is_any(&row->ours))
		memset(&row->ours, 0, sizeof(row->ours));
	if (nth)
		snprintf(row->id, sizeof(row->id), "%s-%zu", r->id, nth + 1);
	else
		snprintf(row->id, sizeof(row->id), "%s", r->id);
}

int ports_compute(struct arena *a, const struct ports_conf *conf,
		  struct ports_table *out)
{
	struct places *p = arena_alloc(a, sizeof(*p));
	struct ports_row *rows =
		arena_alloc(a, sizeof(*rows) * RULE_COUNT * PLACES_MAX);
	size_t n = 0;
	if (!p || !rows)
		return -ENOMEM;
	for (size_t i = 0; i < RULE_COUNT; i++) {
		const struct rule *r = &RULES[i];
		if (r->partners && !(r->partners & conf->av_partners))
			continue;
		p->count = 0;
		r->places(conf, p);
		for (size_t k = 0; k < p->count; k++)
			fill(&rows[n++], r, &p->row[k], k);
	}
	*out = (struct ports_table){ .row = rows,
				     .count = n,
				     .av_partners = conf->av_partners,
				     .public_address = conf->public_address };
	return 0;
}
