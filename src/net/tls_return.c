/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look at a ClientHello before libssl gets it, to tell those who come back
 * from strangers. Nothing is decided by it but who waits: a ticket that was
 * copied gets its sender a place in the queue, and then the handshake fails or
 * is a full one.
 */
#include "net/tls_return.h"

#include "base/crypto.h"
#include "base/cursor.h"

enum {
	RECORD_HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	RANDOM_BYTES = 32,
	EXT_TICKET = 35, /* RFC 5077 */
	EXT_KEYS = 41,   /* pre_shared_key, RFC 8446 4.2.11 */
	NAME_BYTES = 16,
	IV_BYTES = 16,
	MAC_BYTES = SHA256_BYTES
};

/* name, IV, what is sealed, HMAC of all that: as libssl writes them. */
static bool is_ours(const struct tls_tickets *t, struct slice ticket)
{
	uint8_t mac[SHA256_BYTES];

	if (ticket.len <= NAME_BYTES + IV_BYTES + MAC_BYTES)
		return false;
	const struct tls_ticket_key *k = tls_tickets_find(t, ticket.ptr);
	if (!k)
		return false;
	struct slice sealed = slice_head(ticket, ticket.len - MAC_BYTES);
	if (crypto_hmac_sha256(slice_of(k->mac, sizeof(k->mac)), &sealed, 1,
			       mac))
		return false;
	return crypto_equal(slice_of(mac, sizeof(mac)),
			    slice_from(ticket, sealed.len));
}

/* The first identity is the one that is asked for. */
static struct slice first_identity(struct cur ext)
{
	struct cur list = cur_sub(&ext, cur_u16(&ext));

	return cur_bytes(&list, cur_u16(&list));
}

static struct slice find_ticket(struct cur *extensions)
{
	while (cur_left(extensions) > 0) {
		uint16_t type = cur_u16(extensions);
		struct cur ext = cur_sub(extensions, cur_u16(extensions));
		if (type == EXT_KEYS)
			return first_identity(ext);
		if (type == EXT_TICKET && cur_left(&ext) > 0)
			return cur_bytes(&ext, cur_left(&ext));
	}
	return SLICE_NONE;
}

/* Behind the session id, the suites and the compressions. */
static struct cur extensions_of(struct slice hello)
{
	struct cur c = cur_init(hello);

	if (cur_u8(&c) != RECORD_HANDSHAKE)
		return cur_init(SLICE_NONE);
	cur_bytes(&c, 4); /* version and length of the record */
	if (cur_u8(&c) != CLIENT_HELLO)
		return cur_init(SLICE_NONE);
	cur_bytes(&c, 3 + 2 + RANDOM_BYTES); /* length, version */
	cur_bytes(&c, cur_u8(&c));
	cur_bytes(&c, cur_u16(&c));
	cur_bytes(&c, cur_u8(&c));
	return cur_sub(&c, cur_u16(&c));
}

bool tls_return_has(const struct tls_tickets *t, struct slice hello)
{
	if (!t->count)
		return false;
	struct cur extensions = extensions_of(hello);
	return is_ours(t, find_ticket(&extensions));
}
