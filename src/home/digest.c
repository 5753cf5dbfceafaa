/* SPDX-License-Identifier: Apache-2.0 */
/* Digest answers compared in constant time, and wrong ones counted. */
#include "home/digest.h"

#include <errno.h>

#include "base/log.h"
#include "base/text.h"

enum { NC_DIGITS = 8 };

int digest_nc(struct slice nc, uint32_t *out)
{
	uint8_t bytes[NC_DIGITS / 2];
	if (nc.len != NC_DIGITS ||
	    text_unhex(nc, bytes, sizeof(bytes)) != (int)sizeof(bytes))
		return -EINVAL;
	*out = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
	return *out ? 0 : -EINVAL;
}

int digest_account(const struct sip_credentials *c, struct slice realm,
		   char out[static SIP_AOR_MAX])
{
	struct buf b;
	struct sip_uri uri;
	buf_init(&b, 0);
	buf_str(&b, "sip:");
	sip_escape_user(&b, c->username);
	buf_u8(&b, '@');
	buf_put(&b, realm);
	int err = buf_failed(&b) ? -ENOMEM : sip_uri_parse(buf_slice(&b), &uri);
	if (!err)
		err = sip_aor(&uri, out);
	buf_free(&b);
	return err;
}

static bool matches(const struct sip_credentials *c, const char *ha1,
		    struct slice method)
{
	char want[SIP_HA_MAX];
	char got[SIP_HA_MAX];
	if (sip_digest_response(c, ha1, method, want) ||
	    slice_cstr(c->response, got, sizeof(got)))
		return false;
	text_lower(got, strlen(got));
	return crypto_equal(slice_str(want), slice_str(got));
}

bool digest_right(const struct home *h, const struct sip_credentials *c,
		  struct slice method, const struct user *u)
{
	enum sip_algorithm alg = c->algorithm;
	bool real = u && !u->disabled && u->ha1[alg][0];
	/* the dummy's answer is computed as well, and never counts */
	bool match = matches(c, real ? u->ha1[alg] : h->dummy_ha1[alg], method);
	return match && real;
}

void digest_failed(struct home *h, uint64_t source, struct slice source_text)
{
	metric_add(M_HOME_AUTH_FAILED, 1);
	if (guesses_failed(&h->guesses, source, timers_now(h->timers)))
		LOG(LOG_WARN, "auth.blocked", KV_SLICE("source", source_text),
		    KV_U64("seconds", GUESS_SILENT_MS / 1000));
}
