/* SPDX-License-Identifier: Apache-2.0 */
/* SIP over WebSocket (RFC 7118): one message of SIP is one of WebSocket. */
#pragma once

#include "edge/flow.h"

struct http_request;

/* The handshake: NULL, *out is the answer, and from now on the flow is a
 * WebSocket; or why not. */
const struct reject *websocket_accept(struct flow *f,
				      const struct http_request *r,
				      struct buf *out);
void websocket_free(struct ws *w); /* tolerates NULL */
/* One message of SIP. */
int websocket_write(struct flow *f, struct slice bytes);
/* We end it: the close frame that says so. */
void websocket_say_close(struct flow *f);
