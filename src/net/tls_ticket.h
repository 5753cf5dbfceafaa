/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of TLS session tickets (TLS-04): one hour each. Private to net/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum { TLS_TICKET_LIFE_S = 3600 };

struct tls_ticket_key {
	uint8_t name[16];
	uint8_t cipher[32];
	uint8_t mac[32];
	uint64_t born_ms; /* 0: no key */
};

/* The present key and the one before. */
struct tls_tickets {
	struct tls_ticket_key key[2];
};

/* Makes a new present key when it is due. 0 or -EIO. */
int tls_tickets_rotate(struct tls_tickets *t, uint64_t now_ms);
void tls_tickets_wipe(struct tls_tickets *t);
/* The key of that name while it may be used, or NULL. */
const struct tls_ticket_key *tls_tickets_find(const struct tls_tickets *t,
					      const uint8_t name[static 16],
					      uint64_t now_ms);
/* Tickets of connections made with ctx use t, which lives as long. */
int tls_tickets_attach(struct tls_tickets *t, SSL_CTX *ctx);
