/* SPDX-License-Identifier: Apache-2.0 */
/* What the edge is for, counted: messages, calls, and how long they took. */
#pragma once

#include <stdint.h>

#include "sip/sip.h"

/* A request m got its final answer, or none (status 0), after ms milliseconds.
 * An INVITE waits for people, an ACK for nobody: they have no time. */
void measure_answer(const struct sip_msg *m, uint16_t status, uint64_t ms);
