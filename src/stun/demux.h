/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which protocol is it, by the first bytes: a datagram on the relay's UDP
 * port, a new stream on 3478 or 443. Order matters and is the table in
 * demux.c (RFC 7983, RFC 8656 12, MS-TURN). Pure; every input has an answer.
 */
#pragma once

#include "base/slice.h"

/* Who the datagram's 5-tuple belongs to. */
enum demux_owner {
	DEMUX_NOBODY,
	DEMUX_RFC,       /* an allocation of RFC 8656 */
	DEMUX_MS,        /* of MS-TURN, no active destination yet */
	DEMUX_MS_ACTIVE, /* of MS-TURN, with one: all else is raw data */
};

enum demux_datagram {
	DATAGRAM_DROP,    /* nothing known: count it */
	DATAGRAM_MS,      /* stun_ms */
	DATAGRAM_RAW,     /* for the peer, as it is */
	DATAGRAM_CHANNEL, /* ChannelData */
	DATAGRAM_RFC,     /* stun_rfc */
	DATAGRAM_CLASSIC, /* stun_classic: a Binding request of RFC 3489 */
	DATAGRAM_DTLS,
	DATAGRAM_MULTIPLEXED, /* MS-TURN version 5: drop and count apart */
};

enum demux_datagram demux_datagram(struct slice datagram,
				   enum demux_owner owner);

enum demux_stream {
	STREAM_MORE,  /* too few bytes to tell */
	STREAM_CLOSE, /* nothing of ours */
	STREAM_HELLO, /* MS-TURN pseudo-TLS */
	STREAM_MS,    /* bare MS-TURN frames */
	STREAM_RFC,   /* STUN and TURN over TCP */
	STREAM_TLS,   /* real TLS: SIP, HTTP, or TURN inside */
};

/* The first bytes of a stream; 9 bytes always suffice to leave STREAM_MORE,
 * but for the hello, which wants its 50. */
enum demux_stream demux_stream(struct slice first);

/* True when a whole ClientHello is among the first bytes and offers this ALPN
 * name (RFC 7443: "stun.turn"). */
bool demux_alpn(struct slice first, struct slice name);
