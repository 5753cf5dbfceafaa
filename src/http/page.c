/* SPDX-License-Identifier: Apache-2.0 */
/* Files for browsers, with the policy that binds them. */
#include "http/page.h"

#include "http/reject.h"

/* Scripts, styles and pictures of ours alone, nothing inline; WebSocket to
 * where the page came from. */
#define POLICY                                                         \
	"default-src 'none'; script-src 'self'; style-src 'self'; "    \
	"img-src 'self'; connect-src 'self'; media-src 'self' blob:; " \
	"form-action 'none'; base-uri 'none'; "                        \
	"frame-ancestors 'none'; require-trusted-types-for 'script'; " \
	"trusted-types sallyport-xml"

const struct http_file *http_file_find(const struct http_file *files,
				       struct slice path)
{
	for (const struct http_file *f = files; f->path; f++)
		if (slice_eq(path, slice_str(f->path)))
			return f;
	return NULL;
}

/* RFC 9110 13.1.2: one tag is all that we ever gave away. */
static bool known(const struct http_file *f, const struct http_request *r)
{
	struct slice tag = http_field(r, "If-None-Match");
	return tag.len > 2 && tag.ptr[0] == '"' &&
	       slice_eq(slice_head(slice_from(tag, 1), tag.len - 2),
			slice_str(f->tag));
}

/* The page asks for its parts by their tags, so that they never change. */
static bool tagged(const struct http_file *f, const struct http_request *r)
{
	return slice_eq(r->query, slice_str(f->tag));
}

static void write_fields(const struct http_file *f,
			 const struct http_request *r, struct buf *out)
{
	buf_printf(out,
		   "Connection: close\r\n"
		   "Cache-Control: %s\r\n"
		   "ETag: \"%s\"\r\n"
		   "Vary: Accept-Encoding\r\n"
		   "X-Content-Type-Options: nosniff\r\n"
		   "Referrer-Policy: no-referrer\r\n"
		   "Cross-Origin-Opener-Policy: same-origin\r\n"
		   "Cross-Origin-Resource-Policy: same-origin\r\n"
		   "Permissions-Policy: camera=(self), microphone=(self), "
		   "geolocation=()\r\n"
		   "Content-Security-Policy: " POLICY "\r\n",
		   tagged(f, r) ? "max-age=31536000, immutable" : "no-cache",
		   f->tag);
}

static void write_file(const struct http_file *f, const struct http_request *r,
		       struct buf *out)
{
	bool gzip = http_has_token(r, "Accept-Encoding", "gzip");
	struct slice body = gzip ? slice_of(f->gzip, f->gzip_len)
				 : slice_of(f->plain, f->plain_len);
	buf_str(out, "HTTP/1.1 200 OK\r\n");
	write_fields(f, r, out);
	buf_printf(out, "Content-Type: %s\r\n", f->type);
	if (gzip)
		buf_str(out, "Content-Encoding: gzip\r\n");
	buf_str(out, "Content-Length: ");
	buf_dec(out, body.len);
	buf_str(out, "\r\n\r\n");
	buf_put(out, body);
}

const struct reject *http_file_answer(const struct http_file *f,
				      const struct http_request *r,
				      struct buf *out)
{
	if (!slice_eq(r->method, SLICE_LIT("GET")))
		return &http_reject_method;
	if (known(f, r)) {
		buf_str(out, "HTTP/1.1 304 Not Modified\r\n");
		write_fields(f, r, out);
		buf_str(out, "\r\n");
	} else {
		write_file(f, r, out);
	}
	return buf_failed(out) ? &http_reject_memory : NULL;
}
