/* SPDX-License-Identifier: Apache-2.0 */
/* What the system says of routes, neighbours and devices, said by us: the
 * answer lies in the socket before the question is asked. */
#include "xdp/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

struct state {
	struct asker k;
	int system;
	_Alignas(8) uint8_t bytes[512];
	struct nlmsghdr *m;
};

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };

static int open_state(void **out)
{
	static struct state s;
	int both[2];
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, both))
		return -1;
	s = (struct state){ .k = { .fd = both[0] }, .system = both[1] };
	*out = &s;
	return 0;
}

static int close_state(void **in)
{
	struct state *s = *in;
	ask_close(&s->k);
	ask_close(&s->k); /* twice is fine */
	close(s->system);
	return 0;
}

static void *begin(struct state *s, uint16_t type, size_t body)
{
	memset(s->bytes, 0, sizeof(s->bytes));
	s->m = (void *)s->bytes;
	s->m->nlmsg_type = type;
	s->m->nlmsg_len = (uint32_t)NLMSG_SPACE(body);
	s->m->nlmsg_seq = s->k.sequence + 1;
	return NLMSG_DATA(s->m);
}

/* The attribute, for those inside of it. */
static struct rtattr *put(struct state *s, uint16_t type, const void *value,
			  size_t len)
{
	struct rtattr *a = (void *)(s->bytes + NLMSG_ALIGN(s->m->nlmsg_len));
	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), value, len);
	s->m->nlmsg_len = (uint32_t)(NLMSG_ALIGN(s->m->nlmsg_len) +
				     RTA_ALIGN(a->rta_len));
	return a;
}

static void put32(struct state *s, uint16_t type, uint32_t value)
{
	put(s, type, &value, sizeof(value));
}

static void put16(struct state *s, uint16_t type, uint16_t value)
{
	put(s, type, &value, sizeof(value));
}

static void end(struct state *s, struct rtattr *nested)
{
	nested->rta_len =
		(uint16_t)(s->bytes + s->m->nlmsg_len - (uint8_t *)nested);
}

static void say(struct state *s)
{
	assert_int_equal(send(s->system, s->bytes, s->m->nlmsg_len, 0),
			 s->m->nlmsg_len);
}

/* ---- devices ---- */

struct link {
	uint16_t type, id, protocol;
	uint32_t flags;
	const char *kind;
	bool elsewhere; /* what is below is in another namespace */
};

static int device(struct state *s, const struct link *l, struct ask_device *out)
{
	struct ifinfomsg *body = begin(s, RTM_NEWLINK, sizeof(*body));
	body->ifi_type = l->type;
	body->ifi_flags = l->flags;
	put(s, IFLA_ADDRESS, mac, sizeof(mac));
	put32(s, IFLA_MTU, 1400);
	put32(s, IFLA_LINK, 3);
	if (l->elsewhere)
		put32(s, IFLA_LINK_NETNSID, 0);
	struct rtattr *info = put(s, IFLA_LINKINFO, NULL, 0);
	put(s, IFLA_INFO_KIND, l->kind, strlen(l->kind) + 1);
	struct rtattr *data = put(s, IFLA_INFO_DATA, NULL, 0);
	put16(s, IFLA_VLAN_ID, l->id);
	put16(s, IFLA_VLAN_PROTOCOL, htons(l->protocol));
	end(s, data);
	end(s, info);
	say(s);
	return ask_device(&s->k, 7, out);
}

static const struct link vlan = { .type = ARPHRD_ETHER,
				  .id = 5,
				  .protocol = ETH_P_8021Q,
				  .flags = IFF_UP | IFF_RUNNING,
				  .kind = "vlan" };

static void test_vlan(void **state)
{
	struct ask_device d;
	assert_int_equal(device(*state, &vlan, &d), 0);
	assert_int_equal(d.vlan, 5);
	assert_int_equal(d.below, 3);
	assert_int_equal(d.mtu, 1400);
	assert_memory_equal(d.mac, mac, 6);
}

static void test_no_vlan(void **state)
{
	struct link l[3] = { vlan, vlan, vlan };
	struct ask_device d;
	l[0].kind = "veth";
	l[1].protocol = ETH_P_8021AD;
	l[2].elsewhere = true;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(device(*state, &l[i], &d), 0);
		assert_int_equal(d.vlan, 0);
		assert_int_equal(d.below, 0);
	}
}

static void test_not_up(void **state)
{
	struct link l[3] = { vlan, vlan, vlan };
	struct ask_device d;
	l[0].flags = IFF_UP;
	l[1].flags = IFF_RUNNING;
	l[2].type = ARPHRD_LOOPBACK;
	for (int i = 0; i < 3; i++)
		assert_int_equal(device(*state, &l[i], &d), -ENETDOWN);
}

/* ---- routes ---- */

static struct rtmsg *route(struct state *s, uint8_t type)
{
	struct rtmsg *body = begin(s, RTM_NEWROUTE, sizeof(*body));
	body->rtm_type = type;
	put32(s, RTA_OIF, 4);
	return body;
}

static const struct ask_ends ends = { .family = 4, .to = { 192, 0, 2, 1 } };

static void test_route(void **state)
{
	static const uint8_t gateway[4] = { 192, 0, 2, 254 };
	struct state *s = *state;
	struct ask_route way;
	route(s, RTN_UNICAST);
	say(s);
	assert_int_equal(ask_route(&s->k, &ends, &way), 0);
	assert_int_equal(way.device, 4);
	assert_int_equal(way.mtu, 0);
	assert_memory_equal(way.via, ends.to, 16);
	route(s, RTN_UNICAST);
	put(s, RTA_GATEWAY, gateway, 4);
	struct rtattr *metrics = put(s, RTA_METRICS, NULL, 0);
	put32(s, RTAX_ADVMSS, 1200);
	put32(s, RTAX_MTU, 1280);
	end(s, metrics);
	say(s);
	assert_int_equal(ask_route(&s->k, &ends, &way), 0);
	assert_int_equal(way.mtu, 1280);
	assert_memory_equal(way.via, gateway, 4);
}

static void test_no_route(void **state)
{
	static const uint8_t six[16] = { 0xfe, 0x80 };
	struct state *s = *state;
	struct ask_route way;
	route(s, RTN_BLACKHOLE);
	say(s);
	assert_int_equal(ask_route(&s->k, &ends, &way), -EHOSTUNREACH);
	route(s, RTN_UNICAST);
	put(s, RTA_VIA, six, sizeof(six));
	say(s);
	assert_int_equal(ask_route(&s->k, &ends, &way), -EHOSTUNREACH);
	route(s, RTN_UNICAST);
	put(s, RTA_GATEWAY, six, sizeof(six));
	say(s);
	assert_int_equal(ask_route(&s->k, &ends, &way), -EHOSTUNREACH);
}

/* ---- neighbours, and what is no answer ---- */

static int neighbour(struct state *s, uint16_t what, size_t len)
{
	const struct ask_route on = { .family = 6, .device = 4 };
	uint8_t got[6] = { 0 };
	struct ndmsg *body = begin(s, RTM_NEWNEIGH, sizeof(*body));
	body->ndm_state = what;
	put(s, NDA_LLADDR, mac, len);
	say(s);
	int err = ask_neighbour(&s->k, &on, got);
	if (!err)
		assert_memory_equal(got, mac, 6);
	return err;
}

static void test_neighbour(void **state)
{
	static const uint16_t good[] = {
		NUD_REACHABLE, NUD_STALE, NUD_DELAY,
		NUD_PROBE,     NUD_NOARP, NUD_PERMANENT
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(neighbour(*state, good[i], 6), 0);
	assert_int_equal(neighbour(*state, NUD_FAILED, 6), -ENOENT);
	assert_int_equal(neighbour(*state, NUD_INCOMPLETE, 6), -ENOENT);
	assert_int_equal(neighbour(*state, NUD_REACHABLE, 4), -ENOENT);
}

static void test_other_answers(void **state)
{
	struct state *s = *state;
	struct ask_device d;
	struct nlmsgerr *e = begin(s, NLMSG_ERROR, sizeof(*e));
	e->error = -ENODEV;
	say(s);
	assert_int_equal(ask_device(&s->k, 7, &d), -ENODEV);
	begin(s, RTM_NEWLINK, sizeof(struct ifinfomsg));
	s->m->nlmsg_len = 4000; /* more than there is */
	assert_int_equal(send(s->system, s->bytes, 32, 0), 32);
	assert_int_equal(ask_device(&s->k, 7, &d), -EBADMSG);
	assert_int_equal(ask_device(&s->k, 7, &d), -EIO); /* silence */
	/* that of an earlier question is passed over */
	assert_int_equal(device(s, &vlan, &d), 0);
	begin(s, NLMSG_ERROR, sizeof(*e));
	s->m->nlmsg_seq = s->k.sequence;
	say(s);
	assert_int_equal(device(s, &vlan, &d), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_state, close_state)
	const struct CMUnitTest tests[] = {
		CASE(test_vlan),          CASE(test_no_vlan),
		CASE(test_not_up),        CASE(test_route),
		CASE(test_no_route),      CASE(test_neighbour),
		CASE(test_other_answers),
	};
#undef CASE
	return cmocka_run_group_tests_name("xdp/ask", tests, NULL, NULL);
}
