/* SPDX-License-Identifier: Apache-2.0 */
/* What a TLS context is built from. PEM texts are contents, not paths: the
 * process that uses them opens no file. */
#pragma once

#include "base/slice.h"

struct net_tls_conf {
	struct slice certificate;      /* PEM chain, leaf first */
	struct slice certificate_path; /* for messages */
	struct slice key;              /* PEM; empty where not needed */
	struct slice key_path;
	struct slice trust; /* PEM authorities, and CRLs if wanted */
	struct slice trust_path;
	struct slice name; /* the certificate must be for it; empty: any */
};
