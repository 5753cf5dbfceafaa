/* SPDX-License-Identifier: Apache-2.0 */
/* The rig's heart: an admin, an operator at one end of a socket pair, what the
 * admin sent to other processes, time that moves when told. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin/admin_int.h"
#include "support/oom.h"

enum { RIG_SENT_MAX = 16 };

struct rig_sent {
	enum proc_role role; /* PROC_SUPERVISOR: to_supervisor() */
	uint32_t slot;
	struct ipc_msg m;
};

struct rig {
	struct loop *loop;
	struct timers *timers;
	struct admin *admin;
	uint64_t now;
	int pipe[2];
	struct watch *tick;
	int client;
	struct rig_sent sent[RIG_SENT_MAX];
	size_t sent_count;
	int send_error;
	struct buf bytes[RIG_SENT_MAX]; /* what sent[] borrows from */
};

static inline int rig_note(struct rig *g, enum proc_role role, uint32_t slot,
			   enum ipc_type type, const void *body)
{
	if (g->send_error)
		return g->send_error;
	struct buf *b = &g->bytes[g->sent_count];
	struct rig_sent *s = &g->sent[g->sent_count];
	assert_true(g->sent_count < RIG_SENT_MAX);
	buf_init(b, 0);
	ipc_encode(b, type, body);
	if (buf_failed(b)) {
		buf_free(b);
		return -ENOMEM;
	}
	s->role = role;
	s->slot = slot;
	assert_int_equal(ipc_decode(buf_slice(b), &s->m), 0);
	g->sent_count++;
	return 0;
}

static inline int rig_send(void *arg, enum proc_role role, uint32_t slot,
			   enum ipc_type type, const void *body)
{
	return rig_note(arg, role, slot, type, body);
}

static inline int rig_send_store_fd(void *arg, enum ipc_type type,
				    const void *body, int fd)
{
	assert_true(fcntl(fd, F_GETFD) >= 0);
	return rig_note(arg, PROC_STORE, 0, type, body);
}

static inline int rig_to_supervisor(void *arg, enum ipc_type type,
				    const void *body)
{
	return rig_note(arg, PROC_SUPERVISOR, 0, type, body);
}

static inline void rig_stop(void *arg, int events)
{
	(void)events;
	loop_stop(arg);
}

/* A few turns of the loop, without waiting: a pipe with room is always ready
 * to be written and ends each of them. */
static inline int rig_turns(struct rig *g)
{
	for (int i = 0; i < 3; i++) {
		int err = watch_set(g->tick, WATCH_WRITE);
		if (err)
			return err;
		loop_run(g->loop);
	}
	return watch_set(g->tick, 0);
}

/* -ENOMEM when memory ran out on the way; rig_free() in any case. */
static inline int rig_open(struct rig *g)
{
	static const struct admin_ops ops = { rig_send, rig_send_store_fd,
					      rig_to_supervisor };
	int fds[2] = { -1, -1 };
	memset(g, 0, sizeof(*g));
	g->client = -1;
	int err = loop_create(&g->loop);
	assert_int_equal(pipe2(g->pipe, O_CLOEXEC), 0);
	if (!err)
		err = watch_open(&g->tick, g->loop, g->pipe[1], rig_stop,
				 g->loop);
	if (!err)
		err = timers_create(&g->timers, 0);
	if (!err)
		err = admin_create(&g->admin, g->loop, g->timers, &ops, g);
	if (err)
		return err;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	g->client = fds[0];
	return session_open(g->admin, fds[1]);
}

static inline void rig_free(struct rig *g)
{
	admin_free(g->admin);
	if (g->client >= 0)
		close(g->client);
	for (size_t i = 0; i < g->sent_count; i++)
		buf_free(&g->bytes[i]);
	timers_free(g->timers);
	watch_close(g->tick);
	loop_free(g->loop);
	close(g->pipe[0]);
	close(g->pipe[1]);
}

static inline void rig_write(struct rig *g, struct slice s)
{
	assert_int_equal(send(g->client, s.ptr, s.len, MSG_NOSIGNAL), s.len);
}

static inline void rig_ask(struct rig *g, const char *line)
{
	rig_write(g, slice_str(line));
	rig_write(g, SLICE_LIT("\n"));
	rig_turns(g);
}

/* What the operator has read since the last call; "" when nothing came,
 * "<end>" appended when the connection is closed. */
static inline const char *rig_read(struct rig *g)
{
	static char out[1 << 20];
	size_t len = 0;
	ssize_t n = 1;
	rig_turns(g);
	while (n > 0 && len < sizeof(out) - 8) {
		n = recv(g->client, out + len, sizeof(out) - 8 - len,
			 MSG_DONTWAIT);
		if (n > 0)
			len += (size_t)n;
		rig_turns(g);
	}
	if (n == 0) {
		memcpy(out + len, "<end>", 5);
		len += 5;
	}
	out[len] = '\0';
	return out;
}

static inline void rig_wait(struct rig *g, uint64_t ms)
{
	g->now += ms;
	timers_advance(g->timers, g->now);
	rig_turns(g);
}
