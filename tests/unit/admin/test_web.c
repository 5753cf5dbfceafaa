/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP over a socket pair: paths, signing in, guesses, sessions that end, and
 * verbs whose answer comes later. */
#include "rig.h"

#include "admin/web.h"
#include "base/crypto.h"

/* A fresh connection that asks; what is answered. */
struct caller {
	struct rig *g;
	int fd;
	char text[65536];
};

static void call(struct caller *c, struct rig *g, const char *request)
{
	int fds[2];
	size_t len = strlen(request);
	assert_int_equal(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fds),
			 0);
	c->g = g;
	c->fd = fds[0];
	assert_int_equal(send(c->fd, request, len, MSG_NOSIGNAL), len);
	assert_int_equal(web_accept(g->admin->web, fds[1]), 0);
	rig_turns(g);
	rig_turns(g);
}

static const char *answer(struct caller *c)
{
	ssize_t n;
	rig_turns(c->g);
	rig_turns(c->g);
	n = recv(c->fd, c->text, sizeof(c->text) - 1, MSG_DONTWAIT);
	c->text[n > 0 ? n : 0] = '\0';
	close(c->fd);
	rig_turns(c->g);
	return c->text;
}

static void expect(struct rig *g, const char *request, const char *first)
{
	struct caller c;
	call(&c, g, request);
	const char *got = answer(&c);
	if (strncmp(got, first, strlen(first)) != 0)
		fail_msg("%s: %.200s", request, got);
}

#define HOST "Host: h\r\n"
#define JSON "Origin: http://h\r\nContent-Type: application/json\r\n"
#define LOGIN                                                        \
	"POST /api/v1/login HTTP/1.1\r\n" HOST JSON                  \
	"Content-Length: 37\r\n\r\n{\"name\":\"root\",\"password\":" \
	"\"12345678\"}"

/* The stored form of 12345678 with a salt of zeros, as the store has it. */
static const char *secret(void)
{
	static char out[160];
	const uint8_t salt[16] = { 0 };
	uint8_t hash[SHA256_BYTES];
	assert_int_equal(crypto_scrypt(SLICE_LIT("12345678"),
				       slice_of(salt, sizeof(salt)), hash),
			 0);
	strcpy(out, "scrypt:00000000000000000000000000000000:");
	for (size_t i = 0; i < sizeof(hash); i++)
		sprintf(out + strlen(out), "%02x", hash[i]);
	return out;
}

static void account(struct rig *g, const char *with)
{
	const struct rig_sent *s = &g->sent[g->sent_count - 1];
	assert_int_equal(s->m.type, IPC_ADMIN_GET);
	const struct ipc_msg m = {
		.type = IPC_ADMIN,
		.u.admin = { .id = s->m.u.admin_get.id,
			     .name = SLICE_LIT("root"),
			     .secret = slice_str(with),
			     .role = ADMIN_OPERATE },
	};
	rig_from(g, PROC_STORE, 0, &m);
	rig_store(g, 0, "");
}

/* Copies a value of the answer that stands between two texts. */
static void between(const char *text, const char *before, char *out)
{
	const char *at = strstr(text, before);
	assert_non_null(at);
	memcpy(out, at + strlen(before), WEB_TOKEN_TEXT - 1);
	out[WEB_TOKEN_TEXT - 1] = '\0';
}

struct signed_in {
	char id[WEB_TOKEN_TEXT], token[WEB_TOKEN_TEXT];
};

static struct signed_in sign_in(struct rig *g)
{
	struct signed_in s;
	struct caller c;
	call(&c, g, LOGIN);
	account(g, secret());
	const char *text = answer(&c);
	assert_int_equal(strncmp(text, "HTTP/1.1 200", 12), 0);
	assert_non_null(strstr(text, "HttpOnly; SameSite=Strict"));
	between(text, "sallyport=", s.id);
	between(text, "\"token\":\"", s.token);
	return s;
}

static void expect_session(struct rig *g, const struct signed_in *s,
			   const char *first)
{
	char request[512];
	snprintf(request, sizeof(request),
		 "GET /api/v1/session HTTP/1.1\r\n" HOST
		 "Cookie: sallyport=%s\r\n\r\n",
		 s->id);
	expect(g, request, first);
}

static void test_paths(void **state)
{
	static const struct {
		const char *line, *first;
	} rows[] = {
		{ "GET /healthz", "HTTP/1.1 200" },
		{ "GET /%68ealthz", "HTTP/1.1 200" },
		{ "GET /metrics", "HTTP/1.1 200" },
		{ "GET /readyz", "HTTP/1.1 503" },
		{ "GET /", "HTTP/1.1 200" },
		{ "GET /healthz%00", "HTTP/1.1 404" },
		{ "GET /%2568ealthz", "HTTP/1.1 404" },
		{ "GET /../healthz", "HTTP/1.1 404" },
		{ "PUT /healthz", "HTTP/1.1 405" },
		{ "GET /api/v1/status", "HTTP/1.1 401" },
		{ "GET /api/v1/backup", "HTTP/1.1 404" },
		{ "GET /api/v1/", "HTTP/1.1 404" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char request[256];
		snprintf(request, sizeof(request),
			 "%s HTTP/1.1\r\n" HOST "\r\n", rows[i].line);
		expect(*state, request, rows[i].first);
	}
}

static void test_ready(void **state)
{
	struct rig *g = *state;
	rig_process(g, PROC_EDGE, 0, PROC_STARTING);
	expect(g, "GET /readyz HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 503");
	rig_process(g, PROC_EDGE, 0, PROC_READY);
	expect(g, "GET /readyz HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 200");
	rig_process(g, PROC_HOME, 0, PROC_DOWN);
	expect(g, "GET /readyz HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 503");
}

static void test_sessions(void **state)
{
	struct rig *g = *state;
	struct signed_in s = sign_in(g), other = sign_in(g);
	assert_string_not_equal(s.id, other.id);
	expect_session(g, &s, "HTTP/1.1 200");
	/* used, it goes on; not used, it ends */
	rig_wait(g, WEB_IDLE_MS - 1);
	expect_session(g, &s, "HTTP/1.1 200");
	rig_wait(g, 1);
	expect_session(g, &s, "HTTP/1.1 200");
	expect_session(g, &other, "HTTP/1.1 401");
	web_forget(g->admin->web, SLICE_LIT("somebody"));
	expect_session(g, &s, "HTTP/1.1 200");
	web_forget(g->admin->web, SLICE_LIT("root"));
	expect_session(g, &s, "HTTP/1.1 401");
}

static void test_a_session_is_not_for_ever(void **state)
{
	struct rig *g = *state;
	struct signed_in s = sign_in(g);
	for (uint64_t t = 0; t + WEB_IDLE_MS / 2 < WEB_LIFE_MS;
	     t += WEB_IDLE_MS / 2) {
		expect_session(g, &s, "HTTP/1.1 200");
		rig_wait(g, WEB_IDLE_MS / 2);
	}
	rig_wait(g, WEB_IDLE_MS / 2);
	expect_session(g, &s, "HTTP/1.1 401");
}

static void guess(struct rig *g)
{
	struct caller c;
	call(&c, g, LOGIN);
	account(g, "scrypt:00000000000000000000000000000000:00");
	assert_int_equal(strncmp(answer(&c), "HTTP/1.1 401", 12), 0);
}

static void test_guesses(void **state)
{
	struct rig *g = *state;
	for (int i = 0; i < WEB_GUESSES_MAX; i++)
		guess(g);
	size_t asked = g->sent_count;
	expect(g, LOGIN, "HTTP/1.1 429");
	rig_wait(g, WEB_LOCKED_MS - 1);
	expect(g, LOGIN, "HTTP/1.1 429");
	assert_int_equal(g->sent_count, asked); /* nobody was bothered */
	rig_wait(g, 1);
	sign_in(g);
}

static void test_there_is_no_such_account(void **state)
{
	struct rig *g = *state;
	struct caller c;
	call(&c, g, LOGIN);
	rig_store(g, ENOENT, "");
	const char *text = answer(&c);
	assert_int_equal(strncmp(text, "HTTP/1.1 401", 12), 0);
	assert_non_null(strstr(text, "name or password is wrong"));
}

static void test_a_change(void **state)
{
	struct rig *g = *state;
	struct signed_in s = sign_in(g);
	struct caller c;
	char request[600];
	snprintf(request, sizeof(request),
		 "POST /api/v1/reload HTTP/1.1\r\n" HOST JSON
		 "Cookie: sallyport=%s\r\nX-Sallyport-Token: %s\r\n"
		 "Content-Length: 16\r\n\r\n{\"confirm\":true}",
		 s.id, s.token);
	call(&c, g, request);
	assert_int_equal(g->sent[g->sent_count - 1].m.type, IPC_OPERATE);
	rig_operated(g, 7, "");
	assert_non_null(strstr(answer(&c), "\r\n\r\n{\"generation\":7}\n"));
	/* the asker hangs up: nothing happens to anybody */
	call(&c, g, request);
	close(c.fd);
	rig_operated(g, 8, "");
	rig_turns(g);
	assert_int_equal(admin_busy(g->admin), 0);
	/* the admin ends while somebody waits */
	call(&c, g, request);
	assert_int_equal(admin_busy(g->admin), 1);
	close(c.fd);
}

static void test_the_origin(void **state)
{
	struct rig *g = *state;
	struct signed_in s = sign_in(g);
	static const char *const rows[] = { "", "Origin: null\r\n",
					    "Origin: http://h.evil\r\n",
					    "Origin: ftp://h\r\n",
					    "Origin: http:h\r\n" };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char request[600];
		snprintf(request, sizeof(request),
			 "POST /api/v1/reload HTTP/1.1\r\n" HOST "%s"
			 "Content-Type: application/json\r\n"
			 "Cookie: sallyport=%s\r\nX-Sallyport-Token: %s\r\n"
			 "Content-Length: 16\r\n\r\n{\"confirm\":true}",
			 rows[i], s.id, s.token);
		expect(g, request, "HTTP/1.1 403");
	}
}

static void test_framing(void **state)
{
	static const char head[] = "POST /api/v1/login HTTP/1.1\r\n" HOST JSON;
	static const struct {
		const char *rest, *first;
	} rows[] = {
		{ "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
		  "HTTP/1.1 400" },
		{ "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
		  "HTTP/1.1 400" },
		{ "Content-Length: 16385\r\n\r\n", "HTTP/1.1 413" },
		{ "Content-Length: 2\r\n\r\n[]", "HTTP/1.1 400" },
		{ "Content-Length: 2\r\n\r\n{}", "HTTP/1.1 400" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char request[512];
		snprintf(request, sizeof(request), "%s%s", head, rows[i].rest);
		expect(*state, request, rows[i].first);
	}
}

/* Bytes that come now and then win no time, in the head or in the body. */
static void test_a_slow_one(void **state)
{
	static const char *const starts[] = {
		"GET /healthz HTTP/1.1\r\nX: ",
		"POST /api/v1/login HTTP/1.1\r\nHost: x\r\n"
		"Content-Length: 100\r\n\r\n",
	};
	struct rig *g = *state;
	char byte;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct caller c;
		call(&c, g, starts[i]);
		for (int s = 0; s < 19; s++) {
			rig_wait(g, 1000);
			assert_int_equal(send(c.fd, "a", 1, MSG_NOSIGNAL), 1);
			rig_turns(g);
		}
		rig_wait(g, 999);
		assert_int_equal(recv(c.fd, &byte, 1, MSG_DONTWAIT), -1);
		rig_wait(g, 1);
		rig_turns(g);
		assert_int_equal(recv(c.fd, &byte, 1, MSG_DONTWAIT), 0);
		close(c.fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_paths),
		RIG_TEST(test_ready),
		RIG_TEST(test_sessions),
		RIG_TEST(test_a_session_is_not_for_ever),
		RIG_TEST(test_guesses),
		RIG_TEST(test_there_is_no_such_account),
		RIG_TEST(test_a_change),
		RIG_TEST(test_the_origin),
		RIG_TEST(test_framing),
		RIG_TEST(test_a_slow_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
