/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our loop in the shape that libunbound's pluggable event interface wants.
 * Private to the directory.
 */
#pragma once

#include <sys/time.h>
#include <unbound-event.h>

#include "loop/loop.h"

struct dns_events {
	struct ub_event_base base; /* give its address to libunbound */
	struct ub_event_base_vmt base_calls;
	struct ub_event_vmt event_calls;
	struct loop *loop;
};

/* Lives until after ub_ctx_delete(). */
void dns_events_init(struct dns_events *ev, struct loop *l);
