/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other servers for the same target, one after another (RFC 3263 4.3). Each
 * attempt is a branch of its own; only the last one's failure counts among
 * the responses. Whoever has said anything but 503 is the one that was asked.
 */
#include <errno.h>

#include "proxy/parts.h"

/* An empty one needs no memory. */
static int copy_slice(struct arena *a, struct slice *s)
{
	if (slice_empty(*s))
		return 0;
	*s = arena_copy(a, *s);
	return s->ptr ? 0 : -ENOMEM;
}

static int copy_edits(struct arena *a, const struct sip_edits **edits)
{
	struct sip_edits *e = arena_take(a, sizeof(*e));
	if (!e)
		return -ENOMEM;
	sip_edits_copy(e, *edits);
	*edits = e;
	for (size_t i = 0; i < e->count; i++)
		if (copy_slice(a, &e->edit[i].name) < 0 ||
		    copy_slice(a, &e->edit[i].value) < 0)
			return -ENOMEM;
	return copy_slice(a, &e->uri);
}

/* One of a chain; its edits are often those of the one before. */
static struct proxy_target *copy_one(struct arena *a,
				     const struct proxy_target *t,
				     const struct proxy_target *before,
				     const struct proxy_target *before_copy)
{
	struct proxy_target *out = arena_alloc(a, sizeof(*out));
	int err = 0;
	if (!out)
		return NULL;
	*out = *t;
	out->next = NULL;
	if (before && t->edits == before->edits)
		out->edits = before_copy->edits;
	else if (t->edits)
		err = copy_edits(a, &out->edits);
	if (err || copy_slice(a, &out->hop.peer) < 0 ||
	    copy_slice(a, &out->uri) < 0 ||
	    copy_slice(a, &out->record_route) < 0 ||
	    copy_slice(a, &out->transport) < 0)
		return NULL;
	return out;
}

const struct proxy_target *failover_copy(struct proxy_request *r,
					 const struct proxy_target *t)
{
	const struct proxy_target *first = NULL;
	const struct proxy_target *before = NULL;
	struct proxy_target *last = NULL;
	for (int i = 1; t && i < PROXY_BRANCHES_MAX; i++) {
		struct proxy_target *copy = copy_one(r->arena, t, before, last);
		if (!copy)
			return first;
		if (last)
			last->next = copy;
		else
			first = copy;
		last = copy;
		before = t;
		t = t->next;
	}
	return first;
}

bool failover_next(struct ctrans *c)
{
	struct proxy_request *r = c->request;
	const struct proxy_target *t = c->next;
	if (!t || r->done || r->cancelled || c->cancel_wanted ||
	    r->branch_count + r->reserved >= PROXY_BRANCHES_MAX ||
	    request_late(r))
		return false;
	c->next = NULL;
	metric_add(M_SIP_FAILOVERS, 1);
	forward_branch(r, t, t->next);
	return true;
}
