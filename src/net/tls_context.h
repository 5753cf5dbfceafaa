/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS context: what net_tls_create() builds. Private to net/. */
#pragma once

#include <openssl/ssl.h>

#include "net/net.h"
#include "net/gate.h"
#include "net/pem.h"
#include "net/tls_hello.h"
#include "net/tls_ticket.h"

enum { TLS_COOKIE_SECRET_BYTES = 32 };

struct dtls;

/* Counted: its maker and each connection hold one. */
struct net_tls {
	SSL_CTX *ctx;
	BIO_METHOD *bio; /* tls.c's, between libssl and its buffers */
	enum net_tls_use use;
	unsigned refs;
	struct net_gate *gate; /* or NULL */
	struct pem_identity own;
	struct tls_hosts hosts;
	struct tls_tickets tickets;
	bool client_usage_only;
	struct buf unchained; /* names that need no authority, NUL after each */
	/* NET_DTLS: its cookies, and who asks for them; NULL: nobody yet */
	uint8_t cookie_secret[TLS_COOKIE_SECRET_BYTES];
	struct dtls *listening;
};

void net_tls_ref(struct net_tls *t);
/* tls.c: the method for net_tls.bio, or NULL. */
BIO_METHOD *tls_bio_method(void);
/* dtls.c: the same for datagrams, and what its contexts need. */
BIO_METHOD *dtls_bio_method(void);
void dtls_context_setup(SSL_CTX *ctx);

/*
 * What checking the peer's certificate needs and finds; hangs on the SSL
 * object while it lives.
 */
struct tls_verify {
	enum net_tls_use use;
	const struct net_tls *rules; /* of the context that judges */
	char name[NET_NAME_MAX];     /* dialled: must be proven; "" else */
	struct net_peer peer;
	const char *why;       /* refused: one word for the log; else NULL */
	const char *unchained; /* it would have been, for that; or NULL */
	bool name_wrong;       /* refused for its name alone */
};

/* Makes connections of ctx check their peer. */
int tls_verify_setup(SSL_CTX *ctx, enum net_tls_use use);
/* The peer's certificate once more, by the rules of ctx: why it is refused now,
 * or NULL. */
const char *tls_verify_again(SSL *ssl, const struct net_tls *t);
/* tls_ocsp.c: connections of ctx ask for a staple and judge it; 1 or 0. */
int tls_ocsp_setup(SSL_CTX *ctx);
void tls_verify_attach(SSL *ssl, struct tls_verify *v);
