/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The relay engine under a sequence of events: raw packets of clients and
 * peers, requests of known users in both dialects with any fields, over UDP and
 * streams, connections with peers that come, go and are joined, and time.
 * After each one every port that is open belongs to an allocation, and at the
 * end all are given back.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "base/log.h"
#include "relay/link.h"
#include "relay/relay.h"
#include "stun/write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	CLIENTS = 3,
	PORTS = 64,
	TAPS = 256,
	EVENTS = 400,
	ROOM = 1024,
	TICKET_ROOM = 64
};

struct port {
	struct relay_port *port;
	struct relay_addr at;
	bool open, tcp;
};

struct tap {
	struct relay_link *link; /* NULL: closed */
};

struct world {
	struct cur in;
	struct timers *timers;
	struct relay *relay;
	struct hasher *hasher;
	struct port port[PORTS];
	size_t open;
	struct tap tap[TAPS];
	size_t taps, taps_open;
	uint32_t connection;         /* the last number that was told */
	uint8_t ticket[TICKET_ROOM]; /* the last one, to move with */
	size_t ticket_len;
	uint64_t now_ms;
	uint8_t nonce[STUN_NONCE_BYTES];
	size_t nonce_len;
	uint32_t id;
	uint64_t asked; /* the last question for a key */
};

static const struct relay_user alice = { { (const uint8_t *)"alice", 5 },
					 { (const uint8_t *)"secret", 6 } };
static const struct stun_secret home = {
	.username = { (const uint8_t *)"home@a.test", 11 },
	.realm = { (const uint8_t *)"edge.test", 9 },
	.password = { (const uint8_t *)"word", 4 },
};
static const struct slice realm = { (const uint8_t *)"edge.test", 9 };

static void must(bool held)
{
	if (!held)
		abort();
}

static int on_open(void *arg, struct relay_port *port,
		   const struct relay_addr *at, void **io)
{
	struct world *w = arg;
	for (size_t i = 0; i < PORTS; i++) {
		must(!w->port[i].open || !relay_addr_equal(&w->port[i].at, at));
		if (w->port[i].open)
			continue;
		w->port[i] = (struct port){ port, *at, true, false };
		w->open++;
		*io = &w->port[i];
		return 0;
	}
	return -EMFILE;
}

static void on_close(void *arg, void *io)
{
	struct world *w = arg;
	struct port *p = io;
	must(p->open);
	p->open = false;
	w->open--;
}

/* Reads every byte that goes out; learns the nonce from challenges. */
static void on_to_client(void *arg, const struct relay_flow *to,
			 const struct relay_out *out)
{
	struct world *w = arg;
	struct stun_msg m;
	const struct stun_dialect *d[] = { &stun_rfc, &stun_ms };
	for (int i = 0; i < 2; i++) {
		struct slice bytes = slice_from(
			out->bytes, to->transport == RELAY_MS_TCP ? 4 : 0);
		if (stun_parse(&m, d[i], bytes))
			continue;
		if (stun_has(&m, STUN_F_CONNECTION_ID))
			w->connection = stun_u32(&m, STUN_F_CONNECTION_ID);
		struct slice ticket = stun_value(&m, STUN_F_MOBILITY_TICKET);
		must(ticket.len <= sizeof(w->ticket));
		if (ticket.len) {
			memcpy(w->ticket, ticket.ptr, ticket.len);
			w->ticket_len = ticket.len;
		}
		if (!stun_has(&m, STUN_F_NONCE))
			continue;
		struct slice n = stun_value(&m, STUN_F_NONCE);
		must(n.len <= sizeof(w->nonce));
		memcpy(w->nonce, n.ptr, n.len);
		w->nonce_len = n.len;
	}
}

static void on_to_peer(void *arg, void *io, const struct relay_addr *peer,
		       const struct relay_out *out)
{
	const struct port *p = io;
	(void)arg;
	(void)out;
	must(p->open && peer->port && peer->ip[0] != 127);
}

static int on_listen(void *arg, struct relay_port *port,
		     const struct relay_addr *at, void **io)
{
	int err = on_open(arg, port, at, io);
	struct port *p = err ? NULL : *io;
	if (p)
		p->tcp = true;
	return err;
}

static struct tap *tap_new(struct world *w, struct relay_link *l)
{
	if (w->taps == TAPS)
		return NULL;
	w->taps_open++;
	w->tap[w->taps] = (struct tap){ l };
	return &w->tap[w->taps++];
}

static int on_dial(void *arg, struct relay_link *l, const struct relay_addr *to,
		   void **io)
{
	struct tap *t = to->port % 2 ? NULL : tap_new(arg, l);
	must(to->port && to->ip[0] != 127);
	*io = t;
	return t ? 0 : -EMFILE;
}

static int on_write(void *arg, void *io, struct slice bytes)
{
	const struct tap *t = io;
	(void)arg;
	must(t->link);
	return bytes.len % 2 ? -ENOBUFS : 0;
}

static void on_tap_close(void *arg, void *io)
{
	struct world *w = arg;
	struct tap *t = io;
	must(t->link);
	t->link = NULL;
	w->taps_open--;
}

static void on_join(void *arg, const struct relay_flow *flow, void *io)
{
	const struct tap *t = io;
	(void)arg;
	must(t->link && flow->transport == RELAY_TCP);
}

static void on_pass_on(void *arg, const struct relay_flow *flow,
		       const struct relay_join *join)
{
	(void)arg;
	(void)flow;
	must(join->slot && join->yes.len && join->no.len);
}

/* Nobody waits. */
static void on_accept(void *arg, void *io)
{
	(void)arg;
	(void)io;
}

static const struct relay_link_ops links = {
	.listen = on_listen,
	.unlisten = on_close,
	.accept = on_accept,
	.dial = on_dial,
	.write = on_write,
	.close = on_tap_close,
	.join = on_join,
	.pass_on = on_pass_on,
};

static void on_hang_up(void *arg, const struct relay_flow *flow)
{
	(void)arg;
	(void)flow;
}

static uint64_t on_now_s(void *arg)
{
	const struct world *w = arg;
	return 1700000000 + w->now_ms / 1000;
}

static uint32_t on_socket_at(void *arg, const struct relay_addr *local)
{
	(void)arg;
	must(local->ip[0] == 9 && local->port - 3478U < 2);
	return local->port;
}

static int sink(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
	return 0;
}

static struct relay_addr some_peer(uint8_t which)
{
	struct relay_addr a = { .family = which & 4 ? 6 : 4,
				.port = (uint16_t)(which & 8 ? 80 : 5000) };
	a.ip[0] = which & 4 ? 0x2a : which & 16 ? 127 : 8;
	a.ip[3] = which & 3;
	return a;
}

static struct relay_flow flow_of(uint8_t which)
{
	struct relay_flow f = { .client = some_peer(0), .local = some_peer(0) };
	f.client.port = (uint16_t)(4000 + which % CLIENTS);
	f.local.ip[0] = 9;
	f.local.port = 3478;
	f.transport = (uint8_t)(which / CLIENTS % 3);
	return f;
}

/* A copy of the exact size, with the room that the engine may write to. */
static void give(struct world *w, struct port *to, struct slice s, uint8_t who)
{
	uint8_t *copy = malloc(s.len + RELAY_HEADROOM + RELAY_TAILROOM);
	must(copy);
	struct relay_packet p = { .ptr = copy + RELAY_HEADROOM,
				  .len = s.len,
				  .ttl = who };
	if (s.len)
		memcpy(p.ptr, s.ptr, s.len);
	struct relay_addr peer = some_peer(who);
	struct relay_flow f = flow_of(who);
	if (to)
		relay_peer_packet(to->port, &peer, &p);
	else
		relay_client_packet(w->relay, &f, &p);
	free(copy);
}

static void put_fields(struct world *w, struct stun_writer *m)
{
	for (int n = cur_u8(&w->in) % 5; n > 0; n--) {
		uint8_t f = cur_u8(&w->in) % STUN_F_COUNT;
		struct relay_addr a = some_peer(cur_u8(&w->in));
		struct addr peer = relay_addr_to(&a);
		if (f == STUN_F_CONNECTION_ID)
			stun_put_u32(m, STUN_F_CONNECTION_ID,
				     w->connection ^ (uint32_t)(a.ip[3] == 3));
		else if (f == STUN_F_MOBILITY_TICKET)
			stun_put(m, STUN_F_MOBILITY_TICKET,
				 slice_of(w->ticket, m->method == STUN_ALLOCATE
							     ? 0
							     : w->ticket_len));
		else if (f == STUN_F_PEER)
			stun_put_addr(m, STUN_F_PEER, &peer);
		else
			stun_put(m, (enum stun_field)f,
				 cur_bytes(&w->in, cur_u8(&w->in) % 9));
	}
}

static void request(struct world *w)
{
	uint8_t bytes[ROOM], id[STUN_ID_BYTES] = { 0 };
	uint8_t how = cur_u8(&w->in), who = cur_u8(&w->in);
	const struct stun_dialect *d = how & 1 ? &stun_ms : &stun_rfc;
	enum stun_method method =
		(enum stun_method)(cur_u8(&w->in) % STUN_METHOD_COUNT);
	struct stun_secret from = { alice.name, realm, alice.password };
	struct stun_key key;
	struct stun_writer m;
	if (how & 16)
		from = home;
	w->id++;
	memcpy(id + 4, &w->id, sizeof(w->id));
	stun_writer_init(&m, w->hasher, bytes, sizeof(bytes));
	stun_begin(&m, d, method, how & 2 ? STUN_INDICATION : STUN_REQUEST, id);
	if (method == STUN_ALLOCATE)
		stun_put_u8(&m, STUN_F_TRANSPORT, how & 8 ? 6 : 17);
	put_fields(w, &m);
	if (!(how & 4) && !stun_key_make(w->hasher, d, STUN_MD5, &from, &key)) {
		stun_put(&m, STUN_F_USERNAME, from.username);
		stun_put(&m, STUN_F_REALM, realm);
		stun_put(&m, STUN_F_NONCE, slice_of(w->nonce, w->nonce_len));
		stun_put_integrity(&m, stun_key_bytes(&key), false);
	}
	struct slice whole = stun_end(&m);
	if (!slice_empty(whole))
		give(w, NULL, whole, who);
}

/* A connection with a peer comes up, says something, or ends. */
static void tap_event(struct world *w, uint8_t who)
{
	struct tap *t = &w->tap[who % (w->taps ? w->taps : 1)];
	uint8_t room[RELAY_HEADROOM + ROOM + RELAY_TAILROOM];
	struct slice s = cur_bytes(&w->in, cur_u8(&w->in));
	struct relay_packet p = { .ptr = room + RELAY_HEADROOM, .len = s.len };
	struct relay_link *l = t->link;
	if (!l)
		return;
	if (s.len)
		memcpy(p.ptr, s.ptr, s.len);
	if (s.len % 4 == 0) {
		relay_link_up(l);
	} else if (s.len % 4 == 1) {
		t->link = NULL;
		w->taps_open--;
		relay_link_gone(l);
	} else if (relay_link_joins(l)) {
		(void)relay_link_pass(l, s.len & 8, s.len);
	} else {
		relay_link_packet(l, &p);
	}
}

static void incoming(struct world *w, struct relay_port *port, uint8_t who)
{
	struct relay_addr peer = some_peer(who);
	struct tap *t = tap_new(w, NULL);
	if (!t)
		return;
	t->link = relay_link_incoming(port, &peer, t);
	if (!t->link)
		w->taps_open--;
}

static int on_ask_key(void *arg, const struct relay_key_ask *ask)
{
	struct world *w = arg;
	must(slice_eq(ask->realm, realm));
	w->asked = ask->id;
	return ask->id % 8 == 7 ? -EPIPE : 0;
}

/* What the store says of home's users. */
static void account(struct world *w, uint8_t how)
{
	static const int errors[] = { 0, -ENOENT, -ENOKEY, -EIO };
	struct stun_key md5;
	must(stun_key_make(w->hasher, &stun_rfc, STUN_MD5, &home, &md5) == 0);
	const struct relay_key key = { .aor = home.username,
				       .md5 = stun_key_bytes(&md5) };
	uint64_t id = w->asked - (how & 4 ? 1 : 0);
	if (how & 1)
		relay_key_found(w->relay, id, &key);
	if (how & 2)
		relay_key_answered(w->relay, id, errors[how >> 3 & 3]);
	if (how & 32)
		relay_user_changed(w->relay, home.username, how & 64);
	if (how & 128)
		relay_keys_lost(w->relay);
}

static void event(struct world *w)
{
	uint8_t what = cur_u8(&w->in), who = cur_u8(&w->in);
	struct port *p = &w->port[who % PORTS];
	struct relay_flow f = flow_of(who);
	switch (what == UINT8_MAX ? UINT8_MAX : what % 8) {
	case UINT8_MAX:
		account(w, who);
		break;
	case 4:
		tap_event(w, who);
		break;
	case 5:
		if (p->open && p->tcp)
			incoming(w, p->port, cur_u8(&w->in));
		break;
	case 6:
		if (f.transport)
			relay_flow_gone(w->relay, &f);
		break;
	case 0:
	case 1:
		request(w);
		break;
	case 2:
		give(w, NULL, cur_bytes(&w->in, cur_u8(&w->in)), who);
		break;
	case 3:
		if (p->open && !p->tcp)
			give(w, p, cur_bytes(&w->in, cur_u8(&w->in)), who);
		break;
	default:
		w->now_ms += (uint64_t)who * who * 16;
		timers_advance(w->timers, w->now_ms);
		break;
	}
}

static void begin(struct world *w)
{
	static const uint8_t key[STUN_NONCE_KEY_BYTES] = { 7 };
	static const struct credential_secrets none;
	static const struct relay_ops ops = {
		.open = on_open,
		.close = on_close,
		.to_client = on_to_client,
		.to_peer = on_to_peer,
		.hang_up = on_hang_up,
		.now_s = on_now_s,
		.socket_at = on_socket_at,
		.links = &links,
		.ask_key = on_ask_key,
	};
	const struct relay_setup setup = { .ops = &ops,
					   .arg = w,
					   .timers = w->timers };
	struct relay_conf conf = { .realm = realm,
				   .port_first = 50000,
				   .port_last = 50040,
				   .users = &alice,
				   .user_count = 1,
				   .permissions_max = 4,
				   .channels_max = 4,
				   .lifetime_default_s = 600,
				   .lifetime_max_s = 3600,
				   .port_kbit = 80,
				   .wide_channels = true,
				   .mobility = true,
				   .home_users = true };
	(void)addr_parse(SLICE_LIT("9.0.0.0:3478"), false, &conf.discovery[0]);
	(void)addr_parse(SLICE_LIT("9.0.0.1:3479"), false, &conf.discovery[1]);
	must(relay_create(&w->relay, &setup) == 0);
	relay_configure(w->relay, &conf, &none, key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .in = cur_init(slice_of(data, size)) };
	log_set_sink(sink, NULL);
	must(timers_create(&w.timers, 0) == 0);
	must(hasher_create(&w.hasher) == 0);
	begin(&w);
	for (int i = 0; i < EVENTS && cur_left(&w.in); i++) {
		event(&w);
		must(w.open >= relay_count(w.relay) &&
		     w.open <= 2 * relay_count(w.relay));
	}
	relay_free(w.relay);
	must(w.open == 0 && w.taps_open == 0);
	hasher_free(w.hasher);
	timers_free(w.timers);
	return 0;
}
