/* SPDX-License-Identifier: Apache-2.0 */
/* Who writes and whom the Request-URI names, as judgement is to know them. */
#include "edge/parties.h"

#include "edge/hide.h"
#include "sip/gruu.h"

/* An address that tells nothing to others names one of ours all the same
 * (RFC 5627): policy is told whom. */
static void unmask(struct walk *w, const struct sip_uri *uri)
{
	struct sip_gruu g;
	if (sip_gruu_is(uri) && !sip_gruu_open(w->e->sealer, uri, &g)) {
		memcpy(w->to_aor, g.aor, sizeof(g.aor));
		w->facts.to_aor = slice_str(w->to_aor);
	}
}

/* Whose that hidden URI is, into those rooms. */
static bool owner_of(const struct sip_hidden *hidden, char aor[SIP_AOR_MAX],
		     char domain[SIP_DOMAIN_MAX])
{
	ptrdiff_t at = slice_chr(hidden->aor, '@');
	return at > 0 && hidden->aor.len < SIP_AOR_MAX &&
	       !slice_cstr(slice_from(hidden->aor, (size_t)at + 1), domain,
			   SIP_DOMAIN_MAX) &&
	       !slice_cstr(hidden->aor, aor, SIP_AOR_MAX);
}

/* What a partner learned from a Contact of ours is what it stood for, and is
 * his whose it was. */
static void uncover(struct walk *w)
{
	struct access_facts *f = &w->facts;
	struct sip_hidden hidden;
	if (f->source == ACCESS_FROM_INSIDE ||
	    !hide_open(w->e, &w->m->uri, &hidden))
		return;
	w->hidden = arena_copy(proxy_request_arena(w->r), hidden.uri);
	if (!w->hidden.len)
		w->edits.failed = true;
	if (!owner_of(&hidden, w->to_aor, w->to_domain))
		return;
	f->to_aor = slice_str(w->to_aor);
	f->to_domain = slice_str(w->to_domain);
}

/* The canonical address and domain, as far as the URI has them, into those
 * rooms. */
static void name(const struct sip_uri *uri, char aor[SIP_AOR_MAX],
		 char domain[SIP_DOMAIN_MAX], struct slice *named,
		 struct slice *at_domain)
{
	if (!sip_aor(uri, aor))
		*named = slice_str(aor);
	ptrdiff_t at = slice_chr(*named, '@');
	bool same = at > 0 && !uri->host_is_ip6; /* its brackets */
	if (same ? !slice_cstr(slice_from(*named, (size_t)at + 1), domain,
			       SIP_DOMAIN_MAX)
		 : !sip_domain(uri->host, domain))
		*at_domain = slice_str(domain);
}

void parties_addressee(struct walk *w)
{
	struct access_facts *f = &w->facts;
	const struct sip_uri *uri = &w->m->uri;
	name(uri, w->to_aor, w->to_domain, &f->to_aor, &f->to_domain);
	unmask(w, uri);
	uncover(w);
}

void parties_show(struct walk *w)
{
	if (w->hidden.len)
		sip_edit_uri(&w->edits, w->hidden);
}

void parties_sender(struct walk *w)
{
	struct access_facts *f = &w->facts;
	const struct sip_uri *uri = &w->m->from.uri;
	struct sip_hidden hidden;
	name(uri, w->from_aor, w->from_domain, &f->from_aor, &f->from_domain);
	if (f->source == ACCESS_FROM_FEDERATION ||
	    !hide_open(w->e, uri, &hidden) ||
	    !owner_of(&hidden, w->from_aor, w->from_domain))
		return;
	f->from_aor = slice_str(w->from_aor);
	f->from_domain = slice_str(w->from_domain);
}
