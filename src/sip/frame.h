/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Framing of SIP over a stream (RFC 3261 18.3; RFC 5626 4.4.1). Pure: call it
 * with all bytes that are not consumed yet; it remembers how far it looked, so
 * the work is linear however the bytes arrive (SIP-10, SIP-11).
 */
#pragma once

#include "sip/sip.h"

enum sip_frame_result {
	SIP_FRAME_MORE,    /* not complete: read on */
	SIP_FRAME_MESSAGE, /* *len bytes are one message */
	SIP_FRAME_PING,    /* *len bytes end CRLF CRLF: answer one CRLF */
	SIP_FRAME_SKIP,    /* *len bytes mean nothing (leading CRLF, a pong) */
	SIP_FRAME_REFUSED, /* *reject: answer if answerable, then close;
			    *len bytes are the head, if it was complete */
	SIP_FRAME_NOT_SIP  /* first impossible byte: close, no answer */
};

struct sip_framer {
	size_t seen; /* bytes already searched for the end of the head */
	size_t line; /* where the line begins that is being searched */
	size_t head; /* length of the head, 0: not found yet */
	size_t body;
	size_t length; /* where Content-Length may stand first, 0: nowhere */
	enum {
		SIP_START_FIRST, /* in the first word of the start line */
		SIP_START_SECOND,
		SIP_START_REST,
		SIP_START_DONE
	} start;
	bool crlf; /* what was consumed last was one CRLF */
};

void sip_framer_init(struct sip_framer *f);
/* data starts at the first byte not consumed. After MESSAGE, PING and SKIP the
 * caller consumes *len bytes and calls again. */
enum sip_frame_result sip_frame(struct sip_framer *f, struct slice data,
				const struct sip_limits *limits, size_t *len,
				const struct reject **reject);
/*
 * One WebSocket message is exactly one SIP message (RFC 7118 5): never MORE. A
 * Content-Length may be absent; one that is there must fit. CR LF alone is
 * SKIP, twice is PING. sip_parse_whole() reads what is MESSAGE here.
 */
enum sip_frame_result sip_frame_whole(struct slice data,
				      const struct sip_limits *limits,
				      size_t *len,
				      const struct reject **reject);
