/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DTLS 1.2 for who serves datagrams: a session is datagrams in, datagrams out;
 * no socket, no timer. Strangers are asked for a cookie before anything is kept
 * of them (RFC 6347 4.2.1). One thread. Contexts are of NET_DTLS.
 */
#pragma once

#include "net/net.h"

struct dtls;

enum {
	DTLS_PLAIN_MAX = 16384,
};

struct dtls_ops {
	/* To the peer, now: the bytes are gone afterwards. */
	void (*out)(void *arg, struct slice datagram);
	/* What the peer said; not from within dtls_listen(). */
	void (*in)(void *arg, struct slice plain);
};

/* Looks like a record of DTLS 1.0 to 1.3. */
bool dtls_is_record(struct slice datagram);
/* A ClientHello from before any keys. */
bool dtls_is_hello(struct slice datagram);

/*
 * A ClientHello of somebody without a session. 0: it came with our cookie, so
 * its sender hears us at that path; *out is its session, which has not seen
 * the datagram yet (dtls_receive()). -EAGAIN: it was asked for one, nothing is
 * kept. -EBADMSG: nothing of ours. -ENOMEM, -EIO. now_s: cookies live for a
 * minute or two.
 */
struct dtls_stranger {
	struct slice path; /* bytes that name both ends */
	struct slice datagram;
	uint64_t now_s;
};
int dtls_listen(struct net_tls *ctx, const struct dtls_stranger *who,
		const struct dtls_ops *ops, void *arg, struct dtls **out);
/* Who is called from now on. */
void dtls_adopt(struct dtls *d, const struct dtls_ops *ops, void *arg);
void dtls_free(struct dtls *d); /* tolerates NULL; says nothing */

/* 0; -EPIPE: the peer ended it; -EPROTO: it failed. Bad records are passed
 * over (RFC 6347 4.1.2.7). Not from within ops->in(). */
int dtls_receive(struct dtls *d, struct slice datagram);
/* -ENOTCONN before dtls_open(), -EMSGSIZE, -EPROTO. From within ops->in()
 * too. */
int dtls_send(struct dtls *d, struct slice plain);
bool dtls_open(const struct dtls *d);
/* Is that ClientHello the one the session began with? */
bool dtls_same_hello(const struct dtls *d, struct slice datagram);
/* Milliseconds until dtls_late() is wanted, or -1. */
int64_t dtls_late_ms(struct dtls *d);
/* Sends again what got no answer. 0, or -ETIMEDOUT: often enough. */
int dtls_late(struct dtls *d);
/* close_notify, when it is open. */
void dtls_close(struct dtls *d);
