/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canonical addresses-of-record: one text for each account, however it is
 * spelt (SIP-26). Written straight into the caller's room, bounded.
 */
#include <errno.h>

#include "sip/scan.h"
#include "sip/uri.h"

/* Room that is filled from the left and remembers running over. */
struct room {
	char *out;
	size_t len;
	bool over;
};

static void put(struct room *r, char c)
{
	if (r->len + 1 >= SIP_AOR_MAX) {
		r->over = true;
		return;
	}
	r->out[r->len++] = c;
}

static void put_user_byte(struct room *r, uint8_t byte)
{
	static const char digits[] = "0123456789ABCDEF";

	if (scan_is(byte, SCAN_USER)) {
		put(r, (char)byte);
		return;
	}
	put(r, '%');
	put(r, digits[byte >> 4]);
	put(r, digits[byte & 15]);
}

/* Escapes are undone and redone one by one: once, never twice. */
static void put_user(struct room *r, struct slice user)
{
	for (size_t i = 0; i < user.len; i++) {
		int byte = user.ptr[i];
		if (byte == '%') {
			byte = scan_hex2(user, i + 1);
			i += 2;
		}
		if (byte < 0) {
			r->over = true;
			return;
		}
		put_user_byte(r, (uint8_t)byte);
	}
}

int sip_aor(const struct sip_uri *uri, char out[static SIP_AOR_MAX])
{
	struct room r = { .out = out };
	char domain[SIP_DOMAIN_MAX];

	if ((uri->scheme != SIP_SCHEME_SIP && uri->scheme != SIP_SCHEME_SIPS) ||
	    uri->user.len == 0 || sip_domain(uri->host, domain) < 0)
		return -EINVAL;
	put_user(&r, uri->user);
	put(&r, '@');
	if (uri->host_is_ip6)
		put(&r, '[');
	for (const char *c = domain; *c; c++)
		put(&r, *c);
	if (uri->host_is_ip6)
		put(&r, ']');
	if (r.over)
		return -EINVAL;
	out[r.len] = '\0';
	return 0;
}

int sip_aor_text(struct slice text, char out[static SIP_AOR_MAX])
{
	char typed[SIP_AOR_MAX + 4] = "sip:";
	struct sip_uri uri;

	if (sip_uri_parse(text, &uri) == 0)
		return sip_aor(&uri, out);
	if (slice_cstr(text, typed + 4, sizeof(typed) - 4) < 0 ||
	    sip_uri_parse(slice_str(typed), &uri) < 0)
		return -EINVAL;
	if (uri.password.len > 0 || uri.port || uri.params.len > 0 ||
	    uri.headers.len > 0)
		return -EINVAL;
	return sip_aor(&uri, out);
}
