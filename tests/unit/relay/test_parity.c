/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine and a slow, obvious model of it get the same random sequence of
 * requests, packets and steps of time, in both dialects; after each one they
 * have to agree on what was answered and what was relayed. The model keeps
 * plain arrays and compares times; it knows nothing of slots, hashes, timers.
 */
#include "relay/relay.h"

#include "rig.h"

enum { CLIENTS = 3, PEERS = 4, CHANNELS = 3, STEPS = 20000, ADDRESSES = 2 };

static const char *const peers[PEERS + 1] = {
	"8.8.4.4:5000", "8.8.4.4:5001",  "8.8.4.5:5000",
	"8.8.4.5:5001", "10.0.0.1:5000", /* denied */
};

struct model {
	bool alive, ms;
	uint64_t expires, lifetime, active_at;
	uint64_t permitted[ADDRESSES]; /* until */
	int channel_peer[CHANNELS];
	uint64_t channel_until[CHANNELS];
	int active; /* MS: peer, or -1 */
	struct rig_port *port;
};

struct world {
	struct rig *g;
	struct model c[CLIENTS];
	uint64_t random;
};

static unsigned pick(struct world *w, unsigned n)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (unsigned)(w->random >> 33) % n;
}

static struct rig_port *newest(struct rig *g, struct world *w)
{
	for (size_t i = 0; i < RIG_PORTS; i++) {
		bool known = false;
		if (!g->port[i].open)
			continue;
		for (int c = 0; c < CLIENTS; c++)
			known |= w->c[c].alive && w->c[c].port == &g->port[i];
		if (!known)
			return &g->port[i];
	}
	fail_msg("no port was opened");
	return NULL;
}

static void forget(struct model *m)
{
	*m = (struct model){ .active = -1 };
}

static void born(struct world *w, struct model *m, bool ms)
{
	struct rig_port *p = newest(w->g, w);
	forget(m);
	m->alive = true;
	m->ms = ms;
	m->lifetime = 600000;
	m->expires = w->g->now_ms + m->lifetime;
	m->active_at = w->g->now_ms;
	m->port = p;
}

static void age(struct world *w)
{
	for (int i = 0; i < CLIENTS; i++) {
		struct model *m = &w->c[i];
		uint64_t end = m->expires;
		if (m->ms && m->active_at + m->lifetime > end)
			end = m->active_at + m->lifetime;
		if (m->alive && end <= w->g->now_ms)
			forget(m);
	}
}

/* ---- what the model says ---- */

static int expect_allocate(struct world *w, struct model *m, bool ms)
{
	if (m->alive && !ms)
		return 437;
	if (m->alive && !m->ms)
		return -1;
	if (m->alive) {
		m->lifetime = 600000;
		m->expires = w->g->now_ms + m->lifetime;
	} else {
		born(w, m, ms);
	}
	return 0;
}

static int expect_release(struct model *m, bool ms)
{
	bool mine = m->alive && m->ms == ms;
	if (!mine && !ms)
		return 437;
	if (m->alive && !mine)
		return -1;
	forget(m);
	return 0;
}

static void permit(struct world *w, struct model *m, int peer)
{
	m->permitted[peer / 2] = m->ms ? UINT64_MAX : w->g->now_ms + 300000;
}

static int expect_bind(struct world *w, struct model *m, int channel, int peer)
{
	uint64_t now = w->g->now_ms;
	if (!m->alive || m->ms)
		return 437;
	if (peer == PEERS)
		return 403;
	for (int i = 0; i < CHANNELS; i++) {
		bool live = m->channel_until[i] > now;
		if (live && (i == channel) != (m->channel_peer[i] == peer))
			return 400;
	}
	m->channel_peer[channel] = peer;
	m->channel_until[channel] = now + 600000;
	permit(w, m, peer);
	return 0;
}

static int expect_permit(struct world *w, struct model *m, int peer)
{
	if (!m->alive || m->ms)
		return 437;
	if (peer == PEERS)
		return 403;
	permit(w, m, peer);
	return 0;
}

/* ---- steps: each does it to both and compares ---- */

static bool authorised(struct world *w, unsigned client, bool ms)
{
	const struct model *m = &w->c[client];
	/* there it would be raw data, which step_send() and others cover */
	if (!ms && m->alive && m->ms && m->active >= 0)
		return false;
	w->g->nonce_len[client] = 0;
	rig_challenge(w->g, client, ms ? &stun_ms : NULL);
	return w->g->nonce_len[client] > 0;
}

static struct rig_ask ask(unsigned client, bool ms, enum stun_method method)
{
	return (struct rig_ask){ .dialect = ms ? &stun_ms : NULL,
				 .method = method,
				 .client = client,
				 .lifetime = -1 };
}

static void compare_relayed(struct world *w, bool expected, int peer)
{
	assert_int_equal(w->g->count, expected);
	if (!expected)
		return;
	struct relay_addr to = rig_addr(peers[peer]);
	assert_true(w->g->sent[0].to_peer);
	assert_true(relay_addr_equal(&w->g->sent[0].peer, &to));
	assert_memory_equal(w->g->sent[0].bytes, "data", 4);
	assert_int_equal(w->g->sent[0].len, 4);
}

static void step_allocate(struct world *w, unsigned client, bool ms)
{
	struct rig_ask a = ask(client, ms, STUN_ALLOCATE);
	if (!authorised(w, client, ms))
		return;
	int code = rig_code(w->g, &a);
	assert_int_equal(code, expect_allocate(w, &w->c[client], ms));
}

static void step_release(struct world *w, unsigned client, bool ms)
{
	struct rig_ask a = ask(client, ms, ms ? STUN_ALLOCATE : STUN_REFRESH);
	a.lifetime = 0;
	if (!authorised(w, client, ms))
		return;
	int code = rig_code(w->g, &a);
	assert_int_equal(code, expect_release(&w->c[client], ms));
}

static void step_refresh(struct world *w, unsigned client)
{
	struct model *m = &w->c[client];
	struct rig_ask a = ask(client, false, STUN_REFRESH);
	bool mine = m->alive && !m->ms;
	a.lifetime = (int)pick(w, 4000) + 1;
	if (!authorised(w, client, false))
		return;
	assert_int_equal(rig_code(w->g, &a), mine ? 0 : 437);
	uint64_t s = (uint64_t)a.lifetime;
	s = s > 3600 ? 3600 : s < 600 ? 600 : s;
	if (mine)
		m->expires = w->g->now_ms + s * 1000;
}

static void step_permit(struct world *w, unsigned client, int peer)
{
	if (!authorised(w, client, false))
		return;
	int code = rig_permit(w->g, client, peers[peer]);
	assert_int_equal(code, expect_permit(w, &w->c[client], peer));
}

static void step_bind(struct world *w, unsigned client, int peer)
{
	int channel = (int)pick(w, CHANNELS);
	if (!authorised(w, client, false))
		return;
	int code = rig_bind(w->g, client, (uint16_t)(0x4000 + channel),
			    peers[peer]);
	assert_int_equal(code, expect_bind(w, &w->c[client], channel, peer));
}

static void step_send(struct world *w, unsigned client, bool ms, int peer)
{
	struct model *m = &w->c[client];
	struct rig_ask a = ask(client, ms, STUN_SEND);
	a.class = ms ? STUN_REQUEST : STUN_INDICATION;
	a.bare = !ms;
	a.peer[0] = peers[peer];
	a.data = "data";
	rig_send(w->g, &a);
	bool mine = m->alive && m->ms == ms && peer < PEERS;
	bool raw = m->alive && m->ms && m->active >= 0 && !ms;
	bool goes = mine && (ms || m->permitted[peer / 2] > w->g->now_ms);
	if (raw) {
		/* everything that is not MS-TURN belongs to the peer */
		assert_int_equal(w->g->count, 1);
		assert_true(w->g->sent[0].to_peer);
		m->active_at = w->g->now_ms;
		return;
	}
	compare_relayed(w, goes, peer);
	if (goes && ms) {
		permit(w, m, peer);
		m->active_at = w->g->now_ms;
	}
}

static void step_active(struct world *w, unsigned client, int peer)
{
	struct model *m = &w->c[client];
	struct rig_ask a = ask(client, true, STUN_SET_ACTIVE);
	a.peer[0] = peers[peer];
	int code = rig_code(w->g, &a);
	if (!m->alive) {
		/* strangers are not always answered */
		assert_true(code == 437 || code == -1);
	} else if (!m->ms) {
		assert_int_equal(code, 437);
	} else if (peer == PEERS) {
		assert_int_equal(code, 400);
	} else {
		assert_int_equal(code, 0);
		permit(w, m, peer);
		m->active = peer;
	}
}

static void step_channel_data(struct world *w, unsigned client)
{
	struct model *m = &w->c[client];
	int channel = (int)pick(w, CHANNELS);
	bool bound =
		m->alive && !m->ms && m->channel_until[channel] > w->g->now_ms;
	rig_channel_data(w->g, client, (uint16_t)(0x4000 + channel), "data");
	if (m->alive && m->ms && m->active >= 0) {
		assert_int_equal(w->g->count, 1);
		assert_int_equal(w->g->sent[0].len, 8);
		m->active_at = w->g->now_ms;
		return;
	}
	compare_relayed(w, bound, bound ? m->channel_peer[channel] : 0);
}

static void step_raw(struct world *w, unsigned client)
{
	struct model *m = &w->c[client];
	bool goes = m->alive && m->ms && m->active >= 0;
	w->g->count = 0;
	rig_from_client(w->g, client, "data", 4);
	compare_relayed(w, goes, goes ? m->active : 0);
	if (goes)
		m->active_at = w->g->now_ms;
}

/* How many bytes reach the client, or 0. */
static size_t expected_down(struct world *w, const struct model *m, int peer)
{
	uint64_t now = w->g->now_ms;
	if (peer == PEERS || m->permitted[peer / 2] <= now)
		return 0;
	if (m->ms)
		return m->active == peer ? 4 : 20 + 8 + 12 + 4 + 4;
	for (int i = 0; i < CHANNELS; i++) {
		if (m->channel_until[i] > now && m->channel_peer[i] == peer)
			return 8;
	}
	return 20 + 12 + 4 + 4;
}

static void step_from_peer(struct world *w, unsigned client, int peer)
{
	struct model *m = &w->c[client];
	if (!m->alive)
		return;
	size_t expected = expected_down(w, m, peer);
	rig_from_peer(w->g, m->port, peers[peer], "data");
	assert_int_equal(w->g->count, expected > 0);
	if (!expected)
		return;
	struct relay_flow f = rig_flow(client);
	assert_false(w->g->sent[0].to_peer);
	assert_memory_equal(&w->g->sent[0].flow, &f, RELAY_FLOW_KEY);
	assert_int_equal(w->g->sent[0].len, expected);
	m->active_at = w->g->now_ms;
}

static void step_time(struct world *w)
{
	static const unsigned most[] = { 10, 1000, 60000, 300001, 900000 };
	rig_later(w->g, pick(w, most[pick(w, 5)]) + 1);
	age(w);
}

static void step(struct world *w)
{
	unsigned client = pick(w, CLIENTS);
	int peer = (int)pick(w, PEERS + 1);
	switch (pick(w, 16)) {
	case 0:
	case 1:
		step_allocate(w, client, pick(w, 2));
		break;
	case 2:
		if (pick(w, 4) == 0)
			step_release(w, client, pick(w, 2));
		break;
	case 3:
		step_refresh(w, client);
		break;
	case 4:
		step_permit(w, client, peer);
		break;
	case 5:
	case 6:
		step_bind(w, client, peer);
		break;
	case 7:
	case 8:
		step_send(w, client, pick(w, 2), peer);
		break;
	case 9:
		step_active(w, client, peer);
		break;
	case 10:
		step_raw(w, client);
		break;
	case 11:
	case 12:
		step_channel_data(w, client);
		break;
	case 13:
	case 14:
		step_from_peer(w, client, peer);
		break;
	default:
		step_time(w);
		break;
	}
}

static void test_parity(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct world w = { .random = seed * 0x9e3779b97f4a7c15 };
		assert_int_equal(rig_begin(&w.g), 0);
		for (int i = 0; i < CLIENTS; i++)
			forget(&w.c[i]);
		for (int i = 0; i < STEPS; i++) {
			size_t alive = 0;
			step(&w);
			for (int c = 0; c < CLIENTS; c++)
				alive += w.c[c].alive;
			assert_int_equal(relay_count(w.g->relay), alive);
			assert_int_equal(w.g->open, alive);
		}
		rig_end(w.g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parity),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
