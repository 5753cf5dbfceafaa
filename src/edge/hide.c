/* SPDX-License-Identifier: Apache-2.0 */
/* What partners do not get to see, and the way back. */
#include "edge/hide.h"

#include "edge/inside.h"
#include "sip/hidden.h"

/* Of the headers that begin with ms- these cross; the ones that the codec
 * knows have a flag. */
static const char *const passing[] = {
	"ms-conversation-id", "ms-text-format",        "ms-sender",
	"ms-keep-alive",      "ms-diagnostics-public",
};

/* Where a caller is, whom he asked for first, and what his operator counts:
 * between servers that trust each other (RFC 3325, RFC 5806, RFC 7315). */
static const char *const staying[] = {
	"remote-party-id",       "diversion",
	"p-access-network-info", "p-charging-function-addresses",
	"p-charging-vector",     "p-visited-network-id",
};

static bool is_one_of(struct slice name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_ieq(name, slice_str(list[i])))
			return true;
	return false;
}

static bool is_inner(struct slice name)
{
	if (is_one_of(name, staying, sizeof(staying) / sizeof(staying[0])))
		return true;
	return slice_ieq(slice_head(name, 3), SLICE_LIT("ms-")) &&
	       !is_one_of(name, passing, sizeof(passing) / sizeof(passing[0]));
}

static void drop_headers(const struct sip_msg *m, struct sip_edits *edits)
{
	static const enum sip_header_id inner[] = { SIP_H_WARNING, SIP_H_PATH,
						    SIP_H_SERVICE_ROUTE };
	const struct sip_header *h;
	size_t at = 0;
	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		if (sip_header(m, inner[i]))
			sip_edit_drop(edits, inner[i]);
	while ((h = sip_header_next(m, SIP_H_UNKNOWN, &at)))
		if (is_inner(h->name))
			sip_edit_drop_named(edits, h->name);
}

/* Does it name us, or nobody more than one of our domains? */
static bool is_public(struct edge *e, const struct sip_uri *uri)
{
	char host[SIP_DOMAIN_MAX];
	return uri->scheme == SIP_SCHEME_TEL || sip_domain(uri->host, host) ||
	       (!uri->port &&
		access_is_ours(e->current->access, slice_str(host)));
}

/* Names that mean nothing outside (RFC 6761, RFC 6762, RFC 8375), and what a
 * browser calls itself (RFC 7118 5). */
static bool is_special(struct slice host)
{
	static const char *const tops[] = { ".local", ".localhost", ".internal",
					    ".invalid", ".home.arpa" };
	if (slice_chr(host, '.') < 0)
		return true;
	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		struct slice top = slice_str(tops[i]);
		if (host.len > top.len &&
		    slice_eq(slice_from(host, host.len - top.len), top))
			return true;
	}
	return false;
}

static struct slice parent_of(struct slice host)
{
	ptrdiff_t dot = slice_chr(host, '.');
	return dot < 0 ? SLICE_NONE : slice_from(host, (size_t)dot + 1);
}

/* A server inside, or its neighbour: a host of the same domain. */
static bool is_near(struct slice host, struct slice server)
{
	struct slice domain = parent_of(server);
	return slice_eq(host, server) || (slice_chr(domain, '.') >= 0 &&
					  slice_eq(parent_of(host), domain));
}

static bool is_server(const struct inside_conf *c, struct slice host)
{
	if (!c->external)
		return false;
	if (is_near(host, c->name))
		return true;
	for (size_t i = 0; i < c->hop_count; i++)
		if (c->hop[i].host.len && is_near(host, c->hop[i].host))
			return true;
	for (size_t i = 0; i < c->peer_count; i++)
		if (is_near(host, c->peers[i]))
			return true;
	return false;
}

/* A host below a domain of ours. Whoever is listed there is another. */
static bool is_below(const struct access *a, struct slice host)
{
	if (access_partner_by_host(a, host).len)
		return false;
	while ((host = parent_of(host)).len)
		if (access_is_ours(a, host))
			return true;
	return false;
}

/* Does a URI that one of ours wrote into a message name the inside? Names of
 * others are nobody's secret. */
static bool names_inside(struct edge *e, const struct sip_uri *uri)
{
	const struct access *a = e->current->access;
	char text[SIP_DOMAIN_MAX];
	struct slice host;
	if (uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS)
		return false;
	if (uri->host_is_ip4 || uri->host_is_ip6)
		return true;
	if (sip_domain(uri->host, text))
		return true;
	host = slice_str(text);
	if (slice_eq(host, slice_str(e->name)))
		return false;
	if (access_is_ours(a, host))
		return uri->port;
	return is_special(host) || is_below(a, host) ||
	       (e->current->conf && is_server(&e->current->conf->inside, host));
}

/* One URI on its way out. */
struct hiding {
	struct edge *e;
	struct arena *a;
	struct slice host;  /* that it gets */
	struct slice aor;   /* whose it is; empty: nobody's that we know */
	struct slice shown; /* the end of the URI that stays to be read */
};

/* Whose message it is, of our users. His URIs get his domain, which is what
 * other servers know us by, and what stands in From and To of a dialog that
 * begins with one. */
static struct hiding hiding_of(struct edge *e, struct arena *a,
			       const struct sip_msg *m,
			       char aor[static SIP_AOR_MAX])
{
	const struct sip_uri *uri = m->request ? &m->from.uri : &m->to.uri;
	struct hiding h = { .e = e, .a = a, .host = slice_str(e->name) };
	ptrdiff_t at;
	if (sip_aor(uri, aor))
		return h;
	at = slice_chr(slice_str(aor), '@');
	struct slice domain = slice_from(slice_str(aor), (size_t)at + 1);
	if (access_is_ours(e->current->access, domain)) {
		h.host = domain;
		h.aor = slice_str(aor);
	}
	return h;
}

static void put_hidden(const struct hiding *h, struct buf *b,
		       const struct sip_addr *c)
{
	const struct sip_uri *u = &c->uri;
	if (c->display.len)
		buf_printf(b, "%.*s ", SLICE_FMT(c->display));
	buf_printf(b, "<%.*s:", SLICE_FMT(u->scheme_text));
	if (u->user.len)
		buf_printf(b, "%.*s@", SLICE_FMT(u->user));
	buf_printf(b, "%.*s;transport=tls;inside=", SLICE_FMT(h->host));
	if (sip_hidden_seal(h->e->sealer, h->aor,
			    slice_head(u->text, u->text.len - h->shown.len), b))
		b->failed = true;
	buf_put(b, h->shown);
	buf_printf(b, ">%.*s", SLICE_FMT(c->params));
}

/* b becomes a value of that header. */
static void finish(struct arena *a, struct buf *b, enum sip_header_id id,
		   struct sip_edits *edits)
{
	struct slice text =
		buf_failed(b) ? SLICE_NONE : arena_copy(a, buf_slice(b));
	buf_free(b);
	if (text.len)
		sip_edit_bottom(edits, id, text);
	else
		edits->failed = true;
}

static void hide_value(const struct hiding *h, struct slice value,
		       struct sip_edits *edits)
{
	struct sip_addr c;
	struct buf b;
	buf_init(&b, 0);
	if (sip_addr_parse(value, &c) || is_public(h->e, &c.uri))
		buf_put(&b, value); /* "*" too */
	else
		put_hidden(h, &b, &c);
	finish(h->a, &b, SIP_H_CONTACT, edits);
}

/* The device is his who has its user part, as far as can be known here. */
static struct slice owner_of(const struct hiding *h, const struct sip_uri *uri,
			     char aor[static SIP_AOR_MAX])
{
	struct sip_uri user = *uri;
	user.host = h->host;
	user.host_is_ip4 = user.host_is_ip6 = false;
	return h->aor.len && !sip_aor(&user, aor) ? slice_str(aor) : SLICE_NONE;
}

/* Who is transferred to a device of ours learns no more than from its Contact.
 * What the new request is to carry stays to be read (RFC 3261 19.1.1, RFC
 * 3891). */
static void hide_link(struct hiding h, const struct sip_msg *m,
		      enum sip_header_id id, struct sip_edits *edits)
{
	const struct sip_header *found = sip_header(m, id);
	char aor[SIP_AOR_MAX];
	struct sip_addr to;
	struct buf b;
	if (!found || sip_addr_parse(found->value, &to) ||
	    !names_inside(h.e, &to.uri))
		return;
	h.shown = to.uri.headers;
	h.aor = owner_of(&h, &to.uri, aor);
	buf_init(&b, 0);
	put_hidden(&h, &b, &to);
	sip_edit_drop(edits, id);
	finish(h.a, &b, id, edits);
}

void hide_inside(struct edge *e, struct arena *a, const struct sip_msg *m,
		 struct sip_edits *edits)
{
	static const enum sip_header_id links[] = { SIP_H_REFER_TO,
						    SIP_H_REFERRED_BY };
	const uint64_t hiding = sip_header_bit(SIP_H_REFER_TO) |
				sip_header_bit(SIP_H_REFERRED_BY) |
				sip_header_bit(SIP_H_CONTACT);
	char aor[SIP_AOR_MAX];
	const struct sip_header *found;
	size_t at = 0;
	drop_headers(m, edits);
	if (!(m->present & hiding))
		return;
	const struct hiding h = hiding_of(e, a, m, aor);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		hide_link(h, m, links[i], edits);
	if (!sip_header(m, SIP_H_CONTACT))
		return;
	sip_edit_drop(edits, SIP_H_CONTACT);
	while ((found = sip_header_next(m, SIP_H_CONTACT, &at))) {
		struct slice rest = found->value, value;
		while (sip_list_next(&rest, &value) == 1)
			hide_value(&h, value, edits);
	}
}

bool hide_open(struct edge *e, const struct sip_uri *uri,
	       struct sip_hidden *out)
{
	char text[SIP_DOMAIN_MAX];
	struct slice host;
	if (!sip_hidden_is(uri) || sip_domain(uri->host, text))
		return false;
	host = slice_str(text);
	return (slice_eq(host, slice_str(e->name)) ||
		access_is_ours(e->current->access, host)) &&
	       !sip_hidden_open(e->sealer, uri, out);
}

/* The same header with what it hides in it; headers of the URI stay. */
static void reveal(struct edge *e, struct arena *a, const struct sip_msg *m,
		   enum sip_header_id id, struct sip_edits *edits)
{
	const struct sip_header *found = sip_header(m, id);
	struct sip_hidden hidden;
	struct sip_addr to;
	struct buf b;
	if (!found || sip_addr_parse(found->value, &to) ||
	    !hide_open(e, &to.uri, &hidden))
		return;
	buf_init(&b, 0);
	if (to.display.len)
		buf_printf(&b, "%.*s ", SLICE_FMT(to.display));
	buf_printf(&b, "<%.*s%.*s>%.*s", SLICE_FMT(hidden.uri),
		   SLICE_FMT(to.uri.headers), SLICE_FMT(to.params));
	sip_edit_drop(edits, id);
	finish(a, &b, id, edits);
}

void hide_reveal(struct edge *e, struct arena *a, const struct sip_msg *m,
		 struct sip_edits *edits)
{
	reveal(e, a, m, SIP_H_REFER_TO, edits);
	reveal(e, a, m, SIP_H_REFERRED_BY, edits);
}
