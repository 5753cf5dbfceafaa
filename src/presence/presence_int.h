/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of presence.
 *
 *   PUBLISH -> publish.c -> struct publication --+
 *   registrations (ops.devices) -----------------+-> struct presentity
 *                                                        | watches
 *   SUBSCRIBE -> subscribe.c -> struct sub -- watch -----+
 *                                 | notify.c -> NOTIFY
 *   partner's users in a list: watch -- backend.c -> SUBSCRIBE, NOTIFY comes
 *
 * A presentity is a user of ours that is watched or has published. A sub is
 * one subscription, that is one dialog; it looks at presentities by watches:
 * one, or as many as its list has addresses. Event packages are the rows of
 * packages.c. Everything is owned by struct presence; subs and publications
 * hang on the client's connection too, and end with it.
 */
#pragma once

#include "base/log.h"
#include "base/map.h"
#include "presence/pidf.h"
#include "presence/presence.h"
#include "presence/reject.h"

enum {
	ETAG_BYTES = 10,
	ETAG_MAX = 17, /* base32 and NUL */
	NOTIFY_TRIES_MAX = 4,
	NOTIFY_RETRY_MS = 2000, /* doubles */
	RULE_RETRY_MS = 2000,
};

/* What changes at a presentity; packages name what they show of it. */
enum presence_change {
	CHANGE_STATE = 1,    /* the presence document */
	CHANGE_WATCHERS = 2, /* who watches it */
	CHANGE_DEVICES = 4,  /* what is registered */
};

struct presence {
	struct timers *timers;
	const struct presence_conf *conf;
	struct presence_ops ops;
	void *arg;
	bool open;
	struct map presentities; /* by address-of-record */
	struct map subs;         /* by dialog */
	struct map ids;          /* subs and watches by number */
	struct map backends;     /* by call-id */
	struct map flows;
	struct map watchers; /* how many subs each has */
	uint64_t next_id;
	size_t publication_count;
};

struct presentity {
	struct map_node node;
	struct presence *presence;
	struct list publications; /* newest first */
	struct list watches;
	size_t watch_count, publication_count;
	uint64_t paid_ms;    /* for PUBLISH, see publish.c */
	struct timer linger; /* remembers paid_ms */
	struct buf doc;      /* composed, empty: not yet */
	size_t aor_len;
	char aor[];
};

/* Of one connection; freed with its last member. */
struct flow_users {
	struct map_node node;
	struct presence_flow flow;
	struct list subs, publications;
};

struct publication {
	struct list of_presentity, of_flow;
	struct flow_users *flow;
	struct presentity *presentity;
	struct arena *arena; /* doc and its parts */
	struct pidf pidf;
	struct timer expiry;
	uint64_t expires_s;
	char etag[ETAG_MAX];
};

struct sub;

/* How a number finds what it names. */
struct numbered {
	struct map_node node;
	uint64_t id;
	enum { NUMBER_SUB, NUMBER_WATCH, NUMBER_BACKEND } kind;
};

enum watch_view {
	VIEW_UNKNOWN, /* the lists were not read yet */
	VIEW_PENDING, /* the user did not say */
	VIEW_OPEN,
	VIEW_CLOSED /* politely blocked: always offline */
};

struct watch {
	struct numbered number;
	struct list of_presentity;
	struct presentity *presentity; /* NULL: not one of our users */
	struct backend *backend;       /* then, when a list watches it */
	struct sub *sub;
	enum watch_view view;
	bool dirty;
	bool stale;    /* while the list is read again */
	uint64_t told; /* hash of what was told last, 0: nothing */
	struct timer retry;
	char aor[]; /* of the watched */
};

/* presence.c */
struct presentity *presentity_find(const struct presence *p, struct slice aor);
struct presentity *presentity_get(struct presence *p, struct slice aor);
/* Frees it when nothing holds it. */
void presentity_drop(struct presentity *e);
void presentity_changed(struct presentity *e, unsigned changes);
/* The document as a permitted watcher sees it; empty: out of memory. */
struct slice presentity_doc(struct presentity *e);
struct flow_users *flow_join(struct presence *p,
			     const struct presence_flow *flow);
void flow_leave(struct presence *p, struct flow_users *f);
int number_take(struct presence *p, struct numbered *n, int kind);
void number_release(struct presence *p, struct numbered *n);

/* publish.c */
void publication_free(struct publication *pub, bool forget);
int publication_restore(struct presence *p, const struct presence_row *row);
