/* SPDX-License-Identifier: Apache-2.0 */
/* Decode, check, ask the store, answer. Refusals have a document too, once
 * there is one to answer. */
#include "home/mras.h"

#include <errno.h>

#include "base/log.h"
#include "home/store_link.h"
#include "presence/mras.h"
#include "sip/body.h"

enum { S_PER_MINUTE = 60 };

/* In the request's arena; the call knows it while the store is asked. */
struct mras {
	struct mras_request asked;
	struct mras_credential minted;
	uint64_t expires_s;
};

bool mras_is(const struct sip_uri *uri, bool ours)
{
	const struct slice kind = SLICE_LIT("srvr:MRAS:");
	struct slice opaque;
	if (!ours && slice_eq(uri->user, SLICE_LIT("mras")))
		return true;
	return sip_param(uri->params, "opaque", &opaque) &&
	       slice_ieq(slice_head(opaque, kind.len), kind);
}

static void reply(struct call *q, uint16_t status, const char *reason,
		  const struct mras_credential *c)
{
	struct sip_edits extra;
	struct buf body;
	buf_init(&body, XML_BODY_MAX);
	mras_write(&body, &q->mras->asked, reason, c);
	sip_edits_init(&extra);
	sip_edit_bottom(&extra, SIP_H_CONTENT_TYPE, SLICE_LIT(MRAS_TYPE));
	const struct sip_reply r = { .status = status,
				     .reason = reason,
				     .extra = &extra,
				     .body = buf_slice(&body) };
	if (buf_failed(&body))
		call_refuse(q, &mras_rej_busy);
	else
		proxy_reply(q->r, &r);
	if (body.ptr)
		crypto_wipe(body.ptr, body.cap);
	buf_free(&body);
}

static void refuse(struct call *q, const struct reject *why)
{
	metric_add(why->metric, 1);
	LOG_LIMITED(LOG_INFO, "relay.no_credential", q->source_text,
		    KV_SLICE("source", q->source_text),
		    KV_STR("account", q->auth_aor), KV_U64("code", why->status),
		    KV_STR("why", why->why));
	reply(q, why->status, why->reason, NULL);
}

static bool is_sender(const struct call *q, struct slice uri)
{
	char aor[SIP_AOR_MAX];
	return !sip_aor_text(uri, aor) && strcmp(aor, q->auth_aor) == 0;
}

static const struct reject *check_document(const struct call *q)
{
	const struct mras_request *asked = &q->mras->asked;
	if (!is_sender(q, asked->from) || !is_sender(q, asked->identity))
		return &mras_rej_identity;
	return q->home->conf->offer.there ? NULL : &mras_rej_no_relay;
}

/* Without a document to answer. */
static const struct reject *check_head(const struct call *q)
{
	struct sip_media_type type;
	size_t at = 0;
	const struct sip_header *h =
		sip_header_next(q->msg, SIP_H_CONTENT_TYPE, &at);
	if (q->origin != ORIGIN_CLIENT || !q->auth_aor[0])
		return &mras_rej_outsider;
	if (!request_requires_known(q->msg))
		return &home_rej_extension;
	if (q->msg->method != SIP_SERVICE)
		return &mras_rej_method;
	if (!h || sip_media_type_parse(h->value, &type) ||
	    !sip_media_type_is(&type, "application",
			       "msrtc-media-relay-auth+xml"))
		return &mras_rej_type;
	return NULL;
}

static void on_minted(struct home *h, struct pending *p, int err)
{
	struct call *q = call_find(h, p->call);
	if (!q || !q->mras)
		return;
	struct mras_credential *c = &q->mras->minted;
	if (err || !c->username.len)
		refuse(q, err == -ETIMEDOUT || err == -EPIPE
				  ? &mras_rej_busy
				  : &mras_rej_internal);
	else
		reply(q, 200, "OK", c);
}

bool mras_on_credential(struct home *h, const struct ipc_credential *m)
{
	struct pending *p = pending_find(h, m->id);
	if (!p || p->done != on_minted)
		return false;
	struct call *q = call_find(h, p->call);
	if (!q || !q->mras)
		return true; /* the request has ended */
	struct arena *a = proxy_request_arena(q->r);
	struct mras_credential *c = &q->mras->minted;
	c->password = arena_copy(a, m->password);
	c->username = c->password.ptr ? arena_copy(a, m->username) : SLICE_NONE;
	return true;
}

static void mint(struct call *q)
{
	const struct offer_conf *offer = &q->home->conf->offer;
	struct mras *m = q->mras;
	uint64_t ttl_s = (uint64_t)m->asked.minutes * S_PER_MINUTE;
	if (ttl_s > offer->life_s)
		ttl_s = offer->life_s;
	m->minted = (struct mras_credential){
		.minutes = (uint32_t)ttl_s / S_PER_MINUTE,
		.realm = offer->realm,
		.relay = { offer->host, offer->udp_port, offer->tcp_port },
	};
	struct ipc_credential_get get = { .form = 1, /* binary */
					  .ttl_s = (uint32_t)ttl_s,
					  .user = slice_str(q->auth_aor) };
	const struct pending_ask ask = { .type = IPC_CREDENTIAL_GET,
					 .body = &get,
					 .id = &get.id,
					 .call = q->id,
					 .done = on_minted };
	if (pending_ask(q->home, &ask, NULL))
		refuse(q, &mras_rej_busy);
}

void mras_start(struct call *q)
{
	const struct reject *why = check_head(q);
	if (why) {
		call_refuse(q, why);
		return;
	}
	struct arena *a = proxy_request_arena(q->r);
	q->mras = arena_alloc(a, sizeof(*q->mras));
	if (!q->mras) {
		call_refuse(q, &mras_rej_busy);
		return;
	}
	why = mras_read(a, q->msg->body, &q->mras->asked);
	if (!why)
		why = check_document(q);
	if (why)
		refuse(q, why);
	else
		mint(q);
}
