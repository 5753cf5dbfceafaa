/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a refusal apart: "file:line: why", and in `why` the file of TLS that
 * is to blame. net/ begins with that file, conf/ with the key that names it:
 * "/etc/edge.pem: ..." or "tls.certificate: /etc/edge.pem ...".
 */
#include "daemon/reload_text.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Length of ":line: " at the front, 0: there is none. */
static size_t line_part(struct slice s)
{
	size_t n = 1;

	while (n < s.len && is_digit(s.ptr[n]))
		n++;
	bool whole = n > 1 && n + 1 < s.len && s.ptr[n] == ':' &&
		     s.ptr[n + 1] == ' ';
	return whole ? n + 2 : 0;
}

/* The path at the front: up to ": " or a blank. */
static struct slice path_part(struct slice s)
{
	size_t n = 0;

	if (slice_empty(s) || s.ptr[0] != '/')
		return SLICE_NONE;
	while (n < s.len && s.ptr[n] != ' ')
		n++;
	return slice_head(s, s.ptr[n - 1] == ':' ? n - 1 : n);
}

static struct slice tls_file(struct slice why)
{
	static const char *const sections[] = { "tls.", "inside." };

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		ptrdiff_t blank = slice_chr(why, ' ');
		if (slice_starts(why, slice_str(sections[i])) && blank > 0)
			return path_part(slice_from(why, (size_t)blank + 1));
	}
	return path_part(why);
}

void reload_text_split(struct slice text, struct reload_text *out)
{
	*out = (struct reload_text){ .why = text };
	/* the file's name may have colons in it */
	for (size_t i = 0; i < text.len; i++) {
		struct slice rest = slice_from(text, i);
		size_t skip = rest.ptr[0] == ':' ? line_part(rest) : 0;
		if (!skip)
			continue;
		out->file = slice_head(text, i);
		out->line = slice_of(rest.ptr + 1, skip - 3);
		out->why = slice_from(rest, skip);
		break;
	}
	out->tls_file = tls_file(out->why);
}
