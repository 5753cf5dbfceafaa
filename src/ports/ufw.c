/* SPDX-License-Identifier: Apache-2.0 */
/* ufw: a script of its commands; it skips rules that are there. */
#include "ports/firewall_int.h"

static void end(struct buf *out, const char *word, const struct addr *a)
{
	buf_printf(out, " %s ", word);
	if (a)
		put_host(out, a);
	else
		buf_str(out, "any");
}

static void match(struct buf *out, const struct rule *r,
		  const struct addr *source, const struct addr *destination)
{
	const struct ports_row *row = r->row;
	if (!source && !destination && r->family == AF_INET6)
		return;
	buf_printf(out, "ufw allow %s proto %s", r->inward ? "in" : "out",
		   rule_transport(r));
	end(out, "from", source);
	if (!range_open(row->source_port)) {
		buf_str(out, " port ");
		rule_ports(out, row->source_port, ":");
	}
	end(out, "to", destination);
	buf_str(out, " port ");
	rule_ports(out, row->port, ":");
	buf_printf(out, " comment 'sallyport %s'\n", row->id);
}

static void rule(struct buf *out, const struct rule *r)
{
	size_t sources = r->source_count ? r->source_count : 1;
	size_t destinations = r->destination_count ? r->destination_count : 1;
	for (size_t s = 0; s < sources; s++)
		for (size_t d = 0; d < destinations; d++)
			match(out, r, r->source_count ? &r->source[s] : NULL,
			      r->destination_count ? &r->destination[d] : NULL);
}

void ufw_print(struct buf *out, const struct rules *r)
{
	const struct firewall_ssh *s = &r->o->ssh;
	buf_str(out, "#!/bin/sh\n"
		     "# sallyport: what this edge needs, and nothing else.\n");
	if (r->o->strict)
		buf_printf(out, "# Partners' addresses as of %s.\n",
			   r->o->strict->time);
	buf_str(out, "set -eu\n"
		     "ufw() { command ufw ${UFW_OPTIONS:-} \"$@\"; }\n"
		     "ufw default deny incoming\n"
		     "ufw default deny outgoing\n");
	if (s->port) {
		buf_str(out, "ufw allow in proto tcp from ");
		if (s->from_any)
			buf_str(out, "any");
		else
			put_prefix(out, &s->from);
		buf_printf(out, " to any port %u comment 'ssh'\n", s->port);
	}
	for (size_t i = 0; i < r->count; i++)
		rule(out, &r->row[i]);
	buf_str(out, "ufw enable\n");
}
