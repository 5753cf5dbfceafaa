/* SPDX-License-Identifier: Apache-2.0 */
/* What must be initialised while files can still be opened. */
#pragma once

/* libcrypto: its settings and what it fetches by name. 0 or -E... . */
int warm_crypto(void);
/* The TLS library's tables and settings. */
void warm_tls(void);
