/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and bytes as text and back: RFC 4648 alphabets, RFC 3629. */
#include "base/text.h"

#include <errno.h>

static const char hex_digits[] = "0123456789abcdef";
static const char base32_digits[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789+/";

void text_hex(struct slice in, char *out)
{
	for (size_t i = 0; i < in.len; i++) {
		out[2 * i] = hex_digits[in.ptr[i] >> 4];
		out[2 * i + 1] = hex_digits[in.ptr[i] & 15];
	}
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int base32_value(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static int base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

int text_unhex(struct slice in, uint8_t *out, size_t size)
{
	if (in.len % 2)
		return -EINVAL;
	if (in.len / 2 > size)
		return -ENOSPC;
	for (size_t i = 0; i < in.len; i += 2) {
		int high = hex_value(in.ptr[i]);
		int low = hex_value(in.ptr[i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return (int)(in.len / 2);
}

void text_base32(struct buf *out, struct slice in)
{
	size_t len = (in.len * 8 + 4) / 5;
	uint8_t *text = len ? buf_reserve(out, len) : NULL;
	if (!text)
		return;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t at = 0;
	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 8 | in.ptr[i];
		have += 8;
		for (; have >= 5; have -= 5)
			text[at++] =
				(uint8_t)base32_digits[bits >> (have - 5) & 31];
	}
	if (have)
		text[at++] = (uint8_t)base32_digits[bits << (5 - have) & 31];
	buf_commit(out, at);
}

/* Digits of `width` bits each into bytes; what is left must be fewer bits than
 * a digit, all zero: then every byte string has exactly one text. */
static int unpack(struct slice in, unsigned width, int (*value)(uint8_t),
		  uint8_t *out, size_t size)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t at = 0;
	for (size_t i = 0; i < in.len; i++) {
		int v = value(in.ptr[i]);
		if (v < 0)
			return -EINVAL;
		bits = bits << width | (uint32_t)v;
		have += width;
		if (have < 8)
			continue;
		have -= 8;
		if (at == size)
			return -ENOSPC;
		out[at++] = (uint8_t)(bits >> have);
	}
	if (have >= width || (bits & ((1U << have) - 1)))
		return -EINVAL;
	return (int)at;
}

int text_unbase32(struct slice in, uint8_t *out, size_t size)
{
	if (in.len > INT32_MAX)
		return -EINVAL;
	return unpack(in, 5, base32_value, out, size);
}

void text_base64_into(struct slice in, char *out)
{
	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		uint32_t v = (uint32_t)in.ptr[i] << 16;
		if (left > 1)
			v |= (uint32_t)in.ptr[i + 1] << 8;
		if (left > 2)
			v |= in.ptr[i + 2];
		*out++ = base64_digits[v >> 18];
		*out++ = base64_digits[v >> 12 & 63];
		*out++ = left > 1 ? base64_digits[v >> 6 & 63] : '=';
		*out++ = left > 2 ? base64_digits[v & 63] : '=';
	}
}

void text_base64(struct buf *out, struct slice in)
{
	size_t len = (in.len + 2) / 3 * 4;
	uint8_t *text = len ? buf_reserve(out, len) : NULL;
	if (!text)
		return;
	text_base64_into(in, (char *)text);
	buf_commit(out, len);
}

int text_unbase64(struct slice in, uint8_t *out, size_t size)
{
	if (in.len % 4 || in.len > INT32_MAX)
		return -EINVAL;
	for (int pad = 0; pad < 2 && in.len && in.ptr[in.len - 1] == '='; pad++)
		in.len--;
	return unpack(in, 6, base64_value, out, size);
}

struct slice text_dec(uint64_t v, char out[static TEXT_DEC_MAX])
{
	size_t at = TEXT_DEC_MAX;
	do {
		out[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return slice_of(out + at, TEXT_DEC_MAX - at);
}

void text_lower(char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] = (char)(s[i] + ('a' - 'A'));
	}
}

size_t text_utf8_next(struct slice s, uint32_t *code)
{
	/* RFC 3629 4: lead byte, its payload, and the least value of a form */
	static const struct {
		uint8_t mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	for (size_t n = 0; s.len && n < sizeof(forms) / sizeof(*forms); n++) {
		if ((s.ptr[0] & forms[n].mask) != forms[n].lead)
			continue;
		uint32_t v = s.ptr[0] & (uint8_t)~forms[n].mask;
		if (s.len <= n)
			return 0;
		for (size_t i = 1; i <= n; i++) {
			if ((s.ptr[i] & 0xc0) != 0x80)
				return 0;
			v = v << 6 | (s.ptr[i] & 0x3f);
		}
		if (v < forms[n].least || v > 0x10ffff ||
		    (v >= 0xd800 && v <= 0xdfff))
			return 0;
		*code = v;
		return n + 1;
	}
	return 0;
}

bool text_utf8(struct slice s)
{
	uint32_t code;
	while (s.len) {
		size_t n = text_utf8_next(s, &code);
		if (!n)
			return false;
		s = slice_from(s, n);
	}
	return true;
}
