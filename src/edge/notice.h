/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NOTIFYs of home to our own clients. Home is where their dialogs end, so
 * nothing is routed: they get our Via and go out by the connection that home
 * names, and what the client answers goes back as a number (RFC 6665 4.2.2).
 * Private to edge/.
 */
#pragma once

#include "edge/edge_int.h"
#include "edge/pending.h"

void notice_on_ask(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m);
/* The final response to one that was written on this connection. */
void notice_answered(struct flow *f, const struct pending *p,
		     const struct sip_msg *m);
/* Tells home. */
void notice_end(struct edge *e, uint64_t id, uint16_t status);
