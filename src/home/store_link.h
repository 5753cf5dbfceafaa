/* SPDX-License-Identifier: Apache-2.0 */
/* Home's questions to the store, and the user records that it gave. */
#pragma once

#include "home/home_int.h"

/* pending.c: one question. Owned by h->pendings. */
struct user;
/* u NULL and err 0: no such user. err: the store does not answer. */
typedef void (*user_fn)(struct call *q, int err, const struct user *u);
/* *p is freed after the call. */
typedef void (*pending_fn)(struct home *h, struct pending *p, int err);
struct pending {
	struct map_node node;
	struct list order;
	struct home *home;
	struct timer timer;
	uint64_t id;
	uint64_t call;        /* id of the request, or 0 */
	struct flow_key edge; /* who asked for it, if no request did */
	pending_fn done;
	bool found;
	uint8_t rule; /* enum presence_rule: of the one that was asked for */
	size_t text_len;
	char text[]; /* an address-of-record */
};

struct pending_ask {
	enum ipc_type type;
	void *body;
	uint64_t *id; /* in body */
	struct slice text;
	uint64_t call;
	struct flow_key edge;
	pending_fn done;
};
/* Gives it an id and sends it. 0 or -E...: then done is not called. *out (may
 * be NULL) is set before the store can answer. */
int pending_ask(struct home *h, const struct pending_ask *ask,
		struct pending **out);
struct pending *pending_find(struct home *h, uint64_t id);
void pending_on_result(struct home *h, const struct ipc_store_result *m);
void pending_keep(struct pending *p); /* its deadline begins again */
void pending_fail_all(struct home *h);
void pending_free_all(struct home *h);

/* users.c */
int users_init(struct home *h);
void users_free(struct home *h);
struct user {
	struct map_node node;
	struct list lru;
	bool absent; /* there is no such user */
	bool disabled;
	char ha1[2][SIP_HA_MAX]; /* by enum sip_algorithm */
	size_t aor_len;
	char aor[];
};
/* fn is called once: now, or later if the request still lives. */
void users_get(struct call *q, struct slice aor, user_fn fn);
/* For who has no request. The one that is kept, which may be absent or NULL:
 * then it is asked for, `done` is called with `number` as its call, and
 * users_outcome() says whom it found (*u NULL: nobody). */
struct user *users_cached(struct home *h, struct slice aor);
int users_ask(struct home *h, struct slice aor, uint64_t number,
	      pending_fn done);
int users_outcome(struct home *h, struct pending *p, int err, struct user **u);
/* A worker asks whether that user has an account. */
void users_on_homed_get(struct home *h, const struct proc_id *from,
			const struct ipc_homed_get *m);
void users_on_user(struct home *h, const struct ipc_user *m);
void users_on_changed(struct home *h, struct slice aor);
void users_flush(struct home *h);
