/* SPDX-License-Identifier: Apache-2.0 */
/* As much WebSocket as a client of a bench needs (RFC 6455, RFC 7118); apart
 * from the product's own on purpose. */
#pragma once

#include <stddef.h>

#include "bench/relay/tls.h"

/* Asks for the subprotocol sip. */
void ws_hello(struct tls_peer *p, const char *name);
/* Bytes of the server's 101, 0: not whole yet. Anything else ends the
 * program. */
size_t ws_welcome(const char *in, size_t len);
/* One message as one masked frame. */
void ws_write(struct tls_peer *p, const char *data, size_t len);
/* Bytes of the first whole frame, 0: none yet; what it carries, empty where it
 * is no message. */
size_t ws_frame(const char *in, size_t len, const char **text,
		size_t *text_len);
