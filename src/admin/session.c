/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to the control socket. Requests are taken one by one, so
 * replies keep their order; the next line waits in the buffer, and beyond a
 * full buffer in the kernel. A line that does not come to its end, a reply
 * that is not read and a connection without use are each given up in time.
 */
#include "admin/admin_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/json.h"
#include "base/crypto.h"

enum {
	IDLE_MS = 300000, /* between requests */
	LINE_MS = 10000,  /* from the first byte of a line to its last */
	WRITE_MS = 30000, /* without any byte of a reply read */
	IN_MAX = CTL_LINE_MAX + 1,
};

/* What a session is waiting for; each has its time. */
enum phase { PHASE_NONE, PHASE_IDLE, PHASE_LINE, PHASE_WRITE };

struct session {
	struct list node;
	struct asker asker;
	struct watch *watch;
	int fd;
	struct buf in;
	struct buf out;
	struct timer timer;
	enum phase phase;
	bool running; /* session_run() is at work further up */
	bool eof;     /* no more requests will come */
	bool closing; /* as soon as all is written */
	bool broken;
	char who[24];
};

/* ---- life ---- */

static void forget_passed(struct session *s)
{
	if (s->asker.passed >= 0)
		close(s->asker.passed);
	s->asker.passed = -1;
}

static void session_close(struct session *s)
{
	ctl_request_forget(&s->asker);
	timer_stop(&s->timer);
	watch_close(s->watch);
	close(s->fd);
	forget_passed(s);
	/* a password may stand in what was not read any more */
	if (s->in.ptr)
		crypto_wipe(s->in.ptr, s->in.cap);
	buf_free(&s->in);
	buf_free(&s->out);
	list_remove(&s->node);
	s->asker.admin->session_count--;
	free(s);
}

void session_close_at(struct list *node)
{
	session_close(container_of(node, struct session, node));
}

static void set_phase(struct session *s, enum phase phase)
{
	static const uint32_t times[] = { [PHASE_IDLE] = IDLE_MS,
					  [PHASE_LINE] = LINE_MS,
					  [PHASE_WRITE] = WRITE_MS };
	if (phase == s->phase)
		return;
	s->phase = phase;
	timer_stop(&s->timer);
	if (phase != PHASE_NONE)
		timer_start(&s->timer, times[phase]);
}

static void on_timer(struct timer *t, void *arg)
{
	struct session *s = arg;
	(void)t;
	if (s->phase != PHASE_IDLE)
		LOG_LIMITED(LOG_WARN, "admin.slow", slice_str(s->who),
			    KV_STR("who", s->who),
			    KV_STR("why", s->phase == PHASE_LINE ? "request"
								 : "reply"));
	session_close(s);
}

/* ---- replies ---- */

static void put_reply(struct session *s, const json_t *reply)
{
	size_t before = s->out.len;
	json_encode(&s->out, reply);
	if (!buf_failed(&s->out))
		return;
	s->out.failed = false;
	s->out.len = before;
	buf_str(&s->out, "{\"id\":null,\"ok\":false,\"error\":\"the reply is "
			 "too large, or memory is short\"}\n");
	s->closing = true;
	s->broken = buf_failed(&s->out);
}

static void flush(struct session *s)
{
	size_t sent = 0;
	while (sent < s->out.len) {
		ssize_t n = send(s->fd, s->out.ptr + sent, s->out.len - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			s->broken = true;
		if (n <= 0)
			break;
		sent += (size_t)n;
	}
	if (sent == s->out.len)
		buf_free(&s->out);
	else
		buf_consume(&s->out, sent);
	if (sent) /* progress: its time starts anew */
		set_phase(s, PHASE_NONE);
}

/* ---- requests ---- */

static void refuse_line(struct session *s, const char *why)
{
	LOG_LIMITED(LOG_WARN, "admin.refused", slice_str(s->who),
		    KV_STR("who", s->who), KV_STR("why", why));
	s->closing = true;
	json_t *reply = json_pack("{s:n,s:b,s:s}", "id", "ok", 0, "error", why);
	put_reply(s, reply);
	json_decref(reply);
}

static void take_line(struct session *s, size_t len)
{
	json_t *message = json_decode(slice_of(s->in.ptr, len));
	crypto_wipe(s->in.ptr, len);
	buf_consume(&s->in, len + 1);
	set_phase(s, PHASE_NONE);
	if (message)
		ctl_request_start(&s->asker, message);
	else
		refuse_line(s, "not a JSON object on one line");
}

static void take_lines(struct session *s)
{
	while (!s->asker.request && !s->closing && !s->broken) {
		ptrdiff_t end = slice_chr(buf_slice(&s->in), '\n');
		if (end >= 0) {
			take_line(s, (size_t)end);
			continue;
		}
		if (s->in.len == IN_MAX)
			refuse_line(s, "a request line is at most 64 KiB");
		return;
	}
}

static enum phase phase_now(const struct session *s)
{
	if (s->out.len)
		return PHASE_WRITE;
	if (s->asker.request)
		return PHASE_NONE; /* it has its own deadline */
	return s->in.len ? PHASE_LINE : PHASE_IDLE;
}

static void wait_for_more(struct session *s)
{
	int events = s->out.len ? WATCH_WRITE : 0;
	if (!s->eof && !s->closing && s->in.len < IN_MAX)
		events |= WATCH_READ;
	if (watch_set(s->watch, events))
		session_close(s);
	else
		set_phase(s, phase_now(s));
}

/* Whoever looks on until he has enough says so by hanging up. */
static bool leaves(const struct session *s)
{
	const struct request *r = s->asker.request;
	return s->eof && r && r->command->live;
}

/* Takes what can be taken, writes what can be written, and decides whether
 * the session lives on. */
static void session_run(struct session *s)
{
	if (s->running)
		return;
	s->running = true;
	take_lines(s);
	if (!s->broken)
		flush(s);
	s->running = false;
	bool over = s->closing || s->eof;
	if (s->broken || leaves(s) ||
	    (over && !s->asker.request && !s->out.len))
		session_close(s);
	else
		wait_for_more(s);
}

static void on_reply(struct asker *as, json_t *reply)
{
	struct session *s = container_of(as, struct session, asker);
	forget_passed(s);
	put_reply(s, reply);
	json_decref(reply);
	session_run(s);
}

static void on_line(struct asker *as, json_t *line)
{
	struct session *s = container_of(as, struct session, asker);
	put_reply(s, line);
	json_decref(line);
	session_run(s);
}

static size_t unread(const struct asker *as)
{
	const char *at = (const char *)as - offsetof(struct session, asker);
	return ((const struct session *)(const void *)at)->out.len;
}

/* At most one is kept, the last; the kernel closes what has no room. */
static void take_passed(struct session *s, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			forget_passed(s);
			memcpy(&s->asker.passed, CMSG_DATA(c) + i * sizeof(int),
			       sizeof(int));
		}
	}
}

static ssize_t receive_bytes(struct session *s, uint8_t *to, size_t room)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { .iov_base = to, .iov_len = room };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(s->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n >= 0)
		take_passed(s, &m);
	return n;
}

static void receive(struct session *s)
{
	size_t room = IN_MAX - s->in.len;
	uint8_t *to = room ? buf_reserve(&s->in, room) : NULL;
	if (!to) {
		s->broken = room > 0;
		return;
	}
	ssize_t n = receive_bytes(s, to, room);
	if (n > 0)
		buf_commit(&s->in, (size_t)n);
	else if (n == 0)
		s->eof = true;
	else if (errno != EAGAIN && errno != EINTR)
		s->broken = true;
}

static void on_event(void *arg, int events)
{
	struct session *s = arg;
	if (events & WATCH_READ)
		receive(s);
	session_run(s);
}

/* ---- the start ---- */

/* A peer that the kernel cannot name is nobody. */
static int identify(struct session *s)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);
	if (getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len))
		return -errno;
	snprintf(s->who, sizeof(s->who), "uid:%u", (unsigned)cred.uid);
	/* the socket's mode let it in: its owner and its group may do all */
	s->asker.role = ADMIN_SECURE;
	return 0;
}

int session_open(struct admin *a, int fd)
{
	struct session *s = calloc(1, sizeof(*s));
	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	s->asker = (struct asker){ .admin = a,
				   .who = s->who,
				   .passed = -1,
				   .reply = on_reply,
				   .tell = on_line,
				   .unread = unread };
	s->fd = fd;
	buf_init(&s->in, IN_MAX);
	buf_init(&s->out, CTL_REPLY_MAX);
	timer_init(&s->timer, a->timers, on_timer, s);
	list_push_back(&a->sessions, &s->node);
	a->session_count++;
	int err = identify(s);
	/* all of it at once: growing would leave copies behind */
	if (!err && !buf_reserve(&s->in, IN_MAX))
		err = -ENOMEM;
	if (!err)
		err = watch_open(&s->watch, a->loop, fd, on_event, s);
	if (err) {
		session_close(s);
		return err;
	}
	wait_for_more(s);
	return 0;
}
