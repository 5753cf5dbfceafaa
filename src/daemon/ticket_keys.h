/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of TLS session tickets (TLS-04): made here for all edge workers, a new
 * one each hour, and never written anywhere. They are not derived from the
 * keys of tokens on purpose: those lie on disk for 30 days, and with TLS 1.2 a
 * ticket gives away the session to whoever has its key.
 */
#pragma once

#include <stdbool.h>

#include "net/net.h"

enum { TICKET_KEYS_HOUR_MS = 3600 * 1000 };

struct ticket_keys {
	uint8_t ring[2 * NET_TICKET_KEY_BYTES]; /* newest first */
	size_t len;
	uint64_t made_ms;
};

/* True when there is a new key. now_ms: monotonic. */
bool ticket_keys_rotate(struct ticket_keys *k, uint64_t now_ms);
struct slice ticket_keys_ring(const struct ticket_keys *k);
void ticket_keys_wipe(struct ticket_keys *k);
