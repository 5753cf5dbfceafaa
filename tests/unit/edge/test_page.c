/* SPDX-License-Identifier: Apache-2.0 */
/* The web client's files as the edge serves them: to whom, and how the
 * connection ends. */
#include "partner_world.h"

#include "edge/visitor.h"
#include "http/page.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: edge.contoso.test\r\n"
#define UPGRADE                                           \
	"Upgrade: websocket\r\nConnection: Upgrade\r\n"   \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n"

static const unsigned char body[] = { 'b', 'o', 'd', 'y' };
static const struct http_file files[] = {
	{ "/", "text/html", "t0", body, sizeof(body), body, sizeof(body) },
	{ "/app.js", "text/javascript", "t1", body, sizeof(body), body,
	  sizeof(body) },
	{ .path = NULL },
};
static const struct http_file none[] = { { .path = NULL } };

static struct conn *client(struct world *w, const struct http_file *served)
{
	struct visitor v = { .edge = w->edge, .kind = FLOW_CLIENT, .fd = -1 };
	size_t next = w->net.count;
	w->conf.web_client = served != NULL;
	w->edge->files = served ? served : files;
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.1:4000"), false, &v.from), 0);
	visitor_flow(&v);
	fake_ready(next);
	return fake_conn(next);
}

static size_t send_on(struct conn *c, const char *text)
{
	return c->ops->on_bytes(c->arg, c, slice_str(text));
}

static bool says(const struct conn *c, const char *text)
{
	return memmem(c->out.ptr, c->out.len, text, strlen(text)) != NULL;
}

static void a_file_ends_the_connection_when_it_has_left(void **state)
{
	struct world *w = *state;
	struct conn *c = client(w, files);
	(void)send_on(c, GET("/app.js") "\r\n");
	assert_true(says(c, "HTTP/1.1 200 OK\r\n"));
	assert_true(says(c, "\r\n\r\nbody"));
	assert_false(c->ended);
	assert_non_null(c->when_sent);
	c->when_sent(c->arg);
	assert_true(c->ended);
}

static void nothing_follows_a_file(void **state)
{
	struct world *w = *state;
	struct conn *c = client(w, files);
	(void)send_on(c, GET("/") "\r\n");
	size_t len = c->out.len;
	(void)send_on(c, GET("/") "\r\n");
	assert_true(c->ended);
	assert_int_equal(c->out.len, len);
}

static void who_does_not_read_is_not_waited_for(void **state)
{
	struct world *w = *state;
	struct conn *c = client(w, files);
	(void)send_on(c, GET("/") "\r\n");
	timers_advance(w->timers, timers_now(w->timers) + 11000);
	assert_true(c->ended);
}

static void the_root_is_both(void **state)
{
	struct world *w = *state;
	struct conn *c = client(w, files);
	(void)send_on(c, GET("/") UPGRADE "\r\n");
	assert_true(says(c, "HTTP/1.1 101 "));
	assert_false(c->ended);
	c = client(w, files);
	(void)send_on(c, GET("/") "\r\n");
	assert_true(says(c, "text/html"));
}

static void what_is_not_served(void **state)
{
	struct world *w = *state;
	static const struct {
		const struct http_file *files; /* NULL: web.client is off */
		const char *request, *says;
	} rows[] = {
		{ files, GET("/app.css") "\r\n", "HTTP/1.1 404 " },
		{ files, GET("/%61pp.js") "\r\n", "HTTP/1.1 404 " },
		{ files, GET("//app.js") "\r\n", "HTTP/1.1 404 " },
		{ files, GET("/x/../app.js") "\r\n", "HTTP/1.1 404 " },
		{ files, "PUT /app.js HTTP/1.1\r\nHost: x\r\n\r\n",
		  "HTTP/1.1 405 " },
		{ none, GET("/") "\r\n", "built without the web client" },
		{ none, GET("/app.js") "\r\n", "HTTP/1.1 404 " },
		{ NULL, GET("/app.js") "\r\n", "HTTP/1.1 404 " },
		{ NULL, GET("/") "\r\n", "HTTP/1.1 426 " },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conn *c = client(w, rows[i].files);
		(void)send_on(c, rows[i].request);
		assert_true(says(c, rows[i].says));
		assert_false(says(c, "\r\n\r\nbody"));
		assert_true(c->ended);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_file_ends_the_connection_when_it_has_left),
		WORLD_TEST(nothing_follows_a_file),
		WORLD_TEST(who_does_not_read_is_not_waited_for),
		WORLD_TEST(the_root_is_both),
		WORLD_TEST(what_is_not_served),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
