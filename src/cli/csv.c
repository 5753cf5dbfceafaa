/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of one line: bare, or quoted with quotes doubled. */
#include "cli/csv.h"

static void quoted(struct slice *line, struct buf *out)
{
	size_t i = 1;
	for (; i < line->len; i++) {
		if (line->ptr[i] != '"')
			buf_u8(out, line->ptr[i]);
		else if (i + 1 < line->len && line->ptr[i + 1] == '"')
			buf_u8(out, line->ptr[++i]);
		else
			break;
	}
	bool closed = i < line->len;
	*line = slice_from(*line, closed ? i + 1 : i);
	if (!closed || (line->len && line->ptr[0] != ','))
		out->failed = true;
}

bool csv_field(struct slice *line, bool *more, struct buf *out)
{
	if (!*more)
		return false;
	buf_reset(out);
	if (line->len && line->ptr[0] == '"') {
		quoted(line, out);
	} else {
		ptrdiff_t comma = slice_chr(*line, ',');
		size_t len = comma < 0 ? line->len : (size_t)comma;
		buf_put(out, slice_head(*line, len));
		*line = slice_from(*line, len);
	}
	*more = line->len > 0; /* a comma: something follows, if only nothing */
	if (*more)
		*line = slice_from(*line, 1);
	return true;
}
