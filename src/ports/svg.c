/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port table as a drawing: inside, edge and Internet as three boxes, an
 * arrow a row. For firewall teams, who get it on paper: no colour carries a
 * meaning of its own.
 */
#include "ports/ports_int.h"

enum {
	MARGIN = 20,
	BOX = 250,  /* width of a box: an IPv6 address fits */
	LANE = 370, /* between two boxes */
	TOP = 90,   /* first arrow */
	STEP = 54,  /* from arrow to arrow */
};

/* Where things stand; the lane to the inside is narrow when nothing is in it.
 */
struct places {
	int edge, outside, width; /* left ends of the boxes, and all */
};

static const struct ports_words INSIDE = { "Inside", "内部" };
static const struct ports_words OURS = { "Edge", "边缘服务器" };
static const struct ports_words INTERNET = { "Internet", "互联网" };
static const struct ports_words NOTHING = { "nothing: built-in home",
					    "无：内置用户服务" };

static struct places places_of(bool inner)
{
	enum { NO_LANE = 40, LEFT = MARGIN + BOX };
	struct places p = { .edge = LEFT + (inner ? LANE : NO_LANE) };
	p.outside = p.edge + BOX + LANE;
	p.width = p.outside + BOX + MARGIN;
	return p;
}

static void put_escaped(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		switch (s.ptr[i]) {
		case '&':
			buf_str(out, "&amp;");
			break;
		case '<':
			buf_str(out, "&lt;");
			break;
		case '>':
			buf_str(out, "&gt;");
			break;
		default:
			buf_put(out, slice_of(&s.ptr[i], 1));
		}
	}
}

static void text_at(struct buf *out, int x, int y, const char *class,
		    struct slice s)
{
	buf_printf(out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	put_escaped(out, s);
	buf_str(out, "</text>\n");
}

static void box(struct buf *out, int x, int height, const char *name)
{
	buf_printf(out,
		   "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		   "rx=\"6\" class=\"box\"/>\n",
		   x, MARGIN, BOX, height);
	text_at(out, x + BOX / 2, MARGIN + 32, "name", slice_str(name));
}

/* "fed-in: SIP(MTLS) TCP 5061" */
static void label(struct buf *out, const struct ports_row *r)
{
	buf_printf(out, "%s: %s %s ", r->id, r->protocol,
		   words_transport(r->transport));
	range_text(out, r->port);
}

/* One row on its way: the line, what it is above, what it is for below. */
struct drawing {
	const struct ports_table *table;
	struct places at;
	enum ports_lang lang;
	struct buf scratch;
};

static void arrow(struct buf *out, struct drawing *d, const struct ports_row *r,
		  int y)
{
	int left = r->internal ? MARGIN + BOX : d->at.edge + BOX;
	/* our box is on the right of the inner lane, on the left of the other
	 */
	bool to_right = r->internal ? r->inward : !r->inward;
	int from = to_right ? left + 8 : left + LANE - 8;
	int to = to_right ? left + LANE - 8 : left + 8;
	buf_printf(out,
		   "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
		   "class=\"flow\" marker-end=\"url(#tip)\"/>\n",
		   from, y, to, y);
	buf_reset(&d->scratch);
	label(&d->scratch, r);
	text_at(out, left + LANE / 2, y - 8, "port", buf_slice(&d->scratch));
	text_at(out, left + LANE / 2, y + 17, "note",
		slice_str(words_in(r->note, d->lang)));
}

/* Who it is, and below by which address. */
static void end_at(struct buf *out, struct drawing *d,
		   const struct ports_row *r, bool source, int x, int y)
{
	struct buf *s = &d->scratch;
	buf_reset(s);
	end_name(s, r, source, d->lang);
	text_at(out, x, y - 2, "end", buf_slice(s));
	buf_reset(s);
	end_address(s, d->table, r, source, d->lang);
	if (!slice_empty(buf_slice(s)))
		text_at(out, x, y + 13, "note", buf_slice(s));
}

static void ends(struct buf *out, struct drawing *d, const struct ports_row *r,
		 int y)
{
	int far = r->internal ? MARGIN : d->at.outside;
	end_at(out, d, r, r->inward, far + BOX / 2, y);
	end_at(out, d, r, !r->inward, d->at.edge + BOX / 2, y);
}

static void head(struct buf *out, int width, int height)
{
	buf_printf(out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		   "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n",
		   width, height, width, height);
	buf_str(out,
		"<style>text{font-family:'Noto Sans',"
		"'Noto Sans CJK SC',sans-serif;fill:#222;text-anchor:middle}"
		".name{font-size:18px;font-weight:bold}"
		".port{font-size:13px;font-weight:bold}.end{font-size:13px}"
		".note{font-size:11px;fill:#555}"
		".box{fill:#f4f6f8;stroke:#556;stroke-width:1.5}"
		".flow{stroke:#225;stroke-width:2}</style>\n"
		"<defs><marker id=\"tip\" markerWidth=\"9\" markerHeight=\"8\" "
		"refX=\"8\" refY=\"4\" orient=\"auto\">"
		"<path d=\"M0,0 L9,4 L0,8 z\" fill=\"#225\"/></marker></defs>\n"
		"<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
}

void svg_print(struct buf *out, const struct ports_table *t,
	       enum ports_lang lang)
{
	int height = TOP + (int)t->count * STEP;
	struct drawing d = { .table = t, .lang = lang };
	bool inner = false;
	for (size_t i = 0; i < t->count; i++)
		inner = inner || t->row[i].internal;
	d.at = places_of(inner);
	buf_init(&d.scratch, 0);
	head(out, d.at.width, height + 2 * MARGIN);
	box(out, MARGIN, height, words_in(&INSIDE, lang));
	box(out, d.at.edge, height, words_in(&OURS, lang));
	box(out, d.at.outside, height, words_in(&INTERNET, lang));
	if (!inner)
		text_at(out, MARGIN + BOX / 2, TOP + MARGIN, "note",
			slice_str(words_in(&NOTHING, lang)));
	for (size_t i = 0; i < t->count; i++) {
		int y = TOP + MARGIN + (int)i * STEP;
		arrow(out, &d, &t->row[i], y);
		ends(out, &d, &t->row[i], y);
	}
	buf_str(out, "</svg>\n");
	if (buf_failed(&d.scratch))
		out->failed = true;
	buf_free(&d.scratch);
}
