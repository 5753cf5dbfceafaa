/* SPDX-License-Identifier: Apache-2.0 */
/* Initialises libraries before the sandbox closes. */
#include "daemon/warm.h"

#include "base/crypto.h"
#include "net/net.h"

int warm_crypto(void)
{
	uint8_t key[SEAL_KEY_BYTES] = { 1 };
	uint8_t digest[SHA256_BYTES];
	const struct slice part = SLICE_LIT("warm");
	struct sealer *s = NULL;
	struct buf token;
	buf_init(&token, 0);
	int err = crypto_random(key, sizeof(key));
	if (!err)
		err = crypto_hmac_sha256(part, &part, 1, digest);
	if (!err)
		err = sealer_create(&s);
	if (!err)
		err = sealer_add(s, 1, key);
	if (!err)
		err = sealer_seal(s, part, part, &token);
	sealer_free(s);
	buf_free(&token);
	return err;
}

void warm_tls(void)
{
	/* with no certificate the first fails, which is all right */
	static const enum net_tls_use uses[] = { NET_TLS_CLIENTS,
						 NET_TLS_USER };
	const struct net_tls_conf nothing = { .name = SLICE_NONE };
	char error[NET_ERROR_MAX];
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		struct net_tls *t = NULL;
		if (net_tls_create(&t, &nothing, uses[i], error) == 0)
			net_tls_free(t);
	}
}
