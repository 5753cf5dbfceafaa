/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions: libssl between single datagrams, through a BIO of our own. One
 * session without a peer listens for each context: it is what asks strangers
 * for their cookie, and becomes the session of the one who brings it.
 */
#include "net/dtls.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>

#include <openssl/err.h>

#include "base/crypto.h"
#include "base/cursor.h"
#include "net/tls_context.h"

enum {
	MTU = 1200, /* of a flight of the handshake */
	COOKIE_BYTES = 16,
	COOKIE_SPAN_S = 64,
	OVERHEAD = 48, /* IPv6 and UDP */
	RECORD_HEAD = 13,
	NONCE_BYTES = 8,
	TAG_BYTES = 16,
	HELLO_RANDOM_AT = 13 + 12 + 2,
	RANDOM_BYTES = 32,
};

struct dtls {
	struct net_tls *ctx; /* NULL: it listens, and is the context's own */
	SSL *ssl;
	struct slice in; /* borrowed during a call */
	bool peeking;    /* a read does not take it */
	bool open, failed;
	const struct dtls_ops *ops;
	void *arg;
	/* while it listens */
	const struct dtls_stranger *who;
	const uint8_t *secret;
};

/* ---- first bytes (RFC 6347 4.1) ---- */

bool dtls_is_record(struct slice d)
{
	enum { HEAD = 13, FIRST = 20, LAST = 63, MAJOR = 0xfe };
	return d.len >= HEAD && d.ptr[0] >= FIRST && d.ptr[0] <= LAST &&
	       d.ptr[1] == MAJOR;
}

bool dtls_is_hello(struct slice d)
{
	enum { HANDSHAKE = 22, CLIENT_HELLO = 1 };
	static const uint8_t no_epoch[2] = { 0, 0 };
	return dtls_is_record(d) && d.len >= HELLO_RANDOM_AT + RANDOM_BYTES &&
	       d.ptr[0] == HANDSHAKE && memcmp(d.ptr + 3, no_epoch, 2) == 0 &&
	       d.ptr[13] == CLIENT_HELLO;
}

/* ---- the BIO: a datagram a call ---- */

static int bio_read(BIO *bio, char *out, int len)
{
	struct dtls *d = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (slice_empty(d->in)) {
		BIO_set_retry_read(bio);
		return -1;
	}
	struct slice part = slice_head(d->in, len > 0 ? (size_t)len : 0);
	memcpy(out, part.ptr, part.len);
	if (!d->peeking)
		d->in = SLICE_NONE;
	return (int)part.len;
}

static int bio_write(BIO *bio, const char *in, int len)
{
	struct dtls *d = BIO_get_data(bio);
	BIO_clear_retry_flags(bio);
	if (len > 0)
		d->ops->out(d->arg, slice_of(in, (size_t)len));
	return len;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	struct dtls *d = BIO_get_data(bio);
	(void)ptr;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_DGRAM_SET_PEEK_MODE:
		d->peeking = num != 0;
		return 1;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return OVERHEAD;
	default:
		return 0;
	}
}

BIO_METHOD *dtls_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sallyport dtls");
	if (!m)
		return NULL;
	if (BIO_meth_set_read(m, bio_read) != 1 ||
	    BIO_meth_set_write(m, bio_write) != 1 ||
	    BIO_meth_set_ctrl(m, bio_ctrl) != 1) {
		BIO_meth_free(m);
		return NULL;
	}
	return m;
}

/* ---- cookies: a MAC over the path and the time, nothing kept ---- */

static int make_cookie(const struct dtls *d, uint64_t span,
		       uint8_t out[static COOKIE_BYTES])
{
	const struct slice parts[] = { d->who->path,
				       slice_of(&span, sizeof(span)) };
	uint8_t mac[SHA256_BYTES];
	int err = crypto_hmac_sha256(
		slice_of(d->secret, TLS_COOKIE_SECRET_BYTES), parts, 2, mac);
	if (!err)
		memcpy(out, mac, COOKIE_BYTES);
	return err;
}

static int on_cookie(SSL *ssl, unsigned char *out, unsigned *len)
{
	const struct dtls *d = BIO_get_data(SSL_get_rbio(ssl));
	if (!d->who || make_cookie(d, d->who->now_s / COOKIE_SPAN_S, out))
		return 0;
	*len = COOKIE_BYTES;
	return 1;
}

static int on_verify(SSL *ssl, const unsigned char *cookie, unsigned len)
{
	const struct dtls *d = BIO_get_data(SSL_get_rbio(ssl));
	uint8_t want[COOKIE_BYTES];
	/* once the session has begun it was verified */
	if (!d->who)
		return 1;
	uint64_t span = d->who->now_s / COOKIE_SPAN_S;
	for (uint64_t back = 0; back < 2 && len == COOKIE_BYTES; back++) {
		if (make_cookie(d, span - back, want) == 0 &&
		    crypto_equal(slice_of(cookie, len),
				 slice_of(want, COOKIE_BYTES)))
			return 1;
	}
	return 0;
}

void dtls_context_setup(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_cookie_generate_cb(ctx, on_cookie);
	SSL_CTX_set_cookie_verify_cb(ctx, on_verify);
}

/* ---- life ---- */

void dtls_free(struct dtls *d)
{
	if (!d)
		return;
	SSL_free(d->ssl);
	net_tls_free(d->ctx);
	free(d);
	ERR_clear_error();
}

static struct dtls *make(struct net_tls *ctx)
{
	struct dtls *d = calloc(1, sizeof(*d));
	BIO *bio = d ? BIO_new(ctx->bio) : NULL;
	if (!bio) {
		free(d);
		return NULL;
	}
	BIO_set_data(bio, d);
	BIO_set_init(bio, 1);
	d->secret = ctx->cookie_secret;
	d->ssl = SSL_new(ctx->ctx);
	if (!d->ssl) {
		BIO_free(bio);
		free(d);
		return NULL;
	}
	SSL_set_bio(d->ssl, bio, bio);
	SSL_set_mtu(d->ssl, MTU);
	SSL_set_accept_state(d->ssl);
	return d;
}

int dtls_listen(struct net_tls *ctx, const struct dtls_stranger *who,
		const struct dtls_ops *ops, void *arg, struct dtls **out)
{
	struct dtls *d = ctx->listening;
	BIO_ADDR *nobody = BIO_ADDR_new();
	ERR_clear_error();
	if (!d)
		d = ctx->listening = make(ctx);
	if (!d || !nobody) {
		BIO_ADDR_free(nobody);
		return -ENOMEM;
	}
	d->ops = ops;
	d->arg = arg;
	d->in = who->datagram;
	d->who = who;
	int rc = DTLSv1_listen(d->ssl, nobody);
	BIO_ADDR_free(nobody);
	ERR_clear_error();
	d->in = SLICE_NONE;
	d->peeking = false;
	d->who = NULL;
	if (rc <= 0)
		return rc == 0 ? -EAGAIN : -EBADMSG;
	net_tls_ref(ctx);
	d->ctx = ctx;
	ctx->listening = NULL;
	*out = d;
	return 0;
}

void dtls_adopt(struct dtls *d, const struct dtls_ops *ops, void *arg)
{
	d->ops = ops;
	d->arg = arg;
}

/* ---- traffic ---- */

static int stopped(struct dtls *d, int rc)
{
	int why = SSL_get_error(d->ssl, rc);
	ERR_clear_error();
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return 0;
	d->failed = why != SSL_ERROR_ZERO_RETURN;
	d->open = false;
	return d->failed ? -EPROTO : -EPIPE;
}

/* Of what is sealed: the nonce that is sent, and the tag (RFC 5288, RFC 7905).
 */
static size_t least_sealed(const struct dtls *d)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(d->ssl);
	bool chacha =
		c && SSL_CIPHER_get_cipher_nid(c) == NID_chacha20_poly1305;
	return chacha ? TAG_BYTES : NONCE_BYTES + TAG_BYTES;
}

/* Is a record too short for its cipher? It was forged, and libssl 3.0.19 hears
 * nothing more after one. */
static bool is_cut(const struct dtls *d, struct slice datagram)
{
	const size_t least = least_sealed(d);
	struct cur c = cur_init(datagram);
	while (cur_left(&c) >= RECORD_HEAD) {
		cur_bytes(&c, 3); /* type and version */
		bool sealed = cur_u16(&c) > 0;
		cur_bytes(&c, 6); /* number */
		size_t len = cur_u16(&c);
		if (sealed && len < least)
			return true;
		cur_bytes(&c, len);
	}
	return false;
}

int dtls_receive(struct dtls *d, struct slice datagram)
{
	uint8_t plain[DTLS_PLAIN_MAX];
	size_t len;
	int err = 0;
	if (d->failed)
		return -EPROTO;
	if (is_cut(d, datagram))
		return 0;
	ERR_clear_error();
	d->in = datagram;
	if (!d->open) {
		int rc = SSL_do_handshake(d->ssl);
		d->open = rc == 1;
		err = d->open ? 0 : stopped(d, rc);
	}
	while (d->open && !err) {
		if (SSL_read_ex(d->ssl, plain, sizeof(plain), &len) == 1) {
			d->ops->in(d->arg, slice_of(plain, len));
			continue;
		}
		err = stopped(d, 0);
		break;
	}
	d->in = SLICE_NONE;
	return err;
}

int dtls_send(struct dtls *d, struct slice plain)
{
	size_t len;
	if (!d->open)
		return -ENOTCONN;
	if (plain.len > DTLS_PLAIN_MAX)
		return -EMSGSIZE;
	ERR_clear_error();
	if (slice_empty(plain) ||
	    SSL_write_ex(d->ssl, plain.ptr, plain.len, &len) == 1)
		return 0;
	ERR_clear_error();
	return -EPROTO;
}

bool dtls_open(const struct dtls *d)
{
	return d->open;
}

bool dtls_same_hello(const struct dtls *d, struct slice datagram)
{
	uint8_t random[RANDOM_BYTES];
	if (!dtls_is_hello(datagram) ||
	    SSL_get_client_random(d->ssl, random, sizeof(random)) !=
		    sizeof(random))
		return false;
	return memcmp(datagram.ptr + HELLO_RANDOM_AT, random, sizeof(random)) ==
	       0;
}

int64_t dtls_late_ms(struct dtls *d)
{
	struct timeval left;
	if (d->failed || DTLSv1_get_timeout(d->ssl, &left) != 1)
		return -1;
	return (int64_t)left.tv_sec * 1000 + left.tv_usec / 1000 + 1;
}

int dtls_late(struct dtls *d)
{
	ERR_clear_error();
	int rc = DTLSv1_handle_timeout(d->ssl);
	ERR_clear_error();
	return rc < 0 ? -ETIMEDOUT : 0;
}

void dtls_close(struct dtls *d)
{
	ERR_clear_error();
	if (d->open && !d->failed)
		SSL_shutdown(d->ssl);
	ERR_clear_error();
	d->open = false;
}
