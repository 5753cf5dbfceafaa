/* SPDX-License-Identifier: Apache-2.0 */
/* What must be initialised while files can still be opened. */
#pragma once

/* The TLS library's tables and settings. */
void warm_tls(void);
