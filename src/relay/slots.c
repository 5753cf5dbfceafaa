/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slots lie in blocks that never move; what only user space needs stands
 * beside them. Two hash tables of indices find them, under keyed hashes: the
 * keys are made by clients (OVL-03).
 */
#include "relay/slots.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/map.h"

enum { BLOCK = 16, FIRST_HEADS = 64, ADDRESS_PAIR = 40 };

_Static_assert(sizeof(struct relay_slot) == 256, "four cache lines");

/* Beside each slot. */
struct side {
	struct relay_alloc *owner;
	uint32_t next_up, next_down; /* in a hash chain; free list: next_up */
	uint32_t next_of_owner;
};

struct block {
	struct relay_slot slot[BLOCK];
	struct side side[BLOCK];
};

struct slots {
	struct block **block;
	size_t blocks;
	uint32_t free; /* chain through next_up */
	uint32_t used;
	uint32_t *heads; /* up, then down */
	uint32_t mask;
	uint64_t seed[2];
};

static struct side *side_at(struct slots *s, uint32_t i)
{
	return &s->block[i / BLOCK]->side[i % BLOCK];
}

struct relay_slot *slots_at(struct slots *s, uint32_t i)
{
	return &s->block[i / BLOCK]->slot[i % BLOCK];
}

struct relay_alloc *slots_owner(struct slots *s, uint32_t i)
{
	return side_at(s, i)->owner;
}

uint32_t slots_next(struct slots *s, uint32_t i)
{
	return side_at(s, i)->next_of_owner;
}

void slots_set_next(struct slots *s, uint32_t i, uint32_t next)
{
	side_at(s, i)->next_of_owner = next;
}

/* ---- keys: 40 bytes each way, as the kernel's tables have them ---- */

struct key {
	uint8_t a[16], b[16];
	uint16_t a_port, b_port;
	uint16_t channel;
	uint16_t kind; /* transport, or families */
};

_Static_assert(sizeof(struct key) == ADDRESS_PAIR, "no holes");

static struct key up_key(const struct relay_slot *x)
{
	struct key k = { .a_port = x->client_port,
			 .b_port = x->local_port,
			 .channel = x->channel,
			 .kind = x->transport };
	memcpy(k.a, x->client, 16);
	memcpy(k.b, x->local, 16);
	return k;
}

static struct key down_key(const struct relay_slot *x)
{
	struct key k = { .a_port = x->relay_port,
			 .b_port = x->peer_port,
			 .kind = x->flags & SLOT_PEER6 };
	memcpy(k.a, x->relay, 16);
	memcpy(k.b, x->peer, 16);
	return k;
}

static uint32_t *head_of(struct slots *s, const struct key *k, bool down)
{
	uint64_t h = hash_keyed(s->seed, slice_of(k, sizeof(*k)));
	size_t offset = down ? (size_t)s->mask + 1 : 0;
	return &s->heads[offset + (h & s->mask)];
}

static uint32_t find(struct slots *s, const struct key *k, bool down)
{
	uint32_t i = *head_of(s, k, down);
	while (i != SLOT_NONE) {
		const struct relay_slot *x = slots_at(s, i);
		struct key have = down ? down_key(x) : up_key(x);
		if (memcmp(&have, k, sizeof(have)) == 0)
			return i;
		const struct side *e = side_at(s, i);
		i = down ? e->next_down : e->next_up;
	}
	return SLOT_NONE;
}

uint32_t slots_up(struct slots *s, const struct relay_flow *flow,
		  uint16_t channel)
{
	struct key k = { .a_port = htons(flow->client.port),
			 .b_port = htons(flow->local.port),
			 .channel = htons(channel),
			 .kind = flow->transport };
	memcpy(k.a, flow->client.ip, 16);
	memcpy(k.b, flow->local.ip, 16);
	return find(s, &k, false);
}

uint32_t slots_down(struct slots *s, const struct relay_addr *relay,
		    const struct relay_addr *peer)
{
	struct key k = { .a_port = htons(relay->port),
			 .b_port = htons(peer->port),
			 .kind = peer->family == 6 ? SLOT_PEER6 : 0 };
	memcpy(k.a, relay->ip, 16);
	memcpy(k.b, peer->ip, 16);
	return find(s, &k, true);
}

struct relay_addr slots_peer(const struct relay_slot *x)
{
	struct relay_addr a = { .port = ntohs(x->peer_port),
				.family = x->flags & SLOT_PEER6 ? 6 : 4 };
	memcpy(a.ip, x->peer, 16);
	return a;
}

/* ---- the tables ---- */

static void link_up(struct slots *s, uint32_t i)
{
	struct key up = up_key(slots_at(s, i));
	uint32_t *head = head_of(s, &up, false);
	side_at(s, i)->next_up = *head;
	*head = i;
}

static void link_in(struct slots *s, uint32_t i)
{
	struct side *e = side_at(s, i);
	struct key down = down_key(slots_at(s, i));
	uint32_t *head = head_of(s, &down, true);
	link_up(s, i);
	e->next_down = *head;
	*head = i;
}

static void take_out(struct slots *s, uint32_t i, bool down)
{
	const struct relay_slot *x = slots_at(s, i);
	struct key k = down ? down_key(x) : up_key(x);
	uint32_t *at = head_of(s, &k, down);
	while (*at != i) {
		struct side *e = side_at(s, *at);
		at = down ? &e->next_down : &e->next_up;
	}
	*at = down ? side_at(s, i)->next_down : side_at(s, i)->next_up;
}

static int set_heads(struct slots *s, uint32_t count)
{
	uint32_t *heads = malloc(2 * (size_t)count * sizeof(*heads));
	if (!heads)
		return -ENOMEM;
	memset(heads, 0xff, 2 * (size_t)count * sizeof(*heads));
	free(s->heads);
	s->heads = heads;
	s->mask = count - 1;
	for (uint32_t i = 0; i < s->blocks * BLOCK; i++) {
		if (slots_at(s, i)->state == SLOT_LIVE)
			link_in(s, i);
	}
	return 0;
}

static int add_block(struct slots *s)
{
	struct block **list =
		realloc(s->block, (s->blocks + 1) * sizeof(struct block *));
	if (!list)
		return -ENOMEM;
	s->block = list;
	struct block *b = NULL;
	if (posix_memalign((void **)&b, 64, sizeof(*b)))
		return -ENOMEM;
	memset(b, 0, sizeof(*b));
	s->block[s->blocks] = b;
	uint32_t first = (uint32_t)(s->blocks * BLOCK);
	for (uint32_t i = 0; i < BLOCK; i++)
		b->side[i].next_up = i + 1 < BLOCK ? first + i + 1 : s->free;
	s->free = first;
	s->blocks++;
	return 0;
}

int slots_create(struct slots **out)
{
	struct slots *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->free = SLOT_NONE;
	int err = crypto_random(s->seed, sizeof(s->seed));
	if (!err)
		err = set_heads(s, FIRST_HEADS);
	if (err) {
		free(s);
		return err;
	}
	*out = s;
	return 0;
}

void slots_free(struct slots *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->blocks; i++)
		free(s->block[i]);
	free(s->block);
	free(s->heads);
	free(s);
}

static void set_client(struct relay_slot *x, const struct relay_flow *f)
{
	x->flags = (uint16_t)((x->flags & ~SLOT_CLIENT6) |
			      (f->client.family == 6 ? SLOT_CLIENT6 : 0));
	x->client_port = htons(f->client.port);
	x->local_port = htons(f->local.port);
	x->transport = f->transport;
	memcpy(x->client, f->client.ip, 16);
	memcpy(x->local, f->local.ip, 16);
}

static void fill(struct relay_slot *x, const struct slot_ends *e)
{
	bool six = e->peer.family == 6;
	*x = (struct relay_slot){
		.state = SLOT_LIVE,
		.generation = x->generation + 1,
		.flags = (uint16_t)((six ? SLOT_PEER6 : 0) |
				    (e->channel ? 0 : SLOT_RAW)),
		.channel = htons(e->channel),
		.relay_port = htons(e->relay.port),
		.peer_port = htons(e->peer.port),
		.fast = SLOT_NONE,
	};
	set_client(x, e->flow);
	memcpy(x->relay, e->relay.ip, 16);
	memcpy(x->peer, e->peer.ip, 16);
}

int slots_add(struct slots *s, const struct slot_ends *ends,
	      struct relay_alloc *owner, uint32_t *index)
{
	int err = s->free == SLOT_NONE ? add_block(s) : 0;
	if (!err && s->used > s->mask)
		err = set_heads(s, 2 * (s->mask + 1));
	if (err)
		return err;
	uint32_t i = s->free;
	struct side *e = side_at(s, i);
	s->free = e->next_up;
	s->used++;
	*e = (struct side){ .owner = owner, .next_of_owner = SLOT_NONE };
	fill(slots_at(s, i), ends);
	link_in(s, i);
	*index = i;
	return 0;
}

void slots_move(struct slots *s, uint32_t i, const struct relay_flow *flow)
{
	take_out(s, i, false);
	set_client(slots_at(s, i), flow);
	link_up(s, i);
}

void slots_remove(struct slots *s, uint32_t i)
{
	take_out(s, i, false);
	take_out(s, i, true);
	slots_at(s, i)->state = SLOT_FREE;
	struct side *e = side_at(s, i);
	*e = (struct side){ .next_up = s->free };
	s->free = i;
	s->used--;
}
