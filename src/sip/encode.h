/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces that requests and replies are written from. Private to sip/. */
#pragma once

#include "sip/edit.h"

/* "Name: value" CR LF, folds undone. */
void sip_write_header(struct buf *out, struct slice name, struct slice value);
/* The TOP rows, last first. */
void sip_write_top(struct buf *out, const struct sip_edits *e);
void sip_write_bottom(struct buf *out, const struct sip_edits *e);
/* Content-Length, the empty line, the body. */
void sip_write_end(struct buf *out, struct slice body);
/* The edits could be kept and their texts are fit for a head: 0, -E2BIG, or
 * -EINVAL for what would break out of its line. */
int sip_edits_check(const struct sip_edits *e);
