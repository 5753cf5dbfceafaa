/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `message` and `receive` share: an account on a user agent in a loop of
 * its own, the exit status, and how a result is told.
 */
#pragma once

#include "cli/cli.h"
#include "ua/ua.h"

enum { SESSION_NAME_MAX = 256, SESSION_SERVER_MAX = 320 };

struct session {
	struct cli *cli;
	struct loop *loop;
	struct ua *ua;
	struct addr server;
	char server_text[ADDR_TEXT_MAX];
	char server_name[SESSION_NAME_MAX];
	const char *trust_path;
	char why[256]; /* the last error that was logged, or empty */
	bool decided;  /* status holds */
	int status;
};

/* Starts signing in; told on err when it cannot. An exit status. */
int session_open(struct session *s, struct cli *c, const struct ua_ops *ops,
		 void *arg);
/* Frees everything when the loop has ended. The exit status. */
int session_close(struct session *s);
/* The first decision holds; then the agent is closed. */
void session_decide(struct session *s, int status);
/* For on_registered: true when signed in, else told and decided. */
bool session_signed_in(struct session *s, const struct ua_result *r);
/* For on_end: nothing else follows. */
void session_ended(struct session *s, const char *text);
/* Tells what became of a message to `to`; the exit status that it means. */
int session_tell_result(struct session *s, struct slice to,
			const struct ua_result *r);

/* "HOST:PORT" or NULL (sip.DOMAIN, 443) into host and port. 0 or -EINVAL. */
int session_split(const char *server, const char *name,
		  char host[static SESSION_NAME_MAX], char port[static 8]);
