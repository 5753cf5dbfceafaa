/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from and to strangers: bounded decoding, and bytes as valid text. For
 * admin/, and for the daemon where it prints the same. */
#pragma once

#include <jansson.h>

#include "base/buf.h"

/* What jansson allocates is wiped when it is freed: passwords pass through
 * it. For the whole process. */
void json_wipe_memory(void);
/* One object, nested at most JSON_DEPTH_MAX deep; NULL otherwise. */
enum { JSON_DEPTH_MAX = 8 };
json_t *json_decode(struct slice line);
/* A text value; bytes that are no printable UTF-8 become \xNN. NULL: out of
 * memory. */
json_t *json_text(struct slice s);
/* Appends one line with LF. */
void json_encode(struct buf *out, const json_t *value);
