/* SPDX-License-Identifier: Apache-2.0 */
/* Names as providers write them: "bob(fabrikam.test)@messenger.test" for
 * bob@fabrikam.test. Pure. */
#pragma once

#include "access/access.h"

/* aor is canonical, and *out is. False: it is written as it is, and *out is not
 * touched. */
enum { ACCESS_AOR_MAX = 512, ACCESS_DOMAIN_MAX = 256 }; /* with NUL */
bool access_decorate(const struct access *a, struct slice aor, uint64_t now_s,
		     char out[static ACCESS_AOR_MAX]);
bool access_undecorate(const struct access *a, struct slice aor, uint64_t now_s,
		       char out[static ACCESS_AOR_MAX]);
/* The domain that stands in brackets, whoever wrote it: canonical. */
bool access_decorated(struct slice aor, char out[static ACCESS_DOMAIN_MAX]);
