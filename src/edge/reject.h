/* SPDX-License-Identifier: Apache-2.0 */
/* The refusals of the edge itself, by number so that one worker can tell
 * another (IPC FLOW_LOST). */
#pragma once

#include "base/reject.h"

enum edge_refusal {
	EDGE_FLOW_GONE,
	EDGE_INSIDE_DOWN,
	EDGE_PARTNER_DOWN,
	EDGE_PARTNER_DNS,
	EDGE_PARTNER_TLS,
	EDGE_QUEUE_FULL,
	EDGE_DRAINING,
	EDGE_ROUTE_STALE,
	EDGE_PARTNER_SRV,
	EDGE_PARTNER_SRV_DOMAIN,
	EDGE_PARTNER_SILENT,
	EDGE_PARTNER_NO_OTHER,
	EDGE_REFUSAL_COUNT
};

/* A number that is out of range gives the row of EDGE_PARTNER_DOWN. */
const struct reject *edge_reject(unsigned number);
