/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session tickets of the clients' listener (TLS-04). The keys are the same in
 * all workers, so that a device may come back to any of them; whoever makes
 * them replaces them each hour. A session lives an hour (it has its time in
 * it), so that the key after the one that sealed a ticket is the last under
 * which it is taken. No other listener has keys: there a ticket means nothing.
 */
#include "net/tls_ticket.h"

#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "base/crypto.h"
#include "net/net.h"

_Static_assert(sizeof(struct tls_ticket_key) == NET_TICKET_KEY_BYTES,
	       "a key is its bytes");

int tls_tickets_set(struct tls_tickets *t, struct slice ring)
{
	size_t count = ring.len / NET_TICKET_KEY_BYTES;

	if (!count || count > TLS_TICKET_KEYS ||
	    ring.len % NET_TICKET_KEY_BYTES)
		return -EINVAL;
	tls_tickets_wipe(t);
	memcpy(t->key, ring.ptr, ring.len);
	t->count = count;
	return 0;
}

void tls_tickets_wipe(struct tls_tickets *t)
{
	crypto_wipe(t, sizeof(*t));
}

const struct tls_ticket_key *tls_tickets_find(const struct tls_tickets *t,
					      const uint8_t name[static 16])
{
	for (size_t i = 0; i < t->count; i++)
		if (memcmp(t->key[i].name, name, sizeof(t->key[i].name)) == 0)
			return &t->key[i];
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
 * follows), -1 broken. TLS 1.3 knows no "no ticket": without keys none is
 * asked for there (net_tls_tickets()). */
static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv,
		     EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int enc)
{
	struct tls_tickets *t = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), 0);
	const EVP_CIPHER *aes = EVP_aes_256_cbc();
	const struct tls_ticket_key *k = enc ? (t->count ? &t->key[0] : NULL)
					     : tls_tickets_find(t, name);

	if (!k)
		return 0;
	if (enc) {
		if (crypto_random(iv, (size_t)EVP_CIPHER_get_iv_length(aes)))
			return -1;
		memcpy(name, k->name, sizeof(k->name));
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
