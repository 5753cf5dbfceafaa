/* SPDX-License-Identifier: Apache-2.0 */
/* Any certificate: reading its names never reads past them, and every name
 * that is taken is canonical. */
#include <assert.h>

#include "net/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_peer peer = { 0 };
	char again[NET_NAME_MAX];
	const char *defect;
	X509 *cert = d2i_X509(NULL, &data, (long)size);

	if (!cert)
		return 0;
	if (!identity_read(&peer, cert, &defect))
		assert(peer.name_count > 0);
	for (size_t i = 0; i < peer.name_count; i++) {
		assert(!identity_name(slice_str(peer.name[i]), again));
		assert(strcmp(again, peer.name[i]) == 0);
	}
	identity_clear(&peer);
	X509_free(cert);
	return 0;
}
