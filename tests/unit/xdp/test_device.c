/* SPDX-License-Identifier: Apache-2.0 */
/* What a device's settings mean, told by a driver of our own. */
#include "xdp/device.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <net/if.h>

#include <linux/ethtool.h>
#include <linux/sockios.h>

enum { NOTES = 8, PORTS = RXH_L4_B_0_1 | RXH_L4_B_2_3 };

struct driver {
	uint32_t flags, queues, most;
	uint64_t hash4, hash6;
	bool silent; /* it knows none of this */
};

static int answer(void *arg, unsigned long what, struct ifreq *r)
{
	const struct driver *d = arg;
	union {
		uint32_t cmd;
		struct ethtool_value value;
		struct ethtool_rxnfc flow;
		struct ethtool_channels channels;
	} *u = (void *)r->ifr_data;
	assert_int_equal(what, SIOCETHTOOL);
	assert_string_equal(r->ifr_name, "eth0");
	if (d->silent)
		return -EOPNOTSUPP;
	switch (u->cmd) {
	case ETHTOOL_GFLAGS:
		u->value.data = d->flags;
		return 0;
	case ETHTOOL_GRXRINGS:
		u->flow.data = d->queues;
		return 0;
	case ETHTOOL_GRXFH:
		u->flow.data =
			u->flow.flow_type == UDP_V6_FLOW ? d->hash6 : d->hash4;
		return 0;
	case ETHTOOL_GCHANNELS:
		u->channels.combined_count = d->queues;
		u->channels.max_combined = d->most;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static size_t notes(struct driver *d, char out[][DEVICE_NOTE_MAX], size_t max)
{
	const struct device_asker a = { answer, d };
	return device_notes(&a, "eth0", 4, out, max);
}

static void one(struct driver d, const char *what)
{
	char out[NOTES][DEVICE_NOTE_MAX];
	assert_int_equal(notes(&d, out, NOTES), 1);
	assert_string_equal(out[0], what);
}

static const struct driver good = {
	.queues = 4, .most = 8, .hash4 = PORTS, .hash6 = PORTS
};

static void test_nothing_to_say(void **state)
{
	const struct driver silent = { .silent = true };
	const struct driver all[] = { good,
				      silent,
				      { .queues = 1, .most = 1 } };
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct driver d = all[i];
		char out[NOTES][DEVICE_NOTE_MAX];
		assert_int_equal(notes(&d, out, NOTES), 0);
	}
}

static void test_each(void **state)
{
	struct driver d = good;
	(void)state;
	d.flags = ETH_FLAG_LRO;
	one(d, "eth0 merges what it receives (LRO): ethtool -K eth0 lro off");
	d = good;
	d.queues = 2;
	one(d, "eth0 has fewer queues than this machine has CPUs: ethtool -L "
	       "eth0 combined N");
	d = good;
	d.hash4 = RXH_IP_SRC | RXH_IP_DST;
	one(d, "eth0 puts all clients and peers of an IPv4 address into one "
	       "queue: ethtool -N eth0 rx-flow-hash udp4 sdfn");
	d = good;
	d.hash6 = RXH_IP_SRC;
	one(d, "eth0 puts all clients and peers of an IPv6 address into one "
	       "queue: ethtool -N eth0 rx-flow-hash udp6 sdfn");
}

static void test_no_more_than_there_is_room(void **state)
{
	char out[NOTES][DEVICE_NOTE_MAX] = { "", "", "untouched" };
	struct driver d = { .flags = ETH_FLAG_LRO,
			    .queues = 2,
			    .most = 8,
			    .hash4 = RXH_IP_SRC,
			    .hash6 = RXH_IP_SRC };
	(void)state;
	assert_int_equal(notes(&d, out, 2), 2);
	assert_string_equal(out[2], "untouched");
	assert_int_equal(notes(&d, out, NOTES), 4);
}

static void test_tags(void **state)
{
	struct driver d = good, silent = { .silent = true };
	const struct device_asker a = { answer, &d }, b = { answer, &silent };
	(void)state;
	assert_false(device_takes_tags(&a, "eth0"));
	d.flags = ETH_FLAG_LRO;
	assert_false(device_takes_tags(&a, "eth0"));
	d.flags = ETH_FLAG_RXVLAN;
	assert_true(device_takes_tags(&a, "eth0"));
	assert_false(device_takes_tags(&b, "eth0"));
}

static void test_loopback(void **state)
{
	int none = -1;
	struct ifreq r = { .ifr_name = "lo" };
	(void)state;
	assert_int_equal(device_of_frames("lo"), if_nametoindex("lo"));
	assert_int_equal(device_of_frames("no-such-device"), 0);
	assert_int_equal(device_ioctl(&none, SIOCETHTOOL, &r), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_to_say),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_no_more_than_there_is_room),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_loopback),
	};
	return cmocka_run_group_tests_name("xdp/device", tests, NULL, NULL);
}
