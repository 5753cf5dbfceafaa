/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free rows are stacks of numbers in our own memory, so nothing that another
 * process could write is ever followed. A slot is filled, then published by a
 * release store of its state, then found through the index; it goes the other
 * way round. The program in the kernel compares the whole key with the slot,
 * so a stale entry of the index finds nothing.
 */
#include "xdp/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { QUARANTINE_MS = 2000 };

struct stack {
	uint32_t *row;
	uint32_t count, first, room;
};

/* Closed slots wait here; a ring of all slots. */
struct waiting {
	uint32_t slot;
	uint64_t until_ms;
};

struct table {
	struct plane_regions r;
	uint32_t column;
	struct stack slots, hops, purses;
	struct waiting *ring;
	uint32_t ring_at, ring_count;
	uint32_t live;
};

/* ---- what stands in the tables of reasons and regions ---- */

static const char *const reason_names[] = {
#define REASON(ID, name, what) name,
#include "xdp/reasons.tbl"
#undef REASON
};

const char *plane_reason_name(enum plane_reason r)
{
	return (unsigned)r < PLANE_REASONS ? reason_names[r] : "?";
}

bool plane_reason_sent(enum plane_reason r)
{
	return r == PLANE_TX || r == PLANE_REDIRECT || r == PLANE_HAIRPIN;
}

size_t plane_region_bytes(enum plane_region r, uint32_t cpus)
{
	const size_t bytes[] = {
		[PLANE_R_CONTROL] = sizeof(struct plane_control),
		[PLANE_R_BEATS] = PLANE_COLUMNS * sizeof(struct plane_beat),
		[PLANE_R_INDEX] = PLANE_BUCKETS * sizeof(struct plane_bucket),
		[PLANE_R_SLOTS] = PLANE_SLOTS * sizeof(struct plane_slot),
		[PLANE_R_HOPS] = PLANE_HOPS * sizeof(struct plane_hop),
		[PLANE_R_PURSES] = PLANE_PURSES * sizeof(struct plane_purse),
		[PLANE_R_CELLS] = PLANE_CELLS * sizeof(struct plane_cell),
		[PLANE_R_COUNTS] = cpus * sizeof(struct plane_counts),
	};
	return (unsigned)r < PLANE_REGIONS ? bytes[r] : 0;
}

/* ---- memory that the kernel reads meanwhile ---- */

static void put32(uint32_t *at, uint32_t v)
{
	atomic_store_explicit((_Atomic uint32_t *)at, v, memory_order_release);
}

static void put64(uint64_t *at, uint64_t v)
{
	atomic_store_explicit((_Atomic uint64_t *)at, v, memory_order_release);
}

static struct plane_control *control(const struct plane_regions *r)
{
	return r->at[PLANE_R_CONTROL];
}

void plane_init(struct plane_control *c, uint32_t columns, uint64_t seed)
{
	c->slots_each = PLANE_SLOTS / (columns ? columns : 1);
	c->seed = seed;
}

static uint32_t columns_of(const struct plane_regions *r)
{
	uint32_t each = control(r)->slots_each;
	uint32_t n = each ? PLANE_SLOTS / each : 1;
	return n ? n : 1;
}

/* ---- the index ---- */

static struct plane_key key_of(const struct plane_slot *x, uint32_t way)
{
	struct plane_key k = { .port_from = x->port[way][0],
			       .port_to = x->port[way][1],
			       .channel = way == PLANE_UP ? x->channel : 0,
			       .way = (uint16_t)way };
	if (way == PLANE_DOWN && x->flags & PLANE_OURS)
		k.way = PLANE_INSIDE;
	memcpy(k.from, x->ends[way].from, 16);
	memcpy(k.to, x->ends[way].to, 16);
	return k;
}

static _Atomic uint64_t *words(const struct plane_regions *r, uint32_t bucket)
{
	struct plane_bucket *b = r->at[PLANE_R_INDEX];
	return (_Atomic uint64_t *)b[bucket].word;
}

static int index_add(const struct plane_regions *r, const struct plane_key *k,
		     uint32_t slot)
{
	struct plane_hash h = plane_hash(control(r)->seed, k);
	uint64_t word = (uint64_t)h.tag << 32 | (slot + 1);
	for (int i = 0; i < 2 * PLANE_WAYS; i++) {
		_Atomic uint64_t *at = words(r, h.bucket[i % 2]) + i / 2;
		uint64_t empty = 0;
		if (atomic_compare_exchange_strong(at, &empty, word))
			return 0;
	}
	return -ENOSPC;
}

static void index_remove(const struct plane_regions *r,
			 const struct plane_key *k, uint32_t slot)
{
	struct plane_hash h = plane_hash(control(r)->seed, k);
	for (int i = 0; i < 2 * PLANE_WAYS; i++) {
		_Atomic uint64_t *at = words(r, h.bucket[i % 2]) + i / 2;
		uint64_t word = (uint64_t)h.tag << 32 | (slot + 1);
		atomic_compare_exchange_strong(at, &word, 0);
	}
}

/* ---- rows of our own ---- */

static int stack_init(struct stack *s, uint32_t first, uint32_t room)
{
	s->row = malloc((size_t)room * sizeof(*s->row));
	if (!s->row)
		return -ENOMEM;
	s->first = first;
	s->room = room;
	/* the first ones come first */
	for (uint32_t i = 0; i < room; i++)
		s->row[i] = first + room - 1 - i;
	s->count = room;
	return 0;
}

static int stack_take(struct stack *s, uint32_t *row)
{
	if (s->count == 0)
		return -ENOSPC;
	*row = s->row[--s->count];
	return 0;
}

static void stack_give(struct stack *s, uint32_t row)
{
	if (s->count < s->room && row - s->first < s->room)
		s->row[s->count++] = row;
}

/* ---- life ---- */

void table_wipe(const struct plane_regions *r, uint32_t column)
{
	uint32_t each = control(r)->slots_each, first = column * each;
	struct plane_slot *slot = r->at[PLANE_R_SLOTS];
	struct plane_beat *beat = r->at[PLANE_R_BEATS];
	if (column >= PLANE_COLUMNS || first + each > PLANE_SLOTS)
		return;
	put64(&beat[column].until_ms, 0);
	for (uint32_t i = first; i < first + each; i++)
		put32(&slot[i].state, PLANE_FREE);
	for (uint32_t i = 0; i < PLANE_BUCKETS * PLANE_WAYS; i++) {
		_Atomic uint64_t *at =
			words(r, i / PLANE_WAYS) + i % PLANE_WAYS;
		uint64_t word = atomic_load(at);
		if (word && (uint32_t)word - 1 - first < each)
			atomic_compare_exchange_strong(at, &word, 0);
	}
}

int table_create(struct table **out, const struct plane_regions *regions,
		 uint32_t column)
{
	uint32_t columns = columns_of(regions);
	uint32_t each = control(regions)->slots_each;
	uint32_t hops = PLANE_HOPS / columns, purses = PLANE_PURSES / columns;
	if (column >= columns || column >= PLANE_COLUMNS)
		return -EINVAL;
	struct table *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->r = *regions;
	t->column = column;
	t->ring = calloc(each, sizeof(*t->ring));
	int err = t->ring ? 0 : -ENOMEM;
	if (!err)
		err = stack_init(&t->slots, column * each, each);
	if (!err)
		err = stack_init(&t->hops, column * hops, hops);
	if (!err)
		err = stack_init(&t->purses, column * purses, purses);
	if (err) {
		free(t->slots.row);
		free(t->hops.row);
		free(t->purses.row);
		free(t->ring);
		free(t);
		return err;
	}
	table_wipe(regions, column);
	*out = t;
	return 0;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	table_wipe(&t->r, t->column);
	free(t->slots.row);
	free(t->hops.row);
	free(t->purses.row);
	free(t->ring);
	free(t);
}

void table_beat(struct table *t, uint64_t until_ms)
{
	struct plane_beat *beat = t->r.at[PLANE_R_BEATS];
	put64(&beat[t->column].until_ms, until_ms);
}

size_t table_count(const struct table *t)
{
	return t->live;
}

bool table_has_device(const struct table *t, uint32_t device)
{
	const struct plane_control *c = control(&t->r);
	for (uint32_t i = 0; i < c->devices && i < PLANE_DEVICES; i++) {
		if (c->device[i] == device)
			return true;
	}
	return false;
}

/* ---- checksums: what is constant for a binding and a way ---- */

static uint64_t sum_words(const void *p, size_t len)
{
	const uint8_t *at = p;
	uint64_t sum = 0;
	for (size_t i = 0; i + 1 < len; i += 2) {
		uint16_t word;
		memcpy(&word, at + i, 2);
		sum += word;
	}
	return sum;
}

static uint16_t folded(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint64_t sum_ends(const struct plane_slot *x, int way)
{
	return sum_words(&x->ends[way], sizeof(x->ends[way])) +
	       sum_words(x->port[way], sizeof(x->port[way]));
}

/* The new words less the old ones, in one's complement. */
static void fill_deltas(struct plane_slot *x)
{
	uint64_t side[2] = { sum_ends(x, PLANE_UP) + x->channel,
			     sum_ends(x, PLANE_DOWN) };
	for (int way = 0; way < 2; way++)
		x->delta[way] = folded((uint64_t)folded(side[!way]) +
				       (uint16_t)~folded(side[way]));
}

static void fill_parts(struct plane_slot *x)
{
	for (int way = 0; way < 2; way++)
		x->part[way] =
			folded(sum_words(&x->ends[way], sizeof(x->ends[way])) +
			       htons(IPPROTO_UDP));
}

/* ---- bindings ---- */

struct plane_slot *table_slot(struct table *t, uint32_t slot)
{
	struct plane_slot *all = t->r.at[PLANE_R_SLOTS];
	return &all[slot];
}

static void release_old(struct table *t, uint64_t now_ms)
{
	while (t->ring_count && t->ring[t->ring_at].until_ms <= now_ms) {
		uint32_t slot = t->ring[t->ring_at].slot;
		put32(&table_slot(t, slot)->state, PLANE_FREE);
		stack_give(&t->slots, slot);
		t->ring_at = (t->ring_at + 1) % t->slots.room;
		t->ring_count--;
	}
}

static void fill(struct plane_slot *x, const struct table_binding *b)
{
	uint32_t generation = x->generation + 1;
	put32(&x->state, PLANE_FILLING);
	*x = (struct plane_slot){
		.state = PLANE_FILLING,
		.generation = generation,
		.expires_ms = { b->expires_ms[0], b->expires_ms[1] },
		.flags = (uint16_t)((b->client6 ? PLANE_CLIENT6 : 0) |
				    (b->peer6 ? PLANE_PEER6 : 0) |
				    (b->hairpin ? PLANE_OURS : 0)),
		.channel = b->channel,
		.port = { { b->client.port, b->local.port },
			  { b->peer.port, b->relay.port } },
		.hop = { b->hop[0], b->hop[1] },
		.purse = b->purse,
	};
	memcpy(x->ends[PLANE_UP].from, b->client.ip, 16);
	memcpy(x->ends[PLANE_UP].to, b->local.ip, 16);
	memcpy(x->ends[PLANE_DOWN].from, b->peer.ip, 16);
	memcpy(x->ends[PLANE_DOWN].to, b->relay.ip, 16);
	fill_deltas(x);
	fill_parts(x);
}

static void take_out(struct table *t, uint32_t slot)
{
	const struct plane_slot *x = table_slot(t, slot);
	for (uint32_t way = 0; way < 2; way++) {
		struct plane_key k = key_of(x, way);
		index_remove(&t->r, &k, slot);
	}
}

int table_add(struct table *t, const struct table_binding *b, uint64_t now_ms,
	      uint32_t *slot)
{
	uint32_t i;
	release_old(t, now_ms);
	if (stack_take(&t->slots, &i))
		return -ENOSPC;
	struct plane_slot *x = table_slot(t, i);
	fill(x, b);
	put32(&x->state, PLANE_LIVE);
	t->live++;
	struct plane_key down = key_of(x, PLANE_DOWN), up = key_of(x, PLANE_UP);
	int err = index_add(&t->r, &down, i);
	if (!err)
		err = index_add(&t->r, &up, i);
	if (err) {
		table_remove(t, i, now_ms);
		return err;
	}
	*slot = i;
	return 0;
}

void table_remove(struct table *t, uint32_t slot, uint64_t now_ms)
{
	put32(&table_slot(t, slot)->state, PLANE_CLOSING);
	take_out(t, slot);
	t->live--;
	uint32_t at = (t->ring_at + t->ring_count) % t->slots.room;
	t->ring[at] = (struct waiting){ slot, now_ms + QUARANTINE_MS };
	t->ring_count++;
}

void table_expires(struct table *t, uint32_t slot, uint64_t up_ms,
		   uint64_t down_ms)
{
	struct plane_slot *x = table_slot(t, slot);
	put64(&x->expires_ms[PLANE_UP], up_ms);
	put64(&x->expires_ms[PLANE_DOWN], down_ms);
}

void table_set_hop(struct table *t, uint32_t slot, uint32_t way, uint32_t hop)
{
	put32(&table_slot(t, slot)->hop[way & 1], hop);
}

/* ---- bandwidth ---- */

/* Nanoseconds a byte costs, as a fixed point number. */
static uint64_t scale_of(uint32_t kbit)
{
	return kbit ? (UINT64_C(8000000) << 20) / kbit : 0;
}

static struct plane_purse *purse_at(struct table *t, uint32_t purse)
{
	struct plane_purse *all = t->r.at[PLANE_R_PURSES];
	return &all[purse];
}

void table_purse_caps(struct table *t, uint32_t purse,
		      const struct table_caps *caps)
{
	struct plane_purse *p = purse_at(t, purse);
	put64(&p->port_scale, scale_of(caps->port_kbit));
	for (size_t i = 0; i < PLANE_SHARED; i++) {
		uint32_t cell = caps->shared[i].cell;
		bool known = cell < PLANE_CELLS;
		put64(&p->shared_scale[i],
		      known ? scale_of(caps->shared[i].kbit) : 0);
		put32(&p->cell[i], known ? cell : PLANE_NONE);
	}
}

int table_purse(struct table *t, const struct table_caps *caps, uint32_t *purse)
{
	int err = stack_take(&t->purses, purse);
	if (err)
		return err;
	*purse_at(t, *purse) = (struct plane_purse){ .port_scale = 0 };
	table_purse_caps(t, *purse, caps);
	return 0;
}

void table_purse_free(struct table *t, uint32_t purse)
{
	if (purse != PLANE_NONE)
		stack_give(&t->purses, purse);
}

uint64_t *table_purse_tat(struct table *t, uint32_t purse)
{
	return purse_at(t, purse)->tat_ns;
}

bool table_cell_pass(struct table *t, uint32_t cell, uint64_t now_ns,
		     size_t bytes, uint32_t kbit)
{
	struct plane_cell *all = t->r.at[PLANE_R_CELLS];
	if (kbit == 0 || cell >= PLANE_CELLS)
		return true;
	_Atomic uint64_t *tat = (_Atomic uint64_t *)&all[cell].tat_ns;
	uint64_t cost = bytes * scale_of(kbit) >> 20, was = atomic_load(tat);
	uint64_t next;
	do {
		next = (was > now_ns ? was : now_ns) + cost;
		if (next > now_ns + PLANE_BURST_NS)
			return false;
	} while (!atomic_compare_exchange_weak(tat, &was, next));
	return true;
}

/* ---- next hops ---- */

static struct plane_hop *hop_at(struct table *t, uint32_t row)
{
	struct plane_hop *all = t->r.at[PLANE_R_HOPS];
	return &all[row];
}

int table_hop(struct table *t, uint32_t *row)
{
	const struct table_hop none = { .valid = false };
	int err = stack_take(&t->hops, row);
	if (!err)
		table_hop_set(t, *row, &none);
	return err;
}

/* The program looks at the sequence before and after it copied the row. */
void table_hop_set(struct table *t, uint32_t row, const struct table_hop *h)
{
	struct plane_hop *p = hop_at(t, row);
	uint32_t sequence = p->sequence | 1;
	put32(&p->sequence, sequence);
	atomic_thread_fence(memory_order_seq_cst);
	p->valid = h->valid;
	p->device = h->device;
	p->mtu = h->mtu;
	p->vlan = h->vlan;
	memcpy(p->to, h->to, sizeof(p->to));
	memcpy(p->from, h->from, sizeof(p->from));
	put32(&p->sequence, sequence + 1);
}

void table_hop_free(struct table *t, uint32_t row)
{
	const struct table_hop none = { .valid = false };
	if (row == PLANE_NONE)
		return;
	table_hop_set(t, row, &none);
	stack_give(&t->hops, row);
}
