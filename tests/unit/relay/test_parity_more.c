/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As test_parity.c, for two more: clients that move with a ticket (RFC 8016),
 * and connections with peers that are asked for, come, are joined and end
 * (RFC 6062). The models keep plain arrays and compare times.
 */
#include "relay/relay.h"

#include "rig.h"

#define PEER "8.8.4.4:5000"

enum { STEPS = 20000, CHANNEL = 0x4000, MINUTE_MS = 60000 };

static unsigned pick(uint64_t *random, unsigned n)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (unsigned)(*random >> 33) % n;
}

static void let_time_pass(struct rig *g, uint64_t *random)
{
	static const unsigned most[] = { 10, 1000, 29999, MINUTE_MS, 700000 };
	rig_later(g, pick(random, most[pick(random, 5)]) + 1);
}

/* Strangers are not always answered: then there is nothing to compare. */
static bool authorised(struct rig *g, unsigned client)
{
	g->nonce_len[client] = 0;
	rig_challenge(g, client, NULL);
	return g->nonce_len[client] > 0;
}

/* ---- moves ---- */

enum { PLACES = 4, SESSIONS = 3, TICKETS = 3, TICKET_ROOM = 64 };

struct session {
	bool alive, bound;
	int at, old; /* -1: none */
	uint64_t expires, channel_until, permitted_until;
	char ticket[TICKETS][TICKET_ROOM]; /* the newest first */
	struct rig_port *port;
};

struct roam {
	struct rig *g;
	struct session s[SESSIONS];
	uint64_t random;
};

/* Whose place is that? */
static struct session *whose(struct roam *w, int place)
{
	for (int i = 0; i < SESSIONS; i++) {
		struct session *s = &w->s[i];
		if (s->alive && (s->at == place || s->old == place))
			return s;
	}
	return NULL;
}

static void new_ticket(struct roam *w, struct session *s)
{
	struct stun_msg m;
	assert_int_equal(rig_answer(w->g, &m, NULL), 0);
	struct slice v = stun_value(&m, STUN_F_MOBILITY_TICKET);
	memmove(s->ticket[1], s->ticket[0], sizeof(s->ticket) - TICKET_ROOM);
	assert_int_equal(slice_cstr(v, s->ticket[0], TICKET_ROOM), 0);
}

static struct rig_port *newest_port(struct roam *w)
{
	for (size_t i = 0; i < RIG_PORTS; i++) {
		bool known = !w->g->port[i].open;
		for (int n = 0; n < SESSIONS; n++)
			known |=
				w->s[n].alive && w->s[n].port == &w->g->port[i];
		if (!known)
			return &w->g->port[i];
	}
	fail_msg("no port was opened");
	return NULL;
}

static void roam_allocate(struct roam *w, int place)
{
	const struct rig_ask a = { .method = STUN_ALLOCATE,
				   .client = (unsigned)place,
				   .lifetime = -1,
				   .ticket = "" };
	struct session *s = &w->s[pick(&w->random, SESSIONS)];
	bool taken = whose(w, place) != NULL;
	if ((s->alive && !taken) || !authorised(w->g, (unsigned)place))
		return;
	assert_int_equal(rig_code(w->g, &a), taken ? 437 : 0);
	if (taken)
		return;
	memset(s, 0, sizeof(*s));
	s->port = newest_port(w);
	s->alive = true;
	s->at = place;
	s->old = -1;
	s->expires = w->g->now_ms + 10 * MINUTE_MS;
	new_ticket(w, s);
}

static void roam_refresh(struct roam *w, int place, int lifetime)
{
	const struct rig_ask a = { .method = STUN_REFRESH,
				   .client = (unsigned)place,
				   .lifetime = lifetime };
	struct session *s = whose(w, place);
	if (!authorised(w->g, (unsigned)place))
		return;
	assert_int_equal(rig_code(w->g, &a), s ? 0 : 437);
	if (!s)
		return;
	s->alive = lifetime != 0;
	s->expires = w->g->now_ms + 10 * MINUTE_MS;
	if (place == s->at)
		s->old = -1;
}

static int expect_move(struct roam *w, struct session *s, int place, int ticket)
{
	if (!s->alive || s->at == place || ticket > 1 ||
	    (ticket == 1 && s->old < 0))
		return 400;
	return whose(w, place) && whose(w, place) != s ? 437 : 0;
}

static void roam_move(struct roam *w, int place)
{
	struct session *s = &w->s[pick(&w->random, SESSIONS)];
	int ticket = (int)pick(&w->random, TICKETS);
	const struct rig_ask a = { .method = STUN_REFRESH,
				   .client = (unsigned)place,
				   .lifetime = -1,
				   .ticket = s->ticket[ticket] };
	if (!s->ticket[ticket][0] || !authorised(w->g, (unsigned)place))
		return;
	int expected = expect_move(w, s, place, ticket);
	assert_int_equal(rig_code(w->g, &a), expected);
	if (expected)
		return;
	s->old = s->at;
	s->at = place;
	s->expires = w->g->now_ms + 10 * MINUTE_MS;
	new_ticket(w, s);
}

static void roam_bind(struct roam *w, int place)
{
	struct session *s = whose(w, place);
	if (!authorised(w->g, (unsigned)place))
		return;
	assert_int_equal(rig_bind(w->g, (unsigned)place, CHANNEL, PEER),
			 s ? 0 : 437);
	if (!s)
		return;
	s->channel_until = w->g->now_ms + 10 * MINUTE_MS;
	s->permitted_until = w->g->now_ms + 5 * MINUTE_MS;
	if (place == s->at)
		s->old = -1;
}

static void roam_up(struct roam *w, int place)
{
	struct session *s = whose(w, place);
	bool goes = s && s->channel_until > w->g->now_ms;
	rig_channel_data(w->g, (unsigned)place, CHANNEL, "up");
	assert_int_equal(w->g->count, goes);
	if (!goes)
		return;
	assert_true(w->g->sent[0].to_peer);
	assert_true(relay_addr_equal(&w->g->sent[0].from, &s->port->at));
	if (place == s->at)
		s->old = -1;
}

static void roam_down(struct roam *w)
{
	struct session *s = &w->s[pick(&w->random, SESSIONS)];
	if (!s->alive)
		return;
	struct relay_flow f = rig_flow((unsigned)s->at);
	rig_from_peer(w->g, s->port, PEER, "down");
	assert_int_equal(w->g->count, s->permitted_until > w->g->now_ms);
	if (w->g->count)
		assert_memory_equal(&w->g->sent[0].flow, &f, RELAY_FLOW_KEY);
}

static void roam_step(struct roam *w)
{
	int place = (int)pick(&w->random, PLACES);
	switch (pick(&w->random, 10)) {
	case 0:
		roam_allocate(w, place);
		break;
	case 1:
		roam_refresh(w, place, pick(&w->random, 4) ? 600 : 0);
		break;
	case 2:
	case 3:
	case 4:
		roam_move(w, place);
		break;
	case 5:
		roam_bind(w, place);
		break;
	case 6:
	case 7:
		roam_up(w, place);
		break;
	case 8:
		roam_down(w);
		break;
	default:
		let_time_pass(w->g, &w->random);
		break;
	}
}

static void test_moves(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct roam w = { .random = seed * 0x9e3779b97f4a7c15 };
		assert_int_equal(rig_begin(&w.g), 0);
		w.g->conf.mobility = true;
		rig_apply(w.g);
		for (int i = 0; i < STEPS; i++) {
			size_t alive = 0;
			roam_step(&w);
			for (int n = 0; n < SESSIONS; n++) {
				w.s[n].alive &= w.s[n].expires > w.g->now_ms;
				alive += w.s[n].alive;
			}
			assert_int_equal(relay_count(w.g->relay), alive);
			assert_int_equal(w.g->open, alive);
		}
		rig_end(w.g);
	}
}

/* ---- connections with peers ---- */

enum { CONTROL = 4, DATA = 5, PEERS = 24, HOSTS = 2, PENDING = 16 };
enum link_state { NONE, DIALLING, UP, JOINED };

struct peer {
	enum link_state state;
	uint32_t id;
	uint64_t until; /* UP: somebody has to bind */
	struct rig_tap *tap;
};

struct links {
	struct rig *g;
	bool alive;
	uint64_t expires;
	uint64_t permitted_until[HOSTS];
	struct peer peer[PEERS];
	uint64_t random;
};

static const char *peer_text(int n, char text[static 32])
{
	snprintf(text, 32, "8.8.4.%d:%d", 4 + n % HOSTS, 5000 + n);
	return text;
}

static int pending(const struct links *w)
{
	int n = 0;
	for (int i = 0; i < PEERS; i++)
		n += w->peer[i].state == DIALLING || w->peer[i].state == UP;
	return n;
}

/* Everything ends with the allocation. */
static void links_end(struct links *w)
{
	w->alive = false;
	memset(w->permitted_until, 0, sizeof(w->permitted_until));
	memset(w->peer, 0, sizeof(w->peer));
}

static void links_age(struct links *w)
{
	if (w->alive && w->expires <= w->g->now_ms)
		links_end(w);
	for (int i = 0; i < PEERS; i++)
		if (w->peer[i].state == UP && w->peer[i].until <= w->g->now_ms)
			w->peer[i].state = NONE;
}

static void links_allocate(struct links *w)
{
	const struct rig_ask a = { .method = STUN_ALLOCATE,
				   .client = CONTROL,
				   .tcp = true,
				   .lifetime = -1 };
	if (!authorised(w->g, CONTROL))
		return;
	assert_int_equal(rig_code(w->g, &a), w->alive ? 437 : 0);
	if (w->alive)
		return;
	w->alive = true;
	w->expires = w->g->now_ms + 10 * MINUTE_MS;
}

static void links_refresh(struct links *w, int lifetime)
{
	const struct rig_ask a = { .method = STUN_REFRESH,
				   .client = CONTROL,
				   .lifetime = lifetime };
	if (!authorised(w->g, CONTROL))
		return;
	assert_int_equal(rig_code(w->g, &a), w->alive ? 0 : 437);
	w->expires = w->g->now_ms + 10 * MINUTE_MS;
	if (lifetime == 0)
		links_end(w);
}

static void links_permit(struct links *w, int n)
{
	char text[32];
	if (!authorised(w->g, CONTROL))
		return;
	assert_int_equal(rig_permit(w->g, CONTROL, peer_text(n, text)),
			 w->alive ? 0 : 437);
	if (w->alive)
		w->permitted_until[n % HOSTS] = w->g->now_ms + 5 * MINUTE_MS;
}

static void links_connect(struct links *w, int n)
{
	char text[32];
	struct rig_ask a = { .method = STUN_CONNECT,
			     .client = CONTROL,
			     .lifetime = -1,
			     .peer = { peer_text(n, text) } };
	struct peer *p = &w->peer[n];
	int expected = !w->alive               ? 437
		       : p->state != NONE      ? 446
		       : pending(w) == PENDING ? 508
					       : -1;
	size_t before = w->g->taps;
	if (!authorised(w->g, CONTROL))
		return;
	assert_int_equal(rig_code(w->g, &a), expected);
	assert_int_equal(w->g->taps - before, expected == -1);
	if (expected == -1)
		*p = (struct peer){ .state = DIALLING,
				    .tap = &w->g->tap[before] };
}

/* The answer to Connect, or the attempt: with its number. */
static uint32_t told(struct links *w, enum stun_method method)
{
	struct stun_msg m;
	assert_int_equal(w->g->count, 1);
	assert_int_equal(w->g->sent[0].flow.client.port, 4000 + CONTROL);
	assert_int_equal(rig_answer(w->g, &m, NULL), 0);
	assert_int_equal(m.method, method);
	return stun_u32(&m, STUN_F_CONNECTION_ID);
}

static void comes_up(struct links *w, struct peer *p, enum stun_method method)
{
	p->state = UP;
	p->until = w->g->now_ms + LINK_BIND_MS;
	p->id = told(w, method);
	for (struct peer *q = w->peer; q < w->peer + PEERS; q++)
		assert_true(q == p || q->state < UP || q->id != p->id);
}

static void links_dialled(struct links *w, struct peer *p)
{
	if (p->state != DIALLING)
		return;
	w->g->count = 0;
	relay_link_up(p->tap->link);
	comes_up(w, p, STUN_CONNECT);
}

static void links_gone(struct links *w, struct peer *p)
{
	struct stun_msg m;
	if (p->state == NONE)
		return;
	bool dialled = p->state == DIALLING;
	p->tap->open = false;
	w->g->taps_open--;
	w->g->count = 0;
	relay_link_gone(p->tap->link);
	assert_int_equal(w->g->count, dialled);
	if (dialled)
		assert_int_equal(rig_answer(w->g, &m, NULL), 447);
	p->state = NONE;
}

static void links_incoming(struct links *w, int n)
{
	char text[32];
	struct relay_addr from = rig_addr(peer_text(n, text));
	struct peer *p = &w->peer[n];
	if (!w->alive)
		return;
	struct rig_tap *t = rig_tap_new(w->g, NULL);
	w->g->count = 0;
	t->link = relay_link_incoming(rig_port_at(w->g, 0)->port, &from, t);
	bool taken = w->permitted_until[n % HOSTS] > w->g->now_ms &&
		     p->state == NONE && pending(w) < PENDING;
	assert_int_equal(t->link != NULL, taken);
	if (taken) {
		p->tap = t;
		comes_up(w, p, STUN_CONNECTION_ATTEMPT);
		return;
	}
	assert_int_equal(w->g->count, 0);
	t->open = false;
	w->g->taps_open--;
}

static void links_bind(struct links *w, struct peer *p)
{
	struct rig_ask a = { .method = STUN_CONNECTION_BIND,
			     .client = DATA,
			     .lifetime = -1,
			     .user = pick(&w->random, 4) == 0,
			     .connection = p->id };
	bool good = p->state == UP && a.user == 0;
	if (!p->id || !authorised(w->g, DATA))
		return;
	assert_int_equal(rig_code(w->g, &a), good ? 0 : 400);
	if (good) {
		assert_true(p->tap->joined);
		p->state = JOINED;
	}
}

static void links_step(struct links *w)
{
	int n = (int)pick(&w->random, PEERS);
	const struct relay_flow f = rig_flow(CONTROL);
	switch (pick(&w->random, 16)) {
	case 0:
	case 1:
		links_allocate(w);
		break;
	case 2:
		links_refresh(w, pick(&w->random, 8) ? 600 : 0);
		break;
	case 3:
		links_permit(w, n);
		break;
	case 4:
	case 5:
	case 6:
	case 7:
		links_connect(w, n);
		break;
	case 8:
		links_dialled(w, &w->peer[n]);
		break;
	case 9:
		links_gone(w, &w->peer[n]);
		break;
	case 10:
	case 11:
		links_incoming(w, n);
		break;
	case 12:
	case 13:
		links_bind(w, &w->peer[n]);
		break;
	case 14:
		if (pick(&w->random, 8))
			break;
		relay_flow_gone(w->g->relay, &f);
		links_end(w);
		break;
	default:
		let_time_pass(w->g, &w->random);
		break;
	}
}

static void links_agree(const struct links *w)
{
	size_t open = 0;
	for (int i = 0; i < PEERS; i++) {
		const struct peer *p = &w->peer[i];
		open += p->state != NONE;
		if (p->state != NONE)
			assert_true(p->tap->open);
	}
	assert_int_equal(w->g->taps_open, open);
	assert_int_equal(relay_count(w->g->relay), w->alive);
	assert_int_equal(w->g->open, w->alive);
}

/* The rig keeps every connection that ever was: then a new one begins. */
static void test_links(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct links w = { .random = seed * 0x9e3779b97f4a7c15 };
		assert_int_equal(rig_begin(&w.g), 0);
		while (w.g->taps < 120) {
			links_step(&w);
			links_age(&w);
			links_agree(&w);
		}
		rig_end(w.g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_links),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
