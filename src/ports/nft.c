/* SPDX-License-Identifier: Apache-2.0 */
/* nftables: one table of our own, replaced as a whole, IPv4 and IPv6. */
#include "ports/firewall_int.h"

static void addresses(struct buf *out, const char *word, sa_family_t family,
		      const struct addr *a, size_t count)
{
	if (!count)
		return;
	buf_printf(out, "%s %s ", family == AF_INET ? "ip" : "ip6", word);
	buf_str(out, count > 1 ? "{ " : "");
	for (size_t i = 0; i < count; i++) {
		buf_str(out, i ? ", " : "");
		put_host(out, &a[i]);
	}
	buf_str(out, count > 1 ? " } " : " ");
}

/* A rule without any address holds for both families: it is said once. */
static bool any_family(const struct rule *r)
{
	return !r->source_count && !r->destination_count;
}

static void rule(struct buf *out, const struct rule *r, bool new_state)
{
	const struct ports_row *row = r->row;
	if (any_family(r) && r->family == AF_INET6)
		return;
	buf_str(out, "\t\t");
	addresses(out, "saddr", r->family, r->source, r->source_count);
	addresses(out, "daddr", r->family, r->destination,
		  r->destination_count);
	if (!range_open(row->source_port)) {
		buf_printf(out, "%s sport ", rule_transport(r));
		rule_ports(out, row->source_port, "-");
		buf_str(out, " ");
	}
	buf_printf(out, "%s dport ", rule_transport(r));
	rule_ports(out, row->port, "-");
	buf_printf(out, "%s counter accept comment \"sallyport %s\"\n",
		   new_state ? " ct state new" : "", row->id);
}

static void rules(struct buf *out, const struct rules *all, bool inward)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->row[i].inward == inward)
			rule(out, &all->row[i], all->o->perimeter);
}

static void ssh(struct buf *out, const struct firewall_ssh *s)
{
	if (!s->port)
		return;
	buf_str(out, "\t\t");
	if (!s->from_any) {
		bool four = s->from.addr.u.sa.sa_family == AF_INET;
		buf_str(out, four ? "ip saddr " : "ip6 saddr ");
		put_prefix(out, &s->from);
		buf_str(out, " ");
	}
	buf_printf(out, "tcp dport %u counter accept comment \"ssh\"\n",
		   s->port);
}

static void chain(struct buf *out, const char *hook)
{
	buf_printf(out,
		   "\tchain %s {\n"
		   "\t\ttype filter hook %s priority filter; policy drop;\n"
		   "\t\tct state established,related accept\n"
		   "\t\tct state invalid drop\n",
		   hook, hook);
}

static void neighbours(struct buf *out)
{
	buf_str(out, "\t\ticmpv6 type { nd-router-solicit, nd-router-advert, "
		     "nd-neighbor-solicit, nd-neighbor-advert } accept\n"
		     "\t\ticmp type echo-request limit rate 10/second accept\n"
		     "\t\ticmpv6 type echo-request limit rate 10/second "
		     "accept\n");
}

static void last(struct buf *out)
{
	buf_str(out, "\t\tcounter comment \"everything else\"\n\t}\n");
}

static void host(struct buf *out, const struct rules *r)
{
	chain(out, "input");
	buf_str(out, "\t\tiif \"lo\" accept\n");
	neighbours(out);
	ssh(out, &r->o->ssh);
	rules(out, r, true);
	last(out);
	chain(out, "output");
	buf_str(out, "\t\toif \"lo\" accept\n");
	neighbours(out);
	rules(out, r, false);
	last(out);
}

static void perimeter(struct buf *out, const struct rules *r)
{
	chain(out, "forward");
	rules(out, r, true);
	rules(out, r, false);
	last(out);
}

void nft_print(struct buf *out, const struct rules *r)
{
	/* to declare it first makes the deletion harmless the first time */
	buf_str(out, "#!/usr/sbin/nft -f\n"
		     "# sallyport: what this edge needs, and nothing else.\n");
	if (r->o->strict)
		buf_printf(out, "# Partners' addresses as of %s.\n",
			   r->o->strict->time);
	buf_str(out, "table inet sallyport\n"
		     "delete table inet sallyport\n"
		     "table inet sallyport {\n");
	if (r->o->perimeter)
		perimeter(out, r);
	else
		host(out, r);
	buf_str(out, "}\n");
}
