/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocking, on purpose: one line out, one line in, with a deadline of the
 * kernel's for each step. The daemon's answer is not believed before its shape
 * was checked.
 */
#include "cli/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/ctl_proto.h"
#include "base/buf.h"
#include "base/crypto.h"
#include "cli/out.h"

enum { PATIENCE_S = 60, READ_BYTES = 16384 };

static const char *socket_path(const struct cli *c)
{
	const char *path = c->args.opt[OPT_SOCKET];

	return path ? path : CTL_SOCKET_DEFAULT;
}

static int unreached(struct cli *c, int err)
{
	static const struct {
		int err;
		const char *hint;
	} hints[] = {
		{ ENOENT, "is sallyportd running? -s names another socket" },
		{ ECONNREFUSED,
		  "nobody listens there: is sallyportd running?" },
		{ EACCES, "you may not use this socket: ask as root, or as a "
			  "member of its group" },
		{ EAGAIN, "it did not answer in time; its log may tell why" },
	};
	const char *hint = "is sallyportd running? may you read and write the "
			   "socket? -s names another";

	for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
		if (err == hints[i].err)
			hint = hints[i].hint;
	return cli_fail(c, CLI_UNREACHED,
			"the daemon cannot be reached at %s: %s\n%s",
			socket_path(c), strerror(err), hint);
}

/* A reply that no daemon of ours gives. */
static int strange(struct cli *c, const char *what)
{
	return cli_fail(c, CLI_UNREACHED,
			"the answer at %s %s\nis this the socket of a running "
			"sallyportd of the same version?",
			socket_path(c), what);
}

/* A descriptor, or -E... */
static int dial(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_S };

	if (slice_cstr(slice_str(path), un.sun_path, sizeof(un.sun_path)))
		return -ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		       sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&un, sizeof(un))) {
		int err = errno;
		close(fd);
		return -err;
	}
	return fd;
}

/* A descriptor goes with the first bytes; as send(). */
static ssize_t send_with(int fd, struct slice data, int passed)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)(uintptr_t)data.ptr, data.len };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	if (passed < 0)
		return send(fd, data.ptr, data.len, MSG_NOSIGNAL);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &passed, sizeof(int));
	return sendmsg(fd, &m, MSG_NOSIGNAL);
}

static int send_all(int fd, struct slice data, int passed)
{
	while (data.len) {
		ssize_t n = send_with(fd, data, passed);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data = slice_from(data, (size_t)n);
		passed = -1;
	}
	return 0;
}

/* Writes it into memory of its own, because a password may be in it. */
static int send_request(int fd, const json_t *request, int passed)
{
	char *line = calloc(1, CTL_LINE_MAX);

	if (!line)
		return -ENOMEM;
	size_t len = json_dumpb(request, line, CTL_LINE_MAX - 1, JSON_COMPACT);
	int err = -EMSGSIZE;
	if (len && len < CTL_LINE_MAX) {
		line[len] = '\n';
		err = send_all(fd, slice_of(line, len + 1), passed);
	}
	crypto_wipe(line, CTL_LINE_MAX);
	free(line);
	return err;
}

/* Until *in begins with a line of *len bytes and its LF. 0, -EPIPE (the end
 * came first), -EMSGSIZE (too long), -ENOMEM or the socket's -E... */
static int read_line(int fd, struct buf *in, size_t *len)
{
	size_t seen = 0;

	for (;;) {
		const uint8_t *end =
			in->len > seen
				? memchr(in->ptr + seen, '\n', in->len - seen)
				: NULL;
		if (end) {
			*len = (size_t)(end - in->ptr);
			return 0;
		}
		seen = in->len;
		uint8_t *room = buf_reserve(in, READ_BYTES);
		if (!room)
			return in->len + READ_BYTES > in->max ? -EMSGSIZE
							      : -ENOMEM;
		ssize_t n = recv(fd, room, READ_BYTES, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			return -EPIPE;
		buf_commit(in, (size_t)n);
	}
}

/* One question. why (opt): where a "no" goes, else it is told. */
struct question {
	const json_t *request;
	json_t **result;
	char **why;
	int passed;          /* a descriptor that goes along, or -1 */
	ctl_step_fn on_step; /* opt */
	void *step_arg;
};

static int say_no(struct cli *c, const struct question *q, const char *error)
{
	if (!q->why)
		return cli_fail(c, CLI_NO, "%s", error);
	*q->why = strdup(error);
	return CLI_NO;
}

static int take_reply(struct cli *c, struct slice line,
		      const struct question *q)
{
	json_t *reply = json_loadb((const char *)line.ptr, line.len,
				   JSON_REJECT_DUPLICATES, NULL);
	const json_t *ok = json_object_get(reply, "ok");
	json_t *value = json_object_get(reply, "result");
	const char *error = json_string_value(json_object_get(reply, "error"));
	int status;

	if (!reply)
		status = strange(c, "is no JSON");
	else if (json_is_false(ok) && error)
		status = say_no(c, q, error);
	else if (!json_is_true(ok) || !json_is_object(value) ||
		 json_integer_value(json_object_get(reply, "id")) != 1)
		status = strange(c, "is none to this question");
	else
		status = CLI_DONE;
	if (!status)
		*q->result = json_incref(value);
	json_decref(reply);
	return status;
}

/* Is it a step? Then it is told; *enough when no more are wanted. */
static bool take_step(struct slice line, const struct question *q, bool *enough)
{
	*enough = false;
	if (!q->on_step)
		return false;
	json_t *o = json_loadb((const char *)line.ptr, line.len,
			       JSON_REJECT_DUPLICATES, NULL);
	const json_t *step = json_object_get(o, "step");
	bool is_step = json_is_object(step);

	if (is_step)
		*enough = !q->on_step(q->step_arg, step);
	json_decref(o);
	return is_step;
}

/* The first line that is no step; as read_line(). -ECANCELED: the asker has
 * had enough. */
static int read_reply(int fd, struct buf *in, const struct question *q,
		      struct slice *line)
{
	size_t len = 0;
	bool enough = false;

	for (;;) {
		int err = read_line(fd, in, &len);
		if (err)
			return err;
		*line = slice_head(buf_slice(in), len);
		if (!take_step(*line, q, &enough))
			return 0;
		if (enough)
			return -ECANCELED;
		buf_consume(in, len + 1);
	}
}

static int exchange(struct cli *c, const struct question *q)
{
	struct buf in;
	struct slice line = SLICE_NONE;
	int fd = dial(socket_path(c));

	if (fd < 0)
		return unreached(c, -fd);
	buf_init(&in, CTL_REPLY_MAX + READ_BYTES);
	int err = send_request(fd, q->request, q->passed);
	/* who closed early may have said why */
	if (!err || err == -EPIPE)
		err = read_reply(fd, &in, q, &line);
	close(fd);
	int status;
	if (!err)
		status = take_reply(c, line, q);
	else if (err == -ECANCELED)
		status = CLI_DONE;
	else if (err == -EPIPE)
		status = strange(c, "ended before it was complete");
	else if (err == -EMSGSIZE)
		status = strange(c, in.len ? "is too long"
					   : "was not asked for: the "
					     "question is too long");
	else
		status = unreached(c, -err);
	buf_free(&in);
	return status;
}

static int call(struct cli *c, const char *verb, json_t *args,
		struct question *q)
{
	json_t *request = NULL;

	*q->result = NULL;
	if (args)
		request = json_pack("{sisssO}", "id", 1, "verb", verb, "args",
				    args);
	q->request = request;
	int status =
		request ? exchange(c, q) : cli_fail(c, CLI_NO, "out of memory");
	json_decref(request);
	json_decref(args);
	return status;
}

int ctl_call(struct cli *c, const char *verb, json_t *args, json_t **result)
{
	return ctl_call_fd(c, verb, args, -1, result);
}

int ctl_call_fd(struct cli *c, const char *verb, json_t *args, int fd,
		json_t **result)
{
	struct question q = { .result = result, .passed = fd };

	return call(c, verb, args, &q);
}

int ctl_call_steps(struct cli *c, const char *verb, json_t *args,
		   ctl_step_fn fn, void *arg, json_t **result)
{
	struct question q = {
		.result = result, .passed = -1, .on_step = fn, .step_arg = arg
	};

	return call(c, verb, args, &q);
}

int ctl_try(struct cli *c, const char *verb, json_t *args, char **why)
{
	json_t *result;
	struct question q = { .result = &result, .why = why, .passed = -1 };

	*why = NULL;
	int status = call(c, verb, args, &q);
	json_decref(result);
	return status;
}

int ctl_do(struct cli *c, const char *verb, json_t *args, bool *told)
{
	json_t *result;
	int status = ctl_call(c, verb, args, &result);

	*told = status || c->args.opt[OPT_JSON];
	if (!status && *told)
		return out_json(c, result);
	json_decref(result);
	return status;
}

void ctl_wipe(json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	/* the library has no call for it; the memory is the string's own */
	if (json_is_string(value))
		crypto_wipe((void *)(uintptr_t)json_string_value(value),
			    json_string_length(value));
}
