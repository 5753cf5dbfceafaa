/* SPDX-License-Identifier: Apache-2.0 */
/* The value of ms-diagnostics: 1005;reason="...";source="..." */
#pragma once

#include "base/buf.h"

struct diagnostics {
	unsigned id;       /* 0: none */
	struct buf reason; /* the server's, else ours for that id */
};

/* phrase: the status line's; a reason that only repeats it counts as none.
 * diagnostics_free() in any case. */
void diagnostics_read(struct diagnostics *d, struct slice value,
		      struct slice phrase);
void diagnostics_free(struct diagnostics *d);
