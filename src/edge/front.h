/* SPDX-License-Identifier: Apache-2.0 */
/* Port 443: what a client's connection speaks inside TLS (architecture 7). */
#pragma once

#include "edge/flow.h"

/* The first bytes: SIP, HTTP, or TURN. */
size_t front_take(struct flow *f, struct slice data);
