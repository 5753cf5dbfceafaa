/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection: a stream socket under a TLS engine.
 *
 * Bytes written are queued as they are; at the end of the turn the queue is
 * encrypted and leaves with one send. Bytes read are handed over with all that
 * was not consumed before. Reading never waits for writing.
 *
 * A connection that was accepted waits for its turn while it shakes hands, see
 * gate.h.
 *
 * Ending: conn_end_with() marks, closes the socket and arms the turn's end;
 * there on_end is told and the memory goes. So every callback may close every
 * connection, its own too.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "net/identity.h"
#include "net/net.h"
#include "net/socket.h"
#include "net/tls.h"
#include "net/tls_context.h"
#include "net/tls_return.h"

enum {
	HANDSHAKE_MS = 10000,
	READ_BYTES = 384 << 10,
	WRITE_BYTES = 4 << 20,
	READ_CHUNK = 16 << 10,   /* one read a turn */
	WRITE_CHUNK = 256 << 10, /* encrypted and sent in a turn */
	WRITE_MORE = 4 << 10,    /* room for what follows in the turn */
	FLUSH_MS = 2000,
	DISCARD_BYTES = 64 << 10 /* after the last word */
};

enum conn_state {
	CONN_CONNECTING,
	CONN_SHAKING,
	CONN_OPEN,
	CONN_FLUSHING, /* nothing is taken any more, what is queued leaves */
	CONN_ENDED     /* on_end comes at the end of the turn */
};

/* Owned by the loop from creation until on_end has returned. */
struct conn {
	struct loop *loop;
	const struct conn_ops *ops;
	void *arg;
	struct conn_limits limits;
	enum conn_state state;
	int fd; /* -1 once closed */
	struct watch *watch;
	struct tls *tls;
	struct timer timer; /* connect and handshake, then flushing */
	struct turn_hook hook;
	struct buf in;         /* decrypted, not consumed */
	struct buf out;        /* not encrypted yet, from out_off on */
	size_t out_off;        /* of out */
	size_t wire_off;       /* of tls_wire() */
	size_t discarded;      /* read while flushing */
	struct net_gate *gate; /* or NULL; kept by the engine's context */
	struct gate_turn turn;
	bool shaking; /* counts in the gate */
	bool plain;   /* no TLS, so no handshake */
	bool paused;  /* nothing is read */
	bool again;   /* and what waits is handed over again */
	void (*when_sent)(void *arg);
	bool last_word; /* close_notify is on its way */
	bool shut;      /* and so is our FIN */
	enum conn_end why;
	const char *text;
};

static void leave_gate(struct conn *c)
{
	gate_forget(&c->turn);
	if (c->shaking)
		gate_leave(c->gate);
	c->shaking = false;
}

static void conn_free(struct conn *c)
{
	leave_gate(c);
	timer_stop(&c->timer);
	loop_cancel_turn_end(&c->hook);
	watch_close(c->watch);
	if (c->fd >= 0)
		close(c->fd);
	tls_free(c->tls);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

static size_t waiting(const struct conn *c)
{
	return c->out.len - c->out_off + tls_wire(c->tls)->len - c->wire_off;
}

/* Memory of an empty queue is given back: most connections are idle. */
static void drop_buf(struct buf *b)
{
	size_t max = b->max;

	buf_free(b);
	buf_init(b, max);
}

/* 0: all sent or the socket takes no more now; else -errno. */
static int send_wire(struct conn *c)
{
	struct buf *wire = tls_wire(c->tls);
	struct slice left = slice_from(buf_slice(wire), c->wire_off);

	if (slice_empty(left))
		return 0;
	ssize_t n =
		send(c->fd, left.ptr, left.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->wire_off += (size_t)n;
	if (c->wire_off == wire->len) {
		c->wire_off = 0;
		drop_buf(wire);
	}
	return 0;
}

static void arm(struct conn *c)
{
	loop_at_turn_end(c->loop, &c->hook);
}

static void conn_end_with(struct conn *c, enum conn_end why, const char *text)
{
	if (c->state == CONN_ENDED)
		return;
	if (c->state == CONN_SHAKING && why != CONN_END_LOCAL)
		metric_add(M_TLS_FAILED, 1);
	c->state = CONN_ENDED;
	c->why = why;
	c->text = text;
	timer_stop(&c->timer);
	leave_gate(c);
	if (c->fd >= 0) {
		/* close_notify, or the alert that says what was wrong */
		tls_close(c->tls);
		(void)send_wire(c);
		watch_close(c->watch);
		c->watch = NULL;
		close(c->fd);
		c->fd = -1;
	}
	arm(c);
}

static void log_refused_peer(const struct conn *c)
{
	char addr[ADDR_TEXT_MAX];
	const struct net_peer *peer = tls_peer(c->tls);

	if (!tls_why(c->tls))
		return;
	addr_host(&peer->addr, addr);
	LOG_LIMITED(LOG_WARN, "tls.peer_reject", slice_str(addr),
		    KV_STR("peer", addr), KV_STR("why", tls_why(c->tls)),
		    KV_STR("serial", peer->serial),
		    KV_STR("text", tls_text(c->tls)));
}

static void tls_failed(struct conn *c)
{
	bool name = tls_name_wrong(c->tls);

	log_refused_peer(c);
	conn_end_with(c, name ? CONN_END_NAME : CONN_END_TLS,
		      name ? "the certificate does not prove the dialled name"
			   : tls_text(c->tls));
}

/* Encrypts up to a chunk of the queue. */
static int encrypt(struct conn *c)
{
	struct slice left = slice_from(buf_slice(&c->out), c->out_off);

	if (slice_empty(left) || tls_status(c->tls) != TLS_OPEN ||
	    tls_wire(c->tls)->len - c->wire_off >= WRITE_CHUNK)
		return 0;
	left = slice_head(left, WRITE_CHUNK);
	int err = tls_output(c->tls, left);
	if (err)
		return err;
	metric_add(M_BYTES_OUT, left.len);
	c->out_off += left.len;
	if (c->out_off == c->out.len) {
		c->out_off = 0;
		drop_buf(&c->out);
	}
	return 0;
}

/* Everything was sent: close_notify, then FIN; after them the peer's own end is
 * awaited, because closing over unread bytes would destroy what we sent. */
static int say_last_word(struct conn *c)
{
	if (!c->last_word) {
		c->last_word = true;
		tls_close(c->tls);
		int err = send_wire(c);
		if (err)
			return err;
	}
	if (!waiting(c) && !c->shut) {
		c->shut = true;
		if (shutdown(c->fd, SHUT_WR))
			return -errno;
	}
	return 0;
}

static int wanted_events(const struct conn *c)
{
	bool blocked = tls_wire(c->tls)->len > 0 ||
		       (tls_status(c->tls) == TLS_OPEN && waiting(c));
	bool reads = c->state == CONN_FLUSHING
			     ? c->shut
			     : !gate_waits(&c->turn) && !c->paused;

	return (reads ? WATCH_READ : 0) | (blocked ? WATCH_WRITE : 0);
}

static void flush(struct conn *c)
{
	if (c->state == CONN_CONNECTING)
		return;
	if (encrypt(c)) {
		conn_end_with(c, CONN_END_TLS, tls_text(c->tls));
		return;
	}
	int err = send_wire(c);
	if (!err && c->state == CONN_FLUSHING && !waiting(c))
		err = say_last_word(c);
	if (!err)
		err = watch_set(c->watch, wanted_events(c));
	if (err)
		conn_end_with(c, CONN_END_RESET, strerrordesc_np(-err));
}

static void become_ready(struct conn *c)
{
	c->state = CONN_OPEN;
	timer_stop(&c->timer);
	leave_gate(c);
	if (!c->plain)
		metric_add(M_TLS_HANDSHAKES, 1);
	c->ops->on_ready(c->arg, c);
}

static void deliver(struct conn *c)
{
	size_t n = c->ops->on_bytes(c->arg, c, buf_slice(&c->in));

	assert(n <= c->in.len); /* our own callback */
	if (c->state == CONN_ENDED)
		return;
	if (n == c->in.len)
		drop_buf(&c->in);
	else
		buf_consume(&c->in, n);
	if (c->in.len > c->limits.read_bytes)
		conn_end_with(c, CONN_END_LOCAL, "more input than is taken");
}

static void deliver_again(struct conn *c)
{
	c->again = false;
	if (c->state == CONN_OPEN && !c->paused && c->in.len)
		deliver(c);
}

static void tell_sent(struct conn *c)
{
	void (*fn)(void *arg) = c->when_sent;

	if (!fn || waiting(c))
		return;
	c->when_sent = NULL;
	fn(c->arg);
}

static void on_turn_end(void *arg)
{
	struct conn *c = arg;

	if (c->state == CONN_SHAKING && c->plain)
		become_ready(c);
	if (c->again)
		deliver_again(c);
	if (c->state != CONN_ENDED)
		flush(c);
	if (c->state != CONN_ENDED)
		tell_sent(c);
	if (c->state != CONN_ENDED)
		return;
	loop_cancel_turn_end(&c->hook);
	metric_sub(M_CONN_OPEN, 1);
	c->ops->on_end(c->arg, c, c->why, c->text);
	conn_free(c);
}

/* Bytes from the socket, none left over. */
static void take(struct conn *c, struct slice bytes)
{
	size_t before = c->in.len;

	if (tls_input(c->tls, bytes, &c->in)) {
		tls_failed(c);
		return;
	}
	metric_add(M_BYTES_IN, c->in.len - before);
	if (tls_wire(c->tls)->len)
		arm(c);
	if (c->state == CONN_SHAKING && tls_status(c->tls) != TLS_SHAKING)
		become_ready(c);
	if (c->state == CONN_OPEN && c->in.len > before)
		deliver(c);
	if (c->state == CONN_OPEN && tls_status(c->tls) == TLS_CLOSED)
		conn_end_with(c, CONN_END_PEER, "closed");
}

static void discard(struct conn *c, size_t len)
{
	c->discarded += len;
	if (len == 0 || c->discarded > DISCARD_BYTES)
		conn_end_with(c, CONN_END_LOCAL, "closed here");
}

static void on_readable(struct conn *c)
{
	uint8_t chunk[READ_CHUNK];

	if (c->state == CONN_OPEN)
		gate_traffic(c->gate);
	ssize_t n = recv(c->fd, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			conn_end_with(c, CONN_END_RESET,
				      strerrordesc_np(errno));
	} else if (c->state == CONN_FLUSHING) {
		discard(c, (size_t)n);
	} else if (n > 0) {
		take(c, slice_of(chunk, (size_t)n));
	} else {
		conn_end_with(c, CONN_END_PEER,
			      c->state == CONN_SHAKING
				      ? "closed during the handshake"
				      : "closed without close_notify");
	}
}

static void on_turn(void *arg)
{
	struct conn *c = arg;

	on_readable(c);
	arm(c); /* for what it wants to hear next */
}

/* Only looked at where somebody would have to wait for it. */
static bool comes_back(struct conn *c)
{
	uint8_t first[TLS_RETURN_BYTES];
	ssize_t n = 0;

	if (!tls_began(c->tls))
		n = recv(c->fd, first, sizeof(first), MSG_PEEK | MSG_DONTWAIT);
	return n >= 0 && tls_returns(c->tls, slice_of(first, (size_t)n));
}

/* Its bytes stay in the kernel until its turn has come. */
static void wait_turn(struct conn *c)
{
	if (!c->turn.known && gate_crowded(c->gate))
		c->turn.known = comes_back(c);
	gate_ask(c->gate, &c->turn);
	int err = watch_set(c->watch, wanted_events(c));
	if (err)
		conn_end_with(c, CONN_END_RESET, strerrordesc_np(-err));
}

static void on_connected(struct conn *c)
{
	int err = socket_error(c->fd);

	if (err) {
		conn_end_with(c, CONN_END_CONNECT, strerrordesc_np(err));
		return;
	}
	c->state = CONN_SHAKING;
	arm(c);
}

static void on_event(void *arg, int events)
{
	struct conn *c = arg;

	if (c->state == CONN_CONNECTING) {
		on_connected(c);
		return;
	}
	if (events & WATCH_WRITE)
		arm(c);
	if (!(events & WATCH_READ) || c->state == CONN_ENDED)
		return;
	if (c->shaking)
		wait_turn(c);
	else
		on_readable(c);
}

static void on_deadline(struct timer *t, void *arg)
{
	struct conn *c = arg;

	(void)t;
	if (c->state == CONN_FLUSHING)
		conn_end_with(c, CONN_END_LOCAL,
			      c->shut ? "closed here"
				      : "closed here, not all was sent");
	else
		conn_end_with(c, CONN_END_TIMEOUT,
			      c->state == CONN_CONNECTING
				      ? "no answer to the connection attempt"
				      : "the handshake took too long");
}

/* What accepted and dialled ones share. fd is taken over when it succeeds. */
static struct conn *conn_new(struct loop *l, const struct conn_limits *limits,
			     const struct conn_ops *ops, void *arg)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->loop = l;
	c->ops = ops;
	c->arg = arg;
	c->fd = -1;
	c->text = "";
	if (limits)
		c->limits = *limits;
	if (!c->limits.handshake_ms)
		c->limits.handshake_ms = HANDSHAKE_MS;
	if (!c->limits.read_bytes)
		c->limits.read_bytes = READ_BYTES;
	if (!c->limits.write_bytes)
		c->limits.write_bytes = WRITE_BYTES;
	buf_init(&c->in, 0);
	buf_init(&c->out, 0);
	c->hook.fn = on_turn_end;
	c->hook.arg = c;
	c->turn = (struct gate_turn){ .fn = on_turn, .arg = c };
	timer_init(&c->timer, loop_timers(l), on_deadline, c);
	return c;
}

static int start(struct conn *c, int events)
{
	int err = watch_open(&c->watch, c->loop, c->fd, on_event, c);

	if (!err)
		err = watch_set(c->watch, events);
	if (!err)
		timer_start(&c->timer, c->limits.handshake_ms);
	return err;
}

/* More than six parameters: what is opened, by what rules, and who is told.
 * All of them differ from caller to caller. */
/* NOLINTNEXTLINE(readability-function-size) */
int conn_accept(struct conn **out, struct loop *l, int fd, struct net_tls *tls,
		const struct conn_limits *limits, const struct conn_ops *ops,
		void *arg)
{
	struct conn *c = conn_new(l, limits, ops, arg);

	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	c->state = CONN_SHAKING;
	socket_tune(fd);
	int err = tls_create(&c->tls, tls, NULL);
	if (!err)
		err = start(c, WATCH_READ);
	if (err) {
		conn_free(c);
		return err;
	}
	tls_peer(c->tls)->addr = socket_peer(fd);
	c->plain = tls_status(c->tls) == TLS_OPEN;
	c->gate = tls->gate;
	if (c->plain) {
		arm(c);
	} else if (c->gate) {
		c->shaking = true;
		gate_enter(c->gate);
	}
	metric_add(M_CONN_OPEN, 1);
	metric_add(M_CONN_ACCEPTED, 1);
	*out = c;
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size) */
int conn_dial(struct conn **out, struct loop *l, const struct addr *to,
	      struct net_tls *tls, const char *server_name,
	      const struct conn_limits *limits, const struct conn_ops *ops,
	      void *arg)
{
	struct conn *c = conn_new(l, limits, ops, arg);

	if (!c)
		return -ENOMEM;
	c->state = CONN_CONNECTING;
	int err = tls_create(&c->tls, tls, server_name);
	if (err) {
		conn_free(c);
		return err;
	}
	tls_peer(c->tls)->addr = *to;
	c->gate = tls->gate;
	c->plain = tls_status(c->tls) == TLS_OPEN;
	int dial = socket_dial(to, &c->fd);
	if (!dial || dial == -EINPROGRESS)
		err = start(c, WATCH_WRITE);
	else
		conn_end_with(c, CONN_END_CONNECT, strerrordesc_np(-dial));
	if (err) {
		conn_free(c);
		return err;
	}
	metric_add(M_CONN_OPEN, 1);
	metric_add(M_CONN_DIALLED, 1);
	*out = c;
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size) */
int conn_connecting(struct conn **out, struct loop *l, int fd,
		    struct net_tls *plain, const struct conn_limits *limits,
		    const struct conn_ops *ops, void *arg)
{
	struct conn *c = conn_new(l, limits, ops, arg);

	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->fd = fd;
	c->state = CONN_CONNECTING;
	c->plain = true;
	socket_tune(fd);
	int err = tls_create(&c->tls, plain, NULL);
	if (!err)
		err = start(c, WATCH_WRITE);
	if (err) {
		conn_free(c);
		return err;
	}
	metric_add(M_CONN_OPEN, 1);
	metric_add(M_CONN_DIALLED, 1);
	*out = c;
	return 0;
}

bool conn_writable(const struct conn *c, size_t len)
{
	if (c->state == CONN_ENDED || c->state == CONN_FLUSHING)
		return false;
	size_t used = waiting(c);
	return used < c->limits.write_bytes &&
	       len <= c->limits.write_bytes - used;
}

int conn_write(struct conn *c, struct slice bytes)
{
	if (c->state == CONN_ENDED || c->state == CONN_FLUSHING)
		return -EPIPE;
	if (!conn_writable(c, bytes.len))
		return -ENOBUFS;
	if (c->out_off > c->out.len / 2) {
		buf_consume(&c->out, c->out_off);
		c->out_off = 0;
	}
	if (!c->out.cap)
		buf_reserve(&c->out, bytes.len + WRITE_MORE);
	buf_put(&c->out, bytes);
	gate_traffic(c->gate);
	if (buf_failed(&c->out)) {
		c->out.failed = false; /* what was queued still leaves */
		return -ENOBUFS;
	}
	arm(c);
	return 0;
}

void conn_pause(struct conn *c, bool paused)
{
	if (c->paused == paused)
		return;
	c->paused = paused;
	c->again = !paused;
	arm(c);
}

void conn_when_sent(struct conn *c, void (*fn)(void *arg))
{
	c->when_sent = fn;
	arm(c);
}

int conn_fd(const struct conn *c)
{
	return c->fd;
}

void conn_close(struct conn *c)
{
	conn_end_with(c, CONN_END_LOCAL, "closed here");
}

void conn_close_flushed(struct conn *c)
{
	if (c->state == CONN_ENDED || c->state == CONN_FLUSHING)
		return;
	if (c->state != CONN_OPEN) {
		conn_close(c);
		return;
	}
	c->state = CONN_FLUSHING;
	timer_start(&c->timer, FLUSH_MS);
	arm(c);
}

const struct net_peer *conn_peer(const struct conn *c)
{
	return tls_peer(c->tls);
}

void conn_set_address(struct conn *c, const struct addr *client)
{
	tls_peer(c->tls)->addr = *client;
}

const char *conn_recheck(struct conn *c, const struct net_tls *with)
{
	return c->state == CONN_OPEN ? tls_recheck(c->tls, with) : NULL;
}

bool conn_ready(const struct conn *c)
{
	return c->state == CONN_OPEN;
}
