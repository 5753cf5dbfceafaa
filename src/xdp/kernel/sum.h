/* SPDX-License-Identifier: Apache-2.0 */
/* UDP checksums by what changed (RFC 1624). Part of xdp/forward.h. */
#pragma once

#include "xdp/kernel/packet.h"

FWD uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Takes the padding out of the sum. -1: it lies behind the frame. */
FWD int drop_surplus(const struct packet *p, const struct plan *d, uint8_t *end,
		     uint64_t *sum)
{
	uint32_t data = d->data;
	OPAQUE(data);
	data &= 0x3fff;
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t *at = p->payload + CHANNEL_BYTES + data + i;
		if (i >= d->surplus)
			break;
		if (at + 1 > end)
			return -1;
		uint16_t byte = *at;
		if (!((data + i) & 1))
			byte = (uint16_t)(byte << 8);
		*sum += (uint16_t)~net16(byte);
	}
	return 0;
}

/* A sender on this machine, or the host of a virtual one, leaves the sum to the
 * device: the field has that of the pseudo-header only, and what completes it
 * is beside the frame, where it cannot be seen. So it is with datagrams that
 * were merged into one (GSO, GRO), whose parts cannot be seen either. One whole
 * sum of 65535 looks the same and goes up with them. */
FWD int is_partial(const struct packet *p, const struct plan *d)
{
	const struct plane_slot *x = d->first ? d->first : d->slot;
	uint32_t way = d->first ? PLANE_UP : d->way;
	uint32_t sum = x->part[way & 1];
	sum += net16((uint16_t)(p->len + UDP_BYTES));
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum == p->csum;
}

FWD enum plane_reason sum_up(const struct packet *p, struct plan *d,
			     uint8_t *end)
{
	if (p->csum == 0) {
		d->csum = 0;
		return p->six || d->six ? PLANE_CSUM_ZERO : PLANE_REASONS;
	}
	if (is_partial(p, d))
		return PLANE_CSUM_PARTIAL;
	uint32_t before = p->len + UDP_BYTES;
	uint32_t after =
		d->data + UDP_BYTES + (d->channel_head ? CHANNEL_BYTES : 0);
	uint64_t sum =
		(uint16_t)~p->csum + (uint64_t)d->slot->delta[d->way & 1];
	if (d->first)
		sum += d->first->delta[PLANE_UP];
	sum += 2 * (uint64_t)(uint16_t)~net16((uint16_t)before);
	sum += 2 * (uint64_t)net16((uint16_t)after);
	if (d->channel_head)
		sum += net16((uint16_t)d->data);
	if (d->skip)
		sum += (uint16_t)~net16((uint16_t)d->data);
	if (d->surplus && drop_surplus(p, d, end, &sum))
		return PLANE_SHORT;
	d->csum = (uint16_t)~fold(sum);
	if (d->csum == 0)
		d->csum = 0xffff;
	return PLANE_REASONS;
}
