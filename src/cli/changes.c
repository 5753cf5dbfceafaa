/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of one message compared with those of another. */
#include "cli/changes.h"

static bool same_name(const struct sip_header *a, const struct sip_header *b)
{
	if (a->id != SIP_H_UNKNOWN || b->id != SIP_H_UNKNOWN)
		return a->id == b->id;
	return slice_ieq(a->name, b->name);
}

/* The one of that name at or after *at, which becomes the place behind it. */
static const struct sip_header *next_of(const struct sip_msg *m,
					const struct sip_header *name,
					size_t *at)
{
	while (*at < m->header_count) {
		const struct sip_header *h = &m->headers[(*at)++];
		if (same_name(h, name))
			return h;
	}
	return NULL;
}

static bool is_first(const struct sip_msg *m, size_t i)
{
	size_t at = 0;
	return next_of(m, &m->headers[i], &at) == &m->headers[i];
}

static bool has(const struct sip_msg *m, const struct sip_header *name)
{
	size_t at = 0;
	return next_of(m, name, &at) != NULL;
}

static bool differ(const struct sip_msg *a, const struct sip_msg *b,
		   const struct sip_header *name)
{
	size_t at_a = 0, at_b = 0;
	for (;;) {
		const struct sip_header *x = next_of(a, name, &at_a);
		const struct sip_header *y = next_of(b, name, &at_b);
		if (!x || !y)
			return x != y;
		if (!slice_eq(x->value, y->value))
			return true;
	}
}

/* The verb stands before the first name only. */
struct list_state {
	struct buf *out; /* empty at first */
	const char *verb;
	bool said;
};

static void say(struct list_state *s, struct slice name)
{
	if (s->out->len)
		buf_str(s->out, ", ");
	if (!s->said)
		buf_printf(s->out, "%s ", s->verb);
	s->said = true;
	buf_put(s->out, name);
}

static struct slice name_of(const struct sip_header *h)
{
	return h->id == SIP_H_UNKNOWN ? h->name : sip_header_name(h->id);
}

/* Those of m that the other has not. */
static void say_only(struct buf *out, const char *verb, const struct sip_msg *m,
		     const struct sip_msg *other)
{
	struct list_state s = { out, verb, false };
	for (size_t i = 0; i < m->header_count; i++)
		if (is_first(m, i) && !has(other, &m->headers[i]))
			say(&s, name_of(&m->headers[i]));
}

void changes_list(struct buf *out, const struct sip_msg *before,
		  const struct sip_msg *after)
{
	struct list_state s = { out, "changed", false };
	say_only(out, "removed", before, after);
	say_only(out, "added", after, before);
	if (before->request && !slice_eq(before->uri.text, after->uri.text))
		say(&s, SLICE_LIT("Request-URI"));
	for (size_t i = 0; i < before->header_count; i++) {
		const struct sip_header *h = &before->headers[i];
		if (h->id != SIP_H_MAX_FORWARDS && is_first(before, i) &&
		    has(after, h) && differ(before, after, h))
			say(&s, name_of(h));
	}
}
