/* SPDX-License-Identifier: Apache-2.0 */
/* Rows change hands by one compare-and-swap of their state. */
#include "relay/reservation.h"

#include <errno.h>
#include <stdatomic.h>

#include "base/crypto.h"

enum { ROWS = 1024 };
enum row_state { ROW_FREE, ROW_CHANGING, ROW_HELD };

struct row {
	_Atomic uint32_t state;
	uint32_t spare;
	_Atomic uint64_t expires_ms;
	uint64_t user;
	struct relay_addr at;
	uint8_t token[RESERVATION_BYTES];
};

struct reservations {
	_Atomic uint64_t last_ms; /* after it nothing stands here */
	struct row row[ROWS];
};

size_t reservations_bytes(void)
{
	return sizeof(struct reservations);
}

static bool change(struct row *x, uint32_t from)
{
	return atomic_compare_exchange_strong(&x->state, &from, ROW_CHANGING);
}

static struct row *find_room(struct reservations *v, uint64_t now_ms)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct row *x = &v->row[i];
		uint32_t state = atomic_load(&x->state);
		bool over = state == ROW_HELD &&
			    atomic_load(&x->expires_ms) <= now_ms;
		if ((state == ROW_FREE || over) && change(x, state))
			return x;
	}
	return NULL;
}

int reservation_make(struct reservations *v, const struct relay_addr *at,
		     uint64_t user, uint64_t now_ms,
		     uint8_t token[static RESERVATION_BYTES])
{
	uint8_t random[RESERVATION_BYTES];
	int err = crypto_random(random, sizeof(random));
	if (err)
		return err;
	struct row *x = find_room(v, now_ms);
	if (!x)
		return -ENOBUFS;
	x->user = user;
	x->at = *at;
	memcpy(x->token, random, sizeof(random));
	atomic_store(&x->expires_ms, now_ms + RESERVATION_MS);
	atomic_store(&v->last_ms, now_ms + RESERVATION_MS);
	atomic_store(&x->state, ROW_HELD);
	memcpy(token, random, sizeof(random));
	return 0;
}

static bool is_it(const struct row *x, uint64_t user, uint64_t now_ms,
		  const uint8_t token[static RESERVATION_BYTES])
{
	return x->user == user && atomic_load(&x->expires_ms) > now_ms &&
	       crypto_equal(slice_of(x->token, RESERVATION_BYTES),
			    slice_of(token, RESERVATION_BYTES));
}

int reservation_take(struct reservations *v, uint64_t user, uint64_t now_ms,
		     const uint8_t token[static RESERVATION_BYTES],
		     struct relay_addr *at)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct row *x = &v->row[i];
		if (atomic_load(&x->state) != ROW_HELD ||
		    !is_it(x, user, now_ms, token) || !change(x, ROW_HELD))
			continue;
		/* it may have become another one meanwhile */
		bool still = is_it(x, user, now_ms, token);
		*at = x->at;
		atomic_store(&x->state, still ? ROW_FREE : ROW_HELD);
		if (still)
			return 0;
	}
	return -ENOENT;
}

bool reservation_holds(struct reservations *v, const struct relay_addr *at,
		       uint64_t now_ms)
{
	if (atomic_load(&v->last_ms) <= now_ms)
		return false;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *x = &v->row[i];
		if (atomic_load(&x->state) == ROW_HELD &&
		    atomic_load(&x->expires_ms) > now_ms &&
		    relay_addr_equal(&x->at, at))
			return true;
	}
	return false;
}
