/* SPDX-License-Identifier: Apache-2.0 */
/* What the store has, read when it is there; private to home/. */
#pragma once

#include "home/home_int.h"

int load_init(struct home *h);
void load_free(struct home *h);
void load_start(struct home *h);
void load_stop(struct home *h);
void load_on_binding(struct home *h, const struct ipc_binding *m);
void load_on_mark(struct home *h, const struct ipc_mark *m);
void load_on_queue(struct home *h, const struct ipc_queue *m);
/* Something was missed: what the store has is read again soon. */
void load_again(struct home *h);
/* While the bindings are not known: keeps the request for later (true). */
bool load_hold(struct call *q);
