/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small name server on loopback (UDP only), on the loop of the test. It knows
 * hosts by their first label and services by the label of their domain; what
 * it does not know has addresses, and no services. Its clock can be moved.
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

#include "base/buf.h"
#include "base/cursor.h"
#include "loop/loop.h"

enum { A = 1, CNAME = 5, AAAA = 28, SRV = 33, NAPTR = 35, GUARD_MS = 20000 };

struct rule {
	const char *label;
	int v4, v6; /* addresses; -1: silence */
	int rcode;
	uint32_t ttl_s;
	bool alias;
	bool forged_first;
	bool cut; /* truncated: ask by TCP, where nobody listens */
};

static const struct rule rules[] = {
	{ .label = "both", .v4 = 2, .v6 = 3, .ttl_s = 300 },
	{ .label = "four", .v4 = 1, .ttl_s = 300 },
	{ .label = "six", .v6 = 1, .ttl_s = 300 },
	{ .label = "none", .ttl_s = 300 },
	{ .label = "nx", .rcode = 3 },
	{ .label = "fail", .rcode = 2 },
	{ .label = "refuse", .rcode = 5 },
	{ .label = "silent", .v4 = -1, .v6 = -1 },
	{ .label = "half", .v4 = 1, .v6 = -1, .ttl_s = 300 },
	{ .label = "many", .v4 = 40, .v6 = 40, .ttl_s = 300 },
	{ .label = "short", .v4 = 1, .v6 = 1, .ttl_s = 0 },
	{ .label = "long", .v4 = 1, .v6 = 1, .ttl_s = 1000000 },
	{ .label = "alias", .v4 = 1, .v6 = 1, .ttl_s = 300, .alias = true },
	{ .label = "real", .v4 = 1, .v6 = 1, .ttl_s = 300 },
	{ .label = "forged", .v4 = 1, .ttl_s = 300, .forged_first = true },
	{ .label = "cut", .v4 = 1, .v6 = 1, .ttl_s = 300, .cut = true },
};

/* One record of a domain: an SRV, or a NAPTR when it has flags. */
struct service {
	const char *label;   /* of the domain */
	const char *service; /* the first label; for NAPTR "" */
	const char *target;  /* of the SRV, or the replacement */
	uint16_t priority;   /* order */
	uint16_t weight;     /* preference */
	uint16_t port;
	uint32_t ttl_s; /* 0: 300 */
	const char *flags;
	const char *naptr;
	const char *regexp;
};

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

struct asked {
	uint16_t id;
	uint16_t type;
	struct slice service; /* "_xxx", or empty */
	struct slice label;   /* the first that has no underscore */
	struct slice section; /* the question section */
};

/* -- answers -- */

static inline void put_label_and_rest(struct buf *b, const char *label)
{
	buf_u8(b, (uint8_t)strlen(label));
	buf_str(b, label);
	buf_u16(b, 0xc00c + 1 + b->ptr[12]); /* and the rest of the question */
}

/* "a.b.example", uncompressed; "." and "" are the root; '!' stands for a byte
 * that no name has. */
static inline void put_name(struct buf *b, const char *name)
{
	while (*name && strcmp(name, ".")) {
		size_t len = strcspn(name, ".");
		buf_u8(b, (uint8_t)len);
		for (size_t i = 0; i < len; i++)
			buf_u8(b, name[i] == '!' ? 0 : (uint8_t)name[i]);
		name += len + (name[len] == '.');
	}
	buf_u8(b, 0);
}

static inline void put_address(struct buf *b, uint16_t type, uint32_t ttl_s,
			       int n)
{
	buf_u16(b, type);
	buf_u16(b, 1);
	buf_u32(b, ttl_s);
	if (type == A) {
		buf_u16(b, 4);
		buf_u32(b, 0xc0000200 + (uint32_t)n); /* 192.0.2.n */
	} else {
		buf_u16(b, 16);
		buf_u64(b, UINT64_C(0x20010db800000000));
		buf_u64(b, (uint64_t)n);
	}
}

static inline void put_addresses(struct buf *b, const struct rule *r,
				 uint16_t type, int count)
{
	if (r->alias) {
		buf_u16(b, 0xc00c);
		buf_u16(b, CNAME);
		buf_u16(b, 1);
		buf_u32(b, r->ttl_s);
		buf_u16(b, 2 + 1 + 4);
		put_label_and_rest(b, "real");
	}
	for (int n = 1; n <= count; n++) {
		if (r->alias)
			put_label_and_rest(b, "real");
		else
			buf_u16(b, 0xc00c);
		put_address(b, type, r->ttl_s, n);
	}
}

static inline void put_string(struct buf *b, const char *s)
{
	buf_u8(b, (uint8_t)strlen(s));
	buf_str(b, s);
}

static inline void put_service(struct buf *b, const struct service *s)
{
	buf_u16(b, 0xc00c);
	buf_u16(b, s->flags ? NAPTR : SRV);
	buf_u16(b, 1);
	buf_u32(b, s->ttl_s ? s->ttl_s : 300);
	size_t at = b->len;
	buf_u16(b, 0);
	buf_u16(b, s->priority);
	buf_u16(b, s->weight);
	if (s->flags) {
		put_string(b, s->flags);
		put_string(b, s->naptr);
		put_string(b, s->regexp ? s->regexp : "");
	} else {
		buf_u16(b, s->port);
	}
	put_name(b, s->target);
	if (buf_failed(b))
		return;
	b->ptr[at] = (uint8_t)((b->len - at - 2) >> 8);
	b->ptr[at + 1] = (uint8_t)(b->len - at - 2);
}

/* Returns how many. */
static inline int put_services(struct buf *b, const struct name_server *ns,
			       const struct asked *q)
{
	int n = 0;

	for (size_t i = 0; i < ns->service_count; i++) {
		const struct service *s = &ns->services[i];
		if ((q->type == NAPTR) != (s->flags != NULL) ||
		    !slice_ieq(q->label, slice_str(s->label)) ||
		    !slice_ieq(q->service, slice_str(s->service)))
			continue;
		put_service(b, s);
		n++;
	}
	return n;
}

static inline const struct rule *rule_of(struct slice label)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (slice_ieq(label, slice_str(rules[i].label)))
			return &rules[i];
	return &rules[0];
}

/* What makes a "no" worth remembering: the root's, for an hour (RFC 2308). */
static inline void put_soa(struct buf *b)
{
	enum { SOA = 6, HOUR_S = 3600 };

	buf_u8(b, 0);
	buf_u16(b, SOA);
	buf_u16(b, 1);
	buf_u32(b, HOUR_S);
	buf_u16(b, 2 + 5 * 4);
	buf_u16(b, 0); /* both names are the root */
	for (int i = 0; i < 5; i++)
		buf_u32(b, HOUR_S);
}

/* Returns what belongs into the message's ANCOUNT. */
static inline int put_answers(struct buf *b, const struct name_server *ns,
			      const struct asked *q, const struct rule *r)
{
	if (q->type == SRV || q->type == NAPTR)
		return put_services(b, ns, q);
	int count = q->type == A ? r->v4 : q->type == AAAA ? r->v6 : 0;
	put_addresses(b, r, q->type, count);
	return count + r->alias;
}

/* -- the server -- */

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
