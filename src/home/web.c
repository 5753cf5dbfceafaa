/* SPDX-License-Identifier: Apache-2.0 */
/* One question: is the source silenced; is there a signature for us, and
 * whole; is the nonce ours, fresh and not used; whose record; does the answer
 * match; is it whom he named. Then the store mints. */
#include "home/web.h"

#include <errno.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/log.h"
#include "home/digest.h"
#include "home/store_link.h"

enum {
	WEBS_MAX = 1000, /* that wait for the store */
	ARENA_FIRST = 2048,
	ARENA_MAX = 64 * 1024,
};

enum web_status {
	WEB_OK = 200,
	WEB_BAD = 400,
	WEB_WHO = 401,
	WEB_NOT_YOURS = 403,
	WEB_NO_RELAY = 404,
	WEB_BUSY = 503
};

static const struct slice method = { (const uint8_t *)"GET", 3 };

/* Owner: h->webs, from the first question to the store on until it is
 * answered; before that web_on_ask(). */
struct web {
	struct map_node node;
	struct home *home;
	struct arena *arena; /* what the slices below borrow from */
	uint64_t number;     /* ours */
	bool listed;
	struct proc_id edge;
	uint64_t asked; /* the edge's */
	uint64_t source;
	struct slice source_text, target, user;
	struct slice username, password; /* minted */
	struct sip_credentials cred;
	uint32_t nc;
	char realm[SIP_DOMAIN_MAX];
	char aor[SIP_AOR_MAX]; /* who signed it */
};

static void web_free(struct web *w)
{
	if (!w)
		return;
	if (w->listed)
		map_remove(&w->home->webs, &w->node);
	arena_free(w->arena);
	free(w);
}

static void free_each(struct map_node *n, void *arg)
{
	(void)arg;
	web_free(container_of(n, struct web, node));
}

void web_free_all(struct home *h)
{
	if (h->webs.slots)
		map_each(&h->webs, free_each, NULL);
	map_free(&h->webs);
}

static struct web *web_find(struct home *h, uint64_t number)
{
	struct map_node *n = map_find(&h->webs, map_key_u64(&number));
	return n ? container_of(n, struct web, node) : NULL;
}

static struct nonce_scope scope_of(const struct web *w)
{
	return (struct nonce_scope){
		.source = w->source,
		.realm = slice_str(w->realm),
		.now_s = w->home->ops.wall_s(w->home->arg),
	};
}

static int challenge(const struct web *w, bool stale, struct buf *out)
{
	char nonce[NONCE_TEXT_MAX];
	struct nonce_scope scope = scope_of(w);
	int err = nonce_make(&w->home->nonces, &scope, nonce);
	const struct sip_challenge c = { .realm = scope.realm,
					 .nonce = slice_str(nonce),
					 .algorithm = SIP_ALG_SHA256,
					 .qop_auth = true,
					 .stale = stale,
					 .digest = true };
	if (err)
		return err;
	sip_challenge_write(out, &c);
	return buf_failed(out) ? -ENOMEM : 0;
}

/* The question is over. */
static void answer(struct web *w, enum web_status status, bool stale)
{
	struct home *h = w->home;
	struct buf words;
	buf_init(&words, 0);
	struct ipc_web_answer m = { .id = w->asked,
				    .status = (uint16_t)status };
	if (status == WEB_WHO && challenge(w, stale, &words))
		m.status = WEB_BUSY;
	m.challenge = buf_slice(&words);
	if (status == WEB_OK) {
		m.username = w->username;
		m.password = w->password;
		m.ttl_s = h->conf->offer.life_s;
	}
	/* who cannot be told any more hears of it from its edge */
	(void)h->ops.to_edge(h->arg, w->edge.slot, IPC_WEB_ANSWER, &m);
	buf_free(&words);
	web_free(w);
}

static void on_minted(struct home *h, struct pending *p, int err)
{
	struct web *w = web_find(h, p->call);
	if (w)
		answer(w, err || !w->username.len ? WEB_BUSY : WEB_OK, false);
}

void web_on_credential(struct home *h, const struct ipc_credential *m)
{
	struct pending *p = pending_find(h, m->id);
	struct web *w = p && p->done == on_minted ? web_find(h, p->call) : NULL;
	if (!w)
		return;
	w->password = arena_copy(w->arena, m->password);
	w->username = w->password.ptr ? arena_copy(w->arena, m->username)
				      : SLICE_NONE;
}

/* The form of WebRTC. */
static void mint(struct web *w)
{
	struct home *h = w->home;
	struct ipc_credential_get get = { .ttl_s = h->conf->offer.life_s,
					  .user = slice_str(w->aor) };
	const struct pending_ask ask = { .type = IPC_CREDENTIAL_GET,
					 .body = &get,
					 .id = &get.id,
					 .call = w->number,
					 .done = on_minted };
	if (pending_ask(h, &ask, NULL))
		answer(w, WEB_BUSY, false);
}

static bool fresh(const struct web *w)
{
	struct nonce_scope scope = scope_of(w);
	return nonce_good(&w->home->nonces, &scope, w->cred.nonce, w->nc);
}

static void judge(struct web *w, const struct user *u)
{
	struct home *h = w->home;
	struct slice who = slice_str(w->aor);
	/* others may have used the nonce while the store was asked */
	if (!fresh(w)) {
		answer(w, WEB_WHO, true);
		return;
	}
	if (!digest_right(h, &w->cred, method, u)) {
		digest_failed(h, w->source, w->source_text);
		answer(w, WEB_WHO, false);
		return;
	}
	if (nonce_use(&h->nonces, w->cred.nonce, w->nc))
		answer(w, WEB_BUSY, false);
	else if (w->user.len && !slice_eq(w->user, who) &&
		 !slice_eq(w->user, w->cred.username))
		answer(w, WEB_NOT_YOURS, false);
	else
		mint(w);
}

static void on_user(struct home *h, struct pending *p, int err)
{
	struct user *u;
	err = users_outcome(h, p, err, &u);
	struct web *w = web_find(h, p->call);
	if (w && err)
		answer(w, WEB_BUSY, false);
	else if (w)
		judge(w, u);
}

static void look_up(struct web *w)
{
	struct home *h = w->home;
	int err = digest_account(&w->cred, slice_str(w->realm), w->aor);
	if (err == -ENOMEM) {
		answer(w, WEB_BUSY, false);
		return;
	}
	if (err) { /* a name that nobody can have */
		judge(w, NULL);
		return;
	}
	struct user *u = users_cached(h, slice_str(w->aor));
	if (u)
		judge(w, u->absent ? NULL : u);
	else if (users_ask(h, slice_str(w->aor), w->number, on_user))
		answer(w, WEB_BUSY, false);
}

static bool whole(struct web *w)
{
	const struct sip_credentials *c = &w->cred;
	return c->username.len && c->nonce.len && c->response.len &&
	       c->cnonce.len && c->qop_auth && !digest_nc(c->nc, &w->nc) &&
	       slice_eq(c->uri, w->target);
}

static void check(struct web *w, struct slice authorization)
{
	struct home *h = w->home;
	const struct sip_credentials *c = &w->cred;
	int err = authorization.len ? sip_credentials_parse(
					      w->arena, authorization, &w->cred)
				    : 0;
	bool signed_so = c->digest && c->algorithm == SIP_ALG_SHA256 &&
			 slice_eq(c->realm, slice_str(w->realm));
	if (!h->conf->offer.there)
		answer(w, WEB_NO_RELAY, false);
	else if (err == -ENOMEM)
		answer(w, WEB_BUSY, false);
	else if (err)
		answer(w, WEB_BAD, false);
	else if (!signed_so ||
		 guesses_blocked(&h->guesses, w->source, timers_now(h->timers)))
		answer(w, WEB_WHO, false);
	else if (!whole(w))
		answer(w, WEB_BAD, false);
	else if (!fresh(w))
		answer(w, WEB_WHO, true);
	else
		look_up(w);
}

/* Of the name that is asked for, when it has one of our domains; else the
 * first of them. */
static int choose_realm(struct web *w)
{
	const struct home_conf *conf = w->home->conf;
	ptrdiff_t at = slice_chr(w->user, '@');
	char domain[SIP_DOMAIN_MAX];
	if (!conf->domain_count)
		return -ENOENT;
	if (at >= 0 &&
	    !sip_domain(slice_from(w->user, (size_t)at + 1), domain) &&
	    home_is_ours(w->home, slice_str(domain)))
		return slice_cstr(slice_str(domain), w->realm,
				  sizeof(w->realm));
	return slice_cstr(conf->domains[0], w->realm, sizeof(w->realm));
}

static int fill(struct web *w, const struct ipc_web_ask *m)
{
	struct addr from;
	w->arena = arena_create(ARENA_FIRST, ARENA_MAX);
	if (!w->arena || addr_parse(m->source, true, &from))
		return -ENOMEM;
	w->source = addr_source(&from);
	w->source_text = arena_copy(w->arena, m->source);
	w->target = arena_copy(w->arena, m->target);
	w->user = arena_copy(w->arena, m->user);
	if (!w->source_text.ptr || !w->target.ptr ||
	    (m->user.len && !w->user.ptr))
		return -ENOMEM;
	return choose_realm(w);
}

void web_on_ask(struct home *h, const struct proc_id *edge,
		const struct ipc_web_ask *m)
{
	const struct ipc_web_answer busy = { .id = m->id, .status = WEB_BUSY };
	struct web *w = NULL;
	if (!h->draining && h->webs.count < WEBS_MAX)
		w = calloc(1, sizeof(*w));
	if (!w) {
		(void)h->ops.to_edge(h->arg, edge->slot, IPC_WEB_ANSWER, &busy);
		return;
	}
	w->home = h;
	w->edge = *edge;
	w->asked = m->id;
	int err = fill(w, m);
	w->number = h->next_id++;
	if (!err)
		err = map_insert(&h->webs, &w->node, map_key_u64(&w->number));
	if (err) {
		answer(w, WEB_BUSY, false);
		return;
	}
	w->listed = true;
	check(w, m->authorization);
}
