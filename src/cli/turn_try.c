/* SPDX-License-Identifier: Apache-2.0 */
/* Two allocations at our relay, and a packet between them. */
#include "cli/turn_try.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "stun/frame.h"
#include "stun/key.h"
#include "stun/write.h"

enum {
	TRIES = 3,
	WAIT_S = 2,
	IN_MAX = 4096,
	OUT_MAX = 1500,
	UDP_PROTOCOL = 17,
	FAMILY_IPV6 = 2,
	US_PER_S = 1000000
};

struct client {
	const struct turn_ask *ask;
	char *why;
	struct hasher *hasher;
	int fd;
	uint8_t in[IN_MAX];
	size_t len, used; /* in `in`; what was looked at goes first */
	struct stun_key key;
	char realm[STUN_REALM_MAX + 1], nonce[STUN_NONCE_MAX + 1];
	struct addr relayed;
};

static int __attribute__((format(printf, 3, 4)))
refuse(const struct client *c, int err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(c->why, TURN_WHY_MAX, fmt, ap);
	va_end(ap);
	return err;
}

/* ---- bytes ---- */

static int connect_to(struct client *c)
{
	const struct addr *to = &c->ask->relay;
	const struct timeval wait = { .tv_sec = WAIT_S };
	c->fd = socket(to->u.sa.sa_family,
		       (c->ask->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC,
		       0);
	if (c->fd < 0 ||
	    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	    setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) ||
	    connect(c->fd, &to->u.sa, addr_len(to)))
		return refuse(c, -errno, "no connection to it: %s",
			      strerror(errno));
	return 0;
}

static int put(struct client *c, struct stun_writer *w)
{
	struct slice m = stun_end(w);
	if (!m.len)
		return refuse(c, -EMSGSIZE, "a message cannot be written");
	if (send(c->fd, m.ptr, m.len, MSG_NOSIGNAL) == (ssize_t)m.len)
		return 0;
	return refuse(c, -EPIPE, "it cannot be written to");
}

/* Bytes of the next message at the front, 0: not whole yet. */
static int whole(struct client *c, size_t *bytes, struct slice *body)
{
	struct frame f;
	struct slice data = slice_of(c->in, c->len);
	*bytes = 0;
	if (!c->ask->tcp) {
		*bytes = c->len;
		*body = data;
		return 0;
	}
	if (frame_next_rfc(&f, data, IN_MAX))
		return refuse(c, -EBADMSG, "what it says is no STUN");
	if (f.kind != FRAME_MORE) {
		*bytes = f.consumed;
		*body = f.body;
	}
	return 0;
}

/* The next message; -EAGAIN: none in time. */
static int next(struct client *c, struct stun_msg *m)
{
	struct slice body = SLICE_NONE;
	size_t bytes = 0;
	for (;;) {
		memmove(c->in, c->in + c->used, c->len - c->used);
		c->len -= c->used;
		c->used = 0;
		int err = c->len ? whole(c, &bytes, &body) : 0;
		if (err)
			return err;
		if (c->len && bytes) {
			c->used = bytes;
			if (!stun_parse(m, &stun_rfc, body))
				return 0;
			continue; /* another protocol's, or none */
		}
		ssize_t n = recv(c->fd, c->in + c->len, IN_MAX - c->len, 0);
		if (n < 0 && errno == EAGAIN)
			return -EAGAIN;
		if (n <= 0)
			return refuse(c, -EPIPE, "it ended the connection");
		c->len += (size_t)n;
	}
}

/* ---- requests ---- */

static void begin(struct client *c, struct stun_writer *w,
		  uint8_t out[static OUT_MAX], enum stun_method method,
		  enum stun_class cls)
{
	uint8_t id[STUN_ID_BYTES] = { 0 };
	(void)crypto_random(id, sizeof(id)); /* else it is not ours to match */
	stun_writer_init(w, c->hasher, out, OUT_MAX);
	stun_begin(w, &stun_rfc, method, cls, id);
}

static void authenticate(const struct client *c, struct stun_writer *w)
{
	if (!c->key.len)
		return;
	stun_put(w, STUN_F_USERNAME, c->ask->username);
	stun_put(w, STUN_F_REALM, slice_str(c->realm));
	stun_put(w, STUN_F_NONCE, slice_str(c->nonce));
	stun_put_integrity(w, stun_key_bytes(&c->key), false);
}

/* The answer to what was written; repeated as datagrams get lost. */
static int ask(struct client *c, struct stun_writer *w, struct stun_msg *m)
{
	const uint8_t *id = w->ptr + STUN_HEADER_BYTES - STUN_ID_BYTES;
	*m = (struct stun_msg){ .raw = SLICE_NONE };
	for (int i = 0; i < TRIES; i++) {
		int err = i && c->ask->tcp ? 0 : put(c, w);
		while (!err && !(err = next(c, m)))
			if (m->cls != STUN_INDICATION &&
			    !memcmp(m->raw.ptr + STUN_HEADER_BYTES -
					    STUN_ID_BYTES,
				    id, STUN_ID_BYTES))
				return 0;
		if (err != -EAGAIN)
			return err;
	}
	return refuse(c, -ETIMEDOUT, "it does not answer");
}

static int allocate_once(struct client *c, struct stun_msg *m)
{
	uint8_t out[OUT_MAX];
	struct stun_writer w;
	bool six = c->ask->relay.u.sa.sa_family == AF_INET6;
	begin(c, &w, out, STUN_ALLOCATE, STUN_REQUEST);
	stun_put_u8(&w, STUN_F_TRANSPORT, UDP_PROTOCOL);
	if (six)
		stun_put_u8(&w, STUN_F_FAMILY, FAMILY_IPV6);
	authenticate(c, &w);
	return ask(c, &w, m);
}

static int take_challenge(struct client *c, const struct stun_msg *m)
{
	const struct stun_secret secret = {
		.username = c->ask->username,
		.realm = stun_value(m, STUN_F_REALM),
		.password = c->ask->password,
	};
	if (slice_cstr(secret.realm, c->realm, sizeof(c->realm)) ||
	    slice_cstr(stun_value(m, STUN_F_NONCE), c->nonce,
		       sizeof(c->nonce)) ||
	    stun_key_make(c->hasher, &stun_rfc, STUN_MD5, &secret, &c->key))
		return refuse(c, -EBADMSG, "its challenge cannot be used");
	return 0;
}

static int allocate(struct client *c)
{
	struct stun_msg m;
	int err = allocate_once(c, &m);
	if (!err && stun_error_code(&m) == 401) {
		err = take_challenge(c, &m);
		if (!err)
			err = allocate_once(c, &m);
	}
	if (err)
		return err;
	if (m.cls != STUN_SUCCESS)
		return refuse(c, -EACCES, "it refuses an allocation: %d",
			      stun_error_code(&m));
	if (stun_addr(&m, STUN_F_RELAYED, &c->relayed))
		return refuse(c, -EBADMSG, "its answer has no address");
	return 0;
}

static int permit(struct client *c, const struct addr *peer)
{
	uint8_t out[OUT_MAX];
	struct stun_writer w;
	struct stun_msg m;
	begin(c, &w, out, STUN_CREATE_PERMISSION, STUN_REQUEST);
	stun_put_addr(&w, STUN_F_PEER, peer);
	authenticate(c, &w);
	int err = ask(c, &w, &m);
	if (!err && m.cls != STUN_SUCCESS)
		err = refuse(c, -EACCES,
			     "it refuses its own address as a peer: %d",
			     stun_error_code(&m));
	return err;
}

/* Without waiting: what is left over ends with its lifetime. */
static void release(struct client *c)
{
	uint8_t out[OUT_MAX];
	struct stun_writer w;
	if (c->fd < 0)
		return;
	begin(c, &w, out, STUN_REFRESH, STUN_REQUEST);
	stun_put_u32(&w, STUN_F_LIFETIME, 0);
	authenticate(c, &w);
	struct slice m = stun_end(&w);
	if (m.len)
		(void)send(c->fd, m.ptr, m.len, MSG_NOSIGNAL);
	close(c->fd);
}

/* ---- the packet ---- */

static uint64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * US_PER_S + (uint64_t)t.tv_nsec / 1000;
}

static int send_to(struct client *c, const struct addr *peer, struct slice text)
{
	uint8_t out[OUT_MAX];
	struct stun_writer w;
	begin(c, &w, out, STUN_SEND, STUN_INDICATION);
	stun_put_addr(&w, STUN_F_PEER, peer);
	stun_put(&w, STUN_F_DATA, text);
	return put(c, &w);
}

static int receive(struct client *c, struct slice text)
{
	struct stun_msg m;
	int err;
	while (!(err = next(c, &m)))
		if (m.method == STUN_DATA &&
		    slice_eq(stun_value(&m, STUN_F_DATA), text))
			return 0;
	return err;
}

static int exchange(struct client *from, struct client *to, uint32_t *us)
{
	uint8_t text[STUN_ID_BYTES];
	int err = crypto_random(text, sizeof(text));
	for (int i = 0; i < TRIES && !err; i++) {
		uint64_t began = now_us();
		err = send_to(from, &to->relayed, slice_of(text, sizeof(text)));
		if (!err)
			err = receive(to, slice_of(text, sizeof(text)));
		if (!err) {
			*us = (uint32_t)(now_us() - began);
			return 0;
		}
		if (err == -EAGAIN)
			err = 0;
	}
	return err ? err
		   : refuse(from, -ETIMEDOUT,
			    "a packet between two of its ports is lost");
}

int turn_round_trip(const struct turn_ask *ask, uint32_t *us,
		    char why[static TURN_WHY_MAX])
{
	struct hasher *hasher = NULL;
	int err = hasher_create(&hasher);
	struct client c[2];
	snprintf(why, TURN_WHY_MAX, "no memory, or no randomness");
	for (size_t i = 0; i < 2; i++)
		c[i] = (struct client){
			.ask = ask, .why = why, .hasher = hasher, .fd = -1
		};
	for (size_t i = 0; i < 2 && !err; i++)
		err = connect_to(&c[i]);
	for (size_t i = 0; i < 2 && !err; i++)
		err = allocate(&c[i]);
	for (size_t i = 0; i < 2 && !err; i++)
		err = permit(&c[i], &c[1 - i].relayed);
	if (!err)
		err = exchange(&c[0], &c[1], us);
	for (size_t i = 0; i < 2; i++) {
		release(&c[i]);
		crypto_wipe(&c[i].key, sizeof(c[i].key));
	}
	hasher_free(hasher);
	return err;
}
