/* SPDX-License-Identifier: Apache-2.0 */
/* Headers up to UDP, whole and without contradiction, or why not. Part of
 * xdp/forward.h. */
#pragma once

#include "xdp/kernel/packet.h"

FWD enum plane_reason parse_v4(struct packet *p, uint8_t *ip, uint8_t *end)
{
	if (ip + V4_BYTES + UDP_BYTES > end)
		return PLANE_SHORT;
	if (ip[9] != PROTOCOL_UDP || ip[0] >> 4 != 4)
		return PLANE_NOT_UDP;
	if (ip[0] != 0x45)
		return PLANE_OPTIONS;
	if (get16(ip + 6) & net16(0x3fff))
		return PLANE_FRAGMENT;
	p->frame = net16(get16(ip + 2));
	p->tos = ip[1];
	p->ttl = ip[8];
	p->key.from[0] = get32(ip + 12);
	p->key.to[0] = get32(ip + 16);
	p->payload = ip + V4_BYTES + UDP_BYTES;
	p->heads += V4_BYTES + UDP_BYTES;
	p->len = p->frame - V4_BYTES - UDP_BYTES;
	return PLANE_REASONS;
}

FWD void get_address(uint64_t to[2], const uint8_t *p)
{
	to[0] = get32(p) | (uint64_t)get32(p + 4) << 32;
	to[1] = get32(p + 8) | (uint64_t)get32(p + 12) << 32;
}

FWD enum plane_reason parse_v6(struct packet *p, uint8_t *ip, uint8_t *end)
{
	if (ip + V6_BYTES + UDP_BYTES > end)
		return PLANE_SHORT;
	if (ip[6] != PROTOCOL_UDP || ip[0] >> 4 != 6)
		return PLANE_NOT_UDP;
	p->six = 1;
	p->frame = V6_BYTES + (uint32_t)net16(get16(ip + 4));
	p->tos = (uint8_t)(ip[0] << 4 | ip[1] >> 4);
	p->ttl = ip[7];
	get_address(p->key.from, ip + 8);
	get_address(p->key.to, ip + 24);
	p->payload = ip + V6_BYTES + UDP_BYTES;
	p->heads += V6_BYTES + UDP_BYTES;
	p->len = p->frame - V6_BYTES - UDP_BYTES;
	return PLANE_REASONS;
}

FWD enum plane_reason parse_udp(struct packet *p, uint8_t *ip, uint8_t *end)
{
	uint8_t *udp = p->payload - UDP_BYTES;
	uint32_t frame = p->frame;
	if (udp + UDP_BYTES > end)
		return PLANE_SHORT;
	if (p->len > PACKET_LEN_MAX) /* negative ones too */
		return PLANE_BAD_LEN;
	OPAQUE(frame);
	frame &= 0x3fff;
	if (ip + frame > end)
		return PLANE_SHORT;
	if (net16(get16(udp + 4)) != p->len + UDP_BYTES || get16(udp) == 0)
		return PLANE_BAD_LEN;
	p->key.port_from = get16(udp);
	p->key.port_to = get16(udp + 2);
	p->csum = get16(udp + 6);
	return PLANE_REASONS;
}

/* PLANE_REASONS: it is UDP and whole. */
FWD enum plane_reason parse(struct packet *p, uint8_t *data, uint8_t *end)
{
	enum plane_reason why;
	uint8_t *ip = data + ETH_BYTES;
	if (ip > end)
		return PLANE_SHORT;
	if (data[0] & 1)
		return PLANE_MULTICAST;
	uint16_t type = get16(data + 12);
	p->heads = ETH_BYTES;
	if (type == net16(TYPE_VLAN)) {
		ip += VLAN_BYTES;
		if (ip > end)
			return PLANE_SHORT;
		type = get16(ip - 2);
		p->heads = ETH_BYTES + VLAN_BYTES;
	}
	if (type == net16(TYPE_V4))
		why = parse_v4(p, ip, end);
	else if (type == net16(TYPE_V6))
		why = parse_v6(p, ip, end);
	else
		return PLANE_NOT_UDP;
	return why == PLANE_REASONS ? parse_udp(p, ip, end) : why;
}
