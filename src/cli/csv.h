/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of comma-separated values (RFC 4180), as far as lists of accounts
 * need it: no line ends inside of quotes. Pure. */
#pragma once

#include "base/buf.h"

/* Takes the first field off *line (without its line end) into out, which is
 * emptied before; false when there is none. out's sticky error: a quote that
 * is not closed, or has something behind it. */
bool csv_field(struct slice *line, bool *more, struct buf *out);
