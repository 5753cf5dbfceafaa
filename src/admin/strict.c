/* SPDX-License-Identifier: Apache-2.0 */
/* A snapshot of partners' addresses, as it grows. */
#include "admin/strict.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"

enum { ARENA_FIRST = 4096, ARENA_MAX = 64 << 20, SIP_TLS_PORT = 5061 };

struct strict {
	struct arena *arena;
	struct strict_question *question;
	size_t questions, asked;
	struct addr *addr;
	size_t count, room;
	struct buf warnings;
	char time[32];
	struct firewall_snapshot snapshot;
};

void strict_free(struct strict *s)
{
	if (!s)
		return;
	free(s->addr);
	buf_free(&s->warnings);
	arena_free(s->arena);
	free(s);
}

static int copy(struct arena *a, struct slice from, struct slice *out)
{
	uint8_t *p = arena_alloc(a, from.len + 1);
	if (!p)
		return -ENOMEM;
	memcpy(p, from.ptr, from.len);
	*out = slice_of(p, from.len);
	return 0;
}

/* A server with an address is no question. domain empty: a provider. */
static int add(struct strict *s, struct slice domain, struct slice edge,
	       struct slice address)
{
	struct addr a;
	bool host = !slice_empty(edge);
	if (!slice_empty(address) && !addr_parse(address, false, &a))
		return strict_take(s, &a);
	struct strict_question *q = &s->question[s->questions];
	*q = (struct strict_question){ .domain = !host, .port = SIP_TLS_PORT };
	int err = copy(s->arena, host ? edge : domain, &q->name);
	if (!err)
		s->questions++;
	return err;
}

static int fill(struct strict *s, const struct conf *c)
{
	int err = 0;
	for (size_t i = 0; i < c->partner_count && !err; i++)
		err = add(s, c->partners[i].domain, c->partners[i].edge,
			  c->partners[i].address);
	for (size_t i = 0; i < c->provider_count && !err; i++)
		if (c->providers[i].enabled)
			err = add(s, SLICE_NONE, c->providers[i].edge,
				  c->providers[i].address);
	if (!err && c->access.default_route.edge.len)
		err = add(s, SLICE_NONE, c->access.default_route.edge,
			  c->access.default_route.address);
	return err;
}

int strict_create(struct strict **out, const struct conf *conf)
{
	size_t most = conf->partner_count + conf->provider_count + 1;
	struct strict *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	buf_init(&s->warnings, 0);
	s->arena = arena_create(ARENA_FIRST, ARENA_MAX);
	if (s->arena)
		s->question = arena_alloc(s->arena,
					  (most + 1) * sizeof(*s->question));
	int err = s->question ? fill(s, conf) : -ENOMEM;
	if (err) {
		strict_free(s);
		return err;
	}
	*out = s;
	return 0;
}

bool strict_next(struct strict *s, struct strict_question *out)
{
	if (s->asked == s->questions)
		return false;
	*out = s->question[s->asked++];
	return true;
}

static int grow(struct strict *s)
{
	enum { FIRST = 16 };
	size_t room = s->room ? 2 * s->room : FIRST;
	struct addr *more = realloc(s->addr, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->addr = more;
	s->room = room;
	return 0;
}

int strict_take(struct strict *s, const struct addr *a)
{
	char host[ADDR_TEXT_MAX];
	for (size_t i = 0; i < s->count; i++)
		if (addr_same_host(&s->addr[i], a))
			return 0;
	if (s->count == s->room && grow(s))
		return -ENOMEM;
	s->addr[s->count++] = *a;
	if (addr_port(a) != SIP_TLS_PORT)
		buf_printf(&s->warnings,
			   "warning: %s is reached on port %u: see that a row "
			   "fed-out has that port\n",
			   addr_host(a, host), addr_port(a));
	return 0;
}

void strict_missed(struct strict *s, struct slice why)
{
	buf_printf(&s->warnings,
		   "warning: a partner is not in these rules: %.*s\n",
		   SLICE_FMT(why));
}

const struct firewall_snapshot *strict_snapshot(struct strict *s,
						uint64_t wall_ms)
{
	time_t now = (time_t)(wall_ms / 1000);
	struct tm tm;
	if (!gmtime_r(&now, &tm) ||
	    !strftime(s->time, sizeof(s->time), "%Y-%m-%dT%H:%M:%SZ", &tm))
		s->time[0] = '\0';
	s->snapshot = (struct firewall_snapshot){ .partner = s->addr,
						  .count = s->count,
						  .time = s->time };
	return &s->snapshot;
}

void strict_warnings(const struct strict *s, struct buf *out)
{
	buf_put(out, buf_slice(&s->warnings));
	if (buf_failed(&s->warnings))
		out->failed = true;
}
