/* SPDX-License-Identifier: Apache-2.0 */
/* What trial.c (judgement, names, the end) and trial_talk.c (connections and
 * the OPTIONS) share. */
#pragma once

#include "edge/trial.h"

enum { TRIAL_CANDIDATES_MAX = 8, TRIAL_BRANCH_MAX = 33 };

/* What it waits for. */
enum trial_stage {
	TRIAL_AT_NAMES,
	TRIAL_AT_TCP,
	TRIAL_AT_TLS,
	TRIAL_AT_OPTIONS,
	TRIAL_AT_END
};

struct trial_candidate {
	struct addr addr;
	char target[NET_NAME_MAX];
};

/* Owner: struct edge, in its list, until its last connection has ended. */
struct trial {
	struct list node;
	struct edge *edge; /* NULL: the worker has ended */
	struct proc_id asker;
	uint64_t id;
	uint64_t ask; /* of the resolver; 0: nothing */
	enum trial_stage stage;
	struct timer deadline;
	uint64_t began_ms; /* of this step */
	struct trial_candidate candidate[TRIAL_CANDIDATES_MAX];
	size_t count, at;
	enum edge_refusal none; /* why there is no candidate */
	struct net_tls *plain;
	struct conn *conn; /* one at a time, or NULL */
	bool connected;    /* that of TRIAL_AT_TCP was */
	struct sip_framer framer;
	char branch[TRIAL_BRANCH_MAX]; /* without the magic cookie */
	char domain[SIP_DOMAIN_MAX];
	char key[ACCESS_KEY_MAX]; /* of the partner, once judged */
};

/* trial.c */
/* Tells a step; reject (opt): of enum edge_refusal or of judgement. */
void trial_say(struct trial *t, const char *step, enum ipc_trial_state state,
	       const struct reject *reject, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The same as the peer numbers it, 0: not. */
void trial_say_numbered(struct trial *t, const char *step,
			enum ipc_trial_state state, uint16_t diagnostics,
			struct slice text);
/* The last that is done with it. */
void trial_end(struct trial *t);
void trial_free(struct trial *t);
/* The next step begins now and has this much time; 0: as the connection. */
void trial_begin(struct trial *t, enum trial_stage stage, uint32_t ms);

/* trial_talk.c */
/* To the candidate at t->at, or the end when there is none left. */
void trial_dial(struct trial *t);
void trial_silent(struct trial *t); /* no answer to OPTIONS in time */
