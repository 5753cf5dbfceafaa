/* SPDX-License-Identifier: Apache-2.0 */
/* A client's flow as a WebSocket. */
#include "edge/websocket.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "edge/edge_int.h"
#include "http/http.h"
#include "http/reject.h"
#include "http/ws.h"

enum { PARSE_ARENA_MAX = 1 << 20 };

static int write_frame(struct flow *f, enum ws_opcode opcode,
		       struct slice payload)
{
	struct buf out;
	buf_init(&out, 0);
	ws_write(&out, opcode, payload);
	int err = buf_failed(&out) ? -ENOBUFS
				   : conn_write(f->conn, buf_slice(&out));
	buf_free(&out);
	return err;
}

/* Text where it may be (RFC 7118 5): scripts read that more easily. */
int websocket_write(struct flow *f, struct slice bytes)
{
	return write_frame(f, text_utf8(bytes) ? WS_OP_TEXT : WS_OP_BINARY,
			   bytes);
}

static void say_close(struct flow *f, uint16_t code)
{
	struct buf out;
	buf_init(&out, 0);
	ws_write_close(&out, code);
	if (!buf_failed(&out))
		conn_write(f->conn, buf_slice(&out));
	buf_free(&out);
}

void websocket_say_close(struct flow *f)
{
	say_close(f, WS_GOING);
}

/* Everything behind this reads a length: who left it out gets it. */
static void take_measured(struct flow *f, struct slice message)
{
	struct arena *a = arena_create(SIP_VIEW_BYTES, PARSE_ARENA_MAX);
	struct sip_msg m;
	struct buf out;
	buf_init(&out, 0);
	if (a && !sip_parse_whole(a, message, &sip_limits_default, &m) &&
	    !sip_header(&m, SIP_H_CONTENT_LENGTH) &&
	    !sip_encode(&out, &m, NULL) && !buf_failed(&out))
		message = buf_slice(&out);
	flow_heard(f, SIP_FRAME_MESSAGE, message, NULL);
	buf_free(&out);
	arena_free(a);
}

static void take_message(struct flow *f, struct slice message)
{
	const struct reject *reject = NULL;
	size_t len = 0;
	enum sip_frame_result r =
		sip_frame_whole(message, &sip_limits_default, &len, &reject);
	if (r == SIP_FRAME_MESSAGE)
		take_measured(f, message);
	else
		flow_heard(f, r, slice_head(message, len), reject);
}

static void end(struct flow *f, uint16_t code)
{
	say_close(f, code);
	websocket_free(f->ws); /* it has spoken its last word */
	f->ws = NULL;
	flow_end(f, true);
}

static void refuse(struct flow *f, uint16_t code)
{
	metric_add(M_WS_BROKEN, 1);
	LOG_LIMITED(LOG_INFO, "websocket.broken", slice_str(f->source),
		    KV_STR("source", f->source), KV_STR("peer", f->peer),
		    KV_U64("code", code));
	end(f, code);
}

static void take_event(struct flow *f, enum ws_event event,
		       const struct ws_in *in)
{
	switch (event) {
	case WS_MORE:
	case WS_NOTHING:
		break;
	case WS_MESSAGE:
		take_message(f, in->payload);
		break;
	case WS_PING:
		if (write_frame(f, WS_OP_PONG, in->payload))
			flow_end(f, false);
		break;
	case WS_CLOSE:
		end(f, in->code == WS_NO_CODE ? WS_NORMAL : in->code);
		break;
	case WS_BAD:
		refuse(f, in->code);
		break;
	}
}

static size_t take(struct flow *f, struct slice data)
{
	size_t used = 0;
	while (!f->ending) {
		struct ws_in in;
		enum ws_event e = ws_read(f->ws, slice_from(data, used), &in);
		if (e == WS_MORE)
			break;
		used += in.used;
		take_event(f, e, &in);
	}
	if (f->ending)
		return data.len;
	flow_set_deadline(f, used < data.len || ws_partial(f->ws), used > 0);
	return used;
}

const struct reject *websocket_accept(struct flow *f,
				      const struct http_request *r,
				      struct buf *out)
{
	const struct edge_conf *c = f->edge->current->conf;
	char origin[256] = "";
	slice_cstr(http_field(r, "Origin"), origin, sizeof(origin));
	const struct reject *reject = http_websocket(r, "sip", out);
	if (!reject && !http_origin_ok(r, c->origins, c->origin_count))
		reject = &http_reject_origin;
	struct ws *w = reject ? NULL : calloc(1, sizeof(*w));
	if (!reject && !w)
		reject = &http_reject_memory;
	if (reject) {
		buf_reset(out);
		return reject;
	}
	const struct sip_limits *l = &sip_limits_default;
	ws_init(w, l->header_block + l->body);
	f->ws = w;
	f->take = take;
	metric_add(M_WS_ACCEPTED, 1);
	LOG(LOG_INFO, "websocket.open", KV_STR("source", f->source),
	    KV_STR("peer", f->peer), KV_STR("origin", origin));
	return NULL;
}

void websocket_free(struct ws *w)
{
	if (!w)
		return;
	ws_free(w);
	free(w);
}
