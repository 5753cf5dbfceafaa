/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names that a certificate proves: SAN URIs "sip:domain", else SAN DNS
 * names (RFC 5922 7.1). Never the common name, never a wildcard, never an
 * address (TLS-03). A NUL in any name makes the whole certificate suspect.
 */
#include "net/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include "base/text.h"

enum { LABEL_MAX = 63, DOMAIN_MAX = 253 };

/* What is gathered while the alternative names are walked. */
struct names {
	char (*name)[NET_NAME_MAX];
	size_t count;
	const char *defect;
};

static bool is_ldh(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-';
}

static bool label_ok(struct slice label)
{
	if (label.len == 0 || label.len > LABEL_MAX)
		return false;
	if (label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_ldh(label.ptr[i]))
			return false;
	return true;
}

const char *identity_name(struct slice in, char out[static NET_NAME_MAX])
{
	struct slice left = in;

	if (slice_chr(in, '\0') >= 0)
		return "nul_in_name";
	if (left.len && left.ptr[left.len - 1] == '.')
		left.len--;
	if (left.len > DOMAIN_MAX)
		return "name_too_long";
	if (slice_starts(left, SLICE_LIT("*")))
		return "wildcard";
	in = left;
	for (;;) {
		ptrdiff_t dot = slice_chr(left, '.');
		size_t len = dot < 0 ? left.len : (size_t)dot;
		if (!label_ok(slice_head(left, len)))
			return "bad_name";
		if (dot < 0)
			break;
		left = slice_from(left, len + 1);
	}
	memcpy(out, in.ptr, in.len);
	out[in.len] = '\0';
	text_lower(out, in.len);
	return NULL;
}

static struct slice text_of(const ASN1_IA5STRING *s)
{
	return slice_of(ASN1_STRING_get0_data(s),
			(size_t)ASN1_STRING_length(s));
}

/* "sip:domain" and nothing more gives the domain; anything else, a URI with a
 * user part above all, names nobody. */
static bool sip_domain_of(struct slice uri, struct slice *domain)
{
	struct slice scheme = SLICE_LIT("sip:");

	if (!slice_ieq(slice_head(uri, scheme.len), scheme))
		return false;
	*domain = slice_from(uri, scheme.len);
	return slice_chr(*domain, '@') < 0;
}

static int names_add(struct names *n, struct slice text)
{
	char name[NET_NAME_MAX];
	const char *defect = identity_name(text, name);

	if (defect) {
		if (!n->defect)
			n->defect = defect;
		return 0;
	}
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->name[i], name) == 0)
			return 0;
	if (n->count == NET_NAMES_MAX) {
		n->defect = "too_many_names";
		return -EPERM;
	}
	memcpy(n->name[n->count++], name, sizeof(name));
	return 0;
}

static int names_of_type(struct names *n, const GENERAL_NAMES *all, int type)
{
	int err = 0;

	for (int i = 0; !err && i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);
		if (g->type != type)
			continue;
		struct slice text = text_of(g->d.ia5);
		if (slice_chr(text, '\0') >= 0) {
			n->defect = "nul_in_name";
			return -EPERM;
		}
		if (type == GEN_URI && !sip_domain_of(text, &text))
			continue;
		err = names_add(n, text);
	}
	return err;
}

static int names_collect(struct names *n, X509 *cert, bool uris)
{
	int critical = 0;
	GENERAL_NAMES *all =
		X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);

	if (!all) {
		/* -1: absent; otherwise twice or malformed */
		n->defect = critical == -1 ? "no_name" : "bad_name";
		return critical == -1 ? -ENOENT : -EPERM;
	}
	int err = uris ? names_of_type(n, all, GEN_URI) : 0;
	if (!err && n->count == 0)
		err = names_of_type(n, all, GEN_DNS);
	GENERAL_NAMES_free(all);
	if (!err && n->count == 0) {
		if (!n->defect)
			n->defect = "no_name";
		err = -ENOENT;
	}
	return err;
}

void identity_serial(struct net_peer *out, X509 *cert)
{
	const ASN1_INTEGER *s = X509_get0_serialNumber(cert);
	struct slice bytes = slice_of(ASN1_STRING_get0_data(s),
				      (size_t)ASN1_STRING_length(s));

	bytes = slice_head(bytes, (sizeof(out->serial) - 1) / 2);
	text_hex(bytes, out->serial);
	out->serial[bytes.len * 2] = '\0';
}

uint64_t identity_time(const ASN1_TIME *t)
{
	struct tm tm = { 0 };

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	time_t s = timegm(&tm);
	return s > 0 ? (uint64_t)s : 0;
}

static int read_names(struct net_peer *out, X509 *cert, bool uris,
		      const char **defect)
{
	struct names n = { NULL, 0, NULL };

	identity_clear(out);
	*defect = NULL;
	identity_serial(out, cert);
	out->until_s = identity_time(X509_get0_notAfter(cert));
	n.name = calloc(NET_NAMES_MAX, sizeof(*n.name));
	if (!n.name)
		return -ENOMEM;
	int err = names_collect(&n, cert, uris);
	*defect = n.defect;
	if (err) {
		free(n.name);
		return err;
	}
	out->name = n.name;
	out->name_count = n.count;
	/* Give back what is not needed; failing to is no failure. */
	void *fit = n.count ? realloc(n.name, n.count * sizeof(*n.name)) : NULL;
	if (fit)
		out->name = fit;
	return 0;
}

int identity_read(struct net_peer *out, X509 *cert, const char **defect)
{
	return read_names(out, cert, true, defect);
}

int identity_hosts(struct net_peer *out, X509 *cert, const char **defect)
{
	return read_names(out, cert, false, defect);
}

void identity_clear(struct net_peer *peer)
{
	free(peer->name);
	peer->name = NULL;
	peer->name_count = 0;
}

bool net_peer_has(const struct net_peer *p, struct slice name)
{
	for (size_t i = 0; i < p->name_count; i++)
		if (slice_ieq(slice_str(p->name[i]), name))
			return true;
	return false;
}
