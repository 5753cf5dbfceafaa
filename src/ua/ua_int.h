/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this directory share: the agent and its requests. */
#pragma once

#include "loop/timers.h"
#include "net/net.h"
#include "sip/edit.h"
#include "sip/frame.h"
#include "ua/ua.h"

enum {
	UA_TOKEN_MAX = 33,  /* 32 hex digits and NUL */
	UA_NONCE_MAX = 512, /* of a nonce that we remember */
	UA_ATTEMPTS_MAX = 2 /* with credentials, for one request */
};

enum ua_state {
	UA_CONNECTING,
	UA_REGISTERING,
	UA_UP,
	UA_REFUSED, /* the server does not let us in */
	UA_CLOSING, /* unregistering, or flushing */
	UA_ENDED
};

/* One request of ours until its final answer; in ua.requests, in order. */
struct ua_request {
	struct list node;
	struct ua *ua;
	struct timer timer;
	enum sip_method method;
	uint64_t id; /* MESSAGE: the caller's */
	char to[SIP_AOR_MAX];
	char call_id[UA_TOKEN_MAX], tag[UA_TOKEN_MAX];
	char branch[UA_TOKEN_MAX]; /* without the magic cookie */
	uint32_t cseq;
	uint32_t expires; /* REGISTER */
	uint32_t timeout_ms;
	struct buf body;
	unsigned attempts; /* with credentials */
	bool sent;
	uint64_t started_ms;
};

/* Owned by its maker until ua_free(); after that by its connection's end. */
struct ua {
	struct loop *loop;
	const struct ua_ops *ops;
	void *arg;
	struct net_tls *tls;
	struct conn *conn; /* NULL once ended */
	enum ua_state state;
	bool freed;  /* ua_free() was called: no callback any more */
	bool ending; /* the connection's end is being told */
	bool told;   /* whether signing in worked, or nobody asks any more */
	bool no_register;
	bool awaits_pong;
	uint32_t timeout_ms;
	char aor[SIP_AOR_MAX];
	const char *domain;  /* in aor, behind the @ */
	struct buf username; /* the user part without escapes */
	char *password;
	char host[UA_TOKEN_MAX];     /* random, before ".invalid" */
	char instance[UA_TOKEN_MAX]; /* 32 hex digits of a UUID */
	char call_id[UA_TOKEN_MAX], tag[UA_TOKEN_MAX]; /* REGISTER's */
	uint32_t cseq;
	bool registered;
	char nonce[UA_NONCE_MAX]; /* used last, nc times */
	uint32_t nonce_count;
	uint64_t last_id;
	struct list requests;
	struct sip_framer framer;
	struct timer keepalive, refresh;
	const char *end_text; /* why we ended it, or NULL */
};

/* request.c: all return 0 or -E... */
int ua_request_new(struct ua_request **out, struct ua *u,
		   enum sip_method method);
/* For the final answer, from now on and after each sending. */
void ua_request_patience(struct ua_request *r, uint32_t timeout_ms);
void ua_request_free(struct ua_request *r);
/* Writes it to the connection. auth: value for `header`, or empty. */
int ua_request_send(struct ua_request *r, enum sip_header_id header,
		    struct slice auth);
struct ua_request *ua_request_find(struct ua *u, const struct sip_msg *m);
/* Request-URI, as in the digest. */
void ua_request_uri(const struct ua_request *r, struct buf *out);
/* Random, lower case hex. */
int ua_token(char out[static UA_TOKEN_MAX]);

/* auth.c: credentials for a 401 or 407 to r into *out; *header says where they
 * go. -EACCES: there is no challenge that we answer. */
int ua_auth_answer(struct ua_request *r, struct arena *a,
		   const struct sip_msg *m, enum sip_header_id *header,
		   struct buf *out);

/* incoming.c: everything framed that the server says. */
size_t ua_incoming(struct ua *u, struct slice data);

/* ua.c: a final answer (m), or none (NULL, and why). Frees r. */
void ua_finish(struct ua_request *r, const struct sip_msg *m, const char *why);
/* Ends the connection; why is on_end's text. */
void ua_end(struct ua *u, const char *why);
