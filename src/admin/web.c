/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library's side of HTTP: connections in, requests gathered, answers out.
 * It polls nothing by itself: its epoll descriptor is watched by our loop, and
 * its next timeout is one of our timers. A connection that does not bring a
 * whole request in time is shut (ADM-05).
 */
#include "admin/web.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/json.h"
#include "base/crypto.h"

enum {
	ARRIVAL_MS = 20000, /* until a request is there, whole */
	ANSWER_MS = 60000,  /* from then on, until it has its answer */
	MEMORY = 32 * 1024, /* of a connection: its head has to fit */
	LISTENERS_MAX = 8,  /* old and new ones, during a reload */
	BATCH = 16,
};

struct listener {
	struct web *web;
	char address[ADDR_TEXT_MAX];
	int fd;
	struct watch *watch;
};

/* A connection: its deadline. */
struct caller {
	struct list node;
	struct timer deadline;
	int fd;
};

struct web {
	struct admin *admin;
	struct MHD_Daemon *mhd; /* NULL: nobody listens */
	struct watch *watch;    /* of its descriptor */
	struct timer timer;     /* its own next one */
	struct turn_hook soon;  /* somebody was woken */
	struct list asks, callers;
	struct listener *listener[LISTENERS_MAX];
	struct web_sessions sessions;
};

/* ---- turning ---- */

static void turn(struct web *web)
{
	MHD_UNSIGNED_LONG_LONG ms;
	if (!web->mhd)
		return;
	MHD_run(web->mhd);
	timer_stop(&web->timer);
	if (MHD_get_timeout(web->mhd, &ms) == MHD_YES)
		timer_start(&web->timer, ms);
}

static void on_timer(struct timer *t, void *arg)
{
	(void)t;
	turn(arg);
}

static void turn_now(void *arg)
{
	turn(arg);
}

static void on_ready(void *arg, int events)
{
	(void)events;
	turn(arg);
}

/* ---- answers ---- */

static void add_headers(struct MHD_Response *r, const struct web_answer *a)
{
	static const char nothing[] = "default-src 'none'; "
				      "frame-ancestors 'none'";
	static const char *const always[][2] = {
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "X-Frame-Options", "DENY" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
	};
	char seconds[16];
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		MHD_add_response_header(r, always[i][0], always[i][1]);
	MHD_add_response_header(r, "Content-Security-Policy",
				a->policy ? a->policy : nothing);
	MHD_add_response_header(r, "Content-Type",
				a->type ? a->type : "text/plain");
	if (a->cookie[0])
		MHD_add_response_header(r, "Set-Cookie", a->cookie);
	snprintf(seconds, sizeof(seconds), "%u", a->retry_s);
	if (a->retry_s)
		MHD_add_response_header(r, "Retry-After", seconds);
}

static enum MHD_Result send_answer(struct web_ask *w)
{
	struct web_answer *a = &w->answer;
	struct slice content =
		a->content.len ? a->content : buf_slice(&a->body);
	/* copied; the library does not say that it leaves them as they are */
	struct MHD_Response *r = MHD_create_response_from_buffer(
		content.len, (void *)(uintptr_t)content.ptr,
		MHD_RESPMEM_MUST_COPY);
	if (!r)
		return MHD_NO;
	add_headers(r, a);
	enum MHD_Result done = MHD_queue_response(w->connection, a->status, r);
	MHD_destroy_response(r);
	return done;
}

void web_answer(struct web_ask *w, unsigned status)
{
	if (buf_failed(&w->answer.body)) {
		buf_free(&w->answer.body);
		status = MHD_HTTP_SERVICE_UNAVAILABLE;
	}
	w->answer.status = status;
	w->answered = true;
	if (!w->suspended)
		return;
	w->suspended = false;
	MHD_resume_connection(w->connection);
	loop_next_turn(w->asker.admin->loop, &w->web->soon);
}

void web_answer_json(struct web_ask *w, unsigned status, json_t *value)
{
	w->answer.type = "application/json; charset=utf-8";
	if (value)
		json_encode(&w->answer.body, value);
	else
		w->answer.body.failed = true;
	json_decref(value);
	web_answer(w, status);
}

void web_answer_error(struct web_ask *w, unsigned status, const char *text)
{
	web_answer_json(
		w, status,
		json_pack("{s:o}", "error", json_text(slice_str(text))));
}

/* ---- what a request says ---- */

static struct slice value_of(const struct web_ask *w, enum MHD_ValueKind kind,
			     const char *name)
{
	const char *v = MHD_lookup_connection_value(w->connection, kind, name);
	return v ? slice_str(v) : SLICE_NONE;
}

struct slice web_header(const struct web_ask *w, const char *name)
{
	return value_of(w, MHD_HEADER_KIND, name);
}

struct slice web_argument(const struct web_ask *w, const char *name)
{
	return value_of(w, MHD_GET_ARGUMENT_KIND, name);
}

struct slice web_cookie(const struct web_ask *w, const char *name)
{
	return value_of(w, MHD_COOKIE_KIND, name);
}

struct each {
	void (*fn)(void *arg, const char *name, struct slice value);
	void *arg;
};

static enum MHD_Result on_argument(void *cls, enum MHD_ValueKind kind,
				   const char *name, const char *value)
{
	const struct each *e = cls;
	(void)kind;
	e->fn(e->arg, name, value ? slice_str(value) : SLICE_NONE);
	return MHD_YES;
}

void web_each_argument(const struct web_ask *w,
		       void (*fn)(void *arg, const char *name,
				  struct slice value),
		       void *arg)
{
	struct each e = { fn, arg };
	MHD_get_connection_values(w->connection, MHD_GET_ARGUMENT_KIND,
				  on_argument, &e);
}

/* How the body's length is told: more than one way is none. */
struct framing {
	size_t lengths, encodings;
	uint64_t length;
};

static enum MHD_Result on_field(void *cls, enum MHD_ValueKind kind,
				const char *name, const char *value)
{
	struct framing *f = cls;
	(void)kind;
	f->encodings +=
		slice_ieq(slice_str(name), SLICE_LIT("Transfer-Encoding"));
	if (!slice_ieq(slice_str(name), SLICE_LIT("Content-Length")))
		return MHD_YES;
	f->lengths++;
	if (!value || slice_u64(slice_str(value), UINT64_MAX, &f->length))
		f->lengths = 2;
	return MHD_YES;
}

/* 0, or the status of the refusal. */
static unsigned check_framing(struct web_ask *w)
{
	struct framing f = { 0 };
	MHD_get_connection_values(w->connection, MHD_HEADER_KIND, on_field, &f);
	if (f.lengths + f.encodings > 1)
		return MHD_HTTP_BAD_REQUEST;
	return f.length > WEB_BODY_MAX ? MHD_HTTP_CONTENT_TOO_LARGE : 0;
}

/* ---- requests ---- */

static void on_reply(struct asker *as, json_t *reply)
{
	struct web_ask *w = container_of(as, struct web_ask, asker);
	if (w->tell)
		w->tell(w, reply);
	else
		web_api_tell(w, reply);
}

static void note_source(struct web_ask *w)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		w->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct addr a = { 0 };
	const struct sockaddr *sa = info ? info->client_addr : NULL;
	if (sa && sa->sa_family == AF_INET)
		memcpy(&a.u.in, sa, sizeof(a.u.in));
	else if (sa && sa->sa_family == AF_INET6)
		memcpy(&a.u.in6, sa, sizeof(a.u.in6));
	snprintf(w->source, sizeof(w->source), "local");
	if (a.u.sa.sa_family)
		addr_host(&a, w->source);
}

static struct web_ask *ask_create(struct web *web, struct MHD_Connection *c)
{
	struct web_ask *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->web = web;
	w->connection = c;
	w->asker = (struct asker){ .admin = web->admin,
				   .who = w->who,
				   .passed = -1,
				   .reply = on_reply };
	buf_init(&w->body, WEB_BODY_MAX);
	buf_init(&w->answer.body, CTL_REPLY_MAX);
	list_push_back(&web->asks, &w->node);
	note_source(w);
	return w;
}

static void ask_free(struct web_ask *w)
{
	ctl_request_forget(&w->asker);
	list_remove(&w->node);
	/* there may be a password in it */
	if (w->body.ptr)
		crypto_wipe(w->body.ptr, w->body.cap);
	buf_free(&w->body);
	buf_free(&w->answer.body);
	free(w);
}

/* The head is there. What is not understood is refused before its body is
 * read, and the connection ends. */
static enum MHD_Result begin(struct web *web, struct MHD_Connection *c,
			     void **request)
{
	struct web_ask *w = ask_create(web, c);
	if (!w)
		return MHD_NO;
	*request = w;
	unsigned status = check_framing(w);
	if (!status)
		return MHD_YES;
	web_answer_error(w, status,
			 "the body is too large, or its length is "
			 "told in two ways");
	return send_answer(w);
}

static void set_deadline(struct MHD_Connection *connection, uint64_t ms)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct caller *c = info ? info->socket_context : NULL;
	if (c)
		timer_start(&c->deadline, ms);
}

/* NOLINTNEXTLINE(readability-function-size): the library's type */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *c,
				  const char *url, const char *method,
				  const char *version, const char *upload,
				  size_t *upload_size, void **request)
{
	struct web_ask *w = *request;
	(void)version;
	if (!w)
		return begin(cls, c, request);
	if (*upload_size) {
		buf_put(&w->body, slice_of(upload, *upload_size));
		*upload_size = 0;
		return MHD_YES;
	}
	if (!w->started) {
		w->started = true;
		set_deadline(c, ANSWER_MS);
		if (buf_failed(&w->body))
			web_answer_error(w, MHD_HTTP_CONTENT_TOO_LARGE,
					 "the body is too large");
		else
			web_serve(w, method, url);
	}
	if (w->answered)
		return send_answer(w);
	w->suspended = true;
	MHD_suspend_connection(c);
	return MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *c, void **request,
			 enum MHD_RequestTerminationCode why)
{
	(void)cls;
	(void)why;
	if (*request)
		ask_free(*request);
	*request = NULL;
	set_deadline(c, ARRIVAL_MS);
}

/* ---- connections ---- */

static void on_late(struct timer *t, void *arg)
{
	struct caller *c = arg;
	(void)t;
	/* the library sees its end and closes it */
	shutdown(c->fd, SHUT_RDWR);
}

static void caller_free(struct caller *c)
{
	timer_stop(&c->deadline);
	list_remove(&c->node);
	free(c);
}

static void on_connection(void *cls, struct MHD_Connection *c, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct web *web = cls;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*context)
			caller_free(*context);
		*context = NULL;
		return;
	}
	struct caller *caller = calloc(1, sizeof(*caller));
	if (!caller) { /* without a deadline it must not stay */
		shutdown(info->connect_fd, SHUT_RDWR);
		return;
	}
	caller->fd = info->connect_fd;
	timer_init(&caller->deadline, web->admin->timers, on_late, caller);
	timer_start(&caller->deadline, ARRIVAL_MS);
	list_push_back(&web->callers, &caller->node);
	*context = caller;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX, once; a NUL stays as it is written, for it would hide what follows
 * (ADM-04). */
static size_t unescape(void *cls, struct MHD_Connection *c, char *s)
{
	char *to = s;
	(void)cls;
	(void)c;
	for (const char *at = s; *at; at++) {
		int high = *at == '%' ? hex_of(at[1]) : -1;
		int low = high >= 0 ? hex_of(at[2]) : -1;
		if (low >= 0 && (high || low)) {
			*to++ = (char)(high << 4 | low);
			at += 2;
		} else {
			*to++ = *at;
		}
	}
	*to = '\0';
	return (size_t)(to - s);
}

static int start(struct web *web)
{
	if (web->mhd)
		return 0;
	web->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
			MHD_ALLOW_SUSPEND_RESUME,
		0, NULL, NULL, on_request, web, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, web, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
		web, MHD_OPTION_UNESCAPE_CALLBACK, unescape, web,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_ASKERS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!web->mhd)
		return -ENOMEM;
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(web->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	int err = watch_open(&web->watch, web->admin->loop, info->epoll_fd,
			     on_ready, web);
	return err ? err : watch_set(web->watch, WATCH_READ);
}

int web_accept(struct web *web, int fd)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	int err = start(web);
	if (!err && getpeername(fd, (struct sockaddr *)&ss, &len))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	/* a refused one is closed by the library */
	(void)MHD_add_connection(web->mhd, fd, (struct sockaddr *)&ss, len);
	turn(web);
	return 0;
}

/* ---- listening ---- */

static void listener_free(struct listener *l)
{
	if (!l)
		return;
	watch_close(l->watch);
	close(l->fd);
	free(l);
}

static void on_knock(void *arg, int events)
{
	struct listener *l = arg;
	(void)events;
	for (int i = 0; i < BATCH; i++) {
		int fd = accept4(l->fd, NULL, NULL,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		(void)web_accept(l->web, fd);
	}
}

/* Where the address has its place, or a new one would. */
static struct listener **place_of(struct web *web, struct slice address)
{
	struct listener **free_place = NULL;
	for (size_t i = 0; i < LISTENERS_MAX; i++) {
		struct listener **at = &web->listener[i];
		if (*at && slice_eq(slice_str((*at)->address), address))
			return at;
		if (!*at)
			free_place = at;
	}
	return free_place;
}

static int listener_make(struct listener **out, struct web *web,
			 struct slice address, int fd)
{
	struct listener *l = calloc(1, sizeof(*l));
	if (!l) {
		close(fd);
		return -ENOMEM;
	}
	l->web = web;
	l->fd = fd;
	int err = slice_cstr(address, l->address, sizeof(l->address));
	if (!err)
		err = watch_open(&l->watch, web->admin->loop, fd, on_knock, l);
	if (!err)
		err = watch_set(l->watch, WATCH_READ);
	if (err)
		listener_free(l);
	else
		*out = l;
	return err;
}

int admin_listen_web(struct admin *a, struct slice address, int fd)
{
	struct listener **at = place_of(a->web, address);
	struct listener *l = NULL;
	if (!at) {
		close(fd);
		return -ENOSPC;
	}
	int err = listener_make(&l, a->web, address, fd);
	if (err)
		return err;
	listener_free(*at);
	*at = l;
	return 0;
}

static bool is_configured(const struct conf *conf, const char *address)
{
	for (size_t i = 0; i < conf->admin.listen_count; i++)
		if (slice_eq(conf->admin.listen[i].text, slice_str(address)))
			return true;
	return false;
}

void web_conf(struct web *web, const struct conf *conf)
{
	for (size_t i = 0; i < LISTENERS_MAX; i++) {
		struct listener **at = &web->listener[i];
		if (!*at || is_configured(conf, (*at)->address))
			continue;
		listener_free(*at);
		*at = NULL;
	}
}

/* ---- life ---- */

int web_create(struct web **out, struct admin *a)
{
	struct web *web = calloc(1, sizeof(*web));
	if (!web)
		return -ENOMEM;
	web->admin = a;
	list_init(&web->asks);
	list_init(&web->callers);
	timer_init(&web->timer, a->timers, on_timer, web);
	web->soon = (struct turn_hook){ .fn = turn_now, .arg = web };
	*out = web;
	return 0;
}

/* The library wants nobody asleep when it ends. */
static void wake_all(struct web *web)
{
	LIST_EACH (it, tmp, &web->asks) {
		struct web_ask *w = container_of(it, struct web_ask, node);
		ctl_request_forget(&w->asker);
		if (w->suspended)
			web_answer(w, MHD_HTTP_SERVICE_UNAVAILABLE);
	}
	/* who has asked for the end has to hear of it: woken, written */
	for (int i = 0; i < 2 && web->mhd; i++)
		MHD_run(web->mhd);
}

void web_free(struct web *web)
{
	if (!web)
		return;
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		listener_free(web->listener[i]);
	wake_all(web);
	loop_cancel_turn_end(&web->soon);
	timer_stop(&web->timer);
	watch_close(web->watch);
	if (web->mhd)
		MHD_stop_daemon(web->mhd);
	crypto_wipe(&web->sessions, sizeof(web->sessions));
	free(web);
}

struct web_sessions *web_sessions_of(struct web *web)
{
	return &web->sessions;
}

uint64_t web_now(const struct web *web)
{
	return timers_now(web->admin->timers);
}
