/* SPDX-License-Identifier: Apache-2.0 */
/* SUBSCRIBE (RFC 6665 4.2.1): checks, then the dialog, then the answer; the
 * first NOTIFY follows by its timer. */
#include "base/crypto.h"
#include "base/text.h"
#include "presence/letter.h"
#include "presence/sub.h"
#include "sip/body.h"

enum { TAG_BYTES = 10, ROUTE_MAX = 16384 };

/* What a SUBSCRIBE asks for. */
struct subscribing {
	struct presence *p;
	const struct presence_request *r;
	struct presence_answer *out;
	struct sub_facts facts;
	struct sip_addr contact;
	uint32_t life_s;
	struct sub *sub; /* of this dialog */
};

void presence_answer_init(struct presence_answer *a)
{
	a->status = 0;
	a->to_tag[0] = '\0';
	sip_edits_init(&a->headers);
	/* headers borrow from it: it never moves */
	buf_init(&a->texts, ROUTE_MAX);
	(void)buf_reserve(&a->texts, ROUTE_MAX);
	if (buf_failed(&a->texts))
		a->headers.failed = true;
}

void presence_answer_free(struct presence_answer *a)
{
	buf_free(&a->texts);
}

void contact_value(const struct sub *s, struct buf *out)
{
	if (s->package->list)
		buf_printf(out, "<sip:contacts@%.*s>",
			   SLICE_FMT(s->presence->conf->edge_name));
	else
		buf_printf(out, "<sip:%.*s>", SLICE_FMT(s->facts.to));
}

/* ---- checks ---- */

static bool accepts(const struct sip_msg *m, const char *type)
{
	const struct sip_header *h;
	size_t at = 0;
	bool any = false;
	while ((h = sip_header_next(m, SIP_H_ACCEPT, &at))) {
		struct slice rest = h->value, value;
		any = true;
		while (sip_list_next(&rest, &value) == 1) {
			ptrdiff_t end = slice_chr(value, ';');
			struct slice bare = slice_trim(
				end < 0 ? value
					: slice_head(value, (size_t)end));
			if (slice_ieq(bare, slice_str(type)) ||
			    slice_ieq(bare, SLICE_LIT("*/*")) ||
			    slice_ieq(bare, SLICE_LIT("application/*")))
				return true;
		}
	}
	return !any;
}

static const struct reject *read_event(struct subscribing *q)
{
	const struct sip_msg *m = q->r->msg;
	const struct sip_header *h = sip_header(m, SIP_H_EVENT);
	struct slice params;
	const struct package *k =
		h ? package_of(event_token(h->value, &params)) : NULL;
	if (!k)
		return &presence_rej_event;
	(void)sip_param(params, "id", &q->facts.event_id);
	q->facts.package = k;
	if (!q->r->to.len) { /* the list */
		if (strcmp(k->event, package_list.event) != 0)
			return &presence_rej_event;
		q->facts.package = &package_list;
		if (!sip_has_token(m, SIP_H_SUPPORTED, "eventlist") &&
		    !sip_has_token(m, SIP_H_REQUIRE, "eventlist"))
			return &presence_rej_eventlist;
	}
	if (!accepts(m, q->facts.package->type))
		return &presence_rej_accept;
	return k->own_only && !slice_eq(q->r->from, q->r->to)
		       ? &presence_rej_own_only
		       : NULL;
}

static const struct reject *read_expires(struct subscribing *q)
{
	const struct presence_conf *c = q->p->conf;
	const struct sip_header *h = sip_header(q->r->msg, SIP_H_EXPIRES);
	uint32_t s = q->facts.package->expires_s;
	if (h && sip_delta_seconds(h->value, &s))
		s = q->facts.package->expires_s;
	if (s && h && s < c->expires_min_s)
		return &presence_rej_brief;
	q->life_s = s < c->expires_max_s ? s : c->expires_max_s;
	q->facts.expires_s = q->p->ops.wall_s(q->p->arg) + q->life_s;
	return NULL;
}

static const struct reject *read_dialog(struct subscribing *q)
{
	const struct sip_msg *m = q->r->msg;
	size_t at = 0;
	const struct sip_header *h = sip_header_next(m, SIP_H_CONTACT, &at);
	struct slice rest = h ? h->value : SLICE_NONE, value, more;
	char aor[SIP_AOR_MAX];
	if (!h || sip_header_next(m, SIP_H_CONTACT, &at) ||
	    sip_list_next(&rest, &value) != 1 ||
	    sip_list_next(&rest, &more) != 0 ||
	    sip_addr_parse(value, &q->contact) || !m->from_tag.len ||
	    (q->contact.uri.scheme != SIP_SCHEME_SIP &&
	     q->contact.uri.scheme != SIP_SCHEME_SIPS) ||
	    sip_aor(&m->to.uri, aor) ||
	    (!q->p->ops.ours(q->p->arg, slice_str(aor)) && q->r->to.len))
		return &presence_rej_dialog_headers;
	q->facts.target = q->contact.uri.text;
	q->facts.remote_cseq = m->cseq;
	return NULL;
}

static const struct reject *check_refresh(struct subscribing *q)
{
	const struct sip_msg *m = q->r->msg;
	const struct sub *s = sub_find(q->p, m->call_id, m->to_tag);
	if (!s || s->end || !slice_eq(s->facts.remote_tag, m->from_tag) ||
	    !slice_eq(s->facts.watcher, q->r->from) ||
	    s->package != q->facts.package ||
	    !slice_eq(s->facts.event_id, q->facts.event_id))
		return &presence_rej_no_dialog;
	return m->cseq <= s->facts.remote_cseq ? &presence_rej_order : NULL;
}

static size_t watched(const struct subscribing *q)
{
	const struct presentity *e = presentity_find(q->p, q->r->to);
	return e ? e->watch_count : 0;
}

static const struct reject *check_limits(const struct subscribing *q)
{
	const struct presence_conf *c = q->p->conf;
	if (watcher_subs(q->p, q->r->from) >= c->subscriptions_max)
		return &presence_rej_watcher_limit;
	return watched(q) >= c->watchers_max ? &presence_rej_watched_limit
					     : NULL;
}

struct counting {
	size_t count, max;
};

static const struct reject *count_one(void *arg, struct slice aor)
{
	struct counting *c = arg;
	(void)aor;
	return ++c->count > c->max ? &presence_rej_list_size : NULL;
}

static const struct reject *check_list(struct subscribing *q)
{
	const struct sip_msg *m = q->r->msg;
	const struct sip_header *h = sip_header(m, SIP_H_CONTENT_TYPE);
	struct counting c = { .max = q->p->conf->list_max };
	struct sip_media_type type;
	if (!m->body.len)
		return NULL;
	if (!h || sip_media_type_parse(h->value, &type) ||
	    !sip_media_type_is(&type, "application", "resource-lists+xml"))
		return &presence_rej_type;
	q->facts.list = m->body;
	return list_read(m->body, count_one, &c);
}

/* ---- what is done ---- */

static int new_tag(struct presence_answer *out)
{
	uint8_t bytes[TAG_BYTES];
	struct buf b;
	if (crypto_random(bytes, sizeof(bytes)))
		return -1;
	buf_init(&b, sizeof(out->to_tag) - 1);
	text_base32(&b, slice_of(bytes, sizeof(bytes)));
	int err = slice_cstr(buf_slice(&b), out->to_tag, sizeof(out->to_tag));
	if (buf_failed(&b))
		err = -1;
	buf_free(&b);
	return err;
}

/* The route set of whom is asked: as Record-Route has it (RFC 3261 12.1.1). */
static struct slice read_route(const struct sip_msg *m, struct buf *out)
{
	const struct sip_header *h;
	size_t at = 0;
	buf_init(out, ROUTE_MAX);
	while ((h = sip_header_next(m, SIP_H_RECORD_ROUTE, &at))) {
		struct slice rest = h->value, value;
		while (sip_list_next(&rest, &value) == 1) {
			if (out->len)
				buf_str(out, ", ");
			letter_unfolded(out, value);
		}
	}
	return buf_slice(out);
}

static const struct reject *begin(struct subscribing *q)
{
	const struct sip_msg *m = q->r->msg;
	struct sub_facts *f = &q->facts;
	struct buf route;
	int err = new_tag(q->out);
	f->watcher = q->r->from;
	f->to = f->package->list ? q->r->from : q->r->to;
	f->call_id = m->call_id;
	f->local = m->to.uri.text;
	f->remote = m->from.uri.text;
	f->local_tag = slice_str(q->out->to_tag);
	f->remote_tag = m->from_tag;
	f->route = read_route(m, &route);
	f->ours = q->r->ours;
	f->verified = q->r->verified;
	f->flow = q->r->flow;
	if (!err)
		err = buf_failed(&route) ? -1 : sub_create(&q->sub, q->p, f);
	buf_free(&route);
	return err ? &presence_rej_overload : NULL;
}

static const struct reject *refresh(struct subscribing *q)
{
	const struct sip_msg *m = q->r->msg;
	q->sub = sub_find(q->p, m->call_id, m->to_tag);
	q->facts.flow = q->r->flow;
	return !q->sub || sub_refresh(q->sub, &q->facts)
		       ? &presence_rej_overload
		       : NULL;
}

static const struct reject *check(struct subscribing *q)
{
	bool in_dialog = q->r->msg->to_tag.len > 0;
	const struct reject *reject = read_event(q);
	if (!reject)
		reject = read_dialog(q);
	if (!reject && in_dialog)
		reject = check_refresh(q);
	if (!reject)
		reject = read_expires(q);
	if (!reject && !in_dialog)
		reject = check_limits(q);
	if (!reject && !in_dialog && q->facts.package->list)
		reject = check_list(q);
	return reject;
}

/* A header whose value is what was appended from `at` on. */
static void put_header(struct presence_answer *a, enum sip_header_id id,
		       size_t at)
{
	sip_edit_bottom(&a->headers, id, slice_from(buf_slice(&a->texts), at));
	a->headers.failed |= buf_failed(&a->texts);
}

static void answer_with(struct subscribing *q)
{
	struct presence_answer *a = q->out;
	const struct sip_header *h;
	size_t at = a->texts.len, index = 0;
	a->status = 200;
	buf_dec(&a->texts, q->life_s);
	put_header(a, SIP_H_EXPIRES, at);
	at = a->texts.len;
	contact_value(q->sub, &a->texts);
	put_header(a, SIP_H_CONTACT, at);
	if (q->sub->package->list)
		sip_edit_bottom(&a->headers, SIP_H_REQUIRE,
				SLICE_LIT("eventlist"));
	while ((h = sip_header_next(q->r->msg, SIP_H_RECORD_ROUTE, &index))) {
		at = a->texts.len;
		letter_unfolded(&a->texts, h->value);
		put_header(a, SIP_H_RECORD_ROUTE, at);
	}
}

const struct reject *presence_subscribe(struct presence *p,
					const struct presence_request *r,
					struct presence_answer *out)
{
	struct subscribing q = { .p = p, .r = r, .out = out };
	const struct reject *reject = check(&q);
	if (!reject)
		reject = r->msg->to_tag.len ? refresh(&q) : begin(&q);
	if (reject)
		return reject;
	answer_with(&q);
	if (q.life_s)
		sub_save(q.sub);
	else
		sub_end(q.sub, SUB_TIMEOUT);
	sub_poke(q.sub);
	return NULL;
}

bool presence_explains(const struct reject *reject)
{
	return reject == &presence_rej_brief || reject == &presence_rej_event ||
	       reject == &presence_rej_type ||
	       reject == &presence_rej_eventlist ||
	       reject == &presence_rej_rate;
}

void presence_explain(const struct presence *p, const struct reject *reject,
		      struct presence_answer *out)
{
	size_t at = out->texts.len;
	if (reject == &presence_rej_brief) {
		buf_dec(&out->texts, p->conf->expires_min_s);
		put_header(out, SIP_H_MIN_EXPIRES, at);
	} else if (reject == &presence_rej_event) {
		allow_events(&out->texts);
		put_header(out, SIP_H_ALLOW_EVENTS, at);
	} else if (reject == &presence_rej_type) {
		sip_edit_bottom(&out->headers, SIP_H_ACCEPT,
				SLICE_LIT("application/pidf+xml"));
		sip_edit_bottom(&out->headers, SIP_H_ACCEPT,
				SLICE_LIT("application/resource-lists+xml"));
	} else if (reject == &presence_rej_eventlist) {
		sip_edit_bottom(&out->headers, SIP_H_REQUIRE,
				SLICE_LIT("eventlist"));
	} else if (reject == &presence_rej_rate) {
		sip_edit_bottom(&out->headers, SIP_H_RETRY_AFTER,
				SLICE_LIT("5"));
	}
}
