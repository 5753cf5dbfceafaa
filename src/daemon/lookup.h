/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up names for a configuration that nobody runs, with a resolver's
 * engine of our own. */
#pragma once

#include "admin/strict.h"

/* Asks all that s wants to know; what is not found is noted there. 0 or
 * -E... . */
int lookup_partners(struct strict *s, const struct conf *c);
