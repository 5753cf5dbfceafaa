/* SPDX-License-Identifier: Apache-2.0 */
/* What home and edge do alike when they serve MRAS. */
#include "base/crypto.h"
#include "presence/mras.h"
#include "sip/body.h"

enum { S_PER_MINUTE = 60 };

bool mras_is_service(const struct sip_uri *uri, bool ours)
{
	const struct slice kind = SLICE_LIT("srvr:MRAS:");
	struct slice opaque;
	if (!ours && slice_eq(uri->user, SLICE_LIT("mras")))
		return true;
	return sip_param(uri->params, "opaque", &opaque) &&
	       slice_ieq(slice_head(opaque, kind.len), kind);
}

const struct reject *mras_check_head(const struct sip_msg *m)
{
	struct sip_media_type type;
	size_t at = 0;
	const struct sip_header *h =
		sip_header_next(m, SIP_H_CONTENT_TYPE, &at);
	if (m->method != SIP_SERVICE)
		return &mras_rej_method;
	if (!h || sip_media_type_parse(h->value, &type) ||
	    !sip_media_type_is(&type, "application",
			       "msrtc-media-relay-auth+xml"))
		return &mras_rej_type;
	return NULL;
}

void mras_explain(const struct reject *why, struct sip_edits *extra)
{
	if (why == &mras_rej_method)
		sip_edit_bottom(extra, SIP_H_ALLOW, SLICE_LIT("SERVICE"));
	if (why == &mras_rej_type)
		sip_edit_bottom(extra, SIP_H_ACCEPT, SLICE_LIT(MRAS_TYPE));
}

void mras_grant(const struct offer_conf *offer, const struct mras_request *q,
		struct mras_credential *out)
{
	uint64_t ttl_s = (uint64_t)q->minutes * S_PER_MINUTE;
	if (ttl_s > offer->life_s)
		ttl_s = offer->life_s;
	*out = (struct mras_credential){
		.ttl_s = (uint32_t)ttl_s,
		.realm = offer->realm,
		.relay = { offer->host, offer->udp_port, offer->tcp_port },
	};
}

void mras_answer_begin(struct mras_answer *a, const struct mras_request *q,
		       const struct reject *why,
		       const struct mras_credential *c)
{
	const char *reason = why ? why->reason : "OK";
	buf_init(&a->body, XML_BODY_MAX);
	mras_write(&a->body, q, reason, why ? NULL : c);
	sip_edits_init(&a->extra);
	sip_edit_bottom(&a->extra, SIP_H_CONTENT_TYPE, SLICE_LIT(MRAS_TYPE));
	a->reply = (struct sip_reply){ .status = why ? why->status : 200,
				       .reason = reason,
				       .extra = &a->extra,
				       .body = buf_slice(&a->body) };
}

void mras_answer_end(struct mras_answer *a)
{
	if (a->body.ptr)
		crypto_wipe(a->body.ptr, a->body.cap);
	buf_free(&a->body);
}
