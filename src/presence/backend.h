/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users of partners in somebody's list: a subscription of our own to each
 * (RFC 4662 5.6, "back-end subscription"), in the name of the list's owner. It
 * lives in memory only: after a restart of the process a new one begins, and
 * the old one ends with our 481. Private to presence/.
 */
#pragma once

#include "presence/sub.h"

struct backend;

/* Asks soon. 0 or -ENOMEM; w->backend is it. */
int backend_begin(struct watch *w);
/* Ends the subscription at the partner too; tolerates NULL. */
void backend_end(struct backend *b);
/* What is known: "pending", "active" or "terminated" (then *reason of RFC 4662
 * 5.3 is set), or NULL; the document, if any, is appended. */
const char *backend_tell(const struct backend *b, struct buf *doc,
			 const char **reason);
/* Its SUBSCRIBE was answered. */
void backend_sent(struct numbered *n, uint16_t status);
