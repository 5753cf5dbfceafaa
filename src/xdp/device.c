/* SPDX-License-Identifier: Apache-2.0 */
#include "xdp/device.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/sockios.h>

struct device {
	const struct device_asker *asker;
	const char *name;
	unsigned cpus;
};

static int ethtool(const struct device *d, void *command)
{
	struct ifreq r = { .ifr_data = command };
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", d->name);
	return d->asker->ask(d->asker->arg, SIOCETHTOOL, &r);
}

/* ---- settings ---- */

static bool has_flag(const struct device *d, uint32_t flag)
{
	struct ethtool_value v = { .cmd = ETHTOOL_GFLAGS };
	return !ethtool(d, &v) && v.data & flag;
}

static bool merges(const struct device *d)
{
	return has_flag(d, ETH_FLAG_LRO);
}

static unsigned queues(const struct device *d)
{
	struct ethtool_rxnfc v = { .cmd = ETHTOOL_GRXRINGS };
	return ethtool(d, &v) ? 1 : (unsigned)v.data;
}

/* Would more queues keep more CPUs busy? */
static bool few_queues(const struct device *d)
{
	struct ethtool_channels c = { .cmd = ETHTOOL_GCHANNELS };
	if (ethtool(d, &c))
		return false;
	unsigned now = c.rx_count + c.combined_count;
	unsigned most = c.max_rx > c.max_combined ? c.max_rx : c.max_combined;
	return now < d->cpus && now < most;
}

static bool hashes_addresses_only(const struct device *d, uint32_t flow)
{
	const uint64_t ports = RXH_L4_B_0_1 | RXH_L4_B_2_3;
	struct ethtool_rxnfc v = { .cmd = ETHTOOL_GRXFH, .flow_type = flow };
	return queues(d) > 1 && !ethtool(d, &v) && v.data &&
	       (v.data & ports) != ports;
}

static bool hash4(const struct device *d)
{
	return hashes_addresses_only(d, UDP_V4_FLOW);
}

static bool hash6(const struct device *d)
{
	return hashes_addresses_only(d, UDP_V6_FLOW);
}

/* remedy: what ethtool is to be told, before and after the device's name */
static const struct {
	bool (*is)(const struct device *d);
	const char *what, *remedy[2];
} settings[] = {
	{ merges, "merges what it receives (LRO)", { "-K", "lro off" } },
	{ few_queues,
	  "has fewer queues than this machine has CPUs",
	  { "-L", "combined N" } },
	{ hash4,
	  "puts all clients and peers of an IPv4 address into one queue",
	  { "-N", "rx-flow-hash udp4 sdfn" } },
	{ hash6,
	  "puts all clients and peers of an IPv6 address into one queue",
	  { "-N", "rx-flow-hash udp6 sdfn" } },
};

size_t device_notes(const struct device_asker *a, const char *name,
		    unsigned cpus, char notes[][DEVICE_NOTE_MAX], size_t max)
{
	const struct device d = { .asker = a, .name = name, .cpus = cpus };
	size_t n = 0;
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		if (n < max && settings[i].is(&d))
			snprintf(notes[n++], DEVICE_NOTE_MAX,
				 "%s %s: ethtool %s %s %s", name,
				 settings[i].what, settings[i].remedy[0], name,
				 settings[i].remedy[1]);
	}
	return n;
}

bool device_takes_tags(const struct device_asker *a, const char *name)
{
	const struct device d = { .asker = a, .name = name };
	return has_flag(&d, ETH_FLAG_RXVLAN);
}

/* ---- the kernel ---- */

int device_ioctl(void *fd, unsigned long what, struct ifreq *request)
{
	return ioctl(*(int *)fd, what, request) ? -errno : 0;
}

uint32_t device_of_frames(const char *name)
{
	struct vlan_ioctl_args v = { .cmd = GET_VLAN_REALDEV_NAME_CMD };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0)
		return if_nametoindex(name);
	snprintf(v.device1, sizeof(v.device1), "%s", name);
	int err = ioctl(s, SIOCGIFVLAN, &v);
	close(s);
	return if_nametoindex(err ? name : v.u.device2);
}
