/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events for libunbound on our loop: each is a watch and a timer. As with the
 * library that the interface is modelled on, an event without UB_EV_PERSIST
 * is over when it fires, one with it restarts its time-out.
 */
#include "dns/dns_event.h"

#include <stdlib.h>

struct event {
	struct ub_event super; /* first: libunbound knows only this */
	struct dns_events *owner;
	int fd;
	int bits; /* UB_EV_* */
	void (*fn)(int fd, short bits, void *arg);
	void *arg;
	struct watch *watch; /* while active on a descriptor */
	struct timer timer;
	uint64_t timeout_ms;
};

static struct event *event_of(struct ub_event *ev)
{
	return container_of(ev, struct event, super);
}

static uint64_t to_ms(const struct timeval *tv)
{
	if (tv->tv_sec < 0)
		return 0;
	return (uint64_t)tv->tv_sec * 1000 +
	       ((uint64_t)tv->tv_usec + 999) / 1000;
}

static void deactivate(struct event *e)
{
	watch_close(e->watch);
	e->watch = NULL;
	timer_stop(&e->timer);
}

/* Calls libunbound, which may free e. */
static void fire(struct event *e, int bits)
{
	if (!(e->bits & UB_EV_PERSIST))
		deactivate(e);
	else if (timer_running(&e->timer) || bits == UB_EV_TIMEOUT)
		timer_start(&e->timer, e->timeout_ms);
	e->fn(e->fd, (short)bits, e->arg);
}

static void on_ready(void *arg, int events)
{
	struct event *e = arg;
	int bits = 0;

	if (events & WATCH_READ)
		bits |= UB_EV_READ;
	if (events & WATCH_WRITE)
		bits |= UB_EV_WRITE;
	bits &= e->bits; /* an error is told as both */
	if (bits)
		fire(e, bits);
}

static void on_timeout(struct timer *t, void *arg)
{
	(void)t;
	fire(arg, UB_EV_TIMEOUT);
}

static void call_add_bits(struct ub_event *ev, short bits)
{
	event_of(ev)->bits |= bits;
}

static void call_del_bits(struct ub_event *ev, short bits)
{
	event_of(ev)->bits &= ~bits;
}

static void call_set_fd(struct ub_event *ev, int fd)
{
	event_of(ev)->fd = fd;
}

static void call_free(struct ub_event *ev)
{
	struct event *e = event_of(ev);

	deactivate(e);
	free(e);
}

static int call_add(struct ub_event *ev, struct timeval *timeout)
{
	struct event *e = event_of(ev);
	int events = (e->bits & UB_EV_READ ? WATCH_READ : 0) |
		     (e->bits & UB_EV_WRITE ? WATCH_WRITE : 0);

	if (events && e->fd >= 0) {
		struct loop *l = e->owner->loop;
		if (!e->watch && watch_open(&e->watch, l, e->fd, on_ready, e))
			return -1;
		if (watch_set(e->watch, events)) {
			deactivate(e);
			return -1;
		}
	}
	if (timeout) {
		e->timeout_ms = to_ms(timeout);
		timer_start(&e->timer, e->timeout_ms);
	}
	return 0;
}

static int call_del(struct ub_event *ev)
{
	deactivate(event_of(ev));
	return 0;
}

static int call_add_timer(struct ub_event *ev, struct ub_event_base *base,
			  void (*fn)(int, short, void *), void *arg,
			  struct timeval *timeout)
{
	struct event *e = event_of(ev);

	(void)base;
	deactivate(e);
	e->fd = -1;
	e->bits = UB_EV_TIMEOUT;
	e->fn = fn;
	e->arg = arg;
	return call_add(ev, timeout);
}

static struct ub_event *call_new(struct ub_event_base *base, int fd, short bits,
				 void (*fn)(int, short, void *), void *arg)
{
	struct dns_events *owner = container_of(base, struct dns_events, base);
	struct event *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->super.magic = UB_EVENT_MAGIC;
	e->super.vmt = &owner->event_calls;
	e->owner = owner;
	e->fd = fd;
	e->bits = bits;
	e->fn = fn;
	e->arg = arg;
	timer_init(&e->timer, loop_timers(owner->loop), on_timeout, e);
	return &e->super;
}

/* The rest of the tables: never called in this mode of libunbound, but all
 * entries must be there. */

static void refuse_base_free(struct ub_event_base *base)
{
	(void)base;
}

static int refuse_dispatch(struct ub_event_base *base)
{
	(void)base;
	return -1;
}

static int refuse_loopexit(struct ub_event_base *base, struct timeval *tv)
{
	(void)base;
	(void)tv;
	return -1;
}

static struct ub_event *refuse_new_signal(struct ub_event_base *base, int signo,
					  void (*fn)(int, short, void *),
					  void *arg)
{
	(void)base;
	(void)signo;
	(void)fn;
	(void)arg;
	return NULL;
}

static struct ub_event *refuse_winsock(struct ub_event_base *base, void *event,
				       void (*fn)(int, short, void *),
				       void *arg)
{
	(void)base;
	(void)event;
	(void)fn;
	(void)arg;
	return NULL;
}

static int refuse_add_signal(struct ub_event *ev, struct timeval *tv)
{
	(void)ev;
	(void)tv;
	return -1;
}

static int refuse_del_signal(struct ub_event *ev)
{
	(void)ev;
	return -1;
}

static void refuse_unregister(struct ub_event *ev)
{
	(void)ev;
}

static void refuse_wouldblock(struct ub_event *ev, int bits)
{
	(void)ev;
	(void)bits;
}

void dns_events_init(struct dns_events *ev, struct loop *l)
{
	*ev = (struct dns_events){
		.loop = l,
		.base_calls = {
			.free = refuse_base_free,
			.dispatch = refuse_dispatch,
			.loopexit = refuse_loopexit,
			.new_event = call_new,
			.new_signal = refuse_new_signal,
			.winsock_register_wsaevent = refuse_winsock,
		},
		.event_calls = {
			.add_bits = call_add_bits,
			.del_bits = call_del_bits,
			.set_fd = call_set_fd,
			.free = call_free,
			.add = call_add,
			.del = call_del,
			.add_timer = call_add_timer,
			.del_timer = call_del,
			.add_signal = refuse_add_signal,
			.del_signal = refuse_del_signal,
			.winsock_unregister_wsaevent = refuse_unregister,
			.winsock_tcp_wouldblock = refuse_wouldblock,
		},
	};
	ev->base.magic = UB_EVENT_MAGIC;
	ev->base.vmt = &ev->base_calls;
}
