/* SPDX-License-Identifier: Apache-2.0 */
/* From a question of texts to the tables of ports/. */
#include "admin/tables.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "conf/conf_views.h"
#include "ports/firewall.h"
#include "ports/ports.h"

enum { ARENA_FIRST = 16 << 10, ARENA_MAX = 64 << 20, EDGE_MAX = 16 };

static struct slice ask_for(const struct tables_ask *ask, const char *name)
{
	return ask->arg(ask->arg_of, name);
}

static bool yes(const struct tables_ask *ask, const char *name)
{
	return slice_eq(ask_for(ask, name), SLICE_LIT("yes"));
}

static int __attribute__((format(printf, 2, 3)))
refuse(char *error, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(error, TABLES_ERROR_MAX, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static int compute(struct arena *a, const struct conf *c,
		   const struct tables_ask *ask, struct ports_table *out,
		   char *error)
{
	struct ports_conf view;
	struct slice profile = ask_for(ask, "profile");
	int err = conf_view_ports(a, c, &view);
	if (err)
		return err;
	if (!slice_empty(profile) &&
	    ports_partner_parse(profile, &view.av_partners))
		return refuse(error,
			      "there is no profile %.*s; it is public-im, "
			      "messenger, lync, ocs2007r2, ocs2007 or rfc8656",
			      SLICE_FMT(slice_head(profile, 64)));
	return ports_compute(a, &view, out);
}

static int print_ports(const struct ports_table *t,
		       const struct tables_ask *ask, struct buf *out,
		       struct buf *warnings, char *error)
{
	enum ports_form form = PORTS_TEXT;
	struct slice name = ask_for(ask, "form");
	enum ports_lang lang = ports_lang_of(ask_for(ask, "lang"));
	if (!slice_empty(name) && ports_form_parse(name, &form))
		return refuse(error,
			      "there is no format %.*s; it is table, "
			      "markdown, csv, json or svg",
			      SLICE_FMT(slice_head(name, 64)));
	if (yes(ask, "published"))
		ports_print_published(out, t, form, lang);
	else
		ports_print(out, t, form, lang);
	ports_warnings(warnings, t, lang);
	return 0;
}

static int finish(struct arena *a, int err, const struct buf *out,
		  const struct buf *warnings, char *error)
{
	arena_free(a);
	if (!err && (buf_failed(out) || buf_failed(warnings)))
		err = -ENOMEM;
	if (err == -ENOMEM)
		snprintf(error, TABLES_ERROR_MAX, "out of memory");
	return err;
}

int tables_ports(const struct conf *c, const struct tables_ask *ask,
		 struct buf *out, struct buf *warnings,
		 char error[static TABLES_ERROR_MAX])
{
	struct ports_table t;
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	int err = a ? compute(a, c, ask, &t, error) : -ENOMEM;
	if (!err)
		err = print_ports(&t, ask, out, warnings, error);
	return finish(a, err, out, warnings, error);
}

/* "192.0.2.1,2001:db8::1" */
static int take_edge(struct slice text, struct addr out[static EDGE_MAX],
		     size_t *count, char *error)
{
	*count = 0;
	while (!slice_empty(text)) {
		ptrdiff_t comma = slice_chr(text, ',');
		size_t len = comma < 0 ? text.len : (size_t)comma;
		struct slice one = slice_head(text, len);
		if (*count == EDGE_MAX || addr_parse_host(one, 0, &out[*count]))
			return refuse(error,
				      "the edge's addresses are at most %d IP "
				      "addresses with commas between them, "
				      "not %.*s",
				      EDGE_MAX, SLICE_FMT(slice_head(one, 64)));
		(*count)++;
		text = slice_from(text, len + (comma >= 0));
	}
	return 0;
}

static int take_ssh(const struct tables_ask *ask, struct firewall_ssh *out,
		    char *error)
{
	struct slice text = ask_for(ask, "ssh");
	if (!slice_empty(text) && firewall_ssh_parse(text, out))
		return refuse(error,
			      "ssh is a port, a port and a prefix such as "
			      "22,192.0.2.0/24, or none, not %.*s",
			      SLICE_FMT(slice_head(text, 64)));
	if (slice_empty(text) && !yes(ask, "perimeter"))
		return refuse(error,
			      "say how this host is administered, so that the "
			      "rules do not lock you out: ssh is a port, a "
			      "port and a prefix, or none");
	return 0;
}

int tables_firewall(const struct conf *c, const struct tables_ask *ask,
		    struct buf *out, struct buf *warnings,
		    char error[static TABLES_ERROR_MAX])
{
	struct ports_table t;
	struct addr edge[EDGE_MAX];
	struct firewall_options o = { .edge = edge,
				      .strict = ask->strict,
				      .perimeter = yes(ask, "perimeter") };
	struct slice format = ask_for(ask, "format");
	if (!slice_empty(format) && firewall_format_parse(format, &o.format))
		return refuse(error,
			      "there is no format %.*s; it is nftables, "
			      "iptables, ip6tables, firewalld or ufw",
			      SLICE_FMT(slice_head(format, 64)));
	int err = take_ssh(ask, &o.ssh, error);
	if (!err)
		err = take_edge(ask_for(ask, "edge"), edge, &o.edge_count,
				error);
	if (err)
		return err;
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	err = a ? compute(a, c, ask, &t, error) : -ENOMEM;
	if (!err)
		err = firewall_print(out, &t, &o, error);
	if (!err)
		ports_warnings(warnings, &t, PORTS_EN);
	return finish(a, err, out, warnings, error);
}
