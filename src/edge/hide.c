/* SPDX-License-Identifier: Apache-2.0 */
/* What partners do not get to see, and the way back. */
#include "edge/hide.h"

#include "edge/inside.h"

enum { HIDDEN_MAX = 2048 }; /* bytes of a URI */

static const char PARAM[] = "inside";

/* Of the headers that begin with ms- these cross; the ones that the codec
 * knows have a flag. */
static const char *const passing[] = {
	"ms-conversation-id", "ms-text-format",        "ms-sender",
	"ms-keep-alive",      "ms-diagnostics-public",
};

static bool passes(struct slice name)
{
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (slice_ieq(name, slice_str(passing[i])))
			return true;
	return false;
}

static bool is_inner(struct slice name)
{
	return slice_ieq(slice_head(name, 3), SLICE_LIT("ms-")) &&
	       !passes(name);
}

static void drop_headers(const struct sip_msg *m, struct sip_edits *edits)
{
	static const enum sip_header_id inner[] = { SIP_H_WARNING, SIP_H_PATH,
						    SIP_H_SERVICE_ROUTE };
	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		if (sip_header(m, inner[i]))
			sip_edit_drop(edits, inner[i]);
	for (size_t i = 0; i < m->header_count; i++)
		if (m->headers[i].id == SIP_H_UNKNOWN &&
		    is_inner(m->headers[i].name))
			sip_edit_drop_named(edits, m->headers[i].name);
}

/* Does it name us, or nobody more than one of our domains? */
static bool is_public(struct edge *e, const struct sip_uri *uri)
{
	char host[SIP_DOMAIN_MAX];
	return uri->scheme == SIP_SCHEME_TEL || sip_domain(uri->host, host) ||
	       (!uri->port &&
		access_is_ours(e->current->access, slice_str(host)));
}

/* shown: the end of the URI that stays to be read. */
static void put_hidden(struct edge *e, struct buf *b, const struct sip_addr *c,
		       struct slice shown)
{
	const struct sip_uri *u = &c->uri;
	if (c->display.len)
		buf_printf(b, "%.*s ", SLICE_FMT(c->display));
	buf_printf(b, "<%.*s:", SLICE_FMT(u->scheme_text));
	if (u->user.len)
		buf_printf(b, "%.*s@", SLICE_FMT(u->user));
	buf_printf(b, "%s;transport=tls;%s=", e->name, PARAM);
	if (token_hidden_write(e->sealer,
			       slice_head(u->text, u->text.len - shown.len), b))
		b->failed = true;
	buf_put(b, shown);
	buf_printf(b, ">%.*s", SLICE_FMT(c->params));
}

static void hide_value(struct edge *e, struct arena *a, struct slice value,
		       struct sip_edits *edits)
{
	struct sip_addr c;
	struct buf b;
	buf_init(&b, 0);
	if (sip_addr_parse(value, &c) || is_public(e, &c.uri))
		buf_put(&b, value); /* "*" too */
	else if (c.uri.text.len <= HIDDEN_MAX)
		put_hidden(e, &b, &c, SLICE_NONE);
	else
		b.failed = true;
	struct slice text =
		buf_failed(&b) ? SLICE_NONE : arena_copy(a, buf_slice(&b));
	buf_free(&b);
	if (text.len)
		sip_edit_bottom(edits, SIP_H_CONTACT, text);
	else
		edits->failed = true;
}

/* A device of ours by its address: who is transferred to it learns no more than
 * from its Contact. What the new request is to carry stays to be read (RFC 3261
 * 19.1.1, RFC 3891). Names of others are left as they are. */
static void hide_refer(struct edge *e, struct arena *a, const struct sip_msg *m,
		       struct sip_edits *edits)
{
	const struct sip_header *h = sip_header(m, SIP_H_REFER_TO);
	struct sip_addr to;
	struct buf b;
	if (!h || sip_addr_parse(h->value, &to) ||
	    (!to.uri.host_is_ip4 && !to.uri.host_is_ip6))
		return;
	buf_init(&b, 0);
	if (to.uri.text.len <= HIDDEN_MAX)
		put_hidden(e, &b, &to, to.uri.headers);
	else
		b.failed = true;
	struct slice text =
		buf_failed(&b) ? SLICE_NONE : arena_copy(a, buf_slice(&b));
	buf_free(&b);
	sip_edit_drop(edits, SIP_H_REFER_TO);
	if (text.len)
		sip_edit_bottom(edits, SIP_H_REFER_TO, text);
	else
		edits->failed = true;
}

void hide_inside(struct edge *e, struct arena *a, const struct sip_msg *m,
		 struct sip_edits *edits)
{
	const struct sip_header *h;
	size_t at = 0;
	drop_headers(m, edits);
	hide_refer(e, a, m, edits);
	if (!sip_header(m, SIP_H_CONTACT))
		return;
	sip_edit_drop(edits, SIP_H_CONTACT);
	while ((h = sip_header_next(m, SIP_H_CONTACT, &at))) {
		struct slice rest = h->value, value;
		while (sip_list_next(&rest, &value) == 1)
			hide_value(e, a, value, edits);
	}
}

bool hide_open(struct edge *e, struct arena *a, const struct sip_uri *uri,
	       struct slice *out)
{
	char host[SIP_DOMAIN_MAX];
	uint8_t plain[HIDDEN_MAX];
	struct slice token;
	struct sip_uri opened;
	if (sip_domain(uri->host, host) ||
	    !slice_eq(slice_str(host), slice_str(e->name)) ||
	    !sip_param(uri->params, PARAM, &token))
		return false;
	int n = token_hidden_read(e->sealer, token, plain, sizeof(plain));
	if (n <= 0)
		return false;
	*out = arena_copy(a, slice_of(plain, (size_t)n));
	return out->len && !sip_uri_parse(*out, &opened);
}
