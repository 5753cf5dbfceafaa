/* SPDX-License-Identifier: Apache-2.0 */
/* Who stands outside: the entry of the sender, of the addressee, or of whom a
 * route token names. */
#include "access/access_int.h"

/* By its entry, else as one that is not listed. */
const struct access_partner *side_partner(const struct access *a,
					  const struct access_facts *f,
					  struct slice domain)
{
	const struct access_partner *p =
		access_partner_now(a, domain, f->now_s);
	if (p)
		return p;
	if (f->unlisted && slice_eq(f->unlisted->domain, domain))
		return f->unlisted;
	return access_is_ours(a, domain) || !domain.len
		       ? NULL
		       : a->conf->default_route;
}

/* Where a domain of ours is split, the other side of it may send what partners
 * wrote to us there. */
static const struct access_partner *forwarder(const struct access *a,
					      const struct access_facts *f)
{
	const struct access_partner *p =
		access_partner_now(a, f->to_domain, f->now_s);
	return p && access_is_split(p) && p->provider->forwards &&
			       !access_is_ours(a, f->from_domain) &&
			       access_proves(f, p) == ACCESS_PROVEN
		       ? p
		       : NULL;
}

/* Who sends, as far as it is judged by an entry: of the sender's domain, or of
 * whoever may pass on what partners wrote. */
static const struct access_partner *side_sender(const struct access *a,
						const struct access_facts *f)
{
	const struct access_partner *p = forwarder(a, f);
	return p ? p : side_partner(a, f, f->from_domain);
}

/* Of the domains behind one edge it is the addressee's, when he is in one. */
const struct access_partner *side_by_token(const struct access *a,
					   const struct access_facts *f)
{
	const struct access_partner *p =
		access_partner_by_key(a, f->route_edge);
	const struct access_partner *named =
		access_partner_of(a, f->callee_domain);
	struct slice domain = access_key_domain(f->route_edge);
	if (p && p->edge.len && named && slice_eq(p->edge, named->edge))
		return named;
	if (p || !f->unlisted || !slice_eq(f->unlisted->domain, domain))
		return p;
	return f->unlisted;
}

const struct access_partner *side_other(const struct access *a,
					const struct access_facts *f)
{
	if (f->source == ACCESS_FROM_FEDERATION)
		return side_sender(a, f);
	if (f->route == ACCESS_ROUTE_PARTNER)
		return side_by_token(a, f);
	return side_partner(a, f, f->to_domain);
}

/* In a dialog the Request-URI names a device: the partner's entry tells. */
struct slice side_domain(const struct access_facts *f,
			 const struct access_partner *other)
{
	if (f->source == ACCESS_FROM_FEDERATION)
		return f->from_domain;
	if (f->route == ACCESS_ROUTE_PARTNER && other)
		return other->domain;
	return f->to_domain;
}
