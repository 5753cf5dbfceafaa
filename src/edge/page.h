/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the web client on port 443; see http/page.h. */
#pragma once

#include "edge/flow.h"

struct http_request;
struct buf;

/* "/": the page, or the handshake of WebSocket for who asks for that. */
const struct reject *page_root(struct flow *f, const struct http_request *r,
			       struct buf *out);
/* Any other path: a file of the client, or nothing. */
const struct reject *page_file(struct flow *f, const struct http_request *r,
			       struct buf *out);
/* The file is written: the connection ends when it has left. */
void page_finish(struct flow *f);
