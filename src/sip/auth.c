/* SPDX-License-Identifier: Apache-2.0 */
/* Digest headers: one table of parameters for both directions. */
#include "sip/auth.h"

#include <errno.h>

#include "base/crypto.h"
#include "base/text.h"
#include "sip/scan.h"

enum auth_param {
	P_USERNAME,
	P_REALM,
	P_NONCE,
	P_URI,
	P_RESPONSE,
	P_CNONCE,
	P_NC,
	P_OPAQUE,
	P_ALGORITHM,
	P_QOP,
	P_STALE,
	P_COUNT
};

enum form { QUOTED, BARE, EITHER };

/* A literal as a slice in a constant table. */
#define TEXT(s)                                     \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

static const struct {
	struct slice name;
	enum form form;
} params[P_COUNT] = {
	[P_USERNAME] = { TEXT("username"), QUOTED },
	[P_REALM] = { TEXT("realm"), QUOTED },
	[P_NONCE] = { TEXT("nonce"), QUOTED },
	[P_URI] = { TEXT("uri"), QUOTED },
	[P_RESPONSE] = { TEXT("response"), QUOTED },
	[P_CNONCE] = { TEXT("cnonce"), QUOTED },
	[P_NC] = { TEXT("nc"), BARE },
	[P_OPAQUE] = { TEXT("opaque"), QUOTED },
	[P_ALGORITHM] = { TEXT("algorithm"), EITHER },
	[P_QOP] = { TEXT("qop"), EITHER },
	[P_STALE] = { TEXT("stale"), EITHER },
};

static const char *const algorithms[] = {
	[SIP_ALG_SHA256] = "SHA-256",
	[SIP_ALG_MD5] = "MD5",
	[SIP_ALG_UNKNOWN] = "",
};

const char *sip_algorithm_name(enum sip_algorithm alg)
{
	return alg == SIP_ALG_SHA256 || alg == SIP_ALG_MD5 ? algorithms[alg]
							   : "";
}

static enum sip_algorithm algorithm_of(struct slice text)
{
	if (!text.ptr)
		return SIP_ALG_MD5; /* RFC 7616 3.3 */
	for (int i = 0; i < SIP_ALG_UNKNOWN; i++)
		if (scan_ieq(text, slice_str(algorithms[i])))
			return (enum sip_algorithm)i;
	return SIP_ALG_UNKNOWN;
}

/* Inside of a quoted string with its quoted pairs undone. */
static struct slice unquote(struct arena *a, struct slice quoted)
{
	struct slice in = slice_of(quoted.ptr + 1, quoted.len - 2);

	if (slice_chr(in, '\\') < 0 && slice_chr(in, '\r') < 0)
		return in;
	in = sip_unfold(a, in);
	uint8_t *out = in.ptr ? arena_alloc(a, in.len) : NULL;
	size_t len = 0;
	if (!out)
		return SLICE_NONE;
	for (size_t i = 0; i < in.len; i++) {
		if (in.ptr[i] == '\\' && i + 1 < in.len)
			i++;
		out[len++] = in.ptr[i];
	}
	return slice_of(out, len);
}

static enum auth_param param_of(struct slice name)
{
	for (int i = 0; i < P_COUNT; i++)
		if (scan_ieq(name, params[i].name))
			return (enum auth_param)i;
	return P_COUNT;
}

/* name "=" ( token / quoted-string ); each known name once. */
static int read_param(struct arena *a, struct cur *c,
		      struct slice value[static P_COUNT])
{
	struct slice name = scan_some(c, SCAN_TOKEN);
	enum auth_param p = param_of(name);

	if (!scan_sep(c, '='))
		return -EINVAL;
	bool quoted = scan_peek(c) == '"';
	struct slice text = quoted ? scan_quoted(c) : scan_some(c, SCAN_TOKEN);
	if (scan_failed(c))
		return -EINVAL;
	if (p == P_COUNT)
		return 0;
	if (value[p].ptr || (params[p].form == QUOTED && !quoted) ||
	    (params[p].form == BARE && quoted))
		return -EINVAL;
	value[p] = quoted ? unquote(a, text) : text;
	return value[p].ptr ? 0 : -ENOMEM;
}

/* Scheme and parameters. *digest false: another scheme, nothing was read. */
static int read_params(struct arena *a, struct slice header, bool *digest,
		       struct slice value[static P_COUNT])
{
	struct cur c = scan_over(scan_trim(header));
	int rc = 0;

	struct slice scheme = scan_some(&c, SCAN_TOKEN);
	bool blank = scan_blank(&c);
	if (scan_failed(&c))
		return -EINVAL;
	*digest = scan_ieq(scheme, SLICE_LIT("Digest"));
	if (!*digest)
		return 0;
	if (!blank)
		return -EINVAL;
	do {
		rc = read_param(a, &c, value);
	} while (rc == 0 && scan_sep(&c, ','));
	scan_blank(&c);
	return rc == 0 && !scan_done(&c) ? -EINVAL : rc;
}

int sip_credentials_parse(struct arena *a, struct slice value,
			  struct sip_credentials *out)
{
	struct slice v[P_COUNT] = { SLICE_NONE };
	bool digest = false;
	int rc = read_params(a, value, &digest, v);

	memset(out, 0, sizeof(*out));
	if (rc < 0 || !digest)
		return rc;
	if (!v[P_USERNAME].ptr || !v[P_REALM].ptr || !v[P_NONCE].ptr ||
	    !v[P_URI].ptr || !scan_all(v[P_RESPONSE], SCAN_HEX))
		return -EINVAL;
	if (v[P_QOP].ptr &&
	    (!scan_ieq(v[P_QOP], SLICE_LIT("auth")) || !v[P_CNONCE].ptr ||
	     v[P_NC].len != 8 || !scan_all(v[P_NC], SCAN_HEX)))
		return -EINVAL;
	out->username = v[P_USERNAME];
	out->realm = v[P_REALM];
	out->nonce = v[P_NONCE];
	out->uri = v[P_URI];
	out->response = v[P_RESPONSE];
	out->cnonce = v[P_CNONCE];
	out->nc = v[P_NC];
	out->opaque = v[P_OPAQUE];
	out->algorithm = algorithm_of(v[P_ALGORITHM]);
	out->qop_auth = v[P_QOP].ptr != NULL;
	out->digest = true;
	return 0;
}

static bool offers_auth(struct slice qop)
{
	struct slice option;

	while (sip_list_next(&qop, &option) == 1)
		if (scan_ieq(option, SLICE_LIT("auth")))
			return true;
	return false;
}

int sip_challenge_parse(struct arena *a, struct slice value,
			struct sip_challenge *out)
{
	struct slice v[P_COUNT] = { SLICE_NONE };
	bool digest = false;
	int rc = read_params(a, value, &digest, v);

	memset(out, 0, sizeof(*out));
	if (rc < 0 || !digest)
		return rc;
	if (!v[P_REALM].ptr || !v[P_NONCE].ptr)
		return -EINVAL;
	out->realm = v[P_REALM];
	out->nonce = v[P_NONCE];
	out->opaque = v[P_OPAQUE];
	out->algorithm = algorithm_of(v[P_ALGORITHM]);
	out->qop_auth = offers_auth(v[P_QOP]);
	if (v[P_QOP].ptr && !out->qop_auth) /* nothing that we can do */
		out->algorithm = SIP_ALG_UNKNOWN;
	out->stale = scan_ieq(v[P_STALE], SLICE_LIT("true"));
	out->digest = true;
	return 0;
}

/* CR and LF have no place in a quoted string: the writer fails. */
static void write_quoted(struct buf *out, const char *before,
			 struct slice value)
{
	buf_str(out, before);
	buf_u8(out, '"');
	for (size_t i = 0; i < value.len; i++) {
		uint8_t b = value.ptr[i];
		if (b == '\r' || b == '\n') {
			out->failed = true;
			return;
		}
		if (b != ' ' && !scan_is(b, SCAN_QDTEXT))
			buf_u8(out, '\\');
		buf_u8(out, b);
	}
	buf_u8(out, '"');
}

void sip_challenge_write(struct buf *out, const struct sip_challenge *c)
{
	write_quoted(out, "Digest realm=", c->realm);
	write_quoted(out, ", nonce=", c->nonce);
	if (c->opaque.ptr)
		write_quoted(out, ", opaque=", c->opaque);
	if (c->stale)
		buf_str(out, ", stale=true");
	if (c->algorithm != SIP_ALG_UNKNOWN) {
		buf_str(out, ", algorithm=");
		buf_str(out, sip_algorithm_name(c->algorithm));
	}
	if (c->qop_auth)
		buf_str(out, ", qop=\"auth\"");
}

void sip_credentials_write(struct buf *out, const struct sip_credentials *c)
{
	write_quoted(out, "Digest username=", c->username);
	write_quoted(out, ", realm=", c->realm);
	write_quoted(out, ", nonce=", c->nonce);
	write_quoted(out, ", uri=", c->uri);
	write_quoted(out, ", response=", c->response);
	if (c->algorithm != SIP_ALG_UNKNOWN) {
		buf_str(out, ", algorithm=");
		buf_str(out, sip_algorithm_name(c->algorithm));
	}
	if (c->qop_auth) {
		write_quoted(out, ", cnonce=", c->cnonce);
		buf_str(out, ", qop=auth, nc=");
		buf_put(out, c->nc);
	}
	if (c->opaque.ptr)
		write_quoted(out, ", opaque=", c->opaque);
}

/* Hash of the pieces joined by colons, as hex text. */
static int hash_joined(enum sip_algorithm alg, const struct slice *piece,
		       size_t count, char out[static SIP_HA_MAX])
{
	struct slice parts[12];
	uint8_t digest[SHA256_BYTES];
	size_t n = 0;
	int rc = -EINVAL;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			parts[n++] = SLICE_LIT(":");
		parts[n++] = piece[i];
	}
	size_t len = alg == SIP_ALG_SHA256 ? SHA256_BYTES : MD5_BYTES;
	if (alg == SIP_ALG_SHA256)
		rc = crypto_sha256(parts, n, digest);
	else if (alg == SIP_ALG_MD5)
		rc = crypto_md5(parts, n, digest);
	if (rc < 0)
		return rc;
	text_hex(slice_of(digest, len), out);
	out[2 * len] = '\0';
	return 0;
}

int sip_ha1(enum sip_algorithm alg, struct slice username, struct slice realm,
	    struct slice password, char out[static SIP_HA_MAX])
{
	struct slice piece[] = { username, realm, password };

	return hash_joined(alg, piece, 3, out);
}

int sip_digest_response(const struct sip_credentials *c, const char *ha1,
			struct slice method, char out[static SIP_HA_MAX])
{
	struct slice second[] = { method, c->uri };
	char ha2[SIP_HA_MAX];
	int rc = hash_joined(c->algorithm, second, 2, ha2);

	if (rc < 0)
		return rc;
	struct slice with_qop[] = {
		slice_str(ha1), c->nonce,          c->nc,
		c->cnonce,      SLICE_LIT("auth"), slice_str(ha2)
	};
	struct slice without[] = { slice_str(ha1), c->nonce, slice_str(ha2) };
	if (c->qop_auth)
		return hash_joined(c->algorithm, with_qop, 6, out);
	return hash_joined(c->algorithm, without, 3, out);
}
