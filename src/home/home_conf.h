/* SPDX-License-Identifier: Apache-2.0 */
/* What home is configured with. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "presence/offer_conf.h"
#include "presence/presence_conf.h"

/* RFC 8760: which digest algorithms are offered. */
enum home_md5 { HOME_MD5_NEVER, HOME_MD5_TOO, HOME_MD5_ONLY };

struct home_conf {
	struct slice edge_name;      /* our FQDN */
	const struct slice *domains; /* ours, canonical */
	size_t domain_count;
	/* Those of them of which a hosting provider has some users. */
	const struct slice *shared;
	size_t shared_count;
	uint32_t expires_min_s;     /* 60 */
	uint32_t expires_default_s; /* 600 */
	uint32_t expires_max_s;     /* 3 600 */
	uint32_t contacts_max;      /* per user: 20 */
	enum home_md5 digest_md5;
	uint32_t stored_s; /* longest wait of a message: 7 days */
	struct presence_conf presence;
	struct offer_conf offer; /* of the relay */
};
