/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a trace as the daemon tells them. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "cli/trace_record.h"

struct step {
	const char *way, *verdict, *peer, *user;
	int status, diagnostics, lost;
	const char *why, *text;
	const char *bytes; /* a message; NULL: none */
	size_t hidden;     /* bytes of its body */
};

#define STEP_MESSAGE                                         \
	"MESSAGE sip:bob@fabrikam.test SIP/2.0\r\n"          \
	"Via: SIP/2.0/TLS phone.invalid;branch=z9hG4bKx\r\n" \
	"Max-Forwards: 70\r\n"                               \
	"From: <sip:alice@contoso.test>;tag=1\r\n"           \
	"To: <sip:bob@fabrikam.test>\r\n"                    \
	"Call-ID: call1\r\nCSeq: 1 MESSAGE\r\n"

static inline json_t *step_json(const struct step *s)
{
	const char *bytes = s->bytes ? s->bytes : "";
	struct buf b;
	buf_init(&b, 0);
	text_base64(&b, slice_str(bytes));
	json_t *o = json_pack(
		"{s:I,s:i,s:s,s:s,s:i,s:i,s:I,s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s,"
		"s:s,s:s,s:s%}",
		"time_ms", (json_int_t)1795438063608, "worker", 2, "direction",
		s->way ? s->way : "in", "verdict",
		s->verdict ? s->verdict : "none", "status", s->status,
		"diagnostics", s->diagnostics, "size",
		(json_int_t)(strlen(bytes) + s->hidden), "lost", s->lost,
		"transport", "TLS", "local", "192.0.2.1:443", "remote",
		"192.0.2.7:5000", "peer", s->peer ? s->peer : "", "user",
		s->user ? s->user : "", "why", s->why ? s->why : "", "text",
		s->text ? s->text : "", "call_id", "call1", "cseq", "1 MESSAGE",
		"bytes", b.len ? (const char *)b.ptr : "", b.len);
	buf_free(&b);
	assert_non_null(o);
	return o;
}

/* The texts live as long as *o. */
static inline void step_read(struct trace_record *r, json_t **o,
			     const struct step *s)
{
	*o = step_json(s);
	assert_int_equal(trace_record_read(r, *o), 0);
}
