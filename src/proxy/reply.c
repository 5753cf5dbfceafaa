/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that we make ourselves: as the end of a request, or refusing it. */
#include <errno.h>

#include "proxy/parts.h"

enum { RETRY_AFTER_S = 5, RETRY_AFTER_MAX_S = 30 };

static struct slice own_tag(const struct proxy_request *r)
{
	return slice_of(r->tag, sizeof(r->tag));
}

static void reply_final(struct proxy_request *r, const struct sip_reply *reply,
			const struct reject *reject)
{
	struct final f = { .status = reply->status, .reject = reject };
	struct sip_reply plain = *reply;
	struct buf b;
	buf_init(&b, 0);
	int err = sip_encode_reply(&b, &r->msg, reply);
	if (err == -EINVAL || err == -E2BIG) {
		plain.extra = NULL; /* better told plainly than not told */
		buf_reset(&b);
		err = sip_encode_reply(&b, &r->msg, &plain);
	}
	if (err) {
		f.status = 0; /* no memory to say even that */
		f.reject = &PROXY_REJ_OVERLOAD;
	} else {
		f.bytes = buf_slice(&b);
	}
	request_final(r, &f);
	buf_free(&b);
}

/* To a non-INVITE nothing provisional but 100 is sent (RFC 4320 4.1). */
static void reply_provisional(struct proxy_request *r,
			      const struct sip_reply *reply)
{
	struct buf b;
	if (reply->status != 100 && r->txn.table != &strans_invite)
		return;
	buf_init(&b, 0);
	if (sip_encode_reply(&b, &r->msg, reply) == 0)
		strans_event(r, EV_TU_1XX,
			     &(struct txn_in){ .bytes = buf_slice(&b) });
	buf_free(&b);
}

void proxy_reply(struct proxy_request *r, const struct sip_reply *reply)
{
	struct proxy *p = r->proxy;
	struct sip_reply own = *reply;
	if (r->done)
		return;
	if (slice_empty(own.to_tag) && own.status != 100)
		own.to_tag = own_tag(r);
	proxy_enter(p);
	if (own.status < 200)
		reply_provisional(r, &own);
	else
		reply_final(r, &own, NULL);
	proxy_leave(p);
}

int reply_encode_trying(struct proxy_request *r, struct buf *out)
{
	return sip_encode_reply(out, &r->msg,
				&(struct sip_reply){ .status = 100 });
}

void reply_trying(struct proxy_request *r)
{
	reply_provisional(r, &(struct sip_reply){ .status = 100 });
}

/* Another one for each request, so that they do not all come back at once
 * (OVL-02). text: as long as the edits. */
static struct slice retry_after(const struct proxy_request *r, char text[2])
{
	uint64_t mix = hash_keyed(r->proxy->tag_seed, own_tag(r));
	uint64_t seconds =
		RETRY_AFTER_S + mix % (RETRY_AFTER_MAX_S - RETRY_AFTER_S + 1);
	text[0] = (char)('0' + seconds / 10);
	text[1] = (char)('0' + seconds % 10);
	return seconds < 10 ? slice_of(text + 1, 1) : slice_of(text, 2);
}

/* Only when it is us who cannot: the sender then leaves us alone. */
static bool asks_for_rest(const struct proxy *p, const struct reject *reject)
{
	return reject->status == 503 &&
	       (reject->rests || reject == p->refuse_new);
}

void reply_refuse(struct proxy_request *r, const struct reject *reject,
		  struct sip_edits *extra)
{
	struct proxy *p = r->proxy;
	struct sip_edits none;
	char rest[2];
	if (r->done)
		return;
	if (!reject->status) {
		request_final(r, &(struct final){ .reject = reject });
		return;
	}
	if (!extra) {
		sip_edits_init(&none);
		extra = &none;
	}
	if (asks_for_rest(p, reject))
		sip_edit_bottom(extra, SIP_H_RETRY_AFTER, retry_after(r, rest));
	if (p->ops.on_refuse)
		p->ops.on_refuse(p->arg, r, reject, extra);
	if (r->done)
		return; /* the owner answered by itself */
	reply_final(r,
		    &(struct sip_reply){ .status = reject->status,
					 .reason = reject->reason,
					 .to_tag = own_tag(r),
					 .extra = extra },
		    reject);
}

void reply_stateless(struct proxy_request *r, const struct reject *reject)
{
	if (r->txn.table != &strans_silent)
		txn_init(&r->txn, &strans_noninvite);
	reply_refuse(r, reject, NULL);
}

void proxy_refuse(struct proxy_request *r, const struct reject *reject)
{
	struct proxy *p = r->proxy;
	proxy_enter(p);
	reply_refuse(r, reject, NULL);
	proxy_leave(p);
}

void proxy_drop(struct proxy_request *r)
{
	struct proxy *p = r->proxy;
	proxy_enter(p);
	request_final(r, &(struct final){ 0 });
	proxy_leave(p);
}
