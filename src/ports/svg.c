/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port table as a drawing: inside, edge and Internet as three boxes, an
 * arrow a row. For firewall teams, who get it on paper: no colour carries a
 * meaning of its own.
 */
#include "ports/ports_int.h"

enum {
	MARGIN = 20,
	BOX = 150,  /* width of the outer boxes */
	EDGE = 190, /* of ours */
	LANE = 330, /* between two boxes */
	TOP = 90,   /* first arrow */
	STEP = 46,  /* from arrow to arrow */
	WIDTH = 2 * MARGIN + 2 * BOX + EDGE + 2 * LANE,
	LEFT_LANE = MARGIN + BOX,
	EDGE_LEFT = LEFT_LANE + LANE,
	RIGHT_LANE = EDGE_LEFT + EDGE,
	OUTSIDE = RIGHT_LANE + LANE,
};

static const struct ports_words INSIDE = { "Inside", "内部" };
static const struct ports_words OURS = { "Edge", "边缘服务器" };
static const struct ports_words INTERNET = { "Internet", "互联网" };
static const struct ports_words NOTHING = { "built-in home", "内置用户服务" };

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

static void box(struct buf *out, int x, int width, int height, const char *name)
{
	buf_printf(out,
		   "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
		   "rx=\"6\" class=\"box\"/>\n",
		   x, MARGIN, width, height);
	text_at(out, x + width / 2, MARGIN + 32, "name", slice_str(name));
}

/* "fed-in  SIP(MTLS) TCP 5061" */
static void label(struct buf *out, const struct ports_row *r)
{
	buf_printf(out, "%s  %s  %s ", r->id, r->protocol,
		   words_transport(r->transport));
	range_text(out, r->port);
}

static void arrow(struct buf *out, const struct ports_row *r, int y,
		  struct buf *scratch)
{
	int left = r->internal ? LEFT_LANE : RIGHT_LANE;
	/* our box is on the right of the inner lane, on the left of the other
	 */
	bool to_right = r->internal ? r->inward : !r->inward;
	int from = to_right ? left + 8 : left + LANE - 8;
	int to = to_right ? left + LANE - 8 : left + 8;
	buf_printf(out,
		   "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
		   "class=\"flow\" marker-end=\"url(#tip)\"/>\n",
		   from, y, to, y);
	buf_reset(scratch);
	label(scratch, r);
	text_at(out, left + LANE / 2, y - 8, "port", buf_slice(scratch));
}

/* The other end stands in its box, beside its arrow. */
static void far_end(struct buf *out, const struct ports_table *t,
		    const struct ports_row *r, int y, enum ports_lang lang,
		    struct buf *scratch)
{
	int x = r->internal ? MARGIN + BOX / 2 : OUTSIDE + BOX / 2;
	buf_reset(scratch);
	end_text(scratch, t, r, r->inward, lang);
	text_at(out, x, y + 4, "end", buf_slice(scratch));
	buf_reset(scratch);
	end_text(scratch, t, r, !r->inward, lang);
	text_at(out, EDGE_LEFT + EDGE / 2, y + 4, "end", buf_slice(scratch));
}

static void head(struct buf *out, int height)
{
	buf_printf(out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
		   "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n",
		   WIDTH, height, WIDTH, height);
	buf_str(out,
		"<style>text{font-family:'Noto Sans',"
		"'Noto Sans CJK SC',sans-serif;fill:#222;text-anchor:middle}"
		".name{font-size:18px;font-weight:bold}"
		".port{font-size:13px}.end{font-size:12px}"
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
	int rows = (int)t->count;
	int height = TOP + rows * STEP;
	bool inner = false;
	struct buf scratch;
	buf_init(&scratch, 0);
	for (size_t i = 0; i < t->count; i++)
		inner = inner || t->row[i].internal;
	head(out, height + 2 * MARGIN);
	box(out, MARGIN, BOX, height, words_in(&INSIDE, lang));
	box(out, EDGE_LEFT, EDGE, height, words_in(&OURS, lang));
	box(out, OUTSIDE, BOX, height, words_in(&INTERNET, lang));
	if (!inner)
		text_at(out, MARGIN + BOX / 2, TOP + MARGIN, "end",
			slice_str(words_in(&NOTHING, lang)));
	for (int i = 0; i < rows; i++) {
		int y = TOP + MARGIN + i * STEP;
		arrow(out, &t->row[i], y, &scratch);
		far_end(out, t, &t->row[i], y, lang, &scratch);
	}
	buf_str(out, "</svg>\n");
	if (buf_failed(&scratch))
		out->failed = true;
	buf_free(&scratch);
}
