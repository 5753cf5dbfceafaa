/* SPDX-License-Identifier: Apache-2.0 */
/* The listening end of the control socket. Private to admin/. */
#pragma once

#include "admin/admin_int.h"

void listen_init(struct admin *a);
void listen_close(struct admin *a);
