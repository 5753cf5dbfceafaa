/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that wait for their receivers (RFC 3428 8), in the order in which
 * they came, and the marks by which a message that comes again is known
 * (SIP-31). Part of store.h: its rules for writes, commits and callbacks hold
 * here too.
 */
#pragma once

#include "store/store.h"
#include "store/store_conf.h"

enum { STORE_MARK_BYTES = SHA256_BYTES, STORE_ATTEMPTS_MAX = 2 };

enum store_message_state {
	STORE_WAITING,
	STORE_ASIDE, /* poisons whoever delivers it (MSG-04) */
	STORE_LOST,  /* will not be delivered; the sender is to be told */
};

struct store_message {
	uint64_t id; /* grows; given by the store */
	struct slice aor;
	struct slice mark;   /* STORE_MARK_BYTES: the same, the same message */
	struct slice sender; /* address, for people */
	struct slice origin; /* whose quota: a partner's domain, or an aor */
	struct slice bytes;  /* home's own encoding */
	size_t size;         /* of bytes; bytes is empty in lists */
	bool notify;         /* the sender wants to know when it is lost */
	uint64_t stored_s, expires_s; /* since 1970 */
	enum store_message_state state;
	uint32_t attempts; /* that went wrong */
};

/* What waits for one user. */
struct store_queue {
	struct slice aor;
	uint64_t count, bytes, oldest_s;
};

typedef void (*store_message_fn)(void *arg, const struct store_message *m);
typedef void (*store_mark_fn)(void *arg, struct slice mark, uint16_t status,
			      uint64_t until_s);

/* Stages the message, and its mark with status 202 until mark_until_s. 0,
 * -EEXIST (it is here already), -ENOENT (no such user), -EDQUOT (user's or
 * origin's quota, or the total), -EIO or as store_commit(). */
int store_message_put(struct store *s, const struct store_message *m,
		      const struct store_limits *limits, uint64_t mark_until_s);
/* The oldest after that id that waits for that user; -ENOENT: none. */
int store_message_next(struct store *s, struct slice aor, uint64_t after,
		       uint64_t now_s, store_message_fn fn, void *arg);
/* -ENOENT: it is not here. */
int store_message_delete(struct store *s, uint64_t id);
/* An attempt went wrong inside of us; *aside: that was one too many. */
int store_message_failed(struct store *s, uint64_t id, bool *aside);
/* Those whose time is over: deleted, or lost when the sender wants to know.
 * *gone: how many. */
int store_message_expire(struct store *s, uint64_t now_s, uint64_t *gone);
/* The oldest `max` lost ones. */
int store_message_lost(struct store *s, uint32_t max, store_message_fn fn,
		       void *arg);
/* Users for whom something waits, in order of aor. */
int store_message_queues(struct store *s,
			 void (*fn)(void *arg, const struct store_queue *q),
			 void *arg);
/* All of that user but the lost ones, oldest first, without bytes. */
int store_message_each(struct store *s, struct slice aor, store_message_fn fn,
		       void *arg);
/* By an operator; id 0: all of that user. -ENOENT: there was none. */
int store_message_drop(struct store *s, struct slice aor, uint64_t id);
/* All of them are lost: the user goes. Part of store_user_delete(). */
int store_message_orphan(struct store *s, struct slice aor);

/* Marks of messages that were answered. */
int store_mark_put(struct store *s, struct slice mark, uint16_t status,
		   uint64_t until_s);
int store_mark_each(struct store *s, uint64_t now_s, store_mark_fn fn,
		    void *arg);
int store_mark_expire(struct store *s, uint64_t now_s);

/* Is there too little room to promise anything: less free than the larger of
 * 5 % and 256 MiB (STO-02)? */
bool store_space_low(const struct store *s);
