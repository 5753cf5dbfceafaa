/* SPDX-License-Identifier: Apache-2.0 */
/* Session tickets (TLS-04) under keys that come from outside. Private to
 * net/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "base/slice.h"

enum { TLS_TICKET_LIFE_S = 3600, TLS_TICKET_KEYS = 2 };

struct tls_ticket_key {
	uint8_t name[16];
	uint8_t cipher[32];
	uint8_t mac[32];
};

/* The first seals, all open. */
struct tls_tickets {
	struct tls_ticket_key key[TLS_TICKET_KEYS];
	size_t count;
};

/* ring: whole keys, one or two. 0 or -EINVAL. */
int tls_tickets_set(struct tls_tickets *t, struct slice ring);
void tls_tickets_wipe(struct tls_tickets *t);
/* The key of that name, or NULL. */
const struct tls_ticket_key *tls_tickets_find(const struct tls_tickets *t,
					      const uint8_t name[static 16]);
/* Tickets of connections made with ctx use t, which lives as long. */
int tls_tickets_attach(struct tls_tickets *t, SSL_CTX *ctx);
