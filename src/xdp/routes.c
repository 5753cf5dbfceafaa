/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sockets: one asks, one is told. A hop is a device and the address on
 * its link; who asks for the same one gets the same row.
 */
#include "xdp/routes.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/rtnetlink.h>

#include "base/list.h"
#include "base/map.h"

enum {
	EVENT_BYTES = 16384,
	SETTLE_MS = 100, /* events come in swarms */
	HOPS_CHECK_MS = 5000,
};

/* A next hop: the key is its device, family and address. */
struct hop {
	struct ask_route way;
	struct map_node node;
	struct list all;
	uint32_t row, users;
};
enum { KEY_BYTES = offsetof(struct ask_route, via) + 16 };

struct routes {
	struct loop *loop;
	struct asker ask, told;
	struct watch *watch;
	struct timer settle, check;
	struct table *table;
	struct map hops;
	struct list all;
	struct hop **by_row; /* PLANE_HOPS */
	void (*changed)(void *arg);
	void *arg;
	bool moved; /* routes or links changed, not only neighbours */
};

/* ---- rows ---- */

/* Frames of a VLAN go by the device below, with its tag. The kernel sends what
 * is redirected only where our program is, too. */
static int take_device(struct routes *r, uint32_t device, struct table_hop *row)
{
	struct ask_device d, below;
	int err = ask_device(&r->ask, device, &d);
	if (err)
		return err;
	*row = (struct table_hop){ .device = d.vlan ? d.below : device,
				   .vlan = d.vlan,
				   .mtu = d.mtu };
	memcpy(row->from, d.mac, sizeof(row->from));
	if (!table_has_device(r->table, row->device))
		return -ENETDOWN;
	return d.vlan ? ask_device(&r->ask, d.below, &below) : 0;
}

static void renew(struct routes *r, struct hop *h)
{
	struct table_hop row;
	bool valid = !take_device(r, h->way.device, &row) &&
		     !ask_neighbour(&r->ask, &h->way, row.to);
	if (!valid)
		row = (struct table_hop){ .valid = false };
	row.valid = valid;
	if (h->way.mtu && h->way.mtu < row.mtu)
		row.mtu = h->way.mtu;
	table_hop_set(r->table, h->row, &row);
}

static void hop_free(struct routes *r, struct hop *h)
{
	map_remove(&r->hops, &h->node);
	list_remove(&h->all);
	r->by_row[h->row] = NULL;
	table_hop_free(r->table, h->row);
	free(h);
}

static int hop_new(struct routes *r, const struct ask_route *way,
		   struct hop **out)
{
	struct hop *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->way = *way;
	int err = table_hop(r->table, &h->row);
	if (!err && map_insert(&r->hops, &h->node, slice_of(h, KEY_BYTES))) {
		table_hop_free(r->table, h->row);
		err = -ENOMEM;
	}
	if (err) {
		free(h);
		return err;
	}
	list_push_back(&r->all, &h->all);
	r->by_row[h->row] = h;
	renew(r, h);
	*out = h;
	return 0;
}

int routes_find(struct routes *r, const struct ask_ends *w, uint32_t *row)
{
	struct ask_route way;
	int err = r->table ? ask_route(&r->ask, w, &way) : -EHOSTUNREACH;
	if (err)
		return -EHOSTUNREACH;
	struct map_node *n = map_find(&r->hops, slice_of(&way, KEY_BYTES));
	struct hop *h = n ? container_of(n, struct hop, node) : NULL;
	if (!h) {
		err = hop_new(r, &way, &h);
		if (err)
			return err;
	}
	h->users++;
	*row = h->row;
	return 0;
}

void routes_give(struct routes *r, uint32_t row)
{
	struct hop *h = row < PLANE_HOPS ? r->by_row[row] : NULL;
	if (h && --h->users == 0)
		hop_free(r, h);
}

/* ---- events ---- */

static void renew_all(struct routes *r)
{
	LIST_EACH (it, tmp, &r->all)
		renew(r, container_of(it, struct hop, all));
}

static void on_settled(struct timer *t, void *arg)
{
	struct routes *r = arg;
	bool moved = r->moved;
	(void)t;
	r->moved = false;
	renew_all(r);
	if (moved)
		r->changed(r->arg);
}

/* What an event did not tell, or was lost: seen a little later. */
static void on_check(struct timer *t, void *arg)
{
	renew_all(arg);
	timer_start(t, HOPS_CHECK_MS);
}

static void note(struct routes *r, const struct nlmsghdr *h)
{
	bool neighbour =
		h->nlmsg_type == RTM_NEWNEIGH || h->nlmsg_type == RTM_DELNEIGH;
	r->moved |= !neighbour;
	if (!timer_running(&r->settle))
		timer_start(&r->settle, neighbour ? 0 : SETTLE_MS);
}

static void on_told(void *arg, int events)
{
	struct routes *r = arg;
	_Alignas(8) uint8_t bytes[EVENT_BYTES];
	(void)events;
	for (;;) {
		ssize_t n =
			recv(r->told.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		const struct nlmsghdr lost = { .nlmsg_type = RTM_NEWROUTE };
		if (n < 0 && errno == ENOBUFS) {
			note(r, &lost);
			continue;
		}
		if (n < (ssize_t)sizeof(struct nlmsghdr))
			return;
		note(r, (const void *)bytes);
	}
}

/* ---- life ---- */

int routes_create(struct routes **out, struct loop *l)
{
	struct routes *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->loop = l;
	r->ask.fd = r->told.fd = -1;
	list_init(&r->all);
	timer_init(&r->settle, loop_timers(l), on_settled, r);
	timer_init(&r->check, loop_timers(l), on_check, r);
	int err = ask_open(&r->ask, 0);
	if (!err)
		err = ask_open(&r->told,
			       RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE |
				       RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_IFADDR |
				       RTMGRP_IPV6_IFADDR);
	if (err) {
		routes_free(r);
		return err;
	}
	*out = r;
	return 0;
}

int routes_begin(struct routes *r, struct table *t, void (*changed)(void *arg),
		 void *arg)
{
	r->by_row = calloc(PLANE_HOPS, sizeof(struct hop *));
	int err = r->by_row ? map_init(&r->hops) : -ENOMEM;
	if (!err)
		err = watch_open(&r->watch, r->loop, r->told.fd, on_told, r);
	if (!err)
		err = watch_set(r->watch, WATCH_READ);
	if (err)
		return err;
	r->table = t;
	r->changed = changed;
	r->arg = arg;
	timer_start(&r->check, HOPS_CHECK_MS);
	return 0;
}

void routes_free(struct routes *r)
{
	if (!r)
		return;
	LIST_EACH (it, tmp, &r->all)
		hop_free(r, container_of(it, struct hop, all));
	timer_stop(&r->settle);
	timer_stop(&r->check);
	watch_close(r->watch);
	ask_close(&r->ask);
	ask_close(&r->told);
	map_free(&r->hops);
	free(r->by_row);
	free(r);
}
