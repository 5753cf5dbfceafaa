/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace: all workers are told what to look for, and what they see is passed on
 * step by step, until the time is over or the asker hangs up. Nobody waits for
 * a reader: what he does not take in time is lost, counted, and told.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin/admin_int.h"
#include "admin/json.h"
#include "admin/sequence.h"
#include "base/text.h"
#include "sip/uri.h"

enum {
	TRACES_MAX = 4,
	SECONDS_DEFAULT = 3600,
	SECONDS_MAX = 86400,
	UNREAD_MAX = 2 << 20, /* bytes that wait for the reader */
	RECORD_BYTES = 512,   /* of a record beside its message, about */
	START_MS = 2000,      /* for workers to say that they watch */
	BEAT_MS = 10000,
};

static const char *const directions[TRACE_WAY_COUNT] = {
	[TRACE_IN] = "in", [TRACE_OUT] = "out", [TRACE_NEITHER] = "none"
};
static const char *const verdicts[TRACE_VERDICT_COUNT] = {
	[TRACE_NO_VERDICT] = "none",  [TRACE_REFUSED] = "refused",
	[TRACE_TO_INSIDE] = "inside", [TRACE_TO_PARTNER] = "partner",
	[TRACE_TO_CLIENT] = "client",
};

/* request.state */
struct trace {
	struct request *r;
	struct timer beat;
	struct sequence sequence; /* records to be told */
	uint64_t until_ms;
	uint64_t records, lost;
	uint64_t untold; /* of lost */
	size_t asked, on;
	bool started;
	char user[SIP_AOR_MAX], partner[SIP_DOMAIN_MAX];
};

/* ---- workers ---- */

static int ask_worker(const struct trace *t, uint32_t slot)
{
	struct request *r = t->r;
	struct admin *a = r->admin;
	uint64_t now = timers_now(a->timers);
	uint64_t left = t->until_ms > now ? t->until_ms - now : 0;
	const struct ipc_trace m = {
		.id = r->ask,
		.seconds = (uint32_t)(left / 1000 + 1),
		.bodies = ctl_request_arg(r, "bodies").len > 0,
		.user = slice_str(t->user),
		.partner = slice_str(t->partner),
		.call_id = ctl_request_arg(r, "call"),
	};
	return a->ops.send(a->arg, PROC_EDGE, slot, IPC_TRACE, &m);
}

/* Calls fn with each worker that is there. */
static void each_worker(struct trace *t,
			void (*fn)(struct trace *t, uint32_t slot))
{
	for (uint32_t slot = 0; slot < SLOTS_MAX; slot++) {
		const struct neighbour *n =
			neighbour_find(t->r->admin, PROC_EDGE, slot);
		if (!n)
			break;
		if (n->connected)
			fn(t, slot);
	}
}

static void begin_at(struct trace *t, uint32_t slot)
{
	if (!ask_worker(t, slot))
		t->asked++;
}

static void end_at(struct trace *t, uint32_t slot)
{
	struct admin *a = t->r->admin;
	const struct ipc_trace_end m = { .id = t->r->ask };
	(void)a->ops.send(a->arg, PROC_EDGE, slot, IPC_TRACE_END, &m);
}

/* ---- the reader ---- */

/* A line that matters more than a record: there is always room for it. */
static void tell(struct trace *t, json_t *line)
{
	ctl_request_step(t->r, line);
}

static void started(struct trace *t)
{
	if (t->started)
		return;
	t->started = true;
	tell(t, json_pack("{s:I}", "started", (json_int_t)t->on));
}

static void tell_event(struct trace *t, uint32_t slot, const char *event)
{
	tell(t, json_pack("{s:I,s:s}", "worker", (json_int_t)slot, "event",
			  event));
}

static bool reader_is_slow(const struct trace *t)
{
	const struct asker *as = t->r->asker;
	return !as ||
	       (as->unread && as->unread(as) + t->sequence.bytes > UNREAD_MAX);
}

static void on_beat(struct timer *timer, void *arg)
{
	struct trace *t = arg;
	started(t);
	timer_start(timer, BEAT_MS);
	if (reader_is_slow(t))
		return;
	tell(t, json_pack("{s:I}", "lost", (json_int_t)t->untold));
	t->untold = 0;
}

static json_t *base64_text(struct slice bytes)
{
	struct buf b;
	json_t *text = NULL;
	buf_init(&b, 0);
	text_base64(&b, bytes);
	if (!buf_failed(&b))
		text = json_stringn(b.len ? (const char *)b.ptr : "", b.len);
	buf_free(&b);
	return text;
}

static json_t *record_of(const struct ipc_trace_record *m, uint32_t slot,
			 uint64_t lost)
{
	json_t *o = json_pack(
		"{s:I,s:I,s:s,s:s,s:i,s:i,s:I,s:I}", "time_ms",
		(json_int_t)m->time_ms, "worker", (json_int_t)slot, "direction",
		directions[m->direction < TRACE_WAY_COUNT ? m->direction
							  : TRACE_NEITHER],
		"verdict",
		verdicts[m->verdict < TRACE_VERDICT_COUNT ? m->verdict
							  : TRACE_NO_VERDICT],
		"status", (int)m->status, "diagnostics", (int)m->diagnostics,
		"size", (json_int_t)m->size, "lost", (json_int_t)lost);
	const struct {
		const char *key;
		struct slice value;
	} texts[] = {
		{ "transport", m->transport }, { "local", m->local },
		{ "remote", m->remote },       { "peer", m->peer },
		{ "user", m->user },           { "why", m->why },
		{ "text", m->text },           { "call_id", m->call_id },
		{ "cseq", m->cseq },
	};
	int err = o ? 0 : -1;
	for (size_t i = 0; !err && i < sizeof(texts) / sizeof(*texts); i++)
		err = json_object_set_new(o, texts[i].key,
					  json_text(texts[i].value));
	if (!err)
		err = json_object_set_new(o, "bytes", base64_text(m->bytes));
	if (!err)
		return o;
	json_decref(o);
	return NULL;
}

static void lose(struct trace *t, uint64_t count)
{
	t->lost += count;
	t->untold += count;
}

static void on_record(struct trace *t, const struct ipc_trace_record *m,
		      uint32_t slot)
{
	bool message = m->bytes.len || m->verdict;
	lose(t, m->lost);
	if (message && reader_is_slow(t)) {
		lose(t, 1);
		return;
	}
	if (!message)
		return; /* the beat tells what was lost */
	json_t *o = record_of(m, slot, t->untold);
	if (!o || sequence_put(&t->sequence, m->at_us, o,
			       m->bytes.len * 2 + RECORD_BYTES)) {
		lose(t, 1);
		return;
	}
	t->untold = 0;
	t->records++;
}

static void on_sequence(void *arg, json_t *line)
{
	tell(arg, line);
}

/* ---- the verb ---- */

static void state_free(void *state)
{
	struct trace *t = state;
	if (!t)
		return;
	timer_stop(&t->beat);
	sequence_free(&t->sequence);
	free(t);
}

static size_t running(struct admin *a)
{
	size_t n = 0;
	LIST_EACH (it, tmp, &a->requests) {
		const struct request *r =
			container_of(it, struct request, node);
		n += r->command->ops == &verb_trace && r->state && r->asker;
	}
	return n;
}

/* NULL: fine, or a sentence. */
static const char *check(struct trace *t, uint64_t *seconds)
{
	const struct request *r = t->r;
	const struct conf *c = r->admin->conf;
	struct slice user = ctl_request_arg(r, "user");
	struct slice partner = ctl_request_arg(r, "partner");
	struct slice time = ctl_request_arg(r, "seconds");
	if (user.len && sip_aor_text(user, t->user))
		return "the user is not an address user@domain";
	if (partner.len && sip_domain(partner, t->partner))
		return "the partner is not a domain";
	*seconds = SECONDS_DEFAULT;
	if (time.len && (slice_u64(time, SECONDS_MAX, seconds) || !*seconds))
		return "a trace lasts from 1 to 86400 seconds";
	if (ctl_request_arg(r, "bodies").len && !(c && c->admin.trace_bodies))
		return "the configuration keeps bodies hidden: "
		       "admin.trace_bodies is off";
	if (running(r->admin) >= TRACES_MAX)
		return "four traces run already; end one of them";
	return NULL;
}

static void log_begin(const struct trace *t)
{
	const struct request *r = t->r;
	LOG(LOG_INFO, "trace.begin", KV_STR("who", r->asker->who),
	    KV_U64("id", r->ask), KV_STR("user", t->user),
	    KV_STR("partner", t->partner),
	    KV_SLICE("call_id", ctl_request_arg(r, "call")),
	    KV_STR("bodies", ctl_request_arg(r, "bodies").len ? "yes" : "no"));
}

static void run_trace(struct request *r)
{
	struct admin *a = r->admin;
	struct trace *t = calloc(1, sizeof(*t));
	uint64_t seconds = 0;
	if (!t) {
		ctl_request_done(r, NULL);
		return;
	}
	t->r = r;
	timer_init(&t->beat, a->timers, on_beat, t);
	sequence_init(&t->sequence, a->timers, on_sequence, t);
	const char *why = check(t, &seconds);
	r->state = t;
	r->state_free = state_free;
	t->until_ms = timers_now(a->timers) + seconds * 1000;
	if (!why)
		each_worker(t, begin_at);
	if (!why && !t->asked)
		why = "no worker can be asked now; try again";
	if (why) {
		ctl_request_fail(r, "%s", why);
		return;
	}
	log_begin(t);
	timer_start(&t->beat, START_MS);
	ctl_request_deadline(r, (uint32_t)(seconds * 1000));
}

static void on_on(struct trace *t, const struct ipc_trace_on *m, uint32_t slot)
{
	if (m->error)
		tell_event(t, slot, "refused");
	else
		t->on++;
	if (!t->started && t->asked && !--t->asked)
		started(t);
}

static void on_answer(struct request *r, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	struct trace *t = r->state;
	if (!from || from->role != PROC_EDGE || !r->asker)
		return;
	if (m->type == IPC_TRACE_ON)
		on_on(t, &m->u.trace_on, from->slot);
	else if (m->type == IPC_TRACE_RECORD)
		on_record(t, &m->u.trace_record, from->slot);
}

static void on_gone(struct request *r, const struct proc_id *peer)
{
	if (peer->role == PROC_EDGE && r->state && r->asker)
		tell_event(r->state, peer->slot, "gone");
}

static void on_up(struct request *r, const struct proc_id *peer)
{
	struct trace *t = r->state;
	if (peer->role != PROC_EDGE || !t || !r->asker ||
	    ask_worker(t, peer->slot))
		return;
	if (!t->started)
		t->asked++;
	tell_event(t, peer->slot, "back");
}

/* Its time is over, or nobody looks any more. */
static void on_end(struct request *r)
{
	struct trace *t = r->state;
	each_worker(t, end_at);
	sequence_flush(&t->sequence);
	LOG(LOG_INFO, "trace.end", KV_U64("id", r->ask),
	    KV_U64("records", t->records), KV_U64("lost", t->lost));
	ctl_request_done(r, json_pack("{s:I,s:I}", "records",
				      (json_int_t)t->records, "lost",
				      (json_int_t)t->lost));
}

/* Whoever tells us may be at work with the request: it ends a turn later. */
static void on_left(struct request *r)
{
	ctl_request_deadline(r, 1);
}

const struct verb_ops verb_trace = { run_trace, on_answer, on_gone, on_end };
const struct live_ops trace_live = { on_up, on_left };
