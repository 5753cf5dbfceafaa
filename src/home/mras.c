/* SPDX-License-Identifier: Apache-2.0 */
/* Decode, check, ask the store, answer. Refusals have a document too, once
 * there is one to answer. */
#include "home/mras.h"

#include <errno.h>

#include "base/log.h"
#include "home/store_link.h"
#include "presence/mras.h"

/* In the request's arena; the call knows it while the store is asked. */
struct mras {
	struct mras_request asked;
	struct mras_credential minted;
};

static void reply(struct call *q, const struct reject *why)
{
	struct mras_answer a;
	mras_answer_begin(&a, &q->mras->asked, why, &q->mras->minted);
	if (buf_failed(&a.body))
		call_refuse(q, &mras_rej_busy);
	else
		proxy_reply(q->r, &a.reply);
	mras_answer_end(&a);
}

static void refuse(struct call *q, const struct reject *why)
{
	metric_add(why->metric, 1);
	LOG_LIMITED(LOG_INFO, "relay.no_credential", q->source_text,
		    KV_SLICE("source", q->source_text),
		    KV_STR("account", q->auth_aor), KV_U64("code", why->status),
		    KV_STR("why", why->why));
	reply(q, why);
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
	if (q->origin != ORIGIN_CLIENT || !q->auth_aor[0])
		return &mras_rej_outsider;
	if (!request_requires_known(q->msg))
		return &home_rej_extension;
	return mras_check_head(q->msg);
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
		reply(q, NULL);
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
	mras_grant(&q->home->conf->offer, &q->mras->asked, &q->mras->minted);
	struct ipc_credential_get get = { .form = 1, /* binary */
					  .ttl_s = q->mras->minted.ttl_s,
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
