/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing messages: a forwarded message is its view plus a short list of edits,
 * encoded once. Order of what comes out: start line, headers put on top (last
 * put first), the received headers that were not dropped (unfolded, names as
 * written), headers put at the bottom, Content-Length (always ours), body.
 */
#pragma once

#include "base/buf.h"
#include "sip/sip.h"

enum { SIP_EDITS_MAX = 64 };

struct sip_edit {
	enum {
		SIP_EDIT_DROP,
		SIP_EDIT_DROP_NAMED,
		SIP_EDIT_DROP_VALUE,
		SIP_EDIT_TOP,
		SIP_EDIT_BOTTOM
	} kind;
	enum sip_header_id id;
	size_t index;      /* DROP_VALUE: which value of all of that id */
	struct slice name; /* TOP, BOTTOM: header name */
	struct slice value;
};

/* Lives with the message; slices are borrowed until sip_encode(). */
struct sip_edits {
	struct sip_edit edit[SIP_EDITS_MAX];
	size_t count;
	bool failed;      /* more than SIP_EDITS_MAX: encode gives -E2BIG */
	struct slice uri; /* new Request-URI, or empty */
	/* written as they are behind the start line: whole header lines of a
	 * message that was accepted, or empty */
	struct slice lines;
};

/* These touch only the rows that are in use. */
void sip_edits_init(struct sip_edits *e);
void sip_edits_copy(struct sip_edits *to, const struct sip_edits *from);
void sip_edit_drop(struct sip_edits *e, enum sip_header_id id);
/* Every header of that name, in whatever spelling. */
void sip_edit_drop_named(struct sip_edits *e, struct slice name);
/* The index-th value (from 0, over all headers of that id, commas counted). */
void sip_edit_drop_value(struct sip_edits *e, enum sip_header_id id,
			 size_t index);
void sip_edit_top(struct sip_edits *e, enum sip_header_id id,
		  struct slice value);
void sip_edit_bottom(struct sip_edits *e, enum sip_header_id id,
		     struct slice value);
void sip_edit_bottom_named(struct sip_edits *e, struct slice name,
			   struct slice value);
void sip_edit_uri(struct sip_edits *e, struct slice uri);
/* e may be NULL. 0, -E2BIG, -ENOMEM (out's sticky error), -EINVAL: a name,
 * value or URI of an edit is no text for a head (CR LF in it). */
int sip_encode(struct buf *out, const struct sip_msg *m,
	       const struct sip_edits *e);

/*
 * A response to a request (RFC 3261 8.2.6): Via all, From, To (with to_tag
 * unless it has one, or status is 100), Call-ID, CSeq; then the headers of
 * `extra` (TOP and BOTTOM edits; NULL: none), Content-Length and body. reason
 * NULL: the standard phrase.
 */
struct sip_reply {
	uint16_t status;
	const char *reason;
	struct slice to_tag;
	const struct sip_edits *extra;
	struct slice body;
};
int sip_encode_reply(struct buf *out, const struct sip_msg *request,
		     const struct sip_reply *reply);
