/* SPDX-License-Identifier: Apache-2.0 */
/* Transport addresses. Everything that looks at an address looks at its plain
 * form: IPv4-mapped IPv6 is IPv4 (TURN-05). */
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

static struct addr from_v4(const void *bytes, uint16_t port)
{
	struct addr a = { .u.in = { .sin_family = AF_INET } };
	memcpy(&a.u.in.sin_addr, bytes, 4);
	addr_set_port(&a, port);
	return a;
}

static struct addr plain(const struct addr *a)
{
	if (a->u.sa.sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&a->u.in6.sin6_addr))
		return *a;
	return from_v4(&a->u.in6.sin6_addr.s6_addr[12], addr_port(a));
}

/* The address bytes of a plain address; *len is 4, 16, or 0 for others. */
static const uint8_t *host_bytes(const struct addr *a, size_t *len)
{
	if (a->u.sa.sa_family == AF_INET) {
		*len = 4;
		return (const uint8_t *)&a->u.in.sin_addr;
	}
	*len = a->u.sa.sa_family == AF_INET6 ? 16 : 0;
	return a->u.in6.sin6_addr.s6_addr;
}

static int parse_v6(struct slice text, uint16_t port, struct addr *out)
{
	char host[INET6_ADDRSTRLEN];
	uint64_t scope = 0;
	ptrdiff_t percent = slice_chr(text, '%');
	if (percent >= 0) {
		/* interface numbers only: names would need the system */
		if (slice_u64(slice_from(text, (size_t)percent + 1), UINT32_MAX,
			      &scope))
			return -EINVAL;
		text.len = (size_t)percent;
	}
	struct addr a = { .u.in6 = { .sin6_family = AF_INET6,
				     .sin6_scope_id = (uint32_t)scope } };
	if (slice_cstr(text, host, sizeof(host)) ||
	    inet_pton(AF_INET6, host, &a.u.in6.sin6_addr) != 1)
		return -EINVAL;
	addr_set_port(&a, port);
	*out = plain(&a);
	return 0;
}

int addr_parse_host(struct slice text, uint16_t port, struct addr *out)
{
	char host[INET_ADDRSTRLEN];
	struct in_addr v4;
	if (text.len >= 2 && text.ptr[0] == '[') {
		if (text.ptr[text.len - 1] != ']')
			return -EINVAL;
		return parse_v6(slice_of(text.ptr + 1, text.len - 2), port,
				out);
	}
	if (slice_chr(text, ':') >= 0)
		return parse_v6(text, port, out);
	if (slice_cstr(text, host, sizeof(host)) ||
	    inet_pton(AF_INET, host, &v4) != 1)
		return -EINVAL;
	*out = from_v4(&v4, port);
	return 0;
}

int addr_parse(struct slice text, bool allow_zero, struct addr *out)
{
	uint64_t port;
	size_t colon = text.len;
	while (colon > 0 && text.ptr[colon - 1] != ':')
		colon--;
	if (colon == 0)
		return -EINVAL;
	struct slice host = slice_head(text, colon - 1);
	if (slice_u64(slice_from(text, colon), UINT16_MAX, &port) ||
	    (port == 0 && !allow_zero))
		return -EINVAL;
	/* IPv6 needs its brackets here: without them the port is anybody's
	 * guess */
	if (slice_chr(host, ':') >= 0 && host.ptr[0] != '[')
		return -EINVAL;
	return addr_parse_host(host, (uint16_t)port, out);
}

/* Are all bits of p from `bits` on zero? */
static bool tail_zero(const uint8_t *p, size_t len, unsigned bits)
{
	for (unsigned i = bits; i < len * 8; i++) {
		if (p[i / 8] & (0x80 >> i % 8))
			return false;
	}
	return true;
}

int addr_parse_prefix(struct slice text, struct addr_prefix *out)
{
	struct addr_prefix p;
	size_t len;
	uint64_t bits;
	ptrdiff_t slash = slice_chr(text, '/');
	if (slash < 0 ||
	    addr_parse_host(slice_head(text, (size_t)slash), 0, &p.addr))
		return -EINVAL;
	const uint8_t *host = host_bytes(&p.addr, &len);
	/* ::ffff:192.0.2.0/120 would be counted in the wrong family */
	bool colons = slice_chr(text, ':') >= 0;
	if (colons != (len == 16))
		return -EINVAL;
	if (slice_u64(slice_from(text, (size_t)slash + 1), len * 8, &bits) ||
	    !tail_zero(host, len, (unsigned)bits))
		return -EINVAL;
	p.bits = (uint8_t)bits;
	*out = p;
	return 0;
}

bool addr_in_prefix(const struct addr *a, const struct addr_prefix *p)
{
	struct addr x = plain(a);
	size_t len, plen;
	const uint8_t *bytes = host_bytes(&x, &len);
	const uint8_t *prefix = host_bytes(&p->addr, &plen);
	if (!len || len != plen)
		return false;
	size_t whole = p->bits / 8;
	if (memcmp(bytes, prefix, whole) != 0)
		return false;
	unsigned rest = p->bits % 8;
	return rest == 0 || (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

bool addr_same_host(const struct addr *a, const struct addr *b)
{
	struct addr x = plain(a);
	struct addr y = plain(b);
	size_t xlen, ylen;
	const uint8_t *xb = host_bytes(&x, &xlen);
	const uint8_t *yb = host_bytes(&y, &ylen);
	if (!xlen || xlen != ylen || memcmp(xb, yb, xlen) != 0)
		return false;
	return xlen == 4 || x.u.in6.sin6_scope_id == y.u.in6.sin6_scope_id;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_same_host(a, b) && addr_port(a) == addr_port(b);
}

bool addr_is_any(const struct addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return a->u.in.sin_addr.s_addr == INADDR_ANY;
	return a->u.sa.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&a->u.in6.sin6_addr);
}

uint16_t addr_port(const struct addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return ntohs(a->u.in.sin_port);
	return a->u.sa.sa_family == AF_INET6 ? ntohs(a->u.in6.sin6_port) : 0;
}

void addr_set_port(struct addr *a, uint16_t port)
{
	if (a->u.sa.sa_family == AF_INET)
		a->u.in.sin_port = htons(port);
	else if (a->u.sa.sa_family == AF_INET6)
		a->u.in6.sin6_port = htons(port);
}

socklen_t addr_len(const struct addr *a)
{
	if (a->u.sa.sa_family == AF_INET)
		return sizeof(a->u.in);
	return a->u.sa.sa_family == AF_INET6 ? sizeof(a->u.in6) : 0;
}

/* As inet_ntop() does, which goes through printf(): each message that we pass
 * on names where it came from. */
static void write_v4(const uint8_t bytes[static 4], char *out)
{
	for (size_t i = 0; i < 4; i++) {
		uint8_t v = bytes[i];
		if (i)
			*out++ = '.';
		if (v >= 100)
			*out++ = (char)('0' + v / 100);
		if (v >= 10)
			*out++ = (char)('0' + v / 10 % 10);
		*out++ = (char)('0' + v % 10);
	}
	*out = '\0';
}

const char *addr_host(const struct addr *a, char out[static ADDR_TEXT_MAX])
{
	struct addr x = plain(a);
	size_t len;
	const uint8_t *bytes = host_bytes(&x, &len);
	if (len == 4) {
		write_v4(bytes, out);
	} else if (!len ||
		   !inet_ntop(x.u.sa.sa_family, bytes, out, ADDR_TEXT_MAX)) {
		out[0] = '-';
		out[1] = '\0';
	} else if (x.u.in6.sin6_scope_id) {
		size_t used = strlen(out);
		snprintf(out + used, ADDR_TEXT_MAX - used, "%%%u",
			 (unsigned)x.u.in6.sin6_scope_id);
	}
	return out;
}

const char *addr_text(const struct addr *a, char out[static ADDR_TEXT_MAX])
{
	char host[ADDR_TEXT_MAX];
	addr_host(a, host);
	bool v6 = strchr(host, ':') != NULL;
	/* 45 of an address, 11 of a scope: with brackets and port this could
	 * pass the size, where the port is cut, never the terminator */
	if (snprintf(out, ADDR_TEXT_MAX, v6 ? "[%s]:%u" : "%s:%u", host,
		     (unsigned)addr_port(a)) >= ADDR_TEXT_MAX)
		out[ADDR_TEXT_MAX - 1] = '\0';
	return out;
}

uint64_t addr_source(const struct addr *a)
{
	struct addr x = plain(a);
	size_t len;
	const uint8_t *bytes = host_bytes(&x, &len);
	uint64_t v = 0;
	for (size_t i = 0; i < len && i < 8; i++)
		v = v << 8 | bytes[i];
	/* ffff:ffff::/32 is multicast and never a source */
	return len == 4 ? v | 0xffffffff00000000 : v;
}
