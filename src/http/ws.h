/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WebSocket frames, the server's side (RFC 6455 5, 7). Whole frames are taken,
 * so that an idle connection holds no memory; a message in fragments is put
 * together here. Pure.
 */
#pragma once

#include "base/buf.h"

enum ws_opcode {
	WS_OP_CONTINUATION = 0,
	WS_OP_TEXT = 1,
	WS_OP_BINARY = 2,
	WS_OP_CLOSE = 8,
	WS_OP_PING = 9,
	WS_OP_PONG = 10
};

/* RFC 6455 7.4.1 */
enum ws_code {
	WS_NORMAL = 1000,
	WS_GOING = 1001,
	WS_PROTOCOL = 1002,
	WS_NO_CODE = 1005, /* never on the wire */
	WS_NOT_UTF8 = 1007,
	WS_TOO_LARGE = 1009
};

enum ws_event {
	WS_MORE,    /* no whole frame */
	WS_NOTHING, /* a fragment or a pong was taken */
	WS_MESSAGE, /* payload: a whole message, text or binary */
	WS_PING,    /* payload goes back in a pong */
	WS_CLOSE,   /* code: as received, or WS_NO_CODE */
	WS_BAD      /* code: to be told in a close frame, then the end */
};

/* Owner: who owns the connection; ws_free() when it ends. */
struct ws {
	size_t max;     /* bytes of a message */
	uint8_t opcode; /* of the message under way, 0: none */
	bool whole;     /* it was delivered, and is forgotten with the next */
	struct buf message;
	uint8_t control[125];
};

struct ws_in {
	size_t used;          /* bytes of data that were consumed */
	struct slice payload; /* until the next call */
	uint16_t code;
};

void ws_init(struct ws *w, size_t max);
void ws_free(struct ws *w);
/* data: bytes not consumed. After anything but MORE, CLOSE and BAD the caller
 * consumes and calls again. */
enum ws_event ws_read(struct ws *w, struct slice data, struct ws_in *in);
/* Has a message begun that is not whole? */
bool ws_partial(const struct ws *w);

/* One frame, whole and not masked. */
void ws_write(struct buf *out, enum ws_opcode opcode, struct slice payload);
void ws_write_close(struct buf *out, uint16_t code);
/* Bytes of a frame before its payload. */
enum { WS_HEAD_MAX = 10 };
