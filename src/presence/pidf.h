/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presence documents: PIDF (RFC 3863) with the data model of RFC 4479 and
 * whatever else stands in them, RPID (RFC 4480) among it. Parts are kept as
 * they were written; nothing is lost that we do not know (XML-05).
 */
#pragma once

#include "base/arena.h"
#include "presence/xml.h"
#include "sip/uri.h"

enum pidf_kind {
	PIDF_TUPLE,
	PIDF_PERSON, /* RFC 4479 */
	PIDF_DEVICE, /* RFC 4479 */
	PIDF_NOTE,
	PIDF_OTHER
};

/* A child of <presence>. */
struct pidf_part {
	enum pidf_kind kind;
	struct slice text; /* from "<" to the end of the element */
	struct slice tag;  /* its start tag */
	bool open;         /* tuple: basic status is open */
};

/* Slices are of `doc`, parts lie in the arena. */
struct pidf {
	struct slice doc;
	struct slice root; /* start tag of <presence> */
	char aor[SIP_AOR_MAX];
	struct pidf_part *parts;
	size_t count;
	bool open; /* any tuple is */
};

/* doc is borrowed. NULL, or why it is no presence document. */
const struct reject *pidf_read(struct arena *a, struct slice doc,
			       struct pidf *out);
/* "pres:", "sip:", "sips:" or bare: into canonical form. 0 or -EINVAL. */
int pidf_aor(struct slice uri, char out[static SIP_AOR_MAX]);

/* What a user looks like to its watchers. */
struct pidf_state {
	struct slice aor;
	/* Newest first; may be 0. */
	const struct pidf *const *docs;
	size_t count;
	/* A tuple of our own, for devices that publish nothing. */
	enum { PIDF_IMPLICIT_NONE, PIDF_IMPLICIT_OPEN } implicit;
};

/*
 * One document from those of all devices:
 *   - one alone stands as it is, byte by byte;
 *   - all tuples, devices and unknown parts of all, newest publication first;
 *     an id that stands already becomes sallyport.N;
 *   - person and notes of the newest that has any: a user has one mood;
 *   - without any: one closed tuple.
 */
void pidf_compose(struct buf *out, const struct pidf_state *s);
