/* SPDX-License-Identifier: Apache-2.0 */
/* What presence is configured with. */
#pragma once

#include <stdint.h>

#include "base/slice.h"

/* What a watcher gets who stands on no list of the watched. */
enum presence_strangers {
	PRESENCE_STRANGERS_ALLOW,
	PRESENCE_STRANGERS_ASK,  /* pending until the user says */
	PRESENCE_STRANGERS_BLOCK /* sees the user offline */
};

struct presence_conf {
	struct slice edge_name;          /* host of the list address */
	uint32_t expires_min_s;          /* 60 */
	uint32_t expires_max_s;          /* 3 600 */
	uint32_t subscriptions_max;      /* of one watcher: 200 */
	uint32_t watchers_max;           /* of one user: 5 000 */
	uint32_t publications_max;       /* of one user: 20 */
	uint32_t publish_rate;           /* of one user, a second: 5 */
	uint32_t notify_ms;              /* between two NOTIFYs: 1 000 */
	uint32_t list_max;               /* addresses of one list: 200 */
	enum presence_strangers outside; /* watchers of partners: ALLOW */
};
