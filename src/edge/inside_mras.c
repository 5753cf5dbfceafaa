/* SPDX-License-Identifier: Apache-2.0 */
/* Decode, check, ask the store, answer. */
#include "edge/inside_mras.h"

#include "presence/mras.h"

/* In the request's arena; it is the request's user. */
struct mras {
	struct mras_request asked;
	struct mras_credential granted;
};

int inside_mras_create(struct edge *e)
{
	return asks_init(&e->mras_asks);
}

void inside_mras_free(struct edge *e)
{
	asks_free(&e->mras_asks);
}

bool inside_mras_is(const struct walk *w)
{
	const struct edge_conf *c = w->e->current->conf;
	struct slice host = w->facts.to_domain;
	bool ours = access_is_ours(w->e->current->access, host);
	return c->inside.external && w->facts.source == ACCESS_FROM_INSIDE &&
	       (ours || walk_names_us(w, host)) &&
	       mras_is_service(&w->m->uri, ours);
}

/* ---- who may ---- */

/* Whom the server vouches for, else who wrote. */
static bool sender(const struct sip_msg *m, struct sip_uri *out)
{
	size_t at = 0;
	struct sip_addr a;
	struct slice rest, value;
	const struct sip_header *h =
		sip_header_next(m, SIP_H_P_ASSERTED_IDENTITY, &at);
	*out = m->from.uri;
	if (!h)
		return true;
	rest = h->value;
	if (sip_list_next(&rest, &value) != 1 || sip_addr_parse(value, &a))
		return false;
	*out = a.uri;
	return true;
}

static bool is_server(const struct edge *e, struct slice domain)
{
	const struct inside_conf *c = &e->current->conf->inside;
	for (size_t i = 0; i < c->peer_count; i++) {
		if (slice_eq(c->peers[i], domain))
			return true;
	}
	return false;
}

static bool is_user(struct slice uri, const char *aor)
{
	char other[SIP_AOR_MAX];
	return !sip_aor_text(uri, other) && strcmp(other, aor) == 0;
}

/* A user gets one for himself; a server by its own name for any user of ours.
 * who: canonical, whom it is for. */
static const struct reject *check_identity(const struct walk *w,
					   const struct mras_request *asked,
					   char who[static SIP_AOR_MAX])
{
	const struct access *a = w->e->current->access;
	struct sip_uri from;
	char domain[SIP_DOMAIN_MAX];
	if (sip_aor_text(asked->identity, who) || !sender(w->m, &from) ||
	    sip_domain(from.host, domain))
		return &mras_rej_identity;
	ptrdiff_t at = slice_chr(slice_str(who), '@');
	bool ours = at > 0 && access_is_ours(a, slice_from(slice_str(who),
							   (size_t)at + 1));
	char asker[SIP_AOR_MAX];
	bool himself = !sip_aor(&from, asker) && strcmp(asker, who) == 0 &&
		       is_user(asked->from, who);
	return ours && (himself || is_server(w->e, slice_str(domain)))
		       ? NULL
		       : &mras_rej_identity;
}

/* ---- answers ---- */

static void answer(struct proxy_request *r, const struct mras *s,
		   const struct reject *why)
{
	struct mras_answer a;
	const struct proxy_hop *from = proxy_request_from(r);
	if (why) {
		metric_add(why->metric, 1);
		LOG_LIMITED(LOG_INFO, "relay.no_credential", from->peer,
			    KV_SLICE("source", from->peer),
			    KV_SLICE("account", s->asked.identity),
			    KV_U64("code", why->status),
			    KV_STR("why", why->why));
	}
	mras_answer_begin(&a, &s->asked, why, &s->granted);
	if (buf_failed(&a.body))
		proxy_refuse(r, &mras_rej_busy);
	else
		proxy_reply(r, &a.reply);
	mras_answer_end(&a);
}

/* The request may have ended by now. */
static void refuse(struct edge *e, uint64_t id, const struct reject *why)
{
	struct proxy_request *r = proxy_request_find(e->proxy, id);
	if (r)
		answer(r, proxy_request_user(r), why);
}

void inside_mras_on_credential(struct edge *e, const struct proc_id *from,
			       const struct ipc_msg *m)
{
	const struct ipc_credential *c = &m->u.credential;
	struct proxy_request *r = proxy_request_find(e->proxy, c->id);
	if (!asks_take(&e->mras_asks, c->id, from->slot) || !r)
		return;
	struct mras *s = proxy_request_user(r);
	s->granted.username = c->username;
	s->granted.password = c->password;
	answer(r, s, c->username.len ? NULL : &mras_rej_internal);
}

void inside_mras_on_result(struct edge *e, const struct ipc_store_result *m)
{
	if (asks_take(&e->mras_asks, m->id, 0))
		refuse(e, m->id, &mras_rej_internal);
}

void inside_mras_store_gone(struct edge *e)
{
	uint64_t id;
	while (e->proxy && asks_take_of(&e->mras_asks, 0, &id))
		refuse(e, id, &mras_rej_busy);
}

void inside_mras_sweep(struct edge *e)
{
	uint64_t id;
	while (asks_take_late(&e->mras_asks, timers_now(e->timers), &id))
		refuse(e, id, &mras_rej_busy);
}

/* ---- asking ---- */

static const struct reject *mint(struct walk *w, struct mras *s,
				 const char *who)
{
	struct edge *e = w->e;
	uint64_t id = proxy_request_id(w->r);
	mras_grant(&e->current->conf->offer, &s->asked, &s->granted);
	const struct ipc_credential_get get = { .id = id,
						.form = 1, /* binary */
						.ttl_s = s->granted.ttl_s,
						.user = slice_str(who) };
	if (asks_add(&e->mras_asks, id, 0, timers_now(e->timers)))
		return &mras_rej_busy;
	if (!e->ops->send(e->arg, PROC_STORE, 0, IPC_CREDENTIAL_GET, &get))
		return NULL;
	asks_take(&e->mras_asks, id, 0);
	return &mras_rej_busy;
}

static const struct reject *serve(struct walk *w, struct mras *s)
{
	char who[SIP_AOR_MAX];
	const struct reject *why =
		mras_read(proxy_request_arena(w->r), w->m->body, &s->asked);
	if (!why)
		why = check_identity(w, &s->asked, who);
	if (!why && !w->e->current->conf->offer.there)
		why = &mras_rej_no_relay;
	return why ? why : mint(w, s, who);
}

void inside_mras_start(struct walk *w)
{
	const struct reject *why = mras_check_head(w->m);
	struct mras *s = arena_alloc(proxy_request_arena(w->r), sizeof(*s));
	if (!why && !s)
		why = &mras_rej_busy;
	if (why) {
		proxy_refuse(w->r, why);
		return;
	}
	proxy_request_set_user(w->r, s);
	why = serve(w, s);
	if (why)
		answer(w->r, s, why);
}
