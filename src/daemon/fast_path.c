/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path from the supervisor's side. */
#include "daemon/fast_path.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "xdp/device.h"

enum { NOTES_MAX = 8 };

/* ---- devices ---- */

struct device {
	uint32_t index;
	char name[IF_NAMESIZE];
	bool tagged; /* there are VLANs with addresses on it */
	int err;
	char why[PLANE_WHY_MAX];
};

struct devices {
	struct device all[PLANE_DEVICES];
	size_t count;
};

static bool has_address(const struct ifaddrs *all, const char *name)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (i->ifa_addr && strcmp(i->ifa_name, name) == 0 &&
		    (i->ifa_addr->sa_family == AF_INET ||
		     i->ifa_addr->sa_family == AF_INET6))
			return true;
	}
	return false;
}

/* Of Ethernet, up, with an address: packets come and go by these, or by what
 * is below. */
static bool is_used(const struct ifaddrs *all, const struct ifaddrs *i)
{
	struct sockaddr_ll link;
	if (!i->ifa_addr || i->ifa_addr->sa_family != AF_PACKET ||
	    !(i->ifa_flags & IFF_UP) || i->ifa_flags & IFF_LOOPBACK)
		return false;
	memcpy(&link, i->ifa_addr, sizeof(link));
	return link.sll_hatype == ARPHRD_ETHER && has_address(all, i->ifa_name);
}

static void add_device(struct devices *d, uint32_t index, bool tagged)
{
	size_t i = 0;
	while (i < d->count && d->all[i].index != index)
		i++;
	if (!index || i == PLANE_DEVICES)
		return;
	if (i == d->count) {
		d->all[d->count++] = (struct device){ .index = index };
		if (!if_indextoname(index, d->all[i].name))
			memcpy(d->all[i].name, "?", 2);
	}
	d->all[i].tagged |= tagged;
}

static void find_devices(struct devices *d)
{
	struct ifaddrs *all = NULL;
	d->count = 0;
	if (getifaddrs(&all))
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		uint32_t below =
			is_used(all, i) ? device_of_frames(i->ifa_name) : 0;
		add_device(d, below, below != if_nametoindex(i->ifa_name));
	}
	freeifaddrs(all);
}

/* ---- attaching ---- */

static void append(char text[static FAST_PATH_TEXT], const char *between,
		   const char *more)
{
	size_t at = strlen(text);
	snprintf(text + at, FAST_PATH_TEXT - at, "%s%s", at ? between : "",
		 more);
}

static void note_where(struct fast_path *f, const char *name,
		       enum plane_mode mode)
{
	char one[IF_NAMESIZE + 16];
	snprintf(one, sizeof(one), "%s %s", name,
		 mode == PLANE_NATIVE ? "native" : "generic");
	append(f->where, ", ", one);
}

static void note_settings(struct fast_path *f, const char *name)
{
	char notes[NOTES_MAX][DEVICE_NOTE_MAX];
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct device_asker kernel = { device_ioctl, &s };
	size_t n = device_notes(&kernel, name, plane_cpus(f->plane), notes,
				NOTES_MAX);
	if (s >= 0)
		close(s);
	for (size_t i = 0; i < n; i++) {
		LOG(LOG_WARN, "fast.device_setting", KV_STR("what", notes[i]));
		append(f->notes, "; ", notes[i]);
	}
}

static void note_failed(struct fast_path *f, const char *name, const char *why)
{
	char one[IF_NAMESIZE + PLANE_WHY_MAX + 16];
	LOG(LOG_WARN, "fast.device_failed", KV_STR("device", name),
	    KV_STR("why", why));
	snprintf(f->why, sizeof(f->why), "%s: %.150s", name, why);
	snprintf(one, sizeof(one), "%s without: %s", name, why);
	append(f->notes, "; ", one);
}

static void note_attached(struct fast_path *f, const char *name,
			  enum plane_mode mode)
{
	LOG(LOG_INFO, "fast.device", KV_STR("device", name),
	    KV_STR("mode", mode == PLANE_NATIVE ? "native" : "generic"));
	note_where(f, name, mode);
	note_settings(f, name);
}

/* A tag that the device took off is beside the frame then: it would be put in
 * front of the one that is written, or of a frame that wants none. */
static bool hides_tags(const struct device *d)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct device_asker kernel = { device_ioctl, &s };
	bool hides = d->tagged && device_takes_tags(&kernel, d->name);
	if (s >= 0)
		close(s);
	return hides;
}

static int attach(struct fast_path *f, struct device *d, enum plane_mode mode)
{
	if (mode == PLANE_GENERIC && hides_tags(d)) {
		snprintf(d->why, sizeof(d->why),
			 "it takes VLAN tags off, which generic mode does not "
			 "see: ethtool -K %s rxvlan off",
			 d->name);
		return -EOPNOTSUPP;
	}
	d->err = plane_attach(f->plane, d->index, mode, d->why);
	if (!d->err)
		note_attached(f, d->name, mode);
	return d->err;
}

/* Natively, or, where it was insisted on and no device can, after the stack
 * made a buffer of each packet: that is right, and hardly faster than a socket.
 * Both at once would not do: what a native device redirects to a driver that
 * knows nothing of it is lost. */
static void attach_all(struct fast_path *f, bool insist)
{
	struct devices d;
	bool native = false;
	find_devices(&d);
	if (d.count == 0)
		snprintf(f->why, sizeof(f->why),
			 "no Ethernet device that is up has an address");
	for (size_t i = 0; i < d.count; i++)
		native |= !attach(f, &d.all[i], PLANE_NATIVE);
	for (size_t i = 0; i < d.count; i++) {
		struct device *x = &d.all[i];
		if (x->err && x->err != -EBUSY && insist && !native)
			attach(f, x, PLANE_GENERIC);
		if (x->err)
			note_failed(f, x->name, x->why);
	}
	if (f->where[0])
		return;
	plane_free(f->plane);
	f->plane = NULL;
}

void fast_path_open(struct fast_path *f, const struct conf *c)
{
	*f = (struct fast_path){ .plane = NULL };
	if (c->relay.listen_count == 0 || c->relay.xdp == CONF_XDP_OFF)
		return;
	f->refused = true;
	if (plane_load(&f->plane, c->workers, f->why) == 0)
		attach_all(f, c->relay.xdp == CONF_XDP_ON);
	if (!f->plane) {
		LOG(LOG_WARN, "fast.off", KV_STR("why", f->why));
		return;
	}
	f->refused = false;
	fast_path_configure(f, c);
}

void fast_path_close(struct fast_path *f)
{
	plane_free(f->plane);
	f->plane = NULL;
}

/* ---- the switch ---- */

static struct plane_control *control(const struct fast_path *f)
{
	return plane_regions(f->plane)->at[PLANE_R_CONTROL];
}

static bool has_port(const struct plane_control *c, size_t count, uint16_t port)
{
	for (size_t i = 0; i < count; i++) {
		if (c->listen[i] == port)
			return true;
	}
	return false;
}

/* Further ones than there is room for are served by the relay alone. */
static void set_ports(struct plane_control *c, const struct conf *conf)
{
	size_t n = 0;
	for (size_t i = 0; i < conf->relay.listen_count; i++) {
		uint16_t port = htons(addr_port(&conf->relay.listen[i].addr));
		if (n < PLANE_LISTENERS && !has_port(c, n, port))
			c->listen[n++] = port;
	}
	while (n < PLANE_LISTENERS)
		c->listen[n++] = 0;
	c->first = (uint16_t)(conf->relay.range >> 16);
	c->last = (uint16_t)conf->relay.range;
}

static const char needs_restart[] = "it begins at a restart only";

/* The rights to load it were given up at the start. */
static void tell_late(struct fast_path *f, bool on)
{
	bool late = on && !f->refused;
	if (late && !f->late)
		LOG(LOG_WARN, "fast.off", KV_STR("why", needs_restart));
	f->late = late;
}

void fast_path_configure(struct fast_path *f, const struct conf *c)
{
	bool on = c->relay.xdp != CONF_XDP_OFF;
	if (!f->plane) {
		tell_late(f, on && c->relay.listen_count > 0);
		return;
	}
	struct plane_control *p = control(f);
	bool before = __atomic_load_n(&p->on, __ATOMIC_RELAXED);
	set_ports(p, c);
	__atomic_store_n(&p->on, on, __ATOMIC_RELEASE);
	if (on && !before)
		LOG(LOG_INFO, "fast.on", KV_STR("where", f->where));
	if (!on && before)
		LOG(LOG_INFO, "fast.off", KV_STR("why", "relay.xdp is off"));
}

void fast_path_gone(struct fast_path *f, uint32_t slot)
{
	if (!f->plane || slot >= PLANE_COLUMNS)
		return;
	struct plane_beat *beat = plane_regions(f->plane)->at[PLANE_R_BEATS];
	__atomic_store_n(&beat[slot].until_ms, 0, __ATOMIC_RELEASE);
}

static const enum metric metric_of[] = {
#define REASON(ID, name, what) M_FAST_##ID,
#include "xdp/reasons.tbl"
#undef REASON
};

/* It can be seen by real frames only. */
static void tell_headroom(struct fast_path *f)
{
	if (f->cramped || !f->counted[PLANE_HEADROOM])
		return;
	f->cramped = true;
	LOG(LOG_WARN, "fast.no_headroom", KV_STR("where", f->where));
	append(f->notes, "; ",
	       "a driver leaves no room in front of frames: what gets a longer "
	       "header is relayed by the process");
}

void fast_path_count(struct fast_path *f)
{
	if (!f->plane)
		return;
	const struct plane_counts *row =
		plane_regions(f->plane)->at[PLANE_R_COUNTS];
	for (unsigned r = 0; r < PLANE_REASONS; r++) {
		uint64_t all = 0;
		for (uint32_t cpu = 0; cpu < plane_cpus(f->plane); cpu++)
			all += __atomic_load_n(&row[cpu].packets[r],
					       __ATOMIC_RELAXED);
		metric_add(metric_of[r], all - f->counted[r]);
		f->counted[r] = all;
	}
	tell_headroom(f);
}

void fast_path_text(const struct fast_path *f, const struct conf *c,
		    char out[static FAST_PATH_TEXT])
{
	out[0] = '\0';
	if (c->relay.xdp == CONF_XDP_OFF) {
		append(out, "", "off");
	} else if (f->plane) {
		append(out, "", f->where);
		append(out, f->notes[0] ? "; " : "", f->notes);
	} else {
		append(out, "", "off: ");
		append(out, "", f->refused ? f->why : needs_restart);
	}
}
