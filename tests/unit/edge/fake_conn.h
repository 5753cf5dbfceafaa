/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections without a network: these functions stand in the place of those of
 * net/. A test says what becomes of each and reads what was written on it.
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "edge/edge_int.h"

enum { FAKE_CONNS_MAX = 64 };

struct conn {
	const struct conn_ops *ops;
	void *arg;
	struct net_peer peer;
	char name[4][NET_NAME_MAX];
	char dialled[NET_NAME_MAX]; /* "" for accepted ones */
	char to[ADDR_TEXT_MAX];
	struct buf out;
	bool ready, ended, full, paused;
	void (*when_sent)(void *arg);
	enum conn_end why;
};

struct fake_net {
	struct conn *conn[FAKE_CONNS_MAX];
	size_t count; /* ever made */
	int error;    /* of conn_dial() */
};

/* The test's. */
static struct fake_net *fake_net;

static inline struct conn *fake_new(const struct conn_ops *ops, void *arg)
{
	assert_true(fake_net->count < FAKE_CONNS_MAX);
	struct conn *c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->ops = ops;
	c->arg = arg;
	c->peer.name = c->name;
	c->peer.chained = true;
	buf_init(&c->out, 0);
	fake_net->conn[fake_net->count++] = c;
	return c;
}

/* NOLINTNEXTLINE(readability-function-size): the shape is net.h's */
int conn_dial(struct conn **out, struct loop *l, const struct addr *to,
	      struct net_tls *tls, const char *server_name,
	      const struct conn_limits *limits, const struct conn_ops *ops,
	      void *arg)
{
	(void)l;
	(void)tls;
	(void)limits;
	if (fake_net->error)
		return fake_net->error;
	*out = fake_new(ops, arg);
	if (!*out)
		return -ENOMEM;
	(*out)->peer.addr = *to;
	snprintf((*out)->dialled, NET_NAME_MAX, "%s", server_name);
	addr_text(to, (*out)->to);
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size) */
int conn_accept(struct conn **out, struct loop *l, int fd, struct net_tls *tls,
		const struct conn_limits *limits, const struct conn_ops *ops,
		void *arg)
{
	(void)l, (void)fd, (void)tls, (void)limits;
	*out = fake_new(ops, arg);
	return *out ? 0 : -ENOMEM;
}

bool conn_writable(const struct conn *c, size_t len)
{
	(void)len;
	return !c->ended && !c->full;
}

int conn_write(struct conn *c, struct slice bytes)
{
	if (c->ended || c->full)
		return c->ended ? -EPIPE : -ENOBUFS;
	buf_put(&c->out, bytes);
	return 0;
}

void conn_close(struct conn *c)
{
	c->ended = true;
	c->ready = false;
	c->why = CONN_END_LOCAL;
}

void conn_close_flushed(struct conn *c)
{
	conn_close(c);
}

void conn_pause(struct conn *c, bool paused)
{
	c->paused = paused;
}

void conn_when_sent(struct conn *c, void (*fn)(void *arg))
{
	c->when_sent = fn;
}

const struct net_peer *conn_peer(const struct conn *c)
{
	return &c->peer;
}

void conn_set_address(struct conn *c, const struct addr *client)
{
	c->peer.addr = *client;
}

const char *conn_recheck(struct conn *c, const struct net_tls *with)
{
	(void)c;
	(void)with;
	return NULL;
}

int conn_fd(const struct conn *c)
{
	(void)c;
	return -1;
}

bool conn_ready(const struct conn *c)
{
	return c->ready;
}
