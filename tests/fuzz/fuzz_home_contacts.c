/* SPDX-License-Identifier: Apache-2.0 */
/* The Contact, Expires and Path headers of a REGISTER. */
#include <stdlib.h>

#include "home/contacts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct home_conf conf = { .expires_min_s = 60,
					       .expires_default_s = 600,
					       .expires_max_s = 3600 };
	struct registration reg;
	struct sip_msg m;
	struct arena *a = arena_create(16384, 1 << 20);
	if (a && !sip_parse(a, slice_of(data, size), &sip_limits_default, &m) &&
	    !contacts_read(a, &m, &conf, &reg))
		for (size_t i = 0; i < reg.count; i++)
			if (reg.star || reg.contact[i].expires_s > 3600)
				abort();
	arena_free(a);
	return 0;
}
