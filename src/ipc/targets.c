/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of TARGETS, written and read. */
#include "ipc/targets.h"

#include <errno.h>

enum {
	FLAG_SECURE = 1,
	FLAG_DIRECT = 2,
	NAME_MAX_BYTES = 253,
	BYTES_V4 = 4,
	BYTES_V6 = 16,
	SHA256_BYTES = 32,
	SHA512_BYTES = 64,
	USAGE_LAST = 3,
};

static void put_addr(struct buf *out, const struct addr *a)
{
	bool six = a->u.sa.sa_family == AF_INET6;
	buf_u8(out, six ? 6 : 4);
	if (six)
		buf_put(out, slice_of(&a->u.in6.sin6_addr, BYTES_V6));
	else
		buf_put(out, slice_of(&a->u.in.sin_addr, BYTES_V4));
}

void ipc_target_put(struct buf *out, const struct ipc_target *t)
{
	buf_u16(out, t->port);
	buf_u16(out, t->priority);
	buf_u16(out, t->weight);
	buf_u8(out, (uint8_t)((t->secure ? FLAG_SECURE : 0) |
			      (t->direct ? FLAG_DIRECT : 0)));
	buf_u8(out, (uint8_t)t->name.len);
	buf_put(out, slice_head(t->name, NAME_MAX_BYTES));
	buf_u8(out, (uint8_t)t->count);
	for (size_t i = 0; i < t->count; i++)
		put_addr(out, &t->addr[i]);
}

static int next_addr(struct cur *c, uint16_t port, struct addr *out)
{
	uint8_t family = cur_u8(c);
	struct slice raw = cur_bytes(c, family == 4 ? BYTES_V4 : BYTES_V6);
	if (cur_failed(c) || (family != 4 && family != 6))
		return -EBADMSG;
	memset(out, 0, sizeof(*out));
	if (family == 4) {
		out->u.in.sin_family = AF_INET;
		memcpy(&out->u.in.sin_addr, raw.ptr, raw.len);
	} else {
		out->u.in6.sin6_family = AF_INET6;
		memcpy(&out->u.in6.sin6_addr, raw.ptr, raw.len);
	}
	addr_set_port(out, port);
	return 0;
}

int ipc_target_next(struct cur *c, struct ipc_target *out)
{
	if (!cur_left(c) && !cur_failed(c))
		return 0;
	memset(out, 0, sizeof(*out));
	out->port = cur_u16(c);
	out->priority = cur_u16(c);
	out->weight = cur_u16(c);
	uint8_t flags = cur_u8(c);
	out->secure = (flags & FLAG_SECURE) != 0;
	out->direct = (flags & FLAG_DIRECT) != 0;
	out->name = cur_bytes(c, cur_u8(c));
	size_t count = cur_u8(c);
	if (cur_failed(c) || !out->port || slice_empty(out->name) ||
	    out->name.len > NAME_MAX_BYTES || count > IPC_TARGET_ADDRESSES_MAX)
		return -EBADMSG;
	for (; out->count < count; out->count++)
		if (next_addr(c, out->port, &out->addr[out->count]))
			return -EBADMSG;
	return 1;
}

void ipc_tlsa_put(struct buf *out, const struct ipc_tlsa *t)
{
	buf_u8(out, t->usage);
	buf_u8(out, t->selector);
	buf_u8(out, (uint8_t)t->digest.len);
	buf_put(out, slice_head(t->digest, SHA512_BYTES));
}

int ipc_tlsa_next(struct cur *c, struct ipc_tlsa *out)
{
	if (!cur_left(c) && !cur_failed(c))
		return 0;
	out->usage = cur_u8(c);
	out->selector = cur_u8(c);
	out->digest = cur_bytes(c, cur_u8(c));
	bool good = out->usage <= USAGE_LAST && out->selector <= 1 &&
		    (out->digest.len == SHA256_BYTES ||
		     out->digest.len == SHA512_BYTES);
	return cur_failed(c) || !good ? -EBADMSG : 1;
}
