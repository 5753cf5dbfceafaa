/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to the view. The frame is judged whole, so that nothing else
 * needs to look at lengths: afterwards every field lies inside the message.
 */
#include <assert.h>
#include <errno.h>

#include "stun/stun_int.h"

static_assert(STUN_F_COUNT <= 64, "fields are bits of one word");
static_assert(STUN_METHOD_COUNT <= 16, "methods are bits of a row");

const struct stun_row *stun_row_of_type(const struct stun_dialect *d,
					uint16_t type)
{
	uint8_t n = 0;
	if (type < STUN_REQUIRED)
		n = d->required[type];
	else if (type >= 0x8000 && type < 0x8000 + STUN_OPTIONAL)
		n = d->optional[type - 0x8000];
	return n ? &d->rows[n - 1] : NULL;
}

bool stun_row_fits(const struct stun_row *row, enum stun_method method,
		   enum stun_class cls)
{
	return row->methods >> method & 1 && row->classes >> cls & 1;
}

/* What may still come, by what came. */
enum part {
	PART_FIELDS,
	PART_AFTER_SHA1,   /* SHA-256 integrity, FINGERPRINT */
	PART_AFTER_SHA256, /* FINGERPRINT */
	PART_OVER          /* nothing */
};

static bool counts(enum part part, enum stun_field f)
{
	switch (part) {
	case PART_FIELDS:
		return true;
	case PART_AFTER_SHA1:
		return f == STUN_F_INTEGRITY_SHA256 || f == STUN_F_FINGERPRINT;
	case PART_AFTER_SHA256:
		return f == STUN_F_FINGERPRINT;
	case PART_OVER:
		break;
	}
	return false;
}

static enum part part_after(enum part part, enum stun_field f)
{
	if (f == STUN_F_INTEGRITY)
		return PART_AFTER_SHA1;
	if (f == STUN_F_INTEGRITY_SHA256)
		return PART_AFTER_SHA256;
	return f == STUN_F_FINGERPRINT ? PART_OVER : part;
}

static bool length_fits(const struct stun_row *row, size_t len)
{
	if (row->kind != STUN_BYTES)
		return len == row->min || len == row->max;
	return len >= row->min && len <= row->max;
}

static void note_unknown(struct stun_msg *m, uint16_t type)
{
	if (m->unknown_count < STUN_UNKNOWN_MAX)
		m->unknown[m->unknown_count++] = type;
}

/* One attribute whose value lies at `at`. */
static void take(struct stun_msg *m, enum part *part, uint16_t type,
		 uint32_t at, uint16_t len)
{
	const struct stun_row *row = stun_row_of_type(m->dialect, type);
	if (!row) {
		if (type < 0x8000 && *part == PART_FIELDS)
			note_unknown(m, type);
		return;
	}
	if (!counts(*part, row->field) ||
	    !stun_row_fits(row, m->method, m->cls))
		return;
	enum part next = part_after(*part, row->field);
	if (*part == PART_FIELDS && next != PART_FIELDS)
		m->end = at - 4;
	*part = next;
	if (m->has >> row->field & 1)
		return;
	if (!length_fits(row, len)) {
		m->bad = m->bad ? m->bad : type;
		return;
	}
	m->has |= UINT64_C(1) << row->field;
	m->field[row->field].at = at;
	m->field[row->field].len = len;
}

static int walk(struct stun_msg *m, uint32_t at)
{
	const uint8_t *raw = m->raw.ptr;
	uint32_t end = (uint32_t)m->raw.len;
	enum part part = PART_FIELDS;
	while (at < end) {
		if (end - at < 4 || part == PART_OVER)
			return -EBADMSG;
		uint16_t type = stun_get16(raw + at);
		uint16_t len = stun_get16(raw + at + 2);
		uint32_t room = m->padded ? (uint32_t)stun_aligned(len) : len;
		at += 4;
		if (end - at < room)
			return -EBADMSG;
		take(m, &part, type, at, len);
		at += room;
	}
	return 0;
}

/* Does the message end where an attribute ends, without padding? */
static bool fits_unpadded(struct slice raw, uint32_t at)
{
	while (raw.len - at >= 4) {
		uint16_t len = stun_get16(raw.ptr + at + 2);
		at += 4;
		if (raw.len - at < len)
			return false;
		at += len;
	}
	return at == raw.len;
}

static int parse_head(struct stun_msg *m, const struct stun_dialect *d,
		      struct slice raw)
{
	if (raw.len < STUN_HEADER_BYTES || raw.len > STUN_MESSAGE_MAX)
		return -EBADMSG;
	uint16_t type = stun_get16(raw.ptr);
	if (type >= STUN_TYPES || !d->types[type] ||
	    stun_get16(raw.ptr + 2) != raw.len - STUN_HEADER_BYTES)
		return -EBADMSG;
	if (d->cookie && stun_get32(raw.ptr + 4) != d->cookie)
		return -EBADMSG;
	if (!d->either && raw.len % STUN_ALIGN)
		return -EBADMSG;
	m->dialect = d;
	m->raw = raw;
	m->method = (enum stun_method)(d->types[type] >> 2 & 0x1f);
	m->cls = (enum stun_class)(d->types[type] & 3);
	memcpy(m->id, raw.ptr + 4, STUN_ID_BYTES);
	m->has = 0;
	m->end = (uint32_t)raw.len;
	m->padded = !d->either;
	m->unknown_count = 0;
	m->bad = 0;
	return 0;
}

/* Skips the attribute that has to stand first. */
static int parse_first(const struct stun_dialect *d, struct slice raw,
		       uint32_t *at)
{
	if (!d->first_type)
		return 0;
	const uint8_t *p = raw.ptr + *at;
	if (raw.len < *at + 8 || stun_get16(p) != d->first_type ||
	    stun_get16(p + 2) != 4 || stun_get32(p + 4) != d->first)
		return -EBADMSG;
	*at += 8;
	return 0;
}

static bool fingerprint_right(const struct stun_msg *m)
{
	size_t at = m->field[STUN_F_FINGERPRINT].at;
	uint32_t crc = stun_crc32(slice_head(m->raw, at - 4));
	return stun_get32(m->raw.ptr + at) == (crc ^ STUN_FINGERPRINT_XOR);
}

int stun_parse(struct stun_msg *m, const struct stun_dialect *d,
	       struct slice raw)
{
	uint32_t at = STUN_HEADER_BYTES;
	int err = parse_head(m, d, raw);
	if (!err)
		err = parse_first(d, raw, &at);
	if (err)
		return err;
	if (d->either)
		m->padded = !fits_unpadded(raw, at);
	err = walk(m, at);
	if (err)
		return err;
	if (stun_has(m, STUN_F_FINGERPRINT) && !fingerprint_right(m))
		return -EBADMSG;
	return m->bad ? -EINVAL : 0;
}
