/* SPDX-License-Identifier: Apache-2.0 */
/* PUBLISH (RFC 3903): a state per device, named by an entity tag, for as long
 * as it is refreshed and its connection lasts. */
#include <errno.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/text.h"
#include "presence/sub.h"
#include "sip/body.h"

enum {
	RECORD_VERSION = 1,
	BURST_MS = 4000, /* that much may be spent at once */
	MS_PER_S = 1000,
	ARENA_FIRST = 2048,
	ARENA_MAX = 4 * XML_BODY_MAX,
};

/* What a PUBLISH asks for. */
struct publishing {
	struct presence *p;
	const struct presence_request *r;
	struct slice if_match; /* empty: an initial one */
	struct slice body;
	uint32_t expires_s;
	struct publication *old; /* of if_match */
};

static struct publication *find(const struct presentity *e, struct slice etag)
{
	if (!e)
		return NULL;
	LIST_EACH (it, tmp, &e->publications) {
		struct publication *pub =
			container_of(it, struct publication, of_presentity);
		if (slice_eq(slice_str(pub->etag), etag))
			return pub;
	}
	return NULL;
}

static void detach(struct publication *pub)
{
	struct presence *p = pub->presentity->presence;
	timer_stop(&pub->expiry);
	list_remove(&pub->of_presentity);
	list_remove(&pub->of_flow);
	flow_leave(p, pub->flow);
	pub->presentity->publication_count--;
	p->publication_count--;
	metric_sub(M_PRESENCE_PUBLICATIONS, 1);
}

static void save(const struct publication *pub, bool forget)
{
	struct presence *p = pub->presentity->presence;
	const struct presence_flow *f = &pub->flow->flow;
	struct buf b;
	buf_init(&b, 0);
	if (!forget) {
		buf_u8(&b, RECORD_VERSION);
		buf_u32(&b, f->slot);
		buf_u32(&b, f->incarnation);
		buf_u64(&b, f->flow);
		buf_put(&b, pub->pidf.doc);
	}
	const struct presence_row row = {
		.kind = PRESENCE_PUBLICATION,
		.aor = slice_of(pub->presentity->aor, pub->presentity->aor_len),
		.id = slice_str(pub->etag),
		.record = buf_slice(&b),
		.expires_s = pub->expires_s,
	};
	if (!buf_failed(&b))
		p->ops.save(p->arg, &row);
	buf_free(&b);
}

void publication_free(struct publication *pub, bool forget)
{
	struct presentity *e = pub->presentity;
	if (forget)
		save(pub, true);
	detach(pub);
	arena_free(pub->arena); /* it is in it */
	presentity_changed(e, CHANGE_STATE);
	presentity_drop(e);
}

static void on_expiry(struct timer *t, void *arg)
{
	(void)t;
	publication_free(arg, true);
}

/* With its document read; not in any table. */
static const struct reject *make(struct publication **out, struct slice body)
{
	struct arena *a = arena_create(body.len + ARENA_FIRST, ARENA_MAX);
	struct publication *pub = a ? arena_alloc(a, sizeof(*pub)) : NULL;
	struct slice doc = pub ? arena_copy(a, body) : SLICE_NONE;
	if (!doc.ptr) {
		arena_free(a);
		return &presence_rej_overload;
	}
	pub->arena = a;
	const struct reject *reject = pidf_read(a, doc, &pub->pidf);
	if (reject)
		arena_free(a);
	else
		*out = pub;
	return reject;
}

/* Into the tables, as the newest. */
static int attach(struct presence *p, struct publication *pub, struct slice aor,
		  const struct presence_flow *flow, uint64_t life_s)
{
	struct presentity *e = presentity_get(p, aor);
	struct flow_users *f = e ? flow_join(p, flow) : NULL;
	if (!f) {
		if (e)
			presentity_drop(e);
		return -ENOMEM;
	}
	pub->presentity = e;
	pub->flow = f;
	pub->of_presentity.prev = &e->publications;
	pub->of_presentity.next = e->publications.next;
	e->publications.next->prev = &pub->of_presentity;
	e->publications.next = &pub->of_presentity;
	list_push_back(&f->publications, &pub->of_flow);
	e->publication_count++;
	p->publication_count++;
	metric_add(M_PRESENCE_PUBLICATIONS, 1);
	pub->expires_s = p->ops.wall_s(p->arg) + life_s;
	timer_init(&pub->expiry, p->timers, on_expiry, pub);
	timer_start(&pub->expiry, life_s * MS_PER_S);
	return 0;
}

static int new_etag(char out[static ETAG_MAX])
{
	uint8_t bytes[ETAG_BYTES];
	struct buf b;
	int err = crypto_random(bytes, sizeof(bytes));
	if (err)
		return err;
	buf_init(&b, ETAG_MAX - 1);
	text_base32(&b, slice_of(bytes, sizeof(bytes)));
	err = buf_failed(&b) ? -ENOMEM
			     : slice_cstr(buf_slice(&b), out, ETAG_MAX);
	buf_free(&b);
	return err;
}

/* A generic cell rate: each costs its share of a second. */
static const struct reject *check_rate(const struct publishing *q)
{
	const struct presentity *e = presentity_find(q->p, q->r->to);
	uint64_t now = timers_now(q->p->timers);
	return e && e->paid_ms > now + BURST_MS ? &presence_rej_rate : NULL;
}

static void pay(struct publishing *q)
{
	struct presentity *e = presentity_find(q->p, q->r->to);
	uint64_t now = timers_now(q->p->timers);
	uint32_t rate = q->p->conf->publish_rate;
	if (!e)
		return; /* it published nothing and took nothing back */
	if (e->paid_ms < now)
		e->paid_ms = now;
	e->paid_ms += rate ? MS_PER_S / rate : 0;
}

static const struct reject *read_expires(struct publishing *q)
{
	const struct presence_conf *c = q->p->conf;
	const struct sip_header *h = sip_header(q->r->msg, SIP_H_EXPIRES);
	q->expires_s = c->expires_max_s;
	if (h && sip_delta_seconds(h->value, &q->expires_s))
		q->expires_s = c->expires_max_s;
	if (q->expires_s > c->expires_max_s)
		q->expires_s = c->expires_max_s;
	return q->expires_s && q->expires_s < c->expires_min_s
		       ? &presence_rej_brief
		       : NULL;
}

static const struct reject *check_type(const struct publishing *q)
{
	const struct sip_header *h = sip_header(q->r->msg, SIP_H_CONTENT_TYPE);
	struct sip_media_type type;
	if (sip_header(q->r->msg, SIP_H_CONTENT_ENCODING) || !h ||
	    sip_media_type_parse(h->value, &type) ||
	    !sip_media_type_is(&type, "application", "pidf+xml"))
		return &presence_rej_type;
	return q->body.len > XML_BODY_MAX ? &presence_rej_size : NULL;
}

static const struct reject *check(struct publishing *q)
{
	struct slice params;
	const struct sip_msg *m = q->r->msg;
	const struct sip_header *event = sip_header(m, SIP_H_EVENT);
	const struct sip_header *match = sip_header(m, SIP_H_SIP_IF_MATCH);
	struct presentity *e = presentity_find(q->p, q->r->to);
	if (!event || !slice_eq(event_token(event->value, &params),
				SLICE_LIT("presence")))
		return &presence_rej_event;
	if (!q->r->ours || !slice_eq(q->r->from, q->r->to))
		return &presence_rej_publisher;
	q->body = m->body;
	if (match)
		q->if_match = slice_trim(match->value);
	q->old = match ? find(e, q->if_match) : NULL;
	if (match && !q->old)
		return &presence_rej_etag;
	const struct reject *reject = read_expires(q);
	if (!reject && q->body.len)
		reject = check_type(q);
	if (!reject && !match && !q->body.len)
		reject = &presence_rej_pidf;
	if (!reject && !match && e &&
	    e->publication_count >= q->p->conf->publications_max)
		reject = &presence_rej_devices;
	return reject ? reject : check_rate(q);
}

static const struct reject *remove_old(struct publishing *q)
{
	if (!q->old)
		return NULL; /* an initial one of no time: nothing to keep */
	pay(q);
	publication_free(q->old, true);
	return NULL;
}

/* Its time and its name are new; what it says and its place stay. */
static const struct reject *refresh(struct publishing *q)
{
	struct presence *p = q->p;
	struct publication *pub = q->old;
	char etag[ETAG_MAX];
	struct flow_users *f = flow_join(p, &q->r->flow);
	if (!f || new_etag(etag)) {
		flow_leave(p, f);
		return &presence_rej_overload;
	}
	save(pub, true);
	list_remove(&pub->of_flow);
	if (f != pub->flow)
		flow_leave(p, pub->flow);
	pub->flow = f;
	list_push_back(&f->publications, &pub->of_flow);
	memcpy(pub->etag, etag, sizeof(etag));
	pub->expires_s = p->ops.wall_s(p->arg) + q->expires_s;
	timer_start(&pub->expiry, (uint64_t)q->expires_s * MS_PER_S);
	save(pub, false);
	pay(q);
	return NULL;
}

/* Is the document about its publisher, and is there room for it? */
static const struct reject *insert(struct publishing *q,
				   struct publication *pub)
{
	if (!slice_eq(slice_str(pub->pidf.aor), q->r->to))
		return &presence_rej_entity;
	if (new_etag(pub->etag) ||
	    attach(q->p, pub, q->r->to, &q->r->flow, q->expires_s))
		return &presence_rej_overload;
	return NULL;
}

/* A new one, in the place of the old if there is one. */
static const struct reject *replace(struct publishing *q,
				    struct publication **out)
{
	struct publication *pub = NULL;
	const struct reject *reject = make(&pub, q->body);
	if (reject)
		return reject;
	reject = insert(q, pub);
	if (reject) {
		arena_free(pub->arena);
		return reject;
	}
	if (q->old) {
		save(q->old, true);
		detach(q->old);
		arena_free(q->old->arena);
	}
	save(pub, false);
	pay(q);
	presentity_changed(pub->presentity, CHANGE_STATE);
	*out = pub;
	return NULL;
}

static const struct reject *apply(struct publishing *q,
				  struct publication **out)
{
	if (!q->expires_s)
		return remove_old(q);
	if (q->body.len)
		return replace(q, out);
	*out = q->old;
	return refresh(q);
}

static void answer_with(const struct publishing *q,
			const struct publication *pub,
			struct presence_answer *out)
{
	size_t at = out->texts.len;
	buf_dec(&out->texts, q->expires_s);
	size_t tag = out->texts.len;
	buf_str(&out->texts, pub ? pub->etag : "");
	out->status = 200;
	struct slice all = buf_slice(&out->texts);
	sip_edit_bottom(&out->headers, SIP_H_EXPIRES,
			slice_head(slice_from(all, at), tag - at));
	if (pub)
		sip_edit_bottom(&out->headers, SIP_H_SIP_ETAG,
				slice_from(all, tag));
	out->headers.failed |= buf_failed(&out->texts);
}

const struct reject *presence_publish(struct presence *p,
				      const struct presence_request *r,
				      struct presence_answer *out)
{
	struct publishing q = { .p = p, .r = r };
	struct publication *pub = NULL;
	const struct reject *reject = check(&q);
	if (!reject)
		reject = apply(&q, &pub);
	if (!reject)
		answer_with(&q, pub, out);
	return reject;
}

int publication_restore(struct presence *p, const struct presence_row *row)
{
	struct cur c = cur_init(row->record);
	struct publication *pub = NULL;
	if (cur_u8(&c) != RECORD_VERSION)
		return -EBADMSG;
	struct presence_flow flow = { .slot = cur_u32(&c) };
	flow.incarnation = cur_u32(&c);
	flow.flow = cur_u64(&c);
	size_t left = cur_left(&c);
	struct slice doc = cur_bytes(&c, left);
	if (cur_failed(&c) || find(presentity_find(p, row->aor), row->id))
		return cur_failed(&c) ? -EBADMSG : 0;
	const struct reject *reject = make(&pub, doc);
	if (reject)
		return reject == &presence_rej_overload ? -ENOMEM : -EBADMSG;
	int err = slice_cstr(row->id, pub->etag, sizeof(pub->etag));
	if (!err)
		err = attach(p, pub, row->aor, &flow,
			     row->expires_s - p->ops.wall_s(p->arg));
	if (err) {
		arena_free(pub->arena);
		return err == -ENOMEM ? err : -EBADMSG;
	}
	presentity_changed(pub->presentity, CHANGE_STATE);
	return 0;
}
