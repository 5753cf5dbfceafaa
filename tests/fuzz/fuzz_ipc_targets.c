/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of TARGETS: what can be read is written the same again. */
#include <stdlib.h>

#include "ipc/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_init(slice_of(data, size));
	struct ipc_target t;
	struct ipc_tlsa tlsa;
	struct buf out;
	int more;

	buf_init(&out, 0);
	while ((more = ipc_target_next(&c, &t)) > 0)
		ipc_target_put(&out, &t);
	/* unused flag bits are lost; nothing else is */
	if (!buf_failed(&out) && more == 0 && out.len != size)
		abort();
	buf_free(&out);
	c = cur_init(slice_of(data, size));
	while ((more = ipc_tlsa_next(&c, &tlsa)) > 0)
		ipc_tlsa_put(&out, &tlsa);
	if (!buf_failed(&out) && more == 0 &&
	    !slice_eq(buf_slice(&out), slice_of(data, size)))
		abort();
	buf_free(&out);
	return 0;
}
