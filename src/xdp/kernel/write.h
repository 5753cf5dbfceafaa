/* SPDX-License-Identifier: Apache-2.0 */
/* New headers from the binding: the payload never moves. Part of
 * xdp/forward.h. */
#pragma once

#include "xdp/kernel/sum.h"

FWD uint32_t eth_bytes(const struct plan *d)
{
	return ETH_BYTES + (d->hop.vlan ? VLAN_BYTES : 0);
}

FWD void write_eth(uint8_t *data, const struct plan *d)
{
	uint16_t type = net16(d->six ? TYPE_V6 : TYPE_V4);
	__builtin_memcpy(data, d->hop.to, 6);
	__builtin_memcpy(data + 6, d->hop.from, 6);
	if (!d->hop.vlan) {
		put16(data + 12, type);
		return;
	}
	put16(data + 12, net16(TYPE_VLAN));
	put16(data + 14, net16(d->hop.vlan));
	put16(data + 16, type);
}

/* No fragment bits, as from our own sockets; so the identification has to
 * differ from packet to packet (RFC 6864 4.3). */
FWD void write_v4(uint8_t *ip, const struct plan *d)
{
	const struct plane_ends *e = &d->slot->ends[!d->way];
	uint32_t from = get32(e->to), to = get32(e->from);
	put16(ip, net16((uint16_t)(0x4500 | d->tos)));
	put16(ip + 2, net16((uint16_t)plan_length(d)));
	put16(ip + 4, (uint16_t)d->slot->count[d->way & 1].sum);
	put16(ip + 6, 0);
	ip[8] = d->ttl;
	ip[9] = PROTOCOL_UDP;
	put32(ip + 12, from);
	put32(ip + 16, to);
	uint64_t sum =
		(uint64_t)from + to + get32(ip) + get32(ip + 4) + get16(ip + 8);
	put16(ip + 10, (uint16_t)~fold(sum));
}

FWD void write_v6(uint8_t *ip, const struct plan *d)
{
	const struct plane_ends *e = &d->slot->ends[!d->way];
	put32(ip,
	      __builtin_bswap32(UINT32_C(6) << 28 | (uint32_t)d->tos << 20));
	put16(ip + 4, net16((uint16_t)(plan_length(d) - V6_BYTES)));
	ip[6] = PROTOCOL_UDP;
	ip[7] = d->ttl;
	__builtin_memcpy(ip + 8, e->to, 16);
	__builtin_memcpy(ip + 24, e->from, 16);
}

FWD void write_udp(uint8_t *udp, const struct plan *d)
{
	const uint16_t *port = d->slot->port[!d->way];
	put16(udp, port[1]);
	put16(udp + 2, port[0]);
	put16(udp + 4,
	      net16((uint16_t)(d->data + UDP_BYTES +
			       (d->channel_head ? CHANNEL_BYTES : 0))));
	put16(udp + 6, d->csum);
}

FWD int write_rest(uint8_t *udp, uint8_t *end, const struct plan *d)
{
	if (udp + UDP_BYTES > end)
		return -1;
	write_udp(udp, d);
	if (!d->channel_head)
		return 0;
	if (udp + UDP_BYTES + CHANNEL_BYTES > end)
		return -1;
	put16(udp + 8, d->slot->channel);
	put16(udp + 10, net16((uint16_t)d->data));
	return 0;
}

/* -1: bounds that were there are not any more. */
FWD int write_heads(uint8_t *data, uint8_t *end, const struct plan *d)
{
	uint8_t *ip = data + ETH_BYTES;
	if (d->hop.vlan)
		ip += VLAN_BYTES;
	if (d->six) {
		if (ip + V6_BYTES > end)
			return -1;
		write_eth(data, d);
		write_v6(ip, d);
		return write_rest(ip + V6_BYTES, end, d);
	}
	if (ip + V4_BYTES > end)
		return -1;
	write_eth(data, d);
	write_v4(ip, d);
	return write_rest(ip + V4_BYTES, end, d);
}
