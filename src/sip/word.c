/* SPDX-License-Identifier: Apache-2.0 */
/* Eight bytes as one number: each byte's answer is in its top bit. */
#include "sip/word.h"

#include "sip/scan.h"

enum { WORD = sizeof(uint64_t) };

#define EACH(byte) (UINT64_MAX / 0xff * (byte)) /* in all eight bytes */

static uint64_t load8(const uint8_t *at)
{
	uint64_t w;

	memcpy(&w, at, WORD);
	return w;
}

/* One to seven bytes, each at least once, at places that only the length
 * decides. */
static uint64_t load_short(struct slice s)
{
	uint32_t low, high;

	if (s.len < sizeof(low))
		return s.ptr[0] | (uint64_t)s.ptr[s.len / 2] << 8 |
		       (uint64_t)s.ptr[s.len - 1] << 16;
	memcpy(&low, s.ptr, sizeof(low));
	memcpy(&high, s.ptr + s.len - sizeof(high), sizeof(high));
	return (uint64_t)high << 32 | low;
}

/* With ASCII letters in lower case: no byte's sum reaches its neighbour. */
static uint64_t lower8(uint64_t w)
{
	uint64_t low = w & EACH(0x7f);
	uint64_t from_a = low + EACH(0x80 - 'A');
	uint64_t over_z = low + EACH(0x7f - 'Z');
	uint64_t upper = (from_a ^ over_z) & ~w & EACH(0x80);

	return w | upper >> 2;
}

/* Mostly both are written as everybody writes them. */
static bool same8(uint64_t a, uint64_t b)
{
	return a == b || lower8(a) == lower8(b);
}

bool scan_ieq_long(struct slice a, struct slice b)
{
	if (a.len < WORD)
		return same8(load_short(a), load_short(b));
	for (size_t i = 0; i + WORD < a.len; i += WORD)
		if (!same8(load8(a.ptr + i), load8(b.ptr + i)))
			return false;
	/* the last eight, which may overlap those before */
	return same8(load8(a.ptr + a.len - WORD), load8(b.ptr + b.len - WORD));
}

/* The top bit of each byte that is not 20..7E, and of no other. */
static uint64_t odd8(uint64_t w)
{
	uint64_t low = w & EACH(0x7f);
	uint64_t from_space = low + EACH(0x80 - ' ');
	uint64_t delete = low + EACH(1);

	return (w | ~from_space | delete) & EACH(0x80);
}

bool scan_is_plain(struct slice s)
{
	uint64_t odd = 0;

	if (s.len < WORD)
		return s.len == 0 || scan_past(s.ptr, s.ptr + s.len,
					       SCAN_ASCII) == s.ptr + s.len;
	for (size_t i = 0; i + WORD < s.len; i += WORD)
		odd |= odd8(load8(s.ptr + i));
	return (odd | odd8(load8(s.ptr + s.len - WORD))) == 0;
}
