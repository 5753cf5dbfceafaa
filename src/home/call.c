/* SPDX-License-Identifier: Apache-2.0 */
/* Between home and its forwarding core: what the core asks for (proxy_ops),
 * and the state of a request while home decides. */
#include <errno.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/text.h"
#include "home/home_int.h"
#include "home/load.h"
#include "home/mailbox.h"
#include "home/presence.h"
#include "presence/mras.h"

struct call *call_find(struct home *h, uint64_t id)
{
	struct proxy_request *r = proxy_request_find(h->proxy, id);
	return r ? proxy_request_user(r) : NULL;
}

void call_refuse(struct call *q, const struct reject *reject)
{
	if (q->msg->method == SIP_ACK)
		proxy_drop(q->r);
	else
		proxy_refuse(q->r, reject);
}

struct slice call_copy(struct call *q, struct buf *b)
{
	struct slice s = SLICE_NONE;
	if (!buf_failed(b))
		s = arena_copy(proxy_request_arena(q->r), buf_slice(b));
	buf_free(b);
	return s;
}

/* Address texts come with or without a port: ports change, users stay. */
static uint64_t source_unit(struct slice text)
{
	static const uint64_t seed[2] = { 0, 0 };
	struct addr a;
	if (addr_parse(text, true, &a) && addr_parse_host(text, 0, &a))
		return hash_keyed(seed, text);
	return addr_source(&a);
}

static struct call *call_create(struct home *h, struct proxy_request *r)
{
	struct arena *a = proxy_request_arena(r);
	struct call *q = arena_alloc(a, sizeof(*q));
	if (!q)
		return NULL;
	char domain[SIP_DOMAIN_MAX];
	q->home = h;
	q->r = r;
	q->msg = proxy_request_msg(r);
	q->id = proxy_request_id(r);
	q->origin = proxy_request_from(r)->kind == HOP_FEDERATION
			    ? ORIGIN_FEDERATION
			    : ORIGIN_CLIENT;
	if (h->arriving) {
		q->source = source_unit(h->arriving->source);
		q->source_text = arena_copy(a, h->arriving->source);
	}
	if (sip_aor(&q->msg->from.uri, q->from_aor))
		q->from_aor[0] = '\0';
	q->from_ours = !sip_domain(q->msg->from.uri.host, domain) &&
		       home_is_ours(h, slice_str(domain));
	proxy_request_set_user(r, q);
	return q;
}

static void on_request(void *arg, struct proxy_request *r)
{
	struct home *h = arg;
	uint8_t kind = proxy_request_from(r)->kind;
	struct call *q = kind == HOP_NOTIFY ? NULL : call_create(h, r);
	if (kind == HOP_NOTIFY)
		presence_notify_request(h, r);
	else if (!q)
		proxy_refuse(r, &home_rej_overload);
	else if (kind == HOP_STORE)
		mailbox_on_request(q);
	else if (kind == HOP_SELF)
		request_own(q);
	else if (q->msg->method == SIP_ACK)
		request_start(q);
	else if (!load_hold(q))
		request_start(q);
}

static int to_worker(struct home *h, const struct proxy_hop *to,
		     enum ipc_type type, const void *body)
{
	struct flow_key flow = { to->slot, to->incarnation, 0 };
	if (!home_edge_is(h, &flow))
		return -EPIPE;
	return h->ops.to_edge(h->arg, to->slot, type, body);
}

/* Which flow a branch went to; one that is cancelled is known already. */
static void note_fork(struct home *h, const struct proxy_hop *to, uint64_t txn,
		      uint16_t branch)
{
	struct call *q = txn ? call_find(h, txn) : NULL;
	for (size_t i = 0; q && i < q->fork_count; i++)
		if (q->fork[i].branch == branch)
			return;
	if (q && q->fork_count < HOME_FORK_MAX)
		q->fork[q->fork_count++] = (struct call_fork){
			branch, { to->slot, to->incarnation, to->flow }
		};
}

static int on_send(void *arg, const struct proxy_hop *to, bool request,
		   struct slice bytes, uint64_t txn, uint16_t branch)
{
	struct home *h = arg;
	struct ipc_sip_from_home out = { .bytes = bytes };
	struct ipc_answer_from_home answer = { .bytes = bytes };
	if (to->kind == HOP_STORE || to->kind == HOP_SELF ||
	    to->kind == HOP_NOTIFY)
		return 0; /* on_done tells how it ended */
	if (!request)
		return to_worker(h, to, IPC_ANSWER_FROM_HOME, &answer);
	note_fork(h, to, txn, branch);
	return to_worker(h, to, IPC_SIP_FROM_HOME, &out);
}

/* Read back by home_from_edge(): same process, same byte order. */
static int on_branch(void *arg, uint64_t txn, uint16_t branch, struct buf *out)
{
	const struct home *h = arg;
	uint8_t bytes[8 + 8 + 2];
	memcpy(bytes, &h->life, 8);
	memcpy(bytes + 8, &txn, 8);
	memcpy(bytes + 16, &branch, 2);
	text_base32(out, slice_of(bytes, sizeof(bytes)));
	return buf_failed(out) ? -ENOMEM : 0;
}

static void on_response(void *arg, struct proxy_request *r,
			const struct sip_msg *response, struct sip_edits *edits)
{
	(void)arg;
	(void)edits;
	struct call *q = proxy_request_user(r);
	if (q && response->status >= 200)
		once_settle(q, response->status);
}

/* ms-diagnostics: what went wrong, by number, for the programs that ask; for
 * those outside in a header of its own. */
static void add_diagnostics(const struct home *h, struct proxy_request *r,
			    const struct reject *reject,
			    struct sip_edits *extra)
{
	struct buf b;
	bool outside = proxy_request_from(r)->kind == HOP_FEDERATION;
	if (!reject->diagnostics || (outside && reject->inside_only))
		return;
	buf_init(&b, 0);
	buf_printf(&b, "%u;reason=\"%s\";source=\"%.*s\"",
		   (unsigned)reject->diagnostics, reject->reason,
		   SLICE_FMT(h->conf->edge_name));
	struct slice value = SLICE_NONE;
	if (!buf_failed(&b))
		value = arena_copy(proxy_request_arena(r), buf_slice(&b));
	buf_free(&b);
	if (value.len) /* without memory it goes without */
		sip_edit_bottom(extra,
				outside ? SIP_H_MS_DIAGNOSTICS_PUBLIC
					: SIP_H_MS_DIAGNOSTICS,
				value);
}

static void add_min_expires(const struct home *h, struct proxy_request *r,
			    struct sip_edits *extra)
{
	struct buf b;
	buf_init(&b, 0);
	buf_dec(&b, h->conf->expires_min_s);
	struct slice value = SLICE_NONE;
	if (!buf_failed(&b))
		value = arena_copy(proxy_request_arena(r), buf_slice(&b));
	buf_free(&b);
	if (value.len)
		sip_edit_bottom(extra, SIP_H_MIN_EXPIRES, value);
}

static void add_unsupported(const struct call *q, struct sip_edits *extra)
{
	const struct sip_header *head;
	size_t at = 0;
	while ((head = sip_header_next(q->msg, SIP_H_REQUIRE, &at))) {
		struct slice rest = head->value, tag;
		while (sip_list_next(&rest, &tag) == 1)
			if (!request_supports(tag))
				sip_edit_bottom(extra, SIP_H_UNSUPPORTED, tag);
	}
}

static void on_refuse(void *arg, struct proxy_request *r,
		      const struct reject *reject, struct sip_edits *extra)
{
	struct home *h = arg;
	struct call *q = proxy_request_user(r);
	add_diagnostics(h, r, reject, extra);
	if (reject == &home_rej_interval)
		add_min_expires(h, r, extra);
	if (reject == &home_rej_mailbox)
		sip_edit_bottom(extra, SIP_H_RETRY_AFTER, SLICE_LIT("600"));
	if (reject == &home_rej_method)
		sip_edit_bottom(extra, SIP_H_ALLOW,
				SLICE_LIT("OPTIONS, REGISTER"));
	mras_explain(reject, extra);
	if (!q)
		return;
	home_presence_explain(h, proxy_request_arena(r), reject, extra);
	if (reject == &home_rej_extension)
		add_unsupported(q, extra);
	if (q->auth.asked && auth_challenge(q, extra))
		LOG(LOG_ERROR, "home.challenge",
		    KV_STR("why", "no memory or no randomness"));
	once_settle(q, reject->status);
}

/* A new message that no device has taken waits for one that does. */
static bool on_failed(void *arg, struct proxy_request *r, uint16_t status)
{
	struct call *q = proxy_request_user(r);
	(void)arg;
	return q && q->to_user && keep_status(status) && keep_begin(q);
}

static void on_done(void *arg, const struct proxy_record *record)
{
	if (record->from->kind == HOP_NOTIFY)
		presence_notify_done(arg, record);
	if (record->from->kind == HOP_STORE)
		mailbox_on_done(arg, record->request, record->status);
	/* flow 0: it went out of the house, not to a device */
	if (record->request->method == SIP_MESSAGE && record->to &&
	    record->to->flow && record->status / 100 == 2)
		metric_add(M_HOME_DELIVERED, 1);
}

const struct proxy_ops home_proxy_ops = {
	.on_request = on_request,
	.send = on_send,
	.branch = on_branch,
	.on_response = on_response,
	.on_failed = on_failed,
	.on_refuse = on_refuse,
	.on_done = on_done,
};
