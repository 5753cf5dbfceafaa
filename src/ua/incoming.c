/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server says: answers to our requests, and requests of others. Any
 * callback may end or free the agent, so after each one its state is looked
 * at before going on.
 */
#include <errno.h>

#include "ua/ua_int.h"

enum { ARENA_FIRST = 4096, ARENA_MAX = 512 << 10 };

static const char allowed[] = "MESSAGE, OPTIONS";

/* A header that an answer carries besides the copied ones. */
struct extra {
	enum sip_header_id id;
	struct slice value;
};

static void answer(struct ua *u, const struct sip_msg *m, uint16_t status,
		   const struct extra *extra)
{
	char tag[UA_TOKEN_MAX];
	struct sip_edits edits;
	struct buf out;

	if (ua_token(tag))
		return;
	sip_edits_init(&edits);
	if (extra)
		sip_edit_bottom(&edits, extra->id, extra->value);
	struct sip_reply reply = { .status = status,
				   .to_tag = slice_str(tag),
				   .extra = &edits };
	buf_init(&out, 0);
	/* Not answered means that the sender asks again. */
	if (!sip_encode_reply(&out, m, &reply) && !buf_failed(&out) && u->conn)
		(void)conn_write(u->conn, buf_slice(&out));
	buf_free(&out);
}

static uint16_t ask_owner(struct ua *u, const struct sip_msg *m)
{
	const struct sip_header *type = sip_header(m, SIP_H_CONTENT_TYPE);
	char from[SIP_AOR_MAX];

	if (sip_aor(&m->from.uri, from))
		return 400;
	if (u->state == UA_CLOSING)
		return 480;
	if (!u->ops->on_message)
		return 200;
	return u->ops->on_message(u->arg, slice_str(from),
				  type ? type->value : SLICE_NONE, m->body);
}

static void take_message(struct ua *u, const struct sip_msg *m)
{
	uint16_t status = ask_owner(u, m);

	if (!u->freed && u->state != UA_ENDED)
		answer(u, m, status ? status : 200, NULL);
}

static void take_request(struct ua *u, const struct sip_msg *m)
{
	const struct extra allow = { SIP_H_ALLOW, SLICE_LIT(allowed) };
	const struct sip_header *require = sip_header(m, SIP_H_REQUIRE);

	if (m->method == SIP_ACK)
		return;
	if (require && m->method != SIP_CANCEL) {
		const struct extra bad = { SIP_H_UNSUPPORTED, require->value };
		answer(u, m, 420, &bad);
		return;
	}
	switch ((int)m->method) {
	case SIP_MESSAGE:
		take_message(u, m);
		break;
	case SIP_OPTIONS:
		answer(u, m, 200, &allow);
		break;
	case SIP_CANCEL:
		answer(u, m, 481, NULL);
		break;
	case SIP_METHOD_UNKNOWN:
		answer(u, m, 501, &allow);
		break;
	default:
		answer(u, m, 405, &allow);
	}
}

/* 401 and 407: the request again with credentials. False: that was final. */
static bool try_credentials(struct ua_request *r, struct arena *a,
			    const struct sip_msg *m)
{
	enum sip_header_id header;
	struct buf auth;

	if ((m->status != 401 && m->status != 407) ||
	    r->attempts == UA_ATTEMPTS_MAX)
		return false;
	buf_init(&auth, 0);
	int err = ua_auth_answer(r, a, m, &header, &auth);
	if (!err) {
		r->attempts++;
		r->cseq =
			r->method == SIP_REGISTER ? ++r->ua->cseq : r->cseq + 1;
		err = ua_request_send(r, header, buf_slice(&auth));
	}
	buf_free(&auth);
	return !err;
}

static void take_response(struct ua *u, struct arena *a,
			  const struct sip_msg *m)
{
	struct ua_request *r = ua_request_find(u, m);

	if (!r || m->status < 200)
		return;
	if (!try_credentials(r, a, m))
		ua_finish(r, m, NULL);
}

static void take_one(struct ua *u, struct slice whole)
{
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	struct sip_msg m;

	if (!a) {
		ua_end(u, "out of memory");
		return;
	}
	const struct reject *rej = sip_parse(a, whole, &sip_limits_default, &m);
	if (!rej && m.request)
		take_request(u, &m);
	else if (!rej)
		take_response(u, a, &m);
	else if (rej->status && sip_answerable(&m))
		answer(u, &m, rej->status, NULL);
	arena_free(a);
}

/* One step of the stream; false: nothing more can be done now. */
static bool step(struct ua *u, struct slice data, size_t *len)
{
	const struct reject *rej;

	switch (sip_frame(&u->framer, data, &sip_limits_default, len, &rej)) {
	case SIP_FRAME_MORE:
		return false;
	case SIP_FRAME_MESSAGE:
		take_one(u, slice_head(data, *len));
		return true;
	case SIP_FRAME_PING:
		(void)conn_write(u->conn, SLICE_LIT("\r\n"));
		return true;
	case SIP_FRAME_SKIP:
		return true;
	case SIP_FRAME_REFUSED:
	case SIP_FRAME_NOT_SIP:
		break;
	}
	ua_end(u, "the server does not speak SIP");
	return false;
}

size_t ua_incoming(struct ua *u, struct slice data)
{
	size_t used = 0;

	while (used < data.len && !u->freed && u->state != UA_ENDED) {
		size_t len = 0;
		if (!step(u, slice_from(data, used), &len))
			break;
		used += len;
	}
	return used;
}
