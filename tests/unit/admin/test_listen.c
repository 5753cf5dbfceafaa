/* SPDX-License-Identifier: Apache-2.0 */
/* Accepting: an unnamed Unix socket, many operators, too many. */
#include "rig.h"

#include <sys/resource.h>
#include <sys/un.h>

/* A listener under a name that the kernel chooses, outside the file system. */
static int listener(struct sockaddr_un *at, socklen_t *len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	assert_true(fd >= 0);
	assert_int_equal(
		bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)), 0);
	assert_int_equal(listen(fd, 128), 0);
	*len = sizeof(*at);
	assert_int_equal(getsockname(fd, (struct sockaddr *)at, len), 0);
	return fd;
}

static int dial(const struct sockaddr_un *at, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)at, len), 0);
	return fd;
}

static void test_accept(void **state)
{
	struct rig *g = *state;
	struct sockaddr_un at;
	socklen_t len;
	char got[512];
	int fds[SESSIONS_MAX];
	assert_int_equal(admin_listen(g->admin, listener(&at, &len)), 0);
	/* the rig's own is one of them */
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		fds[i] = dial(&at, len);
		rig_turns(g);
	}
	assert_int_equal(g->admin->session_count, SESSIONS_MAX);
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		bool last = i + 1 == SESSIONS_MAX;
		(void)send(fds[i], "{\"verb\":\"x\"}\n", 13, MSG_NOSIGNAL);
		rig_turns(g);
		ssize_t n = recv(fds[i], got, sizeof(got) - 1, MSG_DONTWAIT);
		assert_true(n > 0);
		got[n] = '\0';
		assert_non_null(
			strstr(got, last ? "too many operators" : "no verb x"));
		close(fds[i]);
	}
	rig_turns(g);
	rig_turns(g);
	assert_int_equal(g->admin->session_count, 1);
}

/* Another socket in its place: the sessions of the first go on. */
static void test_again(void **state)
{
	struct rig *g = *state;
	struct sockaddr_un first, second;
	socklen_t first_len, second_len;
	assert_int_equal(admin_listen(g->admin, listener(&first, &first_len)),
			 0);
	int a = dial(&first, first_len);
	rig_turns(g);
	assert_int_equal(admin_listen(g->admin, listener(&second, &second_len)),
			 0);
	rig_turns(g);
	int b = dial(&second, second_len);
	rig_turns(g);
	assert_int_equal(g->admin->session_count, 3);
	int c = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(c, (struct sockaddr *)&first, first_len), -1);
	close(a);
	close(b);
	close(c);
}

/* Descriptors run out: accepting rests for a second, then goes on. */
static void test_rest(void **state)
{
	struct rig *g = *state;
	struct sockaddr_un at;
	struct rlimit before, few;
	socklen_t len;
	assert_int_equal(admin_listen(g->admin, listener(&at, &len)), 0);
	int a = dial(&at, len);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)a + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	/* the numbers below may have gaps */
	int hold[256];
	size_t held = 0;
	while (held < 256 && (hold[held] = dup(a)) >= 0)
		held++;
	rig_turns(g);
	assert_int_equal(g->admin->session_count, 1);
	while (held)
		close(hold[--held]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	rig_turns(g);
	assert_int_equal(g->admin->session_count, 1);
	rig_wait(g, 999);
	assert_int_equal(g->admin->session_count, 1);
	rig_wait(g, 1);
	assert_int_equal(g->admin->session_count, 2);
	close(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_accept),
		RIG_TEST(test_again),
		RIG_TEST(test_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
