/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed URIs: the address-of-record, a space, which stands in none, and the
 * URI. */
#include "sip/hidden.h"

#include <errno.h>

static const struct slice purpose = { (const uint8_t *)"hidden", 6 };

static bool token_of(const struct sip_uri *uri, struct slice *token)
{
	return sip_param(uri->params, "inside", token);
}

bool sip_hidden_is(const struct sip_uri *uri)
{
	struct slice token;
	return token_of(uri, &token);
}

int sip_hidden_seal(struct sealer *s, struct slice aor, struct slice uri,
		    struct buf *out)
{
	struct buf plain;
	if (uri.len > SIP_HIDDEN_MAX || aor.len >= SIP_AOR_MAX)
		return -E2BIG;
	buf_init(&plain, 0);
	buf_put(&plain, aor);
	buf_u8(&plain, ' ');
	buf_put(&plain, uri);
	int err = buf_failed(&plain)
			  ? -ENOMEM
			  : sealer_seal(s, purpose, buf_slice(&plain), out);
	buf_free(&plain);
	return err;
}

int sip_hidden_open(struct sealer *s, const struct sip_uri *uri,
		    struct sip_hidden *out)
{
	struct slice token;
	struct sip_uri opened;
	if (!token_of(uri, &token))
		return -EINVAL;
	int n = sealer_open(s, purpose, token, out->room, sizeof(out->room));
	if (n < 0)
		return n == -ENOKEY ? n : -EINVAL;
	struct slice plain = slice_of(out->room, (size_t)n);
	ptrdiff_t space = slice_chr(plain, ' ');
	out->aor = space < 0 ? SLICE_NONE : slice_head(plain, (size_t)space);
	out->uri = slice_from(plain, (size_t)(space + 1));
	return sip_uri_parse(out->uri, &opened);
}
