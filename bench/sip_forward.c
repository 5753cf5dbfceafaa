/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does forwarding a MESSAGE cost in the codec (parse, five edits, encode),
 * as a multiple of the limit: reading and copying its bytes once?
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/clock.h"
#include "sip/edit.h"
#include "sip/sip.h"

static const char message[] =
	"MESSAGE sip:bob@fabrikam.test SIP/2.0\r\n"
	"Via: SIP/2.0/TLS 192.0.2.4:49152;branch=z9hG4bK74b43;rport\r\n"
	"Max-Forwards: 70\r\n"
	"From: \"Alice\" <sip:alice@contoso.test>;tag=9fxced76sl\r\n"
	"To: Bob <sip:bob@fabrikam.test>\r\n"
	"Call-ID: 3848276298220188511@192.0.2.4\r\n"
	"CSeq: 1 MESSAGE\r\n"
	"User-Agent: softphone/1.0\r\n"
	"Supported: path, outbound, gruu\r\n"
	"P-Preferred-Identity: <sip:alice@contoso.test>\r\n"
	"Content-Type: text/plain;charset=UTF-8\r\n"
	"Content-Length: 36\r\n\r\n"
	"Hello Bob, is the gate open tonight?";

static void forward(struct buf *out)
{
	struct slice whole = SLICE_LIT(message);
	struct arena *a = arena_create(4096, 65536);
	struct sip_msg m;
	struct sip_edits e;
	if (!a || sip_parse(a, whole, &sip_limits_default, &m))
		abort();
	sip_edits_init(&e);
	sip_edit_drop(&e, SIP_H_VIA);
	sip_edit_drop(&e, SIP_H_P_PREFERRED_IDENTITY);
	sip_edit_top(
		&e, SIP_H_VIA,
		SLICE_LIT("SIP/2.0/TLS edge.contoso.test;branch=z9hG4bKx"));
	sip_edit_drop(&e, SIP_H_MAX_FORWARDS);
	sip_edit_bottom(&e, SIP_H_MAX_FORWARDS, SLICE_LIT("69"));
	buf_reset(out);
	if (sip_encode(out, &m, &e))
		abort();
	arena_free(a);
}

static uint32_t copy(struct buf *out)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < sizeof(message) - 1; i++)
		sum = sum * 31 + (uint8_t)message[i];
	buf_reset(out);
	buf_put(out, SLICE_LIT(message));
	return sum;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 300000;
	struct buf out;
	uint32_t sink = 0;
	buf_init(&out, 0);
	uint64_t t0 = clock_ns();
	for (long i = 0; i < n; i++)
		forward(&out);
	uint64_t t1 = clock_ns();
	for (long i = 0; i < n; i++)
		sink += copy(&out);
	uint64_t t2 = clock_ns();
	printf("sip_forward: %.0f ns a message of %zu bytes, %.1f times the "
	       "limit (read and copy: %.0f ns)\n",
	       (double)(t1 - t0) / (double)n, sizeof(message) - 1,
	       (double)(t1 - t0) / (double)(t2 - t1),
	       (double)(t2 - t1) / (double)n);
	buf_free(&out);
	return sink == 1; /* used, so that it is computed */
}
