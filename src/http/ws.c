/* SPDX-License-Identifier: Apache-2.0 */
/* WebSocket frames. */
#include "http/ws.h"

#include "base/cursor.h"
#include "base/text.h"

enum {
	FIN = 0x80,
	RSV = 0x70,
	MASKED = 0x80,
	CONTROL = 0x08, /* bit of those opcodes */
	CONTROL_MAX = 125,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
	MASK_BYTES = 4
};

struct frame {
	bool fin;
	uint8_t opcode;
	uint64_t len;
	size_t head; /* bytes before the payload */
	const uint8_t *mask;
};

void ws_init(struct ws *w, size_t max)
{
	memset(w, 0, sizeof(*w));
	w->max = max;
	buf_init(&w->message, max);
}

void ws_free(struct ws *w)
{
	buf_free(&w->message);
}

bool ws_partial(const struct ws *w)
{
	return w->opcode && !w->whole;
}

/* RFC 6455 5.2: the shortest form has to be used. */
static bool read_length(struct cur *c, uint8_t first, uint64_t *len)
{
	*len = first;
	if (first == LENGTH_16) {
		*len = cur_u16(c);
		return cur_failed(c) || *len > CONTROL_MAX;
	}
	if (first == LENGTH_64) {
		*len = cur_u64(c);
		return cur_failed(c) || (*len > UINT16_MAX && *len >> 63 == 0);
	}
	return true;
}

/* May this frame come now? */
static bool opcode_ok(const struct ws *w, const struct frame *f)
{
	bool under_way = ws_partial(w);
	switch (f->opcode) {
	case WS_OP_CONTINUATION:
		return under_way;
	case WS_OP_TEXT:
	case WS_OP_BINARY:
		return !under_way;
	case WS_OP_CLOSE:
	case WS_OP_PING:
	case WS_OP_PONG:
		return f->fin && f->len <= CONTROL_MAX;
	default:
		return false;
	}
}

static size_t held(const struct ws *w)
{
	return ws_partial(w) ? w->message.len : 0;
}

/* The head, and whether the payload is there too. 0: go on, WS_MORE, WS_BAD. */
static enum ws_event read_frame(const struct ws *w, struct slice data,
				struct frame *f, struct ws_in *in)
{
	struct cur c = cur_init(data);
	uint8_t first = cur_u8(&c);
	uint8_t second = cur_u8(&c);
	in->code = WS_PROTOCOL;
	if (cur_failed(&c))
		return WS_MORE;
	f->fin = first & FIN;
	f->opcode = first & 0x0f;
	if (first & RSV || !(second & MASKED) ||
	    !read_length(&c, second & 0x7f, &f->len))
		return WS_BAD;
	struct slice mask = cur_bytes(&c, MASK_BYTES);
	if (cur_failed(&c))
		return WS_MORE;
	if (!opcode_ok(w, f))
		return WS_BAD;
	f->mask = mask.ptr;
	f->head = data.len - cur_left(&c);
	if (!(f->opcode & CONTROL) && f->len > w->max - held(w)) {
		in->code = WS_TOO_LARGE;
		return WS_BAD;
	}
	return cur_left(&c) < f->len ? WS_MORE : WS_NOTHING;
}

static void unmask(uint8_t *to, struct slice from, const uint8_t *mask)
{
	for (size_t i = 0; i < from.len; i++)
		to[i] = from.ptr[i] ^ mask[i % MASK_BYTES];
}

/* RFC 6455 7.4: what may stand in a close frame. */
static bool code_ok(uint16_t code)
{
	return (code >= 1000 && code <= 1003) ||
	       (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum ws_event take_close(struct ws_in *in)
{
	struct cur c = cur_init(in->payload);
	in->code = WS_NO_CODE;
	if (!in->payload.len)
		return WS_CLOSE;
	uint16_t code = cur_u16(&c);
	bool good = !cur_failed(&c) && code_ok(code);
	if (good && !text_utf8(slice_from(in->payload, 2))) {
		in->code = WS_NOT_UTF8;
		return WS_BAD;
	}
	in->code = good ? code : WS_PROTOCOL;
	return good ? WS_CLOSE : WS_BAD;
}

static enum ws_event take_control(struct ws *w, const struct frame *f,
				  struct slice masked, struct ws_in *in)
{
	unmask(w->control, masked, f->mask);
	in->payload = slice_of(w->control, masked.len);
	if (f->opcode == WS_OP_CLOSE)
		return take_close(in);
	return f->opcode == WS_OP_PING ? WS_PING : WS_NOTHING;
}

static enum ws_event take_data(struct ws *w, const struct frame *f,
			       struct slice masked, struct ws_in *in)
{
	if (f->opcode != WS_OP_CONTINUATION) {
		w->opcode = f->opcode;
		w->whole = false;
	}
	uint8_t *to = buf_reserve(&w->message, masked.len);
	if (!to && masked.len) {
		in->code = WS_TOO_LARGE; /* memory is short */
		return WS_BAD;
	}
	unmask(to, masked, f->mask);
	buf_commit(&w->message, masked.len);
	if (!f->fin)
		return WS_NOTHING;
	w->whole = true;
	in->payload = buf_slice(&w->message);
	if (w->opcode != WS_OP_TEXT || text_utf8(in->payload))
		return WS_MESSAGE;
	in->code = WS_NOT_UTF8;
	return WS_BAD;
}

/* Most connections are idle: what was delivered is given back. */
static void forget(struct ws *w)
{
	if (!w->whole)
		return;
	buf_free(&w->message);
	buf_init(&w->message, w->max);
	w->opcode = 0;
	w->whole = false;
}

enum ws_event ws_read(struct ws *w, struct slice data, struct ws_in *in)
{
	struct frame f;
	*in = (struct ws_in){ 0 };
	forget(w);
	enum ws_event e = read_frame(w, data, &f, in);
	if (e != WS_NOTHING)
		return e;
	struct slice masked =
		slice_head(slice_from(data, f.head), (size_t)f.len);
	in->used = f.head + masked.len;
	in->code = 0;
	return f.opcode & CONTROL ? take_control(w, &f, masked, in)
				  : take_data(w, &f, masked, in);
}

void ws_write(struct buf *out, enum ws_opcode opcode, struct slice payload)
{
	buf_u8(out, FIN | (uint8_t)opcode);
	if (payload.len <= CONTROL_MAX) {
		buf_u8(out, (uint8_t)payload.len);
	} else if (payload.len <= UINT16_MAX) {
		buf_u8(out, LENGTH_16);
		buf_u16(out, (uint16_t)payload.len);
	} else {
		buf_u8(out, LENGTH_64);
		buf_u64(out, payload.len);
	}
	buf_put(out, payload);
}

void ws_write_close(struct buf *out, uint16_t code)
{
	const uint8_t payload[] = { (uint8_t)(code >> 8), (uint8_t)code };
	bool told = code != WS_NO_CODE;
	ws_write(out, WS_OP_CLOSE, slice_of(payload, told ? 2 : 0));
}
