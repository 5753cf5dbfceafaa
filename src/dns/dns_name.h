/* SPDX-License-Identifier: Apache-2.0 */
/* Names: out of messages, and what may be one. Pure; private to the
 * directory. */
#pragma once

#include "base/cursor.h"
#include "dns/dns.h"

/*
 * The name at the cursor, which reads in message (RFC 1035 4.1.4): lower case,
 * no last dot, "." for the root. A pointer must lead to an earlier place.
 * Letters, digits, '-' and '_' only; anything else, and any damage, fails the
 * cursor.
 */
void dns_name_read(struct cur *c, struct slice message,
		   char out[static DNS_NAME_MAX + 1]);
/* Steps over the name at the cursor, whatever its letters. */
void dns_name_skip(struct cur *c);
/* Letters, digits, '-', '_' and dots: nothing that libunbound would take for
 * an escape, and all that a name in private use may have. */
bool dns_name_can_be_asked(struct slice name);
/* Letters, digits and inner hyphens in labels of 1 to 63, and no address
 * (RFC 1123 2.1). One last dot is fine. */
bool dns_name_is_host(struct slice name);
/* Lower case and without the last dot; the name must fit. */
void dns_name_canonical(struct slice name, char out[static DNS_NAME_MAX + 1]);
