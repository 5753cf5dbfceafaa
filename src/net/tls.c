/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS engine: libssl between two byte buffers. libssl reads the bytes that
 * tls_input() was given and writes into `wire`, through a BIO of our own.
 *
 * Records that carry no data are counted (TLS-05): key updates, empty records
 * and warnings cost us work and the peer nothing. Data in very small records
 * has a wider budget, so that a slow typist passes and a grinder does not.
 */
#include "net/tls.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "net/identity.h"
#include "net/tls_context.h"
#include "net/tls_return.h"

enum {
	READ_LEAST = 1024,      /* room for what is decrypted */
	IDLE_RECORDS_MAX = 100, /* without data, for each MiB of data */
	TINY_BYTES = 16,
	TINY_RECORDS_MAX = 1 << 16, /* and one more for each 64 bytes */
	TINY_DATA_BYTES = 64
};

struct tls {
	struct net_tls *ctx;
	SSL *ssl; /* NULL: plain */
	enum tls_status status;
	struct slice in; /* borrowed during tls_input() */
	struct buf wire;
	struct tls_verify verify;
	const char *text;
	uint64_t handshake_bytes;
	uint64_t records;      /* received, all kinds */
	uint64_t paid_records; /* of the handshake, and those with data */
	uint64_t last_record;  /* the last one that had data */
	uint64_t tiny_records, data_bytes;
	bool shaken;        /* the first handshake is over */
	bool renegotiation; /* asked for by the peer */
};

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_free(t->ssl);
	buf_free(&t->wire);
	identity_clear(&t->verify.peer);
	net_tls_free(t->ctx);
	free(t);
}

static int bio_read(BIO *bio, char *out, int len)
{
	struct tls *t = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	if (!t->shaken && t->handshake_bytes > TLS_HANDSHAKE_BYTES_MAX)
		return -1;
	if (slice_empty(t->in)) {
		BIO_set_retry_read(bio);
		return -1;
	}
	struct slice part = slice_head(t->in, len > 0 ? (size_t)len : 0);
	memcpy(out, part.ptr, part.len);
	t->in = slice_from(t->in, part.len);
	if (!t->shaken)
		t->handshake_bytes += part.len;
	return (int)part.len;
}

static int bio_write(BIO *bio, const char *in, int len)
{
	struct tls *t = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	buf_put(&t->wire, slice_of(in, len > 0 ? (size_t)len : 0));
	return buf_failed(&t->wire) ? -1 : len;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_bio_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sallyport");

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

static int bio_attach(struct tls *t)
{
	BIO *bio = BIO_new(t->ctx->bio);

	if (!bio)
		return -ENOMEM;
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	SSL_set_bio(t->ssl, bio, bio);
	return 0;
}

/* Sees each record's head, and the alerts that libssl sends. */
/* NOLINTNEXTLINE(readability-function-size): libssl's type */
static void on_message(int sent, int version, int type, const void *bytes,
		       size_t len, SSL *ssl, void *arg)
{
	struct tls *t = arg;
	const uint8_t *alert = bytes;

	(void)version;
	(void)ssl;
	if (!sent && type == SSL3_RT_HEADER)
		t->records++;
	if (sent && type == SSL3_RT_ALERT && len == 2 &&
	    alert[1] == SSL_AD_NO_RENEGOTIATION)
		t->renegotiation = true;
}

static void fail(struct tls *t, const char *text)
{
	if (t->status == TLS_FAILED)
		return;
	t->status = TLS_FAILED;
	t->text = text;
	ERR_clear_error();
}

/* After libssl gave up: the first error it noted is the cause. */
static void fail_ssl(struct tls *t)
{
	unsigned long e = ERR_peek_error();
	const char *text = ERR_reason_error_string(e);

	if (buf_failed(&t->wire))
		text = "out of memory";
	else if (!t->shaken && t->handshake_bytes > TLS_HANDSHAKE_BYTES_MAX)
		text = "the handshake is larger than 64 KiB";
	else if (!text)
		text = "TLS failed";
	if (ERR_GET_LIB(e) == ERR_LIB_SSL &&
	    ERR_GET_REASON(e) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
		t->verify.why = "no_certificate";
	fail(t, text);
}

static void shake(struct tls *t)
{
	int rc = SSL_do_handshake(t->ssl);

	if (rc == 1) {
		t->shaken = true;
		t->status = TLS_OPEN;
		/* was judged, is never asked for again */
		SSL_set_tlsext_status_ocsp_resp(t->ssl, NULL, 0);
		t->paid_records = t->records;
		t->last_record = t->records;
	} else if (SSL_get_error(t->ssl, rc) != SSL_ERROR_WANT_READ) {
		fail_ssl(t);
	}
}

static void count_data(struct tls *t, size_t len)
{
	t->data_bytes += len;
	if (t->records == t->last_record)
		return; /* the rest of a record */
	t->last_record = t->records;
	t->paid_records++;
	if (len < TINY_BYTES)
		t->tiny_records++;
}

static bool over_budget(const struct tls *t)
{
	uint64_t idle = t->records - t->paid_records;
	uint64_t mib = t->data_bytes >> 20;
	uint64_t tiny_max = TINY_RECORDS_MAX + t->data_bytes / TINY_DATA_BYTES;

	/* One may be a data record that has not arrived whole. */
	return idle > IDLE_RECORDS_MAX * (mib + 1) + 1 ||
	       t->tiny_records > tiny_max;
}

static void read_stopped(struct tls *t)
{
	switch (SSL_get_error(t->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		break;
	case SSL_ERROR_ZERO_RETURN:
		t->status = TLS_CLOSED;
		break;
	default:
		fail_ssl(t);
	}
}

/* What is left of the input needs no more room than it has now: grown once,
 * not record by record. NULL: out of memory. */
static uint8_t *read_room(const struct tls *t, struct buf *plain, size_t *room)
{
	size_t left = plain->cap - plain->len;
	size_t want = t->in.len > READ_LEAST ? t->in.len : READ_LEAST;
	uint8_t *at = buf_reserve(plain, left < READ_LEAST ? want : left);

	*room = plain->cap - plain->len;
	return at;
}

static void drain(struct tls *t, struct buf *plain)
{
	for (bool more = true; more && t->status == TLS_OPEN;) {
		size_t len = 0, room = 0;
		uint8_t *at = read_room(t, plain, &room);
		if (!at) {
			fail(t, "out of memory");
			return;
		}
		more = SSL_read_ex(t->ssl, at, room, &len) == 1;
		if (more) {
			buf_commit(plain, len);
			count_data(t, len);
		}
		if (t->renegotiation)
			fail(t, "renegotiation refused");
		else if (over_budget(t))
			fail(t, "too many records for the data in them");
		else if (!more)
			read_stopped(t);
	}
}

/* A TLS client starts with a handshake record, 22 3; whoever starts otherwise
 * speaks something else and gets no answer (SIP-11). */
static bool not_tls(const struct tls *t)
{
	static const uint8_t start[] = { 22, 3 };

	for (size_t i = t->handshake_bytes; i < sizeof(start); i++) {
		size_t at = i - t->handshake_bytes;
		if (at < t->in.len && t->in.ptr[at] != start[i])
			return true;
	}
	return false;
}

static int input_plain(struct tls *t, struct slice in, struct buf *plain)
{
	buf_put(plain, in);
	if (buf_failed(plain))
		fail(t, "out of memory");
	return t->status == TLS_FAILED ? -EPROTO : 0;
}

int tls_input(struct tls *t, struct slice in, struct buf *plain)
{
	if (!t->ssl)
		return input_plain(t, in, plain);
	ERR_clear_error();
	t->in = in;
	if (t->status == TLS_SHAKING && not_tls(t))
		fail(t, "not TLS");
	if (t->status == TLS_SHAKING)
		shake(t);
	if (t->status == TLS_OPEN)
		drain(t, plain);
	t->in = SLICE_NONE;
	return t->status == TLS_FAILED ? -EPROTO : 0;
}

static int output_plain(struct tls *t, struct slice bytes)
{
	buf_put(&t->wire, bytes);
	if (!buf_failed(&t->wire))
		return 0;
	fail(t, "out of memory");
	return -ENOMEM;
}

int tls_output(struct tls *t, struct slice plain)
{
	size_t len;

	if (t->status != TLS_OPEN)
		return -EPROTO;
	if (slice_empty(plain))
		return 0;
	if (!t->ssl)
		return output_plain(t, plain);
	ERR_clear_error();
	/* The wire takes everything, so all is written or nothing works. */
	if (SSL_write_ex(t->ssl, plain.ptr, plain.len, &len) == 1)
		return 0;
	fail_ssl(t);
	return buf_failed(&t->wire) ? -ENOMEM : -EPROTO;
}

void tls_close(struct tls *t)
{
	if (!t->ssl || (t->status != TLS_OPEN && t->status != TLS_CLOSED))
		return;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

static int set_up(struct tls *t, const char *server_name)
{
	bool dials = t->ctx->use == NET_TLS_DIAL || t->ctx->use == NET_TLS_USER;

	if (t->ctx->use == NET_PLAIN) {
		t->status = TLS_OPEN;
		return 0;
	}
	if (dials && !server_name)
		return -EINVAL;
	if (dials && identity_name(slice_str(server_name), t->verify.name))
		return -EINVAL;
	t->ssl = SSL_new(t->ctx->ctx);
	if (!t->ssl || bio_attach(t))
		return -ENOMEM;
	tls_verify_attach(t->ssl, &t->verify);
	SSL_set_msg_callback(t->ssl, on_message);
	SSL_set_msg_callback_arg(t->ssl, t);
	if (!dials) {
		SSL_set_accept_state(t->ssl);
		return 0;
	}
	SSL_set_connect_state(t->ssl);
	if (SSL_set_tlsext_host_name(t->ssl, t->verify.name) != 1)
		return -ENOMEM;
	shake(t);
	return t->status == TLS_FAILED ? -ENOMEM : 0;
}

int tls_create(struct tls **out, struct net_tls *ctx, const char *server_name)
{
	struct tls *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	net_tls_ref(ctx);
	t->ctx = ctx;
	t->text = "";
	t->verify.use = ctx->use;
	t->verify.rules = ctx;
	buf_init(&t->wire, 0);
	ERR_clear_error();
	int err = set_up(t, server_name);
	ERR_clear_error();
	if (err) {
		tls_free(t);
		return err;
	}
	*out = t;
	return 0;
}

bool tls_began(const struct tls *t)
{
	return t->ssl && !SSL_in_before(t->ssl);
}

bool tls_returns(const struct tls *t, struct slice first)
{
	if (!t->ssl)
		return false;
	if (tls_began(t))
		return SSL_session_reused(t->ssl) == 1;
	return tls_return_has(&t->ctx->tickets, first);
}

enum tls_status tls_status(const struct tls *t)
{
	return t->status;
}

struct buf *tls_wire(struct tls *t)
{
	return &t->wire;
}

struct net_peer *tls_peer(struct tls *t)
{
	return &t->verify.peer;
}

const char *tls_text(const struct tls *t)
{
	return t->text;
}

const char *tls_why(const struct tls *t)
{
	return t->verify.why;
}

const char *tls_recheck(struct tls *t, const struct net_tls *ctx)
{
	if (!t->ssl || !SSL_get0_peer_certificate(t->ssl))
		return NULL;
	ERR_clear_error();
	const char *why = tls_verify_again(t->ssl, ctx);
	ERR_clear_error();
	return why;
}

bool tls_name_wrong(const struct tls *t)
{
	return t->verify.name_wrong;
}
