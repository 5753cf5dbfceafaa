/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NOTIFY (RFC 6665 4.2.2). Of one subscription one is under way at a time; what
 * changes meanwhile is told by the next one, newest state only, and never
 * sooner than notify_ms after the last (SIP-33). A first one, and one that
 * ends the subscription, go out at once. An answer that never comes, or a
 * refusal, ends the subscription; what the way there refuses (5xx) is tried
 * again a few times.
 */
#include <errno.h>

#include "presence/backend.h"
#include "presence/letter.h"
#include "presence/sub.h"

enum {
	MS_PER_S = 1000,
	SEED = 1,
	ANSWER_MS = 32000, /* Timer F (RFC 3261 17.1.2) */
	TIMED_OUT = 408,
	LETTER_BYTES = 2048, /* most times enough */
};

/* Is it known what to say? */
static bool is_ready(const struct sub *s)
{
	if (s->list_loading || (!s->package->list && !s->watch_count))
		return false;
	for (size_t i = 0; i < s->watch_count; i++)
		if (s->watches[i]->presentity &&
		    s->watches[i]->view == VIEW_UNKNOWN)
			return false;
	return true;
}

static bool is_dirty(const struct sub *s)
{
	for (size_t i = 0; i < s->watch_count; i++)
		if (s->watches[i]->dirty)
			return true;
	return s->full;
}

static bool wants_to_tell(const struct sub *s)
{
	return is_ready(s) && is_dirty(s);
}

/* When the next one may go out. */
static uint64_t due_ms(const struct sub *s)
{
	uint64_t due = 0;
	if (s->notified && !s->end)
		due = s->sent_ms + s->presence->conf->notify_ms;
	return due > s->retry_ms ? due : s->retry_ms;
}

static uint64_t life_ms(const struct sub *s)
{
	const struct presence *p = s->presence;
	uint64_t now_s = p->ops.wall_s(p->arg);
	return s->facts.expires_s > now_s
		       ? (s->facts.expires_s - now_s) * MS_PER_S
		       : 0;
}

void sub_poke(struct sub *s)
{
	const struct presence *p = s->presence;
	uint64_t now = timers_now(p->timers);
	if (s->in_flight || !p->open)
		return;
	uint64_t wait = s->end ? UINT32_MAX : life_ms(s);
	if (wants_to_tell(s)) {
		uint64_t due = due_ms(s);
		uint64_t until = due > now ? due - now : 0;
		wait = until < wait ? until : wait;
	}
	timer_start(&s->timer, wait);
}

void sub_end(struct sub *s, enum sub_end why)
{
	if (s->end)
		return;
	s->end = why;
	s->full = true;
	for (size_t i = 0; i < s->watch_count; i++)
		if (s->watches[i]->presentity)
			presentity_changed(s->watches[i]->presentity,
					   CHANGE_WATCHERS);
	sub_poke(s);
}

static void put_state(const struct sub *s, struct buf *out)
{
	static const char *const reasons[] = {
		[SUB_TIMEOUT] = "timeout",
		[SUB_NORESOURCE] = "noresource",
	};
	bool pending = !s->package->list && s->watches[0]->view == VIEW_PENDING;
	buf_str(out, "Subscription-State: ");
	if (s->end) {
		buf_str(out, "terminated;reason=");
		buf_str(out, reasons[s->end]);
	} else {
		buf_str(out, pending ? "pending" : "active");
		buf_str(out, ";expires=");
		buf_dec(out, life_ms(s) / MS_PER_S);
	}
	buf_str(out, "\r\n");
}

static void put_event(const struct sub *s, struct buf *out)
{
	buf_str(out, "Event: ");
	buf_str(out, s->package->event);
	if (s->facts.event_id.len) {
		buf_str(out, ";id=");
		buf_put(out, s->facts.event_id);
	}
	buf_str(out, "\r\n");
}

/* Returns the length of the start line. */
static size_t put_dialog(const struct sub *s, struct buf *out)
{
	const struct sub_facts *f = &s->facts;
	size_t line = letter_begin(out, "NOTIFY", sub_target(s));
	letter_party(out, "From", f->local, f->local_tag);
	letter_party(out, "To", f->remote, f->remote_tag);
	letter_line(out, "Call-ID: ", f->call_id);
	letter_cseq(out, f->local_cseq, "NOTIFY");
	buf_str(out, "Contact: ");
	contact_value(s, out);
	buf_str(out, "\r\n");
	put_event(s, out);
	put_state(s, out);
	if (s->package->list)
		buf_str(out, "Require: eventlist\r\n");
	return line;
}

/* What it says; nothing while the user did not say who may see it. */
static void put_body(struct sub *s, struct buf *type, struct buf *body)
{
	if (s->package->list || s->watches[0]->view != VIEW_PENDING)
		s->package->write(s, type, body);
}

static uint64_t hash_of(const struct buf *body)
{
	static const uint64_t seed[2] = { SEED, SEED };
	return hash_keyed(seed, buf_slice(body)) | 1;
}

/* The same again need not be said. */
static bool is_news(struct sub *s, const struct buf *body)
{
	struct watch *w = s->watch_count ? s->watches[0] : NULL;
	if (s->package->list || !w)
		return true;
	uint64_t hash = hash_of(body);
	bool news = s->full || hash != w->told;
	w->told = hash;
	w->dirty = false;
	return news;
}

/* One route is that of our own edge, which the client's connection is at. A
 * dialog may begin with its first NOTIFY (RFC 6665 4.4.1): the way of that one
 * is recorded. */
static bool goes_directly(const struct sub *s)
{
	const struct presence_flow *via = &s->flow->flow;
	return via->flow && s->notified && s->facts.route.len &&
	       slice_chr(s->facts.route, ',') < 0;
}

static int send_whole(struct sub *s, struct buf *type, struct buf *body)
{
	struct presence *p = s->presence;
	uint8_t room[LETTER_BYTES];
	struct buf out;
	buf_init_lent(&out, room, sizeof(room));
	size_t line = put_dialog(s, &out);
	if (type->len)
		letter_line(&out, "Content-Type: ", buf_slice(type));
	buf_str(&out, "Content-Length: ");
	buf_dec(&out, body->len);
	buf_str(&out, "\r\n\r\n");
	buf_put(&out, buf_slice(body));
	const struct presence_letter l = {
		.line = slice_head(buf_slice(&out), line),
		.route = s->facts.route,
		.rest = slice_from(buf_slice(&out), line),
		.direct = goes_directly(s),
	};
	int err =
		buf_failed(&out) || buf_failed(type) || buf_failed(body)
			? -ENOMEM
			: p->ops.send(p->arg, &s->flow->flow, &l, s->number.id);
	buf_free(&out);
	return err;
}

/* Tried again, later each time; false: often enough. */
static bool try_again(struct sub *s)
{
	if (++s->tries >= NOTIFY_TRIES_MAX)
		return false;
	s->retry_ms = timers_now(s->presence->timers) +
		      ((uint64_t)NOTIFY_RETRY_MS << (s->tries - 1));
	s->full = true;
	s->told_end = false;
	sub_poke(s);
	return true;
}

static void give_up(struct sub *s, uint16_t status)
{
	LOG_LIMITED(LOG_INFO, "presence.dropped", s->facts.watcher,
		    KV_SLICE("watcher", s->facts.watcher),
		    KV_SLICE("user", s->facts.to),
		    KV_STR("event", s->package->event), KV_U64("code", status));
	sub_free(s);
}

static void tell(struct sub *s)
{
	struct presence *p = s->presence;
	struct buf type, body;
	buf_init(&type, 0);
	buf_init(&body, 0);
	s->facts.local_cseq++;
	put_body(s, &type, &body);
	bool news = is_news(s, &body);
	int err = news ? send_whole(s, &type, &body) : 0;
	buf_free(&type);
	buf_free(&body);
	if (!news) {
		s->facts.local_cseq--;
		sub_poke(s);
		return;
	}
	s->notified = true;
	s->sent_ms = timers_now(p->timers);
	s->full = false;
	s->told_end = s->end != SUB_LIVES;
	if (!err) {
		s->in_flight = true;
		timer_start(&s->timer, ANSWER_MS);
		metric_add(M_PRESENCE_NOTIFIES, 1);
	} else if (!try_again(s)) {
		give_up(s, 0);
	}
}

static void answered(struct sub *s, uint16_t status)
{
	s->in_flight = false;
	timer_stop(&s->timer);
	if (status / 100 == 2) {
		s->tries = 0;
		s->retry_ms = 0;
		if (s->told_end)
			sub_free(s);
		else
			sub_poke(s);
		return;
	}
	metric_add(M_PRESENCE_NOTIFY_FAILED, 1);
	if (status / 100 != 5 || !try_again(s))
		give_up(s, status);
}

void sub_due(struct sub *s)
{
	const struct presence *p = s->presence;
	if (s->in_flight) {
		answered(s, TIMED_OUT);
		return;
	}
	if (!s->end && !life_ms(s))
		sub_end(s, SUB_TIMEOUT);
	if (!wants_to_tell(s) || due_ms(s) > timers_now(p->timers))
		sub_poke(s);
	else
		tell(s);
}

void presence_sent(struct presence *p, uint64_t id, uint16_t status)
{
	struct map_node *n = map_find(&p->ids, map_key_u64(&id));
	struct numbered *number =
		n ? container_of(n, struct numbered, node) : NULL;
	if (number && number->kind == NUMBER_BACKEND)
		backend_sent(number, status);
	if (!number || number->kind != NUMBER_SUB)
		return;
	struct sub *s = container_of(number, struct sub, number);
	if (s->in_flight)
		answered(s, status);
}
