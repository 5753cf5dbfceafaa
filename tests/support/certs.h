/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates made inside the tests (EC P-256): authorities, leaves with any
 * names, dates and usages, and revocation lists. Whatever fails ends the test
 * program.
 */
#pragma once

#include "net/tls_conf.h"

enum {
	CERT_EKU_SERVER = 1,
	CERT_EKU_CLIENT = 2,
	CERT_EKU_CODE = 4 /* code signing: neither of the two */
};

struct cert_spec {
	const char *common_name; /* NULL: "test" */
	const char *san;         /* "DNS:a.test,URI:sip:b.test,IP:192.0.2.1" */
	struct slice raw_dns;    /* one DNS name of any bytes, if not empty */
	unsigned eku;            /* CERT_EKU_*; 0: no extension */
	bool authority;
	bool key_encipherment_only; /* keyUsage without digitalSignature */
	int from_days, until_days;  /* from now; both 0: -1 and 30 */
	bool must_staple;           /* RFC 7633 */
	size_t many_dns;            /* this many DNS names n0.test, n1.test */
	size_t padding; /* bytes of an extension that nobody reads */
};

struct test_cert {
	void *cert; /* X509 */
	void *key;  /* EVP_PKEY */
	struct slice pem, key_pem;
};

/* issuer NULL: signed by itself. */
void certs_make(struct test_cert *out, const struct cert_spec *spec,
		const struct test_cert *issuer);
void certs_free(struct test_cert *c);
/* A leaf for one DNS name with both usages. */
void certs_leaf(struct test_cert *out, const char *dns,
		const struct test_cert *issuer);
/* PEM of a list by issuer that revokes `revoked`; to be freed with
 * certs_drop(). */
struct slice certs_crl(const struct test_cert *issuer,
		       const struct test_cert *revoked);
/* Two texts as one; to be freed with certs_drop(). */
struct slice certs_join(struct slice a, struct slice b);
void certs_drop(struct slice *pem);
/* leaf and trust may be NULL. Borrows from both. */
struct net_tls_conf certs_conf(const struct test_cert *leaf,
			       const struct test_cert *trust);
