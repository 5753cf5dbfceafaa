/* SPDX-License-Identifier: Apache-2.0 */
/* Every way in which the transaction layer itself says no, one row each. */
#pragma once

#include "base/reject.h"

extern const struct reject PROXY_REJ_SCHEME;         /* 416 */
extern const struct reject PROXY_REJ_MAX_FORWARDS;   /* 483 */
extern const struct reject PROXY_REJ_LOOP;           /* 482 */
extern const struct reject PROXY_REJ_EXTENSION;      /* 420 */
extern const struct reject PROXY_REJ_OVERLOAD;       /* 503 */
extern const struct reject PROXY_REJ_QUEUE_FULL;     /* 503 */
extern const struct reject PROXY_REJ_HOP_GONE;       /* 503 */
extern const struct reject PROXY_REJ_TIMEOUT;        /* 408 */
extern const struct reject PROXY_REJ_CANCELLED;      /* 487 */
extern const struct reject PROXY_REJ_NO_TRANSACTION; /* 481 */
extern const struct reject PROXY_REJ_INTERNAL;       /* 500 */
