/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking over the parts of a multipart body (RFC 2046 5.1.1):
 *
 *   preamble
 *   --boundary [blanks] CRLF
 *   part's header lines, an empty line, content
 *   CRLF --boundary [blanks] CRLF
 *   ...
 *   CRLF --boundary-- [blanks] [CRLF epilogue]
 *
 * A line that starts with the delimiter but is none, that ends in a bare LF, or
 * that stands behind the closing line would be a delimiter to some reader and
 * not to another: all of these are a bad body.
 */
#include <errno.h>

#include "sip/body.h"
#include "sip/line.h"
#include "sip/scan.h"

enum mark { MARK_PART, MARK_CLOSE, MARK_NONE, MARK_BAD };

void sip_multipart_init(struct sip_multipart *w, struct slice body,
			struct slice boundary)
{
	*w = (struct sip_multipart){ .rest = body,
				     .boundary = boundary,
				     .at = SIP_PARTS_BEFORE };
}

/* What the line at *c is; a delimiter line is taken. */
static enum mark take_mark(struct cur *c, struct slice boundary)
{
	struct slice line = slice_of(c->pos, cur_left(c));

	if (!slice_starts(line, SLICE_LIT("--")) ||
	    !slice_starts(slice_from(line, 2), boundary))
		return MARK_NONE;
	cur_bytes(c, 2 + boundary.len);
	bool close = scan_byte(c, '-');
	if (close)
		scan_expect(c, '-');
	scan_run(c, SCAN_BLANK); /* transport padding */
	if (!close || cur_left(c) > 0) {
		scan_expect(c, '\r');
		scan_expect(c, '\n');
	}
	if (cur_failed(c))
		return MARK_BAD;
	return close ? MARK_CLOSE : MARK_PART;
}

/*
 * Goes on to the next delimiter line and takes it. *content is what stood in
 * front of it, with the CR LF that belongs to the delimiter.
 */
static enum mark next_mark(struct sip_multipart *w, struct slice *content)
{
	struct cur c = cur_init(w->rest);
	const uint8_t *from = c.pos;

	for (;;) {
		struct cur line = c;
		enum mark mark = take_mark(&c, w->boundary);
		if (mark != MARK_NONE) {
			*content = scan_since(from, &line);
			w->rest = slice_of(c.pos, cur_left(&c));
			return mark;
		}
		struct slice rest = slice_of(c.pos, cur_left(&c));
		ptrdiff_t lf = slice_chr(rest, '\n');
		if (lf < 0)
			return MARK_NONE;
		cur_bytes(&c, (size_t)lf + 1);
	}
}

static bool is_identity(struct slice value)
{
	return slice_ieq(value, SLICE_LIT("7bit")) ||
	       slice_ieq(value, SLICE_LIT("8bit")) ||
	       slice_ieq(value, SLICE_LIT("binary")) ||
	       slice_ieq(value, SLICE_LIT("identity"));
}

static bool read_part_header(struct sip_part *part, struct slice line)
{
	struct sip_header h;

	if (!sip_line_split(line, &h) || !sip_line_value_ok(h.value))
		return false;
	if (slice_ieq(h.name, SLICE_LIT("Content-Type"))) {
		if (part->type.len > 0 || h.value.len == 0)
			return false;
		part->type = h.value;
	} else if (slice_ieq(h.name, SLICE_LIT("Content-Transfer-Encoding")) ||
		   slice_ieq(h.name, SLICE_LIT("Content-Encoding"))) {
		part->encoded = part->encoded || !is_identity(h.value);
	}
	return true;
}

/* content ends with the delimiter's CR LF, which also ends a last header line
 * and may be the empty line of an empty part. */
static int read_part(struct slice content, struct sip_part *part)
{
	struct cur c = cur_init(content);
	struct sip_line line;

	*part = (struct sip_part){ .encoded = false };
	while (cur_left(&c) > 0 && sip_line_next(&c, &line))
		if (!read_part_header(part, line.text))
			return -EBADMSG;
	if (cur_failed(&c))
		return -EBADMSG;
	part->body = slice_of(c.pos, cur_left(&c));
	if (part->body.len > 0)
		part->body.len -= 2;
	return 0;
}

static int enter(struct sip_multipart *w)
{
	struct slice preamble = SLICE_NONE;

	if (next_mark(w, &preamble) != MARK_PART)
		return -EBADMSG;
	if (preamble.len > 0 && !slice_ends(preamble, SLICE_LIT("\r\n")))
		return -EBADMSG;
	w->at = SIP_PARTS_IN;
	return 0;
}

static int leave(struct sip_multipart *w)
{
	struct slice epilogue;

	if (next_mark(w, &epilogue) != MARK_NONE)
		return -EBADMSG;
	w->at = SIP_PARTS_AFTER;
	return 0;
}

int sip_multipart_next(struct sip_multipart *w, struct sip_part *part)
{
	struct slice content = SLICE_NONE;

	if (w->at == SIP_PARTS_BEFORE && enter(w) < 0)
		return -EBADMSG;
	if (w->at == SIP_PARTS_AFTER)
		return 0;
	enum mark mark = next_mark(w, &content);
	if (mark != MARK_PART && mark != MARK_CLOSE)
		return -EBADMSG;
	if (!slice_ends(content, SLICE_LIT("\r\n")))
		return -EBADMSG;
	if (mark == MARK_CLOSE && leave(w) < 0)
		return -EBADMSG;
	return read_part(content, part) < 0 ? -EBADMSG : 1;
}
