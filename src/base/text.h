/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of bytes: hexadecimal, base32 (RFC 4648 6, lower case, no padding: safe
 * wherever SIP compares without case), base64, UTF-8.
 */
#pragma once

#include "base/buf.h"

/* out needs 2 * len bytes; not terminated. */
void text_hex(struct slice in, char *out);
/* Bytes written, or -EINVAL / -ENOSPC. Both cases accepted. */
int text_unhex(struct slice in, uint8_t *out, size_t size);
void text_base32(struct buf *out, struct slice in);
/* Bytes written, or -EINVAL (alphabet, length, stray bits) / -ENOSPC. */
int text_unbase32(struct slice in, uint8_t *out, size_t size);
/* Base64 (RFC 4648 4) with padding. */
void text_base64(struct buf *out, struct slice in);
/* out needs 4 bytes for each 3 begun; not terminated. */
void text_base64_into(struct slice in, char *out);
int text_unbase64(struct slice in, uint8_t *out, size_t size);
/* Decimal, at the end of out, which the result points into. */
enum { TEXT_DEC_MAX = 20 };
struct slice text_dec(uint64_t v, char out[static TEXT_DEC_MAX]);
/* Lower-cases ASCII in place. */
void text_lower(char *s, size_t len);
/* Is s valid UTF-8 (RFC 3629), NUL included? */
bool text_utf8(struct slice s);
/* The first character of s: its bytes, or 0 when s is empty or starts with
 * invalid UTF-8. *code is set when it is not 0. */
size_t text_utf8_next(struct slice s, uint32_t *code);
