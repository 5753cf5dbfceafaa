/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session tickets of the clients' listener (TLS-04): random keys of this
 * context alone, a new one each hour, a ticket dies with the key after the
 * one that made it. Contexts never share keys, so a ticket means nothing on
 * another listener.
 */
#include "net/tls_ticket.h"

#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/crypto.h"
#include "loop/loop.h"

static const uint64_t life_ms = TLS_TICKET_LIFE_S * 1000u;

int tls_tickets_rotate(struct tls_tickets *t, uint64_t now_ms)
{
	struct tls_ticket_key fresh;

	if (t->key[0].born_ms && now_ms - t->key[0].born_ms < life_ms)
		return 0;
	if (crypto_random(&fresh, sizeof(fresh)))
		return -EIO;
	fresh.born_ms = now_ms ? now_ms : 1;
	t->key[1] = t->key[0];
	t->key[0] = fresh;
	crypto_wipe(&fresh, sizeof(fresh));
	return 0;
}

void tls_tickets_wipe(struct tls_tickets *t)
{
	crypto_wipe(t, sizeof(*t));
}

const struct tls_ticket_key *tls_tickets_find(const struct tls_tickets *t,
					      const uint8_t name[static 16],
					      uint64_t now_ms)
{
	for (size_t i = 0; i < 2; i++) {
		const struct tls_ticket_key *k = &t->key[i];
		if (!k->born_ms || now_ms - k->born_ms >= 2 * life_ms)
			continue;
		if (memcmp(k->name, name, sizeof(k->name)) == 0)
			return k;
	}
	return NULL;
}

static int mac_init(EVP_MAC_CTX *mac, const struct tls_ticket_key *k)
{
	uint8_t key[sizeof(k->mac)];
	char digest[] = "sha256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key,
						  sizeof(key)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest,
						 0),
		OSSL_PARAM_construct_end(),
	};

	memcpy(key, k->mac, sizeof(key));
	int ok = EVP_MAC_CTX_set_params(mac, params);
	crypto_wipe(key, sizeof(key));
	return ok;
}

/* libssl's contract: 1 fine, 0 no ticket or not ours (a full handshake
 * follows), -1 broken. */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
		     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	struct tls_tickets *t = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0);
	const EVP_CIPHER *aes = EVP_aes_256_cbc();
	const struct tls_ticket_key *k;
	uint64_t now = loop_wall_ms();

	if (tls_tickets_rotate(t, now))
		return 0;
	if (enc) {
		k = &t->key[0];
		if (crypto_random(iv, (size_t)EVP_CIPHER_get_iv_length(aes)))
			return 0;
		memcpy(name, k->name, sizeof(k->name));
	} else {
		k = tls_tickets_find(t, name, now);
		if (!k)
			return 0;
	}
	if (EVP_CipherInit_ex(cipher, aes, NULL, k->cipher, iv, enc) != 1 ||
	    mac_init(mac, k) != 1)
		return -1;
	return 1;
}

int tls_tickets_attach(struct tls_tickets *t, SSL_CTX *ctx)
{
	if (SSL_CTX_set_ex_data(ctx, 0, t) != 1)
		return -ENOMEM;
	SSL_CTX_set_timeout(ctx, TLS_TICKET_LIFE_S);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, on_ticket);
	return 0;
}
