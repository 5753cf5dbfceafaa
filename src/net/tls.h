/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS without sockets: bytes from the peer in, bytes for the peer out. A
 * context for NET_PLAIN makes an engine that is open at once and changes no
 * byte. Private
 * to net/. After each call look at tls_wire(): what is in it goes to the peer,
 * also after a failure (the alert).
 */
#pragma once

#include "net/net.h"

struct tls;

enum tls_status {
	TLS_SHAKING,
	TLS_OPEN,
	TLS_CLOSED, /* the peer said close_notify */
	TLS_FAILED
};

/* More than this of handshake is no handshake (TLS-02). */
enum { TLS_HANDSHAKE_BYTES_MAX = 64 << 10 };

/* server_name: for contexts that dial, else NULL; -EINVAL when it is no host
 * name. A client's first bytes are in tls_wire() at once. */
int tls_create(struct tls **out, struct net_tls *ctx, const char *server_name);
void tls_free(struct tls *t);
/* Does a client that shakes hands come back with a ticket of ours? first: its
 * first bytes, while none were given to tls_input() yet. */
bool tls_returns(const struct tls *t, struct slice first);
bool tls_began(const struct tls *t); /* tls_input() was called */
enum tls_status tls_status(const struct tls *t);
/* Takes all of `in`, appends what it says to *plain. 0, or -EPROTO once
 * TLS_FAILED. */
int tls_input(struct tls *t, struct slice in, struct buf *plain);
/* Encrypts; TLS_OPEN only. 0, or -EPROTO / -ENOMEM (then TLS_FAILED). */
int tls_output(struct tls *t, struct slice plain);
/* Puts close_notify on the wire, when the handshake got that far. */
void tls_close(struct tls *t);
/* The owner consumes what it has sent. */
struct buf *tls_wire(struct tls *t);
/* What the peer's certificate proves; addr is the owner's. */
struct net_peer *tls_peer(struct tls *t);
/* What failed, for the log; a static text, or "". */
const char *tls_text(const struct tls *t);
/* Why the peer's certificate was refused, one word, or NULL. */
const char *tls_why(const struct tls *t);
/* Would ctx, of the same use, still take the peer's certificate? NULL, or why
 * not, one word. NULL for who showed none. */
const char *tls_recheck(struct tls *t, const struct net_tls *ctx);
/* Was it refused because it does not prove the dialled name? */
bool tls_name_wrong(const struct tls *t);
