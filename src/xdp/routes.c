/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two sockets: one asks, one is told. A hop is a device and the address on
 * its link; who asks for the same one gets the same row.
 */
#include "xdp/routes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "base/list.h"
#include "base/map.h"

enum {
	ANSWER_BYTES = 16384,
	EVENT_BYTES = 1 << 20,
	SETTLE_MS = 100, /* events come in swarms */
	HOPS_CHECK_MS = 5000,
	NEIGHBOUR_USABLE = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE |
			   NUD_PERMANENT | NUD_NOARP,
};

/* A next hop. The first KEY_BYTES are the key. */
struct hop {
	uint32_t device;
	uint8_t family, zero[3];
	uint8_t via[16];
	struct map_node node;
	struct list all;
	uint32_t row, users;
	uint32_t mtu; /* of the route, 0: the device's */
};
enum { KEY_BYTES = 24 };

struct routes {
	struct loop *loop;
	int ask, told;
	uint32_t sequence;
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

/* ---- asking ---- */

struct question {
	struct nlmsghdr head;
	union {
		struct rtmsg route;
		struct ndmsg neighbour;
		struct ifinfomsg link;
	} u;
	uint8_t room[96];
};

static void put(struct question *q, uint16_t type, const void *value,
		size_t len)
{
	struct rtattr *a =
		(void *)((uint8_t *)q + NLMSG_ALIGN(q->head.nlmsg_len));
	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), value, len);
	q->head.nlmsg_len = NLMSG_ALIGN(q->head.nlmsg_len) +
			    (uint32_t)RTA_ALIGN(a->rta_len);
}

static void begin(struct question *q, uint16_t type, size_t body)
{
	q->head = (struct nlmsghdr){ .nlmsg_len = (uint32_t)NLMSG_LENGTH(body),
				     .nlmsg_type = type,
				     .nlmsg_flags = NLM_F_REQUEST };
}

/* The answer to this question, or -E...; what was left unread of earlier ones
 * is passed over. */
static int ask(struct routes *r, struct question *q, uint8_t *answer,
	       struct nlmsghdr **out)
{
	q->head.nlmsg_seq = ++r->sequence;
	*out = (void *)answer;
	if (send(r->ask, q, q->head.nlmsg_len, MSG_DONTWAIT) < 0)
		return -EIO;
	for (;;) {
		ssize_t n = recv(r->ask, answer, ANSWER_BYTES, MSG_DONTWAIT);
		struct nlmsghdr *h = (void *)answer;
		if (n < 0)
			return -EIO;
		if (!NLMSG_OK(h, (size_t)n))
			return -EBADMSG;
		if (h->nlmsg_seq != r->sequence)
			continue;
		if (h->nlmsg_type != NLMSG_ERROR)
			return 0;
		const struct nlmsgerr *e = NLMSG_DATA(h);
		return e->error ? e->error : -ENOENT;
	}
}

/* The attributes behind a body, by type; the rest stays NULL. */
static void split(struct nlmsghdr *h, size_t body, struct rtattr **by_type,
		  unsigned max)
{
	struct rtattr *a =
		(void *)((uint8_t *)NLMSG_DATA(h) + NLMSG_ALIGN(body));
	int left = (int)h->nlmsg_len - (int)NLMSG_SPACE(body);
	for (unsigned i = 0; i <= max; i++)
		by_type[i] = NULL;
	while (left > 0 && RTA_OK(a, left)) {
		if (a->rta_type <= max)
			by_type[a->rta_type] = a;
		left -= (int)RTA_ALIGN(a->rta_len);
		a = (void *)((uint8_t *)a + RTA_ALIGN(a->rta_len));
	}
}

static uint32_t number(struct rtattr *a)
{
	uint32_t v = 0;
	if (a && RTA_PAYLOAD(a) >= sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	return v;
}

static size_t address_bytes(uint8_t family)
{
	return family == 6 ? 16 : 4;
}

static int address_family(uint8_t family)
{
	return family == 6 ? AF_INET6 : AF_INET;
}

/* ---- what the system says: a route, a neighbour, a device ---- */

static uint32_t metric_mtu(struct rtattr *metrics)
{
	if (!metrics)
		return 0;
	int left = (int)RTA_PAYLOAD(metrics);
	for (struct rtattr *a = RTA_DATA(metrics); RTA_OK(a, left);) {
		if (a->rta_type == RTAX_MTU)
			return number(a);
		left -= (int)RTA_ALIGN(a->rta_len);
		a = (void *)((uint8_t *)a + RTA_ALIGN(a->rta_len));
	}
	return 0;
}

static int read_via(struct rtattr *gateway, struct hop *h)
{
	if (!gateway)
		return 0;
	if (RTA_PAYLOAD(gateway) != address_bytes(h->family))
		return -EHOSTUNREACH;
	memset(h->via, 0, sizeof(h->via));
	memcpy(h->via, RTA_DATA(gateway), RTA_PAYLOAD(gateway));
	return 0;
}

/* A gateway of the other family and several paths at once are the stack's. */
static int read_route(struct nlmsghdr *m, struct hop *h)
{
	struct rtattr *a[RTA_MAX + 1];
	const struct rtmsg *body = NLMSG_DATA(m);
	if (m->nlmsg_type != RTM_NEWROUTE ||
	    m->nlmsg_len < NLMSG_LENGTH(sizeof(*body)) ||
	    body->rtm_type != RTN_UNICAST)
		return -EHOSTUNREACH;
	split(m, sizeof(*body), a, RTA_MAX);
	h->device = number(a[RTA_OIF]);
	h->mtu = metric_mtu(a[RTA_METRICS]);
	if (!h->device || a[RTA_VIA] || a[RTA_ENCAP])
		return -EHOSTUNREACH;
	return read_via(a[RTA_GATEWAY], h);
}

static int ask_route(struct routes *r, const struct routes_wish *w,
		     struct hop *h)
{
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
	struct nlmsghdr *m;
	struct question q;
	uint8_t len = (uint8_t)address_bytes(w->family);
	*h = (struct hop){ .family = w->family };
	memcpy(h->via, w->to, sizeof(h->via));
	begin(&q, RTM_GETROUTE, sizeof(q.u.route));
	q.u.route = (struct rtmsg){
		.rtm_family = (uint8_t)address_family(w->family),
		.rtm_dst_len = (uint8_t)(len * 8),
		.rtm_src_len = (uint8_t)(len * 8),
	};
	put(&q, RTA_DST, w->to, len);
	put(&q, RTA_SRC, w->from, len);
	int err = ask(r, &q, answer, &m);
	return err ? err : read_route(m, h);
}

static int ask_neighbour(struct routes *r, const struct hop *h, uint8_t mac[6])
{
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
	struct rtattr *a[NDA_MAX + 1];
	struct nlmsghdr *m;
	struct question q;
	begin(&q, RTM_GETNEIGH, sizeof(q.u.neighbour));
	q.u.neighbour = (struct ndmsg){
		.ndm_family = (uint8_t)address_family(h->family),
		.ndm_ifindex = (int)h->device,
	};
	put(&q, NDA_DST, h->via, address_bytes(h->family));
	int err = ask(r, &q, answer, &m);
	if (err)
		return err;
	const struct ndmsg *body = NLMSG_DATA(m);
	if (m->nlmsg_type != RTM_NEWNEIGH ||
	    m->nlmsg_len < NLMSG_LENGTH(sizeof(*body)) ||
	    !(body->ndm_state & NEIGHBOUR_USABLE))
		return -ENOENT;
	split(m, sizeof(*body), a, NDA_MAX);
	if (!a[NDA_LLADDR] || RTA_PAYLOAD(a[NDA_LLADDR]) != 6)
		return -ENOENT;
	memcpy(mac, RTA_DATA(a[NDA_LLADDR]), 6);
	return 0;
}

/* Up, of Ethernet, with our program on it: only then does the kernel send
 * what is redirected there. */
static int ask_device(struct routes *r, uint32_t device, struct table_hop *out)
{
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
	struct rtattr *a[IFLA_MTU + 1];
	struct nlmsghdr *m;
	struct question q;
	if (!table_has_device(r->table, device))
		return -ENETDOWN;
	begin(&q, RTM_GETLINK, sizeof(q.u.link));
	q.u.link = (struct ifinfomsg){ .ifi_index = (int)device };
	int err = ask(r, &q, answer, &m);
	if (err)
		return err;
	const struct ifinfomsg *body = NLMSG_DATA(m);
	if (m->nlmsg_type != RTM_NEWLINK ||
	    m->nlmsg_len < NLMSG_LENGTH(sizeof(*body)) ||
	    body->ifi_type != ARPHRD_ETHER ||
	    (body->ifi_flags & (IFF_UP | IFF_RUNNING)) !=
		    (IFF_UP | IFF_RUNNING))
		return -ENETDOWN;
	split(m, sizeof(*body), a, IFLA_MTU);
	if (!a[IFLA_ADDRESS] || RTA_PAYLOAD(a[IFLA_ADDRESS]) != 6)
		return -ENETDOWN;
	memcpy(out->from, RTA_DATA(a[IFLA_ADDRESS]), 6);
	out->device = device;
	out->mtu = number(a[IFLA_MTU]);
	return 0;
}

/* ---- rows ---- */

static void renew(struct routes *r, struct hop *h)
{
	struct table_hop row = { .valid = false };
	if (!ask_device(r, h->device, &row) && !ask_neighbour(r, h, row.to)) {
		row.valid = true;
		if (h->mtu && h->mtu < row.mtu)
			row.mtu = h->mtu;
	}
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

static int hop_new(struct routes *r, const struct hop *like, struct hop **out)
{
	struct hop *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	*h = (struct hop){ .device = like->device,
			   .family = like->family,
			   .mtu = like->mtu };
	memcpy(h->via, like->via, sizeof(h->via));
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

int routes_find(struct routes *r, const struct routes_wish *w, uint32_t *row)
{
	struct hop like;
	int err = r->table ? ask_route(r, w, &like) : -EHOSTUNREACH;
	if (err)
		return -EHOSTUNREACH;
	struct map_node *n = map_find(&r->hops, slice_of(&like, KEY_BYTES));
	struct hop *h = n ? container_of(n, struct hop, node) : NULL;
	if (!h) {
		err = hop_new(r, &like, &h);
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
	_Alignas(8) uint8_t bytes[ANSWER_BYTES];
	(void)events;
	for (;;) {
		ssize_t n = recv(r->told, bytes, sizeof(bytes), MSG_DONTWAIT);
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

static int open_socket(int *fd, uint32_t groups)
{
	struct sockaddr_nl at = { .nl_family = AF_NETLINK,
				  .nl_groups = groups };
	int room = EVENT_BYTES, on = 1;
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       NETLINK_ROUTE);
	if (s < 0)
		return -errno;
	(void)setsockopt(s, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	(void)setsockopt(s, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
			 sizeof(on));
	if (bind(s, (struct sockaddr *)&at, sizeof(at))) {
		int err = -errno;
		close(s);
		return err;
	}
	*fd = s;
	return 0;
}

int routes_create(struct routes **out, struct loop *l)
{
	struct routes *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->loop = l;
	r->ask = r->told = -1;
	list_init(&r->all);
	timer_init(&r->settle, loop_timers(l), on_settled, r);
	timer_init(&r->check, loop_timers(l), on_check, r);
	int err = open_socket(&r->ask, 0);
	if (!err)
		err = open_socket(&r->told, RTMGRP_LINK | RTMGRP_NEIGH |
						    RTMGRP_IPV4_ROUTE |
						    RTMGRP_IPV6_ROUTE |
						    RTMGRP_IPV4_IFADDR |
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
		err = watch_open(&r->watch, r->loop, r->told, on_told, r);
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
	if (r->ask >= 0)
		close(r->ask);
	if (r->told >= 0)
		close(r->told);
	map_free(&r->hops);
	free(r->by_row);
	free(r);
}
