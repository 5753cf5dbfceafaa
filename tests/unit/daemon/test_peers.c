/* SPDX-License-Identifier: Apache-2.0 */
/* Channels to other processes: up, messages, gone, successors. */
#include "daemon/peers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/message.h"
#include "loop/channel.h"
#include "support/oom.h"

/* One side; what happens is written down as text. */
struct side {
	struct loop *loop;
	struct peers *peers;
	char seen[512];
};

static void note(struct side *s, const char *what, const struct proc_id *id)
{
	size_t len = strlen(s->seen);
	snprintf(s->seen + len, sizeof(s->seen) - len, "%s %s.%u/%u\n", what,
		 proc_role_name(id->role), id->slot, id->incarnation);
}

static void on_up(void *arg, const struct proc_id *id)
{
	note(arg, "up", id);
}

static void on_message(void *arg, const struct proc_id *id,
		       const struct ipc_msg *m, int fd)
{
	note(arg, ipc_type_name(m->type), id);
	if (fd < 0)
		return;
	note(arg, "fd", id);
	close(fd);
}

static void on_gone(void *arg, const struct proc_id *id)
{
	note(arg, "gone", id);
}

static const struct peers_ops ops = { on_up, on_message, on_gone };

static const struct proc_id edge1 = { PROC_EDGE, 1, 11 };
static const struct proc_id edge1_next = { PROC_EDGE, 1, 12 };
static const struct proc_id store = { PROC_STORE, 0, 21 };

static void side_open(struct side *s, struct loop *l)
{
	*s = (struct side){ .loop = l };
	assert_int_equal(peers_create(&s->peers, l, &ops, s), 0);
}

/* Turns of the loop, however long each takes: a descriptor that can always be
 * read is told once in each. */
struct turns {
	struct loop *loop;
	unsigned left;
};

static void on_turn(void *arg, int events)
{
	struct turns *n = arg;
	(void)events;
	if (n->left-- == 0)
		loop_stop(n->loop);
}

static void turn(struct loop *l)
{
	struct turns n = { .loop = l, .left = 4 };
	struct watch *w = NULL;
	int fd = eventfd(1, EFD_CLOEXEC);
	assert_int_equal(watch_open(&w, l, fd, on_turn, &n), 0);
	assert_int_equal(watch_set(w, WATCH_READ), 0);
	loop_run(l);
	watch_close(w);
	close(fd);
}

static void test_life_of_a_peer(void **state)
{
	(void)state;
	struct loop *l = NULL;
	struct side a;
	struct side b;
	int fd[2];
	const struct ipc_flow_down down = { .flow = 1 };
	assert_int_equal(loop_create(&l), 0);
	side_open(&a, l);
	side_open(&b, l);
	assert_int_equal(peers_send(a.peers, &store, IPC_FLOW_DOWN, &down),
			 -EPIPE);
	assert_int_equal(channel_pair(fd), 0);
	assert_int_equal(peers_add(a.peers, &store, fd[0]), 0);
	assert_int_equal(peers_add(b.peers, &edge1, fd[1]), 0);
	assert_int_equal(peers_send(a.peers, &store, IPC_FLOW_DOWN, &down), 0);
	turn(l);
	assert_string_equal(a.seen, "up store.0/21\n");
	assert_string_equal(b.seen, "up edge.1/11\nFLOW_DOWN edge.1/11\n");
	b.seen[0] = '\0';
	assert_int_equal(peers_send_fd(a.peers, &store, IPC_FLOW_DOWN, &down,
				       STDERR_FILENO),
			 0);
	turn(l);
	assert_string_equal(b.seen, "FLOW_DOWN edge.1/11\nfd edge.1/11\n");
	peers_free(b.peers);
	turn(l);
	assert_string_equal(a.seen, "up store.0/21\ngone store.0/21\n");
	peers_free(a.peers);
	loop_free(l);
}

static void test_answers_reach_that_incarnation_only(void **state)
{
	(void)state;
	struct loop *l = NULL;
	struct side a;
	int fd[2];
	const struct proc_id anyone = { PROC_EDGE, 1, 0 };
	const struct ipc_flow_down down = { .flow = 1 };
	assert_int_equal(loop_create(&l), 0);
	side_open(&a, l);
	assert_int_equal(channel_pair(fd), 0);
	assert_int_equal(peers_add(a.peers, &edge1_next, fd[0]), 0);
	assert_int_equal(peers_send(a.peers, &edge1, IPC_FLOW_DOWN, &down),
			 -EPIPE);
	assert_int_equal(peers_send(a.peers, &edge1_next, IPC_FLOW_DOWN, &down),
			 0);
	assert_int_equal(peers_send(a.peers, &anyone, IPC_FLOW_DOWN, &down), 0);
	peers_free(a.peers);
	close(fd[1]);
	loop_free(l);
}

static void test_a_successor_takes_the_slot(void **state)
{
	(void)state;
	struct loop *l = NULL;
	struct side a;
	int old[2];
	int new[2];
	assert_int_equal(loop_create(&l), 0);
	side_open(&a, l);
	assert_int_equal(channel_pair(old), 0);
	assert_int_equal(channel_pair(new), 0);
	assert_int_equal(peers_add(a.peers, &edge1, old[0]), 0);
	assert_int_equal(peers_add(a.peers, &edge1_next, new[0]), 0);
	assert_string_equal(a.seen,
			    "up edge.1/11\ngone edge.1/11\nup edge.1/12\n");
	peers_free(a.peers);
	close(old[1]);
	close(new[1]);
	loop_free(l);
}

static void on_raw(void *arg, struct slice msg, int fd)
{
	(void)arg;
	(void)msg;
	if (fd >= 0)
		close(fd);
}

static void on_raw_gone(void *arg)
{
	(void)arg;
}

/* A process that was taken over sends what is no message. */
static void test_garbage_ends_the_channel(void **state)
{
	(void)state;
	static const struct channel_ops raw = { on_raw, on_raw_gone };
	struct loop *l = NULL;
	struct channel *hostile = NULL;
	struct side a;
	int fd[2];
	assert_int_equal(loop_create(&l), 0);
	side_open(&a, l);
	assert_int_equal(channel_pair(fd), 0);
	assert_int_equal(peers_add(a.peers, &edge1, fd[0]), 0);
	assert_int_equal(channel_open(&hostile, l, fd[1], NULL, &raw, NULL), 0);
	assert_int_equal(channel_send(hostile, CHANNEL_ANSWER,
				      SLICE_LIT("\xff\xff garbage"), -1),
			 0);
	turn(l);
	assert_string_equal(a.seen, "up edge.1/11\ngone edge.1/11\n");
	channel_close(hostile);
	peers_free(a.peers);
	loop_free(l);
}

static int scenario(void *arg)
{
	struct loop *l = arg;
	struct side a = { .loop = l };
	const struct ipc_flow_down down = { .flow = 1 };
	int fd[2];
	int err = peers_create(&a.peers, l, &ops, &a);
	if (err)
		return err;
	assert_int_equal(channel_pair(fd), 0);
	err = peers_add(a.peers, &edge1, fd[0]);
	if (!err)
		err = peers_send(a.peers, &edge1, IPC_FLOW_DOWN, &down);
	peers_free(a.peers);
	close(fd[1]);
	oom_arm(0);
	turn(l);
	return err;
}

static void test_survives_without_memory(void **state)
{
	(void)state;
	struct loop *l = NULL;
	assert_int_equal(loop_create(&l), 0);
	/* by hand: the turn that frees must not be failed as well */
	for (unsigned n = 1; n < 1000; n++) {
		oom_arm(n);
		if (scenario(l) == 0)
			break;
		assert_in_range(n, 1, 100);
	}
	oom_arm(0);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life_of_a_peer),
		cmocka_unit_test(test_answers_reach_that_incarnation_only),
		cmocka_unit_test(test_a_successor_takes_the_slot),
		cmocka_unit_test(test_garbage_ends_the_channel),
		cmocka_unit_test(test_survives_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
