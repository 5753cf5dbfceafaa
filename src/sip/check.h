/* SPDX-License-Identifier: Apache-2.0 */
/* Grammar of the headers that we know: one table. Private to sip/. */
#pragma once

#include "sip/sip.h"

/* Checks one header's value and notes what sip_msg keeps of it (topmost Via,
 * From, To, Call-ID, CSeq, Max-Forwards). Adds the number of its values to
 * *values. 0 or -EINVAL. */
int sip_check_header(struct sip_msg *m, const struct sip_header *h,
		     struct slice *cseq_method, size_t *values);
