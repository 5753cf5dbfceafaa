/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of TLS session tickets, by the hour. */
#include "daemon/ticket_keys.h"

#include "base/crypto.h"

bool ticket_keys_rotate(struct ticket_keys *k, uint64_t now_ms)
{
	uint8_t fresh[NET_TICKET_KEY_BYTES];

	if (k->len && now_ms - k->made_ms < TICKET_KEYS_HOUR_MS)
		return false;
	if (crypto_random(fresh, sizeof(fresh)))
		return false; /* the next call tries again */
	memcpy(k->ring + sizeof(fresh), k->ring, sizeof(fresh));
	memcpy(k->ring, fresh, sizeof(fresh));
	crypto_wipe(fresh, sizeof(fresh));
	k->len = k->len ? sizeof(k->ring) : sizeof(fresh);
	k->made_ms = now_ms;
	return true;
}

struct slice ticket_keys_ring(const struct ticket_keys *k)
{
	return slice_of(k->ring, k->len);
}

void ticket_keys_wipe(struct ticket_keys *k)
{
	crypto_wipe(k, sizeof(*k));
}
