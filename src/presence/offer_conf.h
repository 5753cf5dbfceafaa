/* SPDX-License-Identifier: Apache-2.0 */
/* What users are told of the relay, with a credential. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct offer_conf {
	bool there;        /* else nobody gets a credential */
	struct slice host; /* name by which it is reached */
	struct slice realm;
	uint16_t udp_port; /* 0: none */
	uint16_t tcp_port; /* plain; 443 when that leads there */
	uint16_t tls_port; /* where TLS is ended; 0: none */
	uint32_t life_s;   /* of a credential, at most */
};
