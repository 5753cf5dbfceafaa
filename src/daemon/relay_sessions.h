/* SPDX-License-Identifier: Apache-2.0 */
/* What operators ask a relay process about its sessions. */
#pragma once

#include "daemon/process.h"
#include "relay/relay_io.h"

/* Other messages are left alone. */
void relay_sessions_asked(struct process *p, struct relay_io *io,
			  const struct proc_id *from, const struct ipc_msg *m);
