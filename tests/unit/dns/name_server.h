/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small name server on loopback (UDP only), on the loop of the test. Its
 * clock can be moved.
 */
#pragma once

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cursor.h"
#include "loop/loop.h"
#include "unit/dns/name_records.h"

enum { GUARD_MS = 20000 };

struct name_server {
	int fd;
	struct watch *watch;
	char text[32]; /* 127.0.0.1:PORT */
	bool mute;
	unsigned asked;
	const struct service *services;
	size_t service_count;
};

/* libunbound reads the time here: it can be moved. */
static int64_t clock_offset_s;

int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	struct timespec ts;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec + clock_offset_s;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

/* Returns what belongs into the message's ANCOUNT. */
static inline int put_answers(struct buf *b, const struct name_server *ns,
			      const struct asked *q, const struct rule *r)
{
	if (q->type == SRV || q->type == NAPTR)
		return put_services(b, ns->services, ns->service_count, q);
	int count = q->type == A ? r->v4 : q->type == AAAA ? r->v6 : 0;
	put_addresses(b, r, q->type, count);
	return count + r->alias;
}

static inline struct asked read_query(struct slice query)
{
	struct cur c = cur_init(query);
	struct asked q = { .id = cur_u16(&c) };

	cur_bytes(&c, 10);
	for (uint8_t len; (len = cur_u8(&c)) && !cur_failed(&c);) {
		struct slice label = cur_bytes(&c, len);
		bool first = label.ptr == query.ptr + 13;
		if (first && label.ptr[0] == '_')
			q.service = label;
		if (slice_empty(q.label) && label.ptr[0] != '_')
			q.label = label;
	}
	q.type = cur_u16(&c);
	cur_u16(&c);
	assert_false(cur_failed(&c));
	q.section = slice_of(query.ptr + 12, query.len - cur_left(&c) - 12);
	return q;
}

static inline bool is_silent(const struct name_server *ns, const struct rule *r,
			     uint16_t type)
{
	if (ns->mute)
		return true;
	return (type == A ? r->v4 : r->v6) < 0;
}

static inline void serve(struct name_server *ns, struct slice query,
			 struct sockaddr_in *to)
{
	struct asked q = read_query(query);
	const struct rule *r = rule_of(q.label);
	struct buf b;

	if (is_silent(ns, r, q.type))
		return;
	buf_init(&b, 0);
	buf_u16(&b, q.id);
	buf_u16(&b, (uint16_t)(0x8180 | r->rcode | (r->cut ? 0x200 : 0)));
	buf_u16(&b, 1);
	buf_u16(&b, 0);
	buf_u32(&b, 0);
	buf_put(&b, q.section);
	int count = put_answers(&b, ns, &q, r);
	bool no = !count && (r->rcode == 0 || r->rcode == 3);
	if (no)
		put_soa(&b);
	if (buf_failed(&b)) { /* as good as a lost packet */
		buf_free(&b);
		return;
	}
	b.ptr[6] = (uint8_t)(count >> 8);
	b.ptr[7] = (uint8_t)count;
	b.ptr[9] = no;
	if (r->forged_first && count) {
		struct slice s = buf_slice(&b);
		b.ptr[0] ^= 0xff;
		b.ptr[s.len - 1] = 66;
		sendto(ns->fd, s.ptr, s.len, 0, (struct sockaddr *)to,
		       sizeof(*to));
		b.ptr[0] ^= 0xff;
		b.ptr[s.len - 1] = 1;
	}
	sendto(ns->fd, b.ptr, b.len, 0, (struct sockaddr *)to, sizeof(*to));
	buf_free(&b);
}

static inline void on_query(void *arg, int events)
{
	struct name_server *ns = arg;
	uint8_t query[4096];

	(void)events;
	for (;;) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(ns->fd, query, sizeof(query), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &len);
		if (n < 0)
			return;
		ns->asked++;
		serve(ns, slice_of(query, (size_t)n), &from);
	}
}

static inline void name_server_open(struct name_server *ns, struct loop *l)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	clock_offset_s = 0;
	ns->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(ns->fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(ns->fd, (struct sockaddr *)&sin, &len), 0);
	snprintf(ns->text, sizeof(ns->text), "127.0.0.1:%u",
		 ntohs(sin.sin_port));
	assert_int_equal(watch_open(&ns->watch, l, ns->fd, on_query, ns), 0);
	assert_int_equal(watch_set(ns->watch, WATCH_READ), 0);
}

static inline void name_server_close(struct name_server *ns)
{
	watch_close(ns->watch);
	close(ns->fd);
}

static inline void on_guard(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	fail_msg("no answer at all");
}

/* Until loop_stop(); fails when that takes too long. */
static inline void run_guarded(struct loop *l)
{
	struct timer guard;

	timer_init(&guard, loop_timers(l), on_guard, NULL);
	timer_start(&guard, GUARD_MS);
	loop_run(l);
	timer_stop(&guard);
}
