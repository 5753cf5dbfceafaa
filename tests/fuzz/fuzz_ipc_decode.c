/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes into the codec; what it takes, it writes back byte for byte. */
#include <stdlib.h>

#include "ipc/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipc_msg m;
	struct buf b;
	if (ipc_decode(slice_of(data, size), &m))
		return 0;
	buf_init(&b, 0);
	ipc_encode(&b, m.type, &m.u);
	if (!buf_failed(&b) && !slice_eq(buf_slice(&b), slice_of(data, size)))
		abort();
	buf_free(&b);
	if (m.type == IPC_STATUS_ROW) {
		struct slice key, value;
		while (ipc_pair_next(&m.u.status_row.pairs, &key, &value))
			;
	}
	return 0;
}
