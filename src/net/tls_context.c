/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts: which versions and suites we speak (TLS-01), and who checks whom.
 * The host's openssl.cnf has no say: what is accepted is decided here.
 */
#include "net/tls_context.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "base/crypto.h"
#include "net/dtls.h"
#include "net/pem.h"

/* TLS 1.2: forward secret and AEAD; TLS 1.3 has no others. */
static const char suites_12[] =
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char suites_13[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
				"TLS_CHACHA20_POLY1305_SHA256";

enum {
	SECURITY_LEVEL = 2, /* RSA of 2048 bits, no SHA-1 signatures */
	CERT_LIST_MAX = 48 << 10
};

static int set_protocol(SSL_CTX *ctx, bool datagrams)
{
	int first = datagrams ? DTLS1_2_VERSION : TLS1_2_VERSION;
	int last = datagrams ? DTLS1_2_VERSION : TLS1_3_VERSION;
	char groups[] = "X25519:P-256:P-384";
	uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
			   SSL_OP_CIPHER_SERVER_PREFERENCE |
			   SSL_OP_PRIORITIZE_CHACHA;

	SSL_CTX_clear_options(ctx, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
					   SSL_OP_LEGACY_SERVER_CONNECT);
	SSL_CTX_set_options(ctx, options);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_max_cert_list(ctx, CERT_LIST_MAX);
	if (SSL_CTX_set_min_proto_version(ctx, first) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, last) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, suites_12) != 1 ||
	    SSL_CTX_set_ciphersuites(ctx, suites_13) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, groups) != 1 ||
	    SSL_CTX_set_max_early_data(ctx, 0) != 1 ||
	    SSL_CTX_set_recv_max_early_data(ctx, 0) != 1)
		return -EIO;
	return 0;
}

/* Resumption on the clients' listener only: elsewhere each connection proves
 * its certificate anew (TLS-04). */
static int set_tickets(struct net_tls *t)
{
	static const unsigned char id[] = "clients";

	SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
	if (t->use != NET_TLS_CLIENTS) {
		SSL_CTX_set_options(t->ctx, SSL_OP_NO_TICKET);
		return SSL_CTX_set_num_tickets(t->ctx, 0) == 1 ? 0 : -EIO;
	}
	if (SSL_CTX_set_num_tickets(t->ctx, 0) != 1 ||
	    SSL_CTX_set_session_id_context(t->ctx, id, sizeof(id) - 1) != 1)
		return -EIO;
	return tls_tickets_attach(&t->tickets, t->ctx);
}

static const SSL_METHOD *method_of(enum net_tls_use use)
{
	switch (use) {
	case NET_TLS_FEDERATION:
	case NET_TLS_CLIENTS:
		return TLS_server_method();
	case NET_DTLS:
		return DTLS_server_method();
	case NET_TLS_DIAL:
	case NET_TLS_USER:
	case NET_PLAIN:
		break;
	}
	return TLS_client_method();
}

static bool accepts(enum net_tls_use use)
{
	return use == NET_TLS_FEDERATION || use == NET_TLS_CLIENTS ||
	       use == NET_DTLS;
}

/* Listeners that ask no client for a certificate. */
static bool trusts_nobody(enum net_tls_use use)
{
	return use == NET_TLS_CLIENTS || use == NET_DTLS;
}

static int set_identity(struct net_tls *t, const struct net_tls_conf *conf,
			char error[static NET_ERROR_MAX])
{
	struct pem_identity *own = &t->own;
	int err = pem_identity_read(own, t->ctx, &conf->own, conf->name, error);

	if (!err && SSL_CTX_use_cert_and_key(t->ctx, own->leaf, own->key,
					     own->chain, 1) != 1)
		err = -EIO;
	if (err || !accepts(t->use))
		return err;
	tls_hello_setup(t->ctx, &t->hosts);
	return tls_hosts_read(&t->hosts, t->ctx, conf, error);
}

static int set_trust(struct net_tls *t, const struct net_tls_conf *conf,
		     char error[static NET_ERROR_MAX])
{
	X509_STORE *store = SSL_CTX_get_cert_store(t->ctx);
	int err = pem_use_trust(t->ctx, conf, error);

	if (err || t->use == NET_TLS_USER)
		return err;
	err = pem_identity_complete(&t->own, store, conf->own.certificate_path,
				    error);
	for (size_t i = 0; !err && i < t->hosts.count; i++)
		err = pem_identity_complete(&t->hosts.id[i], store,
					    conf->more[i].certificate_path,
					    error);
	return err;
}

static int set_up(struct net_tls *t, const struct net_tls_conf *conf,
		  char error[static NET_ERROR_MAX])
{
	int err = set_protocol(t->ctx, t->use == NET_DTLS);

	if (!err)
		err = set_tickets(t);
	if (!err)
		err = tls_verify_setup(t->ctx, t->use);
	if (!err && t->use != NET_TLS_USER)
		err = set_identity(t, conf, error);
	if (!err && !trusts_nobody(t->use))
		err = set_trust(t, conf, error);
	return err;
}

static int make_context(struct net_tls *t, const struct net_tls_conf *conf,
			char error[static NET_ERROR_MAX])
{
	t->ctx = SSL_CTX_new(method_of(t->use));
	t->bio = t->use == NET_DTLS ? dtls_bio_method() : tls_bio_method();
	if (!t->ctx || !t->bio)
		return -ENOMEM;
	if (t->use == NET_DTLS) {
		dtls_context_setup(t->ctx);
		if (crypto_random(t->cookie_secret, sizeof(t->cookie_secret)))
			return -EIO;
	}
	return set_up(t, conf, error);
}

/* The configuration goes before connections do. */
static int keep_unchained(struct net_tls *t, const struct net_tls_conf *conf)
{
	buf_init(&t->unchained, 0);
	for (size_t i = 0; i < conf->unchained_count; i++) {
		buf_put(&t->unchained, conf->unchained[i]);
		buf_u8(&t->unchained, 0);
	}
	return buf_failed(&t->unchained) ? -ENOMEM : 0;
}

int net_tls_create(struct net_tls **out, const struct net_tls_conf *conf,
		   enum net_tls_use use, char error[static NET_ERROR_MAX])
{
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	ERR_clear_error();
	error[0] = '\0';
	struct net_tls *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;
	if (t) {
		t->refs = 1;
		t->use = use;
		t->client_usage_only = conf->client_usage_only;
		err = keep_unchained(t, conf);
		if (!err && use != NET_PLAIN)
			err = make_context(t, conf, error);
	}
	if (err) {
		if (!error[0])
			snprintf(error, NET_ERROR_MAX, "TLS: %s",
				 err == -ENOMEM ? "out of memory"
						: "libssl cannot be set up");
		net_tls_free(t);
		ERR_clear_error();
		return err;
	}
	*out = t;
	return 0;
}

int net_tls_tickets(struct net_tls *t, struct slice ring)
{
	if (t->use != NET_TLS_CLIENTS)
		return -EINVAL;
	int err = tls_tickets_set(&t->tickets, ring);
	if (!err)
		SSL_CTX_set_num_tickets(t->ctx, 1);
	return err;
}

void net_tls_gate(struct net_tls *t, struct net_gate *g)
{
	gate_ref(g);
	t->gate = g;
}

void net_tls_ref(struct net_tls *t)
{
	t->refs++;
}

void net_tls_free(struct net_tls *t)
{
	if (!t || --t->refs)
		return;
	dtls_free(t->listening);
	SSL_CTX_free(t->ctx);
	BIO_meth_free(t->bio);
	pem_identity_free(&t->own);
	tls_hosts_free(&t->hosts);
	tls_tickets_wipe(&t->tickets);
	gate_unref(t->gate);
	buf_free(&t->unchained);
	free(t);
}
