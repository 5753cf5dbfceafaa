/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which media a message asks for. Multipart of any subtype is looked into, an
 * unknown one is as mixed (RFC 2046 5.1.7). Nesting is a small stack: deeper is
 * refused, not ignored (SIP-07).
 */
#include <errno.h>

#include "sip/body.h"

enum { DEPTH_MAX = 4 };

struct walk {
	struct sip_multipart level[DEPTH_MAX];
	size_t depth;
	unsigned kinds;
};

static int read_sdp(struct walk *w, struct slice body)
{
	struct sip_sdp_media media;
	struct sip_sdp sdp;
	int rc = sip_sdp_init(&sdp, body);

	while (rc >= 0 && (rc = sip_sdp_next(&sdp, &media)) == 1)
		if (!media.rejected)
			w->kinds |= media.kind;
	return rc;
}

static int push(struct walk *w, const struct sip_media_type *t,
		struct slice body)
{
	struct slice boundary;

	if (w->depth == DEPTH_MAX || sip_media_type_boundary(t, &boundary) < 0)
		return -EBADMSG;
	sip_multipart_init(&w->level[w->depth++], body, boundary);
	return 0;
}

/* A body or a part: SDP, something to look into, or nothing of ours. */
static int look(struct walk *w, const struct sip_part *part)
{
	struct sip_media_type t;

	if (part->type.len == 0)
		return 0;
	if (sip_media_type_parse(part->type, &t) < 0)
		return -EBADMSG;
	bool sdp = sip_media_type_is(&t, "application", "sdp");
	if (!sdp && !sip_media_type_is(&t, "multipart", NULL))
		return 0;
	if (part->encoded)
		return -EBADMSG;
	return sdp ? read_sdp(w, part->body) : push(w, &t, part->body);
}

static bool is_encoded(const struct sip_msg *m)
{
	const struct sip_header *h;
	size_t index = 0;

	while ((h = sip_header_next(m, SIP_H_CONTENT_ENCODING, &index)))
		if (!slice_ieq(h->value, SLICE_LIT("identity")))
			return true;
	return false;
}

int sip_media_kinds(const struct sip_msg *m, unsigned *kinds)
{
	const struct sip_header *type = sip_header(m, SIP_H_CONTENT_TYPE);
	struct sip_part part = { .body = m->body };
	struct walk w = { .depth = 0 };
	int rc = 0;

	if (m->body.len > 0) {
		if (!type)
			return -EBADMSG;
		part.type = type->value;
		part.encoded = is_encoded(m);
		rc = look(&w, &part);
	}
	while (rc >= 0 && w.depth > 0) {
		rc = sip_multipart_next(&w.level[w.depth - 1], &part);
		if (rc == 0)
			w.depth--;
		else if (rc == 1)
			rc = look(&w, &part);
	}
	if (rc < 0)
		return rc;
	*kinds = w.kinds;
	return 0;
}
