/* SPDX-License-Identifier: Apache-2.0 */
/* Names as providers write them, on their way in, out and back. */
#include "edge/decorate.h"

#include "access/decorate.h"

static struct slice kept(struct arena *a, struct buf *b)
{
	struct slice s =
		buf_failed(b) ? SLICE_NONE : arena_copy(a, buf_slice(b));
	buf_free(b);
	return s;
}

/* The URI with another user and host. */
static void put_uri(struct buf *b, const struct sip_uri *uri, const char *aor)
{
	buf_put(b, uri->scheme_text);
	buf_printf(b, ":%s", aor);
	buf_put(b, uri->params);
	buf_put(b, uri->headers);
}

/* The header once more, with aor in its URI. */
static void replace(struct walk *w, enum sip_header_id id,
		    const struct sip_addr *was, const char *aor)
{
	struct buf b;
	buf_init(&b, 0);
	if (was->display.len)
		buf_printf(&b, "%.*s ", SLICE_FMT(was->display));
	buf_str(&b, "<");
	put_uri(&b, &was->uri, aor);
	buf_str(&b, ">");
	buf_put(&b, was->params);
	struct slice value = kept(proxy_request_arena(w->r), &b);
	sip_edit_drop(&w->edits, id);
	if (value.len)
		sip_edit_bottom(&w->edits, id, value);
	else
		w->edits.failed = true;
}

void decorate_sender(struct walk *w)
{
	struct access_facts *f = &w->facts;
	char aor[SIP_AOR_MAX];
	if (f->source != ACCESS_FROM_FEDERATION ||
	    !access_undecorate(w->e->current->access, f->from_aor, f->now_s,
			       aor))
		return;
	struct slice domain = slice_str(aor);
	domain = slice_from(domain, (size_t)slice_chr(domain, '@') + 1);
	if (slice_cstr(domain, w->from_domain, sizeof(w->from_domain)))
		return;
	memcpy(w->from_aor, aor, sizeof(aor));
	f->from_aor = slice_str(w->from_aor);
	f->from_domain = slice_str(w->from_domain);
	replace(w, SIP_H_FROM, &w->m->from, aor);
}

void decorate_addressee(struct walk *w)
{
	const struct access *a = w->e->current->access;
	struct access_facts *f = &w->facts;
	char aor[SIP_AOR_MAX], written[SIP_AOR_MAX];
	struct buf b;
	if (!sip_aor(&w->m->to.uri, aor) &&
	    access_decorate(a, slice_str(aor), f->now_s, written))
		replace(w, SIP_H_TO, &w->m->to, written);
	if (f->route != ACCESS_ROUTE_NONE ||
	    !access_decorate(a, f->to_aor, f->now_s, written))
		return;
	buf_init(&b, 0);
	put_uri(&b, &w->m->uri, written);
	struct slice uri = kept(proxy_request_arena(w->r), &b);
	if (uri.len)
		sip_edit_uri(&w->edits, uri);
	else
		w->edits.failed = true;
}

/* Was that one rewritten on the way, in either direction? */
static bool rewritten(struct edge *e, const struct sip_uri *uri)
{
	const struct access *a = e->current->access;
	char aor[SIP_AOR_MAX], other[SIP_AOR_MAX];
	uint64_t now_s = loop_wall_ms() / 1000;
	return !sip_aor(uri, aor) &&
	       (access_decorate(a, slice_str(aor), now_s, other) ||
		access_undecorate(a, slice_str(aor), now_s, other));
}

/* As the request has it; a tag that the response adds stays. */
static void put_back(struct arena *a, enum sip_header_id id,
		     const struct sip_addr *asked, struct slice params,
		     struct sip_edits *edits)
{
	struct buf b;
	buf_init(&b, 0);
	if (asked->display.len)
		buf_printf(&b, "%.*s ", SLICE_FMT(asked->display));
	buf_printf(&b, "<%.*s>", SLICE_FMT(asked->uri.text));
	buf_put(&b, params);
	struct slice value = kept(a, &b);
	sip_edit_drop(edits, id);
	if (value.len)
		sip_edit_bottom(edits, id, value);
	else
		edits->failed = true;
}

void decorate_answer(struct edge *e, struct proxy_request *r,
		     const struct sip_msg *response, struct sip_edits *edits)
{
	const struct sip_msg *m = proxy_request_msg(r);
	struct arena *a = proxy_request_arena(r);
	if (!slice_eq(m->from.uri.text, response->from.uri.text) &&
	    rewritten(e, &m->from.uri))
		put_back(a, SIP_H_FROM, &m->from, response->from.params, edits);
	if (!slice_eq(m->to.uri.text, response->to.uri.text) &&
	    rewritten(e, &m->to.uri))
		put_back(a, SIP_H_TO, &m->to, response->to.params, edits);
}
