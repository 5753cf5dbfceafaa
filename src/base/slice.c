/* SPDX-License-Identifier: Apache-2.0 */
/* Borrowed runs of bytes: comparing, cutting, and the way out to C strings. */
#include "base/slice.h"

#include <errno.h>
#include <stdlib.h>

enum { SAFE_DIGITS = 19 };

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool slice_ieq(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	}
	return true;
}

struct slice slice_trim(struct slice s)
{
	while (s.len && blank(s.ptr[0]))
		s = slice_of(s.ptr + 1, s.len - 1);
	while (s.len && blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

int slice_u64(struct slice s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	bool over = false;
	if (!s.len)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)s.ptr[i] - '0';
		if (digit > 9)
			return -EINVAL;
		/* so many digits fit whatever they are */
		if (i >= SAFE_DIGITS && v > (UINT64_MAX - digit) / 10)
			over = true;
		else
			v = v * 10 + digit;
	}
	if (over || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

int slice_cstr(struct slice s, char *out, size_t size)
{
	if (slice_chr(s, 0) >= 0)
		return -EINVAL;
	if (s.len >= size)
		return -ENOSPC;
	if (s.len)
		memcpy(out, s.ptr, s.len);
	out[s.len] = '\0';
	return 0;
}

char *slice_strdup(struct slice s)
{
	char *out = malloc(s.len + 1);
	if (!out)
		return NULL;
	if (s.len)
		memcpy(out, s.ptr, s.len);
	out[s.len] = '\0';
	return out;
}
