/* SPDX-License-Identifier: Apache-2.0 */
#include "presence/letter.h"

void letter_line(struct buf *out, const char *name, struct slice value)
{
	buf_str(out, name);
	buf_put(out, value);
	buf_str(out, "\r\n");
}

void letter_party(struct buf *out, const char *name, struct slice uri,
		  struct slice tag)
{
	buf_str(out, name);
	buf_str(out, ": <");
	buf_put(out, uri);
	buf_str(out, ">");
	if (tag.len) {
		buf_str(out, ";tag=");
		buf_put(out, tag);
	}
	buf_str(out, "\r\n");
}

size_t letter_begin(struct buf *out, const char *method, struct slice target)
{
	buf_str(out, method);
	buf_str(out, " ");
	buf_put(out, target);
	buf_str(out, " SIP/2.0\r\n");
	size_t line = out->len;
	buf_str(out, "Max-Forwards: 70\r\n");
	return line;
}

void letter_cseq(struct buf *out, uint32_t cseq, const char *method)
{
	buf_str(out, "CSeq: ");
	buf_dec(out, cseq);
	buf_str(out, " ");
	buf_str(out, method);
	buf_str(out, "\r\n");
}

void letter_unfolded(struct buf *out, struct slice value)
{
	size_t at = out->len;
	buf_put(out, value);
	for (; !buf_failed(out) && at < out->len; at++)
		if (out->ptr[at] == '\r' || out->ptr[at] == '\n')
			out->ptr[at] = ' ';
}
