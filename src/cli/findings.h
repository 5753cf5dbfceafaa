/* SPDX-License-Identifier: Apache-2.0 */
/* What `check` and `partner test` find, a line each as it is found, or all of
 * it as JSON at the end. */
#pragma once

#include <jansson.h>

#include "cli/cli.h"

enum finding_state { FINDING_PASS, FINDING_WARN, FINDING_FAIL };

struct findings {
	struct cli *cli;
	json_t *list; /* for --json; else NULL */
	enum finding_state worst;
	const char *step; /* what is looked at now */
};

void findings_begin(struct findings *f, struct cli *c);
/* remedy: what to do; NULL for what is fine. */
void findings_tell(struct findings *f, enum finding_state state,
		   const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The exit status that monitoring understands: warnings are no failure. */
int findings_end(struct findings *f);
