/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that wait for another process to say something of them: how many,
 * for how long, and whom they asked.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"

enum { ASKS_MAX = 5000, ASKS_DEADLINE_MS = 3000 };

struct asks { /* zeroed: nothing waits, and nothing can */
	struct map by_id;
	struct list waiting; /* the oldest first */
};

int asks_init(struct asks *a); /* 0, -ENOMEM or -EIO */
void asks_free(struct asks *a);
/* id: proxy_request_id(); slot: of the process that was asked. 0, -ENOBUFS:
 * ASKS_MAX wait, -EEXIST: it waits already, -ENOMEM. */
int asks_add(struct asks *a, uint64_t id, uint32_t slot, uint64_t now_ms);
/* It waits no more. False: it did not wait for that slot. */
bool asks_take(struct asks *a, uint64_t id, uint32_t slot);
/* One that waits for that slot waits no more. False: none does. */
bool asks_take_of(struct asks *a, uint32_t slot, uint64_t *id);
/* One that has waited for ASKS_DEADLINE_MS waits no more. False: none has. */
bool asks_take_late(struct asks *a, uint64_t now_ms, uint64_t *id);
