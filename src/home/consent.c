/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes from outside is taken from everybody whom the edge vouches for,
 * and from others only when the addressee has them as contacts or allows them;
 * never from those whom the addressee blocks. Lists are the store's. A To tag
 * makes no difference: dialogs pass by home, so one that comes here with it was
 * made up, or its way is lost.
 */
#include "home/consent.h"

#include "home/store_link.h"

static bool mark_says(const struct sip_msg *m, struct slice what)
{
	const struct sip_header *h = sip_header(m, SIP_H_MS_EDGE_TRUST);
	struct slice rest = h ? h->value : SLICE_NONE;
	while (rest.len) {
		ptrdiff_t end = slice_chr(rest, ';');
		size_t len = end < 0 ? rest.len : (size_t)end;
		if (slice_ieq(slice_trim(slice_head(rest, len)), what))
			return true;
		rest = slice_from(rest, len + (end >= 0));
	}
	return false;
}

bool consent_verified(const struct sip_msg *m)
{
	return !mark_says(m, SLICE_LIT("ms-source-verified-user=unverified")) ||
	       !mark_says(m, SLICE_LIT("ms-source-type=AuthorizedServer"));
}

bool consent_shared(const struct sip_msg *m)
{
	return mark_says(m, SLICE_LIT("shared-address-space=true"));
}

static bool takes(const struct call *q, uint8_t rule)
{
	if (rule == PRESENCE_RULE_NONE)
		return consent_verified(q->msg);
	return rule != PRESENCE_RULE_BLOCK;
}

static void on_rule(struct home *h, struct pending *p, int err)
{
	struct call *q = call_find(h, p->call);
	if (!q)
		return;
	if (err)
		call_refuse(q, &home_rej_store_down);
	else if (!takes(q, p->rule))
		call_refuse(q, &home_rej_stranger);
	else
		q->consented(q);
}

void consent_begin(struct call *q, void (*next)(struct call *q))
{
	struct ipc_contact_list l = { .owner = slice_str(q->to_aor),
				      .contact = slice_str(q->from_aor) };
	struct pending_ask a = { .type = IPC_CONTACT_LIST,
				 .body = &l,
				 .id = &l.id,
				 .call = q->id,
				 .done = on_rule };
	q->consented = next;
	if (q->origin == ORIGIN_CLIENT || !l.contact.len) {
		/* without an address there is nobody to look for */
		if (q->origin == ORIGIN_CLIENT || takes(q, PRESENCE_RULE_NONE))
			next(q);
		else
			call_refuse(q, &home_rej_stranger);
	} else if (pending_ask(q->home, &a, NULL)) {
		call_refuse(q, &home_rej_store_down);
	}
}
