/* SPDX-License-Identifier: Apache-2.0 */
/* From rows to flat rules, one a row and family. */
#include "ports/firewall_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { SSH_PORT_MAX = 65535 };

int firewall_format_parse(struct slice text, enum firewall_format *out)
{
	static const char *const names[] = {
		[FIREWALL_NFTABLES] = "nftables",
		[FIREWALL_IPTABLES] = "iptables",
		[FIREWALL_IP6TABLES] = "ip6tables",
		[FIREWALL_FIREWALLD] = "firewalld",
		[FIREWALL_UFW] = "ufw",
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (slice_eq(text, slice_str(names[i]))) {
			*out = (enum firewall_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_port(struct slice text, uint16_t *out)
{
	uint32_t n = 0;
	if (slice_empty(text) || text.len > 5)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return -EINVAL;
		n = n * 10 + (text.ptr[i] - '0');
	}
	if (n < 1 || n > SSH_PORT_MAX)
		return -EINVAL;
	*out = (uint16_t)n;
	return 0;
}

int firewall_ssh_parse(struct slice text, struct firewall_ssh *out)
{
	struct firewall_ssh ssh = { .from_any = true };
	ptrdiff_t comma = slice_chr(text, ',');
	struct slice port = text;
	if (slice_eq(text, SLICE_LIT("none"))) {
		*out = ssh;
		return 0;
	}
	if (comma >= 0) {
		port = slice_head(text, (size_t)comma);
		ssh.from_any = false;
		if (addr_parse_prefix(slice_from(text, (size_t)comma + 1),
				      &ssh.from))
			return -EINVAL;
	}
	if (parse_port(port, &ssh.port))
		return -EINVAL;
	*out = ssh;
	return 0;
}

const char *rule_transport(const struct rule *r)
{
	return r->row->transport == PORTS_UDP ? "udp" : "tcp";
}

bool range_open(struct ports_range p)
{
	return !p.first && !p.last;
}

void rule_ports(struct buf *out, struct ports_range p, const char *dash)
{
	buf_dec(out, p.first);
	if (p.last != p.first) {
		buf_str(out, dash);
		buf_dec(out, p.last);
	}
}

void put_host(struct buf *out, const struct addr *a)
{
	char host[ADDR_TEXT_MAX];
	buf_str(out, addr_host(a, host));
}

void put_prefix(struct buf *out, const struct addr_prefix *p)
{
	put_host(out, &p->addr);
	buf_printf(out, "/%u", p->bits);
}

/* Those of one family, copied into the arena. */
static int choose(struct arena *a, const struct addr *all, size_t count,
		  sa_family_t family, const struct addr **out,
		  size_t *out_count)
{
	struct addr *some = arena_alloc(a, sizeof(*some) * (count + 1));
	size_t n = 0;
	if (!some)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		if (all[i].u.sa.sa_family == family)
			some[n++] = all[i];
	*out = some;
	*out_count = n;
	return 0;
}

/* What one end of a row is: addresses of both families; none: anything. */
struct end {
	const struct addr *all;
	size_t count;
};

static struct end our_end(const struct ports_row *row,
			  const struct firewall_options *o)
{
	if (row->ours.u.sa.sa_family)
		return (struct end){ &row->ours, 1 };
	if (o->perimeter)
		return (struct end){ o->edge, o->edge_count };
	return (struct end){ NULL, 0 };
}

static struct end their_end(const struct ports_row *row,
			    const struct firewall_options *o)
{
	enum ports_end far = row->inward ? row->source : row->destination;
	if (row->theirs.u.sa.sa_family)
		return (struct end){ &row->theirs, 1 };
	if (far == PORTS_END_PARTNERS && o->strict)
		return (struct end){ o->strict->partner, o->strict->count };
	return (struct end){ NULL, 0 };
}

/* A row with an end that has no address of a family has no rule for it. */
static int add(struct arena *a, struct rule *rules, size_t *n,
	       const struct ports_row *row, const struct firewall_options *o)
{
	static const sa_family_t families[] = { AF_INET, AF_INET6 };
	struct end ours = our_end(row, o);
	struct end theirs = their_end(row, o);
	bool narrowed = o->strict && !row->theirs.u.sa.sa_family &&
			(row->source == PORTS_END_PARTNERS ||
			 row->destination == PORTS_END_PARTNERS);
	for (size_t i = 0; i < 2; i++) {
		struct rule r = { .row = row,
				  .inward = row->inward,
				  .family = families[i] };
		const struct addr **mine =
			row->inward ? &r.destination : &r.source;
		size_t *mine_count =
			row->inward ? &r.destination_count : &r.source_count;
		const struct addr **far =
			row->inward ? &r.source : &r.destination;
		size_t *far_count =
			row->inward ? &r.source_count : &r.destination_count;
		if (choose(a, ours.all, ours.count, families[i], mine,
			   mine_count) ||
		    choose(a, theirs.all, theirs.count, families[i], far,
			   far_count))
			return -ENOMEM;
		bool excluded = (ours.count && !*mine_count) ||
				((theirs.count || narrowed) && !*far_count);
		if (!excluded)
			rules[(*n)++] = r;
	}
	return 0;
}

static int check(const struct ports_table *t, const struct firewall_options *o,
		 char error[static FIREWALL_ERROR_MAX])
{
	if (!o->perimeter)
		return 0;
	if (o->format == FIREWALL_FIREWALLD || o->format == FIREWALL_UFW) {
		snprintf(error, FIREWALL_ERROR_MAX,
			 "a firewall in front of the edge is written as "
			 "nftables, iptables or ip6tables only");
		return -EINVAL;
	}
	for (size_t i = 0; i < t->count; i++) {
		if (t->row[i].ours.u.sa.sa_family || o->edge_count)
			continue;
		snprintf(error, FIREWALL_ERROR_MAX,
			 "row %s listens on every address, which a firewall "
			 "in front cannot know: give the edge's addresses, or "
			 "let the configuration listen on them",
			 t->row[i].id);
		return -EINVAL;
	}
	return 0;
}

int firewall_print(struct buf *out, const struct ports_table *t,
		   const struct firewall_options *o,
		   char error[static FIREWALL_ERROR_MAX])
{
	static const firewall_fn formats[] = {
		[FIREWALL_NFTABLES] = nft_print,
		[FIREWALL_IPTABLES] = iptables_print,
		[FIREWALL_IP6TABLES] = iptables_print,
		[FIREWALL_FIREWALLD] = firewalld_print,
		[FIREWALL_UFW] = ufw_print,
	};
	int err = check(t, o, error);
	if (err)
		return err;
	snprintf(error, FIREWALL_ERROR_MAX, "out of memory");
	struct arena *a = arena_create(4096, 64 << 20);
	struct rule *rules =
		a ? arena_alloc(a, sizeof(*rules) * (2 * t->count + 1)) : NULL;
	size_t n = 0;
	err = rules ? 0 : -ENOMEM;
	for (size_t i = 0; i < t->count && !err; i++)
		if (t->row[i].source != PORTS_END_SELF)
			err = add(a, rules, &n, &t->row[i], o);
	if (!err)
		formats[o->format](out, &(struct rules){ rules, n, o });
	if (!err && buf_failed(out))
		err = -ENOMEM;
	arena_free(a);
	return err;
}
