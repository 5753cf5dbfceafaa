/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does a trace cost a message that it is not about? Nanoseconds of each
 * message that leaves: when nobody watches, and when somebody watches a user,
 * or a call, that it does not name. bench/relay.py has the whole way.
 *
 *   edge_trace [rounds]
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/clock.h"
#include "bench/sip_corpus.h"
#include "edge/trace.h"

enum { SAMPLES = 20 };

struct bench {
	struct edge edge;
	struct flow flow;
	struct buf message;
	unsigned told;
};

static int on_send(void *arg, enum proc_role role, uint32_t slot,
		   enum ipc_type type, const void *body)
{
	struct bench *b = arg;
	(void)role, (void)slot, (void)body;
	b->told += type == IPC_TRACE_RECORD;
	return 0;
}

static const struct edge_ops ops = { .send = on_send };

static void measure(struct bench *b, const char *name, long rounds)
{
	uint64_t best = UINT64_MAX;
	for (int s = 0; s < SAMPLES; s++) {
		uint64_t t0 = clock_ns();
		for (long i = 0; i < rounds; i++) {
			trace_left(&b->flow, buf_slice(&b->message));
			__asm__ volatile("" ::: "memory");
		}
		uint64_t t = clock_ns() - t0;
		best = t < best ? t : best;
	}
	printf("edge_trace %s: %.1f ns, %u told\n", name,
	       (double)best / (double)rounds, b->told);
}

static void watch(struct bench *b, struct ipc_trace ask)
{
	const struct proc_id admin = { PROC_ADMIN, 0, 1 };
	struct ipc_msg m = { .type = IPC_TRACE, .u.trace = ask };
	m.u.trace.id = 1;
	m.u.trace.seconds = 3600;
	traces_on_ask(&b->edge, &admin, &m);
	if (!b->edge.traces)
		abort();
}

int main(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof(*b));
	long rounds = argc > 1 ? atol(argv[1]) : 100000;

	if (!b || timers_create(&b->edge.timers, 1))
		abort();
	b->edge.ops = &ops;
	b->edge.arg = b;
	b->flow.edge = &b->edge;
	buf_init(&b->message, 0);
	buf_put(&b->message, sip_corpus[0].head);
	buf_printf(&b->message, "Content-Length: %zu\r\n\r\n",
		   sip_corpus[0].body.len);
	buf_put(&b->message, sip_corpus[0].body);
	measure(b, "nobody watches", rounds);
	watch(b, (struct ipc_trace){ .user = SLICE_LIT("eve@nobody.test") });
	measure(b, "another user is watched", rounds / 10 + 1);
	traces_free(&b->edge);
	watch(b, (struct ipc_trace){ .call_id = SLICE_LIT("another") });
	measure(b, "another call is watched", rounds / 10 + 1);
	traces_free(&b->edge);
	timers_free(b->edge.timers);
	buf_free(&b->message);
	free(b);
	return 0;
}
