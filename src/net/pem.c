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
#include <openssl/x509v3.h>

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

static int check_name(X509 *cert, struct slice path, struct slice name,
		      char error[static NET_ERROR_MAX])
{
	struct net_peer peer = { 0 };
	const char *defect;

	if (slice_empty(name))
		return 0;
	int err = identity_read(&peer, cert, &defect);
	if (err == -ENOMEM)
		return err;
	bool has = net_peer_has(&peer, name);
	identity_clear(&peer);
	if (has)
		return 0;
	return refuse(error, path,
		      "the certificate is not for %.*s (subjectAltName "
		      "decides, the common name does not count)",
		      SLICE_FMT(slice_head(name, NET_NAME_MAX / 4)));
}

/* The n-th certificate: 1 taken, 0 there are no more, -E... */
static int read_next(struct pem_identity *id, BIO *bio, int n,
		     struct slice path, char error[static NET_ERROR_MAX])
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
	X509 *before = n > 2 ? sk_X509_value(id->chain, n - 3) : id->leaf;
	if (n > CHAIN_MAX)
		refuse(error, path,
		       "more than %d certificates: the chain only, not "
		       "the authorities",
		       (int)CHAIN_MAX);
	else if (X509_check_issued(cert, before) != X509_V_OK)
		refuse(error, path,
		       "certificate %d is not the issuer of the one before: "
		       "ours first, then its issuer, and so on",
		       n);
	else if (sk_X509_push(id->chain, cert) > 0)
		return 1;
	X509_free(cert);
	return error[0] ? -EINVAL : -ENOMEM;
}

static int read_chain(struct pem_identity *id, BIO *bio, struct slice path,
		      char error[static NET_ERROR_MAX])
{
	int more = 1;

	id->leaf = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	if (!id->leaf)
		return refuse(error, path, "no certificate can be read (%s)",
			      last_reason());
	id->chain = sk_X509_new_null();
	if (!id->chain)
		return -ENOMEM;
	for (int n = 2; more > 0; n++)
		more = read_next(id, bio, n, path, error);
	return more;
}

static int read_key(struct pem_identity *id, const struct net_tls_pair *pair,
		    char error[static NET_ERROR_MAX])
{
	struct slice path = pair->key_path;
	int err = check_text(pair->key, path, error);

	if (err)
		return err;
	BIO *bio = BIO_new_mem_buf(pair->key.ptr, (int)pair->key.len);
	if (!bio)
		return -ENOMEM;
	id->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (!id->key)
		return refuse(error, path,
			      "no private key can be read (it must be PEM, "
			      "without a passphrase)");
	if (X509_check_private_key(id->leaf, id->key) == 1)
		return 0;
	return refuse(error, path, "the key does not belong to %.*s",
		      SLICE_FMT(slice_head(pair->certificate_path, 100)));
}

/* Would a connection take it? A key may be too weak, a signature too old. */
static int try_identity(const struct pem_identity *id, SSL_CTX *ctx,
			struct slice path, char error[static NET_ERROR_MAX])
{
	SSL *ssl = SSL_new(ctx);

	if (!ssl)
		return -ENOMEM;
	int ok = SSL_use_cert_and_key(ssl, id->leaf, id->key, id->chain, 1);
	SSL_free(ssl);
	return ok == 1 ? 0
		       : refuse(error, path,
				"the certificate cannot be used (%s)",
				last_reason());
}

static int read_identity(struct pem_identity *id, SSL_CTX *ctx,
			 const struct net_tls_pair *pair, struct slice name,
			 char error[static NET_ERROR_MAX])
{
	struct slice pem = pair->certificate, path = pair->certificate_path;
	int err = check_text(pem, path, error);

	if (err)
		return err;
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	if (!bio)
		return -ENOMEM;
	err = read_chain(id, bio, path, error);
	BIO_free(bio);
	if (!err)
		err = check_dates(id->leaf, path, error);
	if (!err)
		err = check_name(id->leaf, path, name, error);
	if (!err)
		err = read_key(id, pair, error);
	return err ? err : try_identity(id, ctx, path, error);
}

int pem_identity_read(struct pem_identity *out, SSL_CTX *ctx,
		      const struct net_tls_pair *pair, struct slice name,
		      char error[static NET_ERROR_MAX])
{
	struct pem_identity id = { NULL, NULL, NULL };
	int err = read_identity(&id, ctx, pair, name, error);

	if (err) {
		pem_identity_free(&id);
		return err;
	}
	*out = id;
	return 0;
}

void pem_identity_free(struct pem_identity *id)
{
	X509_free(id->leaf);
	sk_X509_pop_free(id->chain, X509_free);
	EVP_PKEY_free(id->key);
	*id = (struct pem_identity){ NULL, NULL, NULL };
}

/* Only the leaf alone can be judged: above an intermediate certificate any
 * root may stand, and partners need not be vouched for by ours. */
int pem_identity_complete(const struct pem_identity *id, X509_STORE *trust,
			  struct slice path, char error[static NET_ERROR_MAX])
{
	X509 *issuer = NULL;
	char name[128] = "";

	if (sk_X509_num(id->chain) > 0 ||
	    X509_NAME_cmp(X509_get_subject_name(id->leaf),
			  X509_get_issuer_name(id->leaf)) == 0)
		return 0;
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	int found =
		store && X509_STORE_CTX_init(store, trust, NULL, NULL) == 1
			? X509_STORE_CTX_get1_issuer(&issuer, store, id->leaf)
			: -1;
	X509_STORE_CTX_free(store);
	X509_free(issuer);
	if (found < 0)
		return -ENOMEM;
	if (found)
		return 0;
	X509_NAME_oneline(X509_get_issuer_name(id->leaf), name, sizeof(name));
	return refuse(error, path,
		      "the chain is not complete: the certificate of the "
		      "issuer (%s) is not in the file; append it",
		      name);
}

/* What a file gave to the store. */
struct filled {
	int certs, lists;
};

static int fill_store(X509_STORE *store, STACK_OF(X509_INFO) * all,
		      struct filled *n)
{
	for (int i = 0; i < sk_X509_INFO_num(all); i++) {
		const X509_INFO *info = sk_X509_INFO_value(all, i);
		if (info->x509) {
			if (X509_STORE_add_cert(store, info->x509) != 1)
				return -EINVAL;
			n->certs++;
		}
		if (info->crl) {
			if (X509_STORE_add_crl(store, info->crl) != 1)
				return -EINVAL;
			n->lists++;
		}
	}
	return 0;
}

static int use_file(X509_STORE *store, struct slice pem, struct slice path,
		    struct filled *n, char error[static NET_ERROR_MAX])
{
	int err = check_text(pem, path, error);

	if (err)
		return err;
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	if (!bio)
		return -ENOMEM;
	STACK_OF(X509_INFO) *all =
		PEM_X509_INFO_read_bio(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (!all)
		return refuse(error, path, "cannot be read (%s)",
			      last_reason());
	err = fill_store(store, all, n);
	sk_X509_INFO_pop_free(all, X509_INFO_free);
	if (err)
		return refuse(error, path, "an authority cannot be used (%s)",
			      last_reason());
	return 0;
}

int pem_use_trust(SSL_CTX *ctx, const struct net_tls_conf *conf,
		  char error[static NET_ERROR_MAX])
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	struct filled trust = { 0, 0 }, crl = { 0, 0 };
	int err = use_file(store, conf->trust, conf->trust_path, &trust, error);

	if (!err && !trust.certs)
		err = refuse(error, conf->trust_path,
			     "no authority's certificate in it");
	if (err || slice_empty(conf->crl_path))
		goto flags;
	err = use_file(store, conf->crl, conf->crl_path, &crl, error);
	if (!err && crl.certs)
		err = refuse(error, conf->crl_path,
			     "a certificate is in it: revocation lists only, "
			     "authorities belong into tls.trust");
	if (!err && !crl.lists)
		err = refuse(error, conf->crl_path, "no revocation list in it");
flags:
	if (err || trust.lists + crl.lists == 0)
		return err;
	/* on_verify() lets pass the authorities that gave no list; whoever
	 * signs a staple is not asked for (tls_ocsp.c) */
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
	unsigned long check = X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	return X509_VERIFY_PARAM_set_flags(param, check) == 1 ? 0 : -EIO;
}
