/* SPDX-License-Identifier: Apache-2.0 */
/* Initialises libraries before the sandbox closes. */
#include "daemon/warm.h"

#include "net/net.h"

void warm_tls(void)
{
	/* with no certificate the first fails, which is all right */
	static const enum net_tls_use uses[] = { NET_TLS_CLIENTS,
						 NET_TLS_USER };
	const struct net_tls_conf nothing = { .certificate = SLICE_NONE };
	char error[NET_ERROR_MAX];
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		struct net_tls *t = NULL;
		if (net_tls_create(&t, &nothing, uses[i], error) == 0)
			net_tls_free(t);
	}
}
