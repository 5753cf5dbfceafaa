/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registrar (RFC 3261 10.3): who asks, for whom, for what; all checks;
 * then the table in memory and the store; and when the store has synced, the
 * flow is signed in and the 200 goes out.
 */
#include <errno.h>

#include "base/log.h"
#include "home/contacts.h"
#include "home/device.h"
#include "home/home_int.h"
#include "home/mailbox.h"
#include "home/store_link.h"

static size_t contacts_max(const struct home *h)
{
	return h->conf->contacts_max < HOME_CONTACTS_MAX ? h->conf->contacts_max
							 : HOME_CONTACTS_MAX;
}

/* Is this binding replaced or removed by that contact? A flow of a device is
 * told by instance and reg-id alone (RFC 5626 6), all else by its URI. */
static bool ends(const struct contact *c, const struct binding *b)
{
	if (b == c->fresh)
		return false;
	bool both = c->instance.len && b->rec.instance.len;
	if (both && !slice_eq(b->rec.instance, c->instance))
		return false; /* behind two NATs, with the same address */
	if (both && c->reg_id && b->rec.reg_id)
		return c->reg_id == b->rec.reg_id;
	return sip_uri_equal(&b->uri, &c->uri);
}

static bool ended(const struct registration *reg, const struct binding *b)
{
	for (size_t i = 0; i < reg->count; i++)
		if (ends(&reg->contact[i], b))
			return true;
	return reg->star;
}

/* Reads only. */
static const struct reject *check(const struct call *q)
{
	const struct home *h = q->home;
	const struct registration *reg = q->reg;
	struct location_user *u =
		location_find(&h->location, slice_str(q->to_aor));
	size_t count = 0;
	for (size_t i = 0; i < reg->count; i++)
		count += reg->contact[i].expires_s != 0;
	bool adds = count > 0;
	if (u)
		LIST_EACH (it, tmp, &u->bindings) {
			const struct binding *b =
				container_of(it, struct binding, of_user);
			if (!ended(reg, b))
				count++;
			else if (slice_eq(b->rec.call_id, q->msg->call_id) &&
				 q->msg->cseq <= b->rec.cseq)
				return &home_rej_order;
		}
	if (adds && count > contacts_max(h))
		return &home_rej_contacts;
	return h->store_up ? NULL : &home_rej_store_down;
}

/* Makes every new binding before anything is changed. */
static int make_bindings(struct call *q)
{
	const struct proxy_hop *from = proxy_request_from(q->r);
	const struct sip_header *agent = sip_header(q->msg, SIP_H_USER_AGENT);
	struct registration *reg = q->reg;
	struct record rec = {
		.path = reg->path,
		.call_id = q->msg->call_id,
		.cseq = q->msg->cseq,
		.flow = { from->slot, from->incarnation, from->flow },
	};
	if (agent)
		rec.user_agent = slice_head(agent->value, 256);
	for (size_t i = 0; i < reg->count; i++) {
		struct contact *c = &reg->contact[i];
		if (!c->expires_s)
			continue;
		rec.contact = c->uri.text;
		rec.instance = c->instance;
		rec.reg_id = c->reg_id;
		rec.expires_s =
			q->home->ops.wall_s(q->home->arg) + c->expires_s;
		int err = binding_create(&c->fresh, &rec);
		if (err)
			return err;
	}
	return 0;
}

static void free_bindings(struct registration *reg)
{
	for (size_t i = 0; i < reg->count; i++) {
		binding_free(reg->contact[i].fresh);
		reg->contact[i].fresh = NULL;
	}
}

static void finish(struct call *q);

static void on_written(struct home *h, struct pending *p, int err)
{
	struct call *q = call_find(h, p->call);
	if (!q)
		return;
	/* a full disk costs nobody the way to others: what is not written is
	 * forgotten by a restart, and the device signs in again (STO-02) */
	if (err == -ENOSPC)
		LOG_LIMITED(LOG_WARN, "home.not_durable", slice_str(q->to_aor),
			    KV_STR("user", q->to_aor),
			    KV_STR("why", strerror(-err)));
	else if (err)
		q->write_failed = true;
	if (--q->waiting == 0)
		finish(q);
}

/* One write; the 200 waits for it. */
static void write_row(struct call *q, enum ipc_type type, void *body,
		      uint64_t *id)
{
	struct pending_ask a = { .type = type,
				 .body = body,
				 .id = id,
				 .call = q->id,
				 .done = on_written };
	q->waiting++;
	if (!pending_ask(q->home, &a, NULL))
		return;
	q->write_failed = true;
	q->waiting--;
}

static void write_delete(struct call *q, const struct binding *b)
{
	struct ipc_binding_del del = { .aor = slice_str(q->to_aor),
				       .contact = b->key };
	write_row(q, IPC_BINDING_DEL, &del, &del.id);
}

static void write_put(struct call *q, const struct binding *b)
{
	struct buf record;
	buf_init(&record, 0);
	record_encode(&record, &b->rec);
	struct ipc_binding_put put = { .aor = slice_str(q->to_aor),
				       .contact = b->key,
				       .record = buf_slice(&record),
				       .expires_s = b->rec.expires_s };
	if (buf_failed(&record))
		q->write_failed = true;
	else
		write_row(q, IPC_BINDING_PUT, &put, &put.id);
	buf_free(&record);
}

static bool is_fresh(const struct registration *reg, const struct binding *b)
{
	for (size_t i = 0; i < reg->count; i++)
		if (reg->contact[i].fresh == b)
			return true;
	return false;
}

/* A row of the same text is overwritten by the new one, not deleted. */
static bool rewritten(const struct registration *reg, const struct binding *b)
{
	for (size_t i = 0; i < reg->count; i++)
		if (reg->contact[i].fresh &&
		    slice_eq(reg->contact[i].fresh->key, b->key))
			return true;
	return false;
}

static void remove_ended(struct call *q)
{
	struct location *l = &q->home->location;
	struct location_user *u = location_find(l, slice_str(q->to_aor));
	size_t left = u ? u->count : 0;
	struct list *it = u ? u->bindings.next : NULL;
	for (; left > 0; left--) {
		struct binding *b = container_of(it, struct binding, of_user);
		it = it->next; /* the list head may go with its last one */
		if (is_fresh(q->reg, b) || !ended(q->reg, b))
			continue;
		if (!rewritten(q->reg, b))
			write_delete(q, b);
		location_remove(l, b);
	}
}

/* What was registered before stands. */
static void take_back(struct call *q)
{
	for (size_t i = 0; i < q->reg->count; i++) {
		struct binding *b = q->reg->contact[i].fresh;
		q->reg->contact[i].fresh = NULL;
		if (b && b->user)
			location_remove(&q->home->location, b);
		else
			binding_free(b);
	}
}

/* New ones first, so that the user is never without a binding between. */
static void apply(struct call *q)
{
	struct registration *reg = q->reg;
	q->waiting = 1; /* until all are on their way */
	for (size_t i = 0; i < reg->count && !q->write_failed; i++) {
		struct contact *c = &reg->contact[i];
		if (!c->fresh)
			continue;
		if (location_add(&q->home->location, slice_str(q->to_aor),
				 c->fresh, c->expires_s)) {
			q->write_failed = true;
			break;
		}
		write_put(q, c->fresh);
	}
	if (q->write_failed)
		take_back(q);
	else
		remove_ended(q);
	if (--q->waiting == 0)
		finish(q);
}

static void write_contact(struct call *q, const struct binding *b,
			  struct buf *out)
{
	uint64_t now_s = q->home->ops.wall_s(q->home->arg);
	uint64_t left = b->rec.expires_s > now_s ? b->rec.expires_s - now_s : 0;
	buf_str(out, "<");
	buf_put(out, b->rec.contact);
	buf_printf(out, ">;expires=%llu", (unsigned long long)left);
	if (b->rec.instance.len) {
		buf_str(out, ";+sip.instance=");
		buf_put(out, b->rec.instance);
	}
	if (b->rec.reg_id)
		buf_printf(out, ";reg-id=%u", (unsigned)b->rec.reg_id);
	if (q->reg->gruu &&
	    device_write(q->home->sealer, slice_str(q->to_aor), &b->rec, out))
		out->failed = true;
}

/* What was used of the extensions, and what is there (RFC 5626 6, RFC 5627
 * 5.1). Flow-Timer: how often a client has to be heard, and is (RFC 5626 4.4.1
 * and 3.5.1), so that it finds out when its connection is gone. */
static void put_extensions(const struct call *q, struct sip_edits *extra)
{
	if (q->reg->path.len)
		sip_edit_bottom(extra, SIP_H_PATH, q->reg->path);
	sip_edit_bottom(extra, SIP_H_SUPPORTED, home_supported);
	if (!q->reg->outbound)
		return;
	sip_edit_bottom(extra, SIP_H_REQUIRE, SLICE_LIT("outbound"));
	sip_edit_bottom(extra, SIP_H_FLOW_TIMER, SLICE_LIT("120"));
}

/* All bindings that stand now (RFC 3261 10.3 step 8). */
static void answer(struct call *q)
{
	struct home *h = q->home;
	struct location_user *u =
		location_find(&h->location, slice_str(q->to_aor));
	struct sip_edits extra;
	struct sip_reply reply = { .status = 200, .extra = &extra };
	sip_edits_init(&extra);
	if (u)
		LIST_EACH (it, tmp, &u->bindings) {
			struct buf b;
			buf_init(&b, 0);
			write_contact(q,
				      container_of(it, struct binding, of_user),
				      &b);
			struct slice value = call_copy(q, &b);
			if (!value.len)
				extra.failed = true;
			sip_edit_bottom(&extra, SIP_H_CONTACT, value);
		}
	put_extensions(q, &extra);
	if (extra.failed)
		call_refuse(q, &home_rej_overload);
	else
		proxy_reply(q->r, &reply);
}

static void finish(struct call *q)
{
	struct home *h = q->home;
	const struct proxy_hop *from = proxy_request_from(q->r);
	struct ipc_flow_auth auth = { .flow = from->flow,
				      .aor = slice_str(q->to_aor) };
	char aor[SIP_AOR_MAX]; /* the request ends with its answer */
	bool adds = false;
	memcpy(aor, q->to_aor, sizeof(aor));
	for (size_t i = 0; i < q->reg->count; i++)
		adds |= q->reg->contact[i].expires_s != 0;
	if (q->write_failed) {
		call_refuse(q, &home_rej_store_down);
		return;
	}
	/* if the worker is gone, so is the flow that this would sign in */
	if (adds)
		(void)h->ops.to_edge(h->arg, from->slot, IPC_FLOW_AUTH, &auth);
	answer(q);
	if (adds)
		mailbox_wake(h, slice_str(aor));
}

static void on_signed(struct call *q)
{
	if (strcmp(q->auth_aor, q->to_aor) != 0) {
		LOG_LIMITED(LOG_WARN, "id.mismatch", q->source_text,
			    KV_SLICE("source", q->source_text),
			    KV_STR("account", q->auth_aor),
			    KV_STR("to", q->to_aor));
		call_refuse(q, &home_rej_not_yours);
		return;
	}
	struct arena *a = proxy_request_arena(q->r);
	q->reg = arena_alloc(a, sizeof(*q->reg));
	const struct reject *reject =
		q->reg ? contacts_read(a, q->msg, q->home->conf, q->reg)
		       : &home_rej_overload;
	bool query = !reject && !q->reg->star && !q->reg->count;
	if (!reject && !query)
		reject = check(q);
	if (reject) {
		call_refuse(q, reject);
	} else if (query) {
		answer(q);
	} else if (make_bindings(q)) {
		free_bindings(q->reg);
		call_refuse(q, &home_rej_overload);
	} else {
		apply(q);
	}
}

static const struct reject *check_target(struct call *q)
{
	const struct sip_msg *m = q->msg;
	char domain[SIP_DOMAIN_MAX];
	if (q->origin != ORIGIN_CLIENT)
		return &home_rej_outsider_register;
	if (sip_domain(m->uri.host, domain) ||
	    !home_is_ours(q->home, slice_str(domain)) ||
	    sip_domain(m->to.uri.host, q->auth.realm) ||
	    !home_is_ours(q->home, slice_str(q->auth.realm)))
		return &home_rej_domain;
	if (!request_requires_known(m))
		return &home_rej_extension;
	if (sip_aor(&m->to.uri, q->to_aor))
		return &home_rej_not_found;
	return q->home->load == LOAD_DONE ? NULL : &home_rej_store_down;
}

void register_start(struct call *q)
{
	const struct reject *reject = check_target(q);
	if (reject)
		call_refuse(q, reject);
	else
		auth_begin(q, false, on_signed);
}
