/* SPDX-License-Identifier: Apache-2.0 */
/* Counting what a discovered partner does. */
#include "edge/tally.h"

#include <errno.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/cursor.h"

enum {
	ONE = 1000, /* request, in credit: a millisecond earns `rate` */
	MS_PER_S = 1000,
	WINDOW = 100, /* replies */
	BAD_RATIO = 10,
	ROOM_FIRST = 16,
	CHALLENGE = 401,
	PROXY_CHALLENGE = 407,
	CANCELLED = 487,
};

void tally_free(struct tally *t)
{
	free(t->address);
	*t = (struct tally){ 0 };
}

/* -- addresses -- */

/* 0 is kept for free places. */
static uint64_t digest(struct slice address)
{
	uint8_t d[SHA256_BYTES];
	uint64_t v = 0;
	if (crypto_sha256(&address, 1, d))
		return 1;
	memcpy(&v, d, sizeof(v));
	return v ? v : 1;
}

/* Where it stands, or the free place for it. */
static uint64_t *place(uint64_t *table, size_t room, uint64_t v)
{
	size_t i = (size_t)v & (room - 1);
	while (table[i] && table[i] != v)
		i = (i + 1) & (room - 1);
	return &table[i];
}

static int grow(struct tally *t)
{
	size_t room = t->room ? 2 * t->room : ROOM_FIRST;
	uint64_t *table = calloc(room, sizeof(*table));
	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < t->room; i++)
		if (t->address[i])
			*place(table, room, t->address[i]) = t->address[i];
	free(t->address);
	t->address = table;
	t->room = room;
	return 0;
}

static int add(struct tally *t, uint64_t v)
{
	if (2 * (t->count + 1) > t->room && grow(t))
		return -ENOMEM;
	*place(t->address, t->room, v) = v;
	t->count++;
	return 0;
}

static bool may_ask_for(struct tally *t, const struct tally_conf *c,
			struct slice address)
{
	uint64_t v;
	if (!address.len || (!c->addresses && !c->watched))
		return true;
	v = digest(address);
	if (t->room && *place(t->address, t->room, v))
		return true;
	if (c->watched)
		return false;
	if (t->count >= c->addresses || add(t, v)) {
		t->state |= TALLY_FULL;
		return false;
	}
	return true;
}

/* -- rate -- */

static uint32_t rate_of(const struct tally *t, const struct tally_conf *c)
{
	bool slow = c->watched || (t->state & TALLY_SUSPICIOUS);
	return slow || !c->rate ? 1 : c->rate;
}

static bool may_now(struct tally *t, const struct tally_conf *c, uint64_t now,
		    uint32_t *wait_ms)
{
	uint64_t rate = rate_of(t, c), full = rate * ONE;
	uint64_t passed = now - t->credit_ms;
	if (!t->credit_ms || passed > MS_PER_S)
		passed = MS_PER_S;
	t->credit += passed * rate;
	t->credit_ms = now ? now : 1;
	if (t->credit > full)
		t->credit = full;
	if (t->credit < ONE) {
		*wait_ms = (uint32_t)((ONE - t->credit + rate - 1) / rate);
		return false;
	}
	t->credit -= ONE;
	return true;
}

static void note(struct tally *t, uint64_t now_ms)
{
	uint64_t second = now_ms / MS_PER_S;
	if (second != t->second) {
		t->last_requests = second == t->second + 1 ? t->requests : 0;
		t->second = second;
		t->requests = 0;
	}
	t->requests++;
}

enum access_limit tally_request(struct tally *t, const struct tally_conf *conf,
				struct slice address, uint64_t now_ms,
				uint32_t *wait_ms)
{
	*wait_ms = 0;
	note(t, now_ms);
	if (!may_now(t, conf, now_ms, wait_ms))
		return ACCESS_OVER_RATE;
	return may_ask_for(t, conf, address) ? ACCESS_WITHIN_LIMITS
					     : ACCESS_OVER_ADDRESSES;
}

uint64_t tally_rate(const struct tally *t, uint64_t now_ms)
{
	uint64_t second = now_ms / MS_PER_S;
	if (second == t->second)
		return t->last_requests;
	return second == t->second + 1 ? t->requests : 0;
}

/* A challenge, or the end of what was cancelled, is no failure; what broke on
 * our side is none of its own. */
void tally_reply(struct tally *t, uint16_t status)
{
	if (status < 200 || status / 100 == 5 || status == CHALLENGE ||
	    status == PROXY_CHALLENGE || status == CANCELLED)
		return;
	if (status < 300)
		t->good++;
	else
		t->bad++;
	if (t->good + t->bad < WINDOW)
		return;
	if (t->bad > BAD_RATIO * t->good)
		t->state |= TALLY_SUSPICIOUS;
	else
		t->state &= (uint8_t)~TALLY_SUSPICIOUS;
	t->good = t->bad = 0;
}

/* -- keeping it -- */

void tally_encode(const struct tally *t, struct buf *out)
{
	for (size_t i = 0; i < t->room; i++)
		if (t->address[i])
			buf_u64(out, t->address[i]);
}

int tally_decode(struct tally *t, uint8_t state, struct slice addresses)
{
	struct cur c = cur_init(addresses);
	if (addresses.len % sizeof(uint64_t) ||
	    addresses.len / sizeof(uint64_t) > TALLY_ADDRESSES_MAX)
		return -EBADMSG;
	while (cur_left(&c)) {
		uint64_t v = cur_u64(&c);
		if (!v || (t->room && *place(t->address, t->room, v)))
			continue;
		if (add(t, v))
			return -ENOMEM;
	}
	t->state = state & (TALLY_SUSPICIOUS | TALLY_FULL);
	return 0;
}
