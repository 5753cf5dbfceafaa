/* SPDX-License-Identifier: Apache-2.0 */
/* What a client asks for in its hello: which of our names (SNI, RFC 6066 3),
 * which protocol (ALPN, RFC 7301). Private to net/. */
#pragma once

#include <openssl/ssl.h>

#include "base/map.h"
#include "net/net.h"
#include "net/pem.h"

/* Certificates by the names in them. All zero: none. */
struct tls_hosts {
	struct map by_name;
	struct pem_identity *id;
	size_t count;
};

int tls_hosts_read(struct tls_hosts *h, SSL_CTX *ctx,
		   const struct net_tls_conf *conf,
		   char error[static NET_ERROR_MAX]);
void tls_hosts_free(struct tls_hosts *h);
/* Names in any case; NULL: none of ours beside the usual one. */
const struct pem_identity *tls_hosts_find(const struct tls_hosts *h,
					  struct slice name);
/* Connections of ctx choose from h, which lives as long; and by ALPN. */
void tls_hello_setup(SSL_CTX *ctx, struct tls_hosts *h);
