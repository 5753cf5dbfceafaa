/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stream connections over TLS: who is at the other end, bytes in, bytes out.
 * One loop; callbacks may close any connection. TLS 1.2 and 1.3 with
 * forward-secret AEAD suites only, no compression, no renegotiation, no early
 * data; tickets on NET_TLS_CLIENTS only. A listener shows the certificate that
 * is asked for by name (SNI), and takes any protocol name (ALPN).
 *
 * A peer is what its certificate proves (RFC 5922): SAN URI sip:, else SAN
 * DNS, exact, no wildcard, no CN.
 */
#pragma once

#include "base/addr.h"
#include "base/buf.h"
#include "base/reject.h"
#include "loop/loop.h"
#include "net/tls_conf.h"

struct net_tls;
struct conn;

/* 256: a domain name with NUL. */
enum { NET_NAME_MAX = 256, NET_NAMES_MAX = 64 };

/* What a certificate may be used for, as its chain allows; bits. */
enum net_usage {
	NET_USAGE_CLIENT = 1 << 0,
	NET_USAGE_SERVER = 1 << 1,
	NET_USAGE_SIP = 1 << 2 /* SIP domains (RFC 5924) */
};
/* Digests of a certificate and of its SubjectPublicKeyInfo, in the order of
 * TLSA records (RFC 6698 2.1): selector, then matching type. */
enum { NET_DIGEST_MAX = 64 };
struct net_digests {
	uint8_t sha256[2][32];
	uint8_t sha512[2][NET_DIGEST_MAX];
};

/* Proven by the peer's certificate; empty without one. */
struct net_peer {
	struct addr addr;
	size_t name_count;
	char (*name)[NET_NAME_MAX]; /* lower case, no final dot */
	char serial[48];            /* hex, for logs */
	uint64_t until_s;           /* since 1970: when the certificate ends */
	bool chained;               /* an authority that we trust issued it */
	uint8_t usages;             /* NET_USAGE_...; NET_TLS_FEDERATION only */
	struct net_digests digests; /* FEDERATION and DIAL */
};

enum net_tls_use {
	NET_TLS_FEDERATION, /* accepts; a verified client certificate is a must
			     */
	NET_TLS_CLIENTS,    /* accepts; no client certificate asked for */
	NET_TLS_DIAL,       /* connects to partners with our certificate */
	NET_TLS_USER,       /* connects as a user agent: no certificate */
	NET_PLAIN, /* accepts and connects without TLS: trusted links */
	NET_DTLS   /* datagrams (net/dtls.h); no client certificate */
};

enum { NET_ERROR_MAX = 256 };

/* error names the file and what is wrong with it. conf is not looked at for
 * NET_PLAIN. */
int net_tls_create(struct net_tls **out, const struct net_tls_conf *conf,
		   enum net_tls_use use, char error[static NET_ERROR_MAX]);
/* What a PEM text says of its first certificate. */
struct net_certificate {
	uint64_t from_s, until_s; /* since 1970 */
	char name[NET_NAME_MAX];  /* the first it proves, or "" */
	char serial[48];
};
/* 0, -EINVAL (no certificate) or -ENOMEM. */
int net_certificate_read(struct net_certificate *out, struct slice pem);
/* When the first of the revocation lists in it is out of date; the same
 * errors. */
int net_crl_until(uint64_t *until_s, struct slice pem);
/* Connections made with it live on. */
void net_tls_free(struct net_tls *t);
/* Keys of session tickets, newest first, one or two of NET_TICKET_KEY_BYTES
 * random bytes; NET_TLS_CLIENTS only. Without them there are no tickets.
 * 0 or -EINVAL. */
enum { NET_TICKET_KEY_BYTES = 80 };
int net_tls_tickets(struct net_tls *t, struct slice ring);

/*
 * Shares the time of a loop between traffic and the handshakes of those who
 * come (TLS-02): when there is traffic, at most a tenth is for handshakes. fn
 * is told when `most` (0: 4 096) handshakes are under way, and again when there
 * are clearly fewer: meanwhile nothing should be accepted. One for each loop,
 * for all contexts that it accepts or connects with; contexts and connections
 * may outlive it.
 */
struct net_gate;
typedef void (*net_gate_fn)(void *arg, bool full);
int net_gate_create(struct net_gate **out, struct loop *l, size_t most,
		    net_gate_fn fn, void *arg);
void net_gate_free(struct net_gate *g); /* tolerates NULL; fn is not called */
/* Connections made with t from now on go by it. Once. */
void net_tls_gate(struct net_tls *t, struct net_gate *g);

struct conn_limits {
	uint32_t handshake_ms; /* 0: 10 000 */
	size_t read_bytes;     /* most that may wait unconsumed; 0: 384 KiB */
	size_t write_bytes;    /* waiting to be written; 0: 4 MiB */
};

/* Why a connection ended. The text is for the log and has no peer data
 * unescaped in it. */
enum conn_end {
	CONN_END_LOCAL,   /* conn_close() */
	CONN_END_PEER,    /* orderly */
	CONN_END_RESET,   /* transport error */
	CONN_END_TLS,     /* handshake or record error */
	CONN_END_NAME,    /* the dialled name is not in the certificate */
	CONN_END_CONNECT, /* could not connect */
	CONN_END_TIMEOUT  /* handshake or connect deadline */
};

struct conn_ops {
	/* Handshake done and, for dialled ones, the name verified; NET_PLAIN:
	 * connected. Not called from within conn_accept() or conn_dial(). */
	void (*on_ready)(void *arg, struct conn *c);
	/* All bytes not consumed yet; returns how many are now. */
	size_t (*on_bytes)(void *arg, struct conn *c, struct slice data);
	/* Once, last; the connection is freed after return. Not called from
	 * within conn_write() or conn_close(). */
	void (*on_end)(void *arg, struct conn *c, enum conn_end why,
		       const char *text);
};

/* Takes fd (an accepted stream socket) over. */
int conn_accept(struct conn **out, struct loop *l, int fd, struct net_tls *tls,
		const struct conn_limits *limits, const struct conn_ops *ops,
		void *arg);
/* Non-blocking connect; server_name is sent as SNI and must be in the peer's
 * certificate (SAN), exactly; NET_PLAIN looks at none. */
int conn_dial(struct conn **out, struct loop *l, const struct addr *to,
	      struct net_tls *tls, const char *server_name,
	      const struct conn_limits *limits, const struct conn_ops *ops,
	      void *arg);
/* The same for a socket on which connect() was begun: NET_PLAIN only. */
int conn_connecting(struct conn **out, struct loop *l, int fd,
		    struct net_tls *plain, const struct conn_limits *limits,
		    const struct conn_ops *ops, void *arg);
/* Queued, encrypted and written once a loop turn. Before on_ready too. 0,
 * -ENOBUFS (write_bytes reached, nothing taken), -EPIPE (ending). */
int conn_write(struct conn *c, struct slice bytes);
bool conn_writable(const struct conn *c, size_t len);
/* For those who only pass bytes on. Paused: nothing is read; afterwards what
 * was not consumed is handed over again. */
void conn_pause(struct conn *c, bool paused);
/* Calls fn(arg) once, as soon as all that is queued has left. */
void conn_when_sent(struct conn *c, void (*fn)(void *arg));
/* Its socket: to be duplicated, nothing else; -1 once closed. */
int conn_fd(const struct conn *c);
/* on_end(CONN_END_LOCAL) follows at the end of the turn. */
void conn_close(struct conn *c);
/* The same after what is queued was written, 2 seconds at most. Reads no
 * more. */
void conn_close_flushed(struct conn *c);
const struct net_peer *conn_peer(const struct conn *c);
/* Who is at the other end, when the socket's own is a load balancer's. */
void conn_set_address(struct conn *c, const struct addr *client);
bool conn_ready(const struct conn *c);
/* Would `with`, of the same use, still take its certificate (TLS-09)? NULL, or
 * why not, one word. */
const char *conn_recheck(struct conn *c, const struct net_tls *with);
/* Does the peer's certificate prove this name? */
bool net_peer_has(const struct net_peer *p, struct slice name);

/* A listening socket: takes fd over, accepts in batches, hands over accepted
 * descriptors (close-on-exec, non-blocking). */
struct acceptor;
typedef void (*acceptor_fn)(void *arg, int fd, const struct addr *from);
int acceptor_open(struct acceptor **out, struct loop *l, int fd, acceptor_fn fn,
		  void *arg);
void acceptor_pause(struct acceptor *a, bool paused);
/* Hands over those that wait already. Not from within fn. */
void acceptor_now(struct acceptor *a);
void acceptor_close(struct acceptor *a);
/* A bound, listening TCP socket with SO_REUSEPORT; -E... . */
int net_listen(const struct addr *at, int *fd);
