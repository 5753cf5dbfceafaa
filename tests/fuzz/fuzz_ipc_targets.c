/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of TARGETS: what can be read is written the same again. */
#include <stdlib.h>

#include "ipc/targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_init(slice_of(data, size));
	struct ipc_target t;
	struct buf out;
	int more;

	buf_init(&out, 0);
	while ((more = ipc_target_next(&c, &t)) > 0)
		ipc_target_put(&out, &t);
	/* unused flag bits are lost; nothing else is */
	if (!buf_failed(&out) && more == 0 && out.len != size)
		abort();
	buf_free(&out);
	return 0;
}
