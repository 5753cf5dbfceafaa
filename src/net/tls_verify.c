/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging the peer's certificate (TLS-03). libcrypto walks chain, dates,
 * signatures and revocation; here are added the names, and one deliberate
 * difference: public authorities no longer issue the client-auth key usage, so
 * in the client's role a certificate for serverAuth is as good as one for
 * clientAuth, unless the configuration says otherwise. One that names usages
 * and neither of these is refused.
 */
#include "net/tls_context.h"

#include <errno.h>

#include <openssl/x509v3.h>

#include "net/identity.h"

enum { CHAIN_DEPTH_MAX = 8 };

static const struct {
	int code;
	const char *why;
} verify_why[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, "expired" },
	{ X509_V_ERR_CERT_NOT_YET_VALID, "not_yet_valid" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "unknown_issuer" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unknown_issuer" },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "unknown_issuer" },
	{ X509_V_ERR_CERT_UNTRUSTED, "unknown_issuer" },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "self_signed" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "self_signed" },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, "bad_signature" },
	{ X509_V_ERR_INVALID_CA, "issuer_no_authority" },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED, "issuer_no_authority" },
	{ X509_V_ERR_INVALID_PURPOSE, "key_usage" },
	{ X509_V_ERR_CERT_REVOKED, "revoked" },
	{ X509_V_ERR_CRL_HAS_EXPIRED, "crl_expired" },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG, "chain_too_long" },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, "weak_key" },
	{ X509_V_ERR_CA_KEY_TOO_SMALL, "weak_key" },
	{ X509_V_ERR_CA_MD_TOO_WEAK, "weak_key" },
	{ X509_V_ERR_PERMITTED_VIOLATION, "name_constraint" },
	{ X509_V_ERR_EXCLUDED_VIOLATION, "name_constraint" },
};

static const char *why_of(int code)
{
	for (size_t i = 0; i < sizeof(verify_why) / sizeof(verify_why[0]); i++)
		if (verify_why[i].code == code)
			return verify_why[i].why;
	return "certificate";
}

/* Bits of the certificate itself; one without the extension allows all. An
 * authority may say "any", a leaf may not. */
static unsigned usages_of(X509 *cert, bool authority)
{
	static const char sip_domain[] = "1.3.6.1.5.5.7.3.20"; /* RFC 5924 */
	const unsigned all =
		NET_USAGE_CLIENT | NET_USAGE_SERVER | NET_USAGE_SIP;
	uint32_t eku = X509_get_extended_key_usage(cert);
	if (eku == UINT32_MAX || (authority && (eku & XKU_ANYEKU)))
		return all;
	unsigned usages = (eku & XKU_SSL_CLIENT ? NET_USAGE_CLIENT : 0u) |
			  (eku & XKU_SSL_SERVER ? NET_USAGE_SERVER : 0u);
	EXTENDED_KEY_USAGE *list =
		X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	for (int i = 0; list && i < sk_ASN1_OBJECT_num(list); i++) {
		char text[sizeof(sip_domain) + 1];
		if (OBJ_obj2txt(text, sizeof(text),
				sk_ASN1_OBJECT_value(list, i), 1) > 0 &&
		    strcmp(text, sip_domain) == 0)
			usages |= NET_USAGE_SIP;
	}
	EXTENDED_KEY_USAGE_free(list);
	return usages;
}

/* What the whole chain allows the leaf to be used for. The trust anchor is not
 * asked; where there is none, the last is no anchor. */
static bool usage_ok(struct tls_verify *v, X509_STORE_CTX *store)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	unsigned allowed = NET_USAGE_CLIENT | NET_USAGE_SIP;
	unsigned usages = allowed | NET_USAGE_SERVER;
	int count = sk_X509_num(chain);

	if (!v->rules->client_usage_only)
		allowed |= NET_USAGE_SERVER;
	for (int i = 0; i < count; i++) {
		if (i && i == count - 1 && !v->unchained)
			break;
		usages &= usages_of(sk_X509_value(chain, i), i > 0);
	}
	v->peer.usages = (uint8_t)usages;
	uint32_t ku = X509_get_key_usage(sk_X509_value(chain, 0));
	return (usages & allowed) && (ku & KU_DIGITAL_SIGNATURE);
}

/* Is one of these names to be believed without an authority? */
static bool may_lack_chain(const struct tls_verify *v)
{
	struct slice rest = buf_slice(&v->rules->unchained);
	while (rest.len) {
		struct slice one = slice_str((const char *)rest.ptr);
		rest = slice_from(rest, one.len + 1);
		bool hosts = one.len && one.ptr[0] == '.';
		if (!hosts && net_peer_has(&v->peer, one))
			return true;
		for (size_t i = 0; hosts && i < v->peer.name_count; i++) {
			struct slice name = slice_str(v->peer.name[i]);
			ptrdiff_t dot = slice_chr(name, '.');
			if (one.len == 1 ||
			    (dot >= 0 &&
			     slice_eq(slice_from(name, (size_t)dot), one)))
				return true;
		}
	}
	return false;
}

static bool digest_one(const struct slice der, struct net_digests *out, int i)
{
	return EVP_Digest(der.ptr, der.len, out->sha256[i], NULL, EVP_sha256(),
			  NULL) == 1 &&
	       EVP_Digest(der.ptr, der.len, out->sha512[i], NULL, EVP_sha512(),
			  NULL) == 1;
}

/* Of the whole certificate, and of its SubjectPublicKeyInfo. */
static bool digest(X509 *cert, struct net_digests *out)
{
	unsigned char *der[2] = { NULL, NULL };
	int len[2] = { i2d_X509(cert, &der[0]),
		       i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der[1]) };
	bool ok = true;
	for (int i = 0; i < 2; i++) {
		ok = ok && len[i] > 0 &&
		     digest_one(slice_of(der[i], (size_t)len[i]), out, i);
		OPENSSL_free(der[i]);
	}
	return ok;
}

/* The names are known: is it believed, and by what can it be proved? */
static int check_chained(struct tls_verify *v, X509 *leaf)
{
	if (v->unchained && !may_lack_chain(v)) {
		v->why = v->unchained;
		return X509_V_ERR_CERT_UNTRUSTED;
	}
	v->peer.chained = !v->unchained;
	if (v->use == NET_TLS_USER || digest(leaf, &v->peer.digests))
		return X509_V_OK;
	v->why = "memory";
	return X509_V_ERR_OUT_OF_MEM;
}

/* The leaf, after everything else was found right. X509_V_... */
static int check_leaf(struct tls_verify *v, X509_STORE_CTX *store)
{
	const char *defect;

	if (v->use == NET_TLS_FEDERATION && !usage_ok(v, store)) {
		v->why = "key_usage";
		identity_serial(&v->peer,
				X509_STORE_CTX_get_current_cert(store));
		return X509_V_ERR_INVALID_PURPOSE;
	}
	int err = identity_read(
		&v->peer, X509_STORE_CTX_get_current_cert(store), &defect);
	if (err == -ENOMEM) {
		v->why = "memory";
		return X509_V_ERR_OUT_OF_MEM;
	}
	if (err) {
		v->why = defect;
		v->name_wrong = v->use != NET_TLS_FEDERATION;
		return X509_V_ERR_HOSTNAME_MISMATCH;
	}
	if (v->name[0] && !net_peer_has(&v->peer, slice_str(v->name))) {
		v->why = "wrong_name";
		v->name_wrong = true;
		return X509_V_ERR_HOSTNAME_MISMATCH;
	}
	return check_chained(v, X509_STORE_CTX_get_current_cert(store));
}

/* No authority that we trust has anything to do with it. */
static bool is_unchained(int code)
{
	return code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
	       code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
	       code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
	       code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
	       code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
}

static int on_verify(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_verify *v = SSL_get_ex_data(ssl, 0);
	int code = X509_STORE_CTX_get_error(store);

	/* Lists are checked for the authorities that gave us one. */
	if (!ok && code == X509_V_ERR_UNABLE_TO_GET_CRL) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	if (!ok && is_unchained(code) && v->rules->unchained.len) {
		if (!v->unchained)
			v->unchained = why_of(code);
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	if (!ok) {
		if (!v->why)
			v->why = why_of(code);
		identity_serial(&v->peer, X509_STORE_CTX_get0_cert(store));
		return 0;
	}
	if (X509_STORE_CTX_get_error_depth(store) != 0)
		return 1;
	code = check_leaf(v, store);
	X509_STORE_CTX_set_error(store, code);
	return code == X509_V_OK;
}

int tls_verify_setup(SSL_CTX *ctx, enum net_tls_use use)
{
	int mode = SSL_VERIFY_PEER;

	if (use == NET_TLS_CLIENTS || use == NET_DTLS) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return 0;
	}
	if (use == NET_TLS_FEDERATION) {
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
		/* usage_ok() takes over */
		X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
		if (X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY) != 1)
			return -EIO;
	}
	if (use == NET_TLS_DIAL && tls_ocsp_setup(ctx) != 1)
		return -EIO;
	SSL_CTX_set_verify(ctx, mode, on_verify);
	SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH_MAX);
	return 0;
}

/* As libssl sets it up for a handshake. */
static int verify_again(X509_STORE_CTX *store, SSL *ssl, SSL_CTX *ctx)
{
	X509 *leaf = SSL_get0_peer_certificate(ssl);

	if (!X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(ctx), leaf,
				 SSL_get_peer_cert_chain(ssl)) ||
	    !X509_STORE_CTX_set_ex_data(
		    store, SSL_get_ex_data_X509_STORE_CTX_idx(), ssl) ||
	    !X509_STORE_CTX_set_default(
		    store, SSL_is_server(ssl) ? "ssl_client" : "ssl_server") ||
	    !X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(store),
				    SSL_CTX_get0_param(ctx)))
		return -1;
	X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(store),
					 SSL_CTX_get_security_level(ctx));
	X509_STORE_CTX_set_verify_cb(store, on_verify);
	return X509_verify_cert(store);
}

const char *tls_verify_again(SSL *ssl, const struct net_tls *t)
{
	struct tls_verify *before = SSL_get_ex_data(ssl, 0);
	struct tls_verify v = { .use = before->use, .rules = t };
	X509_STORE_CTX *store = X509_STORE_CTX_new();

	memcpy(v.name, before->name, sizeof(v.name));
	SSL_set_ex_data(ssl, 0, &v);
	int ok = store ? verify_again(store, ssl, t->ctx) : -1;
	X509_STORE_CTX_free(store);
	SSL_set_ex_data(ssl, 0, before);
	identity_clear(&v.peer);
	if (ok == 1)
		return NULL;
	return v.why ? v.why : "memory";
}

void tls_verify_attach(SSL *ssl, struct tls_verify *v)
{
	SSL_set_ex_data(ssl, 0, v);
}
