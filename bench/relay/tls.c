/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: read what is there, let the owner write, send once. */
#include "bench/relay/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64, BACKLOG = 4096 };

struct listener {
	struct tls_peer peer; /* ssl NULL: it listens */
	SSL_CTX *ctx;
};

void tls_fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(1);
}

static void *must(void *p)
{
	if (!p)
		tls_fail("memory");
	return p;
}

SSL_CTX *tls_context(const char *cert, const char *key, const char *ca,
		     bool verify)
{
	SSL_CTX *ctx = must(SSL_CTX_new(TLS_method()));

	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	if (cert &&
	    (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	     SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1))
		tls_fail(cert);
	if (ca && SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		tls_fail(ca);
	if (verify)
		SSL_CTX_set_verify(
			ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			NULL);
	return ctx;
}

void tls_loop_init(struct tls_loop *l)
{
	memset(l, 0, sizeof(*l));
	signal(SIGPIPE, SIG_IGN); /* a peer that left is an error of a write */
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0)
		tls_fail("epoll");
}

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	char host[64];
	unsigned port = 0;

	if (sscanf(text, "%63[^:]:%u", host, &port) != 2 ||
	    inet_pton(AF_INET, host, &sin.sin_addr) != 1)
		tls_fail(text);
	sin.sin_port = htons((uint16_t)port);
	return sin;
}

static void watch(struct tls_peer *p, int op, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = p };

	if (p->events == events && op == EPOLL_CTL_MOD)
		return;
	p->events = events;
	if (epoll_ctl(p->loop->epoll, op, p->fd, &ev) < 0)
		tls_fail("epoll_ctl");
}

void tls_listen(struct tls_loop *l, SSL_CTX *ctx, const char *address, int kind)
{
	struct listener *s = must(calloc(1, sizeof(*s)));
	struct sockaddr_in sin = address_of(address);
	int on = 1;

	s->ctx = ctx;
	s->peer.loop = l;
	s->peer.kind = kind;
	s->peer.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(s->peer.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->peer.fd, (void *)&sin, sizeof(sin)) < 0 ||
	    listen(s->peer.fd, BACKLOG) < 0)
		tls_fail(address);
	watch(&s->peer, EPOLL_CTL_ADD, EPOLLIN);
}

static struct tls_peer *peer_new(struct tls_loop *l, SSL_CTX *ctx, int fd,
				 int kind)
{
	struct tls_peer *p = must(calloc(1, sizeof(*p)));
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	p->loop = l;
	p->fd = fd;
	p->kind = kind;
	p->ssl = must(SSL_new(ctx));
	SSL_set_fd(p->ssl, fd);
	watch(p, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
	return p;
}

struct tls_peer *tls_connect(struct tls_loop *l, SSL_CTX *ctx,
			     const char *address, const char *name, int kind)
{
	struct sockaddr_in sin = address_of(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		tls_fail("socket");
	if (connect(fd, (void *)&sin, sizeof(sin)) < 0 && errno != EINPROGRESS)
		tls_fail(address);
	struct tls_peer *p = peer_new(l, ctx, fd, kind);
	SSL_set_connect_state(p->ssl);
	if (name)
		SSL_ctrl(p->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
			 TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)name);
	return p;
}

static void accept_all(struct listener *s)
{
	int fd;

	while ((fd = accept4(s->peer.fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		struct tls_peer *p =
			peer_new(s->peer.loop, s->ctx, fd, s->peer.kind);
		SSL_set_accept_state(p->ssl);
	}
}

static void mark(struct tls_peer *p)
{
	if (p->dirty || p->closing)
		return;
	p->dirty = true;
	p->dirty_next = p->loop->dirty;
	p->loop->dirty = p;
}

void tls_write(struct tls_peer *p, const void *data, size_t len)
{
	if (p->out_len + len > p->out_cap) {
		p->out_cap = (p->out_len + len) * 2;
		p->out = must(realloc(p->out, p->out_cap));
	}
	memcpy(p->out + p->out_len, data, len);
	p->out_len += len;
	mark(p);
}

void tls_take(struct tls_peer *p, size_t len)
{
	p->in_len -= len;
	memmove(p->in, p->in + len, p->in_len);
}

void tls_close(struct tls_peer *p)
{
	if (p->closing)
		return;
	p->closing = true;
	epoll_ctl(p->loop->epoll, EPOLL_CTL_DEL, p->fd, NULL);
	close(p->fd);
	SSL_free(p->ssl);
	p->ssl = NULL;
	if (!p->dirty) { /* else when its turn to send comes */
		p->dirty_next = p->loop->closed;
		p->loop->closed = p;
	}
}

static void peer_free(struct tls_peer *p)
{
	free(p->in);
	free(p->out);
	free(p);
}

/* What OpenSSL wants next; false: it is over. */
static bool again(struct tls_peer *p, int rc)
{
	int error = SSL_get_error(p->ssl, rc);

	ERR_clear_error();
	if (error == SSL_ERROR_WANT_WRITE)
		watch(p, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static void down(struct tls_peer *p)
{
	p->loop->on_down(p);
	tls_close(p);
}

static void shake(struct tls_peer *p)
{
	int rc = SSL_do_handshake(p->ssl);

	if (rc != 1) {
		watch(p, EPOLL_CTL_MOD, EPOLLIN);
		if (!again(p, rc))
			down(p);
		return;
	}
	p->up = true;
	watch(p, EPOLL_CTL_MOD, EPOLLIN);
	p->loop->on_up(p);
	if (p->out_len > 0)
		mark(p);
}

static void read_all(struct tls_peer *p)
{
	if (!p->in)
		p->in = must(malloc(TLS_IN_BYTES));
	while (!p->closing && p->in_len < TLS_IN_BYTES) {
		int rc = SSL_read(p->ssl, p->in + p->in_len,
				  (int)(TLS_IN_BYTES - p->in_len));
		if (rc <= 0) {
			if (!again(p, rc))
				down(p);
			return;
		}
		p->in_len += (size_t)rc;
		p->loop->on_data(p);
	}
}

static void flush(struct tls_peer *p)
{
	size_t sent = 0;

	while (p->up && sent < p->out_len) {
		int rc = SSL_write(p->ssl, p->out + sent,
				   (int)(p->out_len - sent));
		if (rc <= 0) {
			if (!again(p, rc))
				down(p);
			break;
		}
		sent += (size_t)rc;
	}
	if (p->closing)
		return;
	p->out_len -= sent;
	memmove(p->out, p->out + sent, p->out_len);
	if (p->out_len == 0 && p->up)
		watch(p, EPOLL_CTL_MOD, EPOLLIN);
}

static void flush_all(struct tls_loop *l)
{
	struct tls_peer *p;

	while ((p = l->dirty)) {
		l->dirty = p->dirty_next;
		p->dirty = false;
		if (p->closing)
			peer_free(p);
		else
			flush(p);
	}
	while ((p = l->closed)) {
		l->closed = p->dirty_next;
		peer_free(p);
	}
}

void tls_turn(struct tls_loop *l, int wait_ms)
{
	struct epoll_event ev[EVENTS];

	flush_all(l);
	int n = epoll_wait(l->epoll, ev, EVENTS, wait_ms);
	for (int i = 0; i < n; i++) {
		struct tls_peer *p = ev[i].data.ptr;
		if (p->closing)
			continue;
		if (!p->ssl) {
			accept_all((struct listener *)(void *)p);
			continue;
		}
		if (!p->up)
			shake(p);
		if (!p->closing && p->up && (ev[i].events & ~EPOLLOUT))
			read_all(p);
		if (!p->closing && (ev[i].events & EPOLLOUT) && p->out_len)
			mark(p);
	}
	flush_all(l);
}
