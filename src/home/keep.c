/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message that cannot be delivered now is given to the store, whole, as it
 * would have been sent. 202 says that it is on the disk (RFC 3428 8, MSG-01);
 * whatever goes wrong on the way is an error for the sender, never a 202.
 */
#include <errno.h>
#include <time.h>

#include "base/text.h"
#include "home/cpim.h"
#include "home/deliver.h"
#include "home/home_int.h"
#include "home/mailbox.h"
#include "home/store_link.h"

enum { DATE_MAX = 64 };

/* Later there may be somebody who answers otherwise. */
bool keep_status(uint16_t status)
{
	static const uint16_t row[] = { 408, 430, 480, 500, 502, 503, 504 };
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (row[i] == status)
			return true;
	return false;
}

/* That somebody is typing is of no use later (RFC 3994). */
static bool passing(struct slice content_type)
{
	struct sip_media_type t;
	return !sip_media_type_parse(content_type, &t) &&
	       sip_media_type_is(&t, "application", "im-iscomposing+xml");
}

static bool is_passing(const struct sip_msg *m)
{
	const struct sip_header *type = sip_header(m, SIP_H_CONTENT_TYPE);
	struct cpim c;
	if (type && passing(type->value))
		return true;
	return !cpim_of(m, &c) && passing(c.content_type);
}

/* Seconds that it may wait; 0: it may not (RFC 3428 4). */
static uint32_t lifetime(const struct call *q)
{
	const struct sip_header *h = sip_header(q->msg, SIP_H_EXPIRES);
	uint32_t longest = q->home->conf->stored_s;
	uint32_t s;
	if (!h || sip_delta_seconds(h->value, &s) || s > longest)
		return longest;
	return s;
}

static struct slice date(struct call *q)
{
	char text[DATE_MAX];
	time_t now = (time_t)q->home->ops.wall_s(q->home->arg);
	struct tm tm;
	if (!gmtime_r(&now, &tm) ||
	    !strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return SLICE_NONE;
	return arena_copy(proxy_request_arena(q->r), slice_str(text));
}

/* The Via is what tells one transaction from others later. */
static struct slice via(struct call *q)
{
	char mark[2 * SHA256_BYTES];
	struct buf b;
	text_hex(slice_of(q->once_key, SHA256_BYTES), mark);
	buf_init(&b, 0);
	buf_str(&b, "SIP/2.0/TLS stored.invalid;branch=z9hG4bK");
	buf_put(&b, slice_of(mark, sizeof(mark)));
	return call_copy(q, &b);
}

static void write_message(struct call *q, struct buf *out)
{
	static const enum sip_header_id dropped[] = {
		SIP_H_VIA, SIP_H_ROUTE, SIP_H_AUTHORIZATION,
		SIP_H_PROXY_AUTHORIZATION
	};
	struct sip_edits e;
	struct buf id;
	sip_edits_init(&e);
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		sip_edit_drop(&e, dropped[i]);
	sip_edit_top(&e, SIP_H_VIA, via(q));
	if (!sip_header(q->msg, SIP_H_DATE))
		sip_edit_bottom(&e, SIP_H_DATE, date(q));
	if (q->auth_aor[0] && !sip_header(q->msg, SIP_H_P_ASSERTED_IDENTITY)) {
		buf_init(&id, 0);
		buf_printf(&id, "<sip:%s>", q->auth_aor);
		sip_edit_bottom(&e, SIP_H_P_ASSERTED_IDENTITY,
				call_copy(q, &id));
	}
	for (size_t i = 0; i < e.count; i++)
		if (e.edit[i].kind != SIP_EDIT_DROP && !e.edit[i].value.len)
			out->failed = true; /* no memory for the value */
	if (sip_encode(out, q->msg, &e))
		out->failed = true;
}

static const struct reject *refusal_of(int err)
{
	static const struct {
		int err;
		const struct reject *reject;
	} rows[] = {
		{ -EDQUOT, &home_rej_mailbox },
		{ -ENOENT, &home_rej_not_found },
		{ -ENOSPC, &home_rej_store_full },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].err == err)
			return rows[i].reject;
	return &home_rej_store_down;
}

static void on_kept(struct home *h, struct pending *p, int err)
{
	struct slice aor = slice_of(p->text, p->text_len);
	struct call *q = call_find(h, p->call);
	struct sip_reply reply = { .status = 202 };
	/* without an answer in time it may be there all the same */
	if (!err || err == -EEXIST || err == -ETIMEDOUT)
		mailbox_add(h, aor, !q || deliver_untried(q));
	if (!err)
		metric_add(M_HOME_STORED, 1);
	if (q && err && err != -EEXIST) {
		call_refuse(q, refusal_of(err));
	} else if (q) {
		once_settle(q, 202);
		if (!err)
			notice_send(h, q->msg, NOTICE_STORED);
		proxy_reply(q->r, &reply);
	}
}

/* Whose quota it counts for (MSG-05). */
static struct slice origin_of(const struct call *q,
			      char domain[static SIP_DOMAIN_MAX])
{
	if (q->origin == ORIGIN_CLIENT ||
	    sip_domain(q->msg->from.uri.host, domain))
		return slice_str(q->from_aor);
	return slice_str(domain);
}

static int give(struct call *q, uint32_t life_s)
{
	struct home *h = q->home;
	uint64_t now_s = h->ops.wall_s(h->arg);
	char domain[SIP_DOMAIN_MAX] = "";
	struct buf bytes;
	buf_init(&bytes, 0);
	write_message(q, &bytes);
	struct ipc_message_put put = {
		.aor = slice_str(q->to_aor),
		.mark = slice_of(q->once_key, SHA256_BYTES),
		.sender = slice_str(q->from_aor),
		.origin = origin_of(q, domain),
		.notify = notice_wanted(q->msg, NOTICE_FAILED),
		.expires_s = now_s + life_s,
		.mark_until_s = now_s + HOME_ONCE_MS / 1000,
		.bytes = buf_slice(&bytes),
	};
	struct pending_ask a = { .type = IPC_MESSAGE_PUT,
				 .body = &put,
				 .id = &put.id,
				 .text = put.aor,
				 .call = q->id,
				 .done = on_kept };
	int err = buf_failed(&bytes) ? -ENOMEM : pending_ask(h, &a, NULL);
	buf_free(&bytes);
	return err;
}

bool keep_begin(struct call *q)
{
	uint32_t life_s = lifetime(q);
	/* one device is there or it is not (RFC 5627 5.3) */
	if (q->msg->method != SIP_MESSAGE || q->msg->to_tag.len || !life_s ||
	    q->device.kind != DEVICE_ANY || is_passing(q->msg))
		return false;
	if (give(q, life_s))
		call_refuse(q, &home_rej_store_down);
	return true;
}
