/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waits for each user is delivered one by one, in order: asked of the
 * store, sent as a request of its own to all devices, deleted after a 2xx
 * (MSG-01). A user has an entry here exactly as long as something waits, or is
 * still being deleted.
 *
 *     IDLE -> READY -> ASKING -> SENDING -> READY ...
 *       ^                |          |
 *       +----------------+----------+   try again later
 *
 * IDLE waits for the user's next registration, and, while a device is there
 * that did not take it, for a timer: seconds first, then 1, 2, 4 ... 15
 * minutes (MSG-03). Nobody waits for a deletion: as the order is strict, what
 * is not newer than the last one that was delivered is only deleted again. What
 * we cannot even read is reported to the store, which sets it aside (MSG-04).
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "home/deliver.h"
#include "home/home_int.h"
#include "home/load.h"
#include "home/mailbox.h"
#include "home/store_link.h"

enum mailbox_state {
	MAILBOX_IDLE,
	MAILBOX_READY,
	MAILBOX_ASKING,
	MAILBOX_SENDING,
	MAILBOX_REPORTING,
};

/* Owned by h->mailboxes. */
struct mailbox {
	struct map_node node;
	struct list ready;
	struct home *home;
	struct timer retry;
	enum mailbox_state state;
	struct pending *asking; /* whose answer counts; NULL: none */
	bool again;             /* the user registered meanwhile */
	bool ended;             /* the attempt; status says how */
	bool bad;               /* it could not be read */
	uint16_t status;
	uint64_t key;       /* of the message, 0: none came */
	uint64_t delivered; /* the newest that needs no delivery any more */
	uint64_t after;     /* where to read on */
	unsigned deleting;  /* that were not answered yet */
	bool leftover;      /* a deletion has failed */
	bool drained;       /* nothing but deletions */
	unsigned failures;
	size_t aor_len;
	char aor[];
};

static struct slice aor_of(const struct mailbox *q)
{
	return slice_of(q->aor, q->aor_len);
}

static struct mailbox *find(const struct home *h, struct slice aor)
{
	struct map_node *n = map_find(&h->mailboxes, aor);
	return n ? container_of(n, struct mailbox, node) : NULL;
}

/* The only writer of state: READY is a list, what works counts as active. */
static void set_state(struct mailbox *q, enum mailbox_state state)
{
	struct home *h = q->home;
	bool was_active = q->state > MAILBOX_READY;
	list_remove(&q->ready);
	if (state == MAILBOX_READY)
		list_push_back(&h->mailboxes_ready, &q->ready);
	q->state = state;
	h->mailboxes_active += state > MAILBOX_READY;
	h->mailboxes_active -= was_active;
}

static void ask(struct mailbox *q, enum ipc_type type, void *body, uint64_t *id,
		pending_fn done);
static void on_next(struct home *h, struct pending *p, int err);

static void start_next(struct mailbox *q)
{
	struct ipc_message_next next = { .aor = aor_of(q) };
	q->drained = false;
	next.after = q->after;
	q->key = 0;
	q->ended = false;
	q->bad = false;
	q->again = false;
	set_state(q, MAILBOX_ASKING);
	ask(q, IPC_MESSAGE_NEXT, &next, &next.id, on_next);
}

static void pump(struct home *h)
{
	while (h->mailboxes_active < HOME_MAILBOXES_ACTIVE_MAX &&
	       !list_empty(&h->mailboxes_ready))
		start_next(container_of(h->mailboxes_ready.next, struct mailbox,
					ready));
}

static void make_ready(struct mailbox *q)
{
	timer_stop(&q->retry);
	set_state(q, MAILBOX_READY);
}

/* Not now. With nobody there it is the next registration that helps. */
static void rest(struct mailbox *q)
{
	static const uint16_t rests_s[] = { 5, 15, 60, 120, 240, 480, 900 };
	enum { RESTS = sizeof(rests_s) / sizeof(rests_s[0]) };
	if (q->again) {
		make_ready(q);
		return;
	}
	set_state(q, MAILBOX_IDLE);
	if (!deliver_possible(q->home, aor_of(q)))
		return;
	timer_start(&q->retry, rests_s[q->failures] * 1000ULL);
	q->failures += q->failures + 1 < RESTS;
}

static void ask(struct mailbox *q, enum ipc_type type, void *body, uint64_t *id,
		pending_fn done)
{
	struct pending_ask a = { .type = type,
				 .body = body,
				 .id = id,
				 .text = aor_of(q),
				 .done = done };
	q->asking = NULL;
	if (pending_ask(q->home, &a, &q->asking)) {
		q->asking = NULL;
		q->again = false; /* the load that follows wakes it */
		rest(q);
	}
}

static struct mailbox *of_answer(struct home *h, const struct pending *p)
{
	return find(h, slice_of(p->text, p->text_len));
}

/* Is this what was asked last? An earlier question of a mailbox that went and
 * came again says nothing about this one. */
static bool is_answer(struct mailbox *q, const struct pending *p)
{
	if (!q || q->asking != p)
		return false;
	q->asking = NULL;
	return true;
}

static void forget(struct mailbox *q)
{
	set_state(q, MAILBOX_IDLE);
	timer_stop(&q->retry);
	map_remove(&q->home->mailboxes, &q->node);
	free(q);
}

/* It was reported: the next one, or the same once more. */
static void on_reported(struct home *h, struct pending *p, int err)
{
	struct mailbox *q = of_answer(h, p);
	if (!is_answer(q, p))
		return;
	if (err && err != -ENOENT)
		rest(q);
	else
		make_ready(q);
	pump(h);
}

static void on_deleted(struct home *h, struct pending *p, int err)
{
	struct mailbox *q = of_answer(h, p);
	if (!q)
		return;
	q->deleting--;
	if (err && err != -ENOENT)
		q->leftover = true;
	if (q->deleting || !q->drained || q->state != MAILBOX_IDLE)
		return;
	if (q->leftover)
		rest(q);
	else
		forget(q);
}

/* It is done with: on to the next one. */
static void delete_it(struct mailbox *q)
{
	struct ipc_message_del del = { .key = q->key };
	struct pending_ask a = { .type = IPC_MESSAGE_DEL,
				 .body = &del,
				 .id = &del.id,
				 .text = aor_of(q),
				 .done = on_deleted };
	if (q->key > q->delivered)
		q->delivered = q->key;
	q->after = q->key;
	q->failures = 0;
	make_ready(q);
	if (pending_ask(q->home, &a, NULL))
		q->leftover = true;
	else
		q->deleting++;
}

/* The store has no more. */
static void drained(struct mailbox *q)
{
	q->drained = true;
	if (q->leftover)
		rest(q);
	else if (q->deleting)
		set_state(q, MAILBOX_IDLE);
	else
		forget(q);
}

static void report_bad(struct mailbox *q)
{
	struct ipc_message_bad bad = { .key = q->key };
	set_state(q, MAILBOX_REPORTING);
	ask(q, IPC_MESSAGE_BAD, &bad, &bad.id, on_reported);
}

/* Will no device ever take it? */
static bool is_permanent(uint16_t status)
{
	static const uint16_t passing[] = { 401, 407, 429, 486, 487, 491 };
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (passing[i] == status)
			return false;
	return status >= 300 && !keep_status(status) &&
	       (status < 500 || status >= 600);
}

static void conclude(struct mailbox *q)
{
	if (q->bad)
		report_bad(q);
	else if (q->status / 100 == 2 || is_permanent(q->status))
		delete_it(q);
	else
		rest(q);
}

static void on_next(struct home *h, struct pending *p, int err)
{
	struct mailbox *q = of_answer(h, p);
	if (!is_answer(q, p))
		return;
	if (err == -ENOENT && !q->again) {
		drained(q);
	} else if (err || !q->key) {
		rest(q);
	} else {
		set_state(q, MAILBOX_SENDING);
		if (q->ended)
			conclude(q);
	}
	pump(h);
}

static void deliver(struct mailbox *q, struct slice bytes)
{
	struct home *h = q->home;
	const struct reject *reject = NULL;
	struct ipc_message_taken taken = { .key = q->key };
	struct proxy_hop hop = { .kind = HOP_STORE,
				 .flow = q->key,
				 .peer = SLICE_LIT("store") };
	proxy_receive(h->proxy, &hop, bytes, &reject);
	if (reject) {
		q->bad = true;
		q->ended = true;
	} else {
		/* if it is not heard, one bad attempt is counted too much */
		(void)h->ops.to_store(h->arg, IPC_MESSAGE_TAKEN, &taken);
	}
}

void mailbox_on_message(struct home *h, const struct ipc_message *m)
{
	struct pending *p = pending_find(h, m->id);
	struct mailbox *q = p ? of_answer(h, p) : NULL;
	if (!q || q->asking != p || q->key)
		return;
	q->key = m->key;
	if (m->key <= q->delivered) {
		q->status = 200;
		q->ended = true;
	} else {
		deliver(q, m->bytes);
	}
}

void mailbox_on_request(struct call *call)
{
	struct sip_uri uri;
	if (sip_uri_parse(call->msg->uri.text, &uri) ||
	    sip_aor(&uri, call->to_aor) || !deliver_stored(call))
		proxy_drop(call->r);
}

static void refused(struct mailbox *q, const struct sip_msg *m)
{
	LOG_LIMITED(LOG_INFO, "msg.refused", aor_of(q), KV_U64("id", q->key),
		    KV_SLICE("to", aor_of(q)), KV_SLICE("call_id", m->call_id),
		    KV_U64("code", q->status));
	notice_send(q->home, m, NOTICE_FAILED);
}

void mailbox_on_done(struct home *h, const struct sip_msg *m, uint16_t status)
{
	char aor[SIP_AOR_MAX];
	struct mailbox *q =
		sip_aor(&m->uri, aor) ? NULL : find(h, slice_str(aor));
	if (!q || q->state < MAILBOX_ASKING || q->state > MAILBOX_SENDING)
		return;
	q->ended = true;
	q->status = status;
	if (is_permanent(status))
		refused(q, m);
	if (q->state == MAILBOX_SENDING)
		conclude(q);
	pump(h);
}

/* After a rest. When a deletion has failed all of it is read once more: what
 * was delivered is only deleted then. */
static void go_on(struct mailbox *q)
{
	if (q->leftover)
		q->after = 0;
	q->leftover = false;
	make_ready(q);
}

static void on_retry(struct timer *t, void *arg)
{
	struct mailbox *q = arg;
	(void)t;
	go_on(q);
	pump(q->home);
}

static struct mailbox *create(struct home *h, struct slice aor)
{
	struct mailbox *q = calloc(1, sizeof(*q) + aor.len);
	if (!q)
		return NULL;
	q->home = h;
	q->aor_len = aor.len;
	memcpy(q->aor, aor.ptr, aor.len);
	if (map_insert(&h->mailboxes, &q->node, aor_of(q))) {
		free(q);
		return NULL;
	}
	timer_init(&q->retry, h->timers, on_retry, q);
	return q;
}

static void wake(struct mailbox *q)
{
	if (q->state == MAILBOX_IDLE && deliver_possible(q->home, aor_of(q)))
		go_on(q);
}

void mailbox_add(struct home *h, struct slice aor, bool hopeful)
{
	struct mailbox *q = find(h, aor);
	if (!q)
		q = create(h, aor);
	if (!q) {
		load_again(h); /* it is on the disk: it is found again */
		return;
	}
	q->drained = false;
	/* an answer of the store that is under way may say that it is empty */
	if (q->state == MAILBOX_ASKING)
		q->again = true;
	else if (!timer_running(&q->retry) && h->load == LOAD_DONE && hopeful)
		wake(q);
	else if (!timer_running(&q->retry) && q->state == MAILBOX_IDLE)
		rest(q);
	pump(h);
}

bool mailbox_waits(const struct home *h, struct slice aor)
{
	return find(h, aor) != NULL;
}

void mailbox_wake(struct home *h, struct slice aor)
{
	struct mailbox *q = find(h, aor);
	if (!q)
		return;
	q->failures = 0;
	if (q->state > MAILBOX_READY)
		q->again = true;
	wake(q);
	pump(h);
}

static void wake_node(struct map_node *n, void *arg)
{
	(void)arg;
	wake(container_of(n, struct mailbox, node));
}

void mailbox_wake_all(struct home *h)
{
	map_each(&h->mailboxes, wake_node, NULL);
	pump(h);
}

int mailbox_init(struct home *h)
{
	return map_init(&h->mailboxes);
}

static void free_node(struct map_node *n, void *arg)
{
	(void)arg;
	forget(container_of(n, struct mailbox, node));
}

void mailbox_free_all(struct home *h)
{
	if (h->mailboxes.slots)
		map_each(&h->mailboxes, free_node, NULL);
	map_free(&h->mailboxes);
}
