/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CANCEL and ACK that came to the wrong process: the peer used another
 * connection than for its INVITE. They are asked around by the owner, found by
 * the same key as ever, so only the same proven peer's are.
 *
 * A CANCEL without a match is an orphan at once. An ACK without one may be
 * meant for a 2xx, which is nobody's: that is for the owner to tell, who knows
 * where it would lead.
 */
#include "proxy/parts.h"

bool orphan_taken(const struct proxy_request *r)
{
	const struct proxy *p = r->proxy;
	return p->ops.on_orphan && p->ops.on_orphan(p->arg, &r->from, &r->msg);
}

bool proxy_orphan(struct proxy_request *r)
{
	struct proxy *p = r->proxy;
	bool taken = false;
	if (r->done || r->forwarded || r->msg.method != SIP_ACK)
		return false;
	proxy_enter(p);
	if (orphan_taken(r)) {
		taken = true;
		request_final(r, &(struct final){ 0 });
	}
	proxy_leave(p);
	return taken;
}

static bool adopt_ack(struct proxy_request *ack)
{
	struct proxy_request *invite = match_find(ack);
	bool is_new = false;
	if (!invite)
		return false;
	strans_event(invite, EV_ACK, &(struct txn_in){ .ack_is_new = &is_new });
	return !is_new;
}

bool proxy_adopt(struct proxy *p, const struct proxy_hop *from,
		 struct slice bytes)
{
	bool ours = false;
	proxy_enter(p);
	struct proxy_request *r = request_borrow(p, from, bytes);
	if (r && r->msg.method == SIP_CANCEL && cancel_match(r)) {
		ours = true; /* r was answered: it goes by itself */
	} else if (r) {
		ours = r->msg.method == SIP_ACK && adopt_ack(r);
		request_free(r);
	}
	proxy_leave(p);
	return ours;
}

void proxy_orphan_refuse(struct proxy *p, const struct proxy_hop *from,
			 struct slice bytes)
{
	proxy_enter(p);
	struct proxy_request *r = request_borrow(p, from, bytes);
	if (r && r->msg.method == SIP_CANCEL)
		reply_stateless(r, &PROXY_REJ_NO_TRANSACTION);
	else
		request_free(r);
	proxy_leave(p);
}
