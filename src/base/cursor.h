/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader over a slice that remembers its first error: after a failed step
 * every later step yields zero or the empty slice, so one cur_failed() at the
 * end is enough. Numbers are big-endian. Pure.
 */
#pragma once

#include "base/slice.h"

struct cur {
	const uint8_t *pos;
	const uint8_t *end;
	bool failed;
};

struct cur cur_init(struct slice in);
uint8_t cur_u8(struct cur *c);
uint16_t cur_u16(struct cur *c);
uint32_t cur_u32(struct cur *c);
uint64_t cur_u64(struct cur *c);
/* The next len bytes. */
struct slice cur_bytes(struct cur *c, size_t len);
/* A child reader over the next len bytes, never past the parent. */
struct cur cur_sub(struct cur *c, size_t len);
/* Bytes not read yet. */
size_t cur_left(const struct cur *c);
bool cur_failed(const struct cur *c);
/* True when everything was read and nothing failed. */
bool cur_done(const struct cur *c);
/* The next byte without reading it, or -1 at the end. */
int cur_peek(const struct cur *c);
