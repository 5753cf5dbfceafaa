/* SPDX-License-Identifier: Apache-2.0 */
/* How peers prove themselves: as judgement wants it, and the names that TLS
 * lets in without an authority, because something else decides. */
#include <errno.h>

#include "base/text.h"
#include "conf/conf_views.h"

static const enum access_proof_kind kinds[] = {
	[CONF_PROOF_DEFAULT] = ACCESS_PROOF_PKI,
	[CONF_PROOF_PKI] = ACCESS_PROOF_PKI,
	[CONF_PROOF_PIN] = ACCESS_PROOF_PIN,
	[CONF_PROOF_DANE] = ACCESS_PROOF_DANE,
	[CONF_PROOF_DANE_OR_PKI] = ACCESS_PROOF_DANE_OR_PKI,
};

static const unsigned usages[] = {
	[CONF_USAGE_DEFAULT] = 0,
	[CONF_USAGE_ANY] = 0,
	[CONF_USAGE_CLIENT] = ACCESS_USAGE_CLIENT,
	[CONF_USAGE_SERVER] = ACCESS_USAGE_SERVER,
	[CONF_USAGE_SIP] = ACCESS_USAGE_SIP,
};

int conf_view_proof(struct arena *a, const struct conf *c,
		    const struct conf_proof *p, struct access_demand *out)
{
	const struct conf_proof *all = &c->access.proof;
	uint8_t(*pin)[ACCESS_PIN_BYTES] =
		arena_alloc(a, (p->pin_count + 1) * sizeof(*pin));
	if (!pin)
		return -ENOMEM;
	for (size_t i = 0; i < p->pin_count; i++)
		if (text_unhex(p->pins[i], pin[i], sizeof(pin[i])) !=
		    ACCESS_PIN_BYTES)
			return -EINVAL;
	*out = (struct access_demand){
		.kind = kinds[p->kind ? p->kind : all->kind],
		.usages = usages[p->usage ? p->usage : all->usage],
		.pin = (const uint8_t(*)[ACCESS_PIN_BYTES])pin,
		.pin_count = p->pin_count,
	};
	return 0;
}

/* ".fabrikam.test": the hosts directly in it. */
static struct slice hosts_of(struct arena *a, struct slice domain)
{
	char *text = arena_alloc(a, domain.len + 1);
	if (!text)
		return SLICE_NONE;
	text[0] = '.';
	memcpy(text + 1, domain.ptr, domain.len);
	return slice_of(text, domain.len + 1);
}

static bool needs_authority(const struct access_partner *p)
{
	return p->proof.kind == ACCESS_PROOF_PKI;
}

static int add_names(struct arena *a, const struct access_partner *p,
		     struct slice *list, size_t *n)
{
	struct slice name = p->edge.len ? p->edge : hosts_of(a, p->domain);
	if (!name.len)
		return -ENOMEM;
	if (!needs_authority(p))
		list[(*n)++] = name;
	return 0;
}

int conf_view_unchained(struct arena *a, const struct access_conf *c,
			struct net_tls_conf *out)
{
	struct slice *list =
		arena_alloc(a, (c->partner_count + 2) * sizeof(*list));
	size_t n = 0;
	int err = list ? 0 : -ENOMEM;
	for (size_t i = 0; !err && i < c->partner_count; i++)
		err = add_names(a, &c->partners[i], list, &n);
	if (!err && c->default_route)
		err = add_names(a, c->default_route, list, &n);
	if (!err && c->discovered_proof.kind != ACCESS_PROOF_PKI)
		list[n++] = SLICE_LIT("."); /* the operator may allow any */
	if (err)
		return err;
	out->unchained = list;
	out->unchained_count = n;
	return 0;
}
