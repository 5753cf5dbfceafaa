/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small real user agent: signs in over TLS, sends and receives page-mode
 * messages (RFC 3428). For `sallyport message` and `sallyport receive`, and
 * for the tests. One loop; one account each.
 */
#pragma once

#include "base/addr.h"
#include "loop/loop.h"
#include "net/tls_conf.h"

struct ua;

struct ua_conf {
	struct slice aor; /* "alice@contoso.test" */
	struct slice password;
	struct addr server;       /* TCP address of the 443 listener */
	struct slice server_name; /* must be in its certificate */
	struct net_tls_conf tls;  /* trust only */
	bool no_register;         /* send without signing in: digest on each */
	uint32_t timeout_ms;      /* for each answer: 0: 35 000 */
};

struct ua_result {
	uint16_t status;          /* SIP status; 0: no answer */
	const char *text;         /* reason phrase, or what went wrong */
	struct slice diagnostics; /* ms-diagnostics(-public) value, or empty */
	uint64_t duration_ms;
};

struct ua_ops {
	/* Signed in, or not: result says. */
	void (*on_registered)(void *arg, const struct ua_result *result);
	/* Answer to ua_message() with that id. */
	void (*on_result)(void *arg, uint64_t id,
			  const struct ua_result *result);
	/* A message arrived; the return value is the status to answer (200). */
	uint16_t (*on_message)(void *arg, struct slice from_aor,
			       struct slice content_type, struct slice body);
	/* The connection ended. Nothing else follows. */
	void (*on_end)(void *arg, const char *text);
};

int ua_create(struct ua **out, struct loop *l, const struct ua_conf *conf,
	      const struct ua_ops *ops, void *arg);
/* Sends as soon as the connection (and the registration) stands. *id is for
 * on_result. */
int ua_message(struct ua *u, struct slice to_aor, struct slice text,
	       uint64_t *id);
/* Unregisters when registered, then ends; on_end follows. */
void ua_close(struct ua *u);
void ua_free(struct ua *u);
