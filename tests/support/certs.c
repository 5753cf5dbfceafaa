/* SPDX-License-Identifier: Apache-2.0 */
/* Making test certificates through libcrypto. */
#include "support/certs.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

enum { DAY_S = 86400 };

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "certs: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static struct slice take_bio(BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	char *copy = malloc((size_t)len + 1);

	must(copy != NULL, "memory");
	memcpy(copy, data, (size_t)len);
	copy[len] = '\0';
	BIO_free(bio);
	return slice_of(copy, (size_t)len);
}

void certs_drop(struct slice *pem)
{
	union {
		const uint8_t *borrowed;
		void *own;
	} p = { .borrowed = pem->ptr };

	free(p.own);
	*pem = SLICE_NONE;
}

static void add_ext(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	must(ext && X509_add_ext(cert, ext, -1) == 1, value);
	X509_EXTENSION_free(ext);
}

static void add_raw_dns(X509 *cert, struct slice name)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	must(all && g && text, "memory");
	must(ASN1_STRING_set(text, name.ptr, (int)name.len) == 1, "raw_dns");
	GENERAL_NAME_set0_value(g, GEN_DNS, text);
	must(sk_GENERAL_NAME_push(all, g) > 0, "raw_dns");
	must(X509_add1_ext_i2d(cert, NID_subject_alt_name, all, 0, 0) == 1,
	     "raw_dns");
	GENERAL_NAMES_free(all);
}

static void add_many_dns(X509 *cert, size_t count)
{
	size_t size = count * 24;
	char *text = calloc(1, size);

	must(text != NULL, "memory");
	for (size_t i = 0, at = 0; i < count; i++)
		at += (size_t)snprintf(text + at, size - at, "%sDNS:n%zu.test",
				       i ? "," : "", i);
	add_ext(cert, NID_subject_alt_name, text);
	free(text);
}

static void add_padding(X509 *cert, size_t len)
{
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	uint8_t *bytes = calloc(1, len);
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);

	must(data && bytes && oid, "memory");
	must(ASN1_OCTET_STRING_set(data, bytes, (int)len) == 1, "padding");
	X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, data);
	must(ext && X509_add_ext(cert, ext, -1) == 1, "padding");
	X509_EXTENSION_free(ext);
	ASN1_OBJECT_free(oid);
	ASN1_OCTET_STRING_free(data);
	free(bytes);
}

static void add_eku(X509 *cert, unsigned eku)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%s%s",
		 eku & CERT_EKU_SERVER ? ",serverAuth" : "",
		 eku & CERT_EKU_CLIENT ? ",clientAuth" : "",
		 eku & CERT_EKU_CODE ? ",codeSigning" : "");
	add_ext(cert, NID_ext_key_usage, text + 1);
}

static void add_extensions(X509 *cert, const struct cert_spec *spec)
{
	add_ext(cert, NID_basic_constraints,
		spec->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (spec->authority)
		add_ext(cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	else if (spec->key_encipherment_only)
		add_ext(cert, NID_key_usage, "critical,keyEncipherment");
	else
		add_ext(cert, NID_key_usage, "critical,digitalSignature");
	if (spec->eku)
		add_eku(cert, spec->eku);
	if (spec->san)
		add_ext(cert, NID_subject_alt_name, spec->san);
	if (spec->raw_dns.len)
		add_raw_dns(cert, spec->raw_dns);
	if (spec->must_staple)
		add_ext(cert, NID_tlsfeature, "status_request");
	if (spec->many_dns)
		add_many_dns(cert, spec->many_dns);
	if (spec->padding)
		add_padding(cert, spec->padding);
}

static void set_serial(X509 *cert)
{
	uint8_t bytes[8];
	uint64_t serial;

	must(RAND_bytes(bytes, sizeof(bytes)) == 1, "randomness");
	memcpy(&serial, bytes, sizeof(serial));
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1 | 1);
}

void certs_make(struct test_cert *out, const struct cert_spec *spec,
		const struct test_cert *issuer)
{
	const char *cn = spec->common_name ? spec->common_name : "test";
	bool dated = spec->from_days || spec->until_days;
	int from = dated ? spec->from_days : -1;
	int until = dated ? spec->until_days : 30;
	X509 *cert = X509_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");

	must(cert && key, "key");
	X509_set_version(cert, 2);
	set_serial(cert);
	X509_gmtime_adj(X509_getm_notBefore(cert), (long)from * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(cert), (long)until * DAY_S);
	X509_set_pubkey(cert, key);
	X509_NAME *name = X509_get_subject_name(cert);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					(const unsigned char *)cn, -1, -1,
					0) == 1,
	     cn);
	X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer->cert)
					  : name);
	add_extensions(cert, spec);
	must(X509_sign(cert, issuer ? issuer->key : key, EVP_sha256()) > 0,
	     "signature");

	BIO *pem = BIO_new(BIO_s_mem());
	BIO *key_pem = BIO_new(BIO_s_mem());
	must(PEM_write_bio_X509(pem, cert) == 1 &&
		     PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL,
					      NULL) == 1,
	     "PEM");
	out->cert = cert;
	out->key = key;
	out->pem = take_bio(pem);
	out->key_pem = take_bio(key_pem);
}

void certs_free(struct test_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
	certs_drop(&c->pem);
	certs_drop(&c->key_pem);
	memset(c, 0, sizeof(*c));
}

void certs_leaf(struct test_cert *out, const char *dns,
		const struct test_cert *issuer)
{
	char san[300];
	struct cert_spec spec = { .san = san,
				  .eku = CERT_EKU_SERVER | CERT_EKU_CLIENT };

	snprintf(san, sizeof(san), "DNS:%s", dns);
	certs_make(out, &spec, issuer);
}

struct slice certs_crl(const struct test_cert *issuer,
		       const struct test_cert *revoked)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -60);
	ASN1_TIME *next = X509_gmtime_adj(NULL, DAY_S);
	ASN1_INTEGER *serial =
		ASN1_INTEGER_dup(X509_get_serialNumber(revoked->cert));

	must(crl && entry && now && next && serial, "memory");
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->cert));
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, next);
	X509_REVOKED_set_serialNumber(entry, serial);
	X509_REVOKED_set_revocationDate(entry, now);
	X509_CRL_add0_revoked(crl, entry);
	must(X509_CRL_sign(crl, issuer->key, EVP_sha256()) > 0, "CRL");
	BIO *pem = BIO_new(BIO_s_mem());
	must(PEM_write_bio_X509_CRL(pem, crl) == 1, "CRL");
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(now);
	ASN1_TIME_free(next);
	X509_CRL_free(crl);
	return take_bio(pem);
}

struct slice certs_join(struct slice a, struct slice b)
{
	char *both = malloc(a.len + b.len + 1);

	must(both != NULL, "memory");
	memcpy(both, a.ptr, a.len);
	memcpy(both + a.len, b.ptr, b.len);
	both[a.len + b.len] = '\0';
	return slice_of(both, a.len + b.len);
}

struct net_tls_conf certs_conf(const struct test_cert *leaf,
			       const struct test_cert *trust)
{
	struct net_tls_conf conf = {
		.own.certificate_path = SLICE_LIT("edge.pem"),
		.own.key_path = SLICE_LIT("edge.key"),
		.trust_path = SLICE_LIT("trust.pem"),
	};

	if (leaf) {
		conf.own.certificate = leaf->pem;
		conf.own.key = leaf->key_pem;
	}
	if (trust)
		conf.trust = trust->pem;
	return conf;
}
