/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TURN inside our TLS: a client that did not say so by ALPN, or whose relay has
 * no keys of its own. The relay gets one end of a pair of sockets and the
 * client's address; what is decrypted goes there, what comes back is encrypted.
 * Who cannot be written to is why the other one is not read.
 */
#pragma once

#include "edge/edge_int.h"

/* From now on the flow is the relay's. ms: it speaks MS-TURN. False: there is
 * none, or no pair. */
bool join_open(struct flow *f, bool ms);
/* The flow ends; tolerates one that is not joined. */
void join_leave(struct flow *f);
