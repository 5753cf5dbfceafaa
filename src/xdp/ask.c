/* SPDX-License-Identifier: Apache-2.0 */
/* One question, one answer, over one socket. */
#include "xdp/ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

enum {
	ANSWER_BYTES = 16384,
	EVENT_BYTES = 1 << 20,
	NEIGHBOUR_USABLE = NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE |
			   NUD_PERMANENT | NUD_NOARP,
};

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
static int ask(struct asker *k, struct question *q, uint8_t *answer,
	       struct nlmsghdr **out)
{
	q->head.nlmsg_seq = ++k->sequence;
	*out = (void *)answer;
	if (send(k->fd, q, q->head.nlmsg_len, MSG_DONTWAIT) < 0)
		return -EIO;
	for (;;) {
		ssize_t n = recv(k->fd, answer, ANSWER_BYTES, MSG_DONTWAIT);
		struct nlmsghdr *h = (void *)answer;
		if (n < 0)
			return -EIO;
		if (!NLMSG_OK(h, (size_t)n))
			return -EBADMSG;
		if (h->nlmsg_seq != k->sequence)
			continue;
		if (h->nlmsg_type != NLMSG_ERROR)
			return 0;
		const struct nlmsgerr *e = NLMSG_DATA(h);
		return e->error ? e->error : -ENOENT;
	}
}

/* The attributes of a list, by type; the rest stays NULL. */
static void split(struct rtattr *a, size_t bytes, struct rtattr **by_type,
		  unsigned max)
{
	int left = (int)bytes;
	for (unsigned i = 0; i <= max; i++)
		by_type[i] = NULL;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		unsigned type = a->rta_type & NLA_TYPE_MASK;
		if (type <= max)
			by_type[type] = a;
	}
}

/* Those behind a message's body. */
static void split_message(struct nlmsghdr *h, size_t body,
			  struct rtattr **by_type, unsigned max)
{
	struct rtattr *a =
		(void *)((uint8_t *)NLMSG_DATA(h) + NLMSG_ALIGN(body));
	split(a, h->nlmsg_len - NLMSG_SPACE(body), by_type, max);
}

static void split_nested(struct rtattr *in, struct rtattr **by_type,
			 unsigned max)
{
	split(in ? RTA_DATA(in) : NULL, in ? RTA_PAYLOAD(in) : 0, by_type, max);
}

static bool is_message(const struct nlmsghdr *m, uint16_t type, size_t body)
{
	return m->nlmsg_type == type && m->nlmsg_len >= NLMSG_SPACE(body);
}

static uint32_t number(struct rtattr *a)
{
	uint32_t v = 0;
	if (a && RTA_PAYLOAD(a) >= sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	return v;
}

static uint16_t number16(struct rtattr *a)
{
	uint16_t v = 0;
	if (a && RTA_PAYLOAD(a) >= sizeof(v))
		memcpy(&v, RTA_DATA(a), sizeof(v));
	return v;
}

static size_t address_bytes(uint8_t family)
{
	return family == 6 ? 16 : 4;
}

static uint8_t address_family(uint8_t family)
{
	return family == 6 ? AF_INET6 : AF_INET;
}

/* ---- a route ---- */

static uint32_t metric_mtu(struct rtattr *metrics)
{
	struct rtattr *a[RTAX_MTU + 1];
	split_nested(metrics, a, RTAX_MTU);
	return number(a[RTAX_MTU]);
}

static int read_via(struct rtattr *gateway, struct ask_route *out)
{
	if (!gateway)
		return 0;
	if (RTA_PAYLOAD(gateway) != address_bytes(out->family))
		return -EHOSTUNREACH;
	memset(out->via, 0, sizeof(out->via));
	memcpy(out->via, RTA_DATA(gateway), RTA_PAYLOAD(gateway));
	return 0;
}

/* A gateway of the other family and several paths at once are the stack's. */
static int read_route(struct nlmsghdr *m, struct ask_route *out)
{
	struct rtattr *a[RTA_MAX + 1];
	const struct rtmsg *body = NLMSG_DATA(m);
	if (!is_message(m, RTM_NEWROUTE, sizeof(*body)) ||
	    body->rtm_type != RTN_UNICAST)
		return -EHOSTUNREACH;
	split_message(m, sizeof(*body), a, RTA_MAX);
	out->device = number(a[RTA_OIF]);
	out->mtu = metric_mtu(a[RTA_METRICS]);
	if (!out->device || a[RTA_VIA] || a[RTA_ENCAP])
		return -EHOSTUNREACH;
	return read_via(a[RTA_GATEWAY], out);
}

int ask_route(struct asker *k, const struct ask_ends *w, struct ask_route *out)
{
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
	struct nlmsghdr *m;
	struct question q;
	uint8_t len = (uint8_t)address_bytes(w->family);
	*out = (struct ask_route){ .family = w->family };
	memcpy(out->via, w->to, sizeof(out->via));
	begin(&q, RTM_GETROUTE, sizeof(q.u.route));
	q.u.route = (struct rtmsg){
		.rtm_family = address_family(w->family),
		.rtm_dst_len = (uint8_t)(len * 8),
		.rtm_src_len = (uint8_t)(len * 8),
	};
	put(&q, RTA_DST, w->to, len);
	put(&q, RTA_SRC, w->from, len);
	int err = ask(k, &q, answer, &m);
	return err ? err : read_route(m, out);
}

/* ---- a neighbour ---- */

int ask_neighbour(struct asker *k, const struct ask_route *on, uint8_t mac[6])
{
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
	struct rtattr *a[NDA_LLADDR + 1];
	struct nlmsghdr *m;
	struct question q;
	begin(&q, RTM_GETNEIGH, sizeof(q.u.neighbour));
	q.u.neighbour = (struct ndmsg){
		.ndm_family = address_family(on->family),
		.ndm_ifindex = (int)on->device,
	};
	put(&q, NDA_DST, on->via, address_bytes(on->family));
	int err = ask(k, &q, answer, &m);
	if (err)
		return err;
	const struct ndmsg *body = NLMSG_DATA(m);
	if (!is_message(m, RTM_NEWNEIGH, sizeof(*body)) ||
	    !(body->ndm_state & NEIGHBOUR_USABLE))
		return -ENOENT;
	split_message(m, sizeof(*body), a, NDA_LLADDR);
	if (!a[NDA_LLADDR] || RTA_PAYLOAD(a[NDA_LLADDR]) != 6)
		return -ENOENT;
	memcpy(mac, RTA_DATA(a[NDA_LLADDR]), 6);
	return 0;
}

/* ---- a device ---- */

/* 802.1Q, the device below in this network namespace: else it stays 0. */
static void read_vlan(struct rtattr *const *link, struct ask_device *out)
{
	struct rtattr *a[IFLA_INFO_DATA + 1], *v[IFLA_VLAN_PROTOCOL + 1];
	split_nested(link[IFLA_LINKINFO], a, IFLA_INFO_DATA);
	if (!a[IFLA_INFO_KIND] || RTA_PAYLOAD(a[IFLA_INFO_KIND]) != 5 ||
	    memcmp(RTA_DATA(a[IFLA_INFO_KIND]), "vlan", 5) != 0 ||
	    link[IFLA_LINK_NETNSID])
		return;
	split_nested(a[IFLA_INFO_DATA], v, IFLA_VLAN_PROTOCOL);
	if (number16(v[IFLA_VLAN_PROTOCOL]) != htons(ETH_P_8021Q))
		return;
	out->vlan = number16(v[IFLA_VLAN_ID]);
	out->below = number(link[IFLA_LINK]);
}

int ask_device(struct asker *k, uint32_t device, struct ask_device *out)
{
	_Alignas(8) uint8_t answer[ANSWER_BYTES];
	struct rtattr *a[IFLA_LINK_NETNSID + 1];
	const uint32_t up = IFF_UP | IFF_RUNNING;
	struct nlmsghdr *m;
	struct question q;
	*out = (struct ask_device){ .mtu = 0 };
	begin(&q, RTM_GETLINK, sizeof(q.u.link));
	q.u.link = (struct ifinfomsg){ .ifi_index = (int)device };
	int err = ask(k, &q, answer, &m);
	if (err)
		return err;
	const struct ifinfomsg *body = NLMSG_DATA(m);
	if (!is_message(m, RTM_NEWLINK, sizeof(*body)) ||
	    body->ifi_type != ARPHRD_ETHER || (body->ifi_flags & up) != up)
		return -ENETDOWN;
	split_message(m, sizeof(*body), a, IFLA_LINK_NETNSID);
	if (!a[IFLA_ADDRESS] || RTA_PAYLOAD(a[IFLA_ADDRESS]) != 6)
		return -ENETDOWN;
	memcpy(out->mac, RTA_DATA(a[IFLA_ADDRESS]), 6);
	out->mtu = number(a[IFLA_MTU]);
	read_vlan(a, out);
	return 0;
}

/* ---- the socket ---- */

int ask_open(struct asker *k, uint32_t groups)
{
	struct sockaddr_nl at = { .nl_family = AF_NETLINK,
				  .nl_groups = groups };
	int room = EVENT_BYTES, on = 1;
	int s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       NETLINK_ROUTE);
	*k = (struct asker){ .fd = -1 };
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
	k->fd = s;
	return 0;
}

void ask_close(struct asker *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}
