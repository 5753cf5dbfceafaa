/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials by HTTPS, as the edge sees it: what home is asked, and what its
 * answers become. */
#include "partner_world.h"

#include "edge/visitor.h"

#define HEAD(target) "GET " target " HTTP/1.1\r\nHost: edge.contoso.test\r\n"
#define ASK HEAD("/turn?service=turn&username=al%69ce")

static struct conn *client(struct world *w)
{
	struct visitor v = { .edge = w->edge, .kind = FLOW_CLIENT, .fd = -1 };
	size_t next = w->net.count;
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.1:4000"), false, &v.from), 0);
	w->conf.offer = (struct offer_conf){
		.there = true,
		.host = SLICE_LIT("edge.contoso.test"),
		.udp_port = 3478,
		.tls_port = 443,
	};
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

/* Home's answer to the question that is open. */
static void home_says(struct world *w, const struct ipc_msg *asked,
		      uint16_t status)
{
	const struct ipc_web_answer a = {
		.id = asked->u.web_ask.id,
		.status = status,
		.challenge = SLICE_LIT("Digest realm=\"contoso.test\""),
		.username = SLICE_LIT("1:al\"ice@contoso.test"),
		.password = SLICE_LIT("c2VjcmV0"),
		.ttl_s = 600,
	};
	tell(w, PROC_HOME, 0, IPC_WEB_ANSWER, &a);
}

static void home_is_asked(void **state)
{
	struct world *w = *state;
	struct ipc_msg m;
	struct conn *c = client(w);
	(void)send_on(c, ASK "Authorization: Digest x=\"y\"\r\n\r\n");
	assert_true(next_sent(w, IPC_WEB_ASK, &m));
	const struct ipc_web_ask *a = &m.u.web_ask;
	assert_true(slice_eq(a->source, SLICE_LIT("192.0.2.1:4000")));
	assert_true(slice_eq(a->target,
			     SLICE_LIT("/turn?service=turn&username=al%69ce")));
	assert_true(slice_eq(a->user, SLICE_LIT("alice")));
	assert_true(slice_eq(a->authorization, SLICE_LIT("Digest x=\"y\"")));
	assert_int_equal(c->out.len, 0);
	assert_false(c->ended);
	home_says(w, &m, 200);
	assert_true(says(c, "HTTP/1.1 200 OK\r\n"));
	assert_true(says(c, "{\"username\":\"1:al\\\"ice@contoso.test\","
			    "\"password\":\"c2VjcmV0\",\"ttl\":600,"
			    "\"uris\":[\"turn:edge.contoso.test:3478"
			    "?transport=udp\",\"turns:edge.contoso.test:443"
			    "?transport=tcp\"]}\n"));
	assert_true(c->ended);
	size_t written = c->out.len;
	home_says(w, &m, 200); /* too late */
	assert_int_equal(c->out.len, written);
}

static void what_its_answers_become(void **state)
{
	static const struct {
		uint16_t status;
		const char *says;
	} rows[] = {
		{ 400, "HTTP/1.1 400 " },
		{ 401, "WWW-Authenticate: Digest realm=\"contoso.test\"\r\n" },
		{ 403, "HTTP/1.1 403 " },
		{ 404, "HTTP/1.1 404 " },
		{ 503, "HTTP/1.1 503 " },
		{ 0, "HTTP/1.1 503 " },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct ipc_msg m;
		struct conn *c = client(w);
		(void)send_on(c, ASK "\r\n");
		assert_true(next_sent(w, IPC_WEB_ASK, &m));
		home_says(w, &m, rows[i].status);
		assert_true(says(c, rows[i].says));
		assert_false(says(c, "c2VjcmV0"));
		assert_true(c->ended);
	}
}

static void what_home_is_not_asked(void **state)
{
	static const struct {
		const char *request, *says;
	} rows[] = {
		{ HEAD("/turn?service=ftp") "\r\n", "HTTP/1.1 400 " },
		{ HEAD("/turn?username=%4") "\r\n", "HTTP/1.1 400 " },
		{ HEAD("/turn") "Origin: https://evil.test\r\n\r\n",
		  "HTTP/1.1 403 " },
		{ HEAD("/turn/x") "\r\n", "HTTP/1.1 404 " },
		{ "HEAD /turn HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 " },
		{ HEAD("/turn") "Content-Length: 1\r\n\r\nx", "HTTP/1.1 413 " },
	};
	struct world *w = *state;
	struct ipc_msg m;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct conn *c = client(w);
		(void)send_on(c, rows[i].request);
		assert_true(says(c, rows[i].says));
		assert_true(c->ended);
	}
	struct conn *c = client(w);
	w->conf.offer.there = false;
	(void)send_on(c, ASK "\r\n");
	assert_true(says(c, "HTTP/1.1 404 "));
	c = client(w);
	w->conf.inside.external = true;
	(void)send_on(c, ASK "\r\n");
	assert_true(says(c, "HTTP/1.1 404 "));
	assert_false(next_sent(w, IPC_WEB_ASK, &m));
}

static void nothing_follows_while_it_is_asked(void **state)
{
	struct world *w = *state;
	struct ipc_msg m;
	struct conn *c = client(w);
	(void)send_on(c, ASK "\r\n");
	assert_true(next_sent(w, IPC_WEB_ASK, &m));
	assert_int_equal(send_on(c, "GET"), 3);
	assert_true(c->ended);
	home_says(w, &m, 200);
	assert_int_equal(c->out.len, 0);
}

static void when_home_is_gone(void **state)
{
	struct world *w = *state;
	const struct proc_id home = { PROC_HOME, 0, 0x2000 };
	struct conn *asks = client(w), *idle = client(w);
	(void)send_on(asks, ASK "\r\n");
	edge_peer_gone(w->edge, &home);
	assert_true(says(asks, "HTTP/1.1 503 "));
	assert_true(asks->ended);
	assert_false(idle->ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(home_is_asked),
		WORLD_TEST(what_its_answers_become),
		WORLD_TEST(what_home_is_not_asked),
		WORLD_TEST(nothing_follows_while_it_is_asked),
		WORLD_TEST(when_home_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
