/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads a relay, from clients through it to their peers and back.
 *
 *   media_load MODE key=value ...
 *
 *   run    packets for so many seconds, after a time to warm up
 *   alloc  Allocate, challenge and all, and its release, so many at once
 *   hold   allocations with a channel until standard input ends
 *
 *   server=IP:PORT peer=IP client=IP  (the first client; one more each flow)
 *   user= password=  null=1  tcp=1  flows=N  bytes=N  train=N
 *   way=up|down|both  rate=N (a second; 0: as many as come back)
 *   window=N  seconds=N  warm=N
 *
 * It says "begin" when what is counted begins, and what came of it in JSON.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "bench/media/load.h"

enum { BUCKETS = 20000, RECENT_NS = 100000000 };

struct options {
	const char *mode, *way;
	double seconds, warm, rate;
	size_t train, window;
};

/* ---- packets ---- */

struct run {
	struct load *load;
	const struct options *o;
	struct flow **order; /* trains of each flow in turns */
	size_t at;
	uint64_t begin_ns; /* what was sent before does not count */
	uint64_t sent, received, counted_sent, counted;
	uint64_t last_ns;         /* when something came */
	uint64_t bucket[BUCKETS]; /* microseconds on the way */
};

static void came(void *arg, uint64_t sent_ns)
{
	struct run *r = arg;
	uint64_t us = (r->last_ns - sent_ns) / 1000;
	if (sent_ns < r->begin_ns || sent_ns > r->last_ns)
		return;
	r->counted++;
	r->bucket[us < BUCKETS ? us : BUCKETS - 1]++;
}

static double percentile(const struct run *r, double share)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < BUCKETS; i++) {
		sum += r->bucket[i];
		if ((double)sum > share * (double)r->counted)
			return (double)i;
	}
	return 0;
}

static void make_order(struct run *r)
{
	size_t flows = r->load->flows, train = r->o->train;
	r->order = malloc((flows * train + LOAD_BATCH) * sizeof(struct flow *));
	if (!r->order)
		load_fail("malloc");
	for (size_t i = 0; i < flows * train + LOAD_BATCH; i++)
		r->order[i] = &r->load->flow[i / train % flows];
}

/* How many are due: by the clock, or by what is on its way. */
static size_t due(struct run *r, uint64_t start_ns, uint64_t now_ns)
{
	double n;
	if (r->o->rate > 0) {
		n = (double)(now_ns - start_ns) * r->o->rate / 1e9 -
		    (double)r->sent;
	} else {
		/* what did not come for a while is lost */
		if (now_ns > r->last_ns + RECENT_NS)
			r->received = r->sent;
		n = (double)r->o->window - (double)(r->sent - r->received);
	}
	size_t whole = n > 0 ? (size_t)n : 0;
	whole = whole < LOAD_BATCH ? whole : LOAD_BATCH;
	return whole - whole % r->o->train;
}

static void burst(struct run *r, size_t count, bool up)
{
	struct link_burst b = { .flow = r->order + r->at,
				.count = count,
				.train = r->o->train };
	size_t n = up ? link_up(r->load, &b) : link_down(r->load, &b);
	/* what does not fit now counts as sent and lost */
	(void)n;
	r->sent += count;
	r->at = (r->at + count) % (r->load->flows * r->o->train);
}

static void turn(struct run *r, uint64_t start_ns)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	uint64_t now = clock_ns();
	size_t n = due(r, start_ns, now);
	const char *way = r->o->way;
	bool both = strcmp(way, "both") == 0;
	bool up = both ? r->sent / LOAD_BATCH % 2 == 0 : strcmp(way, "up") == 0;
	if (n)
		burst(r, n, up);
	r->last_ns = r->last_ns ? r->last_ns : now;
	uint64_t before = r->last_ns;
	r->last_ns = clock_ns();
	size_t got = link_drain(r->load, came, r);
	r->received += got;
	if (!got)
		r->last_ns = before;
	if (!n && !got)
		nanosleep(&pause, NULL);
}

static void run_packets(struct load *l, const struct options *o)
{
	static struct run r;
	r = (struct run){ .load = l, .o = o, .begin_ns = UINT64_MAX };
	make_order(&r);
	for (size_t i = 0; i < l->flows; i++)
		link_set_up(l, &l->flow[i]);
	uint64_t start = clock_ns();
	uint64_t begin = start + (uint64_t)(o->warm * 1e9);
	uint64_t end = begin + (uint64_t)(o->seconds * 1e9);
	while (clock_ns() < begin)
		turn(&r, start);
	uint64_t sent = r.sent;
	r.begin_ns = clock_ns();
	printf("begin\n");
	fflush(stdout);
	while (clock_ns() < end)
		turn(&r, start);
	printf("{\"sent\": %llu, \"received\": %llu, \"seconds\": %.3f, "
	       "\"p50_us\": %.0f, \"p99_us\": %.0f}\n",
	       (unsigned long long)(r.sent - sent),
	       (unsigned long long)r.counted,
	       (double)(clock_ns() - r.begin_ns) / 1e9, percentile(&r, 0.5),
	       percentile(&r, 0.99));
}

/* ---- allocations ---- */

enum { SLOTS = 1024, SLOT_LATE_NS = 500000000 };

/* One that is being made, or given back. */
struct making {
	struct flow flow;
	bool made;
	uint32_t turn;
	uint64_t asked_ns;
};

struct makings {
	struct load *load;
	struct making slot[SLOTS];
	uint32_t next; /* client */
	uint64_t made, answered, lost;
};

static void say(struct makings *all, size_t i)
{
	struct making *m = &all->slot[i];
	uint8_t bytes[TURN_ROOM];
	const struct turn_ask a = {
		.method = m->made ? STUN_REFRESH : STUN_ALLOCATE,
		.id = (uint64_t)++m->turn << 32 | i,
		.nonce = &m->flow.nonce,
		.release = m->made,
	};
	m->asked_ns = clock_ns();
	link_send(all->load, &m->flow,
		  slice_of(bytes, turn_write(&all->load->user, &a, bytes)));
}

/* Each by a client that was never seen before. */
static void begin_one(struct makings *all, size_t i)
{
	uint32_t first = ntohl(all->load->first.sin_addr.s_addr);
	struct making *m = &all->slot[i];
	m->made = false;
	m->flow.nonce.len = 0;
	m->flow.client = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr = { htonl(first + all->next++ % 60000) },
	};
	say(all, i);
}

static void answered(struct makings *all, const struct turn_answer *got)
{
	size_t i = (uint32_t)got->id;
	struct making *m = &all->slot[i];
	if (i >= SLOTS || got->id >> 32 != m->turn)
		return;
	all->answered++;
	if (m->made) {
		begin_one(all, i);
		return;
	}
	m->made = got->code == 0;
	all->made += m->made;
	say(all, i);
}

static size_t read_answers(struct makings *all)
{
	uint8_t bytes[TURN_ROOM];
	struct sockaddr_in at;
	size_t count = 0;
	for (int n;
	     (n = link_receive(all->load, bytes, sizeof(bytes), &at)) > 0;
	     count++) {
		struct turn_answer got;
		struct turn_nonce nonce = { .len = 0 };
		if (turn_read(&all->load->user, slice_of(bytes, (size_t)n),
			      &nonce, &got))
			continue;
		if (nonce.len && (uint32_t)got.id < SLOTS)
			all->slot[(uint32_t)got.id].flow.nonce = nonce;
		answered(all, &got);
	}
	return count;
}

static void turn_makings(struct makings *all, size_t outstanding)
{
	struct pollfd p = { .fd = all->load->client_fd, .events = POLLIN };
	if (read_answers(all))
		return;
	poll(&p, 1, 20);
	uint64_t now = clock_ns();
	for (size_t i = 0; i < outstanding; i++) {
		if (now < all->slot[i].asked_ns + SLOT_LATE_NS)
			continue;
		all->lost++;
		begin_one(all, i);
	}
}

static void run_makings(struct load *l, const struct options *o)
{
	static struct makings all;
	size_t outstanding = o->window < SLOTS ? o->window : SLOTS;
	all.load = l;
	for (size_t i = 0; i < outstanding; i++)
		begin_one(&all, i);
	uint64_t begin = clock_ns() + (uint64_t)(o->warm * 1e9);
	while (clock_ns() < begin)
		turn_makings(&all, outstanding);
	const struct makings was = { .made = all.made,
				     .answered = all.answered,
				     .lost = all.lost };
	printf("begin\n");
	fflush(stdout);
	begin = clock_ns();
	while (clock_ns() < begin + (uint64_t)(o->seconds * 1e9))
		turn_makings(&all, outstanding);
	printf("{\"made\": %llu, \"answered\": %llu, \"lost\": %llu, "
	       "\"seconds\": %.3f}\n",
	       (unsigned long long)(all.made - was.made),
	       (unsigned long long)(all.answered - was.answered),
	       (unsigned long long)(all.lost - was.lost),
	       (double)(clock_ns() - begin) / 1e9);
}

static void run_hold(struct load *l)
{
	for (size_t i = 0; i < l->flows; i++)
		link_set_up(l, &l->flow[i]);
	printf("begin\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
}

/* ---- options ---- */

static void take_addr(struct sockaddr_in *out, const char *text)
{
	struct addr a;
	if (addr_parse(slice_str(text), true, &a) &&
	    addr_parse_host(slice_str(text), 0, &a))
		load_fail(text);
	*out = a.u.in;
}

static bool take_load(struct load *l, const char *key, const char *value)
{
	if (strcmp(key, "server") == 0)
		take_addr(&l->server, value);
	else if (strcmp(key, "peer") == 0)
		take_addr(&l->peer, value);
	else if (strcmp(key, "client") == 0)
		take_addr(&l->first, value);
	else if (strcmp(key, "user") == 0)
		l->user.name = slice_str(value);
	else if (strcmp(key, "password") == 0)
		l->user.password = slice_str(value);
	else if (strcmp(key, "null") == 0)
		l->null = atoi(value) != 0;
	else if (strcmp(key, "tcp") == 0)
		l->tcp = atoi(value) != 0;
	else if (strcmp(key, "flows") == 0)
		l->flows = (size_t)atol(value);
	else if (strcmp(key, "bytes") == 0)
		l->bytes = (size_t)atol(value);
	else
		return false;
	return true;
}

static void take(struct options *o, const char *key, const char *value)
{
	if (strcmp(key, "train") == 0)
		o->train = (size_t)atol(value);
	else if (strcmp(key, "window") == 0)
		o->window = (size_t)atol(value);
	else if (strcmp(key, "way") == 0)
		o->way = value;
	else if (strcmp(key, "rate") == 0)
		o->rate = atof(value);
	else if (strcmp(key, "seconds") == 0)
		o->seconds = atof(value);
	else if (strcmp(key, "warm") == 0)
		o->warm = atof(value);
	else
		load_fail(key);
}

int main(int argc, char **argv)
{
	struct load l = { .flows = 1, .bytes = 120 };
	struct options o = { .way = "both",
			     .seconds = 1,
			     .warm = 0.3,
			     .train = 1,
			     .window = 192 };
	if (argc < 2)
		return 2;
	for (int i = 2; i < argc; i++) {
		char *equals = strchr(argv[i], '=');
		if (!equals)
			return 2;
		*equals = '\0';
		if (!take_load(&l, argv[i], equals + 1))
			take(&o, argv[i], equals + 1);
	}
	l.flow = calloc(l.flows, sizeof(*l.flow));
	if (!l.flow || hasher_create(&l.user.hasher))
		load_fail("start");
	link_open(&l);
	if (strcmp(argv[1], "run") == 0)
		run_packets(&l, &o);
	else if (strcmp(argv[1], "alloc") == 0)
		run_makings(&l, &o);
	else
		run_hold(&l);
	return 0;
}
