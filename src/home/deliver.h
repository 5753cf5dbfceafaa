/* SPDX-License-Identifier: Apache-2.0 */
/* To a user's devices, or out of the house; private to home/. */
#pragma once

#include "home/home_int.h"

void deliver_start(struct call *q);
/* One that waited: false when nobody is there to take it. */
bool deliver_stored(struct call *q);
bool deliver_possible(const struct home *h, struct slice aor);
/* Is there a device that this request was not sent to? */
bool deliver_untried(const struct call *q);
void deliver_ack(struct call *q);
void deliver_away(struct call *q);
