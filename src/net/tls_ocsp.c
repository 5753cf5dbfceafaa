/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stapled OCSP response (RFC 6066 8, RFC 6960) of who we dialled: fresh
 * word of the issuer that the certificate still stands. None is fine, unless
 * the certificate promises one (RFC 7633); one that is wrong is not.
 */
#include "net/tls_context.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

enum { SKEW_S = 300, STATUS_REQUEST = 5 };

static bool must_staple(X509 *leaf)
{
	TLS_FEATURE *all = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
	bool must = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(all); i++)
		must = must ||
		       ASN1_INTEGER_get(sk_ASN1_INTEGER_value(all, i)) ==
			       STATUS_REQUEST;
	TLS_FEATURE_free(all);
	return must;
}

/* Is it about this certificate, by whatever digest it names it? */
static bool is_about(OCSP_SINGLERESP *single, X509 *leaf, X509 *issuer)
{
	/* the getter does not take it const and changes nothing */
	union {
		const OCSP_CERTID *got;
		OCSP_CERTID *id;
	} named = { .got = OCSP_SINGLERESP_get0_id(single) };
	ASN1_OBJECT *digest = NULL;

	OCSP_id_get0_info(NULL, &digest, NULL, NULL, named.id);
	const EVP_MD *md = EVP_get_digestbyobj(digest);
	OCSP_CERTID *ours = md ? OCSP_cert_to_id(md, leaf, issuer) : NULL;
	bool same = ours && OCSP_id_cmp(ours, named.got) == 0;
	OCSP_CERTID_free(ours);
	return same;
}

static const char *judge_single(OCSP_SINGLERESP *single)
{
	ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
	int status = OCSP_single_get0_status(single, NULL, NULL, &from, &until);

	if (OCSP_check_validity(from, until, SKEW_S, -1) != 1)
		return "bad_staple";
	switch (status) {
	case V_OCSP_CERTSTATUS_GOOD:
		return NULL;
	case V_OCSP_CERTSTATUS_REVOKED:
		return "revoked";
	default:
		return "unknown_to_issuer";
	}
}

static const char *judge_basic(OCSP_BASICRESP *basic, SSL *ssl, X509 *leaf)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	X509_STORE *store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
	X509 *issuer = sk_X509_num(chain) > 1 ? sk_X509_value(chain, 1) : leaf;

	if (OCSP_basic_verify(basic, chain, store, 0) != 1)
		return "bad_staple";
	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
		if (is_about(single, leaf, issuer))
			return judge_single(single);
	}
	return "bad_staple";
}

static const char *judge(const unsigned char *der, long len, SSL *ssl,
			 X509 *leaf)
{
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &der, len);
	OCSP_BASICRESP *basic = NULL;
	const char *why = "bad_staple";

	if (response &&
	    OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		basic = OCSP_response_get1_basic(response);
	if (basic)
		why = judge_basic(basic, ssl, leaf);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	return why;
}

/* libssl's contract: 1 go on, 0 refuse. The chain is verified by now. */
static int on_staple(SSL *ssl, void *arg)
{
	struct tls_verify *v = SSL_get_ex_data(ssl, 0);
	X509 *leaf = SSL_get0_peer_certificate(ssl);
	const unsigned char *der = NULL;
	long len = SSL_get_tlsext_status_ocsp_resp(ssl, &der);

	(void)arg;
	if (!leaf)
		return 0;
	if (len >= 0 && der)
		v->why = judge(der, len, ssl, leaf);
	else if (must_staple(leaf))
		v->why = "no_staple";
	return v->why ? 0 : 1;
}

int tls_ocsp_setup(SSL_CTX *ctx)
{
	if (SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp) != 1 ||
	    SSL_CTX_set_tlsext_status_cb(ctx, on_staple) != 1)
		return 0;
	return 1;
}
