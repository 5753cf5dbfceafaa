/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a request head. Whatever could be understood in two ways is refused:
 * no folds, no bare LF, no blank before the colon, one Host, no body.
 */
#include "base/cursor.h"
#include "http/http.h"
#include "http/reject.h"

static bool is_token(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool all_token(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_token(s.ptr[i]))
			return false;
	return s.len > 0;
}

static bool all_visible(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x21 || s.ptr[i] > 0x7e)
			return false;
	return true;
}

/* RFC 9110 5.5: visible, blanks, tabs and bytes over ASCII. */
static bool value_ok(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.ptr[i] < 0x20 && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
			return false;
	return true;
}

enum http_result http_begins(struct slice first)
{
	size_t i = 0;
	while (i < first.len && i < HTTP_METHOD_MAX && first.ptr[i] >= 'A' &&
	       first.ptr[i] <= 'Z')
		i++;
	if (i == first.len)
		return HTTP_MORE;
	if (i == 0 || first.ptr[i] != ' ')
		return HTTP_REFUSED;
	if (i + 1 == first.len)
		return HTTP_MORE;
	return first.ptr[i + 1] == '/' ? HTTP_DONE : HTTP_REFUSED;
}

/* The part before c, which is taken too; all when there is none. */
static struct slice take_until(struct slice *rest, uint8_t c)
{
	ptrdiff_t at = slice_chr(*rest, c);
	struct slice part = at < 0 ? *rest : slice_head(*rest, (size_t)at);
	*rest = slice_from(*rest, part.len + 1);
	return part;
}

static const struct reject *read_version(struct http_request *r,
					 struct slice version)
{
	if (slice_eq(version, SLICE_LIT("HTTP/1.1")))
		return NULL;
	if (!slice_starts(version, SLICE_LIT("HTTP/")))
		return &http_reject_syntax;
	r->old = slice_eq(version, SLICE_LIT("HTTP/1.0"));
	return r->old ? NULL : &http_reject_version;
}

static const struct reject *read_start(struct http_request *r,
				       struct slice line)
{
	struct slice rest = line;
	r->method = take_until(&rest, ' ');
	struct slice target = take_until(&rest, ' ');
	if (!all_token(r->method) || !all_visible(target) ||
	    !slice_starts(target, SLICE_LIT("/")))
		return &http_reject_syntax;
	r->path = take_until(&target, '?');
	r->query = target;
	return read_version(r, rest);
}

static const struct reject *read_field(struct http_request *r,
				       struct slice line)
{
	if (r->fields == HTTP_FIELDS_MAX)
		return &http_reject_head_too_large;
	struct http_field *f = &r->field[r->fields];
	ptrdiff_t colon = slice_chr(line, ':');
	if (colon < 0)
		return &http_reject_syntax;
	f->name = slice_head(line, (size_t)colon);
	f->value = slice_trim(slice_from(line, f->name.len + 1));
	if (!all_token(f->name) || !value_ok(f->value))
		return &http_reject_syntax;
	r->fields++;
	return NULL;
}

static size_t count_of(const struct http_request *r, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < r->fields; i++)
		n += slice_ieq(r->field[i].name, slice_str(name));
	return n;
}

struct slice http_field(const struct http_request *r, const char *name)
{
	if (count_of(r, name) != 1)
		return SLICE_NONE;
	for (size_t i = 0; i < r->fields; i++)
		if (slice_ieq(r->field[i].name, slice_str(name)))
			return r->field[i].value;
	return SLICE_NONE;
}

bool http_has_token(const struct http_request *r, const char *name,
		    const char *token)
{
	for (size_t i = 0; i < r->fields; i++) {
		struct slice rest = r->field[i].value;
		if (!slice_ieq(r->field[i].name, slice_str(name)))
			continue;
		while (rest.len)
			if (slice_ieq(slice_trim(take_until(&rest, ',')),
				      slice_str(token)))
				return true;
	}
	return false;
}

/* Letters, digits and what a literal address or a port has. */
static bool host_ok(struct slice host)
{
	for (size_t i = 0; i < host.len; i++) {
		uint8_t c = host.ptr[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= 'a' && c <= 'z') && (!c || !strchr(".-_:[]", c)))
			return false;
	}
	return host.len > 0;
}

static const struct reject *check(struct http_request *r)
{
	size_t hosts = count_of(r, "Host"), lengths;
	uint64_t length = 0;
	r->host = http_field(r, "Host");
	if (hosts > 1 || (hosts == 0 && !r->old) ||
	    (hosts == 1 && !host_ok(r->host)))
		return &http_reject_syntax;
	if (count_of(r, "Transfer-Encoding"))
		return &http_reject_encoding;
	lengths = count_of(r, "Content-Length");
	if (lengths > 1 ||
	    (lengths == 1 &&
	     slice_u64(http_field(r, "Content-Length"), INT64_MAX, &length)))
		return &http_reject_syntax;
	return length ? &http_reject_body : NULL;
}

/* The next line without its CR LF; a CR or LF of its own is none. */
static bool take_line(struct slice *rest, struct slice *line)
{
	ptrdiff_t at = slice_chr(*rest, '\n');
	if (at < 1 || rest->ptr[at - 1] != '\r')
		return false;
	*line = slice_head(*rest, (size_t)at - 1);
	*rest = slice_from(*rest, (size_t)at + 1);
	return slice_chr(*line, '\r') < 0;
}

static const struct reject *read_head(struct http_request *r, struct slice head)
{
	struct slice line;
	if (!take_line(&head, &line))
		return &http_reject_syntax;
	const struct reject *reject = read_start(r, line);
	while (!reject) {
		if (!take_line(&head, &line))
			return &http_reject_syntax;
		if (slice_empty(line))
			return head.len ? &http_reject_syntax : check(r);
		reject = read_field(r, line);
	}
	return reject;
}

/* Length of the head, 0: it does not end yet. A head with bare LFs ends too,
 * and is refused then. */
static size_t find_end(struct slice data)
{
	for (size_t i = 0; i < data.len; i++) {
		if (data.ptr[i] != '\n' || i + 1 == data.len)
			continue;
		if (data.ptr[i + 1] == '\n')
			return i + 2;
		if (data.ptr[i + 1] == '\r' && i + 2 < data.len &&
		    data.ptr[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

enum http_result http_read(struct slice data, struct http_request *out,
			   size_t *len, const struct reject **reject)
{
	memset(out, 0, sizeof(*out));
	*reject = NULL;
	*len = find_end(slice_head(data, HTTP_HEAD_MAX));
	if (!*len && data.len < HTTP_HEAD_MAX)
		return HTTP_MORE;
	*reject = *len ? read_head(out, slice_head(data, *len))
		       : &http_reject_head_too_large;
	return *reject ? HTTP_REFUSED : HTTP_DONE;
}
