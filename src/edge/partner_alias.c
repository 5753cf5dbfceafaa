/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that a partner opened to us and lets us use (RFC 5923): the Via
 * of a request says `alias`, and the certificate has proved who is there. The
 * worker that has the connection offers it to the partner's owner, who uses it
 * when no connection of its own stands.
 */
#include "edge/partner_int.h"

#include <errno.h>

static struct slice key_of(const struct flow *f)
{
	return slice_from(slice_str(f->peer), sizeof("peer:") - 1);
}

static void tell_owner(struct flow *f, bool up)
{
	struct edge *e = f->edge;
	uint32_t owner = partner_owner(e, key_of(f));
	struct ipc_partner_alias m = { .partner = key_of(f),
				       .flow = f->id,
				       .up = up };
	if (owner == e->slot)
		alias_told(e, e->slot, &m);
	else
		e->ops->send(e->arg, PROC_EDGE, owner, IPC_PARTNER_ALIAS, &m);
}

void alias_offer(struct flow *f, const struct access_partner *partner,
		 const struct sip_msg *m)
{
	struct edge *e = f->edge;
	char key[ACCESS_KEY_MAX];
	if (f->kind != FLOW_FEDERATION || !f->proven || f->retire_ms ||
	    !m->via.alias)
		return;
	access_partner_key(partner, key);
	uint32_t life = e->worker[partner_owner(e, slice_str(key))].incarnation;
	if (f->alias_told == life || !slice_eq(key_of(f), slice_str(key)))
		return;
	f->alias_told = life;
	tell_owner(f, true);
}

void alias_withdraw(struct flow *f)
{
	if (f->alias_told && f->edge->current)
		tell_owner(f, false);
	f->alias_told = 0;
}

static void forget(struct partner *p, size_t i)
{
	p->alias[i] = p->alias[--p->alias_count];
}

void alias_told(struct edge *e, uint32_t slot,
		const struct ipc_partner_alias *m)
{
	struct partner *p = NULL;
	if (e->current && partner_known(e, m->partner))
		p = partner_get(e, m->partner);
	if (!p)
		return;
	for (size_t i = 0; i < p->alias_count; i++)
		if (p->alias[i].slot == slot && p->alias[i].flow == m->flow) {
			forget(p, i);
			break;
		}
	if (m->up && p->alias_count < PARTNER_CONNECTIONS_MAX)
		p->alias[p->alias_count++] =
			(struct partner_alias){ slot, m->flow };
}

static void forget_slot(struct map_node *n, void *arg)
{
	struct partner *p = partner_of_node(n);
	const uint32_t *slot = arg;
	for (size_t i = p->alias_count; i; i--)
		if (p->alias[i - 1].slot == *slot)
			forget(p, i - 1);
}

void partners_worker_gone(struct edge *e, uint32_t slot)
{
	map_each(&e->partners, forget_slot, &slot);
}

static int write_one(struct edge *e, const struct partner_alias *a,
		     const struct partner_request *r)
{
	struct ipc_alias_write w = { .slot = r->slot,
				     .flow = a->flow,
				     .txn = r->txn,
				     .branch = r->branch,
				     .bytes = r->bytes };
	if (a->slot != e->slot)
		return e->ops->send(e->arg, PROC_EDGE, a->slot, IPC_ALIAS_WRITE,
				    &w);
	struct flow *f = flow_find(e, a->flow);
	return f ? flow_write_request(f, r->slot, r->txn, r->branch, r->bytes)
		 : -EPIPE;
}

bool partner_alias_write(struct partner *p, const struct partner_request *r)
{
	while (p->alias_count) {
		int err = write_one(p->edge, &p->alias[0], r);
		if (!err || err == -ENOBUFS)
			return !err;
		forget(p, 0);
	}
	return false;
}
