/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate of ours as strangers see it. */
#include "net/report.h"

#include <errno.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/identity.h"

enum { PEM_BYTES_MAX = 8 << 20 };

static BIO *open_text(struct slice pem)
{
	if (slice_empty(pem) || pem.len > PEM_BYTES_MAX)
		return NULL;
	return BIO_new_mem_buf(pem.ptr, (int)pem.len);
}

/* Those behind the first; -ENOMEM. */
static int read_rest(BIO *bio, STACK_OF(X509) * rest)
{
	X509 *x;
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		if (sk_X509_push(rest, x) > 0)
			continue;
		X509_free(x);
		return -ENOMEM;
	}
	return 0;
}

/* What is no certificate, or stands there twice, is passed over. */
static void read_trust(X509_STORE *store, struct slice trust)
{
	BIO *bio = open_text(trust);
	X509 *x;
	while (bio && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		(void)X509_STORE_add_cert(store, x);
		X509_free(x);
	}
	BIO_free(bio);
}

static int judge_chain(struct net_report *out, X509 *leaf,
		       STACK_OF(X509) * rest, struct slice trust)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int err = -ENOMEM;
	if (store)
		read_trust(store, trust);
	if (store && ctx && X509_STORE_CTX_init(ctx, store, leaf, rest) == 1) {
		int why = X509_verify_cert(ctx) == 1
				  ? X509_V_OK
				  : X509_STORE_CTX_get_error(ctx);
		snprintf(out->chain, sizeof(out->chain), "%s",
			 why == X509_V_OK ? ""
					  : X509_verify_cert_error_string(why));
		err = 0;
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return err;
}

static int describe(struct net_report *out, X509 *leaf)
{
	struct net_peer peer = { 0 };
	const char *defect = NULL;
	uint32_t use = X509_get_extended_key_usage(leaf);
	int err = identity_read(&peer, leaf, &defect);
	if (err == -ENOMEM)
		return err;
	out->from_s = identity_time(X509_get0_notBefore(leaf));
	out->until_s = identity_time(X509_get0_notAfter(leaf));
	/* without the extension every use is meant: all bits are set then */
	out->server_use = use & XKU_SSL_SERVER;
	out->client_use = use & XKU_SSL_CLIENT;
	out->name = peer.name;
	out->name_count = peer.name_count;
	return 0;
}

int net_report_make(struct net_report *out, struct slice pem,
		    struct slice trust)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	BIO *bio = open_text(pem);
	X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	STACK_OF(X509) *rest = sk_X509_new_null();
	int err = leaf ? 0 : -EINVAL;
	*out = (struct net_report){ .name = NULL };
	if (!err)
		err = rest ? read_rest(bio, rest) : -ENOMEM;
	if (!err)
		err = judge_chain(out, leaf, rest, trust);
	if (!err)
		err = describe(out, leaf);
	sk_X509_pop_free(rest, X509_free);
	X509_free(leaf);
	BIO_free(bio);
	ERR_clear_error();
	return err;
}

void net_report_free(struct net_report *r)
{
	struct net_peer peer = { .name_count = r->name_count, .name = r->name };
	identity_clear(&peer);
	r->name = NULL;
	r->name_count = 0;
}

bool net_report_proves(const struct net_report *r, struct slice name)
{
	for (size_t i = 0; i < r->name_count; i++)
		if (slice_ieq(slice_str(r->name[i]), name))
			return true;
	return false;
}
