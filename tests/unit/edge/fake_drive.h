/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to the connections of fake_conn.h, as a test wants it. */
#pragma once

#include "unit/edge/fake_conn.h"

static inline struct conn *fake_conn(size_t i)
{
	assert_true(i < fake_net->count);
	assert_non_null(fake_net->conn[i]);
	return fake_net->conn[i];
}

static inline void fake_end(size_t i, enum conn_end why)
{
	struct conn *c = fake_conn(i);
	fake_net->conn[i] = NULL;
	c->ready = false;
	c->ended = true;
	c->ops->on_end(c->arg, c, why, "as the test wants it");
	buf_free(&c->out);
	free(c);
}

/* The end of a turn: those that were closed are told. */
static inline void fake_turn(void)
{
	for (size_t i = 0; i < fake_net->count; i++)
		if (fake_net->conn[i] && fake_net->conn[i]->ended)
			fake_end(i, fake_net->conn[i]->why);
}

/* The handshake is done: the dialled name is proved. */
static inline void fake_ready(size_t i)
{
	struct conn *c = fake_conn(i);
	c->ready = true;
	if (c->dialled[0]) {
		c->peer.name_count = 1;
		snprintf(c->name[0], NET_NAME_MAX, "%s", c->dialled);
	}
	c->ops->on_ready(c->arg, c);
}

static inline void fake_bytes(size_t i, struct slice bytes)
{
	struct conn *c = fake_conn(i);
	size_t used = c->ops->on_bytes(c->arg, c, bytes);
	assert_int_equal(used, bytes.len);
}

static inline size_t fake_open(void)
{
	size_t n = 0;
	for (size_t i = 0; i < fake_net->count; i++)
		n += fake_net->conn[i] && !fake_net->conn[i]->ended;
	return n;
}

static inline void fake_free(void)
{
	for (size_t i = 0; i < fake_net->count; i++)
		if (fake_net->conn[i])
			fake_end(i, CONN_END_LOCAL);
}
