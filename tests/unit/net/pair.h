/* SPDX-License-Identifier: Apache-2.0 */
/* Two TLS engines joined in memory, for the tests of this directory; and a
 * client made of bare libssl, for what our own client would never do. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "net/tls.h"
#include "net/tls_context.h"
#include "support/certs.h"

/* What all tests of a group share: an authority and a good leaf. */
struct pki {
	struct test_cert ca, leaf;
};

static inline int pki_setup(void **state)
{
	static const struct cert_spec ca = { .common_name = "authority",
					     .authority = true };
	struct pki *p = calloc(1, sizeof(*p));

	if (!p)
		return -1;
	certs_make(&p->ca, &ca, NULL);
	certs_leaf(&p->leaf, "edge.test", &p->ca);
	*state = p;
	return 0;
}

static inline int pki_teardown(void **state)
{
	struct pki *p = *state;

	certs_free(&p->ca);
	certs_free(&p->leaf);
	free(p);
	return 0;
}

static inline struct net_tls *context(const struct test_cert *leaf,
				      const struct test_cert *trust,
				      enum net_tls_use use)
{
	struct net_tls_conf conf = certs_conf(leaf, trust);
	char error[NET_ERROR_MAX];
	struct net_tls *out = NULL;

	if (net_tls_create(&out, &conf, use, error))
		fail_msg("%s", error);
	return out;
}

/* Moves what one engine has to say into the other, step bytes at a time. True
 * when something was moved. */
static inline bool carry(struct tls *from, struct tls *to, struct buf *plain,
			 size_t step)
{
	struct buf *wire = tls_wire(from);
	bool moved = wire->len > 0;

	while (wire->len) {
		uint8_t part[16384];
		size_t n = wire->len < step ? wire->len : step;
		n = n < sizeof(part) ? n : sizeof(part);
		memcpy(part, wire->ptr, n);
		buf_consume(wire, n);
		tls_input(to, slice_of(part, n), plain);
	}
	return moved;
}

struct pair {
	struct tls *server, *client;
	struct buf at_server, at_client;
};

static inline void pair_pump(struct pair *p, size_t step)
{
	while (carry(p->client, p->server, &p->at_server, step) ||
	       carry(p->server, p->client, &p->at_client, step))
		;
}

static inline void pair_open(struct pair *p, struct net_tls *server,
			     struct net_tls *client, const char *name)
{
	memset(p, 0, sizeof(*p));
	buf_init(&p->at_server, 0);
	buf_init(&p->at_client, 0);
	assert_int_equal(tls_create(&p->server, server, NULL), 0);
	assert_int_equal(tls_create(&p->client, client, name), 0);
}

static inline void pair_close(struct pair *p)
{
	tls_free(p->server);
	tls_free(p->client);
	buf_free(&p->at_server);
	buf_free(&p->at_client);
}

/* A client of bare libssl. */
struct raw {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out;
};

static inline void raw_open(struct raw *r, int min, int max, const char *suites)
{
	r->ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(r->ctx);
	SSL_CTX_set_security_level(r->ctx, 0);
	SSL_CTX_set_min_proto_version(r->ctx, min);
	SSL_CTX_set_max_proto_version(r->ctx, max);
	if (suites)
		assert_int_equal(SSL_CTX_set_cipher_list(r->ctx, suites), 1);
	r->ssl = SSL_new(r->ctx);
	r->in = BIO_new(BIO_s_mem());
	r->out = BIO_new(BIO_s_mem());
	SSL_set_bio(r->ssl, r->in, r->out);
	SSL_set_connect_state(r->ssl);
}

static inline void raw_close(struct raw *r)
{
	SSL_free(r->ssl);
	SSL_CTX_free(r->ctx);
	ERR_clear_error();
}

/* Until both are quiet. */
static inline void raw_pump(struct raw *r, struct tls *server,
			    struct buf *plain)
{
	uint8_t part[16384], sink[16384];

	for (bool moved = true; moved;) {
		moved = false;
		if (!SSL_is_init_finished(r->ssl))
			SSL_do_handshake(r->ssl);
		else
			SSL_read(r->ssl, sink, sizeof(sink));
		int n = BIO_read(r->out, part, sizeof(part));
		if (n > 0) {
			tls_input(server, slice_of(part, (size_t)n), plain);
			moved = true;
		}
		struct buf *wire = tls_wire(server);
		if (wire->len) {
			BIO_write(r->in, wire->ptr, (int)wire->len);
			buf_reset(wire);
			moved = true;
		}
	}
	ERR_clear_error();
}
