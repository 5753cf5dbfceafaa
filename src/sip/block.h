/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sixteen bytes at a time, as a mask in which bit i is byte i: lines and names
 * are searched more often than anything else. SSE2 is part of every x86-64;
 * elsewhere the plain form says the same. Private to sip/.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { BLOCK = 16, BLOCK_ALL = 0xffff };

static inline unsigned block_eq_plain(const uint8_t *at, uint8_t byte)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < BLOCK; i++)
		mask |= (unsigned)(at[i] == byte) << i;
	return mask;
}

static inline unsigned block_odd_plain(const uint8_t *at)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < BLOCK; i++)
		mask |= (unsigned)(at[i] < ' ' || at[i] > '~') << i;
	return mask;
}

/* Which of the 16 bytes at `at` are this byte? */
static inline unsigned block_eq(const uint8_t *at, uint8_t byte)
{
#ifdef __SSE2__
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)at);

	return (unsigned)_mm_movemask_epi8(
		_mm_cmpeq_epi8(b, _mm_set1_epi8((char)byte)));
#else
	return block_eq_plain(at, byte);
#endif
}

/* Which are not 20..7E? */
static inline unsigned block_odd(const uint8_t *at)
{
#ifdef __SSE2__
	/* signed: bytes over 7F are below all others */
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i plain = _mm_and_si128(_mm_cmpgt_epi8(b, _mm_set1_epi8(0x1f)),
				      _mm_cmplt_epi8(b, _mm_set1_epi8(0x7f)));

	return (unsigned)_mm_movemask_epi8(plain) ^ BLOCK_ALL;
#else
	return block_odd_plain(at);
#endif
}

/* The place of the lowest bit of a mask that is not 0. */
static inline unsigned block_first(unsigned mask)
{
	return (unsigned)__builtin_ctz(mask);
}
