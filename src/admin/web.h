/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP on admin.listen: libmicrohttpd, driven by our loop. Private to admin/.
 *
 *   web.c          sockets, requests, answers: the only file that sees the
 *                  library
 *   web_route.c    which path is what; who may (ADM-02, ADM-04)
 *   web_api.c      verbs of the command table as JSON
 *   web_session.c  who has signed in, and who guesses (ADM-01, ADM-08)
 *
 * One request is a struct web_ask. It is answered once, at once or when the
 * processes that it needs have answered; until then its connection sleeps.
 */
#pragma once

#include "admin/admin_int.h"

enum {
	WEB_BODY_MAX = 16 * 1024,
	WEB_ASKERS_MAX = 64, /* connections */
	WEB_SESSIONS_MAX = 64,
	WEB_SOURCES_MAX = 64,
	WEB_TOKEN_BYTES = 32,
	WEB_TOKEN_TEXT = 2 * WEB_TOKEN_BYTES + 1,
	WEB_NAME_MAX = 64,
	WEB_WHO_MAX = WEB_NAME_MAX + 8,
	WEB_GUESSES_MAX = 5,       /* wrong passwords, then ... */
	WEB_LOCKED_MS = 30 * 1000, /* ... the source waits so long */
	WEB_IDLE_MS = 15 * 60 * 1000,
	WEB_LIFE_MS = 12 * 3600 * 1000,
};

struct web;
struct web_ask;

/* Somebody who has signed in. */
struct web_session {
	bool used;
	char id[WEB_TOKEN_TEXT];    /* the cookie */
	char token[WEB_TOKEN_TEXT]; /* what a page sends with each change */
	char name[WEB_NAME_MAX + 1];
	enum admin_role role;
	uint64_t began_ms, seen_ms;
};

/* Wrong passwords of one address. */
struct web_source {
	char address[ADDR_TEXT_MAX];
	unsigned guesses;
	uint64_t last_ms;
};

struct web_sessions {
	struct web_session session[WEB_SESSIONS_MAX];
	struct web_source source[WEB_SOURCES_MAX];
};

/* What is answered. body is the ask's own; the others are constants, or live
 * as long as the ask. */
struct web_answer {
	unsigned status;
	const char *type;
	const char *policy; /* Content-Security-Policy; NULL: nothing at all */
	unsigned retry_s;   /* Retry-After; 0: without */
	char cookie[160];   /* Set-Cookie, or "" */
	struct slice content; /* instead of body, when it has bytes */
	struct buf body;
};

struct web_ask {
	struct list node;
	struct asker asker;
	struct web *web;
	void *connection; /* the library's */
	bool post;
	bool started, suspended, answered;
	struct buf body;
	struct web_session *session; /* NULL: has not signed in */
	char who[WEB_WHO_MAX];
	char source[ADDR_TEXT_MAX];
	struct web_answer answer;
	/* how the reply of a verb is told; NULL: as JSON */
	void (*tell)(struct web_ask *w, json_t *reply);
};

/* A file of the page, as built in. */
struct web_file {
	const char *path, *type;
	const unsigned char *bytes;
	size_t len;
};
extern const struct web_file web_files[]; /* ends with a NULL path */

int web_create(struct web **out, struct admin *a);
void web_free(struct web *web); /* tolerates NULL */
void web_conf(struct web *web, const struct conf *conf);
/* One connection; takes fd over, also on failure. */
int web_accept(struct web *web, int fd);
struct web_sessions *web_sessions_of(struct web *web);
uint64_t web_now(const struct web *web);
/* A header field, or an argument behind '?', or a cookie; empty: not there. */
struct slice web_header(const struct web_ask *w, const char *name);
struct slice web_argument(const struct web_ask *w, const char *name);
struct slice web_cookie(const struct web_ask *w, const char *name);
/* Calls fn for each argument behind '?'. */
void web_each_argument(const struct web_ask *w,
		       void (*fn)(void *arg, const char *name,
				  struct slice value),
		       void *arg);

/* Answers: each once. */
void web_answer(struct web_ask *w, unsigned status);
/* value is taken over; NULL: out of memory. */
void web_answer_json(struct web_ask *w, unsigned status, json_t *value);
void web_answer_error(struct web_ask *w, unsigned status, const char *text);

/* web_route.c: decides on a whole request. */
void web_serve(struct web_ask *w, const char *method, const char *path);

/* web_api.c */
/* GET or POST of a verb's path; args are as the method has them. */
void web_api(struct web_ask *w, const struct command *c);
/* {"error":s} for a failed reply, else its result. Takes reply over. */
void web_api_tell(struct web_ask *w, json_t *reply);
/* The body as an object; NULL: it was refused. */
json_t *web_api_body(struct web_ask *w);

/* web_session.c */
void web_login(struct web_ask *w);
void web_logout(struct web_ask *w);
void web_whoami(struct web_ask *w);
/* The session of the cookie, if it lives; it is used now. */
struct web_session *web_session_of(struct web_ask *w);
/* That account is another now: its sessions end (ADM-08). */
void web_forget(struct web *web, struct slice name);
