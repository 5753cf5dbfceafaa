/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about short texts, eight bytes at a time: names are compared and
 * values looked over more often than anything else. Private to sip/. */
#pragma once

#include "base/slice.h"

/* slice_trim(), which mostly has nothing to do. */
static inline struct slice scan_trim(struct slice s)
{
	if (s.len > 0 && s.ptr[0] > ' ' && s.ptr[s.len - 1] > ' ')
		return s;
	return slice_trim(s);
}

/* Both of one length, not empty: by words. */
bool scan_ieq_long(struct slice a, struct slice b);

/* slice_ieq(), which mostly is over with the length, the first or the last
 * letter: equal ones differ at most in the bit of their case. */
static inline bool scan_ieq(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	if (a.len == 0)
		return true;
	unsigned ends = (unsigned)(a.ptr[0] ^ b.ptr[0]) |
			(unsigned)(a.ptr[a.len - 1] ^ b.ptr[b.len - 1]);
	return (ends & ~0x20U) == 0 && scan_ieq_long(a, b);
}

/* Is it this word of letters, which is written in lower case and known to the
 * compiler? An or with the bit of case turns nothing but a letter into one. */
static inline bool scan_is_word(struct slice s, struct slice lower)
{
	unsigned differ = 0;

	if (s.len != lower.len)
		return false;
	for (size_t i = 0; i < lower.len; i++)
		differ |= (s.ptr[i] | 0x20U) ^ lower.ptr[i];
	return differ == 0;
}

/* Printable ASCII and spaces only: nothing in it needs a second look. */
bool scan_is_plain(struct slice s);
