/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the keys of the section inside say together: either our own home, or
 * servers that can be reached, prove who they are, and are nobody else.
 */
#include <errno.h>

#include "conf/loader.h"

static const char *const FOR_SERVERS[] = {
	"inside.next_hop",    "inside.listen",       "inside.name",
	"inside.peers",       "inside.trusted_link", "inside.health_s",
	"inside.certificate", "inside.key",          "inside.trust",
};

enum { FOR_SERVERS_COUNT = sizeof(FOR_SERVERS) / sizeof(FOR_SERVERS[0]) };

static uint32_t written(const struct conf_loader *ld, const char *path)
{
	int i = conf_key_find(path);
	return i >= 0 ? ld->line[i] : 0;
}

static int builtin_alone(struct conf_loader *ld)
{
	for (size_t i = 0; i < FOR_SERVERS_COUNT; i++) {
		if (written(ld, FOR_SERVERS[i]))
			return conf_fail(
				ld, written(ld, FOR_SERVERS[i]),
				"%s: is for servers inside, but inside.home is "
				"builtin (line %u); write home: none, or "
				"remove the key",
				FOR_SERVERS[i],
				(unsigned)conf_line_of(ld, "inside.home"));
	}
	return 0;
}

static int complete(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	uint32_t line = conf_line_of(ld, "inside.home");
	if (!c->inside.next_hop_count)
		return conf_fail(ld, line,
				 "inside.next_hop: is missing; with home: none "
				 "write the servers inside, such as next_hop: "
				 "[\"pool.contoso.internal:5061\"]");
	if (!c->inside.listen_count)
		return conf_fail(ld, line,
				 "inside.listen: is missing; with home: none "
				 "write where servers inside reach us, such as "
				 "listen: [\"10.0.0.1:5061\"]");
	if (!written(ld, "inside.certificate") != !written(ld, "inside.key"))
		return conf_fail(ld, line,
				 "inside: certificate: and key: belong "
				 "together; write both, or none to use those "
				 "of tls");
	return 0;
}

static bool trusted(const struct conf *c, const struct addr *a)
{
	struct addr_prefix p;
	for (size_t i = 0; i < c->inside.trusted_link_count; i++)
		if (!addr_parse_prefix(c->inside.trusted_link[i], &p) &&
		    addr_in_prefix(a, &p))
			return true;
	return false;
}

static bool same_hop(const struct conf_hop *a, const struct conf_hop *b)
{
	if (slice_empty(a->host) != slice_empty(b->host))
		return false;
	return slice_empty(a->host)
		       ? addr_equal(&a->addr, &b->addr)
		       : slice_eq(a->host, b->host) && a->port == b->port;
}

static int hop_alone(struct conf_loader *ld, size_t i)
{
	const struct conf *c = ld->conf;
	const struct conf_hop *h = &c->inside.next_hop[i];
	for (size_t j = 0; j < i; j++)
		if (same_hop(h, &c->inside.next_hop[j]))
			return conf_fail(ld, h->line,
					 "inside.next_hop: '%.*s' is listed "
					 "twice; remove one of them",
					 SLICE_FMT(h->text));
	if (slice_empty(h->host) || h->port)
		return 0;
	if (c->inside.next_hop_count > 1)
		return conf_fail(
			ld, h->line,
			"inside.next_hop: '%.*s' has no port, so it "
			"would be looked up by SRV, which has to stand "
			"alone; write its port",
			SLICE_FMT(h->text));
	if (!c->inside.peer_count)
		return conf_fail(ld, h->line,
				 "inside.next_hop: '%.*s' is looked up by SRV; "
				 "write in peers: the servers that it may lead "
				 "to, or the server's port here",
				 SLICE_FMT(h->text));
	return 0;
}

static int hop_reached(struct conf_loader *ld, const struct conf_hop *h)
{
	const struct conf *c = ld->conf;
	if (!slice_empty(h->host)) {
		if (!slice_eq(h->host, c->edge.name) &&
		    !slice_eq(h->host, c->inside.name))
			return 0;
		return conf_fail(ld, h->line,
				 "inside.next_hop: '%.*s' is this server "
				 "itself; write the server inside",
				 SLICE_FMT(h->text));
	}
	if (!trusted(c, &h->addr))
		return conf_fail(ld, h->line,
				 "inside.next_hop: '%.*s' is an address, which "
				 "proves nothing; write the name in its "
				 "certificate, or put it into trusted_link: "
				 "for plain TCP",
				 SLICE_FMT(h->text));
	for (size_t i = 0; i < c->inside.listen_count; i++)
		if (addr_equal(&h->addr, &c->inside.listen[i].addr))
			return conf_fail(ld, h->line,
					 "inside.next_hop: '%.*s' is our own "
					 "listener (line %u); write the server "
					 "inside",
					 SLICE_FMT(h->text),
					 (unsigned)c->inside.listen[i].line);
	return 0;
}

/* A name proves one thing: a server inside, or a partner's edge. */
static int no_partner(struct conf_loader *ld, struct slice name, uint32_t line)
{
	const struct conf *c = ld->conf;
	for (size_t i = 0; i < c->partner_count; i++)
		if (slice_eq(c->partners[i].edge, name))
			return conf_fail(ld, line,
					 "inside: '%.*s' is also the edge of "
					 "the partner on line %u; a server is "
					 "inside or outside, not both",
					 SLICE_FMT(name),
					 (unsigned)c->partners[i].line);
	return 0;
}

static int link_is_ours(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	struct addr_prefix p;
	for (size_t i = 0; i < c->inside.trusted_link_count; i++)
		if (!addr_parse_prefix(c->inside.trusted_link[i], &p) &&
		    p.bits == 0)
			return conf_fail(
				ld, conf_line_of(ld, "inside.trusted_link"),
				"inside.trusted_link: '%.*s' is everybody; "
				"write the network of the servers inside",
				SLICE_FMT(c->inside.trusted_link[i]));
	return 0;
}

static int servers(struct conf_loader *ld)
{
	const struct conf *c = ld->conf;
	int err = 0;
	for (size_t i = 0; i < c->inside.next_hop_count && !err; i++) {
		const struct conf_hop *h = &c->inside.next_hop[i];
		err = hop_alone(ld, i);
		if (!err)
			err = hop_reached(ld, h);
		if (!err && !slice_empty(h->host))
			err = no_partner(ld, h->host, h->line);
	}
	for (size_t i = 0; i < c->inside.peer_count && !err; i++)
		err = no_partner(ld, c->inside.peers[i],
				 conf_line_of(ld, "inside.peers"));
	return err;
}

int conf_check_inside(struct conf_loader *ld)
{
	if (ld->conf->inside.builtin)
		return builtin_alone(ld);
	int err = complete(ld);
	if (!err)
		err = link_is_ours(ld);
	if (!err)
		err = servers(ld);
	if (!err && written(ld, "home"))
		conf_warn(ld, written(ld, "home"),
			  "home: is not used, because inside.home is none");
	return err;
}
