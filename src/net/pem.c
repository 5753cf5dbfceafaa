/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading PEM contents strictly: a file that is empty, cut short, expired or
 * that does not fit its partner is refused with a sentence for the operator
 * (TLS-07), never half used.
 */
#include "net/pem.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "net/identity.h"

enum { CHAIN_MAX = 10, PEM_BYTES_MAX = 8 << 20 };

__attribute__((format(printf, 3, 4))) static int refuse(
	char error[static NET_ERROR_MAX], struct slice path, const char *fmt,
	...)
{
	va_list ap;
	int n = snprintf(error, NET_ERROR_MAX, "%.*s: ",
			 SLICE_FMT(slice_head(path, NET_ERROR_MAX / 2)));

	if (n > 0 && n < NET_ERROR_MAX) {
		va_start(ap, fmt);
		vsnprintf(error + n, NET_ERROR_MAX - (size_t)n, fmt, ap);
		va_end(ap);
	}
	ERR_clear_error();
	return -EINVAL;
}

static const char *last_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());

	return text ? text : "unknown failure";
}

/* A marker line that is begun and not ended: the file was caught half
 * written. */
static bool cut_short(struct slice pem)
{
	static const char end[] = "-----END ";
	struct slice rest = pem;
	void *at;

	while ((at = memmem(rest.ptr, rest.len, end, sizeof(end) - 1))) {
		rest = slice_from(rest, (size_t)((uint8_t *)at - rest.ptr) +
						sizeof(end) - 1);
		ptrdiff_t dash = slice_chr(rest, '-');
		if (dash < 0 || !slice_starts(slice_from(rest, (size_t)dash),
					      SLICE_LIT("-----")))
			return true;
		rest = slice_from(rest, (size_t)dash + 5);
	}
	return memmem(rest.ptr, rest.len, "-----", 5) != NULL;
}

static int check_text(struct slice pem, struct slice path,
		      char error[static NET_ERROR_MAX])
{
	if (slice_empty(slice_trim(pem)))
		return refuse(error, path, "the file is empty");
	if (pem.len > PEM_BYTES_MAX)
		return refuse(error, path, "the file is larger than 8 MiB");
	if (cut_short(pem))
		return refuse(error, path,
			      "a PEM block is not complete: the file is cut "
			      "short or half written");
	return 0;
}

/* Nobody is asked for a passphrase. */
static int no_password(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return 0;
}

static int check_dates(X509 *cert, struct slice path,
		       char error[static NET_ERROR_MAX])
{
	const ASN1_TIME *first = X509_get0_notBefore(cert);
	const ASN1_TIME *last = X509_get0_notAfter(cert);
	struct tm tm = { 0 };
	char day[32];

	if (X509_cmp_current_time(last) < 0) {
		if (ASN1_TIME_to_tm(last, &tm) != 1 ||
		    !strftime(day, sizeof(day), "%Y-%m-%d", &tm))
			return refuse(error, path, "the certificate expired");
		return refuse(error, path, "the certificate expired on %s",
			      day);
	}
	if (X509_cmp_current_time(first) > 0) {
		if (ASN1_TIME_to_tm(first, &tm) != 1 ||
		    !strftime(day, sizeof(day), "%Y-%m-%d", &tm))
			return refuse(error, path,
				      "the certificate is not valid yet");
		return refuse(error, path,
			      "the certificate is not valid before %s", day);
	}
	return 0;
}

static int check_name(X509 *cert, const struct net_tls_conf *conf,
		      char error[static NET_ERROR_MAX])
{
	struct net_peer peer = { 0 };
	const char *defect;

	if (slice_empty(conf->name))
		return 0;
	int err = identity_read(&peer, cert, &defect);
	if (err == -ENOMEM)
		return err;
	bool has = net_peer_has(&peer, conf->name);
	identity_clear(&peer);
	if (has)
		return 0;
	return refuse(error, conf->certificate_path,
		      "the certificate is not for %.*s (subjectAltName "
		      "decides, the common name does not count)",
		      SLICE_FMT(slice_head(conf->name, NET_NAME_MAX / 4)));
}

static int use_leaf(SSL_CTX *ctx, BIO *bio, const struct net_tls_conf *conf,
		    char error[static NET_ERROR_MAX])
{
	struct slice path = conf->certificate_path;
	X509 *leaf = PEM_read_bio_X509(bio, NULL, no_password, NULL);

	if (!leaf)
		return refuse(error, path, "no certificate can be read (%s)",
			      last_reason());
	int err = check_dates(leaf, path, error);
	if (!err)
		err = check_name(leaf, conf, error);
	if (!err && SSL_CTX_use_certificate(ctx, leaf) != 1)
		err = refuse(error, path, "the certificate cannot be used (%s)",
			     last_reason());
	X509_free(leaf);
	return err;
}

/* The n-th certificate: 1 taken, 0 there are no more, -E... */
static int use_next(SSL_CTX *ctx, BIO *bio, int n, struct slice path,
		    char error[static NET_ERROR_MAX])
{
	ERR_clear_error();
	X509 *cert = PEM_read_bio_X509(bio, NULL, no_password, NULL);

	if (!cert &&
	    ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return 0;
	}
	if (!cert)
		return refuse(error, path, "certificate %d cannot be read (%s)",
			      n, last_reason());
	if (n <= CHAIN_MAX && SSL_CTX_add0_chain_cert(ctx, cert) == 1)
		return 1;
	X509_free(cert);
	if (n > CHAIN_MAX)
		return refuse(error, path,
			      "more than %d certificates: the chain only, not "
			      "the authorities",
			      (int)CHAIN_MAX);
	return refuse(error, path, "certificate %d cannot be used (%s)", n,
		      last_reason());
}

static int use_chain(SSL_CTX *ctx, BIO *bio, struct slice path,
		     char error[static NET_ERROR_MAX])
{
	int more = 1;

	for (int n = 2; more > 0; n++)
		more = use_next(ctx, bio, n, path, error);
	return more;
}

static int use_key(SSL_CTX *ctx, const struct net_tls_conf *conf,
		   char error[static NET_ERROR_MAX])
{
	struct slice path = conf->key_path;
	int err = check_text(conf->key, path, error);

	if (err)
		return err;
	BIO *bio = BIO_new_mem_buf(conf->key.ptr, (int)conf->key.len);
	if (!bio)
		return -ENOMEM;
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (!key)
		return refuse(error, path,
			      "no private key can be read (it must be PEM, "
			      "without a passphrase)");
	/* Refuses a key that is not the certificate's. */
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		err = refuse(
			error, path, "the key does not belong to %.*s",
			SLICE_FMT(slice_head(conf->certificate_path, 100)));
	EVP_PKEY_free(key);
	return err;
}

int pem_use_identity(SSL_CTX *ctx, const struct net_tls_conf *conf,
		     char error[static NET_ERROR_MAX])
{
	struct slice pem = conf->certificate;
	int err = check_text(pem, conf->certificate_path, error);

	if (err)
		return err;
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	if (!bio)
		return -ENOMEM;
	err = use_leaf(ctx, bio, conf, error);
	if (!err)
		err = use_chain(ctx, bio, conf->certificate_path, error);
	BIO_free(bio);
	return err ? err : use_key(ctx, conf, error);
}

/* Certificates and lists into the store; how many there were. */
static int fill_store(X509_STORE *store, STACK_OF(X509_INFO) * all, int *certs,
		      int *lists)
{
	for (int i = 0; i < sk_X509_INFO_num(all); i++) {
		const X509_INFO *info = sk_X509_INFO_value(all, i);
		if (info->x509) {
			if (X509_STORE_add_cert(store, info->x509) != 1)
				return -EINVAL;
			++*certs;
		}
		if (info->crl) {
			if (X509_STORE_add_crl(store, info->crl) != 1)
				return -EINVAL;
			++*lists;
		}
	}
	return 0;
}

int pem_use_trust(SSL_CTX *ctx, const struct net_tls_conf *conf,
		  char error[static NET_ERROR_MAX])
{
	struct slice path = conf->trust_path;
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	int certs = 0, lists = 0;
	int err = check_text(conf->trust, path, error);

	if (err)
		return err;
	BIO *bio = BIO_new_mem_buf(conf->trust.ptr, (int)conf->trust.len);
	if (!bio)
		return -ENOMEM;
	STACK_OF(X509_INFO) *all =
		PEM_X509_INFO_read_bio(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (!all)
		return refuse(error, path, "cannot be read (%s)",
			      last_reason());
	err = fill_store(store, all, &certs, &lists);
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	if (err)
		return refuse(error, path, "an authority cannot be used (%s)",
			      last_reason());
	if (!certs)
		return refuse(error, path, "no authority's certificate in it");
	if (lists && X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) != 1)
		return -EIO;
	return 0;
}
