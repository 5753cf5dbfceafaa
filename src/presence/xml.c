/* SPDX-License-Identifier: Apache-2.0 */
/* Documents are parsed when they are complete, in one call: linear, and no
 * recursion on their depth. */
#include "presence/xml.h"

#include <expat.h>

#include "base/crypto.h"
#include "base/text.h"
#include "presence/reject.h"

enum { SEPARATOR = '\x1f' }; /* between namespace URI and name; not in XML */

struct reader {
	XML_Parser parser;
	struct slice doc;
	const struct xml_ops *ops;
	void *arg;
	const struct reject *reject;
	size_t depth, elements, remarks;
};

static void stop(struct reader *r, const struct reject *why)
{
	if (!r->reject)
		r->reject = why;
	XML_StopParser(r->parser, XML_FALSE);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct slice skip_blanks(struct slice s)
{
	while (s.len && is_blank(*s.ptr))
		s = slice_from(s, 1);
	return s;
}

struct slice xml_raw_name(struct slice tag, struct slice *rest)
{
	struct slice s = slice_from(tag, 1);
	size_t n = 0;
	while (n < s.len && !is_blank(s.ptr[n]) && s.ptr[n] != '/' &&
	       s.ptr[n] != '>')
		n++;
	*rest = slice_from(s, n);
	return slice_head(s, n);
}

bool xml_raw_next(struct slice *rest, struct slice *name, struct slice *value)
{
	struct slice s = skip_blanks(*rest);
	size_t n = 0;
	while (n < s.len && !is_blank(s.ptr[n]) && s.ptr[n] != '=')
		n++;
	*name = slice_head(s, n);
	s = skip_blanks(slice_from(s, n));
	if (!s.len || *s.ptr != '=')
		return false;
	s = skip_blanks(slice_from(s, 1));
	ptrdiff_t end = s.len ? slice_chr(slice_from(s, 1), *s.ptr) : -1;
	if (end < 0)
		return false;
	*value = slice_head(slice_from(s, 1), (size_t)end);
	*rest = slice_from(s, (size_t)end + 2);
	return true;
}

/* The limits that expat does not have. */
static bool tag_is_small(struct slice tag)
{
	struct slice rest, name, value;
	size_t count = 0;
	if (xml_raw_name(tag, &rest).len > XML_NAME_MAX)
		return false;
	while (xml_raw_next(&rest, &name, &value))
		if (++count > XML_ATTRIBUTES_MAX || name.len > XML_NAME_MAX)
			return false;
	return true;
}

static size_t here(const struct reader *r)
{
	XML_Index at = XML_GetCurrentByteIndex(r->parser);
	return at < 0 ? 0 : (size_t)at;
}

static size_t width(const struct reader *r)
{
	int n = XML_GetCurrentByteCount(r->parser);
	return n < 0 ? 0 : (size_t)n;
}

static void split(const char *full, struct slice *ns, struct slice *name)
{
	struct slice s = slice_str(full);
	ptrdiff_t at = slice_chr(s, SEPARATOR);
	*ns = at < 0 ? SLICE_NONE : slice_head(s, (size_t)at);
	*name = at < 0 ? s : slice_from(s, (size_t)at + 1);
}

static void on_start(void *arg, const XML_Char *full, const XML_Char **atts)
{
	struct reader *r = arg;
	struct xml_element e = { .attributes = atts, .depth = r->depth + 1 };
	if (r->reject)
		return;
	e.tag = slice_head(slice_from(r->doc, here(r)), width(r));
	if (++r->elements > XML_ELEMENTS_MAX || e.depth > XML_DEPTH_MAX ||
	    !tag_is_small(e.tag)) {
		stop(r, &presence_rej_xml_limit);
		return;
	}
	r->depth++;
	split(full, &e.ns, &e.name);
	const struct reject *reject = r->ops->start(r->arg, &e);
	if (reject)
		stop(r, reject);
}

static void on_end(void *arg, const XML_Char *full)
{
	struct reader *r = arg;
	(void)full;
	if (r->reject)
		return;
	r->ops->end(r->arg, r->depth, here(r) + width(r));
	r->depth--;
}

static void on_text(void *arg, const XML_Char *text, int len)
{
	struct reader *r = arg;
	if (r->reject || !r->ops->text || len < 0)
		return;
	const struct reject *reject =
		r->ops->text(r->arg, slice_of(text, (size_t)len));
	if (reject)
		stop(r, reject);
}

static void on_remark(struct reader *r)
{
	if (++r->remarks > XML_REMARKS_MAX)
		stop(r, &presence_rej_xml_limit);
}

static void on_comment(void *arg, const XML_Char *text)
{
	(void)text;
	on_remark(arg);
}

static void on_instruction(void *arg, const XML_Char *target,
			   const XML_Char *data)
{
	(void)target;
	(void)data;
	on_remark(arg);
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system,
		       const XML_Char *public_id, int internal)
{
	(void)name;
	(void)system;
	(void)public_id;
	(void)internal;
	stop(arg, &presence_rej_xml_dtd);
}

static void on_declaration(void *arg, const XML_Char *version,
			   const XML_Char *encoding, int standalone)
{
	(void)version;
	(void)standalone;
	if (encoding && !slice_ieq(slice_str(encoding), SLICE_LIT("utf-8")) &&
	    !slice_ieq(slice_str(encoding), SLICE_LIT("us-ascii")))
		stop(arg, &presence_rej_xml_encoding);
}

static void set_handlers(struct reader *r)
{
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetCommentHandler(r->parser, on_comment);
	XML_SetProcessingInstructionHandler(r->parser, on_instruction);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	XML_SetXmlDeclHandler(r->parser, on_declaration);
	XML_SetParamEntityParsing(r->parser, XML_PARAM_ENTITY_PARSING_NEVER);
}

const struct reject *xml_read(struct slice doc, const struct xml_ops *ops,
			      void *arg)
{
	struct reader r = { .doc = doc, .ops = ops, .arg = arg };
	if (doc.len > XML_BODY_MAX)
		return &presence_rej_size;
	if (!text_utf8(doc))
		return &presence_rej_xml_encoding;
	r.parser = XML_ParserCreateNS("UTF-8", SEPARATOR);
	/* 0 would make expat look for randomness by itself */
	if (!r.parser ||
	    !XML_SetHashSalt(r.parser,
			     (unsigned long)crypto_random_u64() | 1)) {
		XML_ParserFree(r.parser);
		return &presence_rej_overload;
	}
	set_handlers(&r);
	enum XML_Status status =
		XML_Parse(r.parser, (const char *)doc.ptr, (int)doc.len, 1);
	if (status != XML_STATUS_OK && !r.reject)
		r.reject = XML_GetErrorCode(r.parser) == XML_ERROR_NO_MEMORY
				   ? &presence_rej_overload
				   : &presence_rej_xml;
	XML_ParserFree(r.parser);
	return r.reject;
}

bool xml_attribute(const struct xml_element *e, const char *name,
		   struct slice *value)
{
	for (const char **a = e->attributes; *a; a += 2) {
		if (strcmp(a[0], name) != 0)
			continue;
		*value = slice_str(a[1]);
		return true;
	}
	return false;
}

void xml_escape(struct buf *out, struct slice text)
{
	while (text.len) {
		uint32_t code = 0;
		size_t n = text_utf8_next(text, &code);
		bool bad = !n ||
			   (code < 0x20 && code != '\t' && code != '\n' &&
			    code != '\r') ||
			   code == 0xfffe || code == 0xffff;
		if (bad)
			buf_u8(out, '?');
		else if (code == '<')
			buf_str(out, "&lt;");
		else if (code == '>')
			buf_str(out, "&gt;");
		else if (code == '&')
			buf_str(out, "&amp;");
		else if (code == '"')
			buf_str(out, "&quot;");
		else if (code == '\'')
			buf_str(out, "&apos;");
		else
			buf_put(out, slice_head(text, n));
		text = slice_from(text, n ? n : 1);
	}
}
