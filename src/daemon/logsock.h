/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child's side of logging: one line a datagram, never waiting. A line that
 * the socket does not take is reported back as not taken, so that base/log
 * counts it and tells later (LOG-01).
 */
#pragma once

#include "base/slice.h"

/* A log_sink_fn; arg points to the descriptor. */
int logsock_sink(void *arg, struct slice line);
