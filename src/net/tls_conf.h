/* SPDX-License-Identifier: Apache-2.0 */
/* What a TLS context is built from. PEM texts are contents, not paths: the
 * process that uses them opens no file. */
#pragma once

#include "base/slice.h"

struct net_tls_pair {
	struct slice certificate;      /* PEM chain, leaf first */
	struct slice certificate_path; /* for messages */
	struct slice key;              /* PEM */
	struct slice key_path;
};

/* All zero is right for what is not needed. */
struct net_tls_conf {
	struct net_tls_pair own; /* shown unless a name asks for another one */
	struct slice name;       /* own must be for it; empty: any */
	/* listeners: whoever asks for a name in one of these is shown it */
	const struct net_tls_pair *more;
	size_t more_count;
	struct slice trust; /* PEM authorities, and CRLs if wanted */
	struct slice trust_path;
	struct slice crl; /* PEM lists, beside those in trust; may be empty */
	struct slice crl_path;
	/* a client's certificate must be for clientAuth; serverAuth is not
	 * enough */
	bool client_usage_only;
	/* Peers with a name in one of these need no authority that is trusted:
	 * net_peer.chained tells. ".fabrikam.test": hosts directly in that
	 * domain; ".": everybody. */
	const struct slice *unchained;
	size_t unchained_count;
};
