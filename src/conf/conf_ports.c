/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as the port table wants it. */
#include <errno.h>

#include "conf/conf_views.h"

static int view_listeners(struct arena *a, const struct conf_addr *from,
			  size_t count, struct ports_list *out)
{
	struct ports_listener *row = arena_alloc(a, (count + 1) * sizeof(*row));
	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		row[i].at = from[i].addr;
	*out = (struct ports_list){ row, count };
	return 0;
}

/* A server that we dial by its name, or by an address that was checked. */
static struct ports_target dialled(struct slice edge, struct slice address)
{
	struct ports_target t = { .name = edge };
	if (!slice_empty(address) && !addr_parse(address, false, &t.host))
		t.port = addr_port(&t.host);
	return t;
}

static int view_partners(struct arena *a, const struct conf *c,
			 struct ports_targets *out)
{
	size_t n = 0;
	struct ports_target *row = arena_alloc(
		a, (c->partner_count + c->provider_count + 1) * sizeof(*row));
	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < c->partner_count; i++)
		row[n++] = dialled(c->partners[i].edge, c->partners[i].address);
	for (size_t i = 0; i < c->provider_count; i++)
		if (c->providers[i].enabled)
			row[n++] = dialled(c->providers[i].edge,
					   c->providers[i].address);
	*out = (struct ports_targets){ row, n };
	return 0;
}

static int view_next_hops(struct arena *a, const struct conf *c,
			  struct ports_targets *out)
{
	size_t count = c->inside.builtin ? 0 : c->inside.next_hop_count;
	struct ports_target *row = arena_alloc(a, (count + 1) * sizeof(*row));
	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct conf_hop *h = &c->inside.next_hop[i];
		row[i] = (struct ports_target){ .name = h->host,
						.port = h->port };
		if (slice_empty(h->host)) {
			row[i].host = h->addr;
			row[i].port = addr_port(&h->addr);
		}
	}
	*out = (struct ports_targets){ row, count };
	return 0;
}

static int view_dns(struct arena *a, const struct conf *c,
		    struct ports_targets *out)
{
	struct ports_target *row =
		arena_alloc(a, (c->dns.server_count + 1) * sizeof(*row));
	if (!row)
		return -ENOMEM;
	for (size_t i = 0; i < c->dns.server_count; i++)
		row[i] = (struct ports_target){
			.host = c->dns.servers[i].addr,
			.port = addr_port(&c->dns.servers[i].addr)
		};
	*out = (struct ports_targets){ row, c->dns.server_count };
	return 0;
}

/* Is there anything whose address has to be found? */
static bool looks_up(const struct ports_conf *p)
{
	for (size_t i = 0; i < p->partners.count; i++)
		if (!p->partners.row[i].port)
			return true;
	for (size_t i = 0; i < p->next_hops.count; i++)
		if (!slice_empty(p->next_hops.row[i].name))
			return true;
	return false;
}

static unsigned partner_of(struct slice name)
{
	static const struct {
		const char *name;
		unsigned partner;
	} table[] = {
#define ROW(name, partner) { name, partner },
		PORTS_PARTNER_NAMES(ROW)
#undef ROW
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (slice_eq(name, slice_str(table[i].name)))
			return table[i].partner;
	return 0;
}

int conf_av_partners(struct slice text, unsigned *out)
{
	unsigned all = 0;
	for (;;) {
		ptrdiff_t comma = slice_chr(text, ',');
		size_t len = comma < 0 ? text.len : (size_t)comma;
		unsigned one = partner_of(slice_trim(slice_head(text, len)));
		if (!one)
			return -EINVAL;
		all |= one;
		if (comma < 0)
			break;
		text = slice_from(text, len + 1);
	}
	*out = all;
	return 0;
}

/* Plain ICE peers always; the Edge Servers of partners; the clients of a
 * public provider with which audio and video may cross. */
static unsigned av_partners(const struct conf *c)
{
	unsigned all = PORTS_RFC8656;
	if (!slice_empty(c->relay.av_partners) &&
	    !conf_av_partners(c->relay.av_partners, &all))
		return all;
	if (c->partner_count)
		all |= PORTS_LYNC;
	for (size_t i = 0; i < c->provider_count; i++)
		if (c->providers[i].enabled && c->providers[i].audio_video)
			all |= PORTS_MESSENGER;
	return all;
}

static int view_relay(struct arena *a, const struct conf *c,
		      struct ports_conf *out)
{
	int err = view_listeners(a, c->relay.listen, c->relay.listen_count,
				 &out->relay_udp);
	out->relay_tcp = out->relay_udp;
	if (!err)
		err = view_listeners(a, c->relay.tls_listen,
				     c->relay.tls_listen_count,
				     &out->relay_tls);
	out->range_first = (uint16_t)(c->relay.range >> 16);
	out->range_last = (uint16_t)(c->relay.range & 0xffff);
	if (!slice_empty(c->relay.public4)) /* a checked text */
		(void)addr_parse_host(c->relay.public4, 0,
				      &out->public_address);
	return err;
}

int conf_view_ports(struct arena *a, const struct conf *c,
		    struct ports_conf *out)
{
	struct ports_conf p = { .av_partners = av_partners(c) };
	int err = view_listeners(a, c->access.federation.listen,
				 c->access.federation.listen_count,
				 &p.federation);
	if (!err)
		err = view_listeners(a, c->access.clients.listen,
				     c->access.clients.listen_count,
				     &p.clients);
	if (!err)
		err = view_listeners(a, c->inside.listen,
				     c->inside.listen_count, &p.inside);
	if (!err)
		err = view_listeners(a, c->admin.listen, c->admin.listen_count,
				     &p.admin);
	if (!err)
		err = view_relay(a, c, &p);
	if (!err)
		err = view_partners(a, c, &p.partners);
	if (!err)
		err = view_next_hops(a, c, &p.next_hops);
	if (!err)
		err = view_dns(a, c, &p.dns);
	if (err)
		return err;
	p.looks_up = looks_up(&p);
	*out = p;
	return 0;
}
