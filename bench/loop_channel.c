/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many 600-byte messages a second cross a channel, against the limit: the
 * same bytes over a bare SOCK_SEQPACKET pair, one datagram a message?
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/clock.h"
#include "loop/channel.h"

enum { SIZE = 600, BATCH = 64 };

struct bench {
	struct loop *loop;
	struct channel *in, *out;
	struct turn_hook hook;
	long left, sent;
};

static uint8_t bytes[SIZE];

static void on_message(void *arg, struct slice msg, int fd)
{
	struct bench *b = arg;
	(void)msg;
	(void)fd;
	if (--b->left == 0)
		loop_stop(b->loop);
	else if (b->sent > 0 && b->left % BATCH == 0)
		loop_at_turn_end(b->loop, &b->hook);
}

static void on_gone(void *arg)
{
	(void)arg;
	abort();
}

static void push(void *arg)
{
	struct bench *b = arg;
	for (int i = 0; i < BATCH && b->sent > 0; i++, b->sent--)
		if (channel_send(b->out, CHANNEL_REQUEST, slice_of(bytes, SIZE),
				 -1))
			abort();
}

static double through_channel(long n)
{
	static const struct channel_ops ops = { on_message, on_gone };
	struct bench b = { .left = n, .sent = n };
	int fds[2];
	b.hook.fn = push;
	b.hook.arg = &b;
	if (loop_create(&b.loop) || channel_pair(fds) ||
	    channel_open(&b.out, b.loop, fds[0], NULL, &ops, &b) ||
	    channel_open(&b.in, b.loop, fds[1], NULL, &ops, &b))
		abort();
	uint64_t t0 = clock_ns();
	push(&b);
	push(&b);
	loop_run(b.loop);
	uint64_t t1 = clock_ns();
	channel_close(b.in);
	channel_close(b.out);
	loop_free(b.loop);
	return (double)n * 1e9 / (double)(t1 - t0);
}

static double through_socket(long n)
{
	int fds[2];
	uint8_t in[SIZE];
	if (channel_pair(fds))
		abort();
	uint64_t t0 = clock_ns();
	for (long i = 0; i < n; i++) {
		ssize_t w = write(fds[0], bytes, SIZE);
		ssize_t r;
		do
			r = read(fds[1], in, SIZE);
		while (r < 0);
		if (w != SIZE || r != SIZE)
			abort();
	}
	uint64_t t1 = clock_ns();
	close(fds[0]);
	close(fds[1]);
	return (double)n * 1e9 / (double)(t1 - t0);
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 500000;
	n = n < BATCH ? BATCH : n;
	double channel = through_channel(n), limit = through_socket(n);
	printf("loop_channel: %.0f messages a second, %.1f times a bare "
	       "socket pair (%.0f)\n",
	       channel, channel / limit, limit);
	return 0;
}
