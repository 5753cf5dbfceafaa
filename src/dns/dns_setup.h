/* SPDX-License-Identifier: Apache-2.0 */
/* How a libunbound context is set up. Private to the directory. */
#pragma once

#include <unbound.h>

#include "dns/dns.h"

/* Before the first question. 0 or -E... . */
int dns_setup(struct ub_ctx *ctx, const struct dns_conf *conf);
