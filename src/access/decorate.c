/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Providers that write users of other domains in a domain of their own:
 * local(domain)@decoration. Inside they are who they are. A name is taken apart
 * only when that gives a domain of the same provider, so that nobody speaks for
 * more domains by it than his entry says.
 */
#include "access/decorate.h"

#include <string.h>

#include "access/access_int.h"
#include "base/text.h"

/* The parts of an address-of-record. */
struct parts {
	struct slice user, domain;
};

static bool split(struct slice aor, struct parts *out)
{
	ptrdiff_t at = slice_chr(aor, '@');
	if (at <= 0)
		return false;
	out->user = slice_head(aor, (size_t)at);
	out->domain = slice_from(aor, (size_t)at + 1);
	return out->domain.len > 0;
}

/* "bob(fabrikam.test)": bob, and the domain as it is written. */
static bool take_apart(struct slice user, struct parts *out)
{
	size_t open = user.len;
	if (!user.len || user.ptr[user.len - 1] != ')')
		return false;
	while (open && user.ptr[open - 1] != '(')
		open--;
	if (open < 2) /* none, or nobody in front of it */
		return false;
	out->user = slice_head(user, open - 1);
	out->domain = slice_of(user.ptr + open, user.len - open - 1);
	return out->domain.len > 0;
}

bool access_decorated(struct slice aor, char out[static ACCESS_DOMAIN_MAX])
{
	struct parts whole, inner;
	if (!split(aor, &whole) || !take_apart(whole.user, &inner))
		return false;
	if (inner.domain.ptr[inner.domain.len - 1] == '.')
		inner.domain.len--;
	if (!inner.domain.len ||
	    slice_cstr(inner.domain, out, ACCESS_DOMAIN_MAX))
		return false;
	text_lower(out, inner.domain.len);
	return true;
}

/* Who writes users of that domain otherwise, or NULL. */
static const struct access_provider *decorator(const struct access *a,
					       struct slice domain,
					       uint64_t now_s)
{
	const struct access_partner *row = access_partner_now(a, domain, now_s);
	const struct access_provider *p = row ? row->provider : NULL;
	if (!p || !p->decoration.len || slice_eq(p->decoration, domain))
		return NULL;
	for (size_t i = 0; i < p->plain_count; i++)
		if (slice_eq(p->plain[i], domain))
			return NULL;
	return p;
}

/* Nothing is written when it does not fit. */
static bool join(char out[static ACCESS_AOR_MAX], const struct slice *part,
		 size_t count)
{
	char text[ACCESS_AOR_MAX];
	size_t len = 0;
	for (size_t i = 0; i < count; i++) {
		if (part[i].len >= sizeof(text) - len)
			return false;
		memcpy(text + len, part[i].ptr, part[i].len);
		len += part[i].len;
	}
	memcpy(out, text, len);
	out[len] = '\0';
	return true;
}

bool access_decorate(const struct access *a, struct slice aor, uint64_t now_s,
		     char out[static ACCESS_AOR_MAX])
{
	struct parts p;
	if (!split(aor, &p))
		return false;
	const struct access_provider *by = decorator(a, p.domain, now_s);
	const struct slice part[] = { p.user, SLICE_LIT("("), p.domain,
				      SLICE_LIT(")@"),
				      by ? by->decoration : SLICE_NONE };
	return by && join(out, part, sizeof(part) / sizeof(part[0]));
}

bool access_undecorate(const struct access *a, struct slice aor, uint64_t now_s,
		       char out[static ACCESS_AOR_MAX])
{
	char domain[ACCESS_DOMAIN_MAX];
	struct parts whole, inner;
	if (!split(aor, &whole) || !take_apart(whole.user, &inner) ||
	    !access_decorated(aor, domain))
		return false;
	const struct access_provider *by =
		decorator(a, slice_str(domain), now_s);
	const struct slice part[] = { inner.user, SLICE_LIT("@"),
				      slice_str(domain) };
	return by && slice_eq(by->decoration, whole.domain) &&
	       join(out, part, sizeof(part) / sizeof(part[0]));
}
