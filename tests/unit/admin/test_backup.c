/* SPDX-License-Identifier: Apache-2.0 */
/* backup, backup.state: the descriptor that comes along, and the answers. */
#include "rig.h"

#include <sys/socket.h>

/* A line with descriptors. */
static void ask_with(struct rig *g, const char *line, const int *fds, size_t n)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)(uintptr_t)line, strlen(line) };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	assert_int_equal(sendmsg(g->client, &m, MSG_NOSIGNAL), strlen(line));
	rig_turns(g);
}

static void state_is(struct rig *g, uint64_t number, bool running)
{
	const struct ipc_msg m = {
		.type = IPC_BACKUP_STATE,
		.u.backup_state = { .id = g->sent[g->sent_count - 1]
						  .m.u.backup.id,
				    .number = number,
				    .running = running,
				    .done = 5,
				    .total = 10 },
	};
	rig_from(g, PROC_STORE, 0, &m);
	rig_store(g, 0, "");
}

static int descriptors(void)
{
	int n = 0;
	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static const char line[] = "{\"id\":1,\"verb\":\"backup\",\"args\":{}}\n";

static void it_begins_and_is_asked_for(void **state)
{
	struct rig *g = *state;
	int before = descriptors();
	int fd = open("/dev/null", O_RDWR);
	ask_with(g, line, &fd, 1);
	close(fd);
	assert_int_equal(g->sent_count, 1);
	assert_int_equal(g->sent[0].m.type, IPC_BACKUP);
	assert_int_equal(g->sent[0].role, PROC_STORE);
	state_is(g, 18446744073709551615U, true);
	assert_string_equal(rig_read(g),
			    "{\"id\":1,\"ok\":true,\"result\":{\"number\":"
			    "\"18446744073709551615\",\"running\":true,"
			    "\"done\":5,\"total\":10}}\n");
	/* nothing of it is kept */
	assert_int_equal(descriptors(), before);
	rig_ask(g, "{\"id\":2,\"verb\":\"backup.state\",\"args\":"
		   "{\"number\":\"18446744073709551615\"}}");
	assert_int_equal(g->sent[1].m.type, IPC_BACKUP_GET);
	assert_true(g->sent[1].m.u.backup_get.number == UINT64_MAX);
	state_is(g, UINT64_MAX, false);
	assert_non_null(strstr(rig_read(g), "\"running\":false"));
}

static void what_is_wrong_is_a_sentence(void **state)
{
	struct rig *g = *state;
	static const struct {
		int error;
		const char *text;
	} rows[] = {
		{ EBUSY, "another backup" },
		{ EINVAL, "regular file" },
		{ ENOSPC, "disk of the backup is full" },
		{ ENOENT, "ended with the store" },
		{ EIO, "could not be written" },
		{ ENOTTY, "database failed" },
	};
	rig_ask(g, "{\"id\":1,\"verb\":\"backup\",\"args\":{}}");
	assert_int_equal(g->sent_count, 0);
	assert_non_null(strstr(rig_read(g), "needs the descriptor"));
	rig_ask(g, "{\"id\":1,\"verb\":\"backup.state\",\"args\":"
		   "{\"number\":\"x\"}}");
	assert_non_null(strstr(rig_read(g), "number is what"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = open("/dev/null", O_RDWR);
		ask_with(g, line, &fd, 1);
		close(fd);
		rig_store(g, rows[i].error, "why");
		assert_non_null(strstr(rig_read(g), rows[i].text));
	}
	int fd = open("/dev/null", O_RDWR);
	g->send_error = -EPIPE;
	ask_with(g, line, &fd, 1);
	close(fd);
	assert_non_null(strstr(rig_read(g), "does not take it"));
}

/* Descriptors that nobody asked for are closed; many at once are none. */
static void descriptors_do_not_pile_up(void **state)
{
	struct rig *g = *state;
	int before = descriptors();
	int fds[4];
	for (size_t i = 0; i < 4; i++)
		fds[i] = open("/dev/null", O_RDWR);
	ask_with(g, " ", fds, 1);
	ask_with(g, " ", fds, 1);
	ask_with(g, line, fds, 4);
	for (size_t i = 0; i < 4; i++)
		close(fds[i]);
	rig_read(g);
	if (g->sent_count) {
		rig_store(g, 0, "");
		rig_read(g);
	}
	assert_true(descriptors() <= before);
	ask_with(g, "{", &g->client, 1);
	rig_gone(g, PROC_STORE, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(it_begins_and_is_asked_for),
		RIG_TEST(what_is_wrong_is_a_sentence),
		RIG_TEST(descriptors_do_not_pile_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
