/* SPDX-License-Identifier: Apache-2.0 */
/* Which names a certificate proves (RFC 5922 7.1). Private to net/. */
#pragma once

#include <openssl/x509.h>

#include "net/net.h"

/*
 * Fills out->name and out->serial. *defect is the first thing that was wrong
 * with a name, one word for the log, or NULL. 0; -ENOENT: no usable name
 * (*defect is set), -EPERM: the certificate is to be refused as a whole
 * (*defect is set), -ENOMEM. out holds no name unless 0 is returned.
 */
int identity_read(struct net_peer *out, X509 *cert, const char **defect);
/* The DNS names alone, for choosing by SNI; as above. */
int identity_hosts(struct net_peer *out, X509 *cert, const char **defect);
/* Who it is for the log, when it proves nothing. */
void identity_serial(struct net_peer *out, X509 *cert);
/* Seconds since 1970; 0 when it cannot be told. */
uint64_t identity_time(const ASN1_TIME *t);
/* Drops the names. */
void identity_clear(struct net_peer *peer);
/* A host name in canonical form: letters, digits, hyphens and dots only, lower
 * case, no final dot. NULL: fine, or the defect in one word. */
const char *identity_name(struct slice in, char out[static NET_NAME_MAX]);
