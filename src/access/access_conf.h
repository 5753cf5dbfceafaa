/* SPDX-License-Identifier: Apache-2.0 */
/* What judgement is configured with. Names are canonical domains. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct access_partner {
	struct slice domain;
	struct slice edge;    /* FQDN that its certificate must prove; empty:
				 found by SRV */
	struct slice address; /* "ip:port" to dial; empty: resolve edge */
	/* Special addresses that its names may resolve to (DNS-03). */
	const struct addr_prefix *allow;
	size_t allow_count;
	uint32_t connections; /* at most so many of ours; 0: 4 */
	uint32_t line;        /* in the configuration file, for messages */
};

struct access_conf {
	const struct slice *domains; /* ours */
	size_t domain_count;
	const struct access_partner *partners;
	size_t partner_count;
};
