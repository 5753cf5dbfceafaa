/* SPDX-License-Identifier: Apache-2.0 */
/* An address and, in the same pass, the header parameters that its header is
 * judged by. Private to sip/. */
#pragma once

#include "sip/sip.h"

struct sip_addr_known {
	struct slice tag, q; /* of the first one of that name */
	unsigned tags, qs;
};

/* sip_addr_parse() and what it saw. */
int sip_addr_read(struct slice value, struct sip_addr *out,
		  struct sip_addr_known *known);
