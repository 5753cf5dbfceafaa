/* SPDX-License-Identifier: Apache-2.0 */
/* What certificates and lists in a PEM text say of themselves, for whoever
 * watches over their end (TLS-08). */
#include <errno.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/identity.h"

enum { PEM_BYTES_MAX = 8 << 20 };

static BIO *open_text(struct slice pem)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (slice_empty(pem) || pem.len > PEM_BYTES_MAX)
		return NULL;
	return BIO_new_mem_buf(pem.ptr, (int)pem.len);
}

static int describe(struct net_certificate *out, X509 *cert)
{
	struct net_peer peer = { 0 };
	const char *defect;
	int err = identity_read(&peer, cert, &defect);

	if (err == -ENOMEM)
		return err;
	memset(out, 0, sizeof(*out));
	out->from_s = identity_time(X509_get0_notBefore(cert));
	out->until_s = peer.until_s;
	memcpy(out->serial, peer.serial, sizeof(out->serial));
	if (peer.name_count)
		memcpy(out->name, peer.name[0], sizeof(out->name));
	identity_clear(&peer);
	return 0;
}

int net_certificate_read(struct net_certificate *out, struct slice pem)
{
	BIO *bio = open_text(pem);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	int err = cert ? describe(out, cert) : -EINVAL;

	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
	return err;
}

int net_crl_until(uint64_t *until_s, struct slice pem)
{
	BIO *bio = open_text(pem);
	uint64_t first_s = 0;
	X509_CRL *crl;

	while (bio && (crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL))) {
		const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
		uint64_t s = next ? identity_time(next) : 0;
		if (s && (!first_s || s < first_s))
			first_s = s;
		X509_CRL_free(crl);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (!first_s)
		return -EINVAL;
	*until_s = first_s;
	return 0;
}
