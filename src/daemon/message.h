/* SPDX-License-Identifier: Apache-2.0 */
/* One message of ipc/ onto a channel. */
#pragma once

#include "ipc/ipc.h"
#include "loop/channel.h"

/* Encodes into scratch (reset before) and sends in the class of the type.
 * fd: -1, or a descriptor to pass along, which stays the caller's. */
int message_send(struct channel *c, struct buf *scratch, enum ipc_type type,
		 const void *body, int fd);
