/* SPDX-License-Identifier: Apache-2.0 */
/* Channels over real socket pairs, both ends on one loop, or one end raw. */
#include "loop/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/metrics.h"
#include "loop/channel_queue.h"
#include "support/oom.h"

enum { GUARD_MS = 20000, KEPT_MAX = 64 };

/* Message n of length len is filled with a pattern of both. */
static uint8_t pattern(size_t n, size_t i)
{
	return (uint8_t)(n * 31 + i * 7 + (i >> 8));
}

struct side {
	struct loop *loop;
	struct channel *ch;
	int raw; /* instead of ch */
	size_t received;
	size_t bytes;
	size_t expect; /* loop_stop() after so many, when not 0 */
	size_t length[KEPT_MAX];
	int fd[KEPT_MAX];
	size_t fds;
	unsigned gone;
	bool close_on_message;
	bool close_on_gone;
	bool check; /* messages carry pattern(their number) */
	size_t echo_len;
};

static void on_message(void *arg, struct slice msg, int fd)
{
	struct side *s = arg;

	assert_false(s->gone);
	for (size_t i = 0; s->check && i < msg.len; i++)
		if (msg.ptr[i] != pattern(s->received, i))
			fail_msg("message %zu differs at %zu", s->received, i);
	if (s->received < KEPT_MAX)
		s->length[s->received] = msg.len;
	if (fd >= 0) {
		assert_true(s->fds < KEPT_MAX);
		s->fd[s->fds++] = fd;
	}
	s->received++;
	s->bytes += msg.len;
	if (s->received == s->expect)
		loop_stop(s->loop);
	if (s->close_on_message) {
		channel_close(s->ch);
		s->ch = NULL;
		loop_stop(s->loop);
	}
}

static void on_gone(void *arg)
{
	struct side *s = arg;

	s->gone++;
	if (s->close_on_gone) {
		channel_close(s->ch);
		s->ch = NULL;
	}
	loop_stop(s->loop);
}

static const struct channel_ops ops = { on_message, on_gone };

static void on_guard(struct timer *t, void *arg)
{
	(void)t;
	(void)arg;
	fail_msg("nothing happened for too long");
}

static void run(struct loop *l)
{
	struct timer guard;

	timer_init(&guard, loop_timers(l), on_guard, NULL);
	timer_start(&guard, GUARD_MS);
	loop_run(l);
	timer_stop(&guard);
}

/* Until nothing more happens: some turns without waiting. */
struct turner {
	struct timer t;
	struct loop *loop;
	unsigned left;
};

static void on_tick(struct timer *t, void *arg)
{
	struct turner *turner = arg;

	if (turner->left--)
		timer_start(t, 0); /* the next turn */
	else
		loop_stop(turner->loop);
}

static void settle(struct loop *l)
{
	struct turner turner = { .loop = l, .left = 50 };

	timer_init(&turner.t, loop_timers(l), on_tick, &turner);
	timer_start(&turner.t, 0);
	loop_run(l);
	timer_stop(&turner.t); /* when something else stopped the loop */
}

static void setup(struct side s[static 2], const struct channel_conf *conf)
{
	int fds[2];
	struct loop *l;

	assert_int_equal(loop_create(&l), 0);
	assert_int_equal(channel_pair(fds), 0);
	for (int i = 0; i < 2; i++) {
		s[i] = (struct side){ .loop = l, .raw = -1, .check = true };
		assert_int_equal(
			channel_open(&s[i].ch, l, fds[i], conf, &ops, &s[i]),
			0);
	}
}

/* s is a channel, its other end the returned descriptor. */
static int setup_raw(struct side *s)
{
	int fds[2];
	struct loop *l;

	assert_int_equal(loop_create(&l), 0);
	assert_int_equal(channel_pair(fds), 0);
	*s = (struct side){ .loop = l, .raw = fds[1], .check = false };
	assert_int_equal(channel_open(&s->ch, l, fds[0], NULL, &ops, s), 0);
	return fds[1];
}

static void teardown(struct side s[], int n)
{
	for (int i = 0; i < n; i++) {
		channel_close(s[i].ch);
		for (size_t f = 0; f < s[i].fds; f++)
			close(s[i].fd[f]);
		if (s[i].raw >= 0)
			close(s[i].raw);
	}
	loop_free(s[0].loop);
}

static int send_n(struct side *s, enum channel_class class, size_t n,
		  size_t len, int fd)
{
	uint8_t *m = malloc(len + 1);

	if (!m)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++)
		m[i] = pattern(n, i);
	int err = channel_send(s->ch, class, slice_of(m, len), fd);
	free(m);
	return err;
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	       sa.st_ino == sb.st_ino && sa.st_dev == sb.st_dev;
}

static void test_batch_in_order(void **state)
{
	(void)state;
	static const size_t lens[] = { 0, 1, 250, 65531, 65532, 3, 0, 1048576 };
	struct side s[2];

	setup(s, NULL);
	for (size_t n = 0; n < 1000; n++)
		assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, n, n % 300, -1),
				 0);
	s[1].expect = 1000;
	assert_true(channel_queued_bytes(s[0].ch) > 1000 * 149);
	run(s[0].loop);
	assert_int_equal(channel_queued_bytes(s[0].ch), 0);
	s[1].received = 0;
	s[1].expect = 8;
	for (size_t n = 0; n < 8; n++)
		assert_int_equal(send_n(&s[0], (enum channel_class)(n % 3), n,
					lens[n], -1),
				 0);
	run(s[0].loop);
	for (size_t n = 0; n < 8; n++)
		assert_int_equal(s[1].length[n], lens[n]);
	teardown(s, 2);
}

/* One datagram carries what was sent in one turn. */
static void test_one_datagram_a_turn(void **state)
{
	(void)state;
	struct side s;
	int raw = setup_raw(&s);
	uint8_t got[64];

	for (int i = 0; i < 3; i++)
		assert_int_equal(
			channel_send(s.ch, CHANNEL_ANSWER, SLICE_LIT("ab"), -1),
			0);
	assert_int_equal(recv(raw, got, sizeof(got), MSG_DONTWAIT), -1);
	settle(s.loop);
	assert_int_equal(recv(raw, got, sizeof(got), MSG_DONTWAIT), 21);
	assert_memory_equal(got, "\0\0\0\0\2ab\0\0\0\0\2ab\0\0\0\0\2ab", 21);
	assert_int_equal(recv(raw, got, sizeof(got), MSG_DONTWAIT), -1);
	teardown(&s, 1);
}

static void test_descriptors(void **state)
{
	(void)state;
	struct side s[2];
	int before = open_fds();
	int p[2];

	assert_int_equal(pipe(p), 0);
	setup(s, NULL);
	/* Small, large and small again, with others around them. */
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 0, 5, -1), 0);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 1, 5, p[0]), 0);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 2, 200000, p[1]), 0);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 3, 0, p[0]), 0);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 4, 5, -1), 0);
	s[1].expect = 5;
	run(s[0].loop);
	assert_int_equal(s[1].fds, 3);
	assert_true(same_file(s[1].fd[0], p[0]));
	assert_true(same_file(s[1].fd[1], p[1]));
	assert_true(same_file(s[1].fd[2], p[0]));
	for (int i = 0; i < 3; i++)
		assert_true(fcntl(s[1].fd[i], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(
		channel_send(s[0].ch, CHANNEL_REQUEST, SLICE_NONE, 1 << 20),
		-EBADF);
	/* One that is still queued when the channel closes is not leaked. */
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 5, 5, p[0]), 0);
	teardown(s, 2);
	close(p[0]);
	close(p[1]);
	assert_int_equal(open_fds(), before);
}

/* PRC-05: without a descriptor left the message arrives all the same. */
static void test_descriptors_run_out(void **state)
{
	(void)state;
	struct side s[2];
	struct rlimit old, low;
	int p[2];

	assert_int_equal(pipe(p), 0);
	setup(s, NULL);
	log_set_level(LOG_ERROR);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 0, 9, p[0]), 0);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 1, 8, -1), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 2, 7, p[0]), -EINVAL);
	s[1].expect = 2;
	run(s[0].loop);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(s[1].length[0], 9);
	assert_int_equal(s[1].fds, 0);
	assert_int_equal(s[1].gone, 0);
	log_set_level(LOG_INFO);
	teardown(s, 2);
	close(p[0]);
	close(p[1]);
}

static void test_limits_by_class(void **state)
{
	(void)state;
	struct channel_conf conf = { .soft_bytes = 10000,
				     .hard_bytes = 20000,
				     .message_bytes = 2000 };
	struct side s[2];
	size_t cost = queue_cost(0);

	setup(s, &conf);
	s[1].check = false;
	assert_int_equal(send_n(&s[0], CHANNEL_ANSWER, 0, 2001, -1), -EMSGSIZE);
	assert_false(channel_admits(s[0].ch, 2001));
	for (int i = 0; i < 5; i++)
		assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 0, 1900, -1),
				 0);
	size_t room = 10000 - 5 * (1900 + cost);
	assert_true(channel_admits(s[0].ch, room - cost));
	assert_false(channel_admits(s[0].ch, room - cost + 1));
	uint64_t refused = metric_get(M_CHANNEL_REFUSED);
	uint64_t dropped = metric_get(M_CHANNEL_DROPPED);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 0, room, -1), -ENOBUFS);
	assert_int_equal(send_n(&s[0], CHANNEL_BULK, 0, room, -1), -ENOBUFS);
	assert_int_equal(metric_get(M_CHANNEL_REFUSED), refused + 1);
	assert_int_equal(metric_get(M_CHANNEL_DROPPED), dropped + 1);
	assert_int_equal(send_n(&s[0], CHANNEL_ANSWER, 0, room, -1), 0);
	s[1].expect = 6;
	run(s[0].loop);
	assert_true(channel_admits(s[0].ch, 2000));
	/* Over the hard limit: broken, told later, once. */
	int err = 0;
	for (int i = 0; i < 20 && !err; i++)
		err = send_n(&s[0], CHANNEL_ANSWER, 0, 2000, -1);
	assert_int_equal(err, -EPIPE);
	assert_int_equal(s[0].gone, 0);
	assert_int_equal(send_n(&s[0], CHANNEL_ANSWER, 0, 1, -1), -EPIPE);
	assert_false(channel_admits(s[0].ch, 1));
	log_set_level(LOG_ERROR);
	settle(s[0].loop);
	settle(s[0].loop);
	log_set_level(LOG_INFO);
	assert_int_equal(s[0].gone, 1);
	assert_int_equal(s[1].gone, 1);
	assert_int_equal(channel_queued_bytes(s[0].ch), 0);
	teardown(s, 2);
}

static void test_too_many_descriptors_wait(void **state)
{
	(void)state;
	struct side s[2];
	int err = 0;
	size_t n = 0;

	setup(s, NULL);
	while (n < 1000) {
		err = channel_send(s[0].ch, CHANNEL_REQUEST, SLICE_NONE, 0);
		if (err)
			break;
		n++;
	}
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(n, 256);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 0, 1, -1), 0);
	teardown(s, 2);
}

/* Both fill their queues at once; each reads while it cannot write. */
static void test_full_in_both_directions(void **state)
{
	(void)state;
	struct channel_conf conf = { .soft_bytes = 32 * 1024 * 1024 };
	struct side s[2];
	size_t sent[2] = { 0, 0 };

	setup(s, &conf);
	for (int i = 0; i < 2; i++)
		while (!send_n(&s[i], CHANNEL_REQUEST, sent[i],
			       sent[i] % 11 ? 3000 : 300000, -1))
			sent[i]++;
	for (int i = 0; i < 2; i++) {
		assert_true(sent[i] > 800);
		s[i].expect = sent[1 - i];
	}
	run(s[0].loop); /* one of them has everything */
	if (s[0].received < sent[1] || s[1].received < sent[0])
		run(s[0].loop);
	assert_int_equal(s[0].received, sent[1]);
	assert_int_equal(s[1].received, sent[0]);
	teardown(s, 2);
}

/* A socket that takes little: small datagrams, many parts. */
static void test_small_socket(void **state)
{
	(void)state;
	struct side s[2];
	struct loop *l;
	int fds[2];
	int tiny = 1;

	assert_int_equal(loop_create(&l), 0);
	assert_int_equal(channel_pair(fds), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF,
					    &tiny, sizeof(tiny)),
				 0);
		s[i] = (struct side){ .loop = l, .raw = -1, .check = true };
		assert_int_equal(
			channel_open(&s[i].ch, l, fds[i], NULL, &ops, &s[i]),
			0);
	}
	for (size_t n = 0; n < 20; n++)
		assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, n,
					n % 4 ? 100 : 30000,
					n % 5 ? -1 : fds[0]),
				 0);
	s[1].expect = 20;
	run(l);
	assert_int_equal(s[1].fds, 4);
	teardown(s, 2);
}

/* The granted size shrinks behind our back: EMSGSIZE, then smaller parts. */
static void test_socket_shrinks(void **state)
{
	(void)state;
	struct side s[2];
	struct loop *l;
	int fds[2];
	int tiny = 1;

	assert_int_equal(loop_create(&l), 0);
	assert_int_equal(channel_pair(fds), 0);
	for (int i = 0; i < 2; i++) {
		s[i] = (struct side){ .loop = l, .raw = -1, .check = true };
		assert_int_equal(
			channel_open(&s[i].ch, l, fds[i], NULL, &ops, &s[i]),
			0);
	}
	assert_int_equal(
		setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &tiny, sizeof(tiny)),
		0);
	for (size_t n = 0; n < 10; n++)
		assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, n, 20000, -1),
				 0);
	s[1].expect = 10;
	run(l);
	teardown(s, 2);
}

static void test_last_words_then_gone(void **state)
{
	(void)state;
	struct side s[2];

	setup(s, NULL);
	/* Flushed by close; ours, unread there, must not hide it. */
	assert_int_equal(send_n(&s[1], CHANNEL_REQUEST, 0, 100, -1), 0);
	settle(s[0].loop);
	assert_int_equal(s[0].received, 1);
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 0, 100, -1), 0);
	assert_int_equal(send_n(&s[1], CHANNEL_ANSWER, 1, 70000, -1), 0);
	assert_int_equal(send_n(&s[1], CHANNEL_ANSWER, 2, 10, -1), 0);
	channel_close(s[1].ch);
	s[1].ch = NULL;
	run(s[0].loop);
	assert_int_equal(s[0].received, 3);
	assert_int_equal(s[0].gone, 1);
	assert_int_equal(send_n(&s[0], CHANNEL_ANSWER, 0, 1, -1), -EPIPE);
	settle(s[0].loop);
	assert_int_equal(s[0].gone, 1);
	teardown(s, 2);
}

static void test_close_in_callbacks(void **state)
{
	(void)state;
	struct side s[2];

	setup(s, NULL);
	s[1].close_on_message = true;
	s[0].close_on_gone = true;
	for (size_t n = 0; n < 10; n++) /* the rest of the batch is dropped */
		assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, n, 10, -1), 0);
	run(s[0].loop);
	assert_int_equal(s[1].received, 1);
	assert_int_equal(s[1].gone, 0);
	settle(s[0].loop);
	assert_int_equal(s[0].gone, 1);
	assert_null(s[0].ch);
	teardown(s, 2);
	channel_close(NULL);
	/* The same with a message that came in parts. */
	setup(s, NULL);
	s[1].close_on_message = true;
	assert_int_equal(send_n(&s[0], CHANNEL_REQUEST, 0, 300000, -1), 0);
	run(s[0].loop);
	assert_int_equal(s[1].received, 1);
	teardown(s, 2);
}

/* -- what a broken or hostile process may send -- */

static void raw_send(int raw, const void *bytes, size_t len, const int *fds,
		     size_t n)
{
	union {
		struct cmsghdr h;
		uint8_t space[CMSG_SPACE(16 * sizeof(int))];
	} control = { 0 };
	union {
		const void *in;
		void *out;
	} data = { .in = bytes };
	struct iovec iov = { data.out, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n) {
		mh.msg_control = control.space;
		mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.h.cmsg_level = SOL_SOCKET;
		control.h.cmsg_type = SCM_RIGHTS;
		control.h.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.h), fds, n * sizeof(int));
	}
	assert_int_equal(sendmsg(raw, &mh, MSG_NOSIGNAL), len);
}

#define RAW(bytes) (const uint8_t *)(bytes), sizeof(bytes) - 1

static void test_garbage(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const uint8_t *bytes;
		size_t len;
		unsigned good; /* messages before it is noticed */
	} rows[] = {
		{ "short header", RAW("\0\0\0"), 0 },
		{ "length past the end", RAW("\0\0\0\0\5abcd"), 0 },
		{ "huge length", RAW("\0\377\377\377\377a"), 0 },
		{ "unknown flag", RAW("\10\0\0\0\1a"), 0 },
		{ "all flags", RAW("\377\0\0\0\1a"), 0 },
		{ "second is bad", RAW("\0\0\0\0\1a\200\0\0\0\1a"), 1 },
		{ "next without first", RAW("\2\0\0\0\1a"), 0 },
		{ "first within parts",
		  RAW("\1\0\0\0\1a"
		      "\0\0\0\0\1b"),
		  0 },
		{ "empty first part", RAW("\1\0\0\0\0"), 0 },
		{ "empty last part",
		  RAW("\1\0\0\0\1a"
		      "\2\0\0\0\0"),
		  0 },
		{ "descriptor announced, none there", RAW("\4\0\0\0\1a"), 0 },
		{ "descriptor frame not alone",
		  RAW("\4\0\0\0\1a"
		      "\0\0\0\0\1b"),
		  0 },
		{ "descriptor frame second", RAW("\0\0\0\0\1a\4\0\0\0\1b"), 1 },
		{ "tail", RAW("\0\0\0\0\1a\0"), 1 },
	};

	log_set_level(LOG_ERROR);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct side s;
		int raw = setup_raw(&s);
		raw_send(raw, rows[i].bytes, rows[i].len, NULL, 0);
		raw_send(raw, RAW("\0\0\0\0\1z"), NULL, 0);
		settle(s.loop);
		if (s.gone != 1 || s.received != rows[i].good)
			fail_msg("%s: gone %u, received %zu", rows[i].name,
				 s.gone, s.received);
		teardown(&s, 1);
	}
	log_set_level(LOG_INFO);
}

static void test_surplus_descriptors(void **state)
{
	(void)state;
	static const size_t counts[] = { 1, 2, 8, 16 };
	int fds[16] = { 0 }; /* standard input, many times */

	for (size_t i = 0; i < 4; i++) {
		struct side s;
		int before = open_fds();
		int raw = setup_raw(&s);
		int with = open_fds();
		raw_send(raw, RAW("\0\0\0\0\1a"), fds, counts[i]);
		settle(s.loop);
		assert_int_equal(open_fds(), with); /* nobody asked for them */
		raw_send(raw, RAW("\4\0\0\0\1a"), fds, counts[i]);
		settle(s.loop);
		assert_int_equal(open_fds(), with + 1);
		assert_int_equal(s.received, 2);
		assert_int_equal(s.fds, 1);
		assert_int_equal(s.gone, 0);
		teardown(&s, 1);
		assert_int_equal(open_fds(), before);
	}
}

static void test_gone_within_parts(void **state)
{
	(void)state;
	struct side s;
	int before = open_fds();
	int fd = 0;
	int raw = setup_raw(&s);

	raw_send(raw, RAW("\5\0\0\0\3abc"), &fd, 1);
	raw_send(raw, RAW("\3\0\0\0\3def"), NULL, 0);
	settle(s.loop);
	assert_int_equal(s.received, 0);
	close(raw);
	s.raw = -1;
	run(s.loop);
	assert_int_equal(s.gone, 1);
	assert_int_equal(s.received, 0);
	teardown(&s, 1);
	assert_int_equal(open_fds(), before);
}

static void test_message_too_long(void **state)
{
	(void)state;
	struct side s[2];
	struct channel_conf small = { .message_bytes = 100000 };
	struct loop *l;
	int fds[2];

	/* The sides disagree; the receiver's bound holds. */
	for (size_t extra = 0; extra < 2; extra++) {
		assert_int_equal(loop_create(&l), 0);
		assert_int_equal(channel_pair(fds), 0);
		for (int i = 0; i < 2; i++) {
			s[i] = (struct side){ .loop = l,
					      .raw = -1,
					      .check = true };
			assert_int_equal(channel_open(&s[i].ch, l, fds[i],
						      i ? &small : NULL, &ops,
						      &s[i]),
					 0);
		}
		log_set_level(LOG_ERROR);
		assert_int_equal(
			send_n(&s[0], CHANNEL_REQUEST, 0, 100000 + extra, -1),
			0);
		settle(l);
		log_set_level(LOG_INFO);
		assert_int_equal(s[1].received, 1 - extra);
		assert_int_equal(s[1].gone, extra);
		teardown(s, 2);
	}
}

static void test_datagram_too_long(void **state)
{
	(void)state;
	struct side s;
	int raw = setup_raw(&s);
	uint8_t *big = calloc(1, DATAGRAM_BYTES_MAX + 5);

	assert_non_null(big);
	big[2] = 1; /* one frame of 64 KiB, and its header */
	raw_send(raw, big, DATAGRAM_BYTES_MAX + 5, NULL, 0);
	free(big);
	log_set_level(LOG_ERROR);
	settle(s.loop);
	log_set_level(LOG_INFO);
	assert_int_equal(s.gone, 1);
	assert_int_equal(s.received, 0);
	teardown(&s, 1);
}

static void test_wrong_socket(void **state)
{
	(void)state;
	struct loop *l;
	struct channel *c;
	int fds[2];

	assert_int_equal(loop_create(&l), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(channel_open(&c, l, fds[0], NULL, &ops, NULL),
			 -EINVAL);
	assert_int_equal(channel_open(&c, l, 1 << 20, NULL, &ops, NULL),
			 -EBADF);
	close(fds[0]);
	close(fds[1]);
	loop_free(l);
}

/* One channel floods, another one's single message still comes through soon:
 * before the flood is over. */
static void test_no_starvation(void **state)
{
	(void)state;
	struct channel_conf conf = { .soft_bytes = 32 * 1024 * 1024 };
	struct side busy[2];
	struct side calm;
	int fds[2];
	size_t sent = 0;

	setup(busy, &conf);
	assert_int_equal(channel_pair(fds), 0);
	calm = (struct side){ .loop = busy[0].loop, .raw = fds[1] };
	assert_int_equal(
		channel_open(&calm.ch, busy[0].loop, fds[0], NULL, &ops, &calm),
		0);
	while (!send_n(&busy[0], CHANNEL_REQUEST, sent, 60000, -1))
		sent++;
	calm.expect = 1;
	raw_send(fds[1], RAW("\0\0\0\0\1a"), NULL, 0);
	run(calm.loop);
	assert_int_equal(calm.received, 1);
	assert_true(busy[1].received < sent / 2);
	channel_close(calm.ch);
	close(fds[1]);
	teardown(busy, 2);
}

/* -- memory runs out -- */

static void on_stop(struct timer *t, void *arg)
{
	(void)t;
	loop_stop(arg);
}

static int exchange(void *arg)
{
	struct side s[2] = { { .raw = -1 }, { .raw = -1 } };
	struct timer guard;
	struct loop *l;
	int fds[2];

	(void)arg;
	int err = loop_create(&l);
	if (err)
		return err;
	assert_int_equal(channel_pair(fds), 0);
	for (int i = 0; i < 2; i++) {
		s[i].loop = l;
		s[i].check = true;
		int e = channel_open(&s[i].ch, l, fds[i], NULL, &ops, &s[i]);
		if (e) {
			close(fds[i]);
			err = e;
		}
	}
	for (size_t n = 0; n < 6 && !err; n++)
		err = send_n(&s[0], CHANNEL_REQUEST, n, n * 30000,
			     n % 2 ? fds[1] : -1);
	s[1].expect = 6;
	timer_init(&guard, loop_timers(l), on_stop, l);
	timer_start(&guard, 5000);
	if (!err)
		loop_run(l);
	if (!err && s[1].received < 6) {
		assert_int_equal(s[0].gone + s[1].gone, 1);
		err = -EPIPE;
	}
	timer_stop(&guard);
	teardown(s, 2);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	int before = open_fds();

	log_set_level(LOG_ERROR);
	oom_walk(exchange, NULL);
	log_set_level(LOG_INFO);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch_in_order),
		cmocka_unit_test(test_one_datagram_a_turn),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_descriptors_run_out),
		cmocka_unit_test(test_limits_by_class),
		cmocka_unit_test(test_too_many_descriptors_wait),
		cmocka_unit_test(test_full_in_both_directions),
		cmocka_unit_test(test_small_socket),
		cmocka_unit_test(test_socket_shrinks),
		cmocka_unit_test(test_last_words_then_gone),
		cmocka_unit_test(test_close_in_callbacks),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_surplus_descriptors),
		cmocka_unit_test(test_gone_within_parts),
		cmocka_unit_test(test_message_too_long),
		cmocka_unit_test(test_datagram_too_long),
		cmocka_unit_test(test_wrong_socket),
		cmocka_unit_test(test_no_starvation),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
