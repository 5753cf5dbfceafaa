/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's life, and packets of clients on their way to a dialect. */
#include "relay/relay.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"
#include "relay/data.h"
#include "relay/home_users.h"
#include "relay/mobility.h"
#include "relay/peer_policy.h"
#include "relay/reject.h"
#include "relay/request.h"
#include "stun/channel.h"
#include "stun/demux.h"

/* ---- life ---- */

static int own_shared(struct relay *r)
{
	uint8_t *region = calloc(1, cells_bytes() + reservations_bytes());
	if (!region)
		return -ENOMEM;
	r->own_shared = region;
	r->cells = cells_claim(region, r->column);
	r->reservations = (void *)(region + cells_bytes());
	return 0;
}

/* By hash there is nothing to look up: each name is hashed. */
static bool is_user(struct relay *r, const struct stun_user_query *q,
		    const struct relay_user *u)
{
	uint8_t hash[SHA256_BYTES];
	if (!slice_empty(q->username))
		return slice_eq(q->username, u->name);
	return stun_userhash(r->hasher, u->name, q->realm, hash) == 0 &&
	       slice_eq(q->userhash, slice_of(hash, sizeof(hash)));
}

/* arg: the request that is judged. */
static int find_user(void *arg, const struct stun_user_query *q,
		     struct stun_key *key, struct slice *name)
{
	struct request *asker = arg;
	struct relay *r = asker->relay;
	for (size_t i = 0; i < r->conf.user_count; i++) {
		const struct relay_user *u = &r->conf.users[i];
		if (!is_user(r, q, u))
			continue;
		const struct stun_secret from = { .username = u->name,
						  .realm = q->realm,
						  .password = u->password };
		*name = u->name;
		return stun_key_make(r->hasher, &stun_rfc, q->algorithm, &from,
				     key);
	}
	return home_users_find(asker, q, key, name);
}

int relay_create(struct relay **out, const struct relay_setup *setup)
{
	struct relay *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->timers = setup->timers;
	r->ops = *setup->ops;
	r->arg = setup->arg;
	r->column = setup->column;
	r->cells = setup->cells;
	r->reservations = setup->reservations;
	r->next_id = 1;
	list_init(&r->all);
	int err = map_init(&r->allocs);
	if (!err)
		err = map_init(&r->links);
	if (!err)
		err = mobility_open(r);
	if (!err)
		err = slots_create(&r->slots);
	if (!err)
		err = hasher_create(&r->hasher);
	if (!err)
		err = strangers_init(&r->strangers, relay_now(r));
	if (!err)
		err = guesses_init(&r->scanners, SCAN_DENIED);
	if (!err)
		err = home_users_create(&r->home);
	if (!err && !r->cells)
		err = own_shared(r);
	if (err) {
		relay_free(r);
		return err;
	}
	*out = r;
	return 0;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;
	LIST_EACH (it, tmp, &r->all)
		alloc_close(container_of(it, struct relay_alloc, all), "end");
	home_users_free(r);
	guesses_free(&r->scanners);
	map_free(&r->allocs);
	map_free(&r->links);
	mobility_close(r);
	slots_free(r->slots);
	hasher_free(r->hasher);
	free(r->own_shared);
	crypto_wipe(&r->auth, sizeof(r->auth));
	free(r);
}

void relay_configure(struct relay *r, const struct relay_conf *conf,
		     const struct credential_secrets *secrets,
		     const uint8_t nonce_key[static STUN_NONCE_KEY_BYTES])
{
	bool other = !conf->home_users || !slice_eq(r->conf.realm, conf->realm);
	r->conf = *conf;
	r->auth = (struct stun_auth){ .hasher = r->hasher,
				      .features = STUN_FEATURE_ALGORITHMS,
				      .realm = conf->realm,
				      .secrets = secrets,
				      .find_user = find_user };
	memcpy(r->auth.nonce_key, nonce_key, STUN_NONCE_KEY_BYTES);
	if (mobility_key(r, nonce_key))
		r->conf.mobility = false;
	r->ready = true;
	if (other)
		home_users_reset(r);
	LIST_EACH (it, tmp, &r->all) {
		struct relay_alloc *a =
			container_of(it, struct relay_alloc, all);
		if (a->by_home && !conf->home_users)
			relay_end(a, "account");
		else
			permissions_recheck(a);
	}
}

void relay_drain(struct relay *r)
{
	r->draining = true;
}

struct relay_addr relay_alternate(const struct relay *r,
				  const struct relay_flow *flow)
{
	unsigned family = relay_addr_index(&flow->client);
	return relay_addr_of(&r->conf.alternate[family]);
}

size_t relay_count(const struct relay *r)
{
	return r->count;
}

void relay_end(struct relay_alloc *a, const char *why)
{
	struct relay *r = a->relay;
	struct relay_flow flow = a->flow;
	alloc_close(a, why);
	if (flow.conn || relay_flow_away(&flow))
		r->ops.hang_up(r->arg, &flow);
}

int relay_kill(struct relay *r, uint64_t id)
{
	LIST_EACH (it, tmp, &r->all) {
		struct relay_alloc *a =
			container_of(it, struct relay_alloc, all);
		if (a->id != id)
			continue;
		relay_end(a, "killed");
		return 0;
	}
	return -ENOENT;
}

void relay_each(struct relay *r, relay_view_fn fn, void *arg)
{
	LIST_EACH (it, tmp, &r->all) {
		struct relay_view v;
		alloc_view(container_of(it, struct relay_alloc, all), &v);
		fn(arg, &v);
	}
}

/* ---- packets ---- */

static enum demux_owner owner_of(const struct relay_alloc *a)
{
	if (!a)
		return DEMUX_NOBODY;
	if (!a->dialect->idle)
		return DEMUX_RFC;
	return a->active == SLOT_NONE ? DEMUX_MS : DEMUX_MS_ACTIVE;
}

static bool is_channel(struct slice bytes)
{
	return bytes.len >= STUN_CHANNEL_HEADER_BYTES &&
	       bytes.ptr[0] >> 6 == STUN_CHANNEL_MIN >> 14;
}

/* What was on its way when the client moved. */
static uint32_t moved_slot(const struct relay *r, const struct relay_flow *flow,
			   uint16_t channel)
{
	const struct relay_alloc *a = mobility_find_old(r, flow);
	return a ? slots_up(r->slots, &a->flow, channel) : SLOT_NONE;
}

/* The way of most packets: one look-up. */
static bool channel_data(struct relay *r, const struct relay_flow *flow,
			 const struct relay_packet *p)
{
	struct slice bytes = slice_of(p->ptr, p->len), data;
	uint16_t channel;
	if (!is_channel(bytes) || stun_channel_parse(bytes, &channel, &data))
		return false;
	uint32_t slot = slots_up(r->slots, flow, channel);
	if (slot == SLOT_NONE)
		slot = moved_slot(r, flow, channel);
	if (slot == SLOT_NONE)
		return false;
	struct relay_alloc *a = slots_owner(r->slots, slot);
	/* a binding that is over is no use of the 5-tuple */
	if (data_up(r, slot, p, data) && a->mobility)
		mobility_heard(a, flow);
	return true;
}

/* The Messenger form is told by its first Allocate; later messages belong to
 * the form of their allocation. */
static void handle_ms(struct relay *r, const struct relay_flow *flow,
		      const struct relay_packet *p)
{
	const struct relay_alloc *a = alloc_find(r, flow);
	struct stun_msg m;
	bool old = a && a->dialect == &relay_dialect_messenger;
	if (!a && r->conf.messenger)
		old = stun_parse(&m, &stun_ms, slice_of(p->ptr, p->len)) == 0 &&
		      msturn_is_messenger(&m);
	request_handle(r, flow, p,
		       old ? &relay_dialect_messenger : &relay_dialect_ms);
}

static void handle_datagram(struct relay *r, const struct relay_flow *flow,
			    const struct relay_packet *p)
{
	struct relay_alloc *a = alloc_find(r, flow);
	struct slice bytes = slice_of(p->ptr, p->len);
	switch (demux_datagram(bytes, owner_of(a))) {
	case DATAGRAM_MS:
		handle_ms(r, flow, p);
		return;
	case DATAGRAM_RAW:
		(void)data_up(r, a->active, p, bytes);
		return;
	case DATAGRAM_RFC:
		request_handle(r, flow, p, &relay_dialect_rfc);
		return;
	case DATAGRAM_CLASSIC:
		request_handle(r, flow, p, &relay_dialect_classic);
		return;
	case DATAGRAM_CHANNEL: /* bound to nothing */
		metric_add(M_TURN_NO_PERMISSION, 1);
		return;
	case DATAGRAM_DROP:
	case DATAGRAM_DTLS:
	case DATAGRAM_MULTIPLEXED:
		metric_add(M_TURN_NOT_OURS, 1);
		return;
	}
}

static bool plausible(const struct relay_addr *client)
{
	bool multicast = client->family == 4 ? client->ip[0] >= 224
					     : client->ip[0] == 0xff;
	return client->family && client->port && !multicast;
}

void relay_client_packet(struct relay *r, const struct relay_flow *flow,
			 const struct relay_packet *p)
{
	if (!r->ready || !plausible(&flow->client)) {
		metric_add(M_TURN_NOT_OURS, 1);
		return;
	}
	if (channel_data(r, flow, p))
		return;
	switch ((enum relay_transport)flow->transport) {
	case RELAY_UDP:
		handle_datagram(r, flow, p);
		return;
	case RELAY_MS_TCP:
		handle_ms(r, flow, p);
		return;
	case RELAY_TCP:
	case RELAY_TLS:
	case RELAY_DTLS:
		if (is_channel(slice_of(p->ptr, p->len)))
			metric_add(M_TURN_NO_PERMISSION, 1);
		else
			request_handle(r, flow, p, &relay_dialect_rfc);
		return;
	}
}

void relay_client_data(struct relay *r, const struct relay_flow *flow,
		       const struct relay_packet *p)
{
	struct relay_alloc *a = alloc_find(r, flow);
	if (a && a->active != SLOT_NONE)
		(void)data_up(r, a->active, p, slice_of(p->ptr, p->len));
	else
		metric_add(M_TURN_NO_PERMISSION, 1);
}

bool relay_flow_busy(const struct relay *r, const struct relay_flow *flow)
{
	return alloc_find(r, flow) != NULL;
}

void relay_flow_gone(struct relay *r, const struct relay_flow *flow)
{
	struct relay_alloc *a = alloc_find(r, flow);
	home_users_flow_gone(r, flow);
	if (a && !mobility_lost(a, flow))
		alloc_close(a, "connection");
}

void relay_slot_gone(struct relay *r, uint32_t slot)
{
	home_users_slot_gone(r, slot);
	LIST_EACH (it, tmp, &r->all) {
		struct relay_alloc *a =
			container_of(it, struct relay_alloc, all);
		if (a->flow.socket == (RELAY_AWAY | slot))
			(void)mobility_lost(a, &a->flow);
	}
}
