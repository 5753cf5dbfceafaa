/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When an allocation ends. There is one timer, for its lifetime; no other
 * file starts one for it.
 *
 *	RFC 8656	Allocate and Refresh set the lifetime; nothing else
 *			lengthens it
 *	RFC 8016	who lost his stream and has a ticket is waited for a
 *			while
 *	MS-TURN		the lifetime is one of idleness: a relayed packet only
 *			notes the time, and the timer, when it fires, waits
 *			for what is left; on a stream the allocation stands
 *			while the connection does
 *
 * Permissions and channels need no timer: each packet compares their time,
 * and what is over makes room when something is added.
 */
#include "relay/mobility.h"

static bool over(const struct relay_alloc *a, uint64_t now, uint64_t *left_ms)
{
	uint64_t end = a->expires_ms;
	if (a->dialect->idle) {
		uint64_t idle = a->active_ms + a->lifetime_s * UINT64_C(1000);
		end = idle > end ? idle : end;
		if (a->flow.transport == RELAY_MS_TCP)
			end = now + a->lifetime_s * UINT64_C(1000);
	}
	*left_ms = end > now ? end - now : 0;
	return *left_ms == 0;
}

static void on_expired(struct timer *t, void *arg)
{
	struct relay_alloc *a = arg;
	uint64_t left_ms;
	if (over(a, relay_now(a->relay), &left_ms))
		alloc_expire(a);
	else
		timer_start(t, left_ms);
}

void alloc_timer_init(struct relay_alloc *a)
{
	timer_init(&a->timer, a->relay->timers, on_expired, a);
}

void alloc_set_lifetime(struct relay_alloc *a, uint32_t lifetime_s)
{
	a->lifetime_s = lifetime_s;
	a->expires_ms = relay_now(a->relay) + lifetime_s * UINT64_C(1000);
	timer_start(&a->timer, lifetime_s * UINT64_C(1000));
}

void alloc_wait(struct relay_alloc *a, uint64_t ms)
{
	uint64_t end = relay_now(a->relay) + ms;
	if (end >= a->expires_ms)
		return;
	a->expires_ms = end;
	timer_start(&a->timer, ms);
}

void alloc_timer_stop(struct relay_alloc *a)
{
	timer_stop(&a->timer);
}
