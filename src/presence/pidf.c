/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a presence document: its root and where its children stand. */
#include "presence/pidf.h"

#include <errno.h>

#include "presence/reject.h"

#define NS_PIDF "urn:ietf:params:xml:ns:pidf"
#define NS_MODEL "urn:ietf:params:xml:ns:pidf:data-model"

struct scan {
	struct arena *arena;
	struct pidf *out;
	size_t capacity;
	size_t basic; /* offset behind <basic>, 0: not in one */
};

static const struct {
	const char *ns, *name;
	enum pidf_kind kind;
} kinds[] = {
	{ NS_PIDF, "tuple", PIDF_TUPLE },
	{ NS_PIDF, "note", PIDF_NOTE },
	{ NS_MODEL, "person", PIDF_PERSON },
	{ NS_MODEL, "device", PIDF_DEVICE },
};

static bool is(const struct xml_element *e, const char *ns, const char *name)
{
	return slice_eq(e->ns, slice_str(ns)) &&
	       slice_eq(e->name, slice_str(name));
}

static enum pidf_kind kind_of(const struct xml_element *e)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (is(e, kinds[i].ns, kinds[i].name))
			return kinds[i].kind;
	return PIDF_OTHER;
}

int pidf_aor(struct slice uri, char out[static SIP_AOR_MAX])
{
	const struct slice pres = SLICE_LIT("pres:");
	uri = slice_trim(uri);
	if (slice_ieq(slice_head(uri, pres.len), pres))
		uri = slice_from(uri, pres.len);
	return sip_aor_text(uri, out);
}

static const struct reject *on_root(struct scan *s, const struct xml_element *e)
{
	struct slice entity;
	if (!is(e, NS_PIDF, "presence") ||
	    !xml_attribute(e, "entity", &entity) ||
	    pidf_aor(entity, s->out->aor))
		return &presence_rej_pidf;
	s->out->root = e->tag;
	return NULL;
}

static const struct reject *on_child(struct scan *s,
				     const struct xml_element *e)
{
	struct pidf *p = s->out;
	if (p->count == s->capacity) {
		size_t more = s->capacity ? 2 * s->capacity : 8;
		struct pidf_part *parts =
			arena_alloc(s->arena, more * sizeof(*parts));
		if (!parts)
			return &presence_rej_overload;
		if (p->count)
			memcpy(parts, p->parts, p->count * sizeof(*parts));
		p->parts = parts;
		s->capacity = more;
	}
	p->parts[p->count++] = (struct pidf_part){ .kind = kind_of(e),
						   .tag = e->tag,
						   .text = e->tag };
	return NULL;
}

static size_t offset(const struct scan *s, struct slice part)
{
	return (size_t)(part.ptr - s->out->doc.ptr);
}

static const struct reject *on_start(void *arg, const struct xml_element *e)
{
	struct scan *s = arg;
	struct pidf *p = s->out;
	if (e->depth == 1)
		return on_root(s, e);
	if (e->depth == 2)
		return on_child(s, e);
	if (e->depth == 4 && p->parts[p->count - 1].kind == PIDF_TUPLE &&
	    is(e, NS_PIDF, "basic"))
		s->basic = offset(s, e->tag) + e->tag.len;
	return NULL;
}

/* <basic> is text alone, so it ends at its end tag. */
static void end_basic(struct scan *s, size_t end)
{
	struct pidf *p = s->out;
	struct slice inside = slice_head(slice_from(p->doc, s->basic),
					 end > s->basic ? end - s->basic : 0);
	ptrdiff_t tag = slice_chr(inside, '<');
	if (tag > 0 && slice_eq(slice_trim(slice_head(inside, (size_t)tag)),
				SLICE_LIT("open"))) {
		p->parts[p->count - 1].open = true;
		p->open = true;
	}
	s->basic = 0;
}

static void on_end(void *arg, size_t depth, size_t end)
{
	struct scan *s = arg;
	struct pidf *p = s->out;
	if (depth == 4 && s->basic)
		end_basic(s, end);
	if (depth != 2)
		return;
	struct pidf_part *part = &p->parts[p->count - 1];
	size_t at = offset(s, part->tag);
	part->text = slice_of(part->tag.ptr, end > at ? end - at : 0);
}

const struct reject *pidf_read(struct arena *a, struct slice doc,
			       struct pidf *out)
{
	static const struct xml_ops ops = { on_start, on_end, NULL };
	struct scan s = { .arena = a, .out = out };
	*out = (struct pidf){ .doc = doc };
	return xml_read(doc, &ops, &s);
}
