/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four transaction machines as tables: RFC 3261 figures 5 to 8, as
 * amended by RFC 6026 (Accepted) and RFC 4320 (non-INVITE). A row is a state,
 * an event, what is done and what comes next; an event without a row is
 * ignored. The tables are the dispatch: nothing else writes a state.
 *
 * All transports here are reliable, so nothing is retransmitted and there are
 * no timers A, E and G; and D, I, J and K are zero: the state that would wait
 * for them (Completed of the clients, Confirmed, Completed of figure 8) is
 * never stayed in, its rows lead to TXN_TERMINATED at once.
 */
#pragma once

#include "proxy/proxy.h"

enum txn_state {
	TXN_CALLING,
	TXN_TRYING,
	TXN_PROCEEDING,
	TXN_COMPLETED,
	TXN_ACCEPTED,
	TXN_TERMINATED,
	TXN_STATE_COUNT
};

enum txn_event {
	/* server: from the network */
	EV_REQUEST, /* the same request again */
	EV_ACK,
	/* server: from the transaction user */
	EV_TU_1XX,
	EV_TU_2XX,
	EV_TU_300_699,
	EV_TU_DROP, /* ends without an answer */
	/* client: from the network */
	EV_1XX,
	EV_2XX,
	EV_300_699,
	/* both: what was sent did not arrive, or its hop is gone */
	EV_TRANSPORT,
	/* timers by letter, see txn_timers.c */
	EV_TIMER_100,
	EV_TIMER_B,
	EV_TIMER_C,
	EV_TIMER_CANCEL,
	EV_TIMER_F,
	EV_TIMER_H,
	EV_TIMER_L,
	EV_TIMER_M,
	TXN_EVENT_COUNT
};

/* What comes with an event. */
struct txn_in {
	struct slice bytes;          /* EV_TU_*: encoded response */
	const struct sip_msg *msg;   /* client: the response */
	const struct reject *reject; /* EV_TRANSPORT: why */
	bool *ack_is_new;            /* EV_ACK: set when it is the user's */
};

struct txn_table;
struct txn {
	const struct txn_table *table;
	enum txn_state state;
};

struct txn_row {
	enum txn_state state;
	enum txn_event event;
	void (*act)(struct txn *t, const struct txn_in *in); /* or NULL */
	enum txn_state next;
};

struct txn_table {
	const char *name;
	enum txn_state first;
	const struct txn_row *rows;
	size_t count;
};

extern const struct txn_table ctrans_invite;    /* figure 5 */
extern const struct txn_table ctrans_noninvite; /* figure 6 */
extern const struct txn_table strans_invite;    /* figure 7 */
extern const struct txn_table strans_noninvite; /* figure 8 */
extern const struct txn_table strans_silent;    /* what nobody answers */

const char *txn_state_name(enum txn_state s);
void txn_init(struct txn *t, const struct txn_table *table);
const struct txn_row *txn_row(const struct txn_table *table,
			      enum txn_state state, enum txn_event event);
/* Moves on, then acts: an action that calls back finds the new state. False
 * when the event is ignored here. */
bool txn_dispatch(struct txn *t, enum txn_event event, const struct txn_in *in);
