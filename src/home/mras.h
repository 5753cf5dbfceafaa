/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials of the relay for signed-in users, asked for with SERVICE
 * ([MS-AVEDGEA]); private to home/. The address is mras@ our own name, or a
 * GRUU of ours with opaque=srvr:MRAS:... as Microsoft's servers give it.
 */
#pragma once

#include "home/home_int.h"

/* Answers it; the call is gone. */
void mras_start(struct call *q);
/* The store has minted; false: not for one that waits here. */
bool mras_on_credential(struct home *h, const struct ipc_credential *m);
