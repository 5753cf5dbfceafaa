/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS connections on one epoll loop, as little as a bench needs: what is
 * written in a turn leaves at its end in one record. Not the product's own
 * network code on purpose: the limit must not share its faults. Whatever goes
 * wrong with our own memory ends the program.
 */
#pragma once

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

enum { TLS_IN_BYTES = 64 * 1024 };

struct tls_peer {
	struct tls_loop *loop;
	struct tls_peer *dirty_next; /* has something to send */
	SSL *ssl;
	int fd;
	bool up, dirty, closing;
	uint32_t events; /* what epoll waits for */
	uint8_t *in, *out;
	size_t in_len, out_len, out_cap;
	void *arg; /* the owner's */
	int kind;  /* the owner's */
};

struct tls_loop {
	int epoll;
	struct tls_peer *dirty;
	struct tls_peer *closed; /* freed at the end of the turn */
	void *arg;
	/* Accepted, or the handshake of a connected one is done. */
	void (*on_up)(struct tls_peer *p);
	/* in[0..in_len): takes what it can with tls_take(). */
	void (*on_data)(struct tls_peer *p);
	void (*on_down)(struct tls_peer *p);
};

/* Any of the three files may be NULL. verify: the other side has to show a
 * certificate of the authority. */
SSL_CTX *tls_context(const char *cert, const char *key, const char *ca,
		     bool verify);
void tls_loop_init(struct tls_loop *l);
/* address: "127.0.0.1:5061" */
void tls_listen(struct tls_loop *l, SSL_CTX *ctx, const char *address,
		int kind);
struct tls_peer *tls_connect(struct tls_loop *l, SSL_CTX *ctx,
			     const char *address, const char *name, int kind);
void tls_write(struct tls_peer *p, const void *data, size_t len);
void tls_take(struct tls_peer *p, size_t len);
/* Ends it; on_down is not called. */
void tls_close(struct tls_peer *p);
/* One turn, waiting at most so long. */
void tls_turn(struct tls_loop *l, int wait_ms);
void tls_fail(const char *what);
