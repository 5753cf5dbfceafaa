/* SPDX-License-Identifier: Apache-2.0 */
/* iptables-restore and ip6tables-restore: the whole filter table of one
 * family. */
#include "ports/firewall_int.h"

static void match(struct buf *out, const char *chain, const struct rule *r,
		  const struct addr *source, const struct addr *destination)
{
	const struct ports_row *row = r->row;
	buf_printf(out, "-A %s", chain);
	if (source) {
		buf_str(out, " -s ");
		put_host(out, source);
	}
	if (destination) {
		buf_str(out, " -d ");
		put_host(out, destination);
	}
	buf_printf(out, " -p %s -m %s", rule_transport(r), rule_transport(r));
	if (!range_open(row->source_port)) {
		buf_str(out, " --sport ");
		rule_ports(out, row->source_port, ":");
	}
	buf_str(out, " --dport ");
	rule_ports(out, row->port, ":");
	buf_printf(out,
		   " -m conntrack --ctstate NEW -m comment --comment "
		   "\"sallyport %s\" -j ACCEPT\n",
		   row->id);
}

/* One line for each pair of addresses: this tool has no sets. */
static void rule(struct buf *out, const char *chain, const struct rule *r)
{
	size_t sources = r->source_count ? r->source_count : 1;
	size_t destinations = r->destination_count ? r->destination_count : 1;
	for (size_t s = 0; s < sources; s++)
		for (size_t d = 0; d < destinations; d++)
			match(out, chain, r,
			      r->source_count ? &r->source[s] : NULL,
			      r->destination_count ? &r->destination[d] : NULL);
}

static sa_family_t family_of(const struct rules *r)
{
	return r->o->format == FIREWALL_IP6TABLES ? AF_INET6 : AF_INET;
}

static void rules(struct buf *out, const struct rules *all, const char *chain,
		  bool inward)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->row[i].inward == inward &&
		    all->row[i].family == family_of(all))
			rule(out, chain, &all->row[i]);
}

static void begin(struct buf *out, const char *chain)
{
	buf_printf(out,
		   "-A %s -m conntrack --ctstate ESTABLISHED,RELATED -j "
		   "ACCEPT\n"
		   "-A %s -m conntrack --ctstate INVALID -j DROP\n",
		   chain, chain);
}

static void neighbours(struct buf *out, const struct rules *r,
		       const char *chain)
{
	static const char *const types[] = { "router-solicitation",
					     "router-advertisement",
					     "neighbour-solicitation",
					     "neighbour-advertisement" };
	bool six = family_of(r) == AF_INET6;
	for (size_t i = 0; six && i < sizeof(types) / sizeof(types[0]); i++)
		buf_printf(out,
			   "-A %s -p ipv6-icmp --icmpv6-type %s -j ACCEPT\n",
			   chain, types[i]);
	buf_printf(out,
		   "-A %s -p %s --%s echo-request -m limit --limit 10/second "
		   "-j ACCEPT\n",
		   chain, six ? "ipv6-icmp" : "icmp",
		   six ? "icmpv6-type" : "icmp-type");
}

static void ssh(struct buf *out, const struct rules *r)
{
	const struct firewall_ssh *s = &r->o->ssh;
	if (!s->port ||
	    (!s->from_any && s->from.addr.u.sa.sa_family != family_of(r)))
		return;
	buf_str(out, "-A INPUT");
	if (!s->from_any) {
		buf_str(out, " -s ");
		put_prefix(out, &s->from);
	}
	buf_printf(out,
		   " -p tcp -m tcp --dport %u -m comment --comment ssh -j "
		   "ACCEPT\n",
		   s->port);
}

static void host(struct buf *out, const struct rules *r)
{
	begin(out, "INPUT");
	buf_str(out, "-A INPUT -i lo -j ACCEPT\n");
	neighbours(out, r, "INPUT");
	ssh(out, r);
	rules(out, r, "INPUT", true);
	begin(out, "OUTPUT");
	buf_str(out, "-A OUTPUT -o lo -j ACCEPT\n");
	neighbours(out, r, "OUTPUT");
	rules(out, r, "OUTPUT", false);
}

void iptables_print(struct buf *out, const struct rules *r)
{
	bool front = r->o->perimeter;
	buf_str(out, "# sallyport: what this edge needs, and nothing else.\n");
	if (r->o->strict)
		buf_printf(out, "# Partners' addresses as of %s.\n",
			   r->o->strict->time);
	buf_printf(out,
		   "*filter\n:INPUT %s [0:0]\n:FORWARD DROP [0:0]\n"
		   ":OUTPUT %s [0:0]\n",
		   front ? "ACCEPT" : "DROP", front ? "ACCEPT" : "DROP");
	if (front) {
		begin(out, "FORWARD");
		rules(out, r, "FORWARD", true);
		rules(out, r, "FORWARD", false);
	} else {
		host(out, r);
	}
	buf_str(out, "COMMIT\n");
}
