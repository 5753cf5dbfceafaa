/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One presence document from several. A part is copied as it was written; the
 * namespaces that its own document declared at the root are written into its
 * start tag, so that its prefixes mean what they meant.
 */
#include "presence/pidf.h"

enum { IDS_MAX = XML_ELEMENTS_MAX };

struct composer {
	struct buf *out;
	struct slice ids[IDS_MAX];
	size_t id_count;
	unsigned renamed;
};

static bool is_declaration(struct slice name)
{
	const struct slice xmlns = SLICE_LIT("xmlns");
	return slice_starts(name, xmlns) &&
	       (name.len == xmlns.len || name.ptr[xmlns.len] == ':');
}

static bool declares(struct slice tag, struct slice wanted)
{
	struct slice rest, name, value;
	xml_raw_name(tag, &rest);
	while (xml_raw_next(&rest, &name, &value))
		if (slice_eq(name, wanted))
			return true;
	return false;
}

/* The quotes are those it had: a value may hold the other kind. */
static void put_attribute(struct buf *out, struct slice name,
			  struct slice value)
{
	bool dquote = slice_chr(value, '"') < 0;
	buf_u8(out, ' ');
	buf_put(out, name);
	buf_str(out, dquote ? "=\"" : "='");
	buf_put(out, value);
	buf_u8(out, dquote ? '"' : '\'');
}

/* What the root declared and the part does not declare itself. */
static void put_namespaces(struct buf *out, const struct pidf *from,
			   struct slice tag)
{
	const struct slice xmlns = SLICE_LIT("xmlns");
	struct slice rest, name, value;
	xml_raw_name(from->root, &rest);
	while (xml_raw_next(&rest, &name, &value))
		if (is_declaration(name) && !declares(tag, name))
			put_attribute(out, name, value);
	if (!declares(from->root, xmlns) && !declares(tag, xmlns))
		put_attribute(out, xmlns, SLICE_NONE);
}

static bool taken(const struct composer *c, struct slice id)
{
	for (size_t i = 0; i < c->id_count; i++)
		if (slice_eq(c->ids[i], id))
			return true;
	return false;
}

static void put_id(struct composer *c, struct slice id)
{
	if (!taken(c, id)) {
		if (c->id_count < IDS_MAX)
			c->ids[c->id_count++] = id;
		put_attribute(c->out, SLICE_LIT("id"), id);
		return;
	}
	buf_printf(c->out, " id=\"sallyport.%u\"", ++c->renamed);
}

static void put_part(struct composer *c, const struct pidf *from,
		     const struct pidf_part *part)
{
	struct slice rest, name, value;
	buf_u8(c->out, '<');
	buf_put(c->out, xml_raw_name(part->tag, &rest));
	put_namespaces(c->out, from, part->tag);
	while (xml_raw_next(&rest, &name, &value)) {
		if (slice_eq(name, SLICE_LIT("id")))
			put_id(c, value);
		else
			put_attribute(c->out, name, value);
	}
	/* what is left of the tag: blanks, "/>" or ">" */
	buf_put(c->out, rest);
	buf_put(c->out, slice_from(part->text, part->tag.len));
}

static bool has(const struct pidf *p, enum pidf_kind kind)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->parts[i].kind == kind)
			return true;
	return false;
}

static bool one_for_all(enum pidf_kind kind)
{
	return kind == PIDF_PERSON || kind == PIDF_NOTE;
}

/* Does a newer document say it already? */
static bool outdone(const struct pidf_state *s, size_t doc, enum pidf_kind kind)
{
	for (size_t i = 0; one_for_all(kind) && i < doc; i++)
		if (has(s->docs[i], kind))
			return true;
	return false;
}

static void put_kind(struct composer *c, const struct pidf_state *s,
		     enum pidf_kind kind)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct pidf *p = s->docs[i];
		for (size_t j = 0; j < p->count && !outdone(s, i, kind); j++)
			if (p->parts[j].kind == kind)
				put_part(c, p, &p->parts[j]);
	}
}

static void put_implicit(struct buf *out, bool open)
{
	buf_printf(out,
		   "<tuple id=\"sallyport\"><status><basic>%s</basic>"
		   "</status></tuple>",
		   open ? "open" : "closed");
}

void pidf_compose(struct buf *out, const struct pidf_state *s)
{
	/* as the schema orders them: tuples, notes, anything else */
	static const enum pidf_kind order[] = { PIDF_TUPLE, PIDF_NOTE,
						PIDF_PERSON, PIDF_DEVICE,
						PIDF_OTHER };
	struct composer c = { .out = out };
	bool open = s->implicit == PIDF_IMPLICIT_OPEN;
	if (s->count == 1 && !open) {
		buf_put(out, s->docs[0]->doc);
		return;
	}
	buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		     "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\" "
		     "entity=\"sip:");
	xml_escape(out, s->aor);
	buf_str(out, "\">");
	if (open || !s->count) {
		put_implicit(out, open);
		c.ids[c.id_count++] = SLICE_LIT("sallyport");
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		put_kind(&c, s, order[i]);
	buf_str(out, "</presence>");
}
