/* SPDX-License-Identifier: Apache-2.0 */
/* What became of a message on its way through the edge. Pure. */
#pragma once

#include "base/buf.h"
#include "sip/sip.h"

/* "removed Via, added Record-Route, changed Contact": by headers, and
 * "Request-URI". Max-Forwards, which every hop changes, is left out. Nothing
 * when they are alike. out is empty at first. */
void changes_list(struct buf *out, const struct sip_msg *before,
		  const struct sip_msg *after);
