/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/relay/ws.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FINAL_TEXT = 0x81,
	MASKED = 0x80,
	LONG = 126, /* a length of two bytes follows */
	LONG_MAX_BYTES = 65535,
	HEAD_BYTES = 8, /* with a long length and a mask */
};

void ws_hello(struct tls_peer *p, const char *name)
{
	char text[512];
	int len = snprintf(text, sizeof(text),
			   "GET / HTTP/1.1\r\nHost: %s\r\n"
			   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
			   "Sec-WebSocket-Version: 13\r\n"
			   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			   "Sec-WebSocket-Protocol: sip\r\n\r\n",
			   name);

	tls_write(p, text, (size_t)len);
}

size_t ws_welcome(const char *in, size_t len)
{
	const char *end = memmem(in, len, "\r\n\r\n", 4);

	if (!end)
		return 0;
	if (strncmp(in, "HTTP/1.1 101 ", 13) != 0) {
		fprintf(stderr, "WebSocket: %.*s\n", (int)len, in);
		exit(1);
	}
	return (size_t)(end + 4 - in);
}

void ws_write(struct tls_peer *p, const char *data, size_t len)
{
	/* a mask of zeros is a mask */
	unsigned char head[HEAD_BYTES] = { FINAL_TEXT };
	size_t n = 2;

	if (len > LONG_MAX_BYTES)
		tls_fail("frame");
	if (len < LONG) {
		head[1] = (unsigned char)(MASKED | len);
	} else {
		head[1] = MASKED | LONG;
		head[n++] = (unsigned char)(len >> 8);
		head[n++] = (unsigned char)len;
	}
	tls_write(p, head, n + 4);
	tls_write(p, data, len);
}

size_t ws_frame(const char *in, size_t len, const char **text, size_t *text_len)
{
	const unsigned char *b = (const unsigned char *)in;
	size_t head = 2, size;

	if (len < 2)
		return 0;
	size = b[1];
	if (size == LONG) {
		head = 4;
		if (len < head)
			return 0;
		size = (size_t)b[2] << 8 | b[3];
	} else if (size > LONG) {
		tls_fail("frame");
	}
	if (len < head + size)
		return 0;
	*text = in + head;
	*text_len = b[0] == FINAL_TEXT ? size : 0;
	return head + size;
}
