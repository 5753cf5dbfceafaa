/* SPDX-License-Identifier: Apache-2.0 */
/* Presence in home: requests for it end here, what it asks for is found. */
#include "home/presence.h"

#include <errno.h>

#include "base/log.h"
#include "home/consent.h"
#include "home/home_int.h"
#include "home/store_link.h"

_Static_assert((int)PRESENCE_RULE_CONTACT == (int)CONTACT_LISTED &&
		       (int)PRESENCE_RULE_ALLOW == (int)CONTACT_ALLOWED &&
		       (int)PRESENCE_RULE_BLOCK == (int)CONTACT_BLOCKED,
	       "rules have one numbering");

static struct presence_flow flow_of(const struct flow_key *k)
{
	return (struct presence_flow){ k->slot, k->incarnation, k->flow };
}

/* ---- what presence asks for ---- */

struct devices {
	void (*fn)(void *arg, const struct presence_device *d);
	void *arg;
};

static void on_devices(void *arg, struct slice aor,
		       void (*fn)(void *fn_arg,
				  const struct presence_device *d),
		       void *fn_arg)
{
	const struct home *h = arg;
	struct location_user *u = location_find(&h->location, aor);
	if (!u)
		return;
	LIST_EACH (it, tmp, &u->bindings) {
		const struct binding *b =
			container_of(it, struct binding, of_user);
		const struct presence_device d = {
			.contact = b->rec.contact,
			.call_id = b->rec.call_id,
			.cseq = b->rec.cseq,
			.flow = flow_of(&b->rec.flow),
			.expires_s = b->rec.expires_s,
		};
		fn(fn_arg, &d);
	}
}

/* The questions that wait carry presence's number in the place of a call's. */
static int ask_lists(struct home *h, struct ipc_contact_list *body,
		     pending_fn done, uint64_t number)
{
	const struct pending_ask a = { .type = IPC_CONTACT_LIST,
				       .body = body,
				       .id = &body->id,
				       .call = number,
				       .done = done };
	return pending_ask(h, &a, NULL);
}

static void on_rule(struct home *h, struct pending *p, int err)
{
	presence_rule_is(h->presence, p->call, err, p->rule);
}

static int on_ask(void *arg, struct slice owner, struct slice watcher,
		  uint64_t id)
{
	struct ipc_contact_list l = { .owner = owner, .contact = watcher };
	return ask_lists(arg, &l, on_rule, id);
}

static void on_listed(struct home *h, struct pending *p, int err)
{
	presence_contacts_end(h->presence, p->call, err);
}

static int on_list(void *arg, struct slice owner, uint64_t id)
{
	struct ipc_contact_list l = { .owner = owner };
	return ask_lists(arg, &l, on_listed, id);
}

static void on_save(void *arg, const struct presence_row *row)
{
	struct home *h = arg;
	const struct ipc_soft_del del = { .kind = (uint8_t)row->kind,
					  .aor = row->aor,
					  .name = row->id };
	const struct ipc_soft_put put = { .kind = (uint8_t)row->kind,
					  .aor = row->aor,
					  .name = row->id,
					  .record = row->record,
					  .expires_s = row->expires_s };
	int err = row->record.len ? h->ops.to_store(h->arg, IPC_SOFT_PUT, &put)
				  : h->ops.to_store(h->arg, IPC_SOFT_DEL, &del);
	if (err)
		LOG_LIMITED(LOG_WARN, "presence.not_saved", row->aor,
			    KV_SLICE("user", row->aor),
			    KV_STR("why", strerror(-err)));
}

static bool on_ours(void *arg, struct slice aor)
{
	const struct home *h = arg;
	size_t at = aor.len;
	while (at && aor.ptr[at - 1] != '@')
		at--;
	return at && home_is_ours(h, slice_from(aor, at));
}

static uint64_t on_wall_s(void *arg)
{
	const struct home *h = arg;
	return h->ops.wall_s(h->arg);
}

static const struct presence_ops ops = {
	.send = presence_notify_send,
	.ask = on_ask,
	.list = on_list,
	.devices = on_devices,
	.save = on_save,
	.ours = on_ours,
	.wall_s = on_wall_s,
};

static void on_bindings(void *arg, struct slice aor)
{
	struct home *h = arg;
	presence_devices_changed(h->presence, aor);
}

int home_presence_init(struct home *h)
{
	int err = presence_create(&h->presence, h->timers, &h->conf->presence,
				  &ops, h);
	if (err)
		return err;
	h->location.changed = on_bindings;
	h->location.changed_arg = h;
	return 0;
}

void home_presence_free(struct home *h)
{
	h->location.changed = NULL;
	presence_free(h->presence);
}

/* ---- what comes from the store ---- */

void home_presence_on_contact(struct home *h, const struct ipc_contact *m)
{
	struct pending *p = pending_find(h, m->id);
	if (!p || m->rule > PRESENCE_RULE_BLOCK)
		return;
	pending_keep(p);
	if (p->done == on_listed && m->rule == PRESENCE_RULE_CONTACT)
		presence_contact(h->presence, p->call, m->contact);
	p->rule = m->rule; /* for who asked for one contact */
}

void home_presence_on_soft(struct home *h, const struct ipc_soft *m)
{
	const struct presence_row row = { .kind = m->kind,
					  .aor = m->aor,
					  .id = m->name,
					  .record = m->record,
					  .expires_s = m->expires_s };
	struct presence_row gone = row;
	if (!h->loading || h->loading->id != m->id)
		return;
	pending_keep(h->loading);
	if (h->load == LOAD_DONE)
		return; /* what is here is newer */
	int err = presence_restore(h->presence, &row);
	gone.record = SLICE_NONE;
	if (err == -ENOMEM)
		h->load_incomplete = true;
	else if (err)
		on_save(h, &gone);
}

/* ---- requests ---- */

/* Which of the two, and who asks. */
static struct presence_request request_of(const struct call *q)
{
	const struct proxy_hop *from = proxy_request_from(q->r);
	bool ours = q->origin == ORIGIN_CLIENT;
	return (struct presence_request){
		.msg = q->msg,
		.from = slice_str(ours ? q->auth_aor : q->from_aor),
		.to = slice_str(q->to_aor),
		.ours = ours,
		.verified = consent_verified(q->msg),
		.flow = { from->slot, from->incarnation,
			  ours ? from->flow : 0 },
	};
}

static void reply(struct call *q, const struct presence_answer *a)
{
	const struct sip_reply r = { .status = a->status,
				     .to_tag = slice_str(a->to_tag),
				     .extra = &a->headers };
	if (a->headers.failed)
		call_refuse(q, &home_rej_overload);
	else
		proxy_reply(q->r, &r);
}

void home_presence_request(struct call *q)
{
	struct home *h = q->home;
	const struct presence_request r = request_of(q);
	struct presence_answer a;
	const struct reject *reject = &home_rej_identity;
	presence_answer_init(&a);
	if (r.from.len && q->msg->method == SIP_PUBLISH)
		reject = presence_publish(h->presence, &r, &a);
	else if (r.from.len && q->msg->method == SIP_NOTIFY)
		reject = presence_notified(h->presence, &r, &a);
	else if (r.from.len)
		reject = presence_subscribe(h->presence, &r, &a);
	if (reject)
		call_refuse(q, reject);
	else
		reply(q, &a);
	presence_answer_free(&a);
}

bool home_presence_serves(const struct home *h, const struct sip_msg *m)
{
	return m->method == SIP_PUBLISH ||
	       presence_notice_is_ours(h->presence, m) ||
	       (m->method == SIP_SUBSCRIBE && presence_serves(m));
}

void home_presence_explain(const struct home *h, struct arena *arena,
			   const struct reject *reject, struct sip_edits *extra)
{
	struct presence_answer a;
	if (!presence_explains(reject))
		return;
	presence_answer_init(&a);
	presence_explain(h->presence, reject, &a);
	for (size_t i = 0; i < a.headers.count && !a.headers.failed; i++) {
		const struct sip_edit *e = &a.headers.edit[i];
		struct slice value = arena_copy(arena, e->value);
		if (value.len) /* without memory it goes without */
			sip_edit_bottom(extra, e->id, value);
	}
	presence_answer_free(&a);
}
