/* SPDX-License-Identifier: Apache-2.0 */
/* What home is configured with. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct home_conf {
	struct slice edge_name;      /* our FQDN */
	const struct slice *domains; /* ours, canonical */
	size_t domain_count;
	uint32_t expires_min_s;     /* 60 */
	uint32_t expires_default_s; /* 600 */
	uint32_t expires_max_s;     /* 3 600 */
	uint32_t contacts_max;      /* per user: 20 */
	bool digest_md5;            /* offer MD5 beside SHA-256 */
};
