/* SPDX-License-Identifier: Apache-2.0 */
/* The port table as people read it, and what to warn them of. */
#include "ports/ports_int.h"

static const struct ports_words TITLES[] = {
	{ "Id", "编号" },          { "Role", "角色" }, { "Protocol", "协议" },
	{ "Transport", "传输" },   { "Port", "端口" }, { "Source", "源" },
	{ "Destination", "目标" }, { "Note", "注释" },
};
static const char *const KEYS[] = { "id", "role", "protocol", "transport",
				    "port", "source", "destination", "note",
				    /* for programs */
				    "direction", "ours", "theirs",
				    "source_port" };

enum {
	MORE_KEYS = sizeof(KEYS) / sizeof(KEYS[0]) -
		    sizeof(TITLES) / sizeof(TITLES[0])
};

struct view {
	const struct ports_table *table;
	enum ports_lang lang;
};

void range_text(struct buf *out, struct ports_range r)
{
	if (!r.first && !r.last) {
		buf_str(out, "any");
		return;
	}
	buf_dec(out, r.first);
	if (r.last != r.first) {
		buf_str(out, "-");
		buf_dec(out, r.last);
	}
}

static bool is_ours(enum ports_end e)
{
	return e == PORTS_END_ACCESS || e == PORTS_END_AV || e == PORTS_END_INT;
}

static void host_text(struct buf *out, const struct addr *a)
{
	char host[ADDR_TEXT_MAX];
	if (a->u.sa.sa_family)
		buf_str(out, addr_host(a, host));
}

void end_name(struct buf *out, const struct ports_row *row, bool source,
	      enum ports_lang lang)
{
	enum ports_end e = source ? row->source : row->destination;
	buf_str(out, words_in(&words_end[e], lang));
}

void end_address(struct buf *out, const struct ports_table *t,
		 const struct ports_row *row, bool source, enum ports_lang lang)
{
	enum ports_end e = source ? row->source : row->destination;
	const struct addr *a = is_ours(e) ? &row->ours : &row->theirs;
	host_text(out, a);
	if (e != PORTS_END_AV || !t->public_address.u.sa.sa_family)
		return;
	buf_str(out, a->u.sa.sa_family ? " " : "");
	buf_str(out, lang == PORTS_ZH ? "(公网 " : "(public ");
	host_text(out, &t->public_address);
	buf_str(out, ")");
}

/* Both, as a cell has them. */
static void end_text(struct buf *out, const struct ports_table *t,
		     const struct ports_row *row, bool source,
		     enum ports_lang lang)
{
	end_name(out, row, source, lang);
	size_t before = out->len;
	buf_str(out, " ");
	end_address(out, t, row, source, lang);
	if (out->len == before + 1)
		out->len = before;
}

/* What a program wants to know besides, without words. */
static void plain_cell(const struct ports_row *r, size_t which, struct buf *out)
{
	switch (which) {
	case 0:
		buf_str(out, r->inward ? "in" : "out");
		break;
	case 1:
		host_text(out, &r->ours);
		break;
	case 2:
		host_text(out, &r->theirs);
		break;
	default:
		range_text(out, r->source_port);
		break;
	}
}

static void cell(void *arg, size_t row, size_t column, struct buf *out)
{
	const struct view *v = arg;
	const struct ports_row *r = &v->table->row[row];
	switch (column) {
	case 0:
		buf_str(out, r->id);
		break;
	case 1:
		buf_str(out, r->role);
		break;
	case 2:
		buf_str(out, r->protocol);
		break;
	case 3:
		buf_str(out, words_transport(r->transport));
		break;
	case 4:
		range_text(out, r->port);
		break;
	case 5:
	case 6:
		end_text(out, v->table, r, column == 5, v->lang);
		break;
	case 7:
		buf_str(out, words_in(r->note, v->lang));
		break;
	default:
		plain_cell(r, column - 8, out);
		break;
	}
}

void ports_print(struct buf *out, const struct ports_table *t,
		 enum ports_form form, enum ports_lang lang)
{
	struct view v = { t, lang };
	const struct cells c = { .columns = sizeof(TITLES) / sizeof(TITLES[0]),
				 .title = TITLES,
				 .key = KEYS,
				 .more = MORE_KEYS,
				 .rows = t->count,
				 .cell = cell,
				 .arg = &v,
				 .lang = lang };
	if (form == PORTS_SVG)
		svg_print(out, t, lang);
	else
		cells_print(out, &c, form);
}

/* Ports that strangers may send to, in ranges. */
static unsigned open_inwards(const struct ports_table *t)
{
	unsigned n = 0;
	for (size_t i = 0; i < t->count; i++) {
		const struct ports_range *p = &t->row[i].port;
		if (t->row[i].inward && p->last > p->first)
			n += (unsigned)(p->last - p->first) + 1;
	}
	return n;
}

void ports_warnings(struct buf *out, const struct ports_table *t,
		    enum ports_lang lang)
{
	unsigned n = open_inwards(t);
	if (!n)
		return;
	if (lang == PORTS_ZH)
		buf_printf(out,
			   "警告：为这些合作伙伴需要向内开放 %u 个端口；"
			   "中继只在已分配的端口上接收。\n",
			   n);
	else
		buf_printf(out,
			   "warning: these partners need %u ports opened "
			   "inwards; the relay receives on allocated ones "
			   "only\n",
			   n);
}
