/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handshakes of strangers take turns, so that they never starve traffic
 * (TLS-02, NET-05). Private to net/.
 *
 * A connection that is still shaking hands does not read when bytes arrive but
 * asks for a turn. Turns are given at the end of the loop's turn, in order: for
 * SLICE_US when no open connection had anything to say meanwhile, else while
 * there is credit, of which a tenth of the time that passes is earned. What is
 * left over waits for the loop's next turn, its bytes in the kernel. While
 * others wait, those who come back with a ticket of ours go first; one turn in
 * GATE_STRANGERS is a stranger's all the same, as a ticket may be copied.
 * Beyond `most` handshakes at a time the owner is told to stop accepting.
 */
#pragma once

#include "net/net.h"

enum {
	GATE_SLICE_US = 1000,
	GATE_SHARE = 10,       /* one part in so many, when busy */
	GATE_CREDIT_US = 3000, /* most that can be saved up */
	GATE_STRANGERS = 8,
	GATE_MOST = 4096
};

/* One step of one handshake. */
struct gate_turn {
	struct list node;
	void (*fn)(void *arg);
	void *arg;
	bool known; /* set before it is asked for: was here before */
};

/* Counted: its maker and each context hold one. */
struct net_gate {
	struct loop *loop;
	uint64_t (*clock_us)(void); /* tests have another one */
	struct list queue;          /* strangers */
	struct list known;
	unsigned turns; /* of those who are known, since a stranger's */
	struct turn_hook hook;
	uint64_t last_us;
	int64_t credit_us;
	bool traffic; /* since the last service */
	size_t shaking, most;
	bool full;
	net_gate_fn fn; /* NULL once its maker is gone */
	void *arg;
	unsigned refs;
};

void gate_ref(struct net_gate *g);
/* These tolerate that g is NULL. */
void gate_unref(struct net_gate *g);
void gate_enter(struct net_gate *g);
void gate_leave(struct net_gate *g);
void gate_traffic(struct net_gate *g);

void gate_ask(struct net_gate *g, struct gate_turn *t);
/* Must who asks now wait for others, so that it matters who it is? */
bool gate_crowded(const struct net_gate *g);
bool gate_waits(const struct gate_turn *t);
void gate_forget(struct gate_turn *t);
/* What happens at the end of the loop's turn. */
void gate_serve(struct net_gate *g);
