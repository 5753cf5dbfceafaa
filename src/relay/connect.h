/* SPDX-License-Identifier: Apache-2.0 */
/* Private to relay/: the messages of RFC 6062, for the table in rfc.c. */
#pragma once

#include "relay/request.h"

const struct reject *act_connect(struct request *q);
const struct reject *act_bind(struct request *q);
