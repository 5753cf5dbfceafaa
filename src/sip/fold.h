/* SPDX-License-Identifier: Apache-2.0 */
/* Header values without their folds, piece by piece. Private to sip/. */
#pragma once

#include "base/buf.h"

/* Takes the text up to the next fold off *rest; false at the end. One space
 * belongs between pieces. */
bool sip_fold_next(struct slice *rest, struct slice *piece);
/* Appends the value with one space for each fold. */
void sip_fold_write(struct buf *out, struct slice value);
