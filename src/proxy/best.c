/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing among final responses that are not 2xx (RFC 3261 16.7 step 6), and
 * collecting the challenges of all branches (step 7). */
#include "proxy/parts.h"

enum { BEST_ARENA = 4096, BEST_ARENA_MAX = 1024 * 1024 };

/* Less is better; the first row that fits counts. 6xx wins, then the lowest
 * class; within it what helps to try again first, 408 and 503 last. */
static const struct rank {
	uint16_t low, high;
	unsigned rank;
} ranks[] = {
	{ 600, 699, 1 }, { 300, 399, 2 }, { 401, 401, 3 }, { 407, 407, 3 },
	{ 415, 415, 4 }, { 420, 420, 4 }, { 484, 484, 4 }, { 408, 408, 6 },
	{ 400, 499, 5 }, { 503, 503, 8 }, { 500, 599, 7 },
};

static unsigned rank_of(uint16_t status)
{
	for (size_t i = 0; i < sizeof(ranks) / sizeof(*ranks); i++)
		if (status >= ranks[i].low && status <= ranks[i].high)
			return ranks[i].rank;
	return sizeof(ranks) / sizeof(*ranks);
}

bool best_beats(const struct best *b, uint16_t status)
{
	return !b->rank || rank_of(status) < b->rank;
}

void best_clear(struct best *b)
{
	arena_free(b->arena);
	memset(b, 0, sizeof(*b));
}

void best_offer_local(struct proxy_request *r, struct ctrans *c,
		      const struct reject *reject)
{
	if (!best_beats(&r->best, reject->status))
		return;
	best_clear(&r->best);
	r->best.rank = rank_of(reject->status);
	r->best.branch = c;
	r->best.reject = reject;
}

/* Keeps a copy: the bytes are only borrowed. */
void best_offer(struct proxy_request *r, struct ctrans *c,
		const struct sip_msg *m)
{
	if (!best_beats(&r->best, m->status))
		return;
	struct best b = { .rank = rank_of(m->status), .branch = c };
	b.arena = arena_create(m->whole.len + BEST_ARENA,
			       m->whole.len + BEST_ARENA_MAX);
	struct slice copy =
		b.arena ? arena_copy(b.arena, m->whole) : SLICE_NONE;
	if (!copy.ptr ||
	    sip_parse(b.arena, copy, &r->proxy->response_limits, &b.msg)) {
		arena_free(b.arena);
		best_offer_local(r, c, &PROXY_REJ_OVERLOAD);
		return;
	}
	best_clear(&r->best);
	r->best = b;
}

static void keep(struct ctrans *c, const struct sip_msg *m,
		 enum sip_header_id id)
{
	struct proxy_request *r = c->request;
	const struct sip_header *h;
	size_t at = 0;
	while ((h = sip_header_next(m, id, &at))) {
		struct slice value =
			arena_copy(r->arena, sip_unfold(r->arena, h->value));
		if (!value.ptr || r->challenge_count == PROXY_CHALLENGES_MAX)
			return;
		r->challenge[r->challenge_count++] =
			(struct challenge){ id, value, c };
	}
}

void best_keep_challenges(struct ctrans *c, const struct sip_msg *m)
{
	if (m->status != 401 && m->status != 407)
		return;
	keep(c, m, SIP_H_WWW_AUTHENTICATE);
	keep(c, m, SIP_H_PROXY_AUTHENTICATE);
}

void best_add_challenges(const struct proxy_request *r, const struct ctrans *c,
			 struct sip_edits *edits)
{
	for (size_t i = 0; i < r->challenge_count; i++) {
		const struct challenge *ch = &r->challenge[i];
		if (ch->branch != c)
			sip_edit_bottom(edits, ch->id, ch->value);
	}
}
