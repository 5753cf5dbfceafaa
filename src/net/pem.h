/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates, keys and authorities from PEM contents into a context (TLS-07).
 * Private to net/. Each returns 0 or -E... and then a sentence that names the
 * file.
 */
#pragma once

#include <openssl/ssl.h>

#include "net/net.h"

/* Our chain and its key; checks dates, that they belong together, and that the
 * leaf proves conf->name when there is one. */
int pem_use_identity(SSL_CTX *ctx, const struct net_tls_conf *conf,
		     char error[static NET_ERROR_MAX]);
/* Authorities, and their revocation lists when the file has some. */
int pem_use_trust(SSL_CTX *ctx, const struct net_tls_conf *conf,
		  char error[static NET_ERROR_MAX]);
