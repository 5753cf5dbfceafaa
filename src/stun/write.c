/* SPDX-License-Identifier: Apache-2.0 */
/* Writing messages: header, fields, integrity, fingerprint. */
#include "stun/write.h"

#include "stun/stun_int.h"

/* RFC 8489 14.11: SHA-256, then MD5, without parameters. */
static const uint8_t algorithms[] = { 0, 2, 0, 0, 0, 1, 0, 0 };

void stun_writer_init(struct stun_writer *w, struct hasher *h, uint8_t *out,
		      size_t size)
{
	memset(w, 0, sizeof(*w));
	w->hasher = h;
	w->ptr = out;
	w->size = size < STUN_MESSAGE_MAX ? size : STUN_MESSAGE_MAX;
	w->failed = true;
}

/* The length field says what stands there, plus `more`. */
static void set_length(struct stun_writer *w, size_t more)
{
	stun_set16(w->ptr + 2, (uint16_t)(w->len + more - STUN_HEADER_BYTES));
}

/* Head, value's place and padding of an attribute; NULL when full. */
static uint8_t *room(struct stun_writer *w, uint16_t type, size_t len)
{
	size_t whole = w->dialect->aligned ? stun_aligned(len) : len;
	if (w->failed || len > UINT16_MAX || w->size - w->len < whole + 4) {
		w->failed = true;
		return NULL;
	}
	uint8_t *at = w->ptr + w->len;
	stun_set16(at, type);
	stun_set16(at + 2, (uint16_t)len);
	memset(at + 4 + len, 0, whole - len);
	w->len += 4 + whole;
	return at + 4;
}

static void begin(struct stun_writer *w, uint16_t type)
{
	const struct stun_dialect *d = w->dialect;
	w->failed = !type || w->size < STUN_HEADER_BYTES;
	if (w->failed)
		return;
	w->len = STUN_HEADER_BYTES;
	stun_set16(w->ptr, type);
	set_length(w, 0);
	if (d->first_type) {
		uint8_t *at = room(w, d->first_type, 4);
		if (at)
			stun_set32(at, d->first);
	}
}

void stun_begin(struct stun_writer *w, const struct stun_dialect *d,
		enum stun_method method, enum stun_class cls,
		const uint8_t id[static STUN_ID_BYTES])
{
	w->dialect = d;
	w->method = method;
	if (w->size >= STUN_HEADER_BYTES)
		memcpy(w->ptr + 4, id, STUN_ID_BYTES);
	begin(w, d->numbers[STUN_NUMBER(method, cls)]);
	if (d->cookie && !w->failed)
		stun_set32(w->ptr + 4, d->cookie);
}

void stun_begin_reply(struct stun_writer *w, const struct stun_msg *request,
		      enum stun_class cls)
{
	stun_begin(w, request->dialect, request->method, cls, request->id);
}

const struct stun_row *stun_row_of_field(const struct stun_dialect *d,
					 enum stun_field f,
					 enum stun_method method)
{
	for (size_t i = d->fields[f]; i && i <= d->row_count; i++) {
		const struct stun_row *row = &d->rows[i - 1];
		if (row->field == f && row->methods >> method & 1)
			return row;
	}
	return NULL;
}

uint8_t *stun_put_room(struct stun_writer *w, enum stun_field f, size_t len)
{
	if (w->failed)
		return NULL;
	const struct stun_row *row =
		stun_row_of_field(w->dialect, f, w->method);
	return row ? room(w, row->type, len) : NULL;
}

void stun_put(struct stun_writer *w, enum stun_field f, struct slice value)
{
	uint8_t *at = stun_put_room(w, f, value.len);
	if (at && value.len)
		memcpy(at, value.ptr, value.len);
}

/* Fields of one number are four bytes long where a dialect's table says so,
 * with zeros behind (RFC 8656 18). */
static uint8_t *room_number(struct stun_writer *w, enum stun_field f,
			    size_t len)
{
	if (w->failed)
		return NULL;
	const struct stun_row *row =
		stun_row_of_field(w->dialect, f, w->method);
	if (!row)
		return NULL;
	size_t whole = row->min > len ? row->min : len;
	uint8_t *at = room(w, row->type, whole);
	if (at)
		memset(at, 0, whole);
	return at;
}

void stun_put_u8(struct stun_writer *w, enum stun_field f, uint8_t v)
{
	uint8_t *at = room_number(w, f, 1);
	if (at)
		at[0] = v;
}

void stun_put_u16(struct stun_writer *w, enum stun_field f, uint16_t v)
{
	uint8_t *at = room_number(w, f, 2);
	if (at)
		stun_set16(at, v);
}

void stun_put_u32(struct stun_writer *w, enum stun_field f, uint32_t v)
{
	uint8_t *at = room_number(w, f, 4);
	if (at)
		stun_set32(at, v);
}

void stun_put_addr(struct stun_writer *w, enum stun_field f,
		   const struct addr *a)
{
	uint8_t mask[STUN_ID_BYTES] = { 0 };
	if (w->failed)
		return;
	const struct stun_row *row =
		stun_row_of_field(w->dialect, f, w->method);
	bool v4 = a->u.sa.sa_family == AF_INET;
	const uint8_t *host = v4 ? (const uint8_t *)&a->u.in.sin_addr
				 : (const uint8_t *)&a->u.in6.sin6_addr;
	size_t len = v4 ? 4 : 16;
	uint8_t *at = row ? room(w, row->type, 4 + len) : NULL;
	if (!at)
		return;
	if (row->kind == STUN_XOR_ADDRESS)
		memcpy(mask, w->ptr + 4, sizeof(mask));
	at[0] = 0;
	at[1] = v4 ? 1 : 2;
	stun_set16(at + 2, addr_port(a) ^ stun_get16(mask));
	for (size_t i = 0; i < len; i++)
		at[4 + i] = host[i] ^ mask[i];
}

void stun_put_error(struct stun_writer *w, int code, struct slice reason)
{
	if (code < 300 || code > 699) {
		w->failed = true;
		return;
	}
	uint8_t *at = stun_put_room(w, STUN_F_ERROR_CODE, 4 + reason.len);
	if (!at)
		return;
	stun_set16(at, 0);
	at[2] = (uint8_t)(code / 100);
	at[3] = (uint8_t)(code % 100);
	if (reason.len)
		memcpy(at + 4, reason.ptr, reason.len);
}

void stun_put_unknown(struct stun_writer *w, const struct stun_msg *request)
{
	uint8_t *at = stun_put_room(w, STUN_F_UNKNOWN,
				    (size_t)request->unknown_count * 2);
	for (size_t i = 0; at && i < request->unknown_count; i++)
		stun_set16(at + 2 * i, request->unknown[i]);
}

struct slice stun_algorithms(void)
{
	return slice_of(algorithms, sizeof(algorithms));
}

void stun_put_algorithms(struct stun_writer *w)
{
	stun_put(w, STUN_F_ALGORITHMS, stun_algorithms());
}

void stun_put_integrity(struct stun_writer *w, struct slice key,
			bool with_sha256)
{
	enum stun_field f =
		with_sha256 ? STUN_F_INTEGRITY_SHA256 : STUN_F_INTEGRITY;
	size_t len = with_sha256 ? SHA256_BYTES : SHA1_BYTES;
	size_t before = w->len;
	uint8_t *at = stun_put_room(w, f, len);
	if (!at)
		return;
	const struct stun_maced maced = { w->dialect, slice_of(w->ptr, w->len),
					  before, len };
	if (!w->hasher || stun_mac(w->hasher, &maced, key, at))
		w->failed = true;
}

void stun_put_fingerprint(struct stun_writer *w)
{
	size_t before = w->len;
	uint8_t *at = stun_put_room(w, STUN_F_FINGERPRINT, 4);
	if (!at)
		return;
	set_length(w, 0);
	stun_set32(at,
		   stun_crc32(slice_of(w->ptr, before)) ^ STUN_FINGERPRINT_XOR);
}

struct slice stun_end(struct stun_writer *w)
{
	if (w->failed)
		return SLICE_NONE;
	set_length(w, 0);
	return slice_of(w->ptr, w->len);
}

size_t stun_data_room(const struct stun_dialect *d, sa_family_t family)
{
	return STUN_HEADER_BYTES + (d->first_type ? 8 : 0) + 4 +
	       (family == AF_INET ? 8 : 20) + 4;
}
