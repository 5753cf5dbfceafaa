/* SPDX-License-Identifier: Apache-2.0 */
/*
 * firewalld: a zone of ours that drops, with a rich rule a row, and a policy
 * for what the host begins itself. As a script, because firewalld has no file
 * that is read twice without harm.
 */
#include "ports/firewall_int.h"

static void head(struct buf *out, const struct rules *r)
{
	buf_str(out, "#!/bin/sh\n"
		     "# sallyport: what this edge needs, and nothing else.\n"
		     "# FIREWALL_CMD may be firewall-offline-cmd.\n");
	if (r->o->strict)
		buf_printf(out, "# Partners' addresses as of %s.\n",
			   r->o->strict->time);
	buf_str(out, "set -eu\n"
		     "fw() { ${FIREWALL_CMD:-firewall-cmd --permanent} \"$@\" "
		     ">/dev/null; }\n"
		     "fw --delete-zone=sallyport 2>/dev/null || true\n"
		     "fw --delete-policy=sallyport-out 2>/dev/null || true\n"
		     "fw --new-zone=sallyport\n"
		     "fw --zone=sallyport --set-target=DROP\n"
		     "fw --new-policy=sallyport-out\n"
		     "fw --policy=sallyport-out --add-ingress-zone=HOST\n"
		     "fw --policy=sallyport-out --add-egress-zone=ANY\n"
		     "fw --policy=sallyport-out --set-target=DROP\n");
}

/* A rich rule has either a port or a source port. */
static void say_wider(struct buf *out, const struct rules *r)
{
	bool any = false;
	for (size_t i = 0; i < r->count; i++)
		any = any || !range_open(r->row[i].row->source_port);
	if (any)
		buf_str(out,
			"# firewalld compares no source port beside a port: "
			"what the relay sends\n"
			"# is let out from every port of this host. The other "
			"forms are narrower.\n");
}

static void address(struct buf *out, const char *word, const struct addr *a)
{
	if (!a)
		return;
	buf_printf(out, " %s address=\"", word);
	put_host(out, a);
	buf_str(out, "\"");
}

static void match(struct buf *out, const struct rule *r,
		  const struct addr *source, const struct addr *destination)
{
	const struct ports_row *row = r->row;
	bool plain = !source && !destination;
	if (plain && r->family == AF_INET6)
		return;
	buf_printf(out, "fw --%s --add-rich-rule='rule",
		   r->inward ? "zone=sallyport" : "policy=sallyport-out");
	if (!plain)
		buf_printf(out, " family=\"%s\"",
			   r->family == AF_INET ? "ipv4" : "ipv6");
	address(out, "source", source);
	address(out, "destination", destination);
	buf_str(out, " port port=\"");
	rule_ports(out, row->port, "-");
	buf_printf(out, "\" protocol=\"%s\" accept' # sallyport %s\n",
		   rule_transport(r), row->id);
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

static void ssh(struct buf *out, const struct firewall_ssh *s)
{
	if (!s->port)
		return;
	buf_str(out, "fw --zone=sallyport --add-rich-rule='rule");
	if (!s->from_any) {
		bool four = s->from.addr.u.sa.sa_family == AF_INET;
		buf_printf(out, " family=\"%s\" source address=\"",
			   four ? "ipv4" : "ipv6");
		put_prefix(out, &s->from);
		buf_str(out, "\"");
	}
	buf_printf(out, " port port=\"%u\" protocol=\"tcp\" accept' # ssh\n",
		   s->port);
}

void firewalld_print(struct buf *out, const struct rules *r)
{
	head(out, r);
	say_wider(out, r);
	ssh(out, &r->o->ssh);
	for (size_t i = 0; i < r->count; i++)
		rule(out, &r->row[i]);
	buf_str(out, "cmd=${FIREWALL_CMD:-firewall-cmd}\n"
		     "[ -n \"${FIREWALL_CMD:-}\" ] || $cmd --reload "
		     ">/dev/null\n"
		     "[ \"$($cmd --get-default-zone)\" = sallyport ] ||\n"
		     "\t$cmd --set-default-zone=sallyport >/dev/null\n");
}
