/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials of the relay for users who ask by HTTPS: the edge hands over who
 * asks and what he signed it with, and writes what comes back. Digest with
 * SHA-256, nonces and counted failures as for SIP (SIP-21 to SIP-23); private
 * to home/.
 */
#pragma once

#include "home/home_int.h"

void web_free_all(struct home *h);
void web_on_ask(struct home *h, const struct proc_id *edge,
		const struct ipc_web_ask *m);
void web_on_credential(struct home *h, const struct ipc_credential *m);
