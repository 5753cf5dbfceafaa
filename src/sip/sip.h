/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SIP message view: slices into the received bytes, which are never
 * changed. Strict (RFC 3261 25, RFC 4475 verdicts), bounded, one pass, linear.
 * Pure: no clock, no socket.
 *
 *   sip_frame()  finds one message in a stream        (frame.h)
 *   sip_parse()  makes the view, or names a refusal
 *   sip_via_*, sip_addr_*, ... read one header's value
 *   sip_encode() writes the view with a list of edits (edit.h)
 */
#pragma once

#include "base/arena.h"
#include "base/reject.h"
#include "sip/uri.h"

/* A first block of an arena that holds the view of nearly every message, and
 * is a size that allocators keep at hand. */
enum { SIP_VIEW_BYTES = 960 };

enum sip_method {
#define SIP_METHOD(id, name) SIP_##id,
#include "sip/methods.tbl"
#undef SIP_METHOD
	SIP_METHOD_UNKNOWN
};

enum sip_header_id {
#define SIP_HEADER(id, name, compact, flags) SIP_H_##id,
#include "sip/headers.tbl"
#undef SIP_HEADER
	SIP_H_UNKNOWN
};

/* headers.tbl flags */
enum sip_header_flags {
	SIP_HF_NONE = 0,
	SIP_HF_ONCE = 1 << 0,   /* twice is 400 (SIP-03) */
	SIP_HF_LIST = 1 << 1,   /* comma separates values */
	SIP_HF_INSIDE = 1 << 2, /* internal: never crosses the wall */
};

struct sip_header {
	enum sip_header_id id;
	/* the line is name, ": ", value and CR LF, unfolded: its bytes are what
	 * the encoder would write; who changes the value clears it */
	bool plain;
	struct slice name;  /* as written */
	struct slice value; /* trimmed; may hold folds (CRLF and blanks) */
};

struct sip_via {
	struct slice transport; /* "TLS" */
	struct slice host;      /* IPv6 without brackets */
	uint16_t port;          /* 0: none */
	struct slice branch;
	struct slice params;
	struct slice text;           /* the whole value, one Via */
	bool received, rport, alias; /* among the parameters */
};

struct sip_msg {
	struct slice whole; /* start line to the end of the body */
	bool request;
	enum sip_method method; /* of the request, or CSeq's in a response */
	struct slice method_text;
	struct sip_uri uri; /* Request-URI */
	uint16_t status;    /* response: 100..699 */
	struct slice reason;
	struct sip_header *headers;
	size_t header_count;
	uint64_t present; /* sip_header_bit() of each id that is there */
	struct slice body;
	/* Mandatory headers, read and checked. */
	struct sip_via via; /* topmost */
	size_t via_count;
	struct sip_addr from, to;
	struct slice from_tag, to_tag; /* empty: none */
	struct slice call_id;
	uint32_t cseq;
	int max_forwards; /* -1: absent */
};

/* One of a set of ids; those that have no id share one. */
static inline uint64_t sip_header_bit(enum sip_header_id id)
{
	return UINT64_C(1) << id;
}

struct sip_limits { /* bytes or counts; defaults in threats section 0 */
	size_t header_line, header_block, header_count;
	size_t via, route, contact; /* entries */
	size_t uri;
	size_t body;
};

extern const struct sip_limits sip_limits_default;

/*
 * Makes a view of one framed message; header array in the arena. NULL: fine.
 * Otherwise the refusal; out then holds what could be read, and
 * sip_answerable() tells whether a response to it can be built. A bad response
 * gives a row with status 0: drop.
 */
const struct reject *sip_parse(struct arena *a, struct slice whole,
			       const struct sip_limits *limits,
			       struct sip_msg *out);
/* The same for a message framed by its transport (RFC 7118 5): Content-Length
 * may be absent. */
const struct reject *sip_parse_whole(struct arena *a, struct slice whole,
				     const struct sip_limits *limits,
				     struct sip_msg *out);
bool sip_answerable(const struct sip_msg *m);

/* First header of that id at or after *index (start at 0), NULL: none. *index
 * becomes the place behind it. */
const struct sip_header *sip_header_next(const struct sip_msg *m,
					 enum sip_header_id id, size_t *index);
/* First header of that id, or NULL. */
const struct sip_header *sip_header(const struct sip_msg *m,
				    enum sip_header_id id);
/* By name without case: headers that are not in the table. */
const struct sip_header *sip_header_named(const struct sip_msg *m,
					  const char *name);
/* Takes the next comma-separated value off *list (quotes, brackets and folds
 * respected). 1: *value is set, 0: at the end, -EINVAL. */
int sip_list_next(struct slice *list, struct slice *value);
/* Does any header of that id (a LIST of tokens) hold the token? */
bool sip_has_token(const struct sip_msg *m, enum sip_header_id id,
		   const char *token);
/* 0, or -EINVAL and *out is empty. */
int sip_via_parse(struct slice value, struct sip_via *out);
/* name-addr / addr-spec as RFC 3261 20.10 reads it. 0, or -EINVAL and *out is
 * empty. */
int sip_addr_parse(struct slice value, struct sip_addr *out);
/* Seconds of Expires or expires=; over 2^32-1 is clamped. -EINVAL. */
int sip_delta_seconds(struct slice value, uint32_t *out);
/* Without folds: each fold and the blanks around it become one space. */
struct slice sip_unfold(struct arena *a, struct slice value);

enum sip_method sip_method_of(struct slice text); /* case matters */
const char *sip_method_name(enum sip_method m);
enum sip_header_id sip_header_id_of(struct slice name);
struct slice sip_header_name(enum sip_header_id id);
unsigned sip_header_flags(enum sip_header_id id);
const char *sip_status_reason(unsigned status); /* "Not Found" */
