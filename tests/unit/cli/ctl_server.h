/* SPDX-License-Identifier: Apache-2.0 */
/* A control socket that a child serves: it keeps what one command asks, and
 * says what the test wants. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ASKED_MAX = 2048 };

struct server {
	char folder[40], path[64], password[64], copy[64];
	int tell; /* what was asked comes here */
	pid_t child;
};

static inline void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* times: how often the reply is sent. */
static inline void serve(int listener, int tell, const char *reply,
			 size_t times)
{
	char asked[ASKED_MAX];
	size_t len = 0;
	int fd = accept(listener, NULL, NULL);

	while (len < sizeof(asked)) {
		ssize_t n = read(fd, asked + len, sizeof(asked) - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		if (asked[len - 1] == '\n')
			break;
	}
	if (write(tell, asked, len) != (ssize_t)len)
		_exit(1);
	while (times--)
		write_all(fd, reply, strlen(reply));
	close(fd);
	_exit(0);
}

static inline void start(struct server *s, const char *reply, size_t times)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd[2];

	snprintf(s->folder, sizeof(s->folder), "/tmp/sallyport-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/control", s->folder);
	snprintf(s->password, sizeof(s->password), "%s/password", s->folder);
	snprintf(s->copy, sizeof(s->copy), "%s/copy", s->folder);
	FILE *f = fopen(s->password, "w");
	assert_non_null(f);
	fputs("se\"cret\n", f);
	fclose(f);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", s->path);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(pipe(fd), 0);
	s->child = fork();
	assert_true(s->child >= 0);
	if (!s->child)
		serve(listener, fd[1], reply, times);
	close(listener);
	close(fd[1]);
	s->tell = fd[0];
}

static inline void stop(struct server *s, char asked[ASKED_MAX])
{
	ssize_t n = read(s->tell, asked, ASKED_MAX - 1);

	asked[n > 0 ? n : 0] = '\0';
	close(s->tell);
	waitpid(s->child, NULL, 0);
	unlink(s->path);
	unlink(s->password);
	unlink(s->copy);
	/* nothing else was left behind */
	assert_int_equal(rmdir(s->folder), 0);
}

#define OK(result) "{\"id\":1,\"ok\":true,\"result\":" result "}\n"
#define ASK(verb, args) "{\"id\":1,\"verb\":\"" verb "\",\"args\":" args "}\n"
