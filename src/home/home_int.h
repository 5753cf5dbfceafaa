/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of home.
 *
 *   edge -> home_from_edge -> proxy -> on_request -> request_start
 *             REGISTER -> auth -> register (contacts, location, store) -> 200
 *             other    -> auth -> request_route -> deliver -> proxy
 *                                                    -> keep -> 202
 *   store -> mailbox -> proxy -> deliver           (mailbox.h)
 *
 * Whatever waits for the store is a struct pending that names its request by
 * number: the request may end first. The state of a request (struct call) lives
 * in the request's arena.
 */
#pragma once

#include "home/device.h"
#include "base/guess.h"
#include "home/home.h"
#include "home/location.h"
#include "home/nonce.h"
#include "home/reject.h"
#include "presence/presence.h"
#include "proxy/proxy.h"
#include "sip/auth.h"

enum {
	HOME_EDGES_MAX = 1024,
	HOME_FORK_MAX = 10,     /* SIP-28 */
	HOME_CONTACTS_MAX = 40, /* fits the edits of one answer */
	HOME_HELD_MAX = 10000,  /* requests that wait for the bindings */
	HOME_HOLD_MS = 3000,
	HOME_RELOAD_MS = 1000,
	HOME_DELIVER_MS = 20000,
	HOME_KEEP_MS = 8000, /* architecture 3: then a message is stored */
	HOME_AWAY_MS = 25000,
	HOME_USERS_MAX = 8192,
	HOME_ONCE_MS = 64000,
	HOME_ONCE_MAX = 65536,
	HOME_MAILBOXES_ACTIVE_MAX =
		256, /* deliveries of what waited, at a time */
	HOME_TRANSACTIONS_MAX = 100000,
};

/* STORE: a message that waited; flow is its key. SELF: a notice of ours. */
enum home_hop {
	HOP_CLIENT,
	HOP_FEDERATION,
	HOP_EDGE,
	HOP_STORE,
	HOP_SELF,
	HOP_NOTIFY /* presence_notify.c */
};

/* Do we know all bindings? */
enum home_load { LOAD_WAITING, LOAD_RUNNING, LOAD_DONE, LOAD_FAILED };

struct pending;
struct call;
struct mras;
struct notifying;

struct home {
	struct timers *timers;
	const struct home_conf *conf;
	struct home_ops ops;
	void *arg;
	struct proxy *proxy;
	char *sent_by;
	uint64_t life; /* in our Via: what is for an earlier home is dropped */
	uint32_t edge[HOME_EDGES_MAX]; /* incarnation, 0: not there */
	bool draining;
	struct location location;
	struct nonces nonces;
	struct sealer *sealer; /* of addresses of devices */
	struct guesses guesses;
	/* pending.c */
	struct map pendings;
	struct list pending_order;
	uint64_t next_id;
	bool store_up;
	/* users.c */
	struct map users, user_lines;
	struct list users_lru;
	char dummy_ha1[2][SIP_HA_MAX]; /* by enum sip_algorithm */
	/* load.c */
	enum home_load load;
	unsigned load_step;
	bool load_incomplete;
	struct pending *loading;
	struct timer load_timer;
	struct buf held;  /* ids of requests */
	struct buf downs; /* struct flow_key: ended while loading */
	/* once.c */
	struct map once;
	struct list once_order;
	/* mailbox.c */
	struct map mailboxes;
	struct list mailboxes_ready;
	size_t mailboxes_active;
	/* presence.c */
	struct presence *presence;
	struct notifying *notifying;
	/* web.c */
	struct map webs;
	/* while proxy_receive() is running */
	const struct ipc_sip_to_home *arriving;
};

struct call_fork {
	uint16_t branch;
	struct flow_key flow;
};

/* Which credentials a request of a client has to carry. */
struct call_auth {
	enum sip_header_id header;
	const struct reject *challenge, *failure;
	char realm[SIP_DOMAIN_MAX];
	struct sip_credentials cred;
	uint32_t nc;
	bool stale;
	bool asked; /* the answer carries a challenge */
	void (*next)(struct call *q);
};

struct call {
	struct home *home;
	struct proxy_request *r;
	const struct sip_msg *msg;
	uint64_t id;
	enum sip_origin origin;
	uint64_t source;            /* counting unit of the address */
	struct slice source_text;   /* for the log */
	char from_aor[SIP_AOR_MAX]; /* empty: From has none */
	char to_aor[SIP_AOR_MAX];   /* REGISTER: of To; else of Request-URI */
	char auth_aor[SIP_AOR_MAX]; /* who signed it; empty: nobody */
	bool from_ours;
	bool from_shared; /* sent by the provider of a split domain */
	struct call_auth auth;
	/* REGISTER */
	struct registration *reg;
	unsigned waiting;
	bool write_failed;
	/* the rest */
	struct call_fork fork[HOME_FORK_MAX];
	size_t fork_count;
	void (*consented)(struct call *q); /* consent.c */
	struct device_choice device;
	struct mras *mras; /* mras.c */
	bool to_user;      /* delivered to one of ours, for the first time */
	uint8_t once_key[SHA256_BYTES];
};

/* home.c */
bool home_is_ours(const struct home *h, struct slice domain);
/* Has a hosting provider some users of the domain of that address of ours? */
bool home_is_shared(const struct home *h, struct slice aor);
/* Of what comes from our own processes: what was within the limits at the
 * edge has grown since. */
const struct sip_limits *home_limits(void);
bool home_edge_is(const struct home *h, const struct flow_key *flow);
/* Any worker that is there; incarnation 0: none. */
struct flow_key home_any_edge(const struct home *h);
void home_binding_drop(struct home *h, struct binding *b); /* store too */
void home_flow_down(struct home *h, const struct flow_key *flow);

/* call.c: what the proxy tells, what it is told */
extern const struct proxy_ops home_proxy_ops;
struct call *call_find(struct home *h, uint64_t id);
/* Refuses; an ACK is dropped. The call is gone afterwards. */
void call_refuse(struct call *q, const struct reject *reject);
struct slice call_copy(struct call *q, struct buf *b); /* frees b */

/* request.c */
void request_start(struct call *q);
void request_own(struct call *q);         /* one of ours: HOP_SELF */
extern const struct slice home_supported; /* option tags, as a list */
bool request_supports(struct slice option_tag);
/* Does Require name nothing but what we support? */
bool request_requires_known(const struct sip_msg *m);

/* auth.c: calls next when the request is signed (auth_aor is set), or refuses.
 * realm is in q->auth. */
void auth_begin(struct call *q, bool proxy, void (*next)(struct call *q));
int auth_challenge(struct call *q, struct sip_edits *extra);

/* register.c */
void register_start(struct call *q);

/* once.c: the same MESSAGE is delivered once (SIP-31) */
int once_init(struct home *h);
void once_free(struct home *h);
/* True: the caller delivers it. False: it was answered, or will be. */
bool once_admit(struct call *q);
void once_settle(struct call *q, uint16_t status);
/* One that an earlier life answered. */
void once_restore(struct home *h, const struct ipc_mark *m);
