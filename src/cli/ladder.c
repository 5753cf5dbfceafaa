/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes, arrows, and what is told below them. */
#include "cli/ladder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/changes.h"
#include "cli/diagnostics.h"
#include "cli/term.h"

enum {
	TIME_COLUMNS = 14, /* with two blanks */
	BAR_COLUMNS = 3,
	REMEMBERED = 64,
	REMEMBERED_MAX = 64 * 1024,
	KEY_MAX = 384,
	DAY_MS = 86400000,
};

struct signs {
	const char *line, *left, *right, *bar, *below;
};

static const struct signs utf8_signs = { "─", "◀", "▶", "┃", "└ " };
static const struct signs ascii_signs = { "-", "<", ">", "|", "` " };

static const char RED[] = "\033[31m", GREEN[] = "\033[32m", BOLD[] = "\033[1m",
		  DIM[] = "\033[2m", PLAIN[] = "\033[0m";

/* As it arrived, to tell what left in its place. */
struct remembered {
	char key[KEY_MAX]; /* or "" */
	struct buf head;
};

struct ladder {
	const struct signs *signs;
	unsigned lane; /* columns of each side */
	bool colour;
	char call[KEY_MAX]; /* the one that was drawn last */
	struct remembered kept[REMEMBERED];
	size_t next;
};

int ladder_create(struct ladder **out, const struct ladder_style *style)
{
	struct ladder *l = calloc(1, sizeof(*l));
	unsigned width = style->width;
	if (!l)
		return -ENOMEM;
	if (width < LADDER_WIDTH_MIN)
		width = LADDER_WIDTH_MIN;
	if (width > LADDER_WIDTH_MAX)
		width = LADDER_WIDTH_MAX;
	l->lane = (width - TIME_COLUMNS - BAR_COLUMNS) / 2;
	l->signs = style->utf8 ? &utf8_signs : &ascii_signs;
	l->colour = style->colour;
	for (size_t i = 0; i < REMEMBERED; i++)
		buf_init(&l->kept[i].head, REMEMBERED_MAX);
	*out = l;
	return 0;
}

void ladder_free(struct ladder *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < REMEMBERED; i++)
		buf_free(&l->kept[i].head);
	free(l);
}

/* ---- pieces ---- */

static void paint(const struct ladder *l, struct buf *out, const char *code)
{
	if (l->colour)
		buf_str(out, code);
}

static void fill(struct buf *out, const char *sign, size_t columns)
{
	while (columns--)
		buf_str(out, sign);
}

/* Escaped, and cut to fit. Returns how many columns it takes. */
static size_t put_cut(struct buf *out, struct slice text, size_t columns)
{
	struct buf b;
	size_t width = 0;
	buf_init(&b, 0);
	term_escape(&b, text, TERM_LINE);
	struct slice rest = buf_slice(&b);
	while (rest.len) {
		uint32_t code;
		size_t n = text_utf8_next(rest, &code);
		struct slice one = slice_head(rest, n ? n : 1);
		size_t w = term_width(one);
		if (width + w > columns)
			break;
		buf_put(out, one);
		width += w;
		rest = slice_from(rest, one.len);
	}
	if (buf_failed(&b))
		out->failed = true;
	buf_free(&b);
	return width;
}

static void put_name(struct buf *out, const struct trace_record *r,
		     size_t columns, bool to_the_left)
{
	struct buf b;
	buf_init(&b, 0);
	size_t width = put_cut(&b, trace_record_name(r), columns);
	if (to_the_left)
		fill(out, " ", columns - width);
	buf_put(out, buf_slice(&b));
	if (!to_the_left)
		fill(out, " ", columns - width);
	buf_free(&b);
}

/* "── MESSAGE ────▶" */
static void put_arrow(const struct ladder *l, struct buf *out,
		      const struct trace_record *r, size_t columns,
		      bool rightwards)
{
	const struct signs *s = l->signs;
	struct buf label, cut;
	buf_init(&label, 0);
	buf_init(&cut, 0);
	trace_record_label(&label, r);
	size_t width = put_cut(&cut, buf_slice(&label), columns - 6);
	size_t lines = columns - width - 3; /* head, two blanks */
	buf_str(out, rightwards ? "" : s->left);
	fill(out, s->line, lines / 2);
	buf_u8(out, ' ');
	paint(l, out, BOLD);
	buf_put(out, buf_slice(&cut));
	paint(l, out, PLAIN);
	buf_u8(out, ' ');
	fill(out, s->line, lines - lines / 2);
	buf_str(out, rightwards ? s->right : "");
	if (buf_failed(&label) || buf_failed(&cut))
		out->failed = true;
	buf_free(&label);
	buf_free(&cut);
}

void ladder_time(struct buf *out, uint64_t time_ms)
{
	unsigned ms = (unsigned)(time_ms % DAY_MS), s = ms / 1000;
	buf_printf(out, "%02u:%02u:%02u.%03u", s / 3600, s / 60 % 60, s % 60,
		   ms % 1000);
}

/* ---- lines ---- */

static void draw_arrow(const struct ladder *l, struct buf *out,
		       const struct trace_record *r)
{
	bool inside = trace_record_inside(r);
	size_t name = l->lane * 9 / 20, arrow = l->lane - name - 1;
	ladder_time(out, r->time_ms);
	buf_str(out, "  ");
	if (inside) {
		put_name(out, r, name, false);
		buf_u8(out, ' ');
		put_arrow(l, out, r, arrow, r->way == TRACE_WAY_IN);
	} else {
		fill(out, " ", l->lane);
	}
	buf_printf(out, " %s ", l->signs->bar);
	if (!inside) {
		put_arrow(l, out, r, arrow, r->way == TRACE_WAY_OUT);
		buf_u8(out, ' ');
		put_name(out, r, name, false);
	}
	while (out->len && out->ptr[out->len - 1] == ' ')
		out->len--;
	buf_u8(out, '\n');
}

static void draw_below(const struct ladder *l, struct buf *out,
		       const char *colour, struct slice text)
{
	if (!text.len)
		return;
	fill(out, " ", TIME_COLUMNS);
	buf_str(out, l->signs->below);
	paint(l, out, colour);
	term_escape(out, text, TERM_LINE);
	paint(l, out, PLAIN);
	buf_u8(out, '\n');
}

void ladder_note(struct ladder *l, struct buf *out, const char *text)
{
	draw_below(l, out, DIM, slice_str(text));
}

/* Whose messages follow. */
static void draw_call(struct ladder *l, struct buf *out,
		      const struct trace_record *r)
{
	char call[KEY_MAX];
	struct buf b;
	if (!r->call_id.len || slice_cstr(r->call_id, call, sizeof(call)) ||
	    strcmp(call, l->call) == 0)
		return;
	memcpy(l->call, call, sizeof(call));
	buf_init(&b, 0);
	buf_printf(&b, "%s", call);
	if (r->m.from.uri.text.len)
		buf_printf(&b, ": %.*s to %.*s", SLICE_FMT(r->m.from.uri.text),
			   SLICE_FMT(r->m.to.uri.text));
	paint(l, out, DIM);
	buf_str(out, "== ");
	term_escape(out, buf_slice(&b), TERM_LINE);
	paint(l, out, PLAIN);
	buf_u8(out, '\n');
	buf_free(&b);
}

static void draw_verdict(const struct ladder *l, struct buf *out,
			 const struct trace_record *r)
{
	struct buf b;
	buf_init(&b, 0);
	if (r->way == TRACE_WAY_NONE && r->said)
		buf_printf(&b, "%.*s: ", SLICE_FMT(r->cseq));
	trace_record_verdict(&b, r);
	draw_below(l, out, r->said == TRACE_SAID_REFUSED ? RED : GREEN,
		   buf_slice(&b));
	buf_free(&b);
}

/* Why somebody said no, in his own words. */
static void draw_reason(const struct ladder *l, struct buf *out,
			const struct trace_record *r)
{
	const struct sip_header *h = sip_header(&r->m, SIP_H_MS_DIAGNOSTICS);
	struct diagnostics d;
	struct buf b;
	if (!h)
		h = sip_header(&r->m, SIP_H_MS_DIAGNOSTICS_PUBLIC);
	if (!h || r->m.status < 300)
		return;
	diagnostics_read(&d, h->value, r->m.reason);
	buf_init(&b, 0);
	buf_printf(&b, "ms-diagnostics %u: %.*s", d.id,
		   SLICE_FMT(buf_slice(&d.reason)));
	draw_below(l, out, RED, buf_slice(&b));
	buf_free(&b);
	diagnostics_free(&d);
}

/* ---- what arrived, beside what left ---- */

static void key_of(const struct trace_record *r, char out[KEY_MAX])
{
	snprintf(out, KEY_MAX, "%u %.*s %.*s", (unsigned)r->m.status,
		 SLICE_FMT(r->cseq), SLICE_FMT(r->call_id));
}

static struct remembered *find(struct ladder *l, const char *key)
{
	for (size_t i = 0; i < REMEMBERED; i++)
		if (strcmp(l->kept[i].key, key) == 0)
			return &l->kept[i];
	return NULL;
}

static void remember(struct ladder *l, const struct trace_record *r)
{
	char key[KEY_MAX];
	key_of(r, key);
	struct remembered *k = find(l, key);
	if (!k) {
		k = &l->kept[l->next];
		l->next = (l->next + 1) % REMEMBERED;
	}
	buf_reset(&k->head);
	buf_put(&k->head, buf_slice(&r->bytes));
	memcpy(k->key, key, sizeof(key));
	if (buf_failed(&k->head))
		k->key[0] = '\0';
}

static void draw_changes(struct ladder *l, struct buf *out,
			 const struct trace_record *r)
{
	char key[KEY_MAX];
	struct buf b;
	struct sip_msg before;
	key_of(r, key);
	const struct remembered *k = find(l, key);
	if (!k)
		return;
	memset(&before, 0, sizeof(before));
	/* a hidden body is refused when all else is read */
	(void)sip_parse(r->arena, buf_slice(&k->head), &sip_limits_default,
			&before);
	buf_init(&b, 0);
	changes_list(&b, &before, &r->m);
	draw_below(l, out, DIM, buf_slice(&b));
	buf_free(&b);
}

void ladder_draw(struct ladder *l, struct buf *out,
		 const struct trace_record *r)
{
	char text[64];
	if (r->lost) {
		snprintf(text, sizeof(text), "missing here: %llu",
			 (unsigned long long)r->lost);
		ladder_note(l, out, text);
	}
	draw_call(l, out, r);
	if (r->way != TRACE_WAY_NONE)
		draw_arrow(l, out, r);
	draw_verdict(l, out, r);
	if (r->way == TRACE_WAY_IN)
		remember(l, r);
	if (r->way == TRACE_WAY_OUT) {
		draw_reason(l, out, r);
		draw_changes(l, out, r);
	}
}
