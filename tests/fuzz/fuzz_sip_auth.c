/* SPDX-License-Identifier: Apache-2.0 */
/* Digest headers: what was read is written and read again unchanged. */
#include <stdint.h>
#include <stdlib.h>

#include "sip/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void credentials(struct arena *a, struct slice text)
{
	struct sip_credentials c, again;
	char response[SIP_HA_MAX];
	struct buf out;

	if (sip_credentials_parse(a, text, &c) < 0 || !c.digest)
		return;
	buf_init(&out, 0);
	sip_credentials_write(&out, &c);
	must(!buf_failed(&out));
	must(sip_credentials_parse(a, buf_slice(&out), &again) == 0);
	must(slice_eq(c.username, again.username));
	must(slice_eq(c.realm, again.realm) && slice_eq(c.nonce, again.nonce));
	must(slice_eq(c.uri, again.uri) && c.qop_auth == again.qop_auth);
	int rc = sip_digest_response(&c, "0123", SLICE_LIT("REGISTER"),
				     response);
	must((rc == 0) == (c.algorithm != SIP_ALG_UNKNOWN));
	buf_free(&out);
}

static void challenge(struct arena *a, struct slice text)
{
	struct sip_challenge c, again;
	struct buf out;

	if (sip_challenge_parse(a, text, &c) < 0 || !c.digest)
		return;
	buf_init(&out, 0);
	sip_challenge_write(&out, &c);
	must(!buf_failed(&out));
	must(sip_challenge_parse(a, buf_slice(&out), &again) == 0);
	must(slice_eq(c.realm, again.realm) && slice_eq(c.nonce, again.nonce));
	must(slice_eq(c.opaque, again.opaque) && c.stale == again.stale);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create(4096, 1 << 22);

	must(a);
	credentials(a, slice_of(data, size));
	challenge(a, slice_of(data, size));
	arena_free(a);
	return 0;
}
