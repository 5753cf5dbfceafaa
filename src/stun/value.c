/* SPDX-License-Identifier: Apache-2.0 */
/* Reading fields of a parsed message. */
#include <errno.h>

#include "stun/stun_int.h"

enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 }; /* RFC 8489 14.1 */

bool stun_has(const struct stun_msg *m, enum stun_field f)
{
	return m->has >> f & 1;
}

struct slice stun_value(const struct stun_msg *m, enum stun_field f)
{
	if (!stun_has(m, f))
		return SLICE_NONE;
	return slice_of(m->raw.ptr + m->field[f].at, m->field[f].len);
}

uint8_t stun_u8(const struct stun_msg *m, enum stun_field f)
{
	struct slice v = stun_value(m, f);
	return v.len >= 1 ? v.ptr[0] : 0;
}

uint16_t stun_u16(const struct stun_msg *m, enum stun_field f)
{
	struct slice v = stun_value(m, f);
	return v.len >= 2 ? stun_get16(v.ptr) : 0;
}

uint32_t stun_u32(const struct stun_msg *m, enum stun_field f)
{
	struct slice v = stun_value(m, f);
	return v.len >= 4 ? stun_get32(v.ptr) : 0;
}

int stun_error_code(const struct stun_msg *m)
{
	struct slice v = stun_value(m, STUN_F_ERROR_CODE);
	if (v.len < 4)
		return 0;
	int code = (v.ptr[2] & 7) * 100 + v.ptr[3];
	return v.ptr[3] > 99 || code < 300 || code > 699 ? 0 : code;
}

/* With the XOR undone: the mask is the 16 bytes after the length, which for
 * RFC 8489 begin with its cookie. */
static int read_addr(const struct stun_row *row, struct slice v,
		     const uint8_t id[static STUN_ID_BYTES], struct addr *out)
{
	uint8_t mask[STUN_ID_BYTES] = { 0 };
	if (v.len != 8 && v.len != 20)
		return -EINVAL;
	if (v.ptr[1] != FAMILY_IPV4 && v.ptr[1] != FAMILY_IPV6)
		return -EAFNOSUPPORT;
	if (v.len != (v.ptr[1] == FAMILY_IPV4 ? 8 : 20))
		return -EINVAL;
	if (row->kind == STUN_XOR_ADDRESS)
		memcpy(mask, id, sizeof(mask));
	memset(out, 0, sizeof(*out));
	bool v4 = v.len == 8;
	uint8_t *host = v4 ? (uint8_t *)&out->u.in.sin_addr
			   : (uint8_t *)&out->u.in6.sin6_addr;
	for (size_t i = 0; i < v.len - 4; i++)
		host[i] = v.ptr[4 + i] ^ mask[i];
	out->u.sa.sa_family = v4 ? AF_INET : AF_INET6;
	addr_set_port(out, stun_get16(v.ptr + 2) ^ stun_get16(mask));
	return 0;
}

int stun_addr(const struct stun_msg *m, enum stun_field f, struct addr *out)
{
	if (!stun_has(m, f))
		return -ENOENT;
	uint32_t at = m->field[f].at;
	const struct stun_row *row =
		stun_row_of_type(m->dialect, stun_get16(m->raw.ptr + at - 4));
	return read_addr(row, stun_value(m, f), m->id, out);
}

int stun_addr_next(const struct stun_msg *m, enum stun_field f, uint32_t *at,
		   struct addr *out)
{
	const uint8_t *raw = m->raw.ptr;
	uint32_t pos = *at ? *at : STUN_HEADER_BYTES;
	while (pos < m->end) {
		const struct stun_row *row =
			stun_row_of_type(m->dialect, stun_get16(raw + pos));
		uint16_t len = stun_get16(raw + pos + 2);
		struct slice v = slice_of(raw + pos + 4, len);
		pos += 4 + (m->padded ? (uint32_t)stun_aligned(len) : len);
		if (!row || row->field != f ||
		    !stun_row_fits(row, m->method, m->cls))
			continue;
		*at = pos;
		return read_addr(row, v, m->id, out);
	}
	*at = m->end;
	return -ENOENT;
}
