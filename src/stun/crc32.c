/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32 of ITU V.42, for FINGERPRINT (RFC 8489 14.7). The table is written
 * by the compiler: an entry is the XOR of the entries of its bits.
 */
#include "stun/stun_int.h"

#define BIT(n, bit, crc) ((n) >> (bit)&1 ? (crc) : 0)
#define E(n)                                               \
	(BIT(n, 0, 0x77073096u) ^ BIT(n, 1, 0xEE0E612Cu) ^ \
	 BIT(n, 2, 0x076DC419u) ^ BIT(n, 3, 0x0EDB8832u) ^ \
	 BIT(n, 4, 0x1DB71064u) ^ BIT(n, 5, 0x3B6E20C8u) ^ \
	 BIT(n, 6, 0x76DC4190u) ^ BIT(n, 7, 0xEDB88320u))
#define E4(n) E(n), E(n + 1), E(n + 2), E(n + 3)
#define E16(n) E4(n), E4(n + 4), E4(n + 8), E4(n + 12)
#define E64(n) E16(n), E16(n + 16), E16(n + 32), E16(n + 48)

static const uint32_t table[256] = { E64(0), E64(64), E64(128), E64(192) };

uint32_t stun_crc32(struct slice in)
{
	uint32_t crc = 0xFFFFFFFF;
	for (size_t i = 0; i < in.len; i++)
		crc = crc >> 8 ^ table[(crc ^ in.ptr[i]) & 0xFF];
	return ~crc;
}
