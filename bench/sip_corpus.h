/* SPDX-License-Identifier: Apache-2.0 */
/* What an edge reads all day, as deployed clients and servers write it. */
#pragma once

#include "base/slice.h"

/* A literal as a slice in a constant table. */
#define TEXT(s)                                     \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

static const struct {
	const char *name;
	struct slice head; /* up to Content-Length, which is put behind it */
	struct slice body;
} sip_corpus[] = {
	{ "MESSAGE",
	  TEXT("MESSAGE sip:bob@fabrikam.test SIP/2.0\r\n"
	       "Via: SIP/2.0/TLS 192.0.2.4:49152;branch=z9hG4bK74b43;"
	       "rport\r\n"
	       "Max-Forwards: 70\r\n"
	       "From: \"Alice\" <sip:alice@contoso.test>;tag=9fxced76sl\r\n"
	       "To: Bob <sip:bob@fabrikam.test>\r\n"
	       "Call-ID: 3848276298220188511@192.0.2.4\r\n"
	       "CSeq: 1 MESSAGE\r\n"
	       "User-Agent: softphone/1.0\r\n"
	       "Supported: path, outbound, gruu\r\n"
	       "P-Preferred-Identity: <sip:alice@contoso.test>\r\n"
	       "Content-Type: text/plain;charset=UTF-8\r\n"),
	  TEXT("Hello Bob, is the gate open tonight?") },
	{ "INVITE",
	  TEXT("INVITE sip:bob@fabrikam.test;user=phone SIP/2.0\r\n"
	       "Via: SIP/2.0/TLS edge.contoso.test:5061;"
	       "branch=z9hG4bK1b2d99a8f\r\n"
	       "Via: SIP/2.0/TLS 192.0.2.4:49152;branch=z9hG4bKnashds8;"
	       "received=198.51.100.7;rport=49152\r\n"
	       "Record-Route: <sip:edge.contoso.test:5061;transport=tls;"
	       "lr>\r\n"
	       "Route: <sip:sip.fabrikam.test:5061;transport=tls;lr>\r\n"
	       "Max-Forwards: 69\r\n"
	       "From: \"Alice Example\" <sip:alice@contoso.test>;"
	       "tag=a48s-77;epid=0123456789\r\n"
	       "To: <sip:bob@fabrikam.test>\r\n"
	       "Call-ID: a84b4c76e66710@pc33.contoso.test\r\n"
	       "CSeq: 314159 INVITE\r\n"
	       "Contact: <sip:alice@contoso.test;gr=urn:uuid:f81d4fae-7dec-"
	       "11d0-a765-00a0c91e6bf6>\r\n"
	       "User-Agent: softphone/1.0 (desktop)\r\n"
	       "Supported: timer, 100rel, histinfo, replaces\r\n"
	       "Allow: INVITE, BYE, ACK, CANCEL, INFO, MESSAGE, UPDATE, "
	       "REFER, NOTIFY\r\n"
	       "Session-Expires: 1800;refresher=uac\r\n"
	       "Min-SE: 90\r\n"
	       "Content-Type: application/sdp\r\n"),
	  TEXT("v=0\r\n"
	       "o=alice 2890844526 2890844526 IN IP4 192.0.2.4\r\n"
	       "s=-\r\nc=IN IP4 192.0.2.4\r\nt=0 0\r\n"
	       "m=audio 49172 RTP/SAVP 9 0 8 101\r\n"
	       "a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n"
	       "a=rtpmap:8 PCMA/8000\r\n"
	       "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
	       "a=candidate:1 1 UDP 2130706431 192.0.2.4 49172 typ host\r\n"
	       "a=sendrecv\r\n"
	       "m=video 51372 RTP/SAVP 96\r\na=rtpmap:96 H264/90000\r\n"
	       "a=sendrecv\r\n") },
	{ "SUBSCRIBE",
	  TEXT("SUBSCRIBE sip:bob@fabrikam.test SIP/2.0\r\n"
	       "Via: SIP/2.0/TLS 192.0.2.4:49152;branch=z9hG4bKnashds7;"
	       "rport\r\n"
	       "Max-Forwards: 70\r\n"
	       "Route: <sip:edge.contoso.test:443;transport=tls;lr>\r\n"
	       "From: <sip:alice@contoso.test>;tag=xfg9\r\n"
	       "To: <sip:bob@fabrikam.test>\r\n"
	       "Call-ID: 2010@alice-pc.contoso.test\r\n"
	       "CSeq: 17766 SUBSCRIBE\r\n"
	       "Contact: <sip:alice@192.0.2.4:49152;transport=tls;ob>\r\n"
	       "Event: presence\r\n"
	       "Expires: 3600\r\n"
	       "Accept: application/pidf+xml, application/rlmi+xml, "
	       "multipart/related\r\n"
	       "Supported: eventlist\r\n"
	       "User-Agent: softphone/1.0\r\n"),
	  { NULL, 0 } },
	{ "REGISTER",
	  TEXT("REGISTER sip:contoso.test SIP/2.0\r\n"
	       "Via: SIP/2.0/TLS 192.0.2.4:49152;branch=z9hG4bKhjhs8ass83;"
	       "rport\r\n"
	       "Max-Forwards: 70\r\n"
	       "From: Alice <sip:alice@contoso.test>;tag=456248\r\n"
	       "To: Alice <sip:alice@contoso.test>\r\n"
	       "Call-ID: 843817637684230@998sdasdh09\r\n"
	       "CSeq: 1827 REGISTER\r\n"
	       "Contact: <sip:alice@192.0.2.4:49152;transport=tls;ob>;"
	       "reg-id=1;expires=3600;+sip.instance=\"<urn:uuid:00000000-"
	       "0000-1000-8000-000a95a0e128>\"\r\n"
	       "Authorization: Digest username=\"alice\", "
	       "realm=\"contoso.test\", "
	       "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
	       "uri=\"sip:contoso.test\", response=\"753927fa0e85d155564e2"
	       "e272a28d1802ca10daf4496794697cf8db5856cb6c1\", "
	       "algorithm=SHA-256, qop=auth, nc=00000001, "
	       "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\"\r\n"
	       "Supported: path, outbound, gruu\r\n"
	       "User-Agent: softphone/1.0\r\n"),
	  { NULL, 0 } },
};
