/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the one line with which a configuration was refused. */
#pragma once

#include <stdbool.h>

#include "base/slice.h"

struct reload_text {
	struct slice file, line; /* of the configuration */
	struct slice why;
	struct slice tls_file; /* certificate, key, ... to blame; or empty */
};

/* "file:line: why". What has another form is all why. Borrows. */
void reload_text_split(struct slice text, struct reload_text *out);
