/* SPDX-License-Identifier: Apache-2.0 */
/*
 *            due            2xx               NOTIFY
 *   IDLE --------> ASKED --------> WAITING ----------> LIVE
 *    ^  SUBSCRIBE    | other          | none came        | due: ASKED again
 *    +---------------+----------------+------------------+ terminated
 *
 * A NOTIFY makes the dialog (RFC 6665 4.4.1): it may come before the answer.
 * Whatever ends it, it is tried again: soon when that may help, after
 * half an hour when the partner has said no.
 */
#include "presence/backend.h"

#include <errno.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/text.h"
#include "presence/letter.h"
#include "sip/body.h"

enum {
	SPREAD_MS = 20, /* between the first requests of one list */
	LIFE_S = 3600,
	LIFE_MIN_S = 30,
	TIMER_N_MS = 32000, /* RFC 6665 4.1.2.4 */
	SOON_S = 1,
	RETRY_S = 60,
	LONG_S = 1800,
	RETRY_SHIFT_MAX = 6,
	ID_BYTES = 15,
	ID_MAX = 32,
	ROUTE_BYTES_MAX = 8192,
	TEXT_BYTES_MAX = 1024,
	MS_PER_S = 1000,
};

enum phase { PHASE_IDLE, PHASE_ASKED, PHASE_WAITING, PHASE_LIVE };
enum state { STATE_UNKNOWN, STATE_PENDING, STATE_ACTIVE, STATE_TERMINATED };

struct backend {
	struct numbered number;
	struct map_node node; /* by call_id */
	struct watch *watch;
	enum phase phase;
	enum state state;
	const char *reason; /* of STATE_TERMINATED */
	struct timer timer;
	struct buf call_id;
	char local_tag[ID_MAX];
	struct buf remote_tag; /* empty: there is no dialog */
	struct buf target, route, doc;
	uint32_t local_cseq, remote_cseq;
	uint32_t life_s; /* as the last NOTIFY said */
	bool heard;      /* a NOTIFY, since the last SUBSCRIBE */
	unsigned tries;
};

/* ---- ends, and what follows them ---- */

struct ending {
	const char *said;   /* by the NOTIFY (RFC 6665 4.1.3) */
	const char *reason; /* told to the list's owner */
	uint32_t again_s;   /* doubles where grows is set */
	bool grows;
};

static const struct ending endings[] = {
	{ "deactivated", "deactivated", SOON_S, true },
	{ "timeout", "timeout", SOON_S, true },
	{ "probation", "probation", RETRY_S, true },
	{ "giveup", "giveup", RETRY_S, true },
	{ "rejected", "rejected", LONG_S, false },
	{ "noresource", "noresource", LONG_S, false },
	{ "invariant", "noresource", LONG_S, false },
};

static const struct ending unheard = { "", "probation", RETRY_S, true };
static const struct ending lost = { "", "deactivated", SOON_S, true };
static const struct ending refused = { "", "rejected", LONG_S, false };
static const struct ending nobody = { "", "noresource", LONG_S, false };

static const struct ending *ending_of_status(uint16_t status)
{
	static const struct {
		uint16_t status;
		const struct ending *ending;
	} rows[] = { { 0, &unheard },  { 404, &nobody },  { 408, &unheard },
		     { 410, &nobody }, { 480, &unheard }, { 481, &lost },
		     { 604, &nobody } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == status)
			return rows[i].ending;
	return status / 100 == 5 ? &unheard : &refused;
}

static const struct ending *ending_of_reason(struct slice said)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (slice_ieq(said, slice_str(endings[i].said)))
			return &endings[i];
	return &unheard;
}

static void changed(struct backend *b)
{
	b->watch->dirty = true;
	sub_poke(b->watch->sub);
}

static void forget_dialog(struct backend *b)
{
	buf_reset(&b->remote_tag);
	buf_reset(&b->target);
	buf_reset(&b->route);
	buf_reset(&b->doc);
	b->remote_cseq = 0;
}

static void finish(struct backend *b, const struct ending *e)
{
	unsigned shift =
		b->tries < RETRY_SHIFT_MAX ? b->tries : RETRY_SHIFT_MAX;
	uint32_t wait_s = e->grows ? e->again_s << shift : e->again_s;
	bool news = b->state != STATE_TERMINATED || b->reason != e->reason;
	forget_dialog(b);
	b->tries++;
	b->phase = PHASE_IDLE;
	b->state = STATE_TERMINATED;
	b->reason = e->reason;
	timer_start(&b->timer, (uint64_t)wait_s * MS_PER_S);
	if (news)
		changed(b);
}

/* ---- asking ---- */

static int random_text(struct buf *out)
{
	uint8_t bytes[ID_BYTES];
	if (crypto_random(bytes, sizeof(bytes)))
		return -EIO;
	text_base32(out, slice_of(bytes, sizeof(bytes)));
	return buf_failed(out) ? -ENOMEM : 0;
}

static int new_tag(struct backend *b)
{
	struct buf tag;
	buf_init(&tag, ID_MAX - 1);
	int err = random_text(&tag);
	if (!err)
		err = slice_cstr(buf_slice(&tag), b->local_tag, ID_MAX);
	buf_free(&tag);
	return err;
}

/* Returns the length of the start line. */
static size_t write_subscribe(const struct backend *b, uint32_t life_s,
			      struct buf *out)
{
	const struct sub *s = b->watch->sub;
	struct buf us, them;
	buf_init(&us, 0);
	buf_init(&them, 0);
	buf_printf(&us, "sip:%.*s", SLICE_FMT(s->facts.watcher));
	buf_printf(&them, "sip:%s", b->watch->aor);
	size_t line =
		letter_begin(out, "SUBSCRIBE",
			     buf_slice(b->target.len ? &b->target : &them));
	letter_party(out, "From", buf_slice(&us), slice_str(b->local_tag));
	letter_party(out, "To", buf_slice(&them), buf_slice(&b->remote_tag));
	letter_line(out, "Call-ID: ", buf_slice(&b->call_id));
	letter_cseq(out, b->local_cseq, "SUBSCRIBE");
	letter_party(out, "Contact", buf_slice(&us), SLICE_NONE);
	buf_printf(out,
		   "Event: presence\r\nAccept: application/pidf+xml\r\n"
		   "Expires: %u\r\nContent-Length: 0\r\n\r\n",
		   (unsigned)life_s);
	out->failed |= buf_failed(&us) || buf_failed(&them);
	buf_free(&us);
	buf_free(&them);
	return line;
}

static int subscribe(struct backend *b, uint32_t life_s)
{
	static const struct presence_flow any;
	struct presence *p = b->watch->sub->presence;
	struct buf out;
	buf_init(&out, 0);
	b->local_cseq++;
	size_t line = write_subscribe(b, life_s, &out);
	const struct presence_letter l = {
		.line = slice_head(buf_slice(&out), line),
		.route = buf_slice(&b->route),
		.rest = slice_from(buf_slice(&out), line),
	};
	int err = buf_failed(&out)
			  ? -ENOMEM
			  : p->ops.send(p->arg, &any, &l, b->number.id);
	buf_free(&out);
	return err;
}

static void on_due(struct timer *t, void *arg)
{
	struct backend *b = arg;
	(void)t;
	if (!b->watch->sub->presence->open) {
		timer_start(&b->timer, SOON_S * MS_PER_S);
		return;
	}
	if (b->phase == PHASE_WAITING ||
	    (b->phase == PHASE_IDLE && new_tag(b)) || subscribe(b, LIFE_S)) {
		finish(b, &unheard);
		return;
	}
	b->phase = PHASE_ASKED;
	b->heard = false;
}

/* Well before it expires. */
static void live(struct backend *b)
{
	b->phase = PHASE_LIVE;
	timer_start(&b->timer, (uint64_t)b->life_s * MS_PER_S * 4 / 5);
}

void backend_sent(struct numbered *n, uint16_t status)
{
	struct backend *b = container_of(n, struct backend, number);
	if (b->phase != PHASE_ASKED)
		return; /* of a dialog that has ended since */
	if (status / 100 != 2) {
		finish(b, ending_of_status(status));
	} else if (b->heard) {
		live(b);
	} else {
		b->phase = PHASE_WAITING;
		timer_start(&b->timer, TIMER_N_MS);
	}
}

/* ---- life ---- */

static void backend_free(struct backend *b)
{
	timer_stop(&b->timer);
	buf_free(&b->call_id);
	buf_free(&b->remote_tag);
	buf_free(&b->target);
	buf_free(&b->route);
	buf_free(&b->doc);
	free(b);
}

static int index_it(struct backend *b)
{
	struct presence *p = b->watch->sub->presence;
	int err = random_text(&b->call_id);
	buf_printf(&b->call_id, "@rls.%.*s", SLICE_FMT(p->conf->edge_name));
	if (!err && buf_failed(&b->call_id))
		err = -ENOMEM;
	if (!err)
		err = number_take(p, &b->number, NUMBER_BACKEND);
	if (err)
		return err;
	err = map_insert(&p->backends, &b->node, buf_slice(&b->call_id));
	if (err)
		number_release(p, &b->number);
	return err;
}

int backend_begin(struct watch *w)
{
	struct backend *b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->watch = w;
	timer_init(&b->timer, w->sub->presence->timers, on_due, b);
	buf_init(&b->call_id, 0);
	buf_init(&b->remote_tag, TEXT_BYTES_MAX);
	buf_init(&b->target, TEXT_BYTES_MAX);
	buf_init(&b->route, ROUTE_BYTES_MAX);
	buf_init(&b->doc, XML_BODY_MAX);
	int err = index_it(b);
	if (err) {
		backend_free(b);
		return err;
	}
	w->backend = b;
	timer_start(&b->timer, SPREAD_MS * (w->sub->watch_count + 1));
	return 0;
}

void backend_end(struct backend *b)
{
	if (!b)
		return;
	struct presence *p = b->watch->sub->presence;
	if (p->open && b->remote_tag.len)
		(void)subscribe(b, 0); /* else it ends by itself */
	map_remove(&p->backends, &b->node);
	number_release(p, &b->number);
	backend_free(b);
}

const char *backend_tell(const struct backend *b, struct buf *doc,
			 const char **reason)
{
	static const char *const words[] = { [STATE_UNKNOWN] = NULL,
					     [STATE_PENDING] = "pending",
					     [STATE_ACTIVE] = "active",
					     [STATE_TERMINATED] =
						     "terminated" };
	*reason = b->state == STATE_TERMINATED ? b->reason : "";
	if (b->state == STATE_ACTIVE)
		buf_put(doc, buf_slice(&b->doc));
	return words[b->state];
}

/* ---- NOTIFY ---- */

struct notice {
	const struct sip_msg *msg;
	struct slice from; /* address-of-record */
	struct slice state, reason;
	uint32_t life_s;
	struct sip_addr contact;
};

static struct backend *find(const struct presence *p, const struct notice *n)
{
	struct map_node *node = map_find(&p->backends, n->msg->call_id);
	struct backend *b =
		node ? container_of(node, struct backend, node) : NULL;
	bool same = b && slice_eq(n->msg->to_tag, slice_str(b->local_tag)) &&
		    slice_eq(n->from, slice_str(b->watch->aor)) &&
		    n->msg->from_tag.len;
	if (!same || b->phase == PHASE_IDLE)
		return NULL;
	return !b->remote_tag.len || slice_eq(buf_slice(&b->remote_tag),
					      n->msg->from_tag)
		       ? b
		       : NULL;
}

static const struct reject *read_state(struct notice *n)
{
	const struct sip_header *h =
		sip_header(n->msg, SIP_H_SUBSCRIPTION_STATE);
	const struct sip_header *event = sip_header(n->msg, SIP_H_EVENT);
	struct slice params, text;
	if (!event || !slice_eq(event_token(event->value, &params),
				SLICE_LIT("presence")))
		return &presence_rej_event;
	if (!h)
		return &presence_rej_state;
	n->state = event_token(h->value, &params);
	n->life_s = LIFE_S;
	if (sip_param(params, "expires", &text) &&
	    sip_delta_seconds(text, &n->life_s))
		return &presence_rej_state;
	(void)sip_param(params, "reason", &n->reason);
	if (n->life_s > LIFE_S)
		n->life_s = LIFE_S;
	if (n->life_s < LIFE_MIN_S)
		n->life_s = LIFE_MIN_S;
	return NULL;
}

static const struct reject *read_contact(struct notice *n)
{
	const struct sip_header *h = sip_header(n->msg, SIP_H_CONTACT);
	struct slice rest = h ? h->value : SLICE_NONE, value;
	if (sip_list_next(&rest, &value) != 1 ||
	    sip_addr_parse(value, &n->contact))
		return &presence_rej_dialog_headers;
	return NULL;
}

static const struct reject *read_body(const struct sip_msg *m)
{
	const struct sip_header *h = sip_header(m, SIP_H_CONTENT_TYPE);
	struct sip_media_type type;
	struct pidf doc;
	if (!m->body.len)
		return NULL;
	if (m->body.len > XML_BODY_MAX)
		return &presence_rej_size;
	if (!h || sip_media_type_parse(h->value, &type) ||
	    !sip_media_type_is(&type, "application", "pidf+xml"))
		return &presence_rej_type;
	struct arena *a = arena_create(4096, 4 * XML_BODY_MAX);
	const struct reject *reject =
		a ? pidf_read(a, m->body, &doc) : &presence_rej_overload;
	arena_free(a);
	return reject;
}

static bool replace(struct buf *b, struct slice with)
{
	buf_reset(b);
	buf_put(b, with);
	return !buf_failed(b);
}

/* As Record-Route has it: we are the one who is asked (RFC 3261 12.1.1). */
static bool keep_route(struct backend *b, const struct sip_msg *m)
{
	const struct sip_header *h;
	size_t at = 0;
	buf_reset(&b->route);
	while ((h = sip_header_next(m, SIP_H_RECORD_ROUTE, &at))) {
		if (b->route.len)
			buf_str(&b->route, ", ");
		letter_unfolded(&b->route, h->value);
	}
	return !buf_failed(&b->route);
}

static bool keep_dialog(struct backend *b, const struct notice *n)
{
	bool fine = replace(&b->target, n->contact.uri.text);
	if (!b->remote_tag.len)
		fine = fine && keep_route(b, n->msg) &&
		       replace(&b->remote_tag, n->msg->from_tag);
	return fine;
}

static void take(struct backend *b, const struct notice *n)
{
	b->heard = true;
	b->tries = 0;
	b->life_s = n->life_s;
	b->state = slice_ieq(n->state, SLICE_LIT("pending")) ? STATE_PENDING
							     : STATE_ACTIVE;
	if (n->msg->body.len && !replace(&b->doc, n->msg->body))
		buf_reset(&b->doc);
	if (b->phase != PHASE_ASKED)
		live(b);
	changed(b);
}

static const struct reject *check(const struct backend *b, struct notice *n)
{
	const struct reject *reject =
		n->msg->cseq <= b->remote_cseq ? &presence_rej_order : NULL;
	if (!reject)
		reject = read_contact(n);
	return reject ? reject : read_body(n->msg);
}

const struct reject *presence_notified(struct presence *p,
				       const struct presence_request *r,
				       struct presence_answer *out)
{
	struct notice n = { .msg = r->msg, .from = r->from };
	const struct reject *reject = read_state(&n);
	if (reject)
		return reject;
	bool ends = slice_ieq(n.state, SLICE_LIT("terminated"));
	struct backend *b = find(p, &n);
	if (!b && !ends)
		return &presence_rej_no_dialog;
	reject = b ? check(b, &n) : NULL;
	if (!reject && b && !keep_dialog(b, &n)) {
		forget_dialog(b);
		reject = &presence_rej_overload;
	}
	if (reject)
		return reject;
	if (b) {
		b->remote_cseq = r->msg->cseq;
		if (ends)
			finish(b, ending_of_reason(n.reason));
		else
			take(b, &n);
	}
	out->status = 200;
	return NULL;
}

bool presence_notice_is_ours(const struct presence *p, const struct sip_msg *m)
{
	struct slice id = m->call_id, name = p->conf->edge_name;
	static const struct slice mark = { (const uint8_t *)"@rls.", 5 };
	return m->method == SIP_NOTIFY && m->to_tag.len && name.len &&
	       id.len > mark.len + name.len && slice_ends(id, name) &&
	       slice_ends(slice_head(id, id.len - name.len), mark);
}
