/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asking side: a request of a discovered partner waits until the worker
 * that owns the partner has said whether it may pass. What came too fast is
 * refused here until there is room again, so that a flood is not passed on.
 */
#include "edge/limits.h"

#include <stdio.h>

#include "edge/keeper.h"
#include "edge/partner.h"
#include "edge/partner_names.h"
#include "edge/walk.h"

int limits_create(struct edge *e)
{
	int err = asks_init(&e->limit_asks);
	if (!err)
		err = map_init(&e->keepers);
	if (!err)
		err = map_init(&e->bans);
	return err ? err : access_rulings_create(&e->rulings);
}

void limits_free(struct edge *e)
{
	asks_free(&e->limit_asks);
	keepers_free(e);
	bans_free(e);
	access_rulings_free(e->rulings);
}

/* -- asking -- */

static void key_of(struct slice domain, char key[static ACCESS_KEY_MAX])
{
	const struct access_partner p = { .domain = domain };
	access_partner_key(&p, key);
}

enum access_limit limits_ask(struct edge *e, struct proxy_request *r,
			     struct slice domain, struct slice address)
{
	char key[ACCESS_KEY_MAX];
	key_of(domain, key);
	uint32_t owner = partner_owner(e, slice_str(key));
	struct names *n = names_find(e, slice_str(key));
	struct ipc_limit_get get = { .id = proxy_request_id(r),
				     .domain = domain,
				     .address = address };
	struct ipc_limit answer = { .verdict = ACCESS_LIMIT_UNKNOWN };
	if (n && timers_now(e->timers) < n->limited_until_ms)
		return ACCESS_OVER_RATE;
	if (owner == e->slot && keeper_ask(e, e->slot, &get, &answer))
		return (enum access_limit)answer.verdict;
	if (asks_add(&e->limit_asks, get.id, owner, timers_now(e->timers)))
		return ACCESS_LIMIT_FAILED;
	if (owner != e->slot &&
	    e->ops->send(e->arg, PROC_EDGE, owner, IPC_LIMIT_GET, &get)) {
		asks_take(&e->limit_asks, get.id, owner);
		return ACCESS_LIMIT_FAILED;
	}
	return ACCESS_LIMIT_UNKNOWN;
}

/* The request may have ended, or wait for something else by now. */
static void settle(struct edge *e, uint64_t id, enum access_limit limit)
{
	struct proxy_request *r = proxy_request_find(e->proxy, id);
	if (r)
		walk_judge_again(e, r, limit);
}

static void slow_down(struct edge *e, uint64_t id, uint32_t wait_ms)
{
	struct proxy_request *r = proxy_request_find(e->proxy, id);
	char domain[SIP_DOMAIN_MAX], key[ACCESS_KEY_MAX];
	if (!r || !wait_ms ||
	    sip_domain(proxy_request_msg(r)->from.uri.host, domain))
		return;
	key_of(slice_str(domain), key);
	struct names *n = names_find(e, slice_str(key));
	if (n)
		n->limited_until_ms = timers_now(e->timers) + wait_ms;
}

void limits_answer(struct edge *e, uint32_t slot, const struct ipc_limit *m)
{
	enum access_limit limit = (enum access_limit)m->verdict;
	if (!asks_take(&e->limit_asks, m->id, slot))
		return;
	if (m->verdict > ACCESS_LIMIT_FAILED || limit == ACCESS_LIMIT_UNKNOWN)
		limit = ACCESS_LIMIT_FAILED;
	slow_down(e, m->id, m->wait_ms);
	settle(e, m->id, limit);
}

void limits_on_answer(struct edge *e, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	limits_answer(e, from->slot, &m->u.limit);
}

void limits_peer_gone(struct edge *e, const struct proc_id *peer)
{
	uint64_t id;
	while (peer->role == PROC_EDGE && e->proxy &&
	       asks_take_of(&e->limit_asks, peer->slot, &id))
		settle(e, id, ACCESS_LIMIT_FAILED);
	if (peer->role == PROC_STORE)
		keepers_store_gone(e);
}

void limits_sweep(struct edge *e)
{
	uint64_t id;
	while (asks_take_late(&e->limit_asks, timers_now(e->timers), &id))
		settle(e, id, ACCESS_LIMIT_FAILED);
	keepers_sweep(e);
	bans_sweep(e);
}

/* -- how requests ended -- */

void limits_report(struct edge *e, struct slice key, uint16_t status,
		   const struct reject *reject)
{
	uint32_t owner = partner_owner(e, key);
	const struct ipc_partner_seen m = {
		.partner = key,
		.status = status,
		.why = reject ? slice_str(reject->why) : SLICE_NONE
	};
	if (owner == e->slot)
		keeper_seen(e, &m);
	else
		e->ops->send(e->arg, PROC_EDGE, owner, IPC_PARTNER_SEEN, &m);
}
