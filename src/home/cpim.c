/* SPDX-License-Identifier: Apache-2.0 */
/* Two blocks of "Name: value" lines, each ended by an empty line; names with a
 * prefix belong to the namespace that an NS header gives it (RFC 3862 3.4). */
#include "home/cpim.h"

#include <errno.h>

enum { LINES_MAX = 128 };

static const char imdn[] = "urn:ietf:params:imdn";

/* Takes a line off *rest, without its CR LF. */
static bool take_line(struct slice *rest, struct slice *line)
{
	ptrdiff_t lf = slice_chr(*rest, '\n');
	if (lf < 0)
		return false;
	*line = slice_head(*rest, (size_t)lf);
	if (line->len && line->ptr[line->len - 1] == '\r')
		line->len--;
	*rest = slice_from(*rest, (size_t)lf + 1);
	return true;
}

static bool split(struct slice line, struct slice *name, struct slice *value)
{
	ptrdiff_t colon = slice_chr(line, ':');
	if (colon <= 0)
		return false;
	*name = slice_head(line, (size_t)colon);
	*value = slice_trim(slice_from(line, (size_t)colon + 1));
	return true;
}

/* "NS: imdn <urn:ietf:params:imdn>": the prefix, when it is for that name. */
static bool is_imdn_ns(struct slice value, struct slice *prefix)
{
	ptrdiff_t open = slice_chr(value, '<');
	if (open < 0 || value.ptr[value.len - 1] != '>')
		return false;
	struct slice uri = slice_from(value, (size_t)open + 1);
	uri.len--;
	*prefix = slice_trim(slice_head(value, (size_t)open));
	return slice_ieq(uri, slice_str(imdn));
}

/* Is name "prefix.what"? */
static bool is_of(struct slice name, struct slice prefix, const char *what)
{
	return name.len > prefix.len + 1 && slice_starts(name, prefix) &&
	       name.ptr[prefix.len] == '.' &&
	       slice_eq(slice_from(name, prefix.len + 1), slice_str(what));
}

static void take_header(struct cpim *c, struct slice *prefix, struct slice name,
			struct slice value)
{
	if (slice_eq(name, SLICE_LIT("From")))
		c->from = value;
	else if (slice_eq(name, SLICE_LIT("To")))
		c->to = value;
	else if (slice_eq(name, SLICE_LIT("NS")))
		(void)is_imdn_ns(value, prefix);
	else if (is_of(name, *prefix, "Message-ID"))
		c->message_id = value;
	else if (is_of(name, *prefix, "Disposition-Notification"))
		c->disposition = value;
}

int cpim_read(struct slice body, struct cpim *out)
{
	struct slice line, name, value, prefix = SLICE_LIT("imdn");
	struct cpim c = { .content_type = SLICE_NONE };
	bool wrapped = false; /* the headers of what is wrapped */
	for (size_t i = 0; i < LINES_MAX; i++) {
		if (!take_line(&body, &line))
			return -EBADMSG;
		if (!line.len && wrapped) {
			*out = c;
			return 0;
		}
		if (!line.len)
			wrapped = true;
		else if (!split(line, &name, &value))
			return -EBADMSG;
		else if (!wrapped)
			take_header(&c, &prefix, name, value);
		else if (slice_ieq(name, SLICE_LIT("Content-Type")))
			c.content_type = value;
	}
	return -EBADMSG;
}

int cpim_of(const struct sip_msg *m, struct cpim *out)
{
	const struct sip_header *h = sip_header(m, SIP_H_CONTENT_TYPE);
	struct sip_media_type t;
	if (!h || sip_media_type_parse(h->value, &t) ||
	    !sip_media_type_is(&t, "message", "cpim"))
		return -ENOENT;
	return cpim_read(m->body, out);
}

bool cpim_asks(const struct cpim *c, const char *what)
{
	struct slice rest = c->disposition;
	while (rest.len) {
		ptrdiff_t comma = slice_chr(rest, ',');
		size_t len = comma < 0 ? rest.len : (size_t)comma;
		if (slice_ieq(slice_trim(slice_head(rest, len)),
			      slice_str(what)))
			return true;
		rest = slice_from(rest, comma < 0 ? len : len + 1);
	}
	return false;
}
