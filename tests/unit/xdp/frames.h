/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames built from scratch, with sums computed in full: what goes into the
 * fast path, and what has to come out of it.
 */
#pragma once

#include <arpa/inet.h>
#include <string.h>

#include "xdp/table.h"

enum { FRAME_MAX = 10000, CHANNEL = 0x4001, IN_DEVICE = 7, OUT_DEVICE = 9 };

struct frame_end {
	uint8_t ip[16];
	uint16_t port; /* host order */
};

struct frame_spec {
	struct frame_end from, to;
	const uint8_t *payload;
	size_t len;
	size_t behind;               /* bytes of Ethernet padding */
	int six, vlan, no_sum, part; /* part: the sum is left to the device */
	uint8_t ttl, tos;
	uint8_t mac_to[6], mac_from[6];
};

struct frame {
	uint8_t at[FRAME_MAX];
	size_t len;
};

static inline void frame_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint32_t frame_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline uint16_t frame_udp_sum(const struct frame_spec *s,
				     const uint8_t *udp)
{
	size_t a = s->six ? 16 : 4, len = s->len + 8;
	uint8_t tail[4] = { 0, 17, (uint8_t)(len >> 8), (uint8_t)len };
	uint32_t sum = frame_sum(0, s->from.ip, a);
	sum = frame_sum(sum, s->to.ip, a);
	sum = frame_sum(sum, tail, 4);
	if (s->part)
		return (uint16_t)sum;
	sum = frame_sum(sum, udp, len);
	sum = ~sum & 0xffff;
	return (uint16_t)(sum ? sum : 0xffff);
}

static inline size_t frame_ip(const struct frame_spec *s, uint8_t *ip)
{
	size_t len = s->len + 8;
	if (s->six) {
		frame_put16(ip, 0x6000u | (unsigned)s->tos << 4);
		frame_put16(ip + 2, 0);
		frame_put16(ip + 4, (unsigned)len);
		ip[6] = 17;
		ip[7] = s->ttl;
		memcpy(ip + 8, s->from.ip, 16);
		memcpy(ip + 24, s->to.ip, 16);
		return 40;
	}
	memset(ip, 0, 20);
	ip[0] = 0x45;
	ip[1] = s->tos;
	frame_put16(ip + 2, (unsigned)len + 20);
	ip[8] = s->ttl;
	ip[9] = 17;
	memcpy(ip + 12, s->from.ip, 4);
	memcpy(ip + 16, s->to.ip, 4);
	frame_put16(ip + 10, ~frame_sum(0, ip, 20) & 0xffff);
	return 20;
}

static inline void frame_build(struct frame *f, const struct frame_spec *s)
{
	uint8_t *p = f->at;
	memcpy(p, s->mac_to, 6);
	memcpy(p + 6, s->mac_from, 6);
	p += 12;
	if (s->vlan) {
		frame_put16(p, 0x8100);
		frame_put16(p + 2, (unsigned)s->vlan);
		p += 4;
	}
	frame_put16(p, s->six ? 0x86dd : 0x0800);
	p += 2;
	p += frame_ip(s, p);
	frame_put16(p, s->from.port);
	frame_put16(p + 2, s->to.port);
	frame_put16(p + 4, (unsigned)s->len + 8);
	frame_put16(p + 6, 0);
	if (s->len)
		memcpy(p + 8, s->payload, s->len);
	if (!s->no_sum)
		frame_put16(p + 6, frame_udp_sum(s, p));
	p += 8 + s->len;
	memset(p, 0xee, s->behind);
	f->len = (size_t)(p + s->behind - f->at);
}

/* The identification is the sender's own affair: sets it to zero, and mends
 * the sum of the head if it was right. */
static inline void frame_normal(uint8_t *frame, size_t len)
{
	size_t at = 14;
	if (len > 18 && frame[12] == 0x81 && frame[13] == 0)
		at = 18;
	if (len < at + 20 || frame[at - 2] != 8 ||
	    frame_sum(0, frame + at, 20) != 0xffff)
		return;
	frame_put16(frame + at + 4, 0);
	frame_put16(frame + at + 10, 0);
	frame_put16(frame + at + 10, ~frame_sum(0, frame + at, 20) & 0xffff);
}
