/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the header of the PROXY protocol. */
#include "net/proxy_header.h"

#include <errno.h>
#include <netinet/in.h>

#include "base/cursor.h"

enum {
	VERSION_LOCAL = 0x20, /* the balancer itself */
	VERSION_PROXY = 0x21,
	FAMILY_NONE = 0x00,
	FAMILY_TCP4 = 0x11,
	FAMILY_TCP6 = 0x21
};

static const struct slice signature = { (const uint8_t *)"\r\n\r\n\0\r\nQUIT\n",
					12 };

/* Source and destination address, then both ports; the first of each is the
 * client's. */
static int read_v4(struct cur *c, struct addr *from)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	a.sin_addr.s_addr = htonl(cur_u32(c));
	(void)cur_u32(c);
	a.sin_port = htons(cur_u16(c));
	(void)cur_u16(c);
	if (cur_failed(c))
		return -EPROTO;
	from->u.in = a;
	return 0;
}

static int read_v6(struct cur *c, struct addr *from)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
	struct slice source = cur_bytes(c, sizeof(a.sin6_addr));
	(void)cur_bytes(c, sizeof(a.sin6_addr));
	a.sin6_port = htons(cur_u16(c));
	(void)cur_u16(c);
	if (cur_failed(c))
		return -EPROTO;
	memcpy(&a.sin6_addr, source.ptr, source.len);
	from->u.in6 = a;
	if (!IN6_IS_ADDR_V4MAPPED(&a.sin6_addr))
		return 0;
	from->u.in = (struct sockaddr_in){ .sin_family = AF_INET,
					   .sin_port = a.sin6_port };
	memcpy(&from->u.in.sin_addr, source.ptr + 12, 4);
	return 0;
}

int proxy_header_read(struct slice first, size_t *len, struct addr *from)
{
	*len = PROXY_HEADER_HEAD;
	if (!slice_eq(slice_head(first, signature.len),
		      slice_head(signature, first.len)))
		return -EPROTO;
	struct cur c = cur_init(first);
	(void)cur_bytes(&c, signature.len);
	uint8_t version = cur_u8(&c);
	uint8_t family = cur_u8(&c);
	uint16_t rest = cur_u16(&c);
	if (cur_failed(&c))
		return -EAGAIN;
	*len += rest;
	if ((version != VERSION_PROXY && version != VERSION_LOCAL) ||
	    *len > PROXY_HEADER_MAX)
		return -EPROTO;
	if (cur_left(&c) < rest)
		return -EAGAIN;
	struct cur body = cur_sub(&c, rest);
	if (version == VERSION_LOCAL || family == FAMILY_NONE)
		return 0;
	if (family == FAMILY_TCP4)
		return read_v4(&body, from);
	return family == FAMILY_TCP6 ? read_v6(&body, from) : -EPROTO;
}
