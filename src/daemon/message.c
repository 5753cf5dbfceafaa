/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes and sends. */
#include "daemon/message.h"

#include <errno.h>

static enum channel_class class_of(enum ipc_type type)
{
	switch (ipc_type_class(type)) {
	case IPC_REQUEST:
		return CHANNEL_REQUEST;
	case IPC_ANSWER:
		return CHANNEL_ANSWER;
	case IPC_BULK:
		return CHANNEL_BULK;
	}
	return CHANNEL_ANSWER;
}

int message_send(struct channel *c, struct buf *scratch, enum ipc_type type,
		 const void *body, int fd)
{
	if (!c)
		return -EPIPE;
	buf_reset(scratch);
	ipc_encode(scratch, type, body);
	if (buf_failed(scratch))
		return -ENOMEM;
	return channel_send(c, class_of(type), buf_slice(scratch), fd);
}
