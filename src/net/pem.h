/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates, keys and authorities from PEM contents into a context (TLS-07).
 * Private to net/. Each returns 0 or -E... and then a sentence that names the
 * file.
 */
#pragma once

#include <openssl/ssl.h>

#include "net/net.h"

/* A chain of ours with its key. */
struct pem_identity {
	X509 *leaf;
	STACK_OF(X509) * chain; /* the others, in order */
	EVP_PKEY *key;
};

/* Checks dates, order, that certificate and key belong together and are good
 * enough for ctx, and that the leaf proves `name` when there is one. */
int pem_identity_read(struct pem_identity *out, SSL_CTX *ctx,
		      const struct net_tls_pair *pair, struct slice name,
		      char error[static NET_ERROR_MAX]);
void pem_identity_free(struct pem_identity *id);
/* Could a peer build a path from our chain to an authority? -EINVAL when the
 * leaf stands alone and its issuer is none of the trusted ones. */
int pem_identity_complete(const struct pem_identity *id, X509_STORE *trust,
			  struct slice path, char error[static NET_ERROR_MAX]);
/* Authorities, and revocation lists from both files. */
int pem_use_trust(SSL_CTX *ctx, const struct net_tls_conf *conf,
		  char error[static NET_ERROR_MAX]);
