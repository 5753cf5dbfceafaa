/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded queue of clean lines. */
#include "daemon/logqueue.h"

#include <errno.h>

#include "base/text.h"

void logqueue_init(struct logqueue *q)
{
	buf_init(&q->bytes, LOGQUEUE_MAX_BYTES);
}

void logqueue_free(struct logqueue *q)
{
	buf_free(&q->bytes);
}

static void scrub(uint8_t *p, size_t len)
{
	bool utf8 = text_utf8(slice_of(p, len));
	for (size_t i = 0; i < len; i++) {
		bool control = p[i] < 0x20 || p[i] == 0x7f;
		if (control || (!utf8 && p[i] >= 0x80))
			p[i] = '?';
	}
}

int logqueue_put(struct logqueue *q, struct slice line)
{
	line = slice_head(slice_trim(line), LOGQUEUE_LINE_MAX - 1);
	if (slice_empty(line))
		return 0;
	if (q->bytes.len + line.len + 1 > LOGQUEUE_MAX_BYTES)
		return -EAGAIN;
	uint8_t *p = buf_reserve(&q->bytes, line.len + 1);
	if (!p) {
		/* out of memory: this line is lost, not the queue */
		q->bytes.failed = false;
		return -EAGAIN;
	}
	memcpy(p, line.ptr, line.len);
	scrub(p, line.len);
	p[line.len] = '\n';
	buf_commit(&q->bytes, line.len + 1);
	return 0;
}

bool logqueue_crowded(const struct logqueue *q)
{
	return q->bytes.len > LOGQUEUE_SOFT_BYTES;
}

struct slice logqueue_head(const struct logqueue *q, size_t max)
{
	return slice_head(buf_slice(&q->bytes), max);
}

void logqueue_took(struct logqueue *q, size_t n)
{
	buf_consume(&q->bytes, n);
}
