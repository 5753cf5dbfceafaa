/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the I/O half of relay/: clients that moved to a process which has
 * not their allocation (docs/design/turn.md).
 */
#pragma once

#include "relay/relay_io_int.h"

/* io.c */
void io_to_client(struct relay_io *io, const struct relay_flow *to,
		  const struct relay_out *out);
/* New clients are not even told where else to go. */
bool io_closed(const struct relay_io *io, const struct relay_flow *flow);
void io_hang_up(struct relay_io *io, const struct relay_flow *flow);

/* io_guest.c: packets of clients, and what is asked of their flows, go by
 * here, whoever has the allocation */
int guests_open(struct relay_io *io);
void guests_close(struct relay_io *io);
void guest_packet(struct relay_io *io, const struct relay_flow *flow,
		  const struct relay_packet *p);
bool guest_busy(const struct relay_io *io, const struct relay_flow *flow);
void guest_gone(struct relay_io *io, const struct relay_flow *flow);
int guest_hand_over(void *arg, uint32_t slot, const struct relay_flow *flow,
		    const struct relay_packet *p);
/* To a client who is another process's guest. */
void guest_write(struct relay_io *io, const struct relay_flow *to,
		 const struct relay_out *out);
void guest_hang_up(struct relay_io *io, const struct relay_flow *flow);
