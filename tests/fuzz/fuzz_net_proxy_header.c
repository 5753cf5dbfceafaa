/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a load balancer's header. */
#include <errno.h>
#include <stdlib.h>

#include "net/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr from = { .u.in = { .sin_family = AF_INET } };
	char text[ADDR_TEXT_MAX];
	size_t len = 0;
	int err = proxy_header_read(slice_of(data, size), &len, &from);
	if ((!err && len > size) || (err == -EAGAIN && len <= size))
		abort();
	addr_text(&from, text);
	return 0;
}
