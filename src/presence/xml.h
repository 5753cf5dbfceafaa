/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading XML that strangers sent (threats XML-01 to XML-05): whole documents
 * only, UTF-8 only, no document type declaration, bounded in depth, elements,
 * attributes, names and comments. Nothing is ever fetched. The only place that
 * knows expat.
 */
#pragma once

#include "base/buf.h"
#include "base/reject.h"

enum {
	XML_BODY_MAX = 64 * 1024, /* bytes */
	XML_DEPTH_MAX = 32,
	XML_ELEMENTS_MAX = 1024,
	XML_ATTRIBUTES_MAX = 64, /* of one element, xmlns counted */
	XML_NAME_MAX = 256,      /* bytes, with its prefix */
	XML_REMARKS_MAX = 256,   /* comments and instructions */
};

/* Lives for the call of start. */
struct xml_element {
	struct slice ns, name;   /* namespace URI (may be empty), local name */
	const char **attributes; /* "uri name", value, ..., NULL; unescaped */
	struct slice tag;        /* "<p:tuple id='x'>" as it stands */
	size_t depth;            /* of the root: 1 */
};

struct xml_ops {
	/* NULL, or why reading ends here. */
	const struct reject *(*start)(void *arg, const struct xml_element *e);
	/* depth as at its start; end: offset behind the element. */
	void (*end)(void *arg, size_t depth, size_t end);
	/* A piece of text, unescaped, inside the element that is open; NULL:
	 * it is of no interest. */
	const struct reject *(*text)(void *arg, struct slice piece);
};

const struct reject *xml_read(struct slice doc, const struct xml_ops *ops,
			      void *arg);
/* An attribute without a namespace. */
bool xml_attribute(const struct xml_element *e, const char *name,
		   struct slice *value);
/* Takes the next attribute, quotes left out of the value, off the inside of a
 * start tag that was read by xml_read(): "id='x' a=\"y\"". */
bool xml_raw_next(struct slice *rest, struct slice *name, struct slice *value);
/* The element name as written; *rest is what follows in the tag. */
struct slice xml_raw_name(struct slice tag, struct slice *rest);
/* For text and for attribute values; what XML cannot hold becomes "?". */
void xml_escape(struct buf *out, struct slice text);
