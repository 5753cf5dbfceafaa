/* SPDX-License-Identifier: Apache-2.0 */
/* Finding lines, answering, and one digest. */
#include "bench/relay/sip.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEX_BYTES = 65, TEXT_BYTES = 512 };

const char *sip_value(const char *text, size_t len, const char *name,
		      size_t *value_len)
{
	size_t name_len = strlen(name);
	const char *end = text + len;

	for (const char *at = text; at < end;) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		if (!lf)
			break;
		if ((size_t)(lf - at) > name_len && at[name_len] == ':' &&
		    strncasecmp(at, name, name_len) == 0) {
			*value_len = (size_t)(lf - at) - name_len - 2;
			return at + name_len + 1;
		}
		at = lf + 1;
	}
	return NULL;
}

size_t sip_whole(const char *text, size_t len)
{
	const char *end = memmem(text, len, "\r\n\r\n", 4);
	size_t digits;

	if (!end)
		return 0;
	size_t head = (size_t)(end - text) + 4;
	const char *length = sip_value(text, head, "Content-Length", &digits);
	if (!length)
		length = sip_value(text, head, "l", &digits);
	size_t whole = head + (length ? strtoul(length, NULL, 10) : 0);
	return whole <= len ? whole : 0;
}

static bool is_copied(const char *line, size_t len)
{
	static const char *const names[] = {
		"Via", "From", "To", "Call-ID", "CSeq", "Record-Route"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i]);
		if (len > n && line[n] == ':' &&
		    strncasecmp(line, names[i], n) == 0)
			return true;
	}
	return false;
}

/* RFC 3261 8.2.6.2 */
size_t sip_ok(char *out, size_t size, const char *request, size_t len)
{
	static const char start[] = "SIP/2.0 200 OK\r\n";
	static const char end[] = "Content-Length: 0\r\n\r\n";
	static const char tag[] = ";tag=bench";
	size_t at = sizeof(start) - 1;

	memcpy(out, start, at);
	for (const char *line = request, *stop = request + len; line < stop;) {
		const char *lf = memchr(line, '\n', (size_t)(stop - line));
		if (!lf || lf - line < 2)
			break;
		size_t n = (size_t)(lf - line) - 1; /* without CR */
		if (is_copied(line, n) && at + n + 64 < size) {
			memcpy(out + at, line, n);
			at += n;
			if (strncasecmp(line, "To:", 3) == 0 &&
			    !memmem(line, n, ";tag=", 5)) {
				memcpy(out + at, tag, sizeof(tag) - 1);
				at += sizeof(tag) - 1;
			}
			memcpy(out + at, "\r\n", 2);
			at += 2;
		}
		line = lf + 1;
	}
	memcpy(out + at, end, sizeof(end) - 1);
	return at + sizeof(end) - 1;
}

static void hash(char out[HEX_BYTES], const char *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL);
	for (unsigned i = 0; i < len && i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* name="value" of a challenge. */
static bool quoted(char out[TEXT_BYTES], const char *text, size_t len,
		   const char *name)
{
	char key[32];
	int key_len = snprintf(key, sizeof(key), "%s=\"", name);
	const char *at = memmem(text, len, key, (size_t)key_len);

	if (!at)
		return false;
	at += key_len;
	const char *end = memchr(at, '"', (size_t)(text + len - at));
	if (!end || end - at >= TEXT_BYTES)
		return false;
	memcpy(out, at, (size_t)(end - at));
	out[end - at] = '\0';
	return true;
}

bool sip_authorize(char *out, size_t size, const char *response, size_t len,
		   const struct sip_login *login)
{
	char realm[TEXT_BYTES], nonce[TEXT_BYTES], text[3 * TEXT_BYTES];
	char ha1[HEX_BYTES], ha2[HEX_BYTES], digest[HEX_BYTES];
	const char *at = memmem(response, len, "SHA-256", 7);
	size_t n;

	while (at && at > response && at[-1] != '\n') /* its line */
		at--;
	if (!at)
		return false;
	const char *line = sip_value(at, len - (size_t)(at - response),
				     "WWW-Authenticate", &n);
	if (!line || !quoted(realm, line, n, "realm") ||
	    !quoted(nonce, line, n, "nonce"))
		return false;
	snprintf(text, sizeof(text), "%s:%s:%s", login->user, realm,
		 login->password);
	hash(ha1, text);
	snprintf(text, sizeof(text), "REGISTER:%s", login->uri);
	hash(ha2, text);
	snprintf(text, sizeof(text), "%s:%s:%08x:bench:auth:%s", ha1, nonce,
		 login->nc + 1, ha2);
	hash(digest, text);
	snprintf(out, size,
		 "Authorization: Digest username=\"%s\", realm=\"%s\", "
		 "nonce=\"%s\", uri=\"%s\", response=\"%s\", "
		 "algorithm=SHA-256, qop=auth, nc=%08x, cnonce=\"bench\""
		 "\r\n",
		 login->user, realm, nonce, login->uri, digest, login->nc + 1);
	return true;
}
