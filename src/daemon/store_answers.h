/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the store that wait for the sync of what they acknowledge, in the
 * order of the requests.
 */
#pragma once

#include "daemon/process.h"

enum { STORE_ANSWERS_MAX = 50000 };

/* What others are told when it is durable: USER_CHANGED or CONTACT_CHANGED of
 * that user. aor empty: nothing. */
struct store_change {
	enum ipc_type type;
	bool gone; /* the user is, or may not sign in any more */
	struct slice aor;
};
typedef void (*store_tell_fn)(void *arg, const struct store_change *c);

struct store_answers {
	struct list waiting;
	size_t count;
	store_tell_fn tell;
	void *arg;
};

void store_answers_init(struct store_answers *a, store_tell_fn tell, void *arg);
void store_answers_free(struct store_answers *a);
/* Nothing more is to be staged that somebody waits for: it is refused with
 * -EBUSY, which home makes a 503 (STO-06). */
bool store_answers_full(const struct store_answers *a);
/* The change is copied. */
int store_answers_add(struct store_answers *a, const struct proc_id *to,
		      uint64_t id, const struct store_change *change);
/* The commit ended with err: tells all, and of each change. */
void store_answers_send(struct store_answers *a, struct process *p, int err);
/* One that waits for nothing. err: 0 or -E... . */
void store_answer_now(struct process *p, const struct proc_id *to, uint64_t id,
		      int err);
