/* SPDX-License-Identifier: Apache-2.0 */
/* Requests on their way to servers inside and back: Path, Record-Route, Route,
 * who signed in, Service-Route (RFC 3327, 3608, 5626, 5658; SIP-04, SIP-25). */
#include "unit/edge/inside_world.h"

static void up(struct world *w, struct edge_conf *c)
{
	inside_conf(w, c, two_hops, 2);
	both_up(w, c);
}

/* One header's value in what was written on a connection. */
static void value_of(size_t i, const char *name, char *out, size_t size)
{
	struct slice s = buf_slice(&fake_conn(i)->out);
	char start[64];
	int len = snprintf(start, sizeof(start), "\r\n%s: ", name);
	const uint8_t *at = memmem(s.ptr, s.len, start, (size_t)len);
	assert_non_null(at);
	size_t off = (size_t)(at - s.ptr) + (size_t)len;
	const uint8_t *end = memmem(s.ptr + off, s.len - off, "\r\n", 2);
	assert_non_null(end);
	snprintf(out, size, "%.*s", (int)((size_t)(end - s.ptr) - off),
		 (const char *)s.ptr + off);
}

static void sign_in(size_t alice, const char *extra)
{
	says(alice, "REGISTER", "sip:contoso.test",
	     "Contact: <sip:alice@192.0.2.9>\r\nAuthorization: Digest x=\"y\""
	     "\r\nPath: <sip:made.up;lr>\r\n");
	answer(0, 1, 200, extra);
}

static size_t went_inside(void)
{
	size_t n = 0;
	for (size_t i = 0; i < 2; i++) {
		struct slice s = buf_slice(&fake_conn(i)->out);
		const uint8_t *at = s.ptr, *end = s.ptr + s.len;
		while (at && (at = memmem(at, (size_t)(end - at),
					  "REGISTER sip:", 13))) {
			at += 13;
			n++;
		}
	}
	return n;
}

static void put_register(struct buf *b, int number, const char *length)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 "REGISTER sip:contoso.test SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS phone.invalid;branch=z9hG4bKmany%d\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:alice@contoso.test>;tag=1\r\n"
		 "To: <sip:alice@contoso.test>\r\nCall-ID: many%d\r\n"
		 "CSeq: 1 REGISTER\r\nContent-Length: %s\r\n\r\n",
		 number, number, length);
	buf_put(b, slice_str(text));
}

/* More than are read ahead, with a whole one, a torn one or an impossible one
 * behind them: what came before is taken, what came after is not. */
static void test_many_in_one_piece(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	struct buf b;
	up(w, &c);
	buf_init(&b, 0);
	size_t before = went_inside(), alice = client(w);
	for (int i = 0; i < 21; i++)
		put_register(&b, i, "0");
	struct slice whole = buf_slice(&b);
	struct conn *conn = fake_conn(alice);
	size_t used = conn->ops->on_bytes(conn->arg, conn,
					  slice_head(whole, whole.len - 5));
	assert_in_range(used, whole.len / 21 * 19, whole.len / 21 * 20 + 20);
	assert_int_equal(went_inside() - before, 20);
	fake_bytes(alice, slice_from(whole, used));
	assert_int_equal(went_inside() - before, 21);
	buf_consume(&b, b.len);
	for (int i = 21; i < 40; i++)
		put_register(&b, i, i == 33 ? "-1" : "0");
	fake_bytes(alice, buf_slice(&b));
	assert_int_equal(went_inside() - before, 33);
	assert_true(heard(alice, "SIP/2.0 400 "));
	assert_true(fake_conn(alice)->ended);
	fake_turn();
	buf_free(&b);
}

static void test_path_and_sign_in(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	char path[512], own[256];
	up(w, &c);
	size_t alice = client(w);
	sign_in(alice, "Service-Route: <sip:fe1.in.test;lr>\r\n");
	value_of(0, "Path", path, sizeof(path));
	assert_non_null(
		strstr(path, "@edge.contoso.test:5070;transport=tls;lr;ob>"));
	assert_false(heard(0, "made.up"));
	assert_true(heard(0, "Authorization: Digest"));
	value_of(alice, "Service-Route", own, sizeof(own));
	assert_string_equal(own,
			    "<sip:edge.contoso.test:443;transport=tls;lr>");
	assert_false(heard(alice, "fe1.in.test"));
	struct flow *f = fake_conn(alice)->arg;
	assert_string_equal(f->aor, "alice@contoso.test");
	assert_string_equal(f->service_route, "<sip:fe1.in.test;lr>");
}

static void test_a_refusal_signs_nobody_in(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	up(w, &c);
	size_t alice = client(w);
	says(alice, "REGISTER", "sip:contoso.test", "");
	answer(0, 1, 401, "WWW-Authenticate: Digest realm=\"x\"\r\n");
	assert_true(heard(alice, "WWW-Authenticate"));
	assert_false(heard(alice, "Service-Route"));
	struct flow *f = fake_conn(alice)->arg;
	assert_null(f->aor);
}

/* A 2xx to anything else, or to a third party's registration, is no login. */
static void test_only_its_own_registration_counts(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	up(w, &c);
	size_t alice = client(w);
	says(alice, "MESSAGE", "sip:bob@contoso.test", "");
	answer(0, 1, 200, "Service-Route: <sip:evil.test;lr>\r\n");
	struct flow *f = fake_conn(alice)->arg;
	assert_null(f->aor);
	assert_null(f->service_route);
	static const char third[] =
		"REGISTER sip:contoso.test SIP/2.0\r\n"
		"Via: SIP/2.0/TLS phone.invalid;branch=z9hG4bKthird\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:mallory@contoso.test>;tag=1\r\n"
		"To: <sip:alice@contoso.test>\r\nCall-ID: third\r\n"
		"CSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n";
	fake_bytes(alice, slice_str(third));
	answer(0, 2, 200, "");
	assert_null(f->aor);
}

/* What the server gave is on the next request, and only there. */
static void test_service_route_is_used(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	char route[256];
	up(w, &c);
	size_t alice = client(w);
	sign_in(alice, "Service-Route: <sip:fe1.in.test;lr>, "
		       "<sip:fe9.in.test;lr>\r\n");
	buf_reset(&fake_conn(0)->out);
	says(alice, "MESSAGE", "sip:bob@contoso.test",
	     "Route: <sip:edge.contoso.test:443;transport=tls;lr>, "
	     "<sip:192.0.2.66;lr>\r\n");
	value_of(0, "Route", route, sizeof(route));
	assert_string_equal(route,
			    "<sip:fe1.in.test;lr>, <sip:fe9.in.test;lr>");
	assert_false(heard(0, "192.0.2.66"));
	assert_true(heard(0, "P-Asserted-Identity: <sip:alice@contoso.test>"));
}

/* Longer than is kept: the client is signed in all the same. */
static void test_service_route_is_bounded(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	char extra[4096];
	size_t len = 0;
	up(w, &c);
	for (int i = 0; i < 40; i++)
		len += (size_t)snprintf(
			extra + len, sizeof(extra) - len,
			"Service-Route: <sip:a-rather-long-name-of-a-server-%d"
			".in.test;lr>\r\n",
			i);
	size_t alice = client(w);
	sign_in(alice, extra);
	struct flow *f = fake_conn(alice)->arg;
	assert_string_equal(f->aor, "alice@contoso.test");
	assert_null(f->service_route);
}

/* RFC 5658: a value for each side, the inside's on top. */
static void test_record_route_of_both_sides(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	up(w, &c);
	size_t alice = client(w);
	sign_in(alice, "");
	buf_reset(&fake_conn(0)->out);
	says(alice, "INVITE", "sip:bob@contoso.test", "");
	struct slice s = buf_slice(&fake_conn(0)->out);
	const uint8_t *top = memmem(s.ptr, s.len, "Record-Route: <sip:i-", 21);
	assert_non_null(top);
	const uint8_t *own = memmem(top + 1, (size_t)(s.ptr + s.len - top) - 1,
				    "Record-Route: <sip:", 19);
	assert_non_null(own);
	assert_true(heard(0, "@edge.contoso.test:5070;transport=tls;lr>"));
	assert_true(heard(0, "@edge.contoso.test:443;transport=tls;lr>"));
	assert_true(heard(0, "Via: SIP/2.0/TLS edge.contoso.test"));
}

/* The token of the inside leads there; others' values stay behind it. */
static void test_route_into_the_dialog(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	struct buf token;
	char extra[512], route[256];
	up(w, &c);
	size_t alice = client(w);
	sign_in(alice, "");
	buf_init(&token, 0);
	assert_int_equal(token_inside_write(w->edge->sealer,
					    SLICE_LIT("fe2.in.test"), &token),
			 0);
	snprintf(extra, sizeof(extra),
		 "Route: <sip:%.*s@edge.contoso.test:5070;lr>, "
		 "<sip:fe2.in.test;lr>\r\n",
		 SLICE_FMT(buf_slice(&token)));
	buf_reset(&fake_conn(1)->out);
	says(alice, "MESSAGE", "sip:bob@10.0.0.7", extra);
	assert_int_equal(written(1, "MESSAGE"), 1); /* not the preferred one */
	value_of(1, "Route", route, sizeof(route));
	assert_string_equal(route, "<sip:fe2.in.test;lr>");
	buf_free(&token);
	/* a token that nobody sealed */
	says(alice, "MESSAGE", "sip:bob@10.0.0.8",
	     "Route: <sip:i-abcdefgh@edge.contoso.test:5070;lr>\r\n");
	assert_true(heard(alice, "SIP/2.0 481"));
}

/* Plain TCP says so in Via, Path and Record-Route. */
static void test_trusted_link(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	struct inside_hop_conf hop = { .host = SLICE_LIT("10.0.0.5:5060") };
	struct addr_prefix link;
	addr_parse(hop.host, false, &hop.addr);
	addr_parse_prefix(SLICE_LIT("10.0.0.0/29"), &link);
	inside_conf(w, &c, &hop, 1);
	c.inside.link = &link;
	c.inside.link_count = 1;
	apply(w, &c);
	assert_string_equal(fake_conn(0)->to, "10.0.0.5:5060");
	fake_ready(0);
	assert_true(heard(0, "Via: SIP/2.0/TCP edge.contoso.test"));
	answer(0, 0, 200, "");
	buf_reset(&fake_conn(0)->out);
	size_t alice = client(w);
	says(alice, "REGISTER", "sip:contoso.test", "");
	assert_true(heard(0, "Via: SIP/2.0/TCP edge.contoso.test"));
	assert_true(heard(0, "@edge.contoso.test:5070;transport=tcp;lr;ob>"));
	answer(0, 0, 200, "");
	assert_true(heard(alice, "SIP/2.0 200"));
}

/* From inside: a stale token is 430, our own domain without one a loop. */
static void test_from_inside(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	struct flow_ref gone = { 0, INCARNATION, 4711, 443, false };
	struct buf token;
	char extra[512];
	up(w, &c);
	buf_init(&token, 0);
	token_flow_write(w->edge->sealer, &gone, &token);
	snprintf(extra, sizeof(extra),
		 "Route: <sip:%.*s@edge.contoso.test:5070;lr>\r\n",
		 SLICE_FMT(buf_slice(&token)));
	says(0, "MESSAGE", "sip:alice@192.0.2.9", extra);
	assert_true(heard(0, "SIP/2.0 430"));
	says(0, "MESSAGE", "sip:alice@contoso.test", "");
	assert_true(heard(0, "SIP/2.0 482"));
	says(0, "OPTIONS", "sip:edge.contoso.test:5070", "");
	assert_true(heard(0, "SIP/2.0 200"));
	says(0, "MESSAGE", "sip:x@litware.test", "");
	assert_int_equal(written(w->net.count - 1, "MESSAGE"), 0);
	assert_dialled(w->net.count - 1, "sip.litware.test", "127.0.0.1:5061");
	buf_free(&token);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_path_and_sign_in),
		WORLD_TEST(test_a_refusal_signs_nobody_in),
		WORLD_TEST(test_only_its_own_registration_counts),
		WORLD_TEST(test_service_route_is_used),
		WORLD_TEST(test_service_route_is_bounded),
		WORLD_TEST(test_record_route_of_both_sides),
		WORLD_TEST(test_route_into_the_dialog),
		WORLD_TEST(test_trusted_link),
		WORLD_TEST(test_from_inside),
		WORLD_TEST(test_many_in_one_piece),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
