/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in bodies, as far as policy asks: media types (RFC 3261 20.15),
 * multipart (RFC 2046 5.1) and SDP (RFC 8866, 4566). Readers walk over borrowed
 * bytes: one pass, no memory, no recursion. What two readers could understand
 * differently is -EBADMSG, so that nothing hides in it (SIP-07, SIP-08); who
 * only forwards the body need not care.
 */
#pragma once

#include "sip/sip.h"

struct sip_media_type {
	struct slice type, subtype;
	struct slice params; /* ";charset=UTF-8" for sip_param(), or empty */
};

/* Value of a Content-Type; the parameters are not judged. 0 or -EBADMSG. */
int sip_media_type_parse(struct slice value, struct sip_media_type *out);
/* Without case; subtype NULL: any. */
bool sip_media_type_is(const struct sip_media_type *t, const char *type,
		       const char *subtype);
/* boundary= without its quotes; -EBADMSG: none, two, or none that RFC 2046
 * allows. */
int sip_media_type_boundary(const struct sip_media_type *t,
			    struct slice *boundary);

struct sip_part {
	struct slice type; /* value of its Content-Type; empty: text/plain */
	bool encoded;      /* base64 and the like: body is not the content */
	struct slice body;
};

struct sip_multipart {
	struct slice rest; /* from a line's start on */
	struct slice boundary;
	enum { SIP_PARTS_BEFORE, SIP_PARTS_IN, SIP_PARTS_AFTER } at;
};

/* boundary as from sip_media_type_boundary(). */
void sip_multipart_init(struct sip_multipart *w, struct slice body,
			struct slice boundary);
/* 1: *part is set, 0: the last one was before, -EBADMSG. */
int sip_multipart_next(struct sip_multipart *w, struct sip_part *part);

enum sip_media_kind {
	SIP_MEDIA_AUDIO = 1 << 0,
	SIP_MEDIA_VIDEO = 1 << 1,
	SIP_MEDIA_MESSAGE = 1 << 2,
	SIP_MEDIA_APPLICATION = 1 << 3,
	SIP_MEDIA_OTHER = 1 << 4,
};

struct sip_sdp_media {
	enum sip_media_kind kind;
	struct slice name; /* as in the m= line */
	uint16_t port;
	struct slice protocol;
	struct slice address; /* of its c=, else the session's; no /ttl */
	bool rejected;        /* port 0, and not only bundled (RFC 9143 6) */
};

struct sip_sdp {
	struct slice rest;
	struct slice address; /* of the session, may be empty */
};

/* Reads up to the first m= line. 0 or -EBADMSG. */
int sip_sdp_init(struct sip_sdp *s, struct slice body);
/* 1: *media is set, 0: no more, -EBADMSG. */
int sip_sdp_next(struct sip_sdp *s, struct sip_sdp_media *media);

/*
 * The kinds of media that the message's SDP asks for: a plain SDP body, or the
 * parts of multipart bodies, four deep. Rejected media do not count. *kinds is
 * 0 when there is no SDP (offerless) or nothing live in it. -EBADMSG: there is
 * something that cannot be read, *kinds is untouched.
 */
int sip_media_kinds(const struct sip_msg *m, unsigned *kinds);
