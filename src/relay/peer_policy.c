/* SPDX-License-Identifier: Apache-2.0 */
/* The default-deny list and the order of its checks. */
#include "relay/peer_policy.h"

#include "relay/reject.h"

enum { PORT_MIN = 1024 };

struct range {
	uint8_t family;
	uint8_t bits;
	uint8_t ip[16];
};

/* IANA IPv4 and IPv6 special-purpose registries, and what stands reserved.
 * IPv6 outside of 2000::/3 is denied as a whole by not_global(). */
static const struct range special[] = {
	{ 4, 8, { 0 } },
	{ 4, 8, { 10 } },
	{ 4, 10, { 100, 64 } },
	{ 4, 8, { 127 } },
	{ 4, 16, { 169, 254 } },
	{ 4, 12, { 172, 16 } },
	{ 4, 24, { 192, 0, 0 } },
	{ 4, 24, { 192, 0, 2 } },
	{ 4, 24, { 192, 31, 196 } },
	{ 4, 24, { 192, 52, 193 } },
	{ 4, 24, { 192, 88, 99 } },
	{ 4, 16, { 192, 168 } },
	{ 4, 24, { 192, 175, 48 } },
	{ 4, 15, { 198, 18 } },
	{ 4, 24, { 198, 51, 100 } },
	{ 4, 24, { 203, 0, 113 } },
	{ 4, 4, { 224 } },
	{ 4, 4, { 240 } },
	{ 6, 23, { 0x20, 0x01, 0x00, 0x00 } },
	{ 6, 32, { 0x20, 0x01, 0x0d, 0xb8 } },
	{ 6, 16, { 0x20, 0x02 } },
	{ 6, 48, { 0x26, 0x20, 0x00, 0x4f, 0x80, 0x00 } },
	{ 6, 20, { 0x3f, 0xff } },
};

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool not_global(const struct relay_addr *a)
{
	if (a->family == 6 && a->ip[0] >> 5 != 1)
		return true;
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (special[i].family == a->family &&
		    same_bits(a->ip, special[i].ip, special[i].bits))
			return true;
	}
	return false;
}

/* Where IPv4 hides in IPv6: compatible, translated (RFC 2765), NAT64
 * (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214). */
static const struct hiding {
	uint8_t bits;
	uint8_t at;   /* of the four bytes */
	uint8_t flip; /* Teredo inverts them */
	uint8_t prefix[16];
} hidings[] = {
	{ 96, 12, 0x00, { 0 } },
	{ 96, 12, 0x00, { [8] = 0xff, 0xff } },
	{ 96, 12, 0x00, { 0x00, 0x64, 0xff, 0x9b } },
	{ 16, 2, 0x00, { 0x20, 0x02 } },
	{ 32, 12, 0xff, { 0x20, 0x01 } },
};

static const uint8_t isatap[4] = { 0x00, 0x00, 0x5e, 0xfe };

static bool take_out(const struct relay_addr *six, unsigned at, uint8_t flip,
		     struct relay_addr *out)
{
	*out = (struct relay_addr){ .family = 4, .port = six->port };
	for (unsigned i = 0; i < 4; i++)
		out->ip[i] = six->ip[at + i] ^ flip;
	return true;
}

static bool embedded(const struct relay_addr *a, struct relay_addr *out)
{
	if (a->family != 6)
		return false;
	for (size_t i = 0; i < sizeof(hidings) / sizeof(hidings[0]); i++) {
		if (same_bits(a->ip, hidings[i].prefix, hidings[i].bits))
			return take_out(a, hidings[i].at, hidings[i].flip, out);
	}
	/* the universal bit of ISATAP may stand or not */
	if ((a->ip[8] & 0xfd) == isatap[0] && a->ip[9] == isatap[1] &&
	    a->ip[10] == isatap[2] && a->ip[11] == isatap[3])
		return take_out(a, 12, 0, out);
	return false;
}

static bool same_ip(const struct relay_addr *a, const struct addr *b)
{
	struct relay_addr x = relay_addr_of(b);
	return relay_addr_same_ip(a, &x);
}

bool peer_is_own(const struct relay_conf *conf, const struct relay_addr *local,
		 const struct relay_addr *a)
{
	if (relay_addr_same_ip(a, local))
		return true;
	for (unsigned f = 0; f < 2; f++) {
		if (same_ip(a, &conf->relay[f]) || same_ip(a, &conf->public[f]))
			return true;
	}
	for (size_t i = 0; i < conf->own_count; i++) {
		if (same_ip(a, &conf->own[i]))
			return true;
	}
	return false;
}

/* exact: only a row for this one address counts. */
static bool listed(const struct addr_prefix *list, size_t count,
		   const struct relay_addr *a, bool exact)
{
	struct addr x = relay_addr_to(a);
	unsigned whole = a->family == 4 ? 32 : 128;
	for (size_t i = 0; i < count; i++) {
		if ((!exact || list[i].bits == whole) &&
		    addr_in_prefix(&x, &list[i]))
			return true;
	}
	return false;
}

static bool allowed_host(const struct relay_conf *conf,
			 const struct relay_addr *local,
			 const struct relay_addr *a, bool with_port)
{
	if (a->family == 0 || listed(conf->deny, conf->deny_count, a, false))
		return false;
	if (peer_is_own(conf, local, a)) {
		/* a wide prefix does not open ourselves */
		bool relay_port = a->port >= conf->port_first &&
				  a->port <= conf->port_last;
		return (with_port ? relay_port : true) ||
		       listed(conf->allow, conf->allow_count, a, true);
	}
	return listed(conf->allow, conf->allow_count, a, false) ||
	       !not_global(a);
}

const struct reject *peer_check(const struct relay_conf *conf,
				const struct relay_addr *local,
				const struct relay_addr *peer, bool with_port)
{
	struct relay_addr inner;
	if (!allowed_host(conf, local, peer, with_port))
		return &relay_rej_peer;
	if (embedded(peer, &inner) &&
	    !allowed_host(conf, local, &inner, with_port))
		return &relay_rej_peer;
	if (!with_port || peer->port >= PORT_MIN)
		return NULL;
	/* an allowed prefix opens its well-known ports too */
	if (peer->port == 0 ||
	    !listed(conf->allow, conf->allow_count, peer, false))
		return &relay_rej_peer;
	return NULL;
}
