/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The null forwarder: TLS in, TLS out, no SIP. What any relay of messages has
 * to pay; each connection that comes in has one that goes out.
 *
 *   relay_null LISTEN TARGET CERT KEY CA
 *
 * Without a TARGET ("-") it holds connections and does nothing: OpenSSL alone.
 * Without a CA ("-") nobody is asked for a certificate.
 */
#include <stdio.h>
#include <string.h>

#include "bench/relay/tls.h"

enum { IN, OUT };

struct null {
	SSL_CTX *ctx;
	const char *target;
};

static void on_up(struct tls_peer *p)
{
	struct null *n = p->loop->arg;

	if (p->kind != IN || !n->target)
		return;
	struct tls_peer *out =
		tls_connect(p->loop, n->ctx, n->target, NULL, OUT);
	out->arg = p;
	p->arg = out;
}

static void on_data(struct tls_peer *p)
{
	if (p->arg)
		tls_write(p->arg, p->in, p->in_len);
	tls_take(p, p->in_len);
}

static void on_down(struct tls_peer *p)
{
	struct tls_peer *other = p->arg;

	if (!other)
		return;
	other->arg = NULL;
	tls_close(other);
}

int main(int argc, char **argv)
{
	struct tls_loop loop;
	struct null n;

	if (argc != 6)
		return 2;
	bool asks = strcmp(argv[5], "-") != 0;
	n.ctx = tls_context(argv[3], argv[4], asks ? argv[5] : NULL, asks);
	n.target = strcmp(argv[2], "-") != 0 ? argv[2] : NULL;
	tls_loop_init(&loop);
	loop.arg = &n;
	loop.on_up = on_up;
	loop.on_data = on_data;
	loop.on_down = on_down;
	tls_listen(&loop, n.ctx, argv[1], IN);
	printf("ready\n");
	fflush(stdout);
	for (;;)
		tls_turn(&loop, -1);
}
