/* SPDX-License-Identifier: Apache-2.0 */
/* Private to relay/: packets between client and peer. */
#pragma once

#include "relay/relay_int.h"

struct data_out {
	struct relay_addr peer;
	struct slice bytes;
	bool dont_fragment;
};
void data_send(struct relay_alloc *a, const struct relay_packet *p,
	       const struct data_out *out);
/* TTL, then the caps; counts the packet. way: UP, DOWN. */
bool data_may_pass(struct relay_alloc *a, unsigned way,
		   const struct relay_packet *p, size_t len);
/* From ourselves only relay ports may come: not the server's own answers. */
bool data_from_stranger(const struct relay_alloc *a,
			const struct relay_addr *peer);
/* Between the address that peers are told of and what stands on the wire: they
 * differ for those behind our own NAT, ourselves. */
struct relay_addr port_wire_peer(const struct relay_port *port,
				 const struct relay_addr *peer);
struct relay_addr port_seen_peer(const struct relay_port *port,
				 const struct relay_addr *from);
/* ChannelData or raw: the slot says where to. False: its time is over. */
bool data_up(struct relay *r, uint32_t slot, const struct relay_packet *p,
	     struct slice bytes);
