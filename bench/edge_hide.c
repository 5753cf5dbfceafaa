/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does it cost to hide where a device is: the edits of an INVITE that
 * leaves for a partner, and the way back from the Request-URI that it yields?
 *
 *   edge_hide [rounds]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "edge/hide.h"

enum { SAMPLES = 20 };

static const char INVITE[] =
	"INVITE sip:bob@fabrikam.test SIP/2.0\r\n"
	"Via: SIP/2.0/TLS 192.0.2.4:49152;branch=z9hG4bK74b43\r\n"
	"Max-Forwards: 70\r\n"
	"From: <sip:alice@contoso.test>;tag=9fxced76sl\r\n"
	"To: <sip:bob@fabrikam.test>\r\n"
	"Call-ID: 3848276298220188511@192.0.2.4\r\n"
	"CSeq: 1 INVITE\r\n"
	"Contact: <sip:alice@192.168.20.31:49152;transport=tls;ob>"
	";+sip.instance=\"<urn:uuid:f81d4fae-7dec-11d0>\"\r\n"
	"User-Agent: softphone/1.0\r\n"
	"Ms-Conversation-ID: 1\r\n"
	"Content-Length: 0\r\n\r\n";
static const char HIDDEN[] = "sip:alice@192.168.20.31:49152;transport=tls;ob";

struct world {
	struct edge edge;
	struct generation generation;
};

static void make(struct world *w)
{
	static const struct slice ours[] = { { (const uint8_t *)"contoso.test",
					       12 } };
	static const struct access_conf conf = { .domains = ours,
						 .domain_count = 1 };
	uint8_t key[SEAL_KEY_BYTES] = { 1 };
	char error[256];
	w->edge.name = strdup("edge.contoso.test");
	w->edge.current = &w->generation;
	if (!w->edge.name || sealer_create(&w->edge.sealer) ||
	    sealer_add(w->edge.sealer, 1, key) ||
	    access_create(&w->generation.access, &conf, error))
		abort();
}

static void unmake(struct world *w)
{
	access_free(w->generation.access);
	sealer_free(w->edge.sealer);
	free(w->edge.name);
}

static void out(struct world *w, const struct sip_msg *m)
{
	struct arena *a = arena_create(4096, 1 << 16);
	struct sip_edits edits;
	sip_edits_init(&edits);
	if (!a)
		abort();
	hide_inside(&w->edge, a, m, &edits);
	if (edits.failed)
		abort();
	arena_free(a);
}

static void back(struct world *w, const struct sip_uri *uri)
{
	struct arena *a = arena_create(4096, 1 << 16);
	struct sip_hidden hidden;
	if (!a || !hide_open(&w->edge, uri, &hidden) ||
	    !arena_copy(a, hidden.uri).len)
		abort();
	arena_free(a);
}

static void measure(struct world *w, const struct sip_msg *m,
		    const struct sip_uri *uri, long rounds)
{
	uint64_t best[2] = { UINT64_MAX, UINT64_MAX };
	for (int s = 0; s < SAMPLES; s++) {
		uint64_t t0 = clock_ns();
		for (long i = 0; i < rounds; i++)
			out(w, m);
		uint64_t t1 = clock_ns();
		for (long i = 0; i < rounds; i++)
			back(w, uri);
		uint64_t t2 = clock_ns();
		best[0] = t1 - t0 < best[0] ? t1 - t0 : best[0];
		best[1] = t2 - t1 < best[1] ? t2 - t1 : best[1];
	}
	printf("edge_hide: %.0f ns out, %.0f ns back\n",
	       (double)best[0] / (double)rounds,
	       (double)best[1] / (double)rounds);
}

int main(int argc, char **argv)
{
	struct world w = { .edge = { .name = NULL } };
	struct arena *a = arena_create(SIP_VIEW_BYTES, 1 << 20);
	struct sip_msg m;
	struct sip_uri uri;
	struct buf b;
	long rounds = argc > 1 ? atol(argv[1]) : 10000;

	make(&w);
	buf_init(&b, 0);
	buf_printf(&b, "sip:alice@%s;transport=tls;inside=", w.edge.name);
	if (!a || sip_parse(a, slice_str(INVITE), &sip_limits_default, &m) ||
	    sip_hidden_seal(w.edge.sealer, SLICE_NONE, slice_str(HIDDEN), &b) ||
	    sip_uri_parse(buf_slice(&b), &uri))
		abort();
	measure(&w, &m, &uri, rounds);
	buf_free(&b);
	arena_free(a);
	unmake(&w);
	return 0;
}
