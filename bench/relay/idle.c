/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that do nothing, and handshakes.
 *
 *   relay_idle hold ADDRESS NAME COUNT [CERT KEY]       "up COUNT" when all
 *       are; holds them until its input ends
 *   relay_idle sockets ADDRESS NAME COUNT               the same as WebSockets
 *   relay_idle shake ADDRESS NAME SECONDS [CERT KEY]    whole handshakes of
 *       TLS 1.2 one after the other, several at a time; prints how many
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/relay/tls.h"
#include "bench/relay/ws.h"

enum { AT_ONCE = 16 };

struct idle {
	SSL_CTX *ctx;
	const char *address, *name;
	bool shakes, sockets;
	long up, begun, lost;
};

static void begin_one(struct tls_loop *loop)
{
	struct idle *i = loop->arg;

	tls_connect(loop, i->ctx, i->address, i->name, 0);
	i->begun++;
}

static void on_up(struct tls_peer *p)
{
	struct idle *i = p->loop->arg;

	if (i->sockets) {
		ws_hello(p, i->name);
		return;
	}
	i->up++;
	if (!i->shakes)
		return;
	struct tls_loop *loop = p->loop;
	tls_close(p);
	begin_one(loop);
}

static void on_data(struct tls_peer *p)
{
	struct idle *i = p->loop->arg;

	if (!i->sockets) {
		tls_take(p, p->in_len);
	} else if (!p->arg) {
		size_t len = ws_welcome((const char *)p->in, p->in_len);
		if (!len)
			return;
		tls_take(p, len);
		p->arg = i; /* it is one now; what comes later are pings */
		i->up++;
	} else {
		tls_take(p, p->in_len);
	}
}

static void on_down(struct tls_peer *p)
{
	struct idle *i = p->loop->arg;

	i->lost++;
	if (i->shakes)
		begin_one(p->loop);
}

static bool input_ended(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char c;

	return poll(&in, 1, 0) > 0 && read(STDIN_FILENO, &c, 1) <= 0;
}

static int hold(struct tls_loop *loop, long count)
{
	struct idle *i = loop->arg;
	bool told = false;

	while (!input_ended()) {
		while (i->begun < count && i->begun - i->up - i->lost < AT_ONCE)
			begin_one(loop);
		tls_turn(loop, 10);
		if (i->up + i->lost >= count && !told) {
			told = true;
			printf("up %ld lost %ld\n", i->up, i->lost);
			fflush(stdout);
		}
	}
	return i->lost > 0;
}

static int shake(struct tls_loop *loop, double seconds)
{
	struct idle *i = loop->arg;
	uint64_t began = clock_ns();
	uint64_t ends = began + (uint64_t)(seconds * 1e9);

	i->shakes = true;
	printf("begin\n");
	fflush(stdout);
	for (int n = 0; n < AT_ONCE; n++)
		begin_one(loop);
	while (clock_ns() < ends)
		tls_turn(loop, 10);
	printf("{\"handshakes\": %ld, \"lost\": %ld, \"seconds\": %.3f}\n",
	       i->up, i->lost, (double)(clock_ns() - began) / 1e9);
	return 0;
}

int main(int argc, char **argv)
{
	struct tls_loop loop;
	struct idle i = { .up = 0 };

	if (argc != 5 && argc != 7)
		return 2;
	i.ctx = tls_context(argc == 7 ? argv[5] : NULL,
			    argc == 7 ? argv[6] : NULL, NULL, false);
	i.address = argv[2];
	i.name = argv[3];
	tls_loop_init(&loop);
	loop.arg = &i;
	loop.on_up = on_up;
	loop.on_data = on_data;
	loop.on_down = on_down;
	i.sockets = strcmp(argv[1], "sockets") == 0;
	if (i.sockets || strcmp(argv[1], "hold") == 0)
		return hold(&loop, atol(argv[4]));
	/* the last word of TLS 1.3 is the client's: it would end before the
	 * server has looked at its certificate */
	SSL_CTX_set_max_proto_version(i.ctx, TLS1_2_VERSION);
	return shake(&loop, atof(argv[4]));
}
