/* SPDX-License-Identifier: Apache-2.0 */
/* The refusals of HTTP on 443. */
#pragma once

#include "base/reject.h"

extern const struct reject http_reject_syntax, http_reject_head_too_large,
	http_reject_body, http_reject_encoding, http_reject_version,
	http_reject_not_found, http_reject_no_client, http_reject_method,
	http_reject_upgrade, http_reject_handshake, http_reject_protocol,
	http_reject_origin, http_reject_memory, http_reject_query,
	http_reject_credentials, http_reject_unauthorized,
	http_reject_not_yours, http_reject_busy;
